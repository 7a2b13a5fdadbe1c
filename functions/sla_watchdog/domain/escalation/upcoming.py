"""What is still to come if nothing changes: the levels ahead, and who will be notified of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.escalation.audience_hours import opens_at
from sla_watchdog.domain.escalation.case import Alert, Recipient, Severity
from sla_watchdog.domain.escalation.deferral import Decision
from sla_watchdog.domain.escalation.evaluated_clocks import EvaluatedClocks
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.reasons import LevelDue
from sla_watchdog.domain.escalation.silences import Silence, silenced
from sla_watchdog.domain.policy.model import Level
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.years import TimeOutOfRange

MOST_HOLDS = 10
"""How many silences and closed hours in a row are looked through for the time of a notification."""

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
    """The levels ahead of every clock, in order of time. A promise that holds a clock back puts
    them off to its end.
    """
    ahead: list[UpcomingLevel] = []
    for clock in evaluated.live:
        ahead += _of_clock(evaluated, clock)
    for clock in evaluated.unkept_then():
        at = clock.levels[0] or evaluated.evaluation.now
        ahead.append(UpcomingLevel(at, clock, 0))
    return tuple(sorted(ahead, key=_by_time))


def _of_clock(evaluated: EvaluatedClocks, clock: Clock) -> Iterator[UpcomingLevel]:
    promise = evaluated.promise_holding(clock.subject, clock.metric.value)
    earliest = 0 if promise is None else promise.held_until
    now = evaluated.evaluation.now
    for number, at in enumerate(evaluated.if_broken(clock).levels):
        if at is not None and at > now:
            yield UpcomingLevel(max(at, earliest), clock, number)
    repeats_at = _next_repetition(evaluated, clock)
    if repeats_at is not None:
        yield UpcomingLevel(max(repeats_at, earliest), clock, len(clock.levels) - 1)


def _next_repetition(evaluated: EvaluatedClocks, clock: Clock) -> int | None:
    """None until the last level is reached."""
    repeat = clock.ladder.levels[-1].repeat
    top_due_at = clock.levels[-1]
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

    Of the levels of one clock that reach somebody at one time, only the highest is sent, so only
    that is upcoming. An audience and its urgent topic are one.
    """
    holds = _Holds(evaluation, silences)
    upcoming = []
    for at, alert in _alerts_ahead(evaluation, decisions, ahead):
        upcoming.append(_notification(holds.sent_at(alert, at), alert))
    highest: dict[tuple[int, str, str], UpcomingNotification] = {}
    for notification in sorted(upcoming, key=attrgetter("level")):
        place = notification.at, notification.recipient.key, notification.clock
        highest[place] = notification
    return tuple(sorted(highest.values(), key=_by_time))


def _alerts_ahead(
    evaluation: EvaluationContext, decisions: Iterable[Decision], ahead: Iterable[UpcomingLevel]
) -> Iterator[tuple[int, Alert]]:
    """Alerts, with when they are due to be sent."""
    for decision in decisions:
        if decision.until is not None:
            yield decision.until, decision.alert
    for upcoming in ahead:
        for recipient, _ in evaluation.addressing.addressed(upcoming.level, upcoming.clock):
            yield upcoming.at, _alert(upcoming, recipient)


def _alert(upcoming: UpcomingLevel, recipient: Recipient) -> Alert:
    """As far as it can be known: not yet how bad it will be, unless it waits for nobody."""
    clock = upcoming.clock
    severity = Severity.CRITICAL if upcoming.level.urgent else Severity.BREACH
    return Alert(
        subject=clock.subject,
        clock=clock.metric.value,
        cycle=clock.cycle,
        level=upcoming.number,
        repetition=0,
        recipient=recipient,
        severity=severity,
        due_at=upcoming.at,
        reason=LevelDue(),
    )


def _notification(at: int, alert: Alert) -> UpcomingNotification:
    return UpcomingNotification(
        at=at,
        recipient=evolve(alert.recipient, urgent=False),
        clock=alert.clock,
        level=alert.level,
        urgent=alert.urgent,
    )


@frozen
class _Holds:
    """What may hold an alert that is due: silences, and the hours of its recipient."""

    evaluation: EvaluationContext
    silences: Sequence[Silence]

    def sent_at(self, alert: Alert, at: int) -> int:
        """When the alert of a level that comes due at `at` is really sent."""
        for _ in range(MOST_HOLDS):
            free_at = self._unsilenced_at(alert, at)
            try:
                opens_at = self._opens_at(alert, free_at)
            except (NoWorkingTime, TimeOutOfRange):
                return free_at
            if opens_at == at:
                break
            at = opens_at
        return at

    def _unsilenced_at(self, alert: Alert, at: int) -> int:
        if not self.silences:
            return at
        then = evolve(self.evaluation, now=at)
        silence = silenced(alert, then, self.silences)
        return at if silence is None else silence.until

    def _opens_at(self, alert: Alert, at: int) -> int:
        if alert.urgent:
            return at
        return opens_at(self.evaluation.policy, alert.recipient, at)
