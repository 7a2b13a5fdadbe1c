"""What counted of a clock, by day or by a longer unit of the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from attrs import evolve, frozen

from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_periods import Period, parts_of
from sla_watchdog.domain.time.seconds import DAY

MOST_ROWS = 24
"""More rows are shown in a larger unit."""

LENGTHS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 30, Period.QUARTER: 91}
"""Days, about; a year is taken where none of these is long enough."""

Interval = tuple[int, int]
"""(start, end)."""


@frozen
class Row:
    """One day, or a longer part of the calendar: from its first open instant to its last, with what
    counted of it.
    """

    start: int
    end: int
    counted: int
    ahead: bool
    """Not lived through yet."""


def rows_of(counting: list[Interval], calendar: Calendar, now: int) -> tuple[Period, list[Row]]:
    """By the smallest unit in which they are not too many."""
    days = _days(counting)
    for unit, length in LENGTHS.items():
        if days > 10 * MOST_ROWS * length:
            continue
        rows = list(_in_units(counting, calendar, unit, now))
        if len(rows) <= MOST_ROWS:
            return unit, rows
    return Period.YEAR, list(_in_units(counting, calendar, Period.YEAR, now))


def _days(counting: list[Interval]) -> int:
    """Whole days from the first instant that counted to the last."""
    if not counting:
        return 0
    (start, _), (_, end) = counting[0], counting[-1]
    return (end - start) // DAY


def _in_units(
    counting: list[Interval], calendar: Calendar, unit: Period, now: int
) -> Iterator[Row]:
    """A day's own intervals stay apart; those of a longer unit are one row."""
    rows = _rows(counting, calendar, unit, now)
    if unit is Period.DAY:
        yield from (row for _, row in rows)
        return
    for _, of_one_row in groupby(rows, key=_unit_and_side_of_now):
        parts = [row for _, row in of_one_row]
        counted = sum(part.counted for part in parts)
        yield evolve(parts[0], end=parts[-1].end, counted=counted)


def _unit_and_side_of_now(part: tuple[int, Row]) -> tuple[int, bool]:
    begins, row = part
    return begins, row.ahead


def _rows(
    counting: list[Interval], calendar: Calendar, unit: Period, now: int
) -> Iterator[tuple[int, Row]]:
    """(start of the unit, row) of each part in which the calendar is open at all."""
    for start, end in counting:
        for begins, first, last in parts_of(start, end, unit, calendar.zone, now):
            seconds = calendar.between(first, last)
            if seconds:
                opens = calendar.next_opening(first)
                closes = calendar.subtract(last, 1) + 1
                yield begins, Row(opens, closes, seconds, ahead=first >= now)
