"""sweep: look at every ticket record, whatever the stream delivered, and put right what drifted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from attrs import asdict, evolve, frozen

from sla_watchdog.domain.escalation.deletions import Deletions, few_left
from sla_watchdog.errors import LONGEST_PROBLEM, Unavailable
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.sweep.invariants import Inspector
from sla_watchdog.usecases.sweep.ports import (
    CASES,
    TICKETS,
    Channels,
    Leases,
    Queue,
    Segment,
    SweepStores,
    Tickets,
)
from sla_watchdog.usecases.sweep.records import RecordCheck
from sla_watchdog.usecases.sweep.result import SweepResult
from sla_watchdog.usecases.sweep.subscribers import Listeners

MIN_TIME_LEFT = 15.0
"""Seconds left under which no further page is read; the rest of the segment goes back to the queue.
"""


SWEEPING = 1800
"""Seconds after the last sign of a sweep for which no other begins."""

MANY = 10
"""Tickets of which a sweep must see at least half again the next time (semantics E10)."""


def start(queue: Queue, of: int, run: str) -> str:
    """Ask for the sweep `run` of the whole table in `of` segments; its id."""
    for number in range(of):
        queue.put(Segment(run, number, of))
    return run


def begin(leases: Leases, queue: Queue, of: int, run: str, now: int) -> str:
    """`start` of a sweep that the schedule asks for, unless one is under way, which ends first: the
    run's id, or '' then. Raises Unavailable.
    """
    if not leases.take(run, now, now + SWEEPING, "sweeping"):
        return ""
    try:
        return start(queue, of, run)
    except Unavailable:
        leases.release(run, "sweeping")
        raise


@frozen
class Sweeper:
    """`describe` puts into words why a page failed, without what a ticket holds."""

    evaluator: Evaluator
    stores: SweepStores
    tickets: Tickets
    queue: Queue
    channels: Channels
    describe: Callable[[Exception], str]
    elapsed: Callable[[], float] = lambda: 0.0
    """Seconds since the `now` that it is given."""

    @property
    def _listeners(self) -> Listeners:
        evaluator = self.evaluator
        return Listeners(evaluator.policy, self.stores, self.channels, evaluator.live)

    def sweep(self, segment: Segment, now: int, time_left: Callable[[], float]) -> SweepResult:
        """Every record of the segment, then every case of it, page by page; what time does not
        allow goes back to the queue.
        """
        swept = SweepResult()
        if segment.is_first:
            self._listeners.count(now, swept)
        self.stores.leases.take(segment.run, now, now + SWEEPING, "sweeping")
        rest = self._pages(segment, partial(self._clock, now), time_left, swept)
        if rest is not None:
            counts = _sums(segment.counts, swept)
            self.queue.put(evolve(rest, counts=counts))
            swept.finished = False
        if swept.noticed:
            self.stores.pulse.notice(swept.noticed, swept.wrong)
        if swept.finished:
            swept.whole = self._finish(segment, swept, now)
        return swept

    def _pages(
        self,
        segment: Segment,
        clock: Callable[[], int],
        time_left: Callable[[], float],
        swept: SweepResult,
    ) -> Segment | None:
        """Does page after page; the page that time does not allow, or that fails after others were
        done, is left.

        The first page of a call raises: the queue brings it again, and gives it up after five
        times.
        """
        at = segment
        while True:
            try:
                following = self._next_page(at, clock, swept)
            except Exception as error:
                if at is segment:
                    raise
                swept.problem = self.describe(error)[:LONGEST_PROBLEM]
                return at
            if following is None or time_left() < MIN_TIME_LEFT:
                return following
            at = following

    def _finish(self, segment: Segment, swept: SweepResult, now: int) -> Mapping[str, int] | None:
        """The sums of the whole sweep where this was the last segment missing, which are kept for
        `doctor`.
        """
        progress = self.stores.sweeps.progress(segment.run, segment.of)
        progress.start(now)
        total = progress.segment_done(segment.number, _sums(segment.counts, swept))
        if total is None:
            return None
        self.stores.leases.release(segment.run, "sweeping")
        wrong = self._deletions(total, now)
        self.stores.pulse.notice(wrong, wrong)
        total = {**total, "violations": total.get("violations", 0) + len(wrong)}
        self.stores.pulse.swept(now, total)
        self.stores.evidence.swept(total.get("tickets_ended", 0), now)
        return total

    def _deletions(self, total: Mapping[str, int], now: int) -> list[str]:
        """What a whole sweep has to say of records that are missing. It ends what was held once few
        still are.
        """
        deletions = self.stores.deletions.read(now)
        if deletions.held_since is None:
            return self._shrunk(total, deletions, now)
        missing = total.get("missing", 0)
        tickets = total.get("tickets_open", 0)
        is_whole = total.get("cases_held", 0) == total.get("cases", 0)
        if is_whole and few_left(missing, deletions.went, tickets):
            self.stores.deletions.believe()
            return []
        shrunk = self._shrunk(total, deletions, now)
        if shrunk:
            return shrunk
        count = f"{missing} of {tickets} open tickets have no record any more"
        return [f"deletions: {count}: see `sla-watchdog deletions`"]

    def _shrunk(self, total: Mapping[str, int], deletions: Deletions, now: int) -> list[str]:
        """Says, and holds deletions, where a sweep saw less than half of what one saw before."""
        has = total.get("tickets", 0)
        most, since = self._most_before(has, now)
        is_shrunk = most >= MANY and 2 * has < most
        if not is_shrunk or now < deletions.accepted_until:
            return []
        self.stores.deletions.hold(since, now)
        return [f"tickets: {has} seen, {most} the time before"]

    def _most_before(self, has: int, now: int) -> tuple[int, int]:
        """The most records that a sweep of the last week saw, or the last sweep, and when."""
        before = self.stores.pulse.last_sweep()
        most, since = self.stores.deletions.most_seen(has, now)
        if before is None:
            return most, since
        had = before.counts.get("tickets", 0)
        if had < most:
            return most, since
        return had, before.at

    def _clock(self, began: int) -> int:
        return began + int(self.elapsed())

    def _next_page(
        self, at: Segment, clock: Callable[[], int], swept: SweepResult
    ) -> Segment | None:
        """Does one page; where the next one starts, None after the last case."""
        if at.table == TICKETS:
            records, following = self.tickets.page(at.number, at.of, at.start)
            check = RecordCheck(self.evaluator, self.stores, self.tickets, clock, swept)
            check.check(records)
            if following is None:
                return evolve(at, table=CASES, start="")
            return evolve(at, start=following)
        page = self.stores.inspection.page(at.number, at.of, at.start)
        inspector = Inspector(self.evaluator, self.stores, self.tickets)
        inspector.inspect(page, clock(), swept)
        if page.following is None:
            return None
        return evolve(at, start=page.following)


def _sums(before: Mapping[str, int], swept: SweepResult) -> dict[str, int]:
    sums = {}
    for name, count in asdict(swept).items():
        if type(count) is int:
            sums[name] = count + before.get(name, 0)
    return sums
