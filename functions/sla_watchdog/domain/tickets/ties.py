"""What ties a ticket to others: links that its record names, and evidence that both are one matter
(semantics D6).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from attrs import frozen

from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.lookalikes import (
    ANSWERED,
    NAMED,
    QUOTED,
    REPEATED,
    SAME,
    SAME_MATTER,
    SUBJECT,
    is_strong,
    same_as,
    three_of,
)
from sla_watchdog.domain.tickets.ticket_fields import LINKS

OF_THE_DESK = "case_id="
"""What stands before the name of a case of the desk's own, which may read like the id of a ticket
and is none.
"""


class TieKind(Enum):
    MERGED = "it joins whatever the time"
    LINKED = "a link, or a person who said so"
    SAME_SUBJECT = "the same customer and subject"
    QUOTED = "the same customer, and the id of the other in its subject"


@frozen
class Tie:
    """`name` is that of a ticket, or of what several tickets name."""

    name: str
    kind: TieKind


def named_by(link: str, value: str) -> str:
    """The name of what a ticket is linked to. Tickets never share a name with cases of the desk."""
    if link == "case_id":
        return OF_THE_DESK + value
    return value


def name_tied_by(fact: Fact) -> str:
    """What the fact alone ties its ticket to; '' where it does not."""
    if fact.field in LINKS and isinstance(fact.value, str) and fact.value:
        return named_by(fact.field, fact.value)
    other, word, kind = three_of(fact.value)
    is_evidence = fact.field == SAME_MATTER and is_strong(kind)
    is_answer = fact.field == ANSWERED and word == SAME
    return other if is_evidence or is_answer else ""


def ties(ticket: str, facts: Facts) -> Iterator[Tie]:
    """All that ever tied it to something, except what a person denied of evidence."""
    for link in LINKS:
        kind = TieKind.MERGED if link == "merged_into" else TieKind.LINKED
        for fact in facts.of_field(ticket, link):
            if isinstance(fact.value, str) and fact.value:
                yield Tie(named_by(link, fact.value), kind)
    for name, why in same_as(ticket, facts):
        yield Tie(name, _BY_EVIDENCE.get(why, TieKind.LINKED))


_BY_EVIDENCE = {
    SUBJECT: TieKind.SAME_SUBJECT,
    REPEATED: TieKind.SAME_SUBJECT,
    QUOTED: TieKind.QUOTED,
    NAMED: TieKind.LINKED,
}
