"""Messages about the watchdog itself: what it would have sent in mode observe, and the test alert."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from attrs import frozen

from sla_watchdog.domain.escalation.case import Severity
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.text.times import count_of, instant, iso
from sla_watchdog.presentation.text.envelope import VERSION, Message, short_ref, sms_line
from sla_watchdog.presentation.text.layout import padded, paragraphs, wrapped
from sla_watchdog.presentation.text.wording import (
    name_of,
    phrase,
    short_heading,
    subject_of,
    taker,
    who,
)
from sla_watchdog.presentation.view.notice import Item, Notice

MOST_SHOWN = 100
"""Lines of the daily digest that the e-mail lists."""

Line = Mapping[str, object]
"""What `observed_line` made, as it comes back from where it was kept."""

_ORDER = {Severity.CRITICAL.value: 0, Severity.BREACH.value: 1, Severity.WARNING.value: 2}


@frozen
class Observed:
    """One day of mode observe. `day` is an ISO date; `count` counts the messages, also those
    without a line.
    """

    day: str
    lines: Sequence[Line]
    count: int


def observed_line(notice: Notice) -> Mapping[str, str]:
    """What would have been sent, in a few short strings: under 1 KB whatever the ticket holds."""
    lead = notice.lead
    broken = notice.broken(_judged_at(lead))
    promise = {"promise": f"{brief(taker(broken), 40)} broke a promise"} if broken else {}
    return {
        "ref": lead.alert.ref,
        "to": brief(who(notice.recipient), 40),
        "severity": lead.alert.severity.value,
        "how": short_heading(lead),
        "case": brief(notice.about, 24),
        "what": brief(phrase(lead, _judged_at(lead)), 60),
        "about": brief(subject_of(notice), 60),
        **promise,
    }


def _judged_at(item: Item) -> int:
    """The instant for which the item was made, read back out of how late it was then; 0 where it
    does not matter.
    """
    clock = item.clock
    if clock is None:
        return 0
    reference = clock.breach_at if clock.breach_at is not None else clock.due_at
    return item.late + reference if reference is not None else 0


def render_observed(observed: Observed, now: int) -> Message:
    """The daily digest of mode observe."""
    day, lines, total = observed.day, observed.lines, observed.count
    ref = short_ref(f"observe/{day}")
    count = count_of(total, "message")
    blocks: list[list[str]] = [
        wrapped(
            f"On {day} the watchdog would have sent {count}. It is in mode observe: nobody was told but you."
        ),
        wrapped(
            "What to do: see whether these are the right people and the right cases. Then let it begin:"
        ),
        ["  sla-watchdog go-live"],
        *_groups(lines[:MOST_SHOWN]),
        _rest(total - len(lines[:MOST_SHOWN])),
        wrapped(f"Digest {ref}, written {instant(now, 'UTC')}."),
    ]
    return Message(
        subject=f"[Observe] SLA watchdog would have sent {count} on {day}",
        email=paragraphs(blocks),
        sms=sms_line(f"SLA watchdog, mode observe: {count} on {day} not sent", "", ref),
        data={
            "version": VERSION,
            "kind": "observed",
            "ref": ref,
            "day": day,
            "total": total,
            "lines": [dict(line) for line in lines[:MOST_SHOWN]],
            "sent_at": iso(now),
        },
    )


def _groups(lines: Sequence[Line]) -> Iterator[list[str]]:
    """One block for each recipient, the most severe first."""
    ordered = sorted(
        lines, key=lambda line: (_said(line, "to"), _ORDER.get(_said(line, "severity"), 3))
    )
    for to, members in groupby(ordered, key=lambda line: _said(line, "to")):
        listed = list(members)
        yield [f"To {to}: {len(listed)}", *(row for line in listed for row in _rows(line))]


def _said(line: Line, key: str) -> str:
    return str(line.get(key, ""))


def _rows(line: Line) -> Iterator[str]:
    yield f"  {padded(_said(line, 'how'), 13)}{padded(_said(line, 'what'), 31)}{_said(line, 'case')}".rstrip()
    if about := _said(line, "about"):
        yield f"    {about}"
    if promise := _said(line, "promise"):
        yield f"    {promise}"


def _rest(hidden: int) -> list[str]:
    return [f"and {count_of(hidden, 'more message')}: sla-watchdog status"] if hidden > 0 else []


def render_test(audience: str, now: int, by: str) -> Message:
    """A test alert to everybody of `audience` (as its people know it), sent on purpose by `by`."""
    to, sender = name_of(audience), name_of(by) or "an operator"
    ref = short_ref(f"test/{audience}/{now}")
    email = [
        wrapped(f"This is a test of the SLA watchdog. You get its alerts for {to}."),
        wrapped("What to do: nothing. If this reached you, real alerts will."),
        wrapped(f"Sent by {sender} on {instant(now, 'UTC')}. Ref {ref}."),
    ]
    return Message(
        subject=f"[Test] SLA watchdog: this reaches {to}",
        email=paragraphs(email),
        sms=sms_line(f"SLA watchdog test for {to}, sent by {sender}. Nothing to do", "", ref),
        data={
            "version": VERSION,
            "kind": "test",
            "ref": ref,
            "audience": {"name": to},
            "by": sender,
            "sent_at": iso(now),
        },
    )
