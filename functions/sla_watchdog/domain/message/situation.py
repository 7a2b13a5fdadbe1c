"""What is wrong, or not any more, in one paragraph."""

from __future__ import annotations

from collections.abc import Iterator

from sla_watchdog.domain.case import Alert
from sla_watchdog.domain.clocks import Clock, State
from sla_watchdog.domain.lateness import Cause
from sla_watchdog.domain.levels import WITHDRAWN
from sla_watchdog.domain.message.finding import OF_THE_SET_UP
from sla_watchdog.domain.message.layout import whole
from sla_watchdog.domain.message.text import brief
from sla_watchdog.domain.message.wording import (
    MINUTE,
    clock_name,
    count_of,
    duration,
    id_of,
    instant,
    late,
    listed,
    name_of,
    open_time,
    phrase,
    reason_of,
    times,
    who_by_key,
)
from sla_watchdog.domain.notice import Item, Kind, Notice
from sla_watchdog.domain.policy import TARGETS, Metric

_MISSING = {
    Metric.FIRST_RESPONSE: "Nobody has answered the customer{within}",
    Metric.NEXT_RESPONSE: "The customer has been waiting for an answer{within}",
    Metric.UPDATE: "The customer has not heard from us{within}",
    Metric.FIRST_RESOLUTION: "{it} has not been resolved once",
    Metric.RESOLUTION: "{it} is not resolved",
}

_WHAT = {
    Metric.FIRST_RESPONSE: "An answer",
    Metric.NEXT_RESPONSE: "The answer",
    Metric.UPDATE: "An update",
    Metric.FIRST_RESOLUTION: "The first resolution",
    Metric.RESOLUTION: "It",
}

UNREACHABLE = " cannot be reached"
"""How the reason of an alert ends that goes to the next level since nobody could be told."""

_SINCE = frozenset({Metric.NEXT_RESPONSE, Metric.UPDATE})
"""Targets that begin with something that was said."""


def situation(notice: Notice, now: int) -> Iterator[str]:
    """Paragraphs without a blank line between them."""
    lead = notice.lead
    match lead.kind:
        case Kind.FINDING:
            found = (each for each in notice.items if each.kind is Kind.FINDING)
            for each in found:
                about = "" if each.alert.clock in OF_THE_SET_UP else f"{id_of(each.alert.subject)}: "
                yield f"{about}{phrase(each, now).removesuffix('.')}."
        case Kind.CLEARED:
            yield _over(notice)
        case Kind.WITHDRAWN:
            yield _taken_back(lead, notice)
        case Kind.ALERT:
            yield " ".join(filter(None, _alarm(lead, notice, now)))


# ------------------------------------------------------------------ good news


def _over(notice: Notice) -> str:
    alert, still = notice.lead.alert, notice.open_tickets
    what = f"Ticket {id_of(alert.subject)}" if still else "This case"
    ended = f"{what} has been over since {whole(instant(alert.due_at, notice.zone))}: {brief(alert.reason, 200)}."
    names = listed(tuple(id_of(line.id) for line in still))
    return f"{ended} The case goes on with {names}." if still else ended


def _taken_back(item: Item, notice: Notice) -> str:
    clock, name = item.clock, clock_name(item.alert.clock.removeprefix(WITHDRAWN))
    said = f"The warning about {name} is withdrawn: {brief(item.alert.reason, 200)}."
    if clock is None or item.state is State.PAUSED:
        return f"{said} No limit passes until its clock runs again."
    if clock.due_at is None:
        return said
    return f"{said} It is now due by {whole(instant(clock.due_at, notice.zone))}."


# ------------------------------------------------------------------ alarms


def _alarm(item: Item, notice: Notice, now: int) -> Iterator[str]:
    clock, alert = item.clock, item.alert
    if clock is None:
        return
    yield _target(item, clock, notice, now) if clock.metric in TARGETS else _signal(item, clock, notice, now)
    yield from _after_the_end(notice)
    yield _news(notice, now)
    yield _reminder(alert, notice) if alert.repetition and alert.reminder != 0 else _reason(item)
    if alert.repetition and alert.reminder == 0:
        yield _first_time(notice)


def _news(notice: Notice, now: int) -> str:
    """What happened since the recipient heard of it last, and nothing else would say."""
    if (reopened := notice.reopened_at(now)) is not None:
        return f"It had been resolved, and was reopened on {whole(instant(reopened, notice.zone))}."
    if (promise := notice.broken(now)) is not None:
        by = name_of(promise.by) or "Somebody"
        return f"{by} had promised an update by {whole(instant(promise.until, notice.zone))}; it did not come."
    return ""


def _after_the_end(notice: Notice) -> Iterator[str]:
    """The desk shows these as resolved; without this nobody would see why they are alerts."""
    for line in notice.waiting:
        ended, wrote = (whole(instant(at or 0, notice.zone)) for at in (line.resolved_at, line.waits_since))
        it = f"Ticket {id_of(line.id)}" if notice.tickets[1:] else "It"
        yield f"{it} has been resolved since {ended}, but the customer wrote on {wrote} and waits for an answer."
    if notice.waiting:
        yield "A public reply to the customer, or reopening the ticket, ends this."


def _reminder(alert: Alert, notice: Notice) -> str:
    """Numbered by what this recipient really had of this level, where that was counted."""
    number = "a reminder" if alert.reminder is None else f"reminder {alert.reminder:,}"
    return f"This is {number}; they go on until {_end(notice)}."


def _end(notice: Notice) -> str:
    return "the customer has an answer" if notice.only_waits else "the case is resolved"


def _first_time(notice: Notice) -> str:
    """Of a level whose reminders have begun without this recipient."""
    if notice.recipient.key in {each.to for each in notice.told}:
        return f"Reminders go on until {_end(notice)}."
    return f"You are told for the first time; reminders go on until {_end(notice)}."


def _reason(item: Item) -> str:
    reason = brief(reason_of(item.alert), 200)
    unreachable = reason.removesuffix(UNREACHABLE)
    if unreachable != reason:
        reason = who_by_key(unreachable) + UNREACHABLE
    return f"You are told because {reason}." if reason not in ("", "due") else ""


def _target(item: Item, clock: Clock, notice: Notice, now: int) -> str:
    missing = _missing(clock, notice)
    if clock.metric in _SINCE:
        missing += f" since {whole(instant(clock.started_at, notice.zone))}"
    if item.state is not State.BREACHED and late(item, now) == "paused":
        since = paused_since(clock, now)
        paused = "paused" if since is None else f"paused since {whole(instant(since, notice.zone))}"
        return f"{missing}. Its clock is {paused}; no limit passes until it runs again."
    due = "" if item.due_at is None else f" by {whole(instant(item.due_at, notice.zone))}"
    what, how = _WHAT[clock.metric], whole(late(item, now))
    if item.state is State.BREACHED and clock.breach_at is not None:
        return f"{missing}. {_was_due(item, what, whole(instant(clock.breach_at, notice.zone)), due, how)}"
    yet = "" if clock.metric in _SINCE else " yet"
    return f"{missing}{yet}. {what} is due{due} ({how})."


def _was_due(item: Item, what: str, breached: str, due: str, how: str) -> str:
    """With the breach, where that is not the second after the deadline: it is what the lateness counts from."""
    clock = item.clock
    if item.due_at is None or clock is None or clock.breach_at is None:
        changed = ", when its limit changed" if item.cause is Cause.CHANGE else ""
        return f"{what} has been late since {breached}{changed} ({how})."
    since = f", since {breached}" if clock.breach_at - item.due_at > MINUTE else ""
    return f"{what} was due{due} ({how}{since})."


def _missing(clock: Clock, notice: Notice) -> str:
    """Names the ticket where the case has several."""
    ticket = id_of(clock.subject) if notice.tickets[1:] else ""
    it, within = (f"Ticket {ticket}", f" in ticket {ticket}") if ticket else ("This case", "")
    return _MISSING[clock.metric].format(it=it, within=within)


def paused_since(clock: Clock, now: int) -> int | None:
    """When the clock last stopped running; None while it runs or where it never did."""
    last = clock.running[-1].end if clock.running else None
    return last if last is not None and last <= now else None


def _signal(item: Item, clock: Clock, notice: Notice, now: int) -> str:
    since, old = whole(instant(clock.started_at, notice.zone)), whole(duration(now - clock.started_at))
    last = _last_event(notice)
    seen = item.count or clock.target
    limit, replies = whole(open_time(clock.target)), count_of(seen, "reply has", "replies have")
    said = {
        Metric.AGE: _age(notice, old),
        Metric.PAUSE: f"This case was paused for longer than is allowed ({limit} of open time). Its clock runs on",
        Metric.PROMISE: "What was promised about this case was not done",
        Metric.PROGRESS: f"Nobody has moved this case on since {since} ({old}). Replies alone do not count",
        Metric.TOUCHES: f"{replies} gone out since anybody moved this case on{last}",
        Metric.UNOWNED: f"Nobody with a name has owned this case since {since} ({old})",
        Metric.REOPENED: f"This case was resolved and reopened {times(seen)}{last}",
        Metric.REASSIGNED: f"This case changed hands {times(seen)}{last}",
        Metric.BOUNCED: f"This case was sent back {times(seen)} to a team that had had it{last}",
    }
    return f"{said[clock.metric]}."


def _age(notice: Notice, old: str) -> str:
    if notice.only_waits:
        return f"The customer waits for an answer on this case. It is {old} old"
    age = "no reply, pause or change of priority stops this clock"
    return f"This case is still unresolved. It is {old} old; {age}"


def _last_event(notice: Notice) -> str:
    """When what a signal counts happened last; not where the record reports more of it than were seen."""
    why = notice.why
    if why is None:
        return ""
    if why.reported:
        return ", as the ticket itself counts"
    return f", last on {whole(instant(why.events[-1], notice.zone))}" if why.events else ""
