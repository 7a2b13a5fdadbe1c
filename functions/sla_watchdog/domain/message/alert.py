"""One case to one recipient: what is wrong, what to do, who owns it, who knows, what comes next, and why."""

from __future__ import annotations

from collections.abc import Iterator

from sla_watchdog.domain.case import Recipient
from sla_watchdog.domain.clocks import Clock, State
from sla_watchdog.domain.message import sections
from sla_watchdog.domain.message.envelope import Message, sms_line, within_limit
from sla_watchdog.domain.message.finding import advice
from sla_watchdog.domain.message.layout import paragraphs, whole, wrapped
from sla_watchdog.domain.message.structured import structured
from sla_watchdog.domain.message.text import brief, cut, tidy, units
from sla_watchdog.domain.message.wording import (
    count_of,
    duration,
    heading,
    id_of,
    instant,
    late,
    listed,
    name_of,
    owners,
    paused_since,
    phrase,
    short_heading,
    subject_of,
    who,
)
from sla_watchdog.domain.notice import Item, Notice
from sla_watchdog.domain.policy import Metric


def render(notice: Notice, now: int) -> Message:
    """The message of one notice at `now`, which must be the instant the notice was made for."""
    return within_limit(Message(_subject(notice, now), _email(notice, now), _sms(notice, now), structured(notice, now)))


def _subject(notice: Notice, now: int) -> str:
    """`[Breach, level 2] City page still online: resolution 6 h 10 m over (T-4711)`; only the middle is cut."""
    lead, case = notice.lead, brief(notice.case, 24)
    start, about = f"[{heading(lead)}] ", subject_of(notice)
    if lead.clock is None:
        return f"{start}{case}: {phrase(lead, now)}"
    end = f": {phrase(lead, now)}"
    if not about:
        return f"{start}{case}{end}"
    end += f" ({case})"
    return start + cut(about, 99 - units(start + end), units) + end


def _sms(notice: Notice, now: int) -> str:
    """Severity, case, clock, how late, that nobody owns it; then the subject as far as it goes, and the ref."""
    lead = notice.lead
    head, about = f"{short_heading(lead)} {brief(notice.case, 24)}", subject_of(notice)
    if lead.clock is None:
        return sms_line(head, lead.alert.reason, lead.alert.ref)
    others = f" (+{len(notice.items) - 1} more)" if notice.items[1:] else ""
    owner = "" if owners(notice, lead) else ", no owner"
    return sms_line(f"{head} {phrase(lead, now)}{others}{owner}", about, lead.alert.ref)


def _email(notice: Notice, now: int) -> str:
    lead = notice.lead
    blocks = [
        _title(notice, now),
        [line for said in _wrong(lead, notice, now) for line in wrapped(said)],
        wrapped(f"What to do: {' '.join(_to_do(lead, notice))}"),
        *sections.sections(notice, now),
    ]
    return paragraphs(blocks)


def _title(notice: Notice, now: int) -> list[str]:
    facts = [f"Case {id_of(notice.case)}"]
    facts += [f"for {name_of(notice.customer)}"] if tidy(notice.customer) else []
    facts += [count_of(len(notice.tickets), "ticket")] if len(notice.tickets) > 1 else []
    opened = f"Opened {instant(notice.opened_at, notice.zone)}, {duration(now - notice.opened_at)} ago"
    return [*wrapped(subject_of(notice)), *wrapped(", ".join(facts)), opened]


# ------------------------------------------------------------------ what is wrong, what to do

_MISSING = {
    Metric.FIRST_RESPONSE: "Nobody has answered the customer",
    Metric.RESOLUTION: "This case is not resolved",
    Metric.AGE: "This case is still unresolved",
}


def _wrong(item: Item, notice: Notice, now: int) -> Iterator[str]:
    """Paragraphs without a blank line between them."""
    if item.clock is None:
        yield from (f"{id_of(each.alert.subject)}: {phrase(each, now)}." for each in notice.items if not each.clock)
        return
    reminder = item.alert.repetition
    reason = brief(item.alert.reason, 200)
    said = (
        _state(item, item.clock, notice.zone, now),
        _reminder(reminder, notice) if reminder else "",
        f"You are told because {reason}." if reason not in ("", "due") and not reminder else "",
    )
    yield " ".join(filter(None, said))


def _reminder(number: int, notice: Notice) -> str:
    """Numbered by its place in time, which means nothing to somebody who was never told before."""
    if notice.recipient.key in {key for _, key, _ in notice.told}:
        return f"This is reminder {number:,}; they go on until the case is resolved."
    return "You are told for the first time; reminders go on until the case is resolved."


def _state(item: Item, clock: Clock, zone: str, now: int) -> str:
    missing = _MISSING[clock.metric]
    if clock.metric is Metric.AGE:
        old = whole(duration(now - clock.started_at))
        return f"{missing}. It is {old} old; no reply, pause or change of priority stops this clock."
    if item.state is not State.BREACHED and late(item, now) == "paused":
        since = paused_since(clock, now)
        paused = "paused" if since is None else f"paused since {whole(instant(since, zone))}"
        return f"{missing}. Its clock is {paused}; no limit passes until it runs again."
    due = "" if clock.due_at is None else f" by {whole(instant(clock.due_at, zone))}"
    what = "An answer" if clock.metric is Metric.FIRST_RESPONSE else "It"
    if item.state is State.BREACHED:
        return f"{missing}. {what} was due{due} ({whole(late(item, now))})."
    return f"{missing} yet. {what} is due{due} ({whole(late(item, now))})."


def _to_do(item: Item, notice: Notice) -> Iterator[str]:
    if item.clock is None:
        yield advice(item.alert.clock)
        return
    yield _whose(owners(notice, item), notice.recipient)
    yield _action(item, item.clock, notice.zone)
    coming = notice.coming
    if coming and coming.recipient.audience != notice.recipient.audience and item.state is State.BREACHED:
        yield f"If nothing changes, {who(coming.recipient)} is told on {whole(instant(coming.at, notice.zone))}."


def _whose(named: tuple[str, ...], reader: Recipient) -> str:
    if not named:
        return "Nobody owns it: name one person who takes it."
    if reader.of and named == (name_of(reader.of),):
        return "It is yours."
    return f"Talk to {listed(named)}, who own{'s' if len(named) == 1 else ''} it."


def _action(item: Item, clock: Clock, zone: str) -> str:
    by = f"by {whole(instant(clock.due_at, zone))}" if clock.due_at and item.state is not State.BREACHED else ""
    match clock.metric:
        case Metric.FIRST_RESPONSE:
            return f"Answer the customer {by or 'now'}."
        case Metric.AGE:
            return "Decide how it ends, and tell the customer by when."
        case Metric.RESOLUTION:
            return f"Resolve it {by}." if by else "Resolve it, or tell the customer by when it will be."
