"""What every step of a judgement needs to know of the case."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from attrs import field, frozen

from sla_watchdog.domain.clocks.evidence import NO_EVIDENCE, Evidence
from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.escalation.addressing import Addressing
from sla_watchdog.domain.escalation.case import Case, Recipient
from sla_watchdog.domain.escalation.notifications import NotificationHistory
from sla_watchdog.domain.policy.model import Policy, Rule
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import Ticket


@frozen
class EvaluationContext:
    """`reachable_since` and `evidence` are as in Context."""

    case: Case
    policy: Policy
    now: int
    tickets: tuple[Ticket, ...] = ()
    matters: tuple[LinkedTickets, ...] = ()
    reachable_since: Mapping[str, int] = field(factory=dict)
    evidence: Evidence = NO_EVIDENCE

    @cached_property
    def notifications(self) -> NotificationHistory:
        return NotificationHistory(self.case, self.tickets, self.matters, self.reachable_since)

    @cached_property
    def addressing(self) -> Addressing:
        return Addressing(self.case, self.policy, self.now, self.tickets)

    @cached_property
    def _tickets_by_id(self) -> Mapping[str, Ticket]:
        return {ticket.id: ticket for ticket in self.tickets}

    def ticket(self, subject: str) -> Ticket | None:
        return self._tickets_by_id.get(subject)

    def rule_of(self, ticket: Ticket) -> Rule:
        """The rule that judges the ticket now."""
        return rule_at(ticket, self.case.facts, self.policy, self.now)

    def on_its_way(self, recipient: Recipient) -> bool:
        entry = self.case.outbox.get(recipient.key)
        return entry is not None and entry.until > self.now
