"""Where a zone's offset changes, as at both ends of summer time, and what that does to the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from attrs import evolve, frozen

from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_periods import date_at, midnight


@frozen
class Shift:
    """At `at` the zone's offset went from `before` to `after`; all but `at` are seconds."""

    at: int
    before: int
    after: int
    hours: int
    """Open time of that date."""
    usual: int
    """What it would be if no clock was ever changed."""


def shifts_of(calendar: Calendar, start: int, end: int) -> Iterator[Shift]:
    """The shifts with `start < at <= end`. Raises TimeOutOfRange as the calendar does."""
    changes = calendar.transitions(start, end)
    if not changes:
        return
    unshifted = evolve(calendar, timezone="UTC")
    for at, before, after in changes:
        day = date_at(at, calendar.zone)
        hours = _open_time(calendar, day)
        usual = _open_time(unshifted, day)
        yield Shift(at, before, after, hours, usual)


def _open_time(calendar: Calendar, day: date) -> int:
    start = midnight(day, calendar.zone)
    end = midnight(day + timedelta(1), calendar.zone)
    return calendar.between(start, end)
