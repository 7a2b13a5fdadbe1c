"""Which tickets of a case are one matter (semantics D6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import define, field, frozen

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.links import named_by
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.tickets.ticket_fields import LINKS


@frozen
class LinkedTickets:
    """Tickets that are one matter, the oldest first. The matter has the id of the oldest, and an
    age and signals of its own.
    """

    tickets: tuple[Ticket, ...]
    earlier: str = ""
    """The ticket that an old, closed matter ended with, where this one began as a follow-up of it
    after more than `cases.gap`.
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


def matters(tickets: tuple[Ticket, ...], facts: Facts, policy: Policy) -> tuple[LinkedTickets, ...]:
    """The tickets of a case in matters, the oldest first: one, unless a follow-up came too late to
    belong to it.
    """
    if not tickets:
        return ()
    if len(tickets) == 1:
        earlier = facts.latest(tickets[0].id, "follow_up_of")
        return (LinkedTickets(tickets, str(earlier)),)
    late = _late_follow_ups(tickets, facts, policy)
    if not late:
        return (LinkedTickets(tickets),)
    groups = _connected(tickets, late, facts)
    return tuple(LinkedTickets(group, _earlier_of(group, late)) for group in groups)


def _late_follow_ups(
    tickets: tuple[Ticket, ...], facts: Facts, policy: Policy
) -> Mapping[str, str]:
    """Follow-ups that came too late, with the ticket that they follow: that had been closed for
    longer than the gap.
    """
    by_name = {ticket.id: ticket for ticket in tickets}
    late = {}
    for ticket in tickets:
        earlier = by_name.get(str(facts.latest(ticket.id, "follow_up_of")))
        if earlier is None or earlier.id == ticket.id or earlier.ended_at is None:
            continue
        if ticket.created_at - earlier.ended_at > policy.gap:
            late[ticket.id] = earlier.id
    return late


def _earlier_of(group: tuple[Ticket, ...], late: Mapping[str, str]) -> str:
    for ticket in group:
        if ticket.id in late:
            return late[ticket.id]
    return ""


def _connected(
    tickets: tuple[Ticket, ...], late: Mapping[str, str], facts: Facts
) -> list[tuple[Ticket, ...]]:
    """Tickets joined by links. A follow-up that came too late is no link."""
    groups = _Groups()
    for ticket in tickets:
        for name in _names(ticket.id, facts, late.get(ticket.id)):
            groups.join(ticket.id, name)
    members: dict[str, list[Ticket]] = {}
    for ticket in tickets:
        root = groups.root(ticket.id)
        members.setdefault(root, []).append(ticket)
    return list(map(tuple, members.values()))


def _names(ticket: str, facts: Facts, late: str | None) -> Iterator[str]:
    """The names that it is linked to, except the ticket `late`, which it follows too late."""
    for link in LINKS:
        for fact in facts.of_field(ticket, link):
            if not fact.value:
                continue
            name = named_by(link, str(fact.value))
            is_late = link == "follow_up_of" and name == late
            if not is_late:
                yield name


@define
class _Groups:
    """Names in groups; each group goes by one of its names, its root."""

    _parents: dict[str, str] = field(factory=dict)

    def root(self, name: str) -> str:
        while self._parents.get(name, name) != name:
            name = self._parents[name]
        return name

    def join(self, name: str, other: str) -> None:
        self._parents[self.root(name)] = self.root(other)
