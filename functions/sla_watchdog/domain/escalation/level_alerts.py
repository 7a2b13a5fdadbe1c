"""The alerts of a clock: to whom the level due goes, how bad it is to them, and why they hear."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import (
    OPERATIONS,
    Alert,
    LastNotified,
    Outcome,
    Recipient,
    Severity,
)
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.levels import Climb
from sla_watchdog.domain.escalation.reasons import (
    LevelDue,
    NoOwner,
    Reason,
    Reminder,
    Reopened,
    Unreachable,
)
from sla_watchdog.domain.policy.model import Level, Policy


def alerts(evaluation: EvaluationContext, climbed: Climb) -> Iterator[Alert]:
    """The level due goes to its own recipients and to those of every level it passes, unless they
    were notified.
    """
    level = _LevelDue(evaluation, climbed)
    due = level.not_notified()
    for recipient, urgent in due.items():
        if not evaluation.on_its_way(recipient):
            reason = level.reason(recipient)
            yield level.alert(recipient, urgent, reason)
    yield from level.in_place_of_unreachable(due)


@frozen
class _LevelDue:
    evaluation: EvaluationContext
    climbed: Climb

    def not_notified(self) -> dict[Recipient, bool]:
        """Everybody who was not notified of as much. The value says whether a level due for them is
        urgent.
        """
        climbed = self.climbed
        due: dict[Recipient, bool] = {}
        for number, level in enumerate(climbed.due):
            repetition = climbed.repetition if number == climbed.level else 0
            for recipient in self._recipients(level):
                last = self._last(recipient)
                if last is None or (last.level, last.repetition) < (number, repetition):
                    due[recipient] = due.get(recipient, False) or level.urgent
        return due

    def alert(self, recipient: Recipient, urgent: bool, reason: Reason) -> Alert:
        """`urgent` is whether a level that is due for the recipient is."""
        climbed, clock = self.climbed, self.climbed.clock
        critical = urgent or climbed.is_above_urgent(recipient)
        return Alert(
            subject=clock.subject,
            clock=clock.metric.value,
            cycle=clock.cycle,
            level=climbed.level,
            repetition=climbed.repetition,
            recipient=recipient,
            severity=_severity(critical, clock.breached(self.evaluation.now)),
            due_at=climbed.due_at,
            reason=reason,
            reminder=self._received(recipient),
            waits=critical and not urgent,
            renewal=self.evaluation.notifications.withdrawals(clock, recipient),
        )

    def _recipients(self, level: Level) -> Iterator[Recipient]:
        return self.evaluation.addressing.recipients(level, self.climbed.clock)

    def _last(self, recipient: Recipient) -> LastNotified | None:
        return self.evaluation.notifications.last(self.climbed.clock, recipient)

    def _received(self, recipient: Recipient) -> int | None:
        """How many messages of the level reached the recipient so far, where that was counted."""
        climbed = self.climbed
        return self.evaluation.notifications.received(climbed.clock, climbed.level, recipient)

    # ------------------------------------------------------------------ why

    def reason(self, recipient: Recipient) -> Reason:
        climbed = self.climbed
        if climbed.repetition:
            before = self._received(recipient)
            if before != 0:
                return Reminder(before, _only_waits(self.evaluation))
        if climbed.is_only_reopened:
            return Reopened(climbed.clock.cycle - 1)
        if self._hears_for_nobody(recipient):
            return NoOwner()
        return LevelDue()

    def _hears_for_nobody(self, recipient: Recipient) -> bool:
        """Whether every level due tells it only in place of an owner where there is none."""
        addressing = self.evaluation.addressing
        calm = evolve(recipient, urgent=False)
        hears = False
        for level in self.climbed.due:
            for addressed, in_its_own_right in addressing.addressed(level, self.climbed.clock):
                if addressed != calm:
                    continue
                if in_its_own_right:
                    return False
                hears = True
        return hears

    # ------------------------------------------------------------------ who cannot be reached

    def in_place_of_unreachable(self, already: Collection[Recipient]) -> Iterator[Alert]:
        """Where a level cannot reach somebody, the next level's recipients hear of it; beyond the
        top, operations (semantics E8).
        """
        climbed = self.climbed
        if not self.evaluation.notifications.anybody_missed:
            return
        urgent = climbed.due[-1].urgent
        for number in range(climbed.level, len(climbed.clock.levels)):
            missed = self._missed(number)
            if not missed:
                return
            reason = Unreachable(missed[0].key)
            for recipient in self._next_level(number):
                if recipient not in already and self._stands_in(recipient):
                    yield self.alert(recipient, urgent, reason)

    def _missed(self, number: int) -> list[Recipient]:
        """Whom the level could not reach; above the one that is due nobody counts unless all do."""
        level = self.climbed.clock.ladder.levels[number]
        people = [recipient for recipient in self._recipients(level) if not recipient.urgent]
        missed = list(filter(self._was_missed, people))
        if number > self.climbed.level and len(missed) < len(people):
            return []
        return missed

    def _was_missed(self, recipient: Recipient) -> bool:
        last = self._last(recipient)
        if last is None or last.outcome is not Outcome.UNDELIVERABLE:
            return False
        return last.level >= self.climbed.level

    def _next_level(self, number: int) -> Iterator[Recipient]:
        levels = self.climbed.clock.ladder.levels
        if number + 1 == len(levels):
            return iter([Recipient(OPERATIONS)])
        return self._recipients(levels[number + 1])

    def _stands_in(self, recipient: Recipient) -> bool:
        if recipient.urgent and not self.climbed.due[-1].urgent:
            return False
        last = self._last(recipient)
        if last is not None and last.level >= self.climbed.level:
            return False
        return not self.evaluation.on_its_way(recipient)


def _severity(critical: bool, breached: bool) -> Severity:
    if critical:
        return Severity.CRITICAL
    if breached:
        return Severity.BREACH
    return Severity.WARNING


def _only_waits(evaluation: EvaluationContext) -> bool:
    """Nobody calls that unresolved what the desk shows as resolved: there the customer waits."""
    unresolved = [ticket for ticket in evaluation.tickets if ticket.unresolved]
    return bool(unresolved) and all(ticket.waits_since is not None for ticket in unresolved)


def as_critical(alert: Alert, critical: Collection[str], policy: Policy) -> Alert:
    """The alert of a breach to somebody above those to whom another clock of the same matter is
    `critical`.
    """
    if alert.severity is not Severity.BREACH:
        return alert
    if not any(alert.recipient.audience in policy.above(name) for name in critical):
        return alert
    return evolve(alert, severity=Severity.CRITICAL, waits=True)
