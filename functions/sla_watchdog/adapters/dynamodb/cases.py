"""The cases in the Watch table: kept by `track` and `sweep`; taken, claimed and settled by `watch`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from typing import Any

from attrs import frozen
from botocore.exceptions import ClientError

from sla_watchdog.adapters.dynamodb.attributes import attribute, plain, typed
from sla_watchdog.adapters.dynamodb.case_item import (
    CASE,
    DIGEST,
    case_key,
    findings_list,
    findings_of,
    reached_name,
    shard_of,
)
from sla_watchdog.adapters.dynamodb.case_reads import SEALED, SORT_KEY, CaseReads
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.facts_text import packed
from sla_watchdog.adapters.dynamodb.sealing import Sealing, sealing
from sla_watchdog.adapters.dynamodb.table import Item, is_refused
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.outlived import outlived
from sla_watchdog.domain.tickets.facts import Fact
from sla_watchdog.errors import Unstorable

MOST_TAKEN_OUT = 100
"""Levels told that one write takes out, beside the 90 that it may set: an expression has at most 4
KB.
"""

LONGEST_REASON = 500
"""Characters kept of why a case was put back."""


@frozen
class Due:
    """Something whose `next_at` has come: a case, or a digest when `case` is empty.

    `next_at` is just what the index holds, which may be no whole number where the item is damaged.
    """

    case: str
    pk: str
    next_at: int | Decimal

    @property
    def digest(self) -> str:
        """The digest's id; '' for a case."""
        return self.pk.removeprefix(DIGEST) if self.pk.startswith(DIGEST) else ""


def due_of(item: Item) -> Due:
    values: Any = plain(item)
    pk = str(values["pk"])
    number = Decimal(values["next_at"])
    whole = int(number) if number == number.to_integral_value() else number
    return Due(pk.removeprefix(CASE) if pk.startswith(CASE) else "", pk, whole)


def wakes(change: Expression, case: str, next_at: int | None, urgent: bool) -> None:
    """Both index keys or neither: an item with one of them is in no index and wakes nobody."""
    if next_at is None:
        change.remove("next_at").remove("due_shard")
    else:
        change.set("next_at", to=next_at).set("due_shard", to=shard_of(case, urgent))


def known(case: Case, stored: Sealing, findings: Iterable[Finding]) -> Expression:
    """All that is known of the case but what was told and what is on its way, under the conditions
    of `keep`.
    """
    change = Expression().set("rev", to=case.rev + 1).set("facts", to=stored.text)
    change.set_or_remove("sealed", stored.sealed).set("seen", to=case.seen)
    change.set_or_remove("seen_at", case.seen_at).set_or_remove("read_at", case.read_at)
    change.set_or_remove("members", sorted(case.members.difference(case.facts.tickets())))
    change.set_or_remove("failures", case.failures).set_or_remove(
        "findings", findings_list(findings)
    )
    if not case.failures:
        change.remove("problem")
    judged_under(change, case)
    wakes(change, case.id, case.next_at, case.urgent)
    require_rev(change, case)
    require_generation(change, case.generation)
    return change


def judged_under(change: Expression, case: Case) -> None:
    """The policy that judged it last, and what that must not take back."""
    change.set("generation", to=case.generation).set_or_remove("edited_at", case.edited_at)
    change.set_or_remove("breached", case.breached)


def without_outlived(
    change: Expression, case: Case, new: Collection[tuple[str, str]] = ()
) -> Expression:
    """Takes out levels told that no judgement asks for any more; a case that has very many loses
    some with each write, so that there is room for what is written.
    """
    gone = list(islice(outlived(case.reached, new), MOST_TAKEN_OUT))
    for clock, recipient in gone:
        change.remove("reached", reached_name(clock, recipient))
    return change if gone or new else change.set_if_absent("reached", to={})


def require_generation(change: Expression, generation: int) -> None:
    newer = f"{change.path('generation')} <= {change.value(generation)}"
    change.require(f"{change.absent('generation')} OR {newer}")


def require_rev(change: Expression, case: Case) -> None:
    """The case is as it was read; for one never stored, there is still none."""
    change.require(change.equals("rev", to=case.rev) if case.rev else change.absent("pk"))


@contextmanager
def storable(case: str) -> Iterator[None]:
    """Raises Unstorable where the table refuses what is written of the case."""
    try:
        yield
    except ClientError as error:
        if not is_refused(error):
            raise
        raise Unstorable(
            f"the table refuses case {case[:100]!r}: its id or its history is too long"
        ) from error


class Cases(CaseReads):
    """Every write raises `rev` by one; a write that was overtaken says so and has changed nothing."""

    def due(self, shard: str, now: int) -> Iterator[Due]:
        """What is due in one shard, oldest first, to the last page. The index may lag: read before
        judging.
        """
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
        change = known(case, stored, findings)
        change.set_if_absent("outbox", to={})
        without_outlived(change, case)
        with storable(case.id):
            others = [*self.sealed_parts(case.id, stored), *also]
            if not others:
                return self._update(case_key(case.id), SORT_KEY, change) is None
            return self._update_with(case_key(case.id), SORT_KEY, change, others) is None

    def sealed_parts(self, case: str, stored: Sealing) -> list[dict[str, Any]]:
        """The sealed items, for the transaction that takes their facts out of the case's own; never
        written over.
        """
        return [
            {"Update": self._request(case_key(case), f"{SEALED}{number}", _sealed(facts))}
            for number, facts in stored.parts.items()
        ]

    def wake(self, case: str, now: int) -> bool:
        """Due `now`, for a damaged case that nothing would wake: the next tick reports it.

        Only one that is there and not to be woken anyway, so a repetition changes nothing.
        """
        change = Expression()
        wakes(change, case, now, urgent=False)
        change.require(f"{change.present('pk')} AND {change.absent('next_at')}")
        return self._update(case_key(case), SORT_KEY, change) is None

    def put_back(self, due: Due, until: int, reason: str, counts: bool = True) -> bool:
        """Due again at `until`, for what could not be read or judged; says why, and counts the
        failure if it `counts`.

        Only when `next_at` is still the one found, so of two ticks one counts. Does not look at
        anything else of the item: it may be damaged.
        """
        change = _putting_back(due, until, reason)
        if not counts:
            return self._update(due.pk, SORT_KEY, change) is None
        change.add("failures")
        number = f"attribute_type({change.path('failures')}, {change.value('N')})"
        change.require(f"{change.absent('failures')} OR {number}")
        stands = self._update(due.pk, SORT_KEY, change)
        if stands is None or stands.get("next_at") != attribute(due.next_at):
            return stands is None
        return (
            self._update(due.pk, SORT_KEY, _putting_back(due, until, reason).set("failures", to=1))
            is None
        )


def _putting_back(due: Due, until: int, reason: str) -> Expression:
    change = Expression().set("next_at", to=until).set("problem", to=reason[:LONGEST_REASON])
    return change.require(change.equals("next_at", to=due.next_at))


def _sealed(facts: Iterable[Fact]) -> Expression:
    change = Expression().set("facts", to=packed(facts))
    return change.require(change.absent("pk"))
