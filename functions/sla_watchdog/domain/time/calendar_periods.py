"""Days, weeks, months, quarters and years of a time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


LONGEST = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 31, Period.QUARTER: 92, Period.YEAR: 366}
"""Days."""


def parts_of(
    start: int, end: int, period: Period, zone: ZoneInfo, now: int
) -> Iterator[tuple[int, int, int]]:
    """(start of the period, start, end) of each part: cut where a period begins in the zone, and at
    `now`. All are epoch seconds.
    """
    while start < end:
        first = _first_of(date_at(start, zone), period)
        begins = midnight(first, zone)
        follows = midnight(_next(first, period), zone)
        # Clocks put back over midnight, as in St. John's, show a date again after the next began.
        part_end = min(at for at in (follows, now, end) if at > start)
        yield begins, start, part_end
        start = part_end


def date_at(at: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).date()


def midnight(day: date, zone: ZoneInfo) -> int:
    """Epoch seconds at which the date begins."""
    moment = datetime.combine(day, time(), zone)
    return int(moment.timestamp())


def _first_of(day: date, period: Period) -> date:
    match period:
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - timedelta(day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.QUARTER:
            months_into_it = (day.month - 1) % 3
            return day.replace(month=day.month - months_into_it, day=1)
        case Period.YEAR:
            return day.replace(month=1, day=1)


def _next(first: date, period: Period) -> date:
    """The first date of the following period."""
    return _first_of(first + timedelta(LONGEST[period]), period)
