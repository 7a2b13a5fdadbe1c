"""Many cases to one recipient in one message, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sla_watchdog.domain.case import Recipient
from sla_watchdog.domain.message.envelope import VERSION, Message, short_ref, sms_line, within_limit
from sla_watchdog.domain.message.layout import padded, paragraphs, wrapped
from sla_watchdog.domain.message.structured import Json, alert, audience
from sla_watchdog.domain.message.text import brief, columns, cut, units
from sla_watchdog.domain.message.wording import (
    count_of,
    id_of,
    iso,
    owners,
    phrase,
    short_heading,
    subject_of,
    who,
)
from sla_watchdog.domain.notice import Notice

MOST_LISTED = 50
"""Cases that the e-mail lists; the structured body names every alert."""


def render_digest(notices: Sequence[Notice], recipient: Recipient, digest_id: str, now: int) -> Message:
    """One message for `notices` (at least one, all made at `now`), which lead with their own most urgent alert."""
    ordered = sorted(notices, key=_urgency)
    ref = short_ref(digest_id)
    return within_limit(
        Message(
            subject=_subject(ordered, now),
            email=_email(ordered, recipient, ref, now),
            sms=_sms(ordered, ref, now),
            data=_data(ordered, recipient, digest_id, now),
        )
    )


def _urgency(notice: Notice) -> tuple[bool, bool, int, int, str]:
    """Critical first, findings last; then the higher level, then the later, then by name so that it is stable."""
    lead = notice.lead
    return lead.clock is None, not lead.alert.urgent, -lead.alert.level, -lead.late, notice.case


def _subject(ordered: list[Notice], now: int) -> str:
    """`[Critical L4, 37 cases] City page still online: open for 730 d (T-4711)`: the most urgent one speaks for all."""
    first = ordered[0]
    start = f"[{short_heading(first.lead)}, {_count(ordered)}] "
    late = f": {phrase(first.lead, now)}" if first.lead.clock else ""
    end = f"{late} ({brief(first.case, 24)})"
    about = subject_of(first) if first.lead.clock else phrase(first.lead, now)
    return start + cut(about, 99 - units(start + end), units) + end


def _count(ordered: Sequence[Notice]) -> str:
    findings = sum(notice.lead.clock is None for notice in ordered)
    said = [count_of(len(ordered) - findings, "case")] if findings < len(ordered) else []
    return " and ".join([*said, *([count_of(findings, "finding")] if findings else [])])


def _sms(ordered: list[Notice], ref: str, now: int) -> str:
    lead = ordered[0]
    worst = f"{short_heading(lead.lead)} {brief(lead.case, 24)}"
    first = f"{worst} {phrase(lead.lead, now)}" if lead.lead.clock else worst
    return sms_line(f"{_count(ordered)}, first {first}", subject_of(lead), ref)


# ------------------------------------------------------------------ e-mail


def _email(ordered: list[Notice], recipient: Recipient, ref: str, now: int) -> str:
    unowned = sum(bool(notice.lead.clock) and not owners(notice, notice.lead) for notice in ordered)
    opening = f"{_count(ordered)} {'waits' if len(ordered) == 1 else 'wait'} for {who(recipient)}."
    opening += f" Nobody owns {unowned:,} of them." if unowned else ""
    hidden = len(ordered) - MOST_LISTED
    shown = ordered[:MOST_LISTED]
    most = f" The {MOST_LISTED} most urgent follow; {hidden:,} more do not fit here." if hidden > 0 else ""
    blocks = [
        wrapped(opening + most),
        wrapped("What to do: see that each has one named owner, from the top down. All of them at any time:"),
        ["  sla-watchdog status"],
        *(_entry(place, notice, now) for place, notice in enumerate(shown, 1)),
        [f"  and {hidden:,} more: sla-watchdog status"] if hidden > 0 else [],
        wrapped(f"Digest {ref}, {count_of(sum(len(notice.items) for notice in ordered), 'alert')}."),
    ]
    return paragraphs(blocks)


def _entry(place: int, notice: Notice, now: int) -> list[str]:
    """Two or three lines: how bad, how late, which; what it is about; who owns it."""
    lead, beside = notice.lead, " " * 5
    if lead.clock is None:
        return [f"{place:>3}. {padded('Finding', 44)}{id_of(notice.case)}", *wrapped(phrase(lead, now), indent=beside)]
    first = f"{place:>3}. {padded(short_heading(lead), 13)}{padded(phrase(lead, now), 31)}"
    case = cut(id_of(notice.case), 72 - columns(first)) if columns(first) < 66 else id_of(notice.case)
    named = owners(notice, lead)
    more = f", {count_of(len(notice.items) - 1, 'more alert')}" if notice.items[1:] else ""
    owner = f"{named[0]}{' and others' if named[1:] else ''}" if named else "nobody"
    about = brief(subject_of(notice), 67)
    return [first + case, *([beside + about] if about else []), *wrapped(f"owner {owner}{more}", indent=beside)]


def _data(ordered: list[Notice], recipient: Recipient, digest_id: str, now: int) -> Json:
    return {
        "version": VERSION,
        "kind": "digest",
        "ref": short_ref(digest_id),
        "digest": digest_id,
        "audience": audience(recipient),
        "case_count": len(ordered),
        "alert_count": sum(len(notice.items) for notice in ordered),
        "alerts": list(_alerts(ordered)),
        "sent_at": iso(now, ordered[0].zone),
    }


def _alerts(ordered: list[Notice]) -> Iterator[Json]:
    for notice in ordered:
        for item in notice.items:
            yield {**alert(item, notice), "case_subject": brief(subject_of(notice), 100)}
