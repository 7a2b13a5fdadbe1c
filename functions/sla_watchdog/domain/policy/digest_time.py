"""When a digest goes out: a time of day on some days of the week, in a zone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from attrs import frozen

from sla_watchdog.domain.policy.marks import not_empty
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.domain.time.wall_clock import WallClock
from sla_watchdog.domain.time.weekly_hours import WEEKDAYS
from sla_watchdog.domain.time.years import EPOCH, year_of

EVERY_DAY = frozenset(range(len(WEEKDAYS)))
LONGEST_WAIT = 15 * DAY
"""A week, another where the zone skipped the date, and a day for what clocks are moved by."""

_WEEK = len(WEEKDAYS) * DAY


@frozen(cache_hash=True)
class DigestTime:
    """`weekdays` count from 0, a Monday; `seconds` from 00:00 of the day by the wall clock."""

    weekdays: Annotated[frozenset[int], not_empty]
    seconds: int

    def first_from(self, at: int, zone: ZoneInfo) -> int:
        """The first digest that is not before `at`.

        A time that the spring change skips is read with the offset before it, one that the autumn
        change repeats is the first (semantics A3, A4); a date that the zone skipped has no digest.
        Raises TimeOutOfRange as calendars do.
        """
        year_of(at)
        instants = _instants(self, zone, at // _WEEK)
        return next(instant for instant in instants if instant >= at)


@lru_cache(maxsize=4096)
def _instants(time: DigestTime, zone: ZoneInfo, week: int) -> tuple[int, ...]:
    """Those of that week since the epoch, and enough of the days around it to have the next."""
    first = week * len(WEEKDAYS) - 2
    last = first + 2 * len(WEEKDAYS) + LONGEST_WAIT // DAY
    clock = WallClock.during(zone, (first - 2) * DAY, (last + 2) * DAY)
    return tuple(_of_days(time, clock, range(first, last)))


def _of_days(time: DigestTime, clock: WallClock, days: range) -> Iterator[int]:
    for day in days:
        weekday = (day + EPOCH.weekday()) % len(WEEKDAYS)
        if weekday in time.weekdays and clock.has_date(day):
            yield clock.instant(day * DAY + time.seconds)
