"""What is due and waits all the same. Each reason to wait is a stage; the first that holds an alert
decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from attrs import frozen

from sla_watchdog.domain.escalation.audience_hours import opens_at
from sla_watchdog.domain.escalation.budget import Budget, is_counted
from sla_watchdog.domain.escalation.case import Alert, Outcome
from sla_watchdog.domain.escalation.closing import lasts_since
from sla_watchdog.domain.escalation.evaluated_clocks import EvaluatedClocks
from sla_watchdog.domain.escalation.reasons import (
    JustEnded,
    OutsideHours,
    Promised,
    Reason,
    SentShortlyBefore,
    Silenced,
)
from sla_watchdog.domain.escalation.silences import Silence, silenced


@frozen
class Decision:
    """A level that came due and was not sent now: why not, and until when for one deferred."""

    alert: Alert
    outcome: Outcome
    reason: Reason
    until: int | None = None


Silences: TypeAlias = Sequence[Silence]
Stage: TypeAlias = Callable[[Alert, EvaluatedClocks, Silences], Decision | None]


def to_send_and_deferred(
    due: Iterable[Alert], evaluated: EvaluatedClocks, silences: Silences
) -> tuple[tuple[Alert, ...], tuple[Decision, ...]]:
    """The budget comes last: it counts only what nothing else holds."""
    passed: list[Alert] = []
    decisions: list[Decision] = []
    for alert in due:
        decision = _deferral(alert, evaluated, silences)
        if decision is None:
            passed.append(alert)
        else:
            decisions.append(decision)
    to_send, held = _within_budget(passed, evaluated)
    return tuple(to_send), (*decisions, *held)


def _deferral(alert: Alert, evaluated: EvaluatedClocks, silences: Silences) -> Decision | None:
    for stage in STAGES:
        decision = stage(alert, evaluated, silences)
        if decision is not None:
            return decision
    return None


# ------------------------------------------------------------------ the stages


def _silenced(alert: Alert, evaluated: EvaluatedClocks, silences: Silences) -> Decision | None:
    silence = silenced(alert, evaluated.evaluation, silences)
    if silence is None:
        return None
    return _deferred(alert, Silenced(silence.by, silence.reason), silence.until)


def _promised(alert: Alert, evaluated: EvaluatedClocks, _: Silences) -> Decision | None:
    """A promise holds it back until its end (semantics E7)."""
    promise = evaluated.promise_holding(alert.subject, alert.clock)
    if promise is None:
        return None
    return _deferred(alert, Promised(promise.by), promise.until)


def _just_ended(alert: Alert, evaluated: EvaluatedClocks, _: Silences) -> Decision | None:
    """Good news waits until the end has lasted (semantics E9)."""
    lasting = lasts_since(alert)
    if lasting is None or lasting <= evaluated.evaluation.now:
        return None
    return _deferred(alert, JustEnded(), lasting)


def _outside_hours(alert: Alert, evaluated: EvaluatedClocks, _: Silences) -> Decision | None:
    """What is not urgent waits for its recipient's hours (semantics E6)."""
    if alert.urgent:
        return None
    evaluation = evaluated.evaluation
    opening = opens_at(evaluation.policy, alert.recipient, evaluation.now)
    if opening <= evaluation.now:
        return None
    return _deferred(alert, OutsideHours(alert.recipient.audience), opening)


STAGES: tuple[Stage, ...] = (_silenced, _promised, _just_ended, _outside_hours)


# ------------------------------------------------------------------ the budget


def _within_budget(
    due: Sequence[Alert], evaluated: EvaluatedClocks
) -> tuple[list[Alert], list[Decision]]:
    """What one recipient gets is one message, so it is decided for all of it together (semantics
    E12).
    """
    budget = Budget(evaluated)
    held_until = budget.held(due)
    to_send: list[Alert] = []
    held: list[Decision] = []
    for alert in due:
        until = held_until.get(alert.recipient)
        if until is None or not is_counted(alert):
            to_send.append(alert)
        else:
            held.append(_over_budget(alert, budget, until))
    return to_send, held


def _over_budget(alert: Alert, budget: Budget, until: int) -> Decision:
    run = budget.run_of(alert.recipient)
    count = 0 if run is None else run.count
    return _deferred(alert, SentShortlyBefore(count), until)


def _deferred(alert: Alert, reason: Reason, until: int) -> Decision:
    return Decision(alert, Outcome.DEFERRED, reason, until)
