"""Crowds: one subject that a customer sends so often that it says nothing about the matter, as
machines do (semantics D6).
"""

from __future__ import annotations

from collections.abc import Iterable

from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.lookalikes import customer_of
from sla_watchdog.domain.tickets.subjects import normal_subject, short_subject
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.seconds import DAY

HANDFUL = 3
"""So many tickets of one subject within a day before another may be one impatient customer; more
are a machine.
"""


def is_of_crowd(ticket: Ticket, others: Iterable[Ticket], facts: Facts) -> bool:
    """Whether more than a handful of the same customer and subject began within a day before."""
    shortly_before = [other for other in others if is_shortly_before(other, ticket)]
    if len(shortly_before) <= HANDFUL:
        return False
    alike = _alike(ticket.id, facts)
    same = [other for other in shortly_before if _alike(other.id, facts) == alike]
    return len(same) > HANDFUL


def is_shortly_before(other: Ticket, ticket: Ticket) -> bool:
    if other.id == ticket.id:
        return False
    return 0 <= ticket.born_at - other.born_at < DAY


def _alike(ticket: str, facts: Facts) -> tuple[str, str]:
    subject = str(facts.latest(ticket, "subject"))
    return customer_of(ticket, facts), normal_subject(subject) or short_subject(subject)
