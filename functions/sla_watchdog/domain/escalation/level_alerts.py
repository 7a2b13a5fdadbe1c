"""The alerts of a clock: to whom the level due goes, how bad it is to them, and why they hear."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from attrs import evolve

from sla_watchdog.domain.escalation.case import OPERATIONS, Alert, Outcome, Recipient, Severity
from sla_watchdog.domain.escalation.evaluation import EvaluationContext
from sla_watchdog.domain.escalation.levels import Climb
from sla_watchdog.domain.escalation.reasons import (
    LevelDue,
    NoOwner,
    Reason,
    Reminder,
    Reopened,
    Unreachable,
)
from sla_watchdog.domain.policy.model import Policy


def alerts(evaluation: EvaluationContext, climbed: Climb) -> Iterator[Alert]:
    """The level due goes to its own recipients and to those of every level it passes, unless they
    were told.
    """
    due = _not_notified(evaluation, climbed)
    for recipient, urgent in due.items():
        if not evaluation.on_its_way(recipient):
            reason = _reason(evaluation, climbed, recipient)
            yield _alert(evaluation, climbed, recipient, urgent, reason)
    yield from _in_place_of_unreachable(evaluation, climbed, due)


def _not_notified(evaluation: EvaluationContext, climbed: Climb) -> dict[Recipient, bool]:
    """Whoever was not told as much, each with whether a level due for them is urgent."""
    due: dict[Recipient, bool] = {}
    for number, level in enumerate(climbed.due):
        repetition = climbed.repetition if number == climbed.level else 0
        for recipient in evaluation.addressing.recipients(level, climbed.clock):
            last = evaluation.notifications.last(climbed.clock, recipient)
            if last is None or (last.level, last.repetition) < (number, repetition):
                due[recipient] = due.get(recipient, False) or level.urgent
    return due


def _alert(
    evaluation: EvaluationContext,
    climbed: Climb,
    recipient: Recipient,
    urgent: bool,
    reason: Reason,
) -> Alert:
    """`urgent` is whether a level that is due for the recipient is."""
    clock = climbed.clock
    critical = urgent or climbed.is_above_urgent(recipient)
    return Alert(
        subject=clock.subject,
        clock=clock.metric.value,
        cycle=clock.cycle,
        level=climbed.level,
        repetition=climbed.repetition,
        recipient=recipient,
        severity=_severity(critical, clock.breached(evaluation.now)),
        due_at=climbed.due_at,
        reason=reason,
        reminder=evaluation.notifications.received(clock, climbed.level, recipient),
        waits=critical and not urgent,
        renewal=evaluation.notifications.withdrawals(clock, recipient),
    )


def _severity(critical: bool, breached: bool) -> Severity:
    if critical:
        return Severity.CRITICAL
    return Severity.BREACH if breached else Severity.WARNING


def as_critical(alert: Alert, critical: frozenset[str], policy: Policy) -> Alert:
    """The alert of a breach to somebody above those to whom another clock of the same matter is
    `critical`.
    """
    if alert.severity is not Severity.BREACH:
        return alert
    if not any(alert.recipient.audience in policy.above(name) for name in critical):
        return alert
    return evolve(alert, severity=Severity.CRITICAL, waits=True)


# ------------------------------------------------------------------ why


def _reason(evaluation: EvaluationContext, climbed: Climb, recipient: Recipient) -> Reason:
    if climbed.repetition:
        before = evaluation.notifications.received(climbed.clock, climbed.level, recipient)
        if before != 0:
            return Reminder(before, _only_waits(evaluation))
    if climbed.is_only_reopened:
        return Reopened(climbed.clock.cycle - 1)
    if _hears_for_nobody(evaluation, climbed, recipient):
        return NoOwner()
    return LevelDue()


def _only_waits(evaluation: EvaluationContext) -> bool:
    """Nobody calls that unresolved what the desk shows as resolved: there the customer waits."""
    left = [ticket for ticket in evaluation.tickets if ticket.unresolved]
    return bool(left) and all(ticket.waits_since is not None for ticket in left)


def _hears_for_nobody(evaluation: EvaluationContext, climbed: Climb, recipient: Recipient) -> bool:
    """Whether every level due tells it only in place of an owner where there is none."""
    calm = evolve(recipient, urgent=False)
    hears = False
    for level in climbed.due:
        for addressed, in_its_own_right in evaluation.addressing.addressed(level, climbed.clock):
            if addressed == calm:
                if in_its_own_right:
                    return False
                hears = True
    return hears


# ------------------------------------------------------------------ who cannot be reached


def _in_place_of_unreachable(
    evaluation: EvaluationContext, climbed: Climb, already: Collection[Recipient]
) -> Iterator[Alert]:
    """Where a level cannot reach somebody, the next level's recipients hear of it; beyond the top,
    operations (semantics E8).
    """
    if not evaluation.notifications.anybody_missed:
        return
    urgent = climbed.due[-1].urgent
    for number in range(climbed.level, len(climbed.clock.levels)):
        missed = _missed(evaluation, climbed, number)
        if not missed:
            return
        reason = Unreachable(missed[0].key)
        for recipient in _next_level(evaluation, climbed, number):
            if recipient not in already and _stands_in(evaluation, climbed, recipient):
                yield _alert(evaluation, climbed, recipient, urgent, reason)


def _missed(evaluation: EvaluationContext, climbed: Climb, number: int) -> list[Recipient]:
    """Whom the level could not reach; above the one that is due nobody counts unless all do."""
    level = climbed.clock.ladder.levels[number]
    people = [
        recipient
        for recipient in evaluation.addressing.recipients(level, climbed.clock)
        if not recipient.urgent
    ]
    missed = [recipient for recipient in people if _was_missed(evaluation, climbed, recipient)]
    if number > climbed.level and len(missed) < len(people):
        return []
    return missed


def _was_missed(evaluation: EvaluationContext, climbed: Climb, recipient: Recipient) -> bool:
    last = evaluation.notifications.last(climbed.clock, recipient)
    if last is None or last.outcome is not Outcome.UNDELIVERABLE:
        return False
    return last.level >= climbed.level


def _next_level(evaluation: EvaluationContext, climbed: Climb, number: int) -> Iterator[Recipient]:
    levels = climbed.clock.ladder.levels
    if number + 1 == len(levels):
        return iter([Recipient(OPERATIONS)])
    return evaluation.addressing.recipients(levels[number + 1], climbed.clock)


def _stands_in(evaluation: EvaluationContext, climbed: Climb, recipient: Recipient) -> bool:
    if recipient.urgent and not climbed.due[-1].urgent:
        return False
    last = evaluation.notifications.last(climbed.clock, recipient)
    if last is not None and last.level >= climbed.level:
        return False
    return not evaluation.on_its_way(recipient)
