"""Cases as they are stored: found under any name that belongs to them, with their sealed facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.case_item import (
    CASE,
    DamagedItem,
    case_key,
    case_of,
    damaged,
    moved_to,
    sealed_in,
)
from sla_watchdog.adapters.dynamodb.facts_text import DamageError, facts_in
from sla_watchdog.adapters.dynamodb.table import LONGEST_KEY, Item, Items, read_all
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.tickets.facts import Fact

SORT_KEY = "W"
"""The sort key of a case and of a digest."""

SEALED = "F#"
"""The sort key of a sealed item, before its number."""

LONGEST_WAY = 30
"""Steps from a name to its case: each time a case is joined with an older one its names are a step
further.
"""


class CaseReads(Items):
    def cases(self, ids: Iterable[str]) -> dict[str, Case | DamagedItem]:
        """The cases as they are now, by consistent reads, under the ids asked for: one that belongs
        to another case has that one, with its own id. Absent ones, and ids no key can hold, are
        absent.
        """
        asked = list(dict.fromkeys(ids))
        items = self._rooms(asked)
        for _ in range(LONGEST_WAY):
            ahead = {to for item in items.values() if (to := moved_to(item))}.difference(items)
            if not ahead or not (found := self._rooms(ahead)):
                break
            items |= found
        ends = {name: _end(items[name], items) for name in asked if name in items}
        whole = self._whole({item["pk"]["S"]: item for item in ends.values()})
        return {name: whole[item["pk"]["S"]] for name, item in ends.items()}

    def _rooms(self, names: Iterable[str]) -> dict[str, Item]:
        short = [name for name in names if len(case_key(name).encode()) <= LONGEST_KEY["HASH"]]
        found = read_all(
            self._reads,
            self._table,
            [self._key(case_key(name), SORT_KEY) for name in short],
            self._pause,
        )
        return {item["pk"]["S"].removeprefix(CASE): item for item in found}

    def _whole(self, items: Mapping[str, Item]) -> dict[str, Case | DamagedItem]:
        """Each with its sealed items, which only long histories have."""
        places = {pk: _places(item) for pk, item in items.items() if "sealed" in item}
        keys = [
            self._key(*place)
            for place in {place: None for theirs in places.values() for place in theirs}
        ]
        found = {
            (item["pk"]["S"], item["sk"]["S"]): item
            for item in read_all(self._reads, self._table, keys, self._pause)
        }
        return {
            pk: _with_sealed(item, [(place, found.get(place)) for place in places.get(pk, ())])
            for pk, item in items.items()
        }


def _end(item: Item, items: Mapping[str, Item]) -> Item:
    """The item that the way from `item` ends at; one that leads nowhere or round in a circle is its
    own end.
    """
    at = item
    for _ in range(LONGEST_WAY):
        if "moved_to" not in at:
            return at
        if (ahead := items.get(moved_to(at))) is None:
            break
        at = ahead
    return item


def _places(item: Item) -> list[tuple[str, str]]:
    """The keys of its sealed items; none where their numbers cannot be read."""
    try:
        counts = sealed_in(item)
    except DamageError:
        return []
    return [
        (case_key(case), f"{SEALED}{n}")
        for case, count in counts.items()
        for n in range(1, count + 1)
    ]


def _with_sealed(
    item: Item, parts: Iterable[tuple[tuple[str, str], Item | None]]
) -> Case | DamagedItem:
    facts: list[Fact] = []
    for (pk, sk), part in parts:
        try:
            facts += facts_in(plain(part or {}).get("facts"))
        except DamageError as error:
            return damaged(item, f"{pk} {sk}: {'missing' if part is None else error}")
    return case_of(item, facts)
