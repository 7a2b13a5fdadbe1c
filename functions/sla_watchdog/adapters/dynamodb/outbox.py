"""The outbox of a case: alerts claimed, sent, and taken out together with the record of it.

While the Audit table cannot be written, the records are kept in the item of their case, as
`unaudited`: what was sent counts as notified all the same, and the next sweep puts them where they
belong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve, frozen
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.audit import (
    AuditActions,
    audit_item,
    audit_key,
    put_records,
)
from sla_watchdog.adapters.dynamodb.case_item import case_key, case_of, outbox_map
from sla_watchdog.adapters.dynamodb.case_writes import (
    drop_notifications,
    judged_under,
    require_rev,
    set_wakeup,
    storable,
)
from sla_watchdog.adapters.dynamodb.claimed_entry import ClaimedEntry, token_of
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import SORT_KEY, Items
from sla_watchdog.adapters.dynamodb.table import Item, is_refused, slices
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Case, Entry, later_runs
from sla_watchdog.domain.escalation.dropped_notifications import dropped
from sla_watchdog.usecases.watch.ports import Levels, Settled

AT_ONCE = 90
"""Audit items, and levels reached, in one transaction (which takes 100 actions and 4 KB of
expression).
"""

UNAUDITED = "unaudited"


class Outbox:
    """Claims and what becomes of them. Every write raises `rev` by one."""

    def __init__(self, items: Items, audit: AuditActions) -> None:
        self._items = items
        self._audit = audit

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
        change = Expression()
        change.set("rev", to=case.rev + 1)
        change.set("outbox", to=outbox_map(outbox))
        change.remove("failures")
        change.remove("problem")
        drop_notifications(change, case)
        judged_under(change, case)
        set_wakeup(change, case.id, next_at, urgent)
        require_rev(change, case)
        with storable(case.id):
            stands = self._items.update(case_key(case.id), SORT_KEY, change)
        if stands is not None:
            return _claimed_before(stands, entries)
        claimed = evolve(case, rev=case.rev + 1, outbox=outbox)
        return _woken(claimed, next_at, urgent)

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
        """Takes an entry out of the outbox, sets the levels reached and the runs of messages of
        `case`, puts the audit items: one transaction. More than 90 levels or items take several, of
        which the last takes the entry out.

        Only while the entry is held under `token`, so a repetition finds it gone and writes
        nothing. Where the case was written since it was read, it is due `now`, not at `next_at`.
        Raises Unstorable for a case that no item can hold.
        """
        held = ClaimedEntry(case, key, token)
        *early, last = _parts(reached, audit)
        for part in early:
            change = held.reaching(part.levels)
            if self._transact(case.id, change, part.records) is not None:
                return Settled.LOST, held.case
            held = evolve(held, case=_having_reached(held.case, part.levels))
        stands = self._take_out(held, last, next_at, urgent)
        if stands is None:
            return Settled.DONE, _woken(_without(held, last), next_at, urgent)
        if held.is_in(stands):
            return self._settle_overtaken(held, last, stands, now)
        return Settled.LOST, held.case

    def _take_out(
        self, held: ClaimedEntry, part: _Transaction, next_at: int | None, urgent: bool
    ) -> Item | None:
        """Where nobody has written the case since it was read; breaches are recorded with it."""
        change = held.taking_out(part.levels, next_at, urgent)
        judged_under(change, held.case)
        require_rev(change, held.case)
        return self._transact(held.case.id, change, part.records)

    def _settle_overtaken(
        self, held: ClaimedEntry, part: _Transaction, stands: Item, now: int
    ) -> tuple[Settled, Case]:
        stored = case_of(stands)
        case = stored if isinstance(stored, Case) else held.case
        case = evolve(case, message_runs=later_runs(case.message_runs, held.case.message_runs))
        next_at = now if case.next_at is None else min(now, case.next_at)
        overtaken = evolve(held, case=case)
        change = overtaken.taking_out(part.levels, next_at, case.urgent)
        if self._transact(case.id, change, part.records) is not None:
            return Settled.LOST, held.case
        settled = _without(overtaken, part)
        return Settled.OVERTAKEN, _woken(settled, next_at, case.urgent)

    def retry_later(self, case: Case, key: str, token: str, until: int, attempts: int) -> bool:
        """After a send that failed: the entry is held until `until`, and the case is due then at
        the latest.

        Only while the entry is held under `token`. A repetition writes the same once more.
        """
        held = ClaimedEntry(case, key, token)
        pk = case_key(case.id)
        sooner = held.sooner(until, attempts)
        if self._items.update(pk, SORT_KEY, sooner) is None:
            return True
        later = held.until(until, attempts)
        return self._items.update(pk, SORT_KEY, later) is None

    def _transact(self, case: str, change: Expression, audit: Sequence[AuditItem]) -> Item | None:
        """None when all was written; else the case's condition did not hold: its item as it stands.

        Where the transaction fails for good, the case is written without the Audit table: had
        its answer been lost alone, the condition does not hold any more.
        """
        distinct = {audit_key(record): record for record in audit}
        puts = [self._audit.put(record) for record in distinct.values()]
        with storable(case):
            try:
                return self._items.update_with(case_key(case), SORT_KEY, change, puts)
            except (ClientError, HTTPClientError, NoConnectionError) as error:
                if isinstance(error, ClientError) and is_refused(error):
                    raise
            waiting = change.append(UNAUDITED, *_records(distinct.values()))
            return self._items.update(case_key(case), SORT_KEY, waiting)

    def wait_for_audit(self, case: str, audit: Sequence[AuditItem]) -> bool:
        """Keeps records with their case, for the next sweep. Only with one that is there; twice is
        as good as once.
        """
        records = _records(audit)
        change = Expression().append(UNAUDITED, *records)
        change.require(change.present("pk"))
        return self._items.update(case_key(case), SORT_KEY, change) is None

    def audit_what_waits(self, case: str) -> int | None:
        """Puts the records that wait in a case's item into the Audit table and takes them out; how
        many, or None where none wait any more. Raises Unavailable where that still cannot be
        written. A repetition puts the same again.
        """
        item = self._items.read(case_key(case), SORT_KEY) or {}
        if UNAUDITED not in item:
            return None
        records = _records_in(item)
        put_records(self._items.writes, self._audit.table, records, self._items.pause)
        change = Expression().remove(UNAUDITED)
        change.require(change.as_stored(UNAUDITED, item))
        self._items.update(case_key(case), SORT_KEY, change)
        return len(records)


def _records_in(item: Item) -> list[Item]:
    """The records that wait in a case's item, each key once; without what is none."""
    records: dict[tuple[str, str], Item] = {}
    for member in item[UNAUDITED].get("L", []):
        record = member.get("M", {})
        if {"pk", "sk"} <= record.keys():
            records[record["pk"]["S"], record["sk"]["S"]] = record
    return list(records.values())


def _records(audit: Iterable[AuditItem]) -> list[dict[str, object]]:
    return [plain(audit_item(record)) for record in audit]


def _claimed_before(stands: Item, entries: Mapping[str, Entry]) -> Case | None:
    """The case as stored where the entries are in it under these very tokens."""
    if not entries:
        return None
    for key, entry in entries.items():
        if token_of(stands, key) != entry.token:
            return None
    claimed = case_of(stands)
    return claimed if isinstance(claimed, Case) else None


@frozen
class _Transaction:
    """What one transaction takes."""

    levels: Levels
    records: Sequence[AuditItem]


def _parts(reached: Levels, audit: Sequence[AuditItem]) -> list[_Transaction]:
    """What one transaction takes at a time; at least one part, which may be empty."""
    levels = list(slices(reached.items(), AT_ONCE))
    records = list(slices(audit, AT_ONCE))
    count = max(len(levels), len(records), 1)
    levels += [[]] * (count - len(levels))
    records += [[]] * (count - len(records))
    return [_Transaction(dict(some), few) for some, few in zip(levels, records, strict=True)]


def _without(held: ClaimedEntry, part: _Transaction) -> Case:
    outbox = dict(held.case.outbox)
    outbox.pop(held.key, None)
    return evolve(_having_reached(held.case, part.levels), outbox=outbox)


def _having_reached(case: Case, levels: Levels) -> Case:
    reached = dict(case.reached)
    for key in dropped(case.reached, levels):
        reached.pop(key, None)
    reached.update(levels)
    return evolve(case, rev=case.rev + 1, reached=reached)


def _woken(case: Case, next_at: int | None, urgent: bool) -> Case:
    return evolve(case, next_at=next_at, urgent=urgent and next_at is not None, failures=0)
