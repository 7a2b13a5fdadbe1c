"""Several processes that play parts of one history at once, where the system can fork: nothing is sent to them."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define

from sla_watchdog.backtest.play import Part, Play

WORTH_IT = 2_000
"""Groups of tickets below which one process is done before others have begun."""

PARTS = 48
"""So that progress shows, and no process waits long for the last one."""


@define
class _Inherited:
    """What the workers find in their memory, because they are forked from the process that put it here."""

    play: Play | None = None


_inherited = _Inherited()


def processors(play: Play) -> int:
    """How many processes are worth it; 1 where the system does not fork safely."""
    if sys.platform != "linux" or len(play.history.groups) < WORTH_IT:
        return 1
    return len(os.sched_getaffinity(0))


@contextmanager
def played_parts(play: Play, processes: int) -> Iterator[Iterator[Part]]:
    """The parts as they are done, in any order. Enter it before any thread is started: it forks."""
    if processes < 2:
        yield map(play.part, play.parts(PARTS))
        return
    _inherited.play = play
    try:
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            yield pool.imap_unordered(_part, range(len(play.parts(PARTS))))
    finally:
        _inherited.play = None


def _part(number: int) -> Part:
    play = _inherited.play
    return play.part(play.parts(PARTS)[number]) if play else Part()
