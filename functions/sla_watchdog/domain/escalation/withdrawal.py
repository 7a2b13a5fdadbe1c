"""A warning that an edit or a late fact made wrong is taken back (semantics E9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.escalation.case import NOTIFIED, Alert, LastNotified, Recipient
from sla_watchdog.domain.escalation.closing import good_news
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.reasons import (
    FieldChanged,
    HistoryCorrected,
    Paused,
    PolicyChanged,
    Reason,
)
from sla_watchdog.domain.policy.model import TARGETS
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.ticket_fields import MOVE_DEADLINES


def withdrawn(evaluation: EvaluationContext, clock: Clock) -> Iterator[Alert]:
    """One alert for each recipient of a level that is not due any more."""
    now = evaluation.now
    if not evaluation.case.reached:
        return
    if clock.metric not in TARGETS or clock.breached(now):
        return
    key = clock.clock_key.withdrawal
    for name, last in _notified_of(evaluation, clock).items():
        recipient = Recipient.of_key(name, evaluation.policy.audiences)
        wrong = _is_wrong(evaluation, clock, recipient, last)
        if wrong and not evaluation.on_its_way(recipient):
            moved = _moved(evaluation, clock)
            at = min(now, max(last.at + 1, moved.at))
            yield good_news(evaluation, key, last.level, recipient, at, moved.reason)


def _notified_of(evaluation: EvaluationContext, clock: Clock) -> Mapping[str, LastNotified]:
    """By recipient, under this very clock."""
    notified = evaluation.notifications.of(clock.subject)
    cycles = notified.get(clock.metric.value, {})
    return cycles.get(clock.cycle, {})


def _is_wrong(
    evaluation: EvaluationContext, clock: Clock, recipient: Recipient, last: LastNotified
) -> bool:
    """Whether it reached the recipient, still stands, and is not due any more."""
    if last.outcome not in NOTIFIED or last.level >= len(clock.levels):
        return False
    at = clock.levels[last.level]
    if at is not None and at <= evaluation.now:
        return False
    return evaluation.notifications.last(clock, recipient) == last


class _Moved(NamedTuple):
    """What moved the deadline away, and when; 0 where that cannot be said."""

    reason: Reason
    at: int


def _moved(evaluation: EvaluationContext, clock: Clock) -> _Moved:
    if clock.state(evaluation.now) is State.PAUSED:
        paused_at = clock.paused[-1].start if clock.paused else 0
        return _Moved(Paused(), paused_at)
    case = evaluation.case
    notified = _notified_of(evaluation, clock).values()
    notified_at = max((last.at for last in notified), default=0)
    if case.edited_at is not None and case.edited_at >= notified_at:
        return _Moved(PolicyChanged(), case.edited_at)
    changed = _changed(case.facts, clock.subject, notified_at)
    if changed is not None:
        return _Moved(FieldChanged(changed.field), changed.at)
    return _Moved(HistoryCorrected(), 0)


def _changed(facts: Facts, ticket: str, since: int) -> Fact | None:
    """The last change of a field that moves deadlines; None where none changed."""
    for name in sorted(MOVE_DEADLINES & set(facts.fields(ticket))):
        changes = facts.changes(ticket, name)[1:]
        if changes and changes[-1].at >= since:
            return changes[-1]
    return None
