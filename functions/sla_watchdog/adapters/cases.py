"""The cases in the Watch table: kept by `track` and `sweep`; taken, claimed and settled by `watch`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen
from botocore.exceptions import ClientError

from sla_watchdog.adapters.attributes import attribute, plain, typed
from sla_watchdog.adapters.case_item import (
    CASE,
    DIGEST,
    DamagedItem,
    case_key,
    case_of,
    facts_attribute,
    findings_list,
    findings_of,
    shard_of,
)
from sla_watchdog.adapters.expression import Expression
from sla_watchdog.adapters.table import LONGEST_KEY, Item, Items, code_of, read_all
from sla_watchdog.domain.case import Case
from sla_watchdog.domain.ticket import Finding
from sla_watchdog.errors import Unstorable

ROOM = "W"
"""The sort key of a case and of a digest."""

LONGEST_REASON = 500
"""Characters kept of why a case was put back."""


@frozen
class Due:
    """Something whose `next_at` has come: a case, or a digest when `case` is empty."""

    case: str
    pk: str
    next_at: int

    @property
    def digest(self) -> str:
        """The digest's id; '' for a case."""
        return self.pk.removeprefix(DIGEST) if self.pk.startswith(DIGEST) else ""


def due_of(item: Item) -> Due:
    values: Any = plain(item)
    pk = str(values["pk"])
    return Due(pk.removeprefix(CASE) if pk.startswith(CASE) else "", pk, int(values["next_at"]))


def wakes(change: Expression, case: str, next_at: int | None, urgent: bool) -> None:
    """Both index keys or neither: an item with one of them is in no index and wakes nobody."""
    if next_at is None:
        change.remove("next_at").remove("due_shard")
    else:
        change.set("next_at", to=next_at).set("due_shard", to=shard_of(case, urgent))


def require_rev(change: Expression, case: Case) -> None:
    """The case is as it was read; for one never stored, there is still none."""
    change.require(change.equals("rev", to=case.rev) if case.rev else change.absent("pk"))


class Cases(Items):
    """Every write raises `rev` by one; a write that was overtaken says so and has changed nothing."""

    def cases(self, ids: Iterable[str]) -> dict[str, Case | DamagedItem]:
        """The cases as they are now, by consistent reads. Absent ones, and ids no key can hold, are absent."""
        names = dict.fromkeys(name for name in ids if len(case_key(name).encode()) <= LONGEST_KEY["HASH"])
        keys = [self._key(case_key(name), ROOM) for name in names]
        found = (case_of(item) for item in read_all(self._reads, self._table, keys, self._pause))
        return {(each.case if isinstance(each, DamagedItem) else each.id): each for each in found}

    def due(self, shard: str, now: int) -> Iterator[Due]:
        """What is due in one shard, oldest first, to the last page. The index may lag: read before judging."""
        pages = self._reads.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND next_at <= :now",
            ExpressionAttributeValues=typed({":shard": shard, ":now": now}),
        )
        for page in pages:
            yield from map(due_of, page["Items"])

    def findings(self) -> Iterator[Finding]:
        """What people must mend, of every case; reads the whole table."""
        pages = self._reads.get_paginator("scan").paginate(
            TableName=self._table, FilterExpression="attribute_exists(findings)"
        )
        for page in pages:
            for item in page["Items"]:
                yield from findings_of(item)

    def keep(self, case: Case, findings: Iterable[Finding]) -> bool:
        """Writes what is known of the case and when to wake; leaves outbox and levels reached alone.

        Only when `rev` is still the one read (0: no such case yet) and no newer generation has written.
        False otherwise, and when a repetition finds its own write done: read again. Raises Unstorable for a case
        that no item can hold.
        """
        change = Expression().set("rev", to=case.rev + 1).set("facts", to=facts_attribute(case.facts))
        change.set("generation", to=case.generation).set("seen", to=case.seen)
        change.set_or_remove("failures", case.failures).set_or_remove("findings", findings_list(findings))
        change.set_if_absent("outbox", to={}).set_if_absent("reached", to={})
        if not case.failures:
            change.remove("problem")
        wakes(change, case.id, case.next_at, case.urgent)
        require_rev(change, case)
        newer = f"{change.path('generation')} <= {change.value(case.generation)}"
        change.require(f"{change.absent('generation')} OR {newer}")
        try:
            return self._update(case_key(case.id), ROOM, change) is None
        except ClientError as error:
            if code_of(error) != "ValidationException":
                raise
            raise Unstorable(f"the table refuses case {case.id[:100]!r}: its id or its history is too long") from error

    def wake(self, case: str, now: int) -> bool:
        """Due `now`, for a damaged case that nothing would wake: the next tick reports it.

        Only one that is there and not to be woken anyway, so a repetition changes nothing.
        """
        change = Expression()
        wakes(change, case, now, urgent=False)
        change.require(f"{change.present('pk')} AND {change.absent('next_at')}")
        return self._update(case_key(case), ROOM, change) is None

    def put_back(self, due: Due, until: int, reason: str) -> bool:
        """Due again at `until`, for what could not be read or judged; counts the failure and says why.

        Only when `next_at` is still the one found, so of two ticks one counts. Does not look at anything else
        of the item: it may be damaged.
        """
        change = _putting_back(due, until, reason).add("failures")
        number = f"attribute_type({change.path('failures')}, {change.value('N')})"
        change.require(f"{change.absent('failures')} OR {number}")
        stands = self._update(due.pk, ROOM, change)
        if stands is None or stands.get("next_at") != attribute(due.next_at):
            return stands is None
        return self._update(due.pk, ROOM, _putting_back(due, until, reason).set("failures", to=1)) is None


def _putting_back(due: Due, until: int, reason: str) -> Expression:
    change = Expression().set("next_at", to=until).set("problem", to=reason[:LONGEST_REASON])
    return change.require(change.equals("next_at", to=due.next_at))
