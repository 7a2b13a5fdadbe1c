"""Which notifications a case may forget. It remembers the last one of each clock and recipient;
those at which no judgement will look again are dropped, so that the item of a long case stays
small. The audit keeps every one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

from sla_watchdog.domain.clocks.clock_key import CLEARED, FINDING, WITHDRAWN, ClockKey
from sla_watchdog.domain.escalation.case import LastNotified
from sla_watchdog.domain.policy.model import BEGIN_ANEW, Metric

Key: TypeAlias = tuple[str, str]
"""Of `Case.reached`: the text of a ClockKey, and the key of a recipient."""

Reached: TypeAlias = Mapping[Key, LastNotified]

Series: TypeAlias = tuple[str, str]
"""All cycles of one clock: its subject and its name."""

KEPT_CYCLES = 5
"""Reopenings of which every notification is kept; of earlier ones only what a judgement may still
ask for.
"""

KEPT_FINDINGS = 50
"""How many findings of one kind are remembered as notified."""


def dropped(reached: Reached, new: Iterable[Key]) -> Iterator[Key]:
    """The levels that no judgement asks for once people were notified of the `new` ones."""
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
        if clock.clock not in BEGIN_ANEW:
            continue
        newest = latest.get((_series(clock), recipient), 0)
        if clock.cycle < newest:
            yield text, recipient


def _long_past(reached: Reached, new: Collection[Key]) -> Iterator[Key]:
    """Of clocks that begin anew with every reopening: the notifications of many reopenings ago.

    Two more are kept beside the newest cycles. A reopening begins above the highest level that
    anybody was notified of. The last notification of a recipient says whether they are to be
    notified that it is over.
    """
    newest = _newest_cycles([*reached, *new])
    most = 0
    for (_, name), cycle in newest.items():
        if _kept_cycles(name):
            most = max(most, cycle)
    if most <= KEPT_CYCLES:
        return
    kept = {*new, *_still_asked_for(reached)}
    for key in reached:
        if key not in kept and _is_long_past(ClockKey.of_text(key[0]), newest):
            yield key


def _newest_cycles(keys: Iterable[Key]) -> Mapping[Series, int]:
    newest: dict[Series, int] = {}
    for text, _ in keys:
        clock = ClockKey.of_text(text)
        series = _series(clock)
        newest[series] = max(clock.cycle, newest.get(series, 0))
    return newest


def _is_long_past(clock: ClockKey, newest: Mapping[Series, int]) -> bool:
    kept = _kept_cycles(clock.clock)
    return kept > 0 and clock.cycle <= newest[_series(clock)] - kept


_BEGIN_WITH_RETURNS = frozenset({Metric.RESOLUTION.value, Metric.AGAIN.value, CLEARED})
"""Clocks that begin anew whenever the customer comes back."""


def _kept_cycles(name: str) -> int:
    """How many cycles of a clock are kept; 0 where none is dropped, or others say which."""
    if name.startswith(FINDING):
        return KEPT_FINDINGS
    if name.startswith(WITHDRAWN) or name in _BEGIN_WITH_RETURNS:
        return KEPT_CYCLES
    return 0


def _still_asked_for(reached: Reached) -> Iterator[Key]:
    """With where it stands that any of it was withdrawn."""
    asked_for = {*_highest(reached), *_last(reached), *_first_findings(reached)}
    for text, recipient in asked_for:
        withdrawal = ClockKey.of_text(text).withdrawal
        yield text, recipient
        yield withdrawal.text, recipient


def _highest(reached: Reached) -> Iterable[Key]:
    """The highest level of each clock that anybody was notified of, in its latest cycle."""
    highest: dict[Series, Key] = {}
    for key in reached:
        series = _series(ClockKey.of_text(key[0]))
        best = highest.setdefault(series, key)
        if _height(key, reached) > _height(best, reached):
            highest[series] = key
    return highest.values()


def _height(key: Key, reached: Reached) -> tuple[int, int]:
    text, _ = key
    return reached[key].level, ClockKey.of_text(text).cycle


def _last(reached: Reached) -> Iterable[Key]:
    """The last notification of each recipient of each clock: over all outcomes, and by outcome."""
    last: dict[tuple[Series, str, str], Key] = {}
    for key, notified in reached.items():
        text, recipient = key
        series = _series(ClockKey.of_text(text))
        for outcome in ("", notified.outcome.value):
            place = series, recipient, outcome
            before = last.setdefault(place, key)
            if notified.at >= reached[before].at:
                last[place] = key
    return last.values()


def _first_findings(reached: Reached) -> Iterator[Key]:
    for key in reached:
        clock = ClockKey.of_text(key[0])
        if clock.clock.startswith(FINDING) and clock.cycle == 1:
            yield key


def _series(clock: ClockKey) -> Series:
    return clock.subject, clock.clock
