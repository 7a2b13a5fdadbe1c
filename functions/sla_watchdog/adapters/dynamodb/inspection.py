"""The Watch table looked through item by item, and what was found damaged in it put right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import field, frozen

from sla_watchdog.adapters.dynamodb.attributes import map_in, plain, value_of
from sla_watchdog.adapters.dynamodb.case_item import (
    CASE,
    case_key,
    case_of,
    findings_list,
    findings_of,
    levels_map,
    moved_to,
    outbox_map,
    reached_name,
    sealed_in,
    shard_of,
)
from sla_watchdog.adapters.dynamodb.case_reads import SEALED, CaseReads, sealed_keys
from sla_watchdog.adapters.dynamodb.case_writes import require_rev
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.facts_text import DamageError, facts_in
from sla_watchdog.adapters.dynamodb.items import SORT_KEY, Items
from sla_watchdog.adapters.dynamodb.outbox import UNAUDITED
from sla_watchdog.adapters.dynamodb.repair import cut, require_unchanged
from sla_watchdog.adapters.dynamodb.sealing import LongCase, old_of, sealed_of
from sla_watchdog.adapters.dynamodb.table import (
    Item,
    cursor_of,
    is_busy,
    patiently,
    starting_at,
)
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.usecases.sweep.ports import Filing, Page, StoredCase

OF_A_WAKEUP = ("next_at", "due_shard", "failures", "problem")
"""Attributes of an item that is to be looked at again."""

DAMAGED = "X#"
"""Under this and the case's name, with the time in its sort key, the copy of a damaged item is kept
for ever.
"""


class InspectionStore:
    def __init__(self, items: Items, reads: CaseReads) -> None:
        self._items = items
        self._reads = reads

    def page(self, segment: int, of: int, start: str) -> Page:
        """One page of a segment of the whole table, consistent, so that what is odd in it is odd.

        `start` is the `following` of the page before; '' for the first.
        """
        request: dict[str, Any] = {"Segment": segment, "TotalSegments": of, "ConsistentRead": True}
        request |= starting_at(start)
        answer = patiently(
            lambda: self._items.reads.scan(TableName=self._items.table, **request),
            self._items.pause,
            is_busy,
        )
        sorted_items = _PageItems()
        for item in answer["Items"]:
            sorted_items.sort_in(item)
        return Page(
            cases=self._stored(sorted_items.cases),
            moved=tuple(sorted_items.moved),
            awake=frozenset(sorted_items.awake),
            sealed=tuple(sorted_items.sealed),
            unaudited=tuple(sorted_items.unaudited),
            following=cursor_of(answer.get("LastEvaluatedKey")),
        )

    def _stored(self, items: Iterable[Item]) -> tuple[StoredCase, ...]:
        by_pk = {item["pk"]["S"]: item for item in items}
        cases = self._reads.whole(by_pk)
        return tuple(_as_stored(item, cases[pk]) for pk, item in by_pk.items())

    def leading_to(self, names: Iterable[str]) -> dict[str, str]:
        """The cases that these names end at, one step on. Names of which nothing is stored are
        absent.
        """
        items = self._reads.own_items(names)
        one_step_on = {moved_to(item) for item in items.values() if "moved_to" in item}
        ends = self._reads.own_items(one_step_on)
        leading_to = {}
        for name, item in items.items():
            end = ends.get(moved_to(item), item)
            leading_to[name] = _name(end)
        return leading_to

    def with_part(self, case: Case, name: str, number: int) -> Case | None:
        """The case with a sealed item that it had lost sight of; None where that cannot be read."""
        item = self._items.read(case_key(name), f"{SEALED}{number}")
        try:
            facts = facts_in(plain(item or {}).get("facts"))
        except DamageError:
            return None
        counts = dict(sealed_of(case))
        counts[name] = max(number, counts.get(name, 0))
        return LongCase.of(case, counts, old_of(case) | frozenset(facts))

    def clear_wakeup(self, name: str) -> bool:
        """Only the case itself is woken. Only while the name still belongs to another case; a
        repetition changes nothing.
        """
        change = Expression().remove_all(OF_A_WAKEUP)
        change.require(change.present("moved_to"))
        return self._items.update(case_key(name), SORT_KEY, change) is None

    def rekey(self, case: Case) -> bool:
        """Entries and levels under the names by which they are found. Only when `rev` is still the
        one read, so a repetition changes nothing and says False.
        """
        entries = {entry.key: entry for entry in case.outbox.values()}
        change = Expression()
        change.set("rev", to=case.rev + 1)
        change.set("reached", to=levels_map(case.reached))
        change.set("outbox", to=outbox_map(entries))
        require_rev(change, case)
        return self._items.update(case_key(case.id), SORT_KEY, change) is None

    def repair(self, name: str, now: int) -> str:
        """Cuts out of a damaged item what cannot be read, in one transaction with a copy of all of
        it.

        Where the copy is; '' where nothing can be done, or the item was written meanwhile: only
        while it is as it was read. Of sealed items the last may be missing; a gap before others,
        or one that cannot be read, is left to be reported.
        """
        item = self._items.read(case_key(name), SORT_KEY)
        if item is None:
            return ""
        change = Expression()
        require_unchanged(change, "rev", item)
        if isinstance(case_of(item), Case):
            there = self._sealed_there(item)
            if there is None:
                return ""
            change.set_or_remove("sealed", there)
            change.remove("failures")
            change.remove("problem")
        else:
            cut(change, item)
        where = f"{DAMAGED}{name}"
        copy = Expression()
        copy.set_stored("item", {"M": item})
        copy.set("at", to=now)
        kept = self._items.update_action(where, str(now), copy)
        if self._items.update_with(case_key(name), SORT_KEY, change, [kept]) is not None:
            return ""
        return where

    def _sealed_there(self, item: Item) -> dict[str, int] | None:
        """How many sealed items there are where the last are missing; None where that is not all
        that is wrong.
        """
        counts = sealed_in(item)
        there = dict.fromkeys(counts, 0)
        highest = dict.fromkeys(counts, 0)
        for part in self._items.read_all(sealed_keys(counts)):
            sealed = _sealed(part)
            if sealed is not None:
                case, number = sealed
                there[case] += 1
                highest[case] = max(number, highest[case])
        if there == counts or highest != there:
            return None
        return there


@frozen
class _PageItems:
    """The items of cases on one page, by what they are."""

    cases: list[Item] = field(factory=list)
    moved: list[str] = field(factory=list)
    awake: list[str] = field(factory=list)
    sealed: list[tuple[str, int]] = field(factory=list)
    unaudited: list[str] = field(factory=list)

    def sort_in(self, item: Item) -> None:
        if not item["pk"]["S"].startswith(CASE):
            return
        sealed = _sealed(item)
        if sealed is not None:
            self.sealed.append(sealed)
        if item["sk"]["S"] == SORT_KEY:
            self._sort_in_main(item)

    def _sort_in_main(self, item: Item) -> None:
        if UNAUDITED in item:
            self.unaudited.append(_name(item))
        if "moved_to" not in item:
            self.cases.append(item)
            return
        self.moved.append(_name(item))
        if "next_at" in item or "due_shard" in item:
            self.awake.append(_name(item))


def _name(item: Item) -> str:
    return str(item["pk"]["S"]).removeprefix(CASE)


def _sealed(item: Item) -> tuple[str, int] | None:
    """The case and the number of a sealed item; None for another."""
    sort_key = item["sk"]["S"]
    number = sort_key.removeprefix(SEALED)
    if sort_key == number or not number.isdecimal():
        return None
    return _name(item), int(number)


def _as_stored(item: Item, case: Case | DamagedItem) -> StoredCase:
    if isinstance(case, DamagedItem):
        return StoredCase(case)
    names = map_in(_plain_of(item, "reached")).keys()
    return StoredCase(
        case=case,
        filing=_filing(item, case),
        findings=_findings(item),
        levels_misfiled=names != {reached_name(*key) for key in case.reached},
        failed="problem" in item,
    )


def _filing(item: Item, case: Case) -> Filing:
    shard = item.get("due_shard", {}).get("S")
    if shard is None:
        return Filing.NOWHERE
    if shard == shard_of(case.id, urgent=True):
        return Filing.URGENT
    if shard == shard_of(case.id, urgent=False):
        return Filing.ORDINARY
    return Filing.ASTRAY


def _findings(item: Item) -> tuple[Finding, ...] | None:
    findings = findings_of(item)
    stored = _plain_of(item, "findings") or []
    if stored != findings_list(findings):
        return None
    return tuple(findings)


def _plain_of(item: Item, name: str) -> object:
    """None where it is absent."""
    if name not in item:
        return None
    return value_of(item[name])
