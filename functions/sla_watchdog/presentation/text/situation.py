"""What is wrong, or not any more, in one paragraph."""

from __future__ import annotations

from collections.abc import Iterator

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.clock_key import WITHDRAWN
from sla_watchdog.domain.clocks.data_problems import AsWritten
from sla_watchdog.domain.escalation.case import Alert
from sla_watchdog.domain.escalation.reasons import LevelDue, Unreachable
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.time.seconds import MINUTE
from sla_watchdog.presentation.text.finding import OF_THE_SET_UP
from sla_watchdog.presentation.text.layout import sentences, whole
from sla_watchdog.presentation.text.promised import NOT_DONE, WHAT
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.presentation.text.signals import SIGNAL_WORDS
from sla_watchdog.presentation.text.wording import (
    clock_name,
    id_of,
    late,
    listed,
    paused_since,
    phrase,
    reason_of,
    taker,
    who_by_key,
)
from sla_watchdog.presentation.times import count_of, duration, instant, open_time, times
from sla_watchdog.presentation.view.lateness import Cause
from sla_watchdog.presentation.view.notice import Item, Kind, Notice

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

_SINCE = frozenset({Metric.NEXT_RESPONSE, Metric.UPDATE})
"""Targets that begin with something that was said."""


def situation(notice: Notice, now: int) -> Iterator[str]:
    """Paragraphs without a blank line between them."""
    lead = notice.lead
    match lead.kind:
        case Kind.FINDING:
            yield from _findings(notice, now)
        case Kind.CLEARED:
            yield _over(notice)
        case Kind.WITHDRAWN:
            yield _taken_back(lead, notice)
        case Kind.ALERT:
            yield sentences(*_alarm(lead, notice, now))


def _findings(notice: Notice, now: int) -> Iterator[str]:
    for item in notice.items:
        if item.kind is not Kind.FINDING:
            continue
        if item.alert.clock in OF_THE_SET_UP or item.is_proposal:
            yield f"{_unended(item, now)}."
        else:
            yield f"{id_of(item.alert.subject)}: {_unended(item, now)}."


def _unended(finding: Item, now: int) -> str:
    """Some findings are whole sentences."""
    return phrase(finding, now).removesuffix(".")


# ------------------------------------------------------------------ good news


def _over(notice: Notice) -> str:
    alert, still_open = notice.lead.alert, notice.open_tickets
    what = f"Ticket {id_of(alert.subject)}" if still_open else "This case"
    since = whole(instant(alert.due_at, notice.zone))
    ended = f"{what} has been over since {since}: {brief(worded(alert.reason), 200)}."
    if not still_open:
        return ended
    names = listed(tuple(id_of(line.id) for line in still_open))
    return f"{ended} The case goes on with {names}."


def _taken_back(item: Item, notice: Notice) -> str:
    clock, name = item.clock, clock_name(item.alert.clock.removeprefix(WITHDRAWN))
    withdrawn = f"The warning about {name} is withdrawn: {brief(worded(item.alert.reason), 200)}."
    if clock is None or item.state is State.PAUSED:
        return f"{withdrawn} No limit passes until its clock runs again."
    if clock.due_at is None:
        return withdrawn
    return f"{withdrawn} It is now due by {whole(instant(clock.due_at, notice.zone))}."


# ------------------------------------------------------------------ alarms


def _alarm(item: Item, notice: Notice, now: int) -> Iterator[str]:
    """What is late, what happened since, and why the reader gets this."""
    clock, alert = item.clock, item.alert
    if clock is None:
        return
    if clock.metric in TARGETS:
        yield _target(item, clock, notice, now)
    else:
        yield _signal(item, clock, notice, now)
    yield from _after_the_end(notice)
    yield _news(notice, now)
    if not alert.repetition:
        yield _reason(item)
    elif alert.reminder == 0:
        yield _reason(item)
        yield _first_time(notice)
    else:
        yield _reminder(alert, notice)


def _news(notice: Notice, now: int) -> str:
    """What happened since the recipient heard of it last, and nothing else would say."""
    reopened = notice.reopened_at(now)
    if reopened is not None:
        return f"It had been resolved, and was reopened on {whole(instant(reopened, notice.zone))}."
    promise = notice.broken(now)
    if promise is not None:
        until = whole(instant(promise.until, notice.zone))
        missed = NOT_DONE[promise.kind]
        return f"{taker(promise)} had promised {WHAT[promise.kind]} {until}; {missed}."
    return ""


def _after_the_end(notice: Notice) -> Iterator[str]:
    """The desk shows these as resolved; without this nobody would see why they are alerts."""
    for line in notice.waiting:
        it = f"Ticket {id_of(line.id)}" if len(notice.tickets) > 1 else "It"
        ended = whole(instant(line.resolved_at or 0, notice.zone))
        wrote = whole(instant(line.waits_since or 0, notice.zone))
        yield (
            f"{it} has been resolved since {ended}, but the customer wrote on {wrote} "
            "and waits for an answer."
        )
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
    if any(past.to == notice.recipient.key for past in notice.notified):
        return f"Reminders go on until {_end(notice)}."
    return f"You are told for the first time; reminders go on until {_end(notice)}."


def _reason(item: Item) -> str:
    match item.alert.reason:
        case LevelDue() | AsWritten(""):
            return ""
        case Unreachable(recipient):
            because = worded(Unreachable(who_by_key(recipient)))
        case _:
            because = reason_of(item.alert)
    return f"You are told because {brief(because, 200)}."


# ------------------------------------------------------------------ a target


def _target(item: Item, clock: Clock, notice: Notice, now: int) -> str:
    missing = _missing(clock, notice)
    if item.state is State.BREACHED and clock.breach_at is not None:
        return f"{missing}. {_was_due(item, clock.metric, clock.breach_at, notice.zone, now)}"
    if item.state is not State.BREACHED and late(item, now) == "paused":
        return f"{missing}. {_paused(clock, notice.zone, now)}"
    yet = "" if clock.metric in _SINCE else " yet"
    return f"{missing}{yet}. {_is_due(item, clock.metric, notice.zone, now)}"


def _missing(clock: Clock, notice: Notice) -> str:
    """What nobody has done; names the ticket where the case has several."""
    it, within = "This case", ""
    if len(notice.tickets) > 1:
        it = f"Ticket {id_of(clock.subject)}"
        within = f" in ticket {id_of(clock.subject)}"
    missing = _MISSING[clock.metric].format(it=it, within=within)
    if clock.metric not in _SINCE:
        return missing
    return f"{missing} since {whole(instant(clock.started_at, notice.zone))}"


def _paused(clock: Clock, zone: str, now: int) -> str:
    since = paused_since(clock, now)
    paused = "paused" if since is None else f"paused since {whole(instant(since, zone))}"
    return f"Its clock is {paused}; no limit passes until it runs again."


def _is_due(item: Item, metric: Metric, zone: str, now: int) -> str:
    how_late = whole(late(item, now))
    return f"{_WHAT[metric]} is due{_by(item, zone)} ({how_late})."


def _was_due(item: Item, metric: Metric, breach_at: int, zone: str, now: int) -> str:
    """With the breach, where that is not the second after the deadline: it is what the lateness
    counts from.
    """
    what, how_late = _WHAT[metric], whole(late(item, now))
    breached = whole(instant(breach_at, zone))
    if item.due_at is None:
        changed = ", when its limit changed" if item.cause is Cause.CHANGE else ""
        return f"{what} has been late since {breached}{changed} ({how_late})."
    since = f", since {breached}" if breach_at - item.due_at > MINUTE else ""
    return f"{what} was due{_by(item, zone)} ({how_late}{since})."


def _by(item: Item, zone: str) -> str:
    if item.due_at is None:
        return ""
    return f" by {whole(instant(item.due_at, zone))}"


# ------------------------------------------------------------------ a signal

_AGE_OF_WHAT_WAITS = "The customer waits for an answer on this case. It is {old} old"


def _signal(item: Item, clock: Clock, notice: Notice, now: int) -> str:
    count = item.count or clock.target
    words = SIGNAL_WORDS[clock.metric].situation
    if clock.metric is Metric.AGE and notice.only_waits:
        words = _AGE_OF_WHAT_WAITS
    sentence = words.format(
        old=whole(duration(now - clock.started_at)),
        since=whole(instant(clock.started_at, notice.zone)),
        limit=whole(open_time(clock.target)),
        replies=count_of(count, "reply has", "replies have"),
        people=count_of(count, "person has", "people have"),
        times=times(count),
        last=_last_event(notice),
    )
    return f"{sentence}."


def _last_event(notice: Notice) -> str:
    """When what a signal counts happened last; not where the record reports more of it than were
    seen.
    """
    why = notice.why
    if why is None:
        return ""
    if why.reported:
        return ", as the ticket itself counts"
    if not why.events:
        return ""
    return f", last on {whole(instant(why.events[-1], notice.zone))}"
