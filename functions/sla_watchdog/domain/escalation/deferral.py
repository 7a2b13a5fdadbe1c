"""What is due and waits all the same: silences, promises and the hours of an audience."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from sla_watchdog.domain.clocks.promises import PromiseKind
from sla_watchdog.domain.escalation.audience_hours import opens_at
from sla_watchdog.domain.escalation.case import Alert, Outcome
from sla_watchdog.domain.escalation.evaluated_clocks import EvaluatedClocks
from sla_watchdog.domain.escalation.reasons import OutsideHours, Promised, Reason, Silenced
from sla_watchdog.domain.escalation.silences import Silence, silenced


@frozen
class Decision:
    """A level that came due and was not sent now: why not, and until when for one deferred."""

    alert: Alert
    outcome: Outcome
    reason: Reason
    until: int | None = None


def to_send_and_deferred(
    due: Iterable[Alert], evaluated: EvaluatedClocks, silences: Sequence[Silence]
) -> tuple[tuple[Alert, ...], tuple[Decision, ...]]:
    to_send: list[Alert] = []
    decisions: list[Decision] = []
    for alert in due:
        decision = _deferral(alert, evaluated, silences)
        if decision is None:
            to_send.append(alert)
        else:
            decisions.append(decision)
    return tuple(to_send), tuple(decisions)


def _deferral(
    alert: Alert, evaluated: EvaluatedClocks, silences: Sequence[Silence]
) -> Decision | None:
    """An alert that a silence or a promise holds waits for its end. One that is not urgent waits
    for its recipient's hours (semantics E6, E7).
    """
    evaluation = evaluated.evaluation
    silence = silenced(alert, evaluation, silences)
    if silence is not None:
        return _deferred(alert, Silenced(silence.by, silence.reason), silence.until)
    promise = evaluated.promise_holding(alert.subject, alert.clock)
    if promise is not None:
        reason = Promised(promise.by, promise.kind is PromiseKind.END)
        return _deferred(alert, reason, promise.held_until)
    if alert.urgent:
        return None
    opening = opens_at(evaluation.policy, alert.recipient, evaluation.now)
    if opening > evaluation.now:
        return _deferred(alert, OutsideHours(alert.recipient.audience), opening)
    return None


def _deferred(alert: Alert, reason: Reason, until: int) -> Decision:
    return Decision(alert, Outcome.DEFERRED, reason, until)
