"""Cases as they are stored: found under any name that belongs to them, with their sealed facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.case_item import (
    CASE,
    case_key,
    case_of,
    damaged,
    moved_to,
    sealed_in,
)
from sla_watchdog.adapters.dynamodb.facts_text import DamageError, facts_in
from sla_watchdog.adapters.dynamodb.items import SORT_KEY, Items
from sla_watchdog.adapters.dynamodb.table import LONGEST_KEY, Item
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.tickets.facts import Fact

SEALED = "F#"
"""The sort key of a sealed item, before its number."""

LONGEST_WAY = 30
"""Steps from a name to its case: each time a case is joined with an older one its names are a step
further.
"""

Place = tuple[str, str]
"""The key of an item: pk and sk."""


class CaseReads:
    """What the stores share that read cases."""

    def __init__(self, items: Items) -> None:
        self._items = items

    def cases(self, ids: Iterable[str]) -> dict[str, Case | DamagedItem]:
        """The cases as they are now, by consistent reads, under the ids asked for: one that belongs
        to another case has that one, with its own id. Absent ones, and ids no key can hold, are
        absent.
        """
        asked = list(dict.fromkeys(ids))
        items = self._with_what_they_lead_to(asked)
        ends = {name: _end(items[name], items) for name in asked if name in items}
        by_pk = {_pk(end): end for end in ends.values()}
        whole = self.whole(by_pk)
        return {name: whole[_pk(end)] for name, end in ends.items()}

    def own_items(self, names: Iterable[str]) -> dict[str, Item]:
        """The item that is stored under each name itself."""
        keys = map(case_key, names)
        places = [(pk, SORT_KEY) for pk in keys if len(pk.encode()) <= LONGEST_KEY["HASH"]]
        stored = self._items.read_all(places)
        return {_pk(item).removeprefix(CASE): item for item in stored}

    def whole(self, items: Mapping[str, Item]) -> dict[str, Case | DamagedItem]:
        """The cases of these items, by pk, each with its sealed items, which only long histories
        have.
        """
        places = {}
        for pk, item in items.items():
            if "sealed" in item:
                places[pk] = sealed_places(item)
        sealed = self._sealed_items(places.values())
        cases: dict[str, Case | DamagedItem] = {}
        for pk, item in items.items():
            parts = [(place, sealed.get(place)) for place in places.get(pk, ())]
            cases[pk] = _with_sealed(item, parts)
        return cases

    def _with_what_they_lead_to(self, names: Iterable[str]) -> dict[str, Item]:
        """The items of these names, and those on the way from them to their cases."""
        items = self.own_items(names)
        for _ in range(LONGEST_WAY):
            ahead = {moved_to(item) for item in items.values()} - {""}
            further = self.own_items(ahead.difference(items))
            if not further:
                break
            items |= further
        return items

    def _sealed_items(self, places: Iterable[Iterable[Place]]) -> dict[Place, Item]:
        wanted: dict[Place, None] = {}
        for of_one_case in places:
            wanted.update(dict.fromkeys(of_one_case))
        stored = self._items.read_all(wanted)
        return {(_pk(item), item["sk"]["S"]): item for item in stored}


def sealed_places(item: Item) -> list[Place]:
    """The keys of its sealed items; none where their numbers cannot be read."""
    try:
        counts = sealed_in(item)
    except DamageError:
        return []
    return sealed_keys(counts)


def sealed_keys(counts: Mapping[str, int]) -> list[Place]:
    """Of so many sealed items of each case."""
    places = []
    for case, count in counts.items():
        numbers = range(1, count + 1)
        places += [(case_key(case), f"{SEALED}{number}") for number in numbers]
    return places


def _pk(item: Item) -> str:
    return str(item["pk"]["S"])


def _end(item: Item, items: Mapping[str, Item]) -> Item:
    """The item that the way from `item` ends at; one that leads nowhere or round in a circle is its
    own end.
    """
    at = item
    for _ in range(LONGEST_WAY):
        if "moved_to" not in at:
            return at
        ahead = items.get(moved_to(at))
        if ahead is None:
            break
        at = ahead
    return item


def _with_sealed(item: Item, parts: Iterable[tuple[Place, Item | None]]) -> Case | DamagedItem:
    facts: list[Fact] = []
    for (pk, sk), part in parts:
        try:
            facts += facts_in(plain(part or {}).get("facts"))
        except DamageError as error:
            reason = "missing" if part is None else str(error)
            return damaged(item, f"{pk} {sk}: {reason}")
    return case_of(item, facts)
