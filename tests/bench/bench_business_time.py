"""Business time beside workclock, a compiled engine from PyPI: counts and ratios, never seconds.

Run by `make bench`. Each line is one question over a span of years, which both engines answer and
must agree on. `first` includes making the calendar and building its years; the others find them
built, as nearly every question of a running function does. The last column is the time theirs takes
for one of ours: above 1, ours is faster. It is the median of several rounds, taken in turns.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from statistics import median
from timeit import timeit
from typing import Any

import attrs
import workclock

from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.domain.time.weekly_hours import WEEKDAYS

ZONE = "America/New_York"
WEEK = WEEKDAYS[:5]
NOON = 1_781_524_800
"""2026-06-15T12:00Z, a Monday."""
ROUNDS, REPEATS = 5, 2000


class Counting(list[int]):
    looks = 0

    def __getitem__(self, index: Any) -> Any:
        Counting.looks += 1
        return super().__getitem__(index)


def ours() -> Calendar:
    hours = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in WEEK}
    return Calendar.from_spec({"timezone": ZONE, "hours": hours})


def theirs() -> workclock.Schedule:
    rules = [workclock.WorkDay(time(9), time(12)), workclock.WorkDay(time(13), time(18))]
    return workclock.Schedule(rules, time_zone=ZONE)


def utc(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def questions(hours: Calendar, peer: workclock.Schedule, years: int) -> dict[str, tuple[Any, Any]]:
    """Ours and theirs, both from instants and durations of the engine's own kind."""
    start, end = NOON, NOON + years * 365 * DAY
    seconds = hours.between(start, end)
    first, last, length = utc(start), utc(end), timedelta(seconds=seconds)
    return {
        "first": (lambda: ours().between(start, end), lambda: theirs().between(first, last)),
        "between": (lambda: hours.between(start, end), lambda: peer.between(first, last)),
        "add": (lambda: hours.add(start, seconds), lambda: peer.add(first, length)),
        "subtract": (lambda: hours.subtract(end, seconds), lambda: peer.sub(last, length)),
        "next_opening": (lambda: hours.next_opening(end), lambda: peer.next_period(last)[0]),
    }


def as_seconds(answer: Any) -> int:
    match answer:
        case datetime():
            return int(answer.timestamp())
        case timedelta():
            return int(answer.total_seconds())
        case _:
            return int(answer)


def looked_at(hours: Calendar, question: Callable[[], Any]) -> tuple[int, int]:
    """Entries of the laid-out years that the question reads, and how many there are."""
    line = hours._open_years._laid_out
    assert line
    names = ("opens", "closes", "worked_until")
    counting = {name: Counting(getattr(line, name)) for name in names}
    hours._open_years._laid_out = attrs.evolve(line, **counting)
    Counting.looks = 0
    question()
    hours._open_years._laid_out = line
    return Counting.looks, len(line.opens)


def ratio(mine: Callable[[], Any], peer: Callable[[], Any], repeats: int) -> float:
    """How many times as long theirs takes; `repeats` of ours in a round, and a hundredth of theirs."""
    fewer = max(1, repeats // 100)
    return median(
        timeit(peer, number=fewer) / fewer / (timeit(mine, number=repeats) / repeats)
        for _ in range(ROUNDS)
    )


def main() -> int:
    say = sys.stdout.write
    say("business time beside workclock\n")
    say(f"{'question':<13} {'years':>5} {'entries':>8} {'looked at':>9} {'workclock takes':>16}\n")
    for years in (1, 10, 100):
        hours, peer = ours(), theirs()
        hours.between(NOON, NOON + years * 365 * DAY)
        for name, (mine, other) in questions(hours, peer, years).items():
            if as_seconds(mine()) != as_seconds(other()):
                say(f"{name} over {years} years: {as_seconds(mine())}, {as_seconds(other())}\n")
                return 1
            looks, entries = looked_at(hours, mine)
            times = ratio(mine, other, 1 if name == "first" else REPEATS)
            say(f"{name:<13} {years:>5} {entries:>8} {looks or 'all':>9} {times:>14,.2f} x\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
