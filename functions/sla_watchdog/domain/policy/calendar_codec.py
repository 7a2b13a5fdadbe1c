"""A calendar in the compiled policy: the description that `Calendar.from_spec` reads."""

from __future__ import annotations

from collections.abc import Iterable

from sla_watchdog.domain.policy.json_part import DamagedPolicy, Part
from sla_watchdog.domain.policy.marks import Codec
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_errors import InvalidCalendar
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.domain.time.weekly_hours import WEEKDAYS


def _write(calendar: Calendar) -> dict[str, object]:
    """Days without hours are left out of a week; a date without hours is closed."""
    week = zip(WEEKDAYS, calendar.weekly, strict=True)
    return {
        "timezone": calendar.timezone,
        "hours": {day: _texts(segments) for day, segments in week if segments},
        "holidays": sorted(day.isoformat() for day in calendar.holidays),
        "overrides": {day.isoformat(): _texts(segments) for day, segments in calendar.overrides},
    }


def _read(part: Part) -> Calendar:
    try:
        return Calendar.from_spec(part.entries())
    except InvalidCalendar as error:
        raise DamagedPolicy(part.path, str(error)) from error


def _texts(segments: Iterable[tuple[int, int]]) -> list[list[str]]:
    return [[_clock(opens), _closing(closes)] for opens, closes in segments]


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"


def _closing(seconds: int) -> str:
    """Midnight at the end of the date is 24:00; what closes later closes on the next date."""
    return _clock(seconds if seconds <= DAY else seconds - DAY)


CALENDAR = Codec(_write, _read)
