"""Many cases to one recipient in one message, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sla_watchdog.domain.escalation.case import Recipient, Severity
from sla_watchdog.domain.text.display import brief, columns, cut, units
from sla_watchdog.domain.text.times import count_of, instant, iso
from sla_watchdog.presentation.text.envelope import (
    VERSION,
    Message,
    short_ref,
    sms_line,
    within_limit,
)
from sla_watchdog.presentation.text.layout import padded, paragraphs, wrapped
from sla_watchdog.presentation.text.structured import Json, alert, audience, is_broken, promise
from sla_watchdog.presentation.text.wording import (
    id_of,
    owned,
    owners,
    phrase,
    short_heading,
    subject_of,
    taker,
    who,
)
from sla_watchdog.presentation.view.notice import Kind, Notice

_TO_DO = "see that each has one named owner, from the top down."
_LINKS = " The link under a case is for taking it, or for saying that it is not yours."

MOST_LISTED = 50
"""Cases that the e-mail lists; the structured body names every alert."""


def render_digest(
    notices: Sequence[Notice], recipient: Recipient, digest_id: str, now: int
) -> Message:
    """One message for `notices` (at least one, all made at `now`), which lead with their own most
    urgent alert.
    """
    ordered = _by_urgency(notices)
    ref = short_ref(digest_id)
    return within_limit(
        Message(
            subject=_subject(ordered, now),
            email=_email(ordered, recipient, ref, now),
            sms=_sms(ordered, ref, now),
            data=_data(ordered, recipient, digest_id, now),
        )
    )


def listed(notices: Iterable[Notice]) -> frozenset[str]:
    """The cases that the e-mail of these notices would list."""
    return frozenset(notice.case for notice in _by_urgency(notices)[:MOST_LISTED])


def _by_urgency(notices: Iterable[Notice]) -> list[Notice]:
    return sorted(notices, key=_urgency)


def _urgency(notice: Notice) -> tuple[bool, bool, bool, int, int, str]:
    """Critical first, good news and findings last; then the higher level, then the later, then by
    name.
    """
    lead = notice.lead
    calm = lead.alert.severity is not Severity.CRITICAL
    return (
        lead.kind is Kind.FINDING,
        lead.good_news,
        calm,
        -lead.alert.level,
        -lead.late,
        notice.case,
    )


def _subject(ordered: list[Notice], now: int) -> str:
    """`[Critical L4, 37 cases] City page still online: open for 730 d (T-4711)`: the most urgent
    one speaks for all.
    """
    first = ordered[0]
    start = f"[{short_heading(first.lead)}, {_count(ordered)}] "
    finding = first.lead.kind is Kind.FINDING
    late = "" if finding else f": {cut(phrase(first.lead, now), 60)}"
    end = f"{late} ({brief(first.about, 24)})"
    about = phrase(first.lead, now) if finding else subject_of(first)
    return start + cut(about, 99 - units(start + end), units) + end


def _count(ordered: Sequence[Notice]) -> str:
    findings = sum(notice.lead.kind is Kind.FINDING for notice in ordered)
    said = [count_of(len(ordered) - findings, "case")] if findings < len(ordered) else []
    return " and ".join([*said, *([count_of(findings, "finding")] if findings else [])])


def _sms(ordered: list[Notice], ref: str, now: int) -> str:
    lead = ordered[0]
    worst = f"{short_heading(lead.lead)} {brief(lead.about, 24)}"
    first = worst if lead.lead.kind is Kind.FINDING else f"{worst} {phrase(lead.lead, now)}"
    count = ", ".join(filter(None, (_count(ordered), _broken(ordered, now))))
    return sms_line(f"{count}, first {first}", subject_of(lead), ref)


def _broken(ordered: Iterable[Notice], now: int) -> str:
    """Of how many cases a promise was broken, since their recipient was told of them last."""
    cases = sum(notice.broken(now) is not None for notice in ordered)
    return count_of(cases, "promise broken", "promises broken") if cases else ""


# ------------------------------------------------------------------ e-mail


def _email(ordered: list[Notice], recipient: Recipient, ref: str, now: int) -> str:
    alarms = [notice for notice in ordered if notice.lead.kind is Kind.ALERT]
    unowned = sum(not owners(notice, notice.lead) and not notice.taken(now) for notice in alarms)
    waiting = [notice for notice in ordered if not notice.lead.good_news]
    opening = (
        f"{_count(waiting)} {'waits' if len(waiting) == 1 else 'wait'} for {who(recipient)}."
        if waiting
        else ""
    )
    opening += f" Nobody owns {unowned:,} of them." if unowned else ""
    broken = _broken(ordered, now)
    opening += f" {broken}." if broken else ""
    calm = count_of(len(ordered) - len(waiting), "case needs", "cases need")
    opening += f" {calm} nothing from you any more." if waiting != ordered else ""
    hidden = len(ordered) - MOST_LISTED
    shown = ordered[:MOST_LISTED]
    most = (
        f" The {MOST_LISTED} most urgent follow; {hidden:,} more do not fit here."
        if hidden > 0
        else ""
    )
    links = _LINKS if any(notice.link for notice in shown) else ""
    blocks = [
        wrapped((opening + most).strip()),
        wrapped(f"What to do: {_TO_DO if waiting else 'nothing.'}{links} All of them at any time:"),
        ["  sla-watchdog status"],
        *(_entry(place, notice, now) for place, notice in enumerate(shown, 1)),
        [f"  and {hidden:,} more: sla-watchdog status"] if hidden > 0 else [],
        wrapped(
            f"Digest {ref}, {count_of(sum(len(notice.items) for notice in ordered), 'alert')}."
        ),
    ]
    return paragraphs(blocks)


def _entry(place: int, notice: Notice, now: int) -> list[str]:
    """Up to four lines: how bad, how late, which; what it is about; who owns it; where it is
    answered.
    """
    lead, beside = notice.lead, " " * 5
    if lead.kind is Kind.FINDING:
        return [
            f"{place:>3}. {padded('Finding', 44)}{id_of(notice.about)}",
            *wrapped(phrase(lead, now), indent=beside),
        ]
    first = f"{place:>3}. {padded(short_heading(lead), 13)}{padded(cut(phrase(lead, now), 31), 31)}"
    case = (
        cut(id_of(notice.about), 72 - columns(first))
        if columns(first) < 66
        else id_of(notice.about)
    )
    more = f", {count_of(len(notice.items) - 1, 'more alert')}" if notice.items[1:] else ""
    about = brief(subject_of(notice), 67)
    last = (
        more.removeprefix(", ")
        if lead.good_news
        else f"{_owner(notice, now)}{_promise(notice, now)}{more}"
    )
    link = [beside + notice.link] if notice.link else []
    return [
        first + case,
        *([beside + about] if about else []),
        *wrapped(last, indent=beside),
        *link,
    ]


def _owner(notice: Notice, now: int) -> str:
    named = owners(notice, notice.lead)
    if not named:
        taken = notice.taken(now)
        return owned(notice, notice.lead, now) if taken else "owner nobody"
    return f"owner {named[0]}{' and others' if named[1:] else ''}"


def _promise(notice: Notice, now: int) -> str:
    """That one was broken, where the recipient was told nothing since."""
    broken = notice.broken(now)
    return (
        f"; {taker(broken)} promised an update by {instant(broken.until, notice.zone)}, broken"
        if broken
        else ""
    )


def _data(ordered: list[Notice], recipient: Recipient, digest_id: str, now: int) -> Json:
    return {
        "version": VERSION,
        "kind": "digest",
        "ref": short_ref(digest_id),
        "digest": digest_id,
        "audience": audience(recipient),
        "case_count": len(ordered),
        "alert_count": sum(len(notice.items) for notice in ordered),
        "alerts": list(_alerts(ordered, now)),
        "sent_at": iso(now, ordered[0].zone),
    }


def _alerts(ordered: list[Notice], now: int) -> Iterator[Json]:
    for notice in ordered:
        for item in notice.items:
            about: Json = {
                "case_subject": brief(subject_of(notice), 100),
                "link": notice.link or None,
            }
            yield {
                **alert(item, notice),
                **about,
                "promise": promise(notice),
                "promise_broken": is_broken(notice, now),
            }
