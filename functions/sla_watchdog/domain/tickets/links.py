"""The links between tickets: which names a ticket is linked to, and which it is refused."""

from __future__ import annotations

from collections.abc import Iterable

from sla_watchdog.domain.tickets.facts import Fact, Facts, Value
from sla_watchdog.domain.tickets.ties import OF_THE_DESK, ties

APART = "apart"
"""The field that names what a ticket is not linked with, though its record says so: that case has
`MOST_TICKETS` already.
"""

MOST_TICKETS = 100
"""Of one case, not counting tickets merged into another. More is a mistake (a desk that writes the
same `case_id` everywhere), and would not fit into an item. The rest are judged one by one.
"""


def as_written(name: str) -> str:
    """The name as the desk writes it."""
    return name.removeprefix(OF_THE_DESK)


def linked_names(facts: Facts) -> frozenset[str]:
    """Every name that a ticket of the case was ever tied to: tickets (seen or not) and cases of
    the desk. What was refused is left out.
    """
    names = set()
    for ticket in facts.tickets():
        refused = {fact.value for fact in facts.of_field(ticket, APART)}
        for tie in ties(ticket, facts):
            if tie.name != ticket and not _is_refused(tie.name, refused):
                names.add(tie.name)
    return frozenset(names)


def _is_refused(target: str, refused: set[Value]) -> bool:
    """Cases of the desk were once noted as written."""
    return target in refused or as_written(target) in refused


def refused_links(facts: Facts, names: Iterable[str], now: int) -> frozenset[Fact]:
    """The facts by which its tickets are not linked with `names`."""
    wanted = frozenset(names)
    refused = set()
    for ticket in facts.tickets():
        for tie in ties(ticket, facts):
            if tie.name in wanted:
                refused.add(Fact(ticket, APART, now, tie.name))
    return frozenset(refused)


def weight(facts: Facts) -> int:
    """How many of its tickets count towards `MOST_TICKETS`."""
    return sum(not facts.latest(name, "merged_into") for name in facts.tickets())
