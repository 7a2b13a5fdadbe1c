"""A case as it should be stored, and why."""

from __future__ import annotations

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.usecases.judging import Evaluator


@frozen
class Timed:
    case: Case
    evaluated: Plan


def timed(evaluator: Evaluator, case: Case, now: int) -> Timed | None:
    """The case as it should be stored: with this policy's generation, and woken when due.

    None where a newer policy judged it, which is not written over. What is due stays due: only
    the tick moves it on.
    """
    if case.generation > evaluator.generation.number:
        return None
    expected, evaluated = evaluator.timed(case, now)
    if _is_due(case, now) and _is_due(expected, now):
        expected = evolve(expected, next_at=case.next_at, urgent=case.urgent)
    return Timed(expected, evaluated)


def _is_due(case: Case, now: int) -> bool:
    return case.next_at is not None and case.next_at <= now
