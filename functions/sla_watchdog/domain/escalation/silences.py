"""Silences: alerts that match one wait for its end; then people are notified once of what is due.
No silence holds a ceiling, a finding or good news.

What cannot be read of a ticket matches no silence: in doubt people are notified.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from attrs import Attribute, field, frozen

from sla_watchdog.domain.clocks.clock_key import HOLDABLE
from sla_watchdog.domain.clocks.rules_in_force import holds, rule_at
from sla_watchdog.domain.escalation.case import Alert
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.policy.model import TARGETS, Condition, Metric, Policy, Truth
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.seconds import DAY

LONGEST = 7 * DAY
"""Seconds; so that what is forgotten ends."""

OF_ONE_TICKET = frozenset(metric.value for metric in (*TARGETS, Metric.PAUSE))
"""Clocks whose subject is a ticket; all others belong to a matter of one or more."""


@frozen
class Silence:
    """From `made_at` until `until`, in epoch seconds. Whatever it names must match; what it leaves
    out matches everything.

    `tickets` are ids of tickets or cases, `customers` ids or names, case-folded. Raises
    ValueError where it names nothing or lasts too long.
    """

    id: str
    made_at: int
    until: int = field()
    reason: str
    by: str
    tickets: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    when: tuple[Condition, ...] = ()
    lifted_by: str = ""

    @until.validator
    def _bounded(self, _: Attribute[int], until: int) -> None:
        if not self.made_at <= until <= self.made_at + LONGEST:
            raise ValueError(f"a silence ends within {LONGEST // DAY} days of when it was made")

    def __attrs_post_init__(self) -> None:
        named = (self.tickets, self.customers, self.policies, self.audiences, self.when)
        if not any(named):
            raise ValueError("a silence names what it is for")

    def in_force(self, now: int) -> bool:
        return self.made_at <= now < self.until

    def matches(self, ticket: Ticket, case: str, facts: Facts, policy: Policy, now: int) -> bool:
        """Whether it is for the ticket, whoever is notified."""
        if self.tickets and self.tickets.isdisjoint({ticket.id, case}):
            return False
        if self.customers and self.customers.isdisjoint(_customers(ticket.id, facts)):
            return False
        if self.policies:
            rule = rule_at(ticket, facts, policy, now)
            if rule.name not in self.policies:
                return False
        for condition in self.when:
            if holds(condition, ticket.id, facts, policy, now) is not Truth.YES:
                return False
        return True

    def holds(self, alert: Alert, evaluation: EvaluationContext) -> bool:
        """Whether the alert is to wait. An alert about many tickets waits only if all that are
        unresolved match.
        """
        if self.audiences and alert.recipient.audience not in self.audiences:
            return False
        case, policy, now = evaluation.case, evaluation.policy, evaluation.now
        concerned = _concerned(alert, evaluation)
        if not concerned:
            return False
        return all(self.matches(ticket, case.id, case.facts, policy, now) for ticket in concerned)


def silenced(
    alert: Alert, evaluation: EvaluationContext, silences: Sequence[Silence]
) -> Silence | None:
    """The one that ends last of those in force that hold the alert."""
    if not silences or alert.clock not in HOLDABLE:
        return None
    in_force = [silence for silence in silences if silence.in_force(evaluation.now)]
    holding = [silence for silence in in_force if silence.holds(alert, evaluation)]
    return max(holding, key=attrgetter("until", "id"), default=None)


def _customers(ticket: str, facts: Facts) -> set[str]:
    names = (facts.latest(ticket, "customer_id"), facts.latest(ticket, "customer_name"))
    return {str(name).casefold() for name in names if name}


def _concerned(alert: Alert, evaluation: EvaluationContext) -> Sequence[Ticket]:
    """The tickets that an alert is about: of a matter those that are unresolved."""
    if alert.clock not in OF_ONE_TICKET:
        for matter in evaluation.matters:
            if matter.id == alert.subject and matter.unresolved:
                return matter.open_tickets
    ticket = evaluation.ticket(alert.subject)
    return () if ticket is None else (ticket,)
