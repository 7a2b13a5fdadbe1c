"""What is still to come if nothing changes: the levels ahead, and who will be notified of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.escalation.case import Alert, Recipient, Severity
from sla_watchdog.domain.escalation.deferral import Decision
from sla_watchdog.domain.escalation.evaluated_clocks import EvaluatedClocks
from sla_watchdog.domain.escalation.evaluation import EvaluationContext
from sla_watchdog.domain.escalation.reasons import LevelDue
from sla_watchdog.domain.escalation.silences import Silence, silenced
from sla_watchdog.domain.policy.model import Level
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.years import TimeOutOfRange

MOST_HOLDS = 10
"""Silences and closed hours in a row that are looked through, for when somebody will be told."""

_by_time = attrgetter("at")


@frozen
class UpcomingNotification:
    """What happens next if nothing changes. `level` counts from 0."""

    at: int
    recipient: Recipient
    clock: str
    level: int
    urgent: bool


class UpcomingLevel(NamedTuple):
    """A level still to come, or the next repetition of the last one."""

    at: int
    clock: Clock
    number: int
    """Of the level, from 0."""

    @property
    def level(self) -> Level:
        return self.clock.ladder.levels[self.number]


def levels_ahead(evaluated: EvaluatedClocks) -> tuple[UpcomingLevel, ...]:
    """Of every clock, in order of time; nothing before a promise that holds it back ends."""
    ahead: list[UpcomingLevel] = []
    for clock in evaluated.live:
        ahead += _of_clock(evaluated, clock)
    for clock in evaluated.unkept_then():
        ahead.append(UpcomingLevel(clock.levels[0] or evaluated.evaluation.now, clock, 0))
    return tuple(sorted(ahead, key=_by_time))


def _of_clock(evaluated: EvaluatedClocks, clock: Clock) -> Iterator[UpcomingLevel]:
    promise = evaluated.promise_holding(clock.subject, clock.metric.value)
    if promise is None:
        earliest, levels = 0, clock.levels
    else:
        earliest, levels = promise.until, evaluated.if_broken(clock).levels
    now = evaluated.evaluation.now
    for number, at in enumerate(levels):
        if at is not None and at > now:
            yield UpcomingLevel(max(at, earliest), clock, number)
    repeats_at = _next_repetition(evaluated, clock)
    if repeats_at is not None:
        yield UpcomingLevel(max(repeats_at, earliest), clock, len(clock.levels) - 1)


def _next_repetition(evaluated: EvaluatedClocks, clock: Clock) -> int | None:
    """None until the last level is reached."""
    repeat, top_due_at = clock.ladder.levels[-1].repeat, clock.levels[-1]
    if repeat is None or top_due_at is None:
        return None
    climbed = evaluated.climbs.get(clock.key)
    if climbed is None or not climbed.at_top:
        return None
    latest = repeat.latest(evaluated.evaluation.now - top_due_at)
    return top_due_at + repeat.offset(latest + 1)


def notifications_ahead(
    evaluation: EvaluationContext,
    decisions: Iterable[Decision],
    ahead: Iterable[UpcomingLevel],
    silences: Sequence[Silence],
) -> tuple[UpcomingNotification, ...]:
    """What waits for somebody's hours, a promise or a silence, and what is ahead, in order of time.

    Of the levels of one clock that reach somebody at one time, the highest, which is the one
    that will be told; an audience and its urgent topic are one.
    """
    upcoming = [
        _notification(evaluation, at, alert, silences)
        for at, alert in _alerts_ahead(evaluation, decisions, ahead)
    ]
    highest: dict[tuple[int, str, str], UpcomingNotification] = {}
    for notification in sorted(upcoming, key=attrgetter("level")):
        place = notification.at, notification.recipient.key, notification.clock
        highest[place] = notification
    return tuple(sorted(highest.values(), key=_by_time))


def _alerts_ahead(
    evaluation: EvaluationContext, decisions: Iterable[Decision], ahead: Iterable[UpcomingLevel]
) -> Iterator[tuple[int, Alert]]:
    """Each with when it is due to be said."""
    for decision in decisions:
        if decision.until is not None:
            yield decision.until, decision.alert
    for upcoming in ahead:
        for recipient, _ in evaluation.addressing.addressed(upcoming.level, upcoming.clock):
            yield upcoming.at, _alert(upcoming, recipient)


def _alert(upcoming: UpcomingLevel, recipient: Recipient) -> Alert:
    """As far as it can be known: not yet how bad it will be, unless it waits for nobody."""
    clock = upcoming.clock
    return Alert(
        subject=clock.subject,
        clock=clock.metric.value,
        cycle=clock.cycle,
        level=upcoming.number,
        repetition=0,
        recipient=recipient,
        severity=Severity.CRITICAL if upcoming.level.urgent else Severity.BREACH,
        due_at=upcoming.at,
        reason=LevelDue(),
    )


def _notification(
    evaluation: EvaluationContext, at: int, alert: Alert, silences: Sequence[Silence]
) -> UpcomingNotification:
    return UpcomingNotification(
        at=_sent_at(evaluation, at, alert, silences),
        recipient=evolve(alert.recipient, urgent=False),
        clock=alert.clock,
        level=alert.level,
        urgent=alert.urgent,
    )


def _sent_at(
    evaluation: EvaluationContext, at: int, alert: Alert, silences: Sequence[Silence]
) -> int:
    """When the alert of a level that comes due at `at` is really sent, after silences and its
    recipient's hours.
    """
    for _ in range(MOST_HOLDS):
        free_at = _unsilenced_at(evaluation, at, alert, silences)
        try:
            opens_at = free_at if alert.urgent else evaluation.opens_at(alert.recipient, free_at)
        except (NoWorkingTime, TimeOutOfRange):
            return free_at
        if opens_at == at:
            break
        at = opens_at
    return at


def _unsilenced_at(
    evaluation: EvaluationContext, at: int, alert: Alert, silences: Sequence[Silence]
) -> int:
    if not silences:
        return at
    silence = silenced(alert, evolve(evaluation, now=at), silences)
    return at if silence is None else silence.until
