"""The clocks of a case apart: those that records say something about, and the others."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.evidence import NotJudged, judged
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext


@frozen
class ClocksByEvidence:
    judged: Sequence[Clock]
    not_judged: tuple[NotJudged, ...] = ()


def by_evidence(evaluation: EvaluationContext, clocks: Sequence[Clock]) -> ClocksByEvidence:
    evidence = evaluation.evidence
    if not evidence.missed:
        return ClocksByEvidence(clocks)
    policy, recorded, now = evaluation.policy, evaluation.case.breached, evaluation.now
    some: list[Clock] = []
    others: list[NotJudged] = []
    for clock in clocks:
        found = judged(clock, evidence, policy, recorded, now)
        if isinstance(found, Clock):
            some.append(found)
        else:
            others.append(found)
    return ClocksByEvidence(some, tuple(others))
