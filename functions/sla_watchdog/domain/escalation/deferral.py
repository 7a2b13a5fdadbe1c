"""What is due and waits all the same, stage by stage: silences, promises, the pace and the hours of
an audience, and the budget of one recipient for one case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import frozen

from sla_watchdog.domain.clocks.promises import PromiseKind
from sla_watchdog.domain.escalation.audience_hours import opens_at
from sla_watchdog.domain.escalation.budget import Budget, is_counted
from sla_watchdog.domain.escalation.case import OPERATIONS, Alert, Outcome
from sla_watchdog.domain.escalation.closing import lasts_since
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.digest_instants import next_digest, next_in_one
from sla_watchdog.domain.escalation.evaluated_clocks import EvaluatedClocks
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.pace import paced, waits_for_digest
from sla_watchdog.domain.escalation.reasons import (
    JustEnded,
    ManyMessages,
    OutsideHours,
    Promised,
    Reason,
    SentShortlyBefore,
    Silenced,
    WaitsForDigest,
)
from sla_watchdog.domain.escalation.silences import silenced
from sla_watchdog.domain.escalation.waiting_since import WaitingSince


@frozen
class Decision:
    """A level that came due and was not sent now: why not, and until when for one deferred."""

    alert: Alert
    outcome: Outcome
    reason: Reason
    until: int | None = None


@frozen
class Deferred:
    """What is due: alerts to be sent, those of them that come in a digest (by their ids), and
    decisions about the others.
    """

    to_send: tuple[Alert, ...]
    in_digest: frozenset[str]
    decisions: tuple[Decision, ...]


Stage = Callable[[Alert], Decision | None]


def to_send_and_deferred(
    due: Iterable[Alert], evaluated: EvaluatedClocks, context: Context
) -> Deferred:
    """The budget comes last: it counts only what nothing else holds. What waits only lest there be
    another message comes along with one that is sent anyway.
    """
    stages = Stages(evaluated, context)
    free: list[Alert] = []
    waiting: list[Decision] = []
    for alert in due:
        decision = stages.decision(alert)
        if decision is None:
            free.append(alert)
        else:
            waiting.append(decision)
    to_send, decisions = _within_budget(free, evaluated)
    recipients = {alert.recipient for alert in to_send}
    for decision in waiting:
        if decision.alert.recipient in recipients and _comes_along(decision):
            to_send.append(decision.alert)
        else:
            decisions.append(decision)
    in_digest = frozenset(alert.id for alert in to_send if waits_for_digest(evaluated, alert))
    return Deferred(tuple(to_send), in_digest, tuple(decisions))


def _comes_along(decision: Decision) -> bool:
    return isinstance(decision.reason, ManyMessages | WaitsForDigest)


@frozen
class Stages:
    """Each says why an alert waits and until when, or None where it does not hold it."""

    evaluated: EvaluatedClocks
    context: Context

    def decision(self, alert: Alert) -> Decision | None:
        """That of the first stage that holds the alert."""
        return next(filter(None, self._decisions(alert)), None)

    def _decisions(self, alert: Alert) -> Iterator[Decision | None]:
        yield self._silenced(alert)
        yield self._promised(alert)
        yield self._just_ended(alert)
        yield self._paced(alert)
        yield self._crowded(alert)
        yield self._outside_hours(alert)

    # ------------------------------------------------------------------ stages

    def _silenced(self, alert: Alert) -> Decision | None:
        """A silence holds it (semantics E6)."""
        silence = silenced(alert, self._evaluation, self.context.silences)
        if silence is None:
            return None
        until = max(silence.until, self._digest_at(alert))
        return _deferred(alert, Silenced(silence.by, silence.reason), until)

    def _promised(self, alert: Alert) -> Decision | None:
        """A promise holds it (semantics E7)."""
        promise = self.evaluated.promise_holding(alert.subject, alert.clock)
        if promise is None:
            return None
        until = max(promise.held_until, self._digest_at(alert))
        reason = Promised(promise.by, promise.kind is PromiseKind.END)
        return _deferred(alert, reason, until)

    def _just_ended(self, alert: Alert) -> Decision | None:
        """Good news waits until the end has lasted (semantics E9)."""
        return self._later(alert, JustEnded(), lasts_since(alert) or 0)

    def _paced(self, alert: Alert) -> Decision | None:
        """It can wait for a digest of its audience (semantics E11)."""
        reason = WaitsForDigest(alert.recipient.audience)
        return self._later(alert, reason, self._digest_at(alert))

    def _crowded(self, alert: Alert) -> Decision | None:
        """Its recipient had so many messages in a day that what is not urgent comes in one
        (semantics E11).
        """
        recipient = alert.recipient
        if alert.urgent or recipient.audience == OPERATIONS:
            return None
        messages = self.context.messages_to(recipient, self._evaluation.now)
        if messages < self._evaluation.policy.digest_after or self._is_for_digest(alert):
            return None
        reason = ManyMessages(recipient.audience, messages)
        evaluation, since = self._evaluation, self._waits_since(alert)
        until = next_in_one(evaluation.policy, recipient, since, evaluation.now)
        return self._later(alert, reason, until)

    def _outside_hours(self, alert: Alert) -> Decision | None:
        """It is not urgent, and waits for its recipient's hours (semantics E6)."""
        if alert.urgent:
            return None
        evaluation = self._evaluation
        opening = opens_at(evaluation.policy, alert.recipient, evaluation.now)
        return self._later(alert, OutsideHours(alert.recipient.audience), opening)

    def _later(self, alert: Alert, reason: Reason, until: int) -> Decision | None:
        """None where it is time by now."""
        if until <= self._evaluation.now:
            return None
        return _deferred(alert, reason, until)

    # ------------------------------------------------------------------ digests

    @property
    def _evaluation(self) -> EvaluationContext:
        return self.evaluated.evaluation

    def _is_for_digest(self, alert: Alert) -> bool:
        return waits_for_digest(self.evaluated, alert)

    def _digest_at(self, alert: Alert) -> int:
        """When its digest goes out, which may be past; 0 for one that waits for none."""
        policy = self._evaluation.policy
        audience = paced(policy, alert.recipient)
        if audience is None or not self._is_for_digest(alert):
            return 0
        return next_digest(policy, audience, self._waits_since(alert), self._evaluation.now)

    def _waits_since(self, alert: Alert) -> int:
        return WaitingSince(self.evaluated).of(alert)


# ------------------------------------------------------------------ the budget


def _within_budget(
    free: Sequence[Alert], evaluated: EvaluatedClocks
) -> tuple[list[Alert], list[Decision]]:
    """What one recipient gets is one message, so it is decided for all of it together (semantics
    E12).
    """
    budget = Budget(evaluated)
    held_until = budget.held(free)
    to_send: list[Alert] = []
    held: list[Decision] = []
    for alert in free:
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
