"""Ahead: who will be notified of a stored case, and when, if nothing more happens to it."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from sla_watchdog.domain.escalation.budget import runs_after
from sla_watchdog.domain.escalation.case import Case, Outcome
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.tools.simulation.replay import (
    Notification,
    next_after,
    notifications,
    with_sent,
)


def notifications_until(
    case: Case, policy: Policy, now: int, until: int, context: Context
) -> Iterator[Notification]:
    """From `now` to `until`, each at the instant it is due, as a replay would send it. What is on
    its way counts as not sent yet.
    """
    case = evolve(case, outbox={})
    assessment = None
    at: int | None = now
    while at is not None and at <= until:
        evaluated = plan(case, policy, at, assessment=assessment, context=context)
        yield from notifications(case, evaluated, at)
        reached = with_sent(case.reached, evaluated.alerts, at)
        runs = runs_after(case.message_runs, evaluated.alerts, Outcome.SENT, at)
        case = evolve(case, reached=reached, message_runs=runs, breached=evaluated.breached)
        assessment = evaluated.assessment
        at = next_after(evaluated, at)
