"""Messages about the watchdog itself: what mode observe would have sent, and the test alert."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby

from attrs import frozen

from sla_watchdog.domain.escalation.case import Severity
from sla_watchdog.domain.text.display import brief
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
from sla_watchdog.presentation.times import count_of, instant, iso
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
    judged_at = _judged_at(lead)
    line = {
        "ref": lead.alert.ref,
        "to": brief(who(notice.recipient), 40),
        "severity": lead.alert.severity.value,
        "how": short_heading(lead),
        "case": brief(notice.about, 24),
        "what": brief(phrase(lead, judged_at), 60),
        "about": brief(subject_of(notice), 60),
    }
    broken = notice.broken(judged_at)
    if broken:
        line["promise"] = f"{brief(taker(broken), 40)} broke a promise"
    return line


def _judged_at(item: Item) -> int:
    """The instant for which the item was made, read back out of how late it was then; 0 where it
    does not matter.
    """
    clock = item.clock
    if clock is None:
        return 0
    if clock.breach_at is not None:
        return item.late + clock.breach_at
    if clock.due_at is not None:
        return item.late + clock.due_at
    return 0


def render_observed(observed: Observed, now: int) -> Message:
    """The daily digest of mode observe."""
    day = observed.day
    ref = short_ref(f"observe/{day}")
    count = count_of(observed.count, "message")
    return Message(
        subject=f"[Observe] SLA watchdog would have sent {count} on {day}",
        email=paragraphs(_observed_blocks(observed, count, ref, now)),
        sms=sms_line(f"SLA watchdog, mode observe: {count} on {day} not sent", "", ref),
        data={
            "version": VERSION,
            "kind": "observed",
            "ref": ref,
            "day": day,
            "total": observed.count,
            "lines": [dict(line) for line in observed.lines[:MOST_SHOWN]],
            "sent_at": iso(now),
        },
    )


def _observed_blocks(observed: Observed, count: str, ref: str, now: int) -> Iterator[list[str]]:
    shown = observed.lines[:MOST_SHOWN]
    yield wrapped(
        f"On {observed.day} the watchdog would have sent {count}. It is in mode observe: nobody "
        "was told but you."
    )
    yield wrapped(
        "What to do: see whether these are the right people and the right cases. Then let it begin:"
    )
    yield ["  sla-watchdog go-live"]
    yield from _groups(shown)
    yield _rest(observed.count - len(shown))
    yield wrapped(f"Digest {ref}, written {instant(now, 'UTC')}.")


def _groups(lines: Sequence[Line]) -> Iterator[list[str]]:
    """One block for each recipient, the most severe first."""
    for to, group in groupby(sorted(lines, key=_urgency), key=_recipient):
        letters = list(group)
        rows = chain.from_iterable(map(_rows, letters))
        yield [f"To {to}: {len(letters)}", *rows]


def _urgency(line: Line) -> tuple[str, int]:
    return _recipient(line), _ORDER.get(_part(line, "severity"), len(_ORDER))


def _recipient(line: Line) -> str:
    return _part(line, "to")


def _part(line: Line, key: str) -> str:
    return str(line.get(key, ""))


def _rows(line: Line) -> Iterator[str]:
    how, what = padded(_part(line, "how"), 13), padded(_part(line, "what"), 31)
    yield f"  {how}{what}{_part(line, 'case')}".rstrip()
    for key in ("about", "promise"):
        if _part(line, key):
            yield f"    {_part(line, key)}"


def _rest(hidden: int) -> list[str]:
    if hidden <= 0:
        return []
    return [f"and {count_of(hidden, 'more message')}: sla-watchdog status"]


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
