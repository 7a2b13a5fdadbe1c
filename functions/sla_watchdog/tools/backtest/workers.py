"""Several processes that play parts of one history at once, where the system can fork: nothing is
sent to them.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from attrs import define

from sla_watchdog.tools.backtest.play import Play, PlayedPart
from sla_watchdog.tools.backtest.report import drawn_here

WORTH_IT = 2_000
"""Groups of tickets, or events, below which one process is done before others have begun."""

PARTS = 48
"""So that progress shows, and no process waits long for the last one."""


T = TypeVar("T")


@define
class _Inherited:
    """What the workers find in their memory, because they are forked from the process that put it
    here.
    """

    play: Play | None = None
    task: Callable[[], Any] = dict


_inherited = _Inherited()


def processors(things: int) -> int:
    """How many processes are worth it; 1 where the system does not fork safely."""
    if sys.platform != "linux" or things < WORTH_IT:
        return 1
    return len(os.sched_getaffinity(0))


@contextmanager
def played_parts(play: Play, processes: int) -> Iterator[Iterator[PlayedPart]]:
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


def _part(number: int) -> PlayedPart:
    play = _inherited.play
    return play.part(play.parts(PARTS)[number]) if play else PlayedPart()


@contextmanager
def beside(task: Callable[[], T], processes: int) -> Iterator[Callable[[], T]]:
    """Does the task in another process while the body does its own; to be asked for its result."""
    if processes < 2:
        yield task
        return
    _inherited.task = task
    try:
        with multiprocessing.get_context("fork").Pool(1) as pool:
            yield pool.apply_async(_task).get
    finally:
        _inherited.task = dict


def _task() -> Any:
    return _inherited.task()


@contextmanager
def drawing(processes: int) -> Iterator[Callable[..., str]]:
    """Draws in another process, which gets its library ready while this one reads and plays."""
    if processes < 2:
        yield drawn_here
        return
    with multiprocessing.get_context("fork").Pool(1, _get_ready_to_draw) as pool:
        yield lambda chart, *of: str(pool.apply(chart, of))


def _get_ready_to_draw() -> None:
    import matplotlib.figure  # noqa: F401 # half a second
