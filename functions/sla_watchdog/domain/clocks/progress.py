"""When a ticket moved forward."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from sla_watchdog.domain.clocks.ownership import is_named
from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.reopenings import lasting_reopenings, without_short_ends
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.tickets.ticket_fields import STATES


@frozen
class TicketProgress:
    """All instants are epoch seconds."""

    facts: Facts
    policy: Policy

    def first_look(self, ticket: Ticket) -> int | None:
        """When it was first seen, where that was long after its creation."""
        firsts = []
        for name in STATES:
            series = self.facts.of_field(ticket.id, name)
            if series:
                firsts.append(series[0].at)
        if not firsts or min(firsts) != ticket.unknown_until:
            return None
        return ticket.unknown_until

    def of(self, ticket: Ticket) -> Iterator[int]:
        """When a named owner took it, its status moved forward, or it was resolved. A promise of
        progress is no progress.
        """
        for fact in self.facts.changes(ticket.id, "assignee"):
            if is_named(fact, self.policy):
                yield fact.at
        yield from self._moved_forward(ticket)

    def _moved_forward(self, ticket: Ticket) -> Iterator[int]:
        """Into a group further down the list than any since it was created or reopened, unless it
        pauses there. What lasted too short to be an end was no step forward.
        """
        order = {group: place for place, group in enumerate(self.policy.groups)}
        pausing = self._pausing(ticket)
        reopenings = frozenset(lasting_reopenings(ticket))
        furthest = -1
        for span in without_short_ends(ticket):
            place = order.get(span.group, -1)
            if span.start in reopenings:
                furthest = place
            elif place > furthest and span.group not in pausing:
                if furthest >= 0:
                    yield span.start
                furthest = place

    def _pausing(self, ticket: Ticket) -> frozenset[str]:
        rule = rule_at(ticket.id, self.facts, self.policy, ticket.created_at)
        groups: set[str] = set()
        for target in rule.targets:
            groups |= target.pauses_in
        return frozenset(groups)
