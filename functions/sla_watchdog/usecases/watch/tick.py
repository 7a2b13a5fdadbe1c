"""watch: one tick. Take what is due, judge it, claim, send, settle, and say how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from attrs import define, field

from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.lease import LEASE
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.drafts import Reach
from sla_watchdog.usecases.watch.operations import DeletionReport
from sla_watchdog.usecases.watch.pace import TickPace
from sla_watchdog.usecases.watch.parts import Around, TickKit, TickParts
from sla_watchdog.usecases.watch.ports import SHARDS, Due, Stores
from sla_watchdog.usecases.watch.result import TickResult

ROUND = 1000
"""Cases judged together: enough that a storm makes few digests, few enough to fit the function's
memory.
"""


@define
class Tick:
    """One scheduled run at `now`. `live_since` is when mode live began. A new policy asks for a
    sweep first.
    """

    evaluator: Evaluator
    stores: Stores
    around: Around
    ask_for_sweep: Callable[[], object]
    now: int
    live_since: int
    time_left: Callable[[], float]
    _problem: str = field(init=False, default="")
    """Why something that the tick can do without could not be done."""
    _no_lease: Exception | None = field(init=False, default=None)

    def run(self) -> TickResult | None:
        """Send everything that is due; None while another tick runs, which is for pace, never for
        correctness.
        """
        owner = self.around.tokens.token()
        if not self._may_run(owner):
            return None
        try:
            if not self.evaluator.generation.swept:
                self._ask_for_sweep()
            return self._done(self._run())
        finally:
            self._let_others_run(owner)

    # ------------------------------------------------------------ what a tick can do without

    def _may_run(self, owner: str) -> bool:
        """Also where the lease cannot be taken for a failure: of two ticks at once each claim goes
        to one.
        """
        try:
            return self.stores.leases.take(owner, self.now, self.now + LEASE)
        except Exception as error:  # noqa: BLE001 - see above
            self._no_lease = error
            self._note(error)
            return True

    def _done(self, result: TickResult) -> TickResult:
        """Raises where nothing could be written at all, the lease neither: such a tick has no
        heartbeat.
        """
        has_written = result.claimed or result.put_back
        if self._no_lease is not None and not has_written:
            raise self._no_lease
        result.problem = result.problem or self._problem
        return result

    def _let_others_run(self, owner: str) -> None:
        """Where that fails, the lease ends by itself: it costs two ticks, and nothing is lost."""
        try:
            self.stores.leases.release(owner)
        except Exception as error:  # noqa: BLE001 - see above
            self._note(error)

    def _ask_for_sweep(self) -> None:
        """Where it cannot be asked for, the next tick asks again; what is due does not wait."""
        try:
            self.ask_for_sweep()
            self.stores.generations.mark_swept(self.evaluator.generation.number)
        except Exception as error:  # noqa: BLE001 - see above
            self._note(error)

    def _note(self, error: Exception) -> None:
        self._problem = self.around.diagnose(error).description

    # ------------------------------------------------------------ what is due

    def _run(self) -> TickResult:
        parts = self._parts()
        books, pace = parts.books, parts.pace
        due = self._due(books)
        while taken := list(islice(due, ROUND)):
            books.result.due += len(taken)
            if not pace.has_time():
                untaken = sum(1 for _ in due)
                books.result.left_due += len(taken) + untaken
                break
            parts.rounds.run(taken)
        report = DeletionReport(self.stores.deletions, self.evaluator, parts.operations, books)
        report.report()
        parts.counts.keep()
        return books.result

    def _parts(self) -> TickParts:
        reach = Reach(self.stores.topic_counts.read())
        books = Books(self.now, self.around.diagnose)
        pace = TickPace(self.time_left)
        kit = TickKit(self.evaluator, self.stores, self.around, reach, pace, books)
        return kit.parts(self.live_since)

    def _due(self, books: Books) -> Iterator[Due]:
        """Every key with next_at <= now, the urgent shards first, each to its last page where that
        can be read; the rest of one that cannot stays due.
        """
        for shard in SHARDS:
            with books.guarded(f"shard {shard}"):
                yield from self.stores.cases.due(shard, self.now)
                books.troubles.worked()
