"""How every command judges: as the deployed functions do, so that all of them show the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.policy.model import Policy

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack


@frozen
class CaseEvaluator:
    """Everything that a judgement rests on beside the case. `now` is in epoch seconds.

    `live` is False in mode observe, where a level that was only observed counts as notified.
    """

    policy: Policy
    now: int
    live: bool = True
    context: Context = field(factory=Context)

    def evaluate(self, case: Case) -> Plan:
        return plan(case.as_notified(self.live), self.policy, self.now, context=self.context)

    def at(self, instant: int) -> CaseEvaluator:
        """The same, as of another instant."""
        return evolve(self, now=instant)


def as_deployed(stack: Stack, *, live: bool | None = None) -> CaseEvaluator:
    """Reads the stack's time, its context, and its mode unless `live` says what to take it for."""
    if live is None:
        live = stack.mode().name == "live"
    return CaseEvaluator(stack.policy, stack.now(), live, stack.watch.silences.context())
