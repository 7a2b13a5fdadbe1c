"""Who owns the tickets of a matter: since when nobody does, how often an owner gave one back, and
when it began anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.policy.owners import owner_named
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket


def is_named(assignee: Fact, policy: Policy) -> bool:
    """Whether the owner is a person, not a queue that several share (semantics B9)."""
    return bool(owner_named(str(assignee.value), policy))


def owner_of(ticket: str, facts: Facts, policy: Policy) -> str:
    """Who owns the ticket now; '' where nobody does."""
    return owner_named(str(facts.latest(ticket, "assignee")), policy)


def unowned_since(matter: LinkedTickets, facts: Facts, policy: Policy) -> int | None:
    """Since when nobody with a name owns any unresolved ticket of it; None while somebody does."""
    latest = matter.created_at
    for ticket in matter.tickets:
        until = _owned_until(ticket, facts, policy)
        if until is None:
            return None
        latest = max(latest, until)
    return latest


def _owned_until(ticket: Ticket, facts: Facts, policy: Policy) -> int | None:
    """When the last owner with a name gave it back, or ended it: 0 where there never was one, None
    while somebody owns it.
    """
    changes = facts.changes(ticket.id, "assignee")
    until = ticket.ended_at
    for fact in reversed(changes):
        if is_named(fact, policy):
            return until
        until = fact.at
    return 0


def times_given_back(matter: LinkedTickets, facts: Facts, policy: Policy) -> int:
    """How often an owner with a name gave a ticket of it back to nobody."""
    times = 0
    for ticket in matter.tickets:
        owners = [is_named(fact, policy) for fact in facts.changes(ticket.id, "assignee")]
        for before, after in pairwise(owners):
            times += before and not after
    return times


def begun_anew(matter: LinkedTickets) -> frozenset[int]:
    """When another ticket of it was created while all those before stood resolved."""
    return frozenset(
        ticket.born_at for ticket in matter.tickets[1:] if _is_first(ticket, matter.tickets)
    )


def _is_first(ticket: Ticket, tickets: Iterable[Ticket]) -> bool:
    """Whether there were others before it, and none of them was unresolved at its creation."""
    before = [other for other in tickets if other.born_at < ticket.born_at]
    return bool(before) and not any(_was_unresolved(other, ticket.born_at) for other in before)


def _was_unresolved(ticket: Ticket, at: int) -> bool:
    return any(span.covers(at) for span in ticket.with_waits.outside(ENDED))
