"""The Watch table looked through item by item, and what was found damaged in it put right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.case_item import (
    CASE,
    DamagedItem,
    case_key,
    case_of,
    moved_to,
    outbox_map,
    reached_map,
    reached_name,
    sealed_in,
)
from sla_watchdog.adapters.dynamodb.case_reads import SEALED, SORT_KEY, CaseReads
from sla_watchdog.adapters.dynamodb.cases import require_rev
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.facts_text import DamageError, facts_in
from sla_watchdog.adapters.dynamodb.lookalikes import MATTER, tickets_in
from sla_watchdog.adapters.dynamodb.outbox import UNAUDITED
from sla_watchdog.adapters.dynamodb.sealing import LongCase, sealed_of
from sla_watchdog.adapters.dynamodb.table import Item, is_busy, patiently, read_all
from sla_watchdog.domain.escalation.case import Case

DAMAGED = "X#"
"""Under this and the case's name, with the time in its sort key, the copy of a damaged item is kept
for ever.
"""

SCAFFOLD = {"rev": {"N": "1"}, "facts": {"S": "{}"}}
"""What makes any item of a case readable, for trying its other attributes one by one."""


@frozen
class StoredCase:
    """A case's own item as it stands, and the case read from it and its sealed items."""

    item: Item
    case: Case | DamagedItem


@frozen
class Page:
    """`moved` are names whose item says that they belong to another case, `awake` those of them
    that are to be woken all the same; `sealed` are (name, number) of sealed items, `unaudited`
    are items with records for the Audit table. `following` is where the next page starts, None
    after the last.
    """

    cases: tuple[StoredCase, ...]
    moved: tuple[str, ...]
    awake: frozenset[str]
    sealed: tuple[tuple[str, int], ...]
    unaudited: tuple[Item, ...]
    following: Mapping[str, Any] | None


class Inspection(CaseReads):
    def page_of_cases(self, segment: int, of: int, start: Mapping[str, Any] | None) -> Page:
        """One page of a segment of the whole table, consistent, so that what is odd in it is odd."""
        request: dict[str, Any] = {"Segment": segment, "TotalSegments": of, "ConsistentRead": True}
        if start is not None:
            request["ExclusiveStartKey"] = start
        answer = patiently(
            lambda: self._reads.scan(TableName=self._table, **request), self._pause, is_busy
        )
        mine = [item for item in answer["Items"] if item["pk"]["S"].startswith(CASE)]
        rooms = [item for item in mine if item["sk"]["S"] == SORT_KEY]
        moved = [item for item in rooms if "moved_to" in item]
        own = {item["pk"]["S"]: item for item in rooms if "moved_to" not in item}
        whole = self._whole(own)
        return Page(
            cases=tuple(StoredCase(item, whole[pk]) for pk, item in own.items()),
            moved=tuple(map(_name, moved)),
            awake=frozenset(
                _name(item) for item in moved if "next_at" in item or "due_shard" in item
            ),
            sealed=tuple(found for item in mine if (found := _sealed(item))),
            unaudited=tuple(item for item in rooms if UNAUDITED in item),
            following=answer.get("LastEvaluatedKey"),
        )

    def items(self, names: Iterable[str]) -> dict[str, Item]:
        """The items that these names end at, as they are stored."""
        found = self._rooms(names)
        ahead = {name: moved_to(item) for name, item in found.items() if "moved_to" in item}
        ends = self._rooms(set(ahead.values()))
        return {name: ends.get(ahead.get(name, ""), item) for name, item in found.items()}

    def with_part(self, case: Case, name: str, number: int) -> Case | None:
        """The case with a sealed item that it had lost sight of; None where that cannot be read."""
        item = self._read(case_key(name), f"{SEALED}{number}")
        try:
            facts = facts_in(plain(item or {}).get("facts"))
        except DamageError:
            return None
        known = sealed_of(case)
        old = case.old if isinstance(case, LongCase) else frozenset()
        return LongCase.of(
            case, {**known, name: max(number, known.get(name, 0))}, old | frozenset(facts)
        )

    def clear_wakeup(self, name: str) -> bool:
        """Only the case itself is woken. Only while the name still belongs to another case."""
        change = (
            Expression().remove("next_at").remove("due_shard").remove("failures").remove("problem")
        )
        return (
            self._update(case_key(name), SORT_KEY, change.require(change.present("moved_to")))
            is None
        )

    def rekey(self, case: Case) -> bool:
        """Entries and levels told under the names by which they are found. Only when `rev` is still
        the one read.
        """
        levels = {reached_name(*key): reached_map(*key, each) for key, each in case.reached.items()}
        outbox = outbox_map({entry.key: entry for entry in case.outbox.values()})
        change = (
            Expression()
            .set("rev", to=case.rev + 1)
            .set("reached", to=levels)
            .set("outbox", to=outbox)
        )
        require_rev(change, case)
        return self._update(case_key(case.id), SORT_KEY, change) is None

    def repair(self, name: str, now: int) -> str:
        """Cuts out of a damaged item what cannot be read, in one transaction with a copy of all of
        it.

        Where the copy is; '' where nothing can be done, or the item was written meanwhile: only
        while it is as it was read. Of sealed items the last may be missing; a gap before others,
        or one that cannot be read, is left to be reported.
        """
        item = self._read(case_key(name), SORT_KEY)
        if item is None:
            return ""
        change = _unchanged(Expression(), "rev", item)
        if isinstance(case_of(item), Case):
            there = self._sealed_there(item)
            if there is None:
                return ""
            change.set_or_remove("sealed", there).remove("failures").remove("problem")
        else:
            _cut(change, item)
        copy = Expression().set_stored("item", {"M": item}).set("at", to=now)
        where = f"{DAMAGED}{name}"
        kept = {"Update": self._request(where, str(now), copy)}
        return (
            "" if self._update_with(case_key(name), SORT_KEY, change, [kept]) is not None else where
        )

    def _sealed_there(self, item: Item) -> dict[str, int] | None:
        """How many sealed items there are where the last are missing; None where that is not all
        that is wrong.
        """
        counts = sealed_in(item)
        keys = [
            self._key(case_key(case), f"{SEALED}{n}")
            for case, count in counts.items()
            for n in range(1, count + 1)
        ]
        found = [
            each
            for part in read_all(self._reads, self._table, keys, self._pause)
            if (each := _sealed(part))
        ]
        there = {case: sum(name == case for name, _ in found) for case in counts}
        in_order = all(number <= there[case] for case, number in found)
        return there if in_order and there != counts else None

    def lookalikes(self, hashes: Iterable[str]) -> dict[str, Mapping[str, int]]:
        """By the hash of a key: the tickets remembered under it with their creation."""
        keys = [self._key(f"{MATTER}{each}", SORT_KEY) for each in dict.fromkeys(hashes)]
        found = read_all(self._reads, self._table, keys, self._pause)
        return {item["pk"]["S"].removeprefix(MATTER): tickets_in(item) for item in found}


def _name(item: Item) -> str:
    return str(item["pk"]["S"]).removeprefix(CASE)


def _sealed(item: Item) -> tuple[str, int] | None:
    number = item["sk"]["S"].removeprefix(SEALED)
    return (_name(item), int(number)) if item["sk"]["S"] != number and number.isdecimal() else None


def _readable(item: Item) -> set[str]:
    """Its attributes that can be read, each on its own; a number of times that it failed and why is
    not kept.
    """
    key = {name: item[name] for name in ("pk", "sk")}
    good = set(key)
    for name in item.keys() - key.keys() - {"failures", "problem"}:
        tried = {**key, **SCAFFOLD, name: item[name]}
        if isinstance(case_of(tried), Case):
            good.add(name)
    return good


def _cut(change: Expression, item: Item) -> None:
    sound = _readable(item)
    for attribute in item.keys() - sound:
        if attribute != "rev":
            _unchanged(change, attribute, item)
        if attribute not in SCAFFOLD:
            change.remove(attribute)
    for attribute in SCAFFOLD.keys() - sound:
        change.set_stored(attribute, SCAFFOLD[attribute])


def _unchanged(change: Expression, name: str, item: Item) -> Expression:
    return change.require(change.as_stored(name, item))
