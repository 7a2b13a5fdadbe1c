"""The outbox of a case: alerts claimed, sent, and taken out together with the record of it.

While the Audit table cannot be written, the records are kept in the item of their case, as
`unaudited`: what was sent counts as told all the same, and the next sweep puts them where they
belong.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.audit import AuditItem, audit_item, put_records
from sla_watchdog.adapters.dynamodb.case_item import (
    case_key,
    case_of,
    outbox_map,
    reached_map,
    reached_name,
)
from sla_watchdog.adapters.dynamodb.case_reads import SORT_KEY
from sla_watchdog.adapters.dynamodb.cases import (
    judged_under,
    require_rev,
    storable,
    wakes,
    without_outlived,
)
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.table import Item, Items, Pause, is_refused, slices
from sla_watchdog.domain.escalation.case import Case, Entry, LastNotified
from sla_watchdog.domain.escalation.outlived import outlived

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT_ONCE = 90
"""Audit items, and levels reached, in one transaction (which takes 100 actions and 4 KB of
expression).
"""

UNAUDITED = "unaudited"

Levels = Mapping[tuple[str, str], LastNotified]


class Settled(Enum):
    """What became of an entry that was to be taken out of the outbox."""

    DONE = "done"
    OVERTAKEN = "overtaken"
    """Done, but others wrote the case since it was read: it is due again at once."""
    LOST = "lost"
    """The claim lapsed and somebody else holds the entry, or it is settled already: nothing was
    taken out.
    """


@frozen
class ClaimedEntry:
    """An entry of the outbox, held under a lease token. Whatever is written about it requires that
    token.
    """

    case: Case
    key: str
    token: str

    def change(self) -> Expression:
        change = Expression().add("rev")
        return change.require(change.equals("outbox", self.key, "token", to=self.token))

    def until(self, until: int, attempts: int) -> Expression:
        """No digest will carry it any more: else one that was sent without it would count as its
        own.
        """
        change = (
            self.change()
            .set("outbox", self.key, "until", to=until)
            .set("outbox", self.key, "digest", to="")
        )
        return change.set("outbox", self.key, "attempts", to=attempts)

    def reaching(self, levels: Levels) -> Expression:
        change = self.change()
        for (clock, recipient), each in levels.items():
            change.set(
                "reached", reached_name(clock, recipient), to=reached_map(clock, recipient, each)
            )
        return without_outlived(change, self.case, levels)

    def taking_out(self, levels: Levels, next_at: int | None, urgent: bool) -> Expression:
        change = (
            self.reaching(levels).remove("outbox", self.key).remove("failures").remove("problem")
        )
        wakes(change, self.case.id, next_at, urgent)
        return change

    def is_in(self, item: Item) -> bool:
        return token_of(item, self.key) == self.token


def token_of(item: Item, key: str) -> str:
    """The lease token of an entry in a stored case; '' where there is none."""
    entry = item.get("outbox", {}).get("M", {}).get(key, {}).get("M", {})
    return str(entry.get("token", {}).get("S", ""))


class Outbox(Items):
    """Claims and what becomes of them. Every write raises `rev` by one."""

    def __init__(
        self,
        reads: DynamoDBClient,
        writes: DynamoDBClient,
        table: str,
        audit_table: str,
        pause: Pause = time.sleep,
    ) -> None:
        super().__init__(reads, writes, table, pause)
        self._audit_table = audit_table

    def claim(
        self, case: Case, entries: Mapping[str, Entry], next_at: int | None, urgent: bool
    ) -> Case | None:
        """Puts the entries into the outbox beside those there, and sets when to wake; the case as
        now stored. What was judged is recorded with it: breaches, and the policy's generation.

        Only when `rev` is still the one read. None otherwise: read and judge again. A repetition
        that finds its own tokens in the outbox was done the first time, and says so. Raises
        Unstorable for a case that no item can hold with them.
        """
        outbox = {**case.outbox, **entries}
        change = Expression().set("rev", to=case.rev + 1).set("outbox", to=outbox_map(outbox))
        change.remove("failures").remove("problem")
        without_outlived(change, case)
        judged_under(change, case)
        wakes(change, case.id, next_at, urgent)
        require_rev(change, case)
        with storable(case.id):
            stands = self._update(case_key(case.id), SORT_KEY, change)
        if stands is None:
            return _woken(evolve(case, rev=case.rev + 1, outbox=outbox), next_at, urgent)
        mine = entries and all(token_of(stands, key) == each.token for key, each in entries.items())
        claimed = case_of(stands) if mine else None
        return claimed if isinstance(claimed, Case) else None

    def settle(
        self,
        case: Case,
        key: str,
        token: str,
        reached: Levels,
        audit: Sequence[AuditItem],
        next_at: int | None,
        urgent: bool,
        now: int,
    ) -> tuple[Settled, Case]:
        """Takes an entry out of the outbox, sets the levels reached, puts the audit items: one
        transaction. Breaches are recorded with it.

        Only while the entry is held under `token`, so a repetition finds it gone and writes
        nothing. Where the case was written since it was read, `next_at` is not believed: the
        case is due `now`, to be judged again.

        More than 90 levels or audit items take several transactions, each under the same
        condition; the last one takes the entry out. Raises Unstorable for a case that no item
        can hold.
        """
        *early, (levels, items) = _parts(reached, audit)
        for part, some in early:
            if (
                self._transact(case.id, ClaimedEntry(case, key, token).reaching(part), some)
                is not None
            ):
                return Settled.LOST, case
            case = evolve(case, rev=case.rev + 1, reached=_reached(case, part))
        held = ClaimedEntry(case, key, token)
        change = held.taking_out(levels, next_at, urgent)
        judged_under(change, case)
        require_rev(change, case)
        stands = self._transact(case.id, change, items)
        if stands is None:
            return Settled.DONE, _woken(_without(case, key, levels), next_at, urgent)
        if held.is_in(stands):
            return self._settle_overtaken(held, levels, items, stands, now)
        return Settled.LOST, case

    def _settle_overtaken(
        self, held: ClaimedEntry, levels: Levels, audit: Sequence[AuditItem], stands: Item, now: int
    ) -> tuple[Settled, Case]:
        stored = case_of(stands)
        case = stored if isinstance(stored, Case) else held.case
        next_at = now if case.next_at is None else min(now, case.next_at)
        change = held.taking_out(levels, next_at, case.urgent)
        if self._transact(case.id, change, audit) is not None:
            return Settled.LOST, held.case
        return Settled.OVERTAKEN, _woken(_without(case, held.key, levels), next_at, case.urgent)

    def retry_later(self, case: Case, key: str, token: str, until: int, attempts: int) -> bool:
        """After a send that failed: the entry is held until `until`, and the case is due then at
        the latest.

        Only while the entry is held under `token`. A repetition writes the same once more.
        """
        held = ClaimedEntry(case, key, token)
        sooner = held.until(until, attempts)
        wakes(sooner, case.id, until, case.urgent)
        sooner.require(
            f"{sooner.absent('next_at')} OR {sooner.path('next_at')} > {sooner.value(until)}"
        )
        if self._update(case_key(case.id), SORT_KEY, sooner) is None:
            return True
        return self._update(case_key(case.id), SORT_KEY, held.until(until, attempts)) is None

    def _transact(self, case: str, change: Expression, audit: Sequence[AuditItem]) -> Item | None:
        """None when all was written; else the case's condition did not hold: its item as it stands.

        Where the transaction fails for good, the case is written without the Audit table: had
        its answer been lost alone, the condition does not hold any more.
        """
        items = list({item.key: audit_item(item) for item in audit}.values())
        puts: list[dict[str, Any]] = [
            {"Put": {"TableName": self._audit_table, "Item": item}} for item in items
        ]
        with storable(case):
            try:
                return self._update_with(case_key(case), SORT_KEY, change, puts)
            except (ClientError, HTTPClientError, NoConnectionError) as error:
                if isinstance(error, ClientError) and is_refused(error):
                    raise
            return self._update(
                case_key(case), SORT_KEY, change.append(UNAUDITED, *map(plain, items))
            )

    def wait_for_audit(self, case: str, audit: Sequence[AuditItem]) -> bool:
        """Keeps records with their case, for the next sweep. Only with one that is there; twice is
        as good as once.
        """
        change = Expression().append(UNAUDITED, *(plain(audit_item(item)) for item in audit))
        return self._update(case_key(case), SORT_KEY, change.require(change.present("pk"))) is None

    def audit_what_waits(self, item: Item) -> int:
        """Puts the records that wait in a case's item into the Audit table and takes them out; how
        many. Raises Unavailable where that still cannot be written. A repetition puts the same
        again.
        """
        waiting = [each["M"] for each in item.get(UNAUDITED, {}).get("L", []) if "M" in each]
        distinct = {
            (each["pk"]["S"], each["sk"]["S"]): each
            for each in waiting
            if {"pk", "sk"} <= each.keys()
        }
        put_records(self._writes, self._audit_table, distinct.values(), self._pause)
        change = Expression().remove(UNAUDITED)
        change.require(change.as_stored(UNAUDITED, item))
        self._update(str(item["pk"]["S"]), SORT_KEY, change)
        return len(distinct)


Part = tuple[dict[tuple[str, str], LastNotified], list[AuditItem]]


def _parts(reached: Levels, audit: Sequence[AuditItem]) -> list[Part]:
    """What one transaction takes at a time; at least one part, which may be empty."""
    levels, items = list(slices(reached.items(), AT_ONCE)), list(slices(audit, AT_ONCE))
    count = max(len(levels), len(items), 1)
    levels += [[]] * (count - len(levels))
    items += [[]] * (count - len(items))
    return [(dict(some), few) for some, few in zip(levels, items, strict=True)]


def _without(case: Case, key: str, levels: Levels) -> Case:
    outbox = {name: entry for name, entry in case.outbox.items() if name != key}
    return evolve(case, rev=case.rev + 1, reached=_reached(case, levels), outbox=outbox)


def _reached(case: Case, levels: Levels) -> Levels:
    gone = set(outlived(case.reached, levels))
    return {**{key: each for key, each in case.reached.items() if key not in gone}, **levels}


def _woken(case: Case, next_at: int | None, urgent: bool) -> Case:
    return evolve(case, next_at=next_at, urgent=urgent and next_at is not None, failures=0)
