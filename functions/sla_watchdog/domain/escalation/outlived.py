"""What was told and no judgement asks for any more, so that a long case stays small. The audit has
it all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

from sla_watchdog.domain.clocks.clock_key import CLEARED, FINDING, WITHDRAWN, ClockKey
from sla_watchdog.domain.escalation.case import LastNotified
from sla_watchdog.domain.policy.model import Metric

Key: TypeAlias = tuple[str, str]
"""Of `Case.reached`: the text of a ClockKey, and the key of a recipient."""

Reached: TypeAlias = Mapping[Key, LastNotified]

Series: TypeAlias = tuple[str, str]
"""All cycles of one clock: its subject and its name."""

EXCHANGES = frozenset(
    metric.value
    for metric in (
        Metric.NEXT_RESPONSE,
        Metric.UPDATE,
        Metric.PAUSE,
        Metric.PROMISE,
        Metric.PROGRESS,
        Metric.TOUCHES,
        Metric.UNOWNED,
    )
)
"""Clocks that begin anew again and again: what was told of one cycle is of no matter once another
was told.
"""

KEPT_CYCLES = 5
"""Reopenings of which all that was told is kept; of those before only what a judgement may still
ask for.
"""

KEPT_FINDINGS = 50
"""Times of one kind of finding of which it is kept that it was told."""


def outlived(reached: Reached, new: Iterable[Key]) -> Iterator[Key]:
    """The levels told that no judgement asks for once the `new` ones are told."""
    new_keys = set(new)
    yield from _of_earlier_exchanges(reached, new_keys)
    yield from _long_past(reached, new_keys)


def _of_earlier_exchanges(reached: Reached, new: Collection[Key]) -> Iterator[Key]:
    latest: dict[tuple[Series, str], int] = {}
    for text, recipient in new:
        clock = ClockKey.of_text(text)
        latest[_series(clock), recipient] = clock.cycle
    for text, recipient in reached:
        clock = ClockKey.of_text(text)
        if clock.clock in EXCHANGES and clock.cycle < latest.get((_series(clock), recipient), 0):
            yield text, recipient


def _long_past(reached: Reached, new: Collection[Key]) -> Iterator[Key]:
    """Of clocks that begin anew with each reopening: what was told many reopenings ago.

    Kept beside the newest cycles are the highest level told of a clock, which a reopening begins
    above, and the last that each recipient was told of it, which says whether they are to be
    told that it is over.
    """
    newest = _newest_cycles([*reached, *new])
    cycles = [cycle for (_, name), cycle in newest.items() if _kept_cycles(name)]
    if max(cycles, default=0) <= KEPT_CYCLES:
        return
    kept = {*new, *_still_asked_for(reached)}
    for key in reached:
        if key not in kept and _is_long_past(ClockKey.of_text(key[0]), newest):
            yield key


def _newest_cycles(keys: Iterable[Key]) -> Mapping[Series, int]:
    newest: dict[Series, int] = {}
    for text, _ in keys:
        clock = ClockKey.of_text(text)
        newest[_series(clock)] = max(clock.cycle, newest.get(_series(clock), 0))
    return newest


def _is_long_past(clock: ClockKey, newest: Mapping[Series, int]) -> bool:
    kept = _kept_cycles(clock.clock)
    return kept > 0 and clock.cycle <= newest[_series(clock)] - kept


def _kept_cycles(name: str) -> int:
    """How many cycles of a clock are kept; 0 where none is dropped, or others say which."""
    if name.startswith(FINDING):
        return KEPT_FINDINGS
    begins_anew = name in (Metric.RESOLUTION.value, CLEARED) or name.startswith(WITHDRAWN)
    return KEPT_CYCLES if begins_anew else 0


def _still_asked_for(reached: Reached) -> Iterator[Key]:
    """With where it stands that any of it was withdrawn."""
    for text, recipient in {*_highest(reached), *_last(reached), *_first_findings(reached)}:
        yield text, recipient
        yield ClockKey.of_text(text).withdrawal.text, recipient


def _highest(reached: Reached) -> Iterable[Key]:
    """Of each clock the highest level told, in its latest cycle."""
    highest: dict[Series, Key] = {}
    for key in reached:
        best = highest.setdefault(_series(ClockKey.of_text(key[0])), key)
        if _height(key, reached) > _height(best, reached):
            highest[_series(ClockKey.of_text(key[0]))] = key
    return highest.values()


def _height(key: Key, reached: Reached) -> tuple[int, int]:
    return reached[key].level, ClockKey.of_text(key[0]).cycle


def _last(reached: Reached) -> Iterable[Key]:
    """Of each clock the last that each recipient was told, of all and by how it ended."""
    last: dict[tuple[Series, str, str], Key] = {}
    for key, told in reached.items():
        series = _series(ClockKey.of_text(key[0]))
        for outcome in ("", told.outcome.value):
            before = last.setdefault((series, key[1], outcome), key)
            if told.at >= reached[before].at:
                last[series, key[1], outcome] = key
    return last.values()


def _first_findings(reached: Reached) -> Iterator[Key]:
    for key in reached:
        clock = ClockKey.of_text(key[0])
        if clock.clock.startswith(FINDING) and clock.cycle == 1:
            yield key


def _series(clock: ClockKey) -> Series:
    return clock.subject, clock.clock
