"""The cases in the Watch table: kept by `track` and `sweep`, looked through by `watch` and
`report`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sla_watchdog.adapters.dynamodb.attributes import attribute, plain, typed
from sla_watchdog.adapters.dynamodb.case_item import CASE, case_key, findings_of
from sla_watchdog.adapters.dynamodb.case_reads import CaseReads
from sla_watchdog.adapters.dynamodb.case_writes import (
    case_update,
    drop_notifications,
    seal_actions,
    set_wakeup,
    storable,
)
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import SORT_KEY, Items
from sla_watchdog.adapters.dynamodb.sealing import sealing
from sla_watchdog.adapters.dynamodb.table import Item
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.usecases.watch.ports import Due

LONGEST_REASON = 500
"""Characters kept of why a case was put back."""


def due_of(item: Item) -> Due:
    values: Any = plain(item)
    pk = str(values["pk"])
    case = pk.removeprefix(CASE) if pk.startswith(CASE) else ""
    next_at = Decimal(values["next_at"])
    if next_at == next_at.to_integral_value():
        return Due(case, pk, int(next_at))
    return Due(case, pk, next_at)


class CaseStore:
    """Every write raises `rev` by one; a write that was overtaken says so and has changed
    nothing.
    """

    def __init__(self, items: Items, reads: CaseReads) -> None:
        self._items = items
        self._reads = reads

    def read(self, ids: Iterable[str]) -> dict[str, Case | DamagedItem]:
        """The cases as they are now, by consistent reads, under the ids asked for: one that belongs
        to another case has that one, with its own id. Absent ones, and ids no key can hold, are
        absent.
        """
        return self._reads.cases(ids)

    def due(self, shard: str, now: int) -> Iterator[Due]:
        """What is due in one shard, oldest first, to the last page. The index may lag: read before
        judging.
        """
        pages = self._items.reads.get_paginator("query").paginate(
            TableName=self._items.table,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND next_at <= :now",
            ExpressionAttributeValues=typed({":shard": shard, ":now": now}),
        )
        for page in pages:
            yield from map(due_of, page["Items"])

    def findings(self) -> Iterator[Finding]:
        """What people must mend, of every case; reads the whole table."""
        for page in self._items.scanned("attribute_exists(findings)", {}):
            for item in page:
                yield from findings_of(item)

    def every(self, over: bool) -> Iterator[Case | DamagedItem]:
        """Reads the whole table once, not consistently; with `over` also cases for which nothing is
        to come.
        """
        wanted = "begins_with(pk, :case) AND sk = :room AND attribute_not_exists(moved_to)"
        if not over:
            wanted += " AND attribute_exists(next_at)"
        for page in self._items.scanned(wanted, {":case": CASE, ":room": SORT_KEY}):
            by_pk = {item["pk"]["S"]: item for item in page}
            yield from self._reads.whole(by_pk).values()

    def keep(
        self, case: Case, findings: Iterable[Finding], also: Sequence[Mapping[str, Any]] = ()
    ) -> bool:
        """Writes what is known of the case and when to wake; leaves outbox and levels reached
        alone.

        `also` are actions of the same transaction, each under a condition of its own.

        Only when `rev` is still the one read (0: no such case yet) and no newer generation has
        written. False otherwise, and when a repetition finds its own write done: read again.
        Raises Unstorable for a case that no item can hold.
        """
        stored = sealing(case)
        change = case_update(case, stored, findings)
        change.set_if_absent("outbox", to={})
        drop_notifications(change, case)
        key = case_key(case.id)
        with storable(case.id):
            others = [*seal_actions(self._items, case.id, stored), *also]
            if others:
                stands = self._items.update_with(key, SORT_KEY, change, others)
            else:
                stands = self._items.update(key, SORT_KEY, change)
        return stands is None

    def wake(self, case: str, now: int) -> bool:
        """Due `now`, for a damaged case that nothing would wake: the next tick reports it.

        Only one that is there and not to be woken anyway, so a repetition changes nothing.
        """
        change = Expression()
        set_wakeup(change, case, now, urgent=False)
        change.require(change.present("pk"))
        change.require(change.absent("next_at"))
        return self._items.update(case_key(case), SORT_KEY, change) is None

    def put_back(self, due: Due, until: int, reason: str, counts: bool = True) -> bool:
        """Due again at `until`, for what could not be read or judged; says why, and counts the
        failure if it `counts`.

        Only when `next_at` is still the one found, so of two ticks one counts. Does not look at
        anything else of the item: it may be damaged.
        """
        change = _putting_back(due, until, reason)
        if not counts:
            return self._items.update(due.pk, SORT_KEY, change) is None
        change.add("failures")
        change.require_any(change.absent("failures"), change.is_number("failures"))
        stands = self._items.update(due.pk, SORT_KEY, change)
        if stands is None:
            return True
        if stands.get("next_at") != attribute(due.next_at):
            return False
        anew = _putting_back(due, until, reason)
        anew.set("failures", to=1)
        return self._items.update(due.pk, SORT_KEY, anew) is None


def _putting_back(due: Due, until: int, reason: str) -> Expression:
    change = Expression()
    change.set("next_at", to=until)
    change.set("problem", to=reason[:LONGEST_REASON])
    change.require(change.equals("next_at", to=due.next_at))
    return change
