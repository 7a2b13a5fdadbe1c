"""Long histories: what a case's own item no longer holds lies in sealed items, which are written
once.

An update writes the case's item alone, so it costs the same however long the history is. When
the item would hold more than `LONGEST_TEXT`, all but the newest facts are sealed, in the same
transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import field, fields, frozen

from sla_watchdog.adapters.dynamodb.facts_text import facts_text
from sla_watchdog.domain.escalation.case import Case, join
from sla_watchdog.domain.tickets.facts import Fact, Facts

LONGEST_TEXT = 16 * 1024
"""Bytes of facts in a case's own item, which is to stay under 64 KB and is written at each update.
"""

KEPT = 4 * 1024
"""Bytes of the newest facts that stay in it when the others are sealed, so that sealing is rare."""

SEALED_TEXT = 300 * 1024
"""Bytes of facts in one sealed item, before they are compressed; it is to stay under 350 KB
whatever they are.
"""


@frozen
class LongCase(Case):
    """A case of which `old` facts lie in sealed items: `sealed` counts them by the case that they
    were written for.
    """

    sealed: Mapping[str, int] = field(factory=dict)
    old: frozenset[Fact] = field(factory=frozenset, eq=False, repr=False)

    @classmethod
    def of(cls, case: Case, sealed: Mapping[str, int], old: frozenset[Fact]) -> LongCase:
        attributes = {field.name: getattr(case, field.name) for field in fields(Case)}
        attributes["facts"] = Facts.of([*case.facts, *old])
        return cls(**attributes, sealed=sealed, old=old)


def sealed_of(case: Case) -> Mapping[str, int]:
    if isinstance(case, LongCase):
        return case.sealed
    return {}


def old_of(case: Case) -> frozenset[Fact]:
    """The facts of its sealed items."""
    if isinstance(case, LongCase):
        return case.old
    return frozenset()


def joined(one: Case, other: Case) -> Case:
    """`join`; the sealed items of both stay where they are."""
    case = join(one, other)
    sealed = {**sealed_of(one), **sealed_of(other)}
    if not sealed:
        return case
    return LongCase.of(case, sealed, old_of(one) | old_of(other))


@frozen
class Sealing:
    """How the facts of a case are stored: `text` in its own item, `parts` in sealed items to be
    written with it.
    """

    text: str
    sealed: Mapping[str, int]
    parts: Mapping[int, Sequence[Fact]] = field(factory=dict)


def sealing(case: Case) -> Sealing:
    """What was sealed before is not written again."""
    sealed = sealed_of(case)
    fresh = _fresh(case)
    text = facts_text(fresh)
    if not _is_too_long(text):
        return Sealing(text, sealed)
    newest_first = sorted(fresh, key=lambda fact: fact.at, reverse=True)
    kept = next(_parts(newest_first, KEPT))
    if _is_too_long(facts_text(kept)):
        kept = []
    older = newest_first[len(kept) :]
    first = sealed.get(case.id, 0) + 1
    parts = dict(enumerate(_parts(older, SEALED_TEXT), first))
    text = facts_text(reversed(kept))
    return Sealing(text, {**sealed, case.id: max(parts)}, parts)


def _fresh(case: Case) -> Iterable[Fact]:
    """The facts of its own item."""
    old = old_of(case)
    if not old:
        return case.facts
    return [fact for fact in case.facts if fact not in old]


def _is_too_long(text: str) -> bool:
    return len(text.encode()) > LONGEST_TEXT


def _parts(facts: Iterable[Fact], longest: int) -> Iterator[list[Fact]]:
    """As they come, in parts of at most so many bytes; a fact longer than that is a part of its
    own.
    """
    part: list[Fact] = []
    capacity = longest
    for fact in facts:
        size = _bytes(fact)
        if size > capacity and part:
            yield part
            part, capacity = [], longest
        part.append(fact)
        capacity -= size
    yield part


def _bytes(fact: Fact) -> int:
    """At least what it adds to a text."""
    content = [fact.ticket, fact.field, fact.at, fact.value]
    text = json.dumps(content, ensure_ascii=False)
    return len(text.encode()) + 8
