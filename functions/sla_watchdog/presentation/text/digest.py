"""Many cases to one recipient in one message, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sla_watchdog.domain.escalation.case import Recipient, Severity
from sla_watchdog.domain.text.display import brief, columns, cut, units
from sla_watchdog.presentation.text.digest_counts import counted, is_new, news
from sla_watchdog.presentation.text.envelope import (
    SUBJECT_LIMIT,
    VERSION,
    Message,
    short_ref,
    sms_line,
    within_limit,
)
from sla_watchdog.presentation.text.layout import (
    WIDTH,
    commas,
    padded,
    paragraphs,
    sentences,
    wrapped,
)
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
from sla_watchdog.presentation.times import count_of, instant, iso
from sla_watchdog.presentation.view.notice import Kind, Notice

_TO_DO = "see that each has one named owner, from the top down."
_LINKS = "The link under a case is for taking it, or for saying that it is not yours."

BESIDE = " " * 5
"""Below the number of a case."""

MOST_LISTED = 20
"""Cases that the e-mail lists; the structured body names every alert."""


def render_digest(
    notices: Sequence[Notice], recipient: Recipient, digest_id: str, now: int
) -> Message:
    """One message for `notices` (at least one, all made at `now`), which lead with their own most
    urgent alert.
    """
    ordered = _by_urgency(notices)
    ref = short_ref(digest_id)
    message = Message(
        subject=_subject(ordered, now),
        email=_email(ordered, recipient, ref, now),
        sms=_sms(ordered, ref, now),
        data=_data(ordered, recipient, digest_id, now),
    )
    return within_limit(message)


def listed(notices: Iterable[Notice]) -> frozenset[str]:
    """The cases that the e-mail of these notices would list."""
    return frozenset(notice.case for notice in _by_urgency(notices)[:MOST_LISTED])


def _by_urgency(notices: Iterable[Notice]) -> list[Notice]:
    return sorted(notices, key=_urgency)


def _urgency(notice: Notice) -> tuple[bool, bool, bool, int, int, str]:
    """Critical first, good news and findings last; then the oldest breach, then the higher level,
    then by name.
    """
    lead = notice.lead
    calm = lead.alert.severity is not Severity.CRITICAL
    return (
        lead.kind is Kind.FINDING,
        lead.good_news,
        calm,
        -lead.late,
        -lead.alert.level,
        notice.case,
    )


# ------------------------------------------------------------------ subject and SMS


def _subject(ordered: Sequence[Notice], now: int) -> str:
    """`[Critical L4, 37 cases] City page still online: open for 730 d (T-4711)`: the most urgent
    one speaks for all.
    """
    first = ordered[0]
    start = f"[{short_heading(first.lead)}, {_count(ordered)}] "
    end = f" ({brief(first.about, 24)})"
    about = phrase(first.lead, now)
    if first.lead.kind is not Kind.FINDING:
        end = f": {cut(about, 60)}{end}"
        about = subject_of(first)
    left = SUBJECT_LIMIT - units(start + end)
    return start + cut(about, left, units) + end


def _count(notices: Sequence[Notice]) -> str:
    """`36 cases and 1 finding`; of what there is."""
    findings = sum(notice.lead.kind is Kind.FINDING for notice in notices)
    cases = len(notices) - findings
    if not findings:
        return count_of(cases, "case")
    if not cases:
        return count_of(findings, "finding")
    return f"{count_of(cases, 'case')} and {count_of(findings, 'finding')}"


def _sms(ordered: Sequence[Notice], ref: str, now: int) -> str:
    notice = ordered[0]
    first = f"first {short_heading(notice.lead)} {brief(notice.about, 24)}"
    if notice.lead.kind is not Kind.FINDING:
        first = f"{first} {phrase(notice.lead, now)}"
    head = commas(_count(ordered), _broken(ordered, now), first)
    return sms_line(head, subject_of(notice), ref)


def _broken(notices: Iterable[Notice], now: int) -> str:
    """Of how many cases a promise was broken since the recipient was last notified of them."""
    cases = sum(notice.broken(now) is not None for notice in notices)
    return count_of(cases, "promise broken", "promises broken") if cases else ""


# ------------------------------------------------------------------ e-mail


def _email(ordered: Sequence[Notice], recipient: Recipient, ref: str, now: int) -> str:
    return paragraphs(_blocks(ordered, recipient, ref, now))


def _blocks(
    ordered: Sequence[Notice], recipient: Recipient, ref: str, now: int
) -> Iterator[list[str]]:
    shown, hidden = ordered[:MOST_LISTED], len(ordered) - MOST_LISTED
    yield wrapped(sentences(*_opening(ordered, recipient, now)))
    yield wrapped(f"What to do: {_to_do(shown, _waiting(ordered))} All of them at any time:")
    yield ["  sla-watchdog status"]
    for place, notice in enumerate(shown, 1):
        yield list(_entry(place, notice, now))
    if hidden > 0:
        rest = ordered[MOST_LISTED:]
        yield [f"  and {hidden:,} more: sla-watchdog status", *counted(rest)]
    alerts = count_of(_alert_count(ordered), "alert")
    yield wrapped(f"Digest {ref}, {alerts}.")


def _waiting(notices: Sequence[Notice]) -> list[Notice]:
    """Those that ask something of their reader."""
    return [notice for notice in notices if not notice.lead.good_news]


def _opening(ordered: Sequence[Notice], recipient: Recipient, now: int) -> Iterator[str]:
    """Sentences that count."""
    waiting = _waiting(ordered)
    calm, hidden = len(ordered) - len(waiting), len(ordered) - MOST_LISTED
    if waiting:
        verb = "waits" if len(waiting) == 1 else "wait"
        yield f"{_count(waiting)} {verb} for {who(recipient)}."
        yield news(waiting)
    unowned = sum(_is_unowned(notice, now) for notice in ordered)
    if unowned:
        yield f"Nobody owns {unowned:,} of them."
    broken = _broken(ordered, now)
    if broken:
        yield f"{broken}."
    if calm:
        yield f"{count_of(calm, 'case needs', 'cases need')} nothing from you any more."
    if hidden > 0:
        yield f"The {MOST_LISTED} worst follow; {hidden:,} more are counted below."


def _is_unowned(notice: Notice, now: int) -> bool:
    if notice.lead.kind is not Kind.ALERT or notice.taken(now):
        return False
    return not owners(notice, notice.lead)


def _to_do(shown: Sequence[Notice], waiting: Sequence[Notice]) -> str:
    asked = _TO_DO if waiting else "nothing."
    if any(notice.link for notice in shown):
        return f"{asked} {_LINKS}"
    return asked


# ------------------------------------------------------------------ a case in it


def _entry(place: int, notice: Notice, now: int) -> Iterator[str]:
    """Up to four lines: how bad, how late, which; what it is about; who owns it; where it is
    answered.
    """
    lead = notice.lead
    if lead.kind is Kind.FINDING:
        yield f"{place:>3}. {padded('Finding', 44)}{id_of(notice.about)}"
        yield from wrapped(phrase(lead, now), indent=BESIDE)
        return
    yield _first_line(place, notice, now)
    about = brief(subject_of(notice), WIDTH - len(BESIDE))
    if about:
        yield BESIDE + about
    yield from wrapped(_last_line(notice, now), indent=BESIDE)
    if notice.link:
        yield BESIDE + notice.link


def _first_line(place: int, notice: Notice, now: int) -> str:
    """The id is cut where it leaves the margin, unless no more than a few characters would stay."""
    how_late = cut(phrase(notice.lead, now), 31)
    line = f"{place:>3}. {padded(short_heading(notice.lead), 13)}{padded(how_late, 31)}"
    case, used = id_of(notice.about), columns(line)
    if used < WIDTH - 6:
        case = cut(case, WIDTH - used)
    return line + case


def _last_line(notice: Notice, now: int) -> str:
    """Who has it, the promise that was broken, how many more alerts there are, and whether all of
    it was there before.
    """
    others = len(notice.items) - 1
    more = count_of(others, "more alert") if others else ""
    if notice.lead.good_news:
        return more
    reminder = "" if is_new(notice) else "reminder"
    return commas(_owner(notice, now) + _promise(notice, now), more, reminder)


def _owner(notice: Notice, now: int) -> str:
    names = owners(notice, notice.lead)
    if len(names) > 1:
        return f"owner {names[0]} and others"
    if names:
        return f"owner {names[0]}"
    if notice.taken(now):
        return owned(notice, notice.lead, now)
    return "owner nobody"


def _promise(notice: Notice, now: int) -> str:
    """That one was broken, where the recipient was not notified since."""
    broken = notice.broken(now)
    if broken is None:
        return ""
    until = instant(broken.until, notice.zone)
    return f"; {taker(broken)} promised an update by {until}, broken"


# ------------------------------------------------------------------ for machines


def _data(ordered: Sequence[Notice], recipient: Recipient, digest_id: str, now: int) -> Json:
    return {
        "version": VERSION,
        "kind": "digest",
        "ref": short_ref(digest_id),
        "digest": digest_id,
        "audience": audience(recipient),
        "case_count": len(ordered),
        "alert_count": _alert_count(ordered),
        "alerts": list(_alerts(ordered, now)),
        "sent_at": iso(now, ordered[0].zone),
    }


def _alert_count(notices: Iterable[Notice]) -> int:
    return sum(len(notice.items) for notice in notices)


def _alerts(ordered: Sequence[Notice], now: int) -> Iterator[Json]:
    for notice in ordered:
        about: Json = {
            "case_subject": brief(subject_of(notice), 100),
            "link": notice.link or None,
            "promise": promise(notice),
            "promise_broken": is_broken(notice, now),
        }
        for item in notice.items:
            yield {**alert(item, notice), **about}
