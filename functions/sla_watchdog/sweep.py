"""sweep: look at every ticket record, whatever the stream delivered, and put right what drifted."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import asdict, evolve, frozen

from sla_watchdog.adapters.segments import Segment, SegmentsQueue
from sla_watchdog.adapters.sns import Topics
from sla_watchdog.adapters.table import LONGEST_PROBLEM, described
from sla_watchdog.adapters.watch import DamagedItem, WatchTable
from sla_watchdog.domain.case import Case
from sla_watchdog.domain.deletions import Deletions, few_left
from sla_watchdog.domain.facts import UNREADABLE, Fact, Facts
from sla_watchdog.domain.policy import Policy
from sla_watchdog.domain.record import Past, Record, is_ticket, observed, ticket_id
from sla_watchdog.errors import Unavailable, Unstorable
from sla_watchdog.invariants import Inspector, Swept, Timed, timed
from sla_watchdog.judging import Judge, is_stand_in
from sla_watchdog.linking import Linker, belongs, unlinked
from sla_watchdog.listeners import Listeners
from sla_watchdog.look_alikes import LookAlikes
from sla_watchdog.track import nameless, unreadable

MIN_TIME_LEFT = 15.0
"""Seconds left under which no further page is read; the rest of the segment goes back to the queue."""


SWEEPING = 1800
"""Seconds after the last sign of a sweep for which no other begins."""

MANY = 10
"""Tickets of which a sweep must see at least half again the next time (semantics E10)."""


@frozen
class Reading:
    """Records by consistent reads that `began` and `ended` then, epoch seconds. What is new in them is dated at the
    end: dated too early it could take a breach back.
    """

    records: Mapping[str, Record]
    began: int
    ended: int


def start(queue: SegmentsQueue, of: int, run: str = "") -> str:
    """Ask for a sweep of the whole table in `of` segments; the run's id."""
    run = run or secrets.token_hex(4)
    for number in range(of):
        queue.put(Segment(run, number, of))
    return run


def begin(watch: WatchTable, queue: SegmentsQueue, of: int, now: int) -> str:
    """`start` of a sweep that the schedule asks for, unless one is under way, which ends first: the run's id, or ''
    then. Raises Unavailable.
    """
    run = secrets.token_hex(4)
    if not watch.run_lease(run, now, now + SWEEPING, "sweeping"):
        return ""
    try:
        return start(queue, of, run)
    except Unavailable:
        watch.release_run(run, "sweeping")
        raise


@frozen
class Sweeper:
    judge: Judge
    queue: SegmentsQueue
    topics: Topics
    topic_prefix: str
    elapsed: Callable[[], float] = lambda: 0.0
    """Seconds since the `now` that it is given."""

    @property
    def policy(self) -> Policy:
        return self.judge.policy

    @property
    def watch(self) -> WatchTable:
        return self.judge.watch

    def sweep(self, segment: Segment, now: int, time_left: Callable[[], float]) -> Swept:
        """Every record of the segment, then every case of it, page by page; what time does not allow goes back to the
        queue.
        """
        swept = Swept()
        if segment.number == 0 and not segment.start and segment.table == "tickets":
            Listeners(self.policy, self.watch, self.topics, self.topic_prefix, self.judge.live).count(now, swept)
        self.watch.run_lease(segment.run, now, now + SWEEPING, "sweeping")
        rest = self._pages(segment, partial(self._clock, now), time_left, swept)
        if rest is not None:
            self.queue.put(evolve(rest, counts=_sums(segment.counts, swept)))
            swept.finished = False
        if swept.noticed:
            self.watch.notice(swept.noticed, swept.wrong)
        if swept.finished:
            swept.whole = self._finish(segment, swept, now)
        return swept

    def _pages(
        self, segment: Segment, clock: Callable[[], int], time_left: Callable[[], float], swept: Swept
    ) -> Segment | None:
        """Does page after page; the page that time does not allow, or that fails after others were done, is left.

        The first page of a call raises: the queue brings it again, and gives it up after five times.
        """
        at = segment
        while True:
            try:
                following = self._next_page(at, clock, swept)
            except Exception as error:
                if at is segment:
                    raise
                swept.problem = described(error)[:LONGEST_PROBLEM]
                return at
            if following is None or time_left() < MIN_TIME_LEFT:
                return following
            at = following

    def _finish(self, segment: Segment, swept: Swept, now: int) -> Mapping[str, int] | None:
        """The sums of the whole sweep where this was the last segment missing, which are kept for `doctor`."""
        progress = self.watch.sweep_progress(segment.run, segment.of)
        progress.start(now)
        total = progress.segment_done(segment.number, _sums(segment.counts, swept))
        if total is None:
            return None
        self.watch.release_run(segment.run, "sweeping")
        wrong = self._deletions(total, now)
        self.watch.notice(wrong, wrong)
        total = {**total, "violations": total.get("violations", 0) + len(wrong)}
        self.watch.swept(now, total)
        return total

    def _deletions(self, total: Mapping[str, int], now: int) -> list[str]:
        """What a whole sweep has to say of records that are missing. It ends what was held once few still are."""
        known = self.watch.deletions(now)
        if known.held_since is None:
            return self._shrunk(total, known, now)
        missing, tickets = total.get("missing", 0), total.get("tickets_open", 0)
        whole = total.get("cases_held", 0) == total.get("cases", 0)
        if whole and few_left(missing, known.went, tickets):
            self.watch.believe_deletions()
            return []
        told = f"deletions: {missing} of {tickets} open tickets have no record any more: see `sla-watchdog deletions`"
        return self._shrunk(total, known, now) or [told]

    def _shrunk(self, total: Mapping[str, int], known: Deletions, now: int) -> list[str]:
        before = self.watch.last_sweep()
        had, has = (before.counts.get("tickets", 0) if before else 0), total.get("tickets", 0)
        most, since = self.watch.most_seen(has, now)
        if before is not None and had >= most:
            most, since = had, before.at
        if most < MANY or 2 * has >= most or now < known.accepted_until:
            return []
        self.watch.hold_deletions(since, now)
        return [f"tickets: {has} seen, {most} the time before"]

    def _clock(self, began: int) -> int:
        return began + int(self.elapsed())

    def _next_page(self, at: Segment, clock: Callable[[], int], swept: Swept) -> Segment | None:
        """Does one page; where the next one starts, None after the last case."""
        start: Mapping[str, Mapping[str, Any]] | None = json.loads(at.start) if at.start else None
        if at.table == "tickets":
            records, following = self.judge.tickets.page(at.number, at.of, start)
            self._page(records, clock, swept)
            return _from(at, following) or evolve(at, table="cases", start="")
        page = self.watch.page_of_cases(at.number, at.of, start)
        Inspector(self.judge).inspect(page, clock(), swept)
        return _from(at, page.following)

    def _page(self, records: Sequence[Record], clock: Callable[[], int], swept: Swept) -> None:
        now = clock()
        named = {self._name(record): record for record in records if is_ticket(record, self.policy.source)}
        swept.tickets += len(named)
        cases = self.watch.cases(named)
        drifted = [name for name, record in named.items() if self._differs(cases.get(name), name, record, now, swept)]
        if drifted:
            self._repair(drifted, clock, swept)

    def _name(self, record: Record) -> str:
        source = self.policy.source
        return ticket_id(record, source) or nameless({name: record.get(name) for name in source.key})

    def _differs(self, case: object, name: str, record: Record, now: int, swept: Swept) -> bool:
        """Whether the record says more than is stored. What follows from what is stored, `Inspector` looks at."""
        if not isinstance(case, Case) or not belongs(name, case):
            return True
        try:
            return self._facts(name, record, case, now) != case.facts or bool(unlinked(case))
        except Exception as error:  # noqa: BLE001 - one ticket never stops the sweep
            swept.violated(name, f"cannot be compared with its record: {type(error).__name__}")
            return False

    def _facts(self, name: str, record: Record, case: Case, now: int) -> Facts:
        known = case.facts
        if is_stand_in(name):
            return known or known | unreadable(name, now)
        return known | observed(name, record, self.policy, known, now, past=Past(self.judge.current(case).edited_at))

    def _taken_in(self, case: Case, name: str, record: Record, now: int, read_at: int) -> Case:
        """The case with what the record says; where that is anything new, the stream may bring it once more."""
        facts = self._facts(name, record, case, now)
        return case if facts == case.facts else evolve(case, facts=facts, read_at={**case.read_at, name: read_at})

    def _timed(self, case: Case, name: str, read: Reading, swept: Swept) -> Timed | None:
        """The case as it should be stored with what the record says. None where it cannot be judged, which is left for
        `watch` to put back and report, and where a newer policy judged it.
        """
        try:
            known = self._taken_in(case, name, read.records.get(name, {}), read.ended, read.began)
            return timed(self.judge, known, read.ended)
        except Exception:  # noqa: BLE001 - one ticket never stops the sweep
            swept.findings += 1
            return None

    def _read(self, names: Iterable[str], clock: Callable[[], int]) -> Reading:
        """The records as they are now. The cases are to be read before them: what is known of a ticket may not be newer
        than the record that is compared with it.
        """
        began = clock()
        records = self.judge.tickets.read([name for name in names if not is_stand_in(name)])
        return Reading(records, began, clock())

    def _repair(self, names: list[str], clock: Callable[[], int], swept: Swept) -> None:
        """The scan may show what was; everything is read again consistently before it is written."""
        stored = self.watch.cases(names)
        read = self._read(names, clock)
        written: set[str] = set()
        for name in names:
            before = Linker(self.judge).own(name, stored.get(name)) or Case(name)
            if isinstance(before, DamagedItem) and name in read.records:
                before = self._rebuilt(name, before, read, swept)
            if isinstance(before, DamagedItem):
                self.watch.wake(before.case, read.ended)  # `watch` puts it back, and says so
            elif name in read.records or is_stand_in(name):
                if before.id in written:  # with another ticket of the same case
                    before, read = self._again(name), self._read(names, clock)
                written |= {before.id, *self._mend(name, before, read, swept)}

    def _rebuilt(self, name: str, damaged: DamagedItem, read: Reading, swept: Swept) -> Case | DamagedItem:
        """The case without what cannot be read of it, filled from the record; a finding says so.

        Somebody told of a level before may be told again: too much rather than too little.
        """
        if (since := self._again(name)).rev:
            return since  # rebuilt with another ticket of the same case
        copy = self.watch.mend(damaged.case, read.ended)
        left = self.watch.cases([name]).get(name)
        if not copy or not isinstance(left, Case):
            swept.violated(damaged.case, "damaged, and cannot be rebuilt")
            return damaged
        reason = f"what was stored of it was damaged and is rebuilt from its record; the rest is under {copy}"
        known = left.facts | [Fact(name, f"{UNREADABLE}stored", read.ended, reason)]
        timed = self._timed(evolve(left, facts=known), name, read, swept)
        if timed is not None and self._keep(left, timed, swept):
            swept.heals(damaged.case, "damaged")
        return self._again(name)

    def _again(self, name: str) -> Case:
        found = self.watch.cases([name]).get(name)
        return found if isinstance(found, Case) else Case(name)

    def _mend(self, name: str, before: Case, read: Reading, swept: Swept) -> frozenset[str]:
        """Keeps what drifted and links what is not; the ids of other cases that were changed."""
        timed, now = self._timed(before, name, read, swept), read.ended
        if timed is None:
            return frozenset()
        if timed.case != before and self._keep(before, timed, swept):
            LookAlikes(self.judge).notice(name, before.facts, timed.case.facts, now)
        return Linker(self.judge).link(name, now) if unlinked(timed.case) else frozenset()

    def _keep(self, before: Case, timed: Timed, swept: Swept) -> bool:
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


def _from(at: Segment, key: Mapping[str, Any] | None) -> Segment | None:
    return None if key is None else evolve(at, start=json.dumps(key, sort_keys=True))


def _sums(before: Mapping[str, int], swept: Swept) -> dict[str, int]:
    now = {name: count for name, count in asdict(swept).items() if type(count) is int}
    return {name: count + before.get(name, 0) for name, count in now.items()}
