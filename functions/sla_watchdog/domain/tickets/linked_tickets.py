"""Which tickets of a case are one matter, and until when it goes on (semantics D6)."""

from __future__ import annotations

from attrs import frozen

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.activity import was_active
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.matter_groups import MatterGroups
from sla_watchdog.domain.tickets.ticket import Ticket


@frozen
class LinkedTickets:
    """Tickets that are one matter, the oldest first. The matter has the id of the oldest, and an
    age and signals of its own.
    """

    tickets: tuple[Ticket, ...]
    earlier: str = ""
    """The ticket of an old matter that had been quiet for longer than `matters.linked` when this
    one began as a follow-up of it.
    """

    @property
    def id(self) -> str:
        return self.tickets[0].id

    @property
    def ticket_ids(self) -> frozenset[str]:
        return frozenset(ticket.id for ticket in self.tickets)

    @property
    def created_at(self) -> int:
        return self.tickets[0].created_at

    @property
    def unresolved(self) -> bool:
        return any(ticket.unresolved for ticket in self.tickets)

    @property
    def open_tickets(self) -> tuple[Ticket, ...]:
        return tuple(ticket for ticket in self.tickets if ticket.unresolved)

    @property
    def ended_at(self) -> int | None:
        """Since when all of it is resolved; None while anything is unresolved."""
        ends: list[int] = []
        for ticket in self.tickets:
            ended = ticket.ended_at
            if ended is None:
                return None
            ends.append(ended)
        return max(ends)

    def goes_on_at(self, at: int, allowance: int) -> bool:
        """Whether it was unresolved then, or its last activity lay no longer back."""
        return any(was_active(ticket, at - allowance, at) for ticket in self.tickets)


def matters(tickets: tuple[Ticket, ...], facts: Facts, policy: Policy) -> tuple[LinkedTickets, ...]:
    """The tickets of a case in matters, the oldest first: one, unless a ticket came too late to
    belong to it, or somebody said that it does not.
    """
    if not tickets:
        return ()
    if len(tickets) == 1:
        earlier = facts.latest(tickets[0].id, "follow_up_of")
        return (LinkedTickets(tickets, str(earlier)),)
    groups = MatterGroups.of(tickets, facts, policy.matters)
    return tuple(LinkedTickets(group, groups.followed_by(group)) for group in groups.in_order)
