"""The links between tickets: which names a ticket is linked to, and which it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sla_watchdog.domain.tickets.facts import Fact, Facts, Value
from sla_watchdog.domain.tickets.ticket_fields import LINKS

OF_THE_DESK = "case_id="
"""What stands before the name of a case of the desk's own, which may read like the id of a ticket
and is none.
"""

APART = "apart"
"""The field that names what a ticket is not linked with, though its record says so: that case has
`MOST_TICKETS` already.
"""

MOST_TICKETS = 100
"""Of one case, not counting tickets merged into another. More is a mistake (a desk that writes the
same `case_id` everywhere), and would not fit into an item. The rest are judged one by one.
"""


def named_by(link: str, value: str) -> str:
    """The name of what a ticket is linked to. Tickets never share a name with cases of the desk."""
    if link == "case_id":
        return OF_THE_DESK + value
    return value


def as_written(name: str) -> str:
    """The name as the desk writes it."""
    return name.removeprefix(OF_THE_DESK)


def linked_names(facts: Facts) -> frozenset[str]:
    """Every name that a ticket of the case was ever linked to: tickets (seen or not) and cases of
    the desk. Links that were refused are left out.
    """
    names = set()
    for ticket in facts.tickets():
        refused = {fact.value for fact in facts.of_field(ticket, APART)}
        for target in _targets(ticket, facts):
            if target != ticket and not _is_refused(target, refused):
                names.add(target)
    return frozenset(names)


def _targets(ticket: str, facts: Facts) -> Iterator[str]:
    for link in LINKS:
        for fact in facts.of_field(ticket, link):
            if isinstance(fact.value, str) and fact.value:
                yield named_by(link, fact.value)


def _is_refused(target: str, refused: set[Value]) -> bool:
    """Cases of the desk were once noted as written."""
    return target in refused or as_written(target) in refused


def refused_links(facts: Facts, names: Iterable[str], now: int) -> frozenset[Fact]:
    """The facts by which its tickets are not linked with `names`."""
    wanted = frozenset(names)
    refused = set()
    for ticket in facts.tickets():
        for link in LINKS:
            for fact in facts.of_field(ticket, link):
                name = named_by(link, str(fact.value))
                if name in wanted:
                    refused.add(Fact(ticket, APART, now, name))
    return frozenset(refused)


def weight(facts: Facts) -> int:
    """How many of its tickets count towards `MOST_TICKETS`."""
    return sum(not facts.latest(name, "merged_into") for name in facts.tickets())
