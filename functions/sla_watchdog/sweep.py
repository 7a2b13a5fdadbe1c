"""sweep: look at every ticket record, whatever the stream delivered, and put right what drifted."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, evolve, frozen

from sla_watchdog.adapters.segments import Segment, SegmentsQueue
from sla_watchdog.adapters.sns import Topics
from sla_watchdog.adapters.watch import DamagedItem, WatchTable
from sla_watchdog.domain.case import OPERATIONS, Case, Recipient
from sla_watchdog.domain.escalation import Plan
from sla_watchdog.domain.facts import Facts
from sla_watchdog.domain.policy import Policy
from sla_watchdog.domain.record import Record, is_ticket, observed, ticket_id
from sla_watchdog.errors import Unstorable
from sla_watchdog.judging import NAMELESS, Judge
from sla_watchdog.linking import Linker, unlinked
from sla_watchdog.look_alikes import LookAlikes
from sla_watchdog.track import nameless, unreadable

MIN_TIME_LEFT = 15.0
"""Seconds left under which no further page is read; the rest of the segment goes back to the queue."""


@define
class Swept:
    """What the sweep of a segment saw and did. No name here may be one of a log record's own (`created`)."""

    tickets: int = 0
    new_cases: int = 0
    repaired: int = 0
    lost: int = 0
    findings: int = 0
    finished: bool = True


def start(queue: SegmentsQueue, of: int) -> str:
    """Ask for a sweep of the whole table in `of` segments; the run's id."""
    run = secrets.token_hex(4)
    for number in range(of):
        queue.put(Segment(run, number, of))
    return run


@frozen
class _Timed:
    case: Case
    judged: Plan


@frozen
class Sweeper:
    judge: Judge
    queue: SegmentsQueue
    topics: Topics
    topic_prefix: str

    @property
    def policy(self) -> Policy:
        return self.judge.policy

    @property
    def watch(self) -> WatchTable:
        return self.judge.watch

    def sweep(self, segment: Segment, now: int, time_left: Callable[[], float]) -> Swept:
        """Every record of the segment, page by page; what time does not allow goes back to the queue."""
        swept = Swept()
        if segment.number == 0 and not segment.start:
            self._count_subscribers()
        key: Mapping[str, Mapping[str, Any]] | None = json.loads(segment.start) if segment.start else None
        while True:
            records, key = self.judge.tickets.page(segment.number, segment.of, key)
            self._page(records, now, swept)
            if key is None:
                return swept
            if time_left() < MIN_TIME_LEFT:
                self.queue.put(evolve(segment, start=json.dumps(key, sort_keys=True)))
                swept.finished = False
                return swept

    def _count_subscribers(self) -> None:
        """Who can be reached: every audience's topics, and those of single people and teams that are known."""
        audiences = [*self.policy.audiences, OPERATIONS]
        recipients = [Recipient(name, urgent=urgent) for name in audiences for urgent in (False, True)]
        names = {*(recipient.topic for recipient in recipients), *(self.watch.topics() or {})}
        self.watch.set_topics(self.topics.confirmed(self.topic_prefix, sorted(names)))

    def _page(self, records: Sequence[Record], now: int, swept: Swept) -> None:
        named = {self._name(record): record for record in records if is_ticket(record, self.policy.source)}
        swept.tickets += len(named)
        cases = self.watch.cases(named)
        drifted = [name for name, record in named.items() if self._differs(cases.get(name), name, record, now, swept)]
        if drifted:
            self._repair(drifted, now, swept)

    def _name(self, record: Record) -> str:
        source = self.policy.source
        return ticket_id(record, source) or nameless({name: record.get(name) for name in source.key})

    def _differs(self, case: object, name: str, record: Record, now: int, swept: Swept) -> bool:
        """Whether what is stored is not what the record and the policy say now."""
        if not isinstance(case, Case):
            return True
        timed = self._timed(case, name, record, now, swept)
        return timed is not None and timed.case != case

    def _facts(self, name: str, record: Record, known: Facts, now: int) -> Facts:
        if name.startswith(NAMELESS):
            return known or known | unreadable(name, now)
        return known | observed(name, record, self.policy, known, now)

    def _timed(self, case: Case, name: str, record: Record, now: int, swept: Swept) -> _Timed | None:
        """The case as it should be stored: with these facts, this policy's generation, and woken when due.

        None where it cannot be judged: it is left as it is, for `watch` to put back and report; nor is one that a
        newer policy judged written over.
        """
        if case.generation > self.judge.generation.number:
            return None
        try:
            known, judged = self.judge.timed(evolve(case, facts=self._facts(name, record, case.facts, now)), now)
        except Exception:  # noqa: BLE001 - one ticket never stops the sweep
            swept.findings += 1
            return None
        if case.next_at is not None and known.next_at is not None and case.next_at <= now and known.next_at <= now:
            known = evolve(known, next_at=case.next_at, urgent=case.urgent)  # due is due: only the tick moves it on
        return _Timed(known, judged)

    def _repair(self, names: list[str], now: int, swept: Swept) -> None:
        """The scan may show what was; everything is read again consistently before it is written."""
        records = self.judge.tickets.read([name for name in names if not name.startswith(NAMELESS)])
        stored = self.watch.cases(names)
        written: set[str] = set()
        for name in names:
            before = stored.get(name, Case(name))
            if isinstance(before, DamagedItem):
                self.watch.wake(before.case, now)  # `watch` puts it back, and says so
            elif name in records or name.startswith(NAMELESS):
                if before.id in written:  # with another ticket of the same case
                    before = self._again(name)
                written |= {before.id, *self._mend(name, before, records.get(name, {}), now, swept)}

    def _again(self, name: str) -> Case:
        found = self.watch.cases([name]).get(name)
        return found if isinstance(found, Case) else Case(name)

    def _mend(self, name: str, before: Case, record: Record, now: int, swept: Swept) -> frozenset[str]:
        """Keeps what drifted and links what is not; the ids of other cases that were changed."""
        timed = self._timed(before, name, record, now, swept)
        if timed is None:
            return frozenset()
        if timed.case != before and self._keep(before, timed, swept):
            LookAlikes(self.judge).notice(name, before.facts, timed.case.facts, now)
        return Linker(self.judge).link(name, now) if unlinked(timed.case) else frozenset()

    def _keep(self, before: Case, timed: _Timed, swept: Swept) -> bool:
        swept.findings += len(timed.judged.findings)
        try:
            kept = self.watch.keep(timed.case, timed.judged.findings)
        except Unstorable:
            swept.findings += 1
            return False
        if not kept:
            swept.lost += 1
        elif before.rev:
            swept.repaired += 1
        else:
            swept.new_cases += 1
        return kept
