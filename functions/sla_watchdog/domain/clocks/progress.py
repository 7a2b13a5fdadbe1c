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
        yield from self._new_owners(ticket)
        yield from self._moved_forward(ticket)

    def _new_owners(self, ticket: Ticket) -> Iterator[int]:
        """Named owners who had not had it: handing it to and fro moves nothing."""
        had: set[str] = set()
        for fact in self.facts.changes(ticket.id, "assignee"):
            owner = str(fact.value).casefold()
            if is_named(fact, self.policy) and owner not in had:
                had.add(owner)
                yield fact.at

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

    def furthest(self, ticket: Ticket) -> int:
        """How far down the list of groups its status came since it was created or reopened; -1
        where it only paused.
        """
        order = {group: place for place, group in enumerate(self.policy.groups)}
        pausing = self._pausing(ticket)
        reopenings = frozenset(ticket.reopenings)
        furthest = -1
        for span in ticket.spans:
            if span.start in reopenings:
                furthest = -1
            if span.group not in pausing:
                furthest = max(furthest, order.get(span.group, -1))
        return furthest

    def _pausing(self, ticket: Ticket) -> frozenset[str]:
        rule = rule_at(ticket, self.facts, self.policy, ticket.created_at)
        groups: set[str] = set()
        for target in rule.targets:
            groups |= target.pauses_in
        return frozenset(groups)
