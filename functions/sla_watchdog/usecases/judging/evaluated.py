"""A case with what its ticket records say now, and what follows from both."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.observation import EarlierObservations, observed, vanished
from sla_watchdog.domain.tickets.record import Record
from sla_watchdog.usecases.judging.stand_ins import is_stand_in


@frozen
class Evaluated:
    """A case as stored, the facts it was judged under (its records' latest included), and the plan.

    `read_at` is on the monotonic clock: when the oldest of the reads behind it began.
    """

    case: Case
    facts: Facts
    plan: Plan
    now: int
    read_at: float


def overlay(case: Case, records: Mapping[str, Record], policy: Policy, now: int) -> Facts:
    """The case's facts and what the records of now add; a record that is not there is gone."""
    facts = case.facts
    history = EarlierObservations(case.edited_at)
    for name in facts.tickets():
        if is_stand_in(name):
            continue
        record = records.get(name)
        if record:
            facts |= observed(name, record, policy, facts, now, past=history)
        else:
            facts |= vanished(name, facts, now)
    return facts
