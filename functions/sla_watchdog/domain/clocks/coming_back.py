"""How often the customer asked in one matter: the first time, and each coming back (semantics D9).

A desk that closes each ticket in time and never ends the matter looks perfect by every clock of a
ticket. The customer who has to come back is what shows it.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.reopenings import climbing_reopenings, lasted
from sla_watchdog.domain.tickets.spans import stretches
from sla_watchdog.domain.tickets.ticket import AGENT, ENDED, Ticket
from sla_watchdog.domain.time.seconds import DAY, HOUR

SAME_REQUEST = HOUR
"""Seconds within which another ticket is the same request sent twice."""

SAME_REQUEST_MERGED = DAY
"""The same for two tickets that the desk merged: it says that both are one request."""

SPLIT_FROM = "split_from"


@frozen
class Asking:
    """The customer asked at `at`, by a ticket or by its reopening."""

    at: int
    ticket: Ticket
    by_reopening: bool = False

    @property
    def _survivor(self) -> str:
        return self.ticket.merged_into or self.ticket.id

    def repeats(self, last: Asking) -> bool:
        """Whether it is the last request once more. A ticket that is reopened is news at once."""
        if self.ticket.id == last.ticket.id:
            return False
        window = SAME_REQUEST
        if self._survivor == last._survivor and not self.by_reopening:
            window = SAME_REQUEST_MERGED
        return self.at - last.at <= window


def askings(matter: LinkedTickets, facts: Facts) -> tuple[int, ...]:
    """When the customer asked, oldest first: the first ticket of the matter, whoever opened it, and
    each coming back.
    """
    first = min((Asking(ticket.born_at, ticket) for ticket in matter.tickets), key=_order)
    later = [asking for ticket in matter.tickets for asking in _of(ticket, facts)]
    counted = [first]
    for asking in sorted(later, key=_order):
        is_first = asking.ticket.id == first.ticket.id and not asking.by_reopening
        if not is_first and not asking.repeats(counted[-1]):
            counted.append(asking)
    return tuple(asking.at for asking in counted)


def times_ended(matter: LinkedTickets) -> int:
    """How often a ticket of it was resolved or closed, and stayed so. A merge ends none."""
    times = 0
    for ticket in matter.tickets:
        for start, end in stretches(ticket.spans, ENDED):
            was_merged = ticket.merged_at is not None and start >= ticket.merged_at
            times += start >= ticket.born_at and lasted(start, end) and not was_merged
    return times


def _of(ticket: Ticket, facts: Facts) -> Iterator[Asking]:
    if _is_of_the_customer(ticket, facts):
        yield Asking(ticket.born_at, ticket)
    for at in climbing_reopenings(ticket):
        if at > ticket.born_at:
            yield Asking(at, ticket, by_reopening=True)


def _is_of_the_customer(ticket: Ticket, facts: Facts) -> bool:
    """False for one that the desk opened, or split off another."""
    if any(fact.value for fact in facts.of_field(ticket.id, SPLIT_FROM)):
        return False
    created = facts.of_field(ticket.id, "created")
    return not created or created[0].value != AGENT


def _order(asking: Asking) -> tuple[int, bool, str]:
    return asking.at, asking.by_reopening, asking.ticket.id
