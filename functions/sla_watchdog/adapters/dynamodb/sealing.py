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
        known = {each.name: getattr(case, each.name) for each in fields(Case)}
        return cls(**{**known, "facts": Facts.of([*case.facts, *old])}, sealed=sealed, old=old)


def sealed_of(case: Case) -> Mapping[str, int]:
    return case.sealed if isinstance(case, LongCase) else {}


def _old(case: Case) -> frozenset[Fact]:
    return case.old if isinstance(case, LongCase) else frozenset()


def joined(one: Case, other: Case) -> Case:
    """`join`; the sealed items of both stay where they are."""
    case = join(one, other)
    sealed = {**sealed_of(one), **sealed_of(other)}
    return LongCase.of(case, sealed, _old(one) | _old(other)) if sealed else case


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
    old = _old(case)
    fresh = [fact for fact in case.facts if fact not in old] if old else case.facts
    text = facts_text(fresh)
    if len(text.encode()) <= LONGEST_TEXT:
        return Sealing(text, sealed_of(case))
    newest_first = sorted(fresh, key=lambda fact: fact.at, reverse=True)
    kept = next(_parts(newest_first, KEPT))
    if len(facts_text(kept).encode()) > LONGEST_TEXT:
        kept = []
    first = sealed_of(case).get(case.id, 0) + 1
    parts = dict(enumerate(_parts(newest_first[len(kept) :], SEALED_TEXT), first))
    return Sealing(facts_text(reversed(kept)), {**sealed_of(case), case.id: max(parts)}, parts)


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
    return (
        len(json.dumps([fact.ticket, fact.field, fact.at, fact.value], ensure_ascii=False).encode())
        + 8
    )
