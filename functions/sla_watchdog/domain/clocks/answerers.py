"""Who answered the customer in a matter: people with a name, each once (semantics D11)."""

from __future__ import annotations

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.policy.owners import folded, stands_for_nobody
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import AGENT
from sla_watchdog.domain.tickets.ticket_of_facts import is_by_bot


def first_answers(matter: LinkedTickets, facts: Facts, policy: Policy) -> list[int]:
    """When each of them answered for the first time, oldest first. Bots and replies of nobody
    knows whom do not count.
    """
    first: dict[str, int] = {}
    for ticket in matter.tickets:
        for reply in facts.of_field(ticket.id, "agent_reply"):
            name = folded(str(reply.value))
            if reply.at < ticket.born_at or is_by_bot(reply, policy) or _is_unnamed(name, policy):
                continue
            first[name] = min(reply.at, first.get(name, reply.at))
    return sorted(first.values())


def _is_unnamed(name: str, policy: Policy) -> bool:
    return name == AGENT or name in policy.shared or stands_for_nobody(name)
