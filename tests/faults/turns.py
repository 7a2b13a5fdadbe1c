"""Processes that take turns at their calls to AWS: one runs at a time, and a seeded dice says which
is next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from threading import Semaphore, Thread, current_thread

from attrs import define, field

from faults.wire import Wire


@define
class Turns:
    wire: Wire
    dice: Random
    _back: Semaphore = field(factory=lambda: Semaphore(0))
    _go: dict[Thread, Semaphore] = field(factory=dict)
    _over: set[Thread] = field(factory=set)

    def run(self, jobs: Sequence[Callable[[], object]]) -> None:
        """All jobs to their ends, interleaved at every call."""
        threads = [Thread(target=self._work, args=(job,), daemon=True) for job in jobs]
        self._go = {thread: Semaphore(0) for thread in threads}
        self.wire.rest = self._rest
        for thread in threads:
            thread.start()
        while alive := [thread for thread in threads if thread not in self._over]:
            self._go[self.dice.choice(alive)].release()
            self._back.acquire()
        for thread in threads:
            thread.join()
        self.wire.rest = lambda: None

    def _work(self, job: Callable[[], object]) -> None:
        self._go[current_thread()].acquire()
        try:
            job()
        finally:
            self._over.add(current_thread())
            self._back.release()

    def _rest(self) -> None:
        if (mine := self._go.get(current_thread())) is not None:
            self._back.release()
            mine.acquire()
