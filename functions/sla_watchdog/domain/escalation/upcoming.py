"""What is still to come if nothing changes: the levels ahead, and who will be notified of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.escalation.audience_hours import opens_at
from sla_watchdog.domain.escalation.budget import Budget, is_counted
from sla_watchdog.domain.escalation.case import Alert, Recipient, Severity
from sla_watchdog.domain.escalation.deferral import Decision
from sla_watchdog.domain.escalation.digest_instants import next_digest
from sla_watchdog.domain.escalation.evaluated_clocks import EvaluatedClocks
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.pace import paced, will_wait_for_digest
from sla_watchdog.domain.escalation.reasons import LevelDue
from sla_watchdog.domain.escalation.silences import Silence, silenced
from sla_watchdog.domain.escalation.upcoming_level import UpcomingLevel
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


def levels_ahead(evaluated: EvaluatedClocks) -> tuple[UpcomingLevel, ...]:
    """The levels ahead of every clock, in order of time. A promise that holds a clock back puts
    them off to its end.
    """
    ahead: list[UpcomingLevel] = []
    for clock in evaluated.live:
        ahead += _of_clock(evaluated, clock)
    for clock in evaluated.unkept_then():
        at = clock.levels[0] or evaluated.evaluation.now
        ahead.append(UpcomingLevel(at, clock, 0, due_at=at))
    return tuple(sorted(ahead, key=_by_time))


def _of_clock(evaluated: EvaluatedClocks, clock: Clock) -> Iterator[UpcomingLevel]:
    promise = evaluated.promise_holding(clock.subject, clock.metric.value)
    earliest = 0 if promise is None else promise.held_until
    now = evaluated.evaluation.now
    for number, at in enumerate(evaluated.if_broken(clock).levels):
        if at is not None and at > now:
            is_broken = at != clock.levels[number]
            yield UpcomingLevel(max(at, earliest), clock, number, at, is_broken)
    repeats_at = _next_repetition(evaluated, clock)
    if repeats_at is not None:
        top = len(clock.levels) - 1
        yield UpcomingLevel(max(repeats_at, earliest), clock, top, repeats_at)


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
    evaluated: EvaluatedClocks,
    decisions: Iterable[Decision],
    ahead: Iterable[UpcomingLevel],
    silences: Sequence[Silence],
) -> tuple[UpcomingNotification, ...]:
    """What waits for a digest, somebody's hours, a promise or a silence, and what is ahead, in
    order of time.

    Of the levels of one clock that reach somebody at one time, only the highest is sent, so only
    that is upcoming; nor is one below what was sent before. An audience and its urgent topic are
    one.
    """
    evaluation = evaluated.evaluation
    holds = _Holds(evaluation, silences, Budget(evaluated))
    sent = []
    for at, alert in _alerts_ahead(evaluation, tuple(decisions), ahead):
        sent.append((holds.sent_at(alert, at), alert))
    upcoming = [_notification(at, alert) for at, alert in _rising(sent)]
    highest: dict[tuple[int, str, str], UpcomingNotification] = {}
    for notification in sorted(upcoming, key=attrgetter("level")):
        place = notification.at, notification.recipient.key, notification.clock
        highest[place] = notification
    return tuple(sorted(highest.values(), key=_by_time))


def _rising(sent: Iterable[tuple[int, Alert]]) -> Iterator[tuple[int, Alert]]:
    """In order of time, without what is below an alert of the same clock that its recipient has by
    then.
    """
    highest: dict[tuple[str, Recipient], int] = {}
    for at, alert in sorted(sent, key=_time_and_height):
        place = alert.clock_key, evolve(alert.recipient, urgent=False)
        if alert.level >= highest.get(place, alert.level):
            highest[place] = alert.level
            yield at, alert


def _time_and_height(sent: tuple[int, Alert]) -> tuple[int, int]:
    at, alert = sent
    return at, -alert.level


def _alerts_ahead(
    evaluation: EvaluationContext, decisions: Sequence[Decision], ahead: Iterable[UpcomingLevel]
) -> Iterator[tuple[int, Alert]]:
    """Alerts, with when they are due to be sent."""
    waiting: dict[tuple[str, Recipient], int] = {}
    for decision in decisions:
        if decision.until is not None:
            waiting[decision.alert.clock_key, decision.alert.recipient] = decision.until
            yield decision.until, decision.alert
    for upcoming in ahead:
        for recipient, _ in evaluation.addressing.addressed(upcoming.level, upcoming.clock):
            at = _paced_at(evaluation, upcoming, recipient)
            until = waiting.get((upcoming.clock.key, recipient))
            if until is not None and upcoming.at <= until:
                at = min(at, until)  # it comes in place of what waits
            yield at, _alert(upcoming, recipient)


def _paced_at(evaluation: EvaluationContext, upcoming: UpcomingLevel, recipient: Recipient) -> int:
    """When it comes due, or the digest after that it waits for."""
    audience = paced(evaluation.policy, recipient)
    if audience is None or not will_wait_for_digest(evaluation, upcoming, recipient):
        return upcoming.at
    try:
        digest_at = next_digest(evaluation.policy, audience, upcoming.due_at, upcoming.due_at)
    except (NoWorkingTime, TimeOutOfRange):
        return upcoming.at
    return max(upcoming.at, digest_at)


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
    """What may hold an alert that is due: silences, the hours of its recipient, and the budget, as
    far as it is used up now.
    """

    evaluation: EvaluationContext
    silences: Sequence[Silence]
    budget: Budget

    def sent_at(self, alert: Alert, at: int) -> int:
        """When the alert of a level that comes due at `at` is really sent."""
        for _ in range(MOST_HOLDS):
            free_at = self._unsilenced_at(alert, self._within_budget_at(alert, at))
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

    def _within_budget_at(self, alert: Alert, at: int) -> int:
        if not is_counted(alert):
            return at
        return max(at, self.budget.free_at(alert))

    def _opens_at(self, alert: Alert, at: int) -> int:
        if alert.urgent:
            return at
        return opens_at(self.evaluation.policy, alert.recipient, at)
