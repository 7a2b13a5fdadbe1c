"""Instants and spans of time as text."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sla_watchdog.domain.time.duration import Duration, DurationUnit
from sla_watchdog.domain.time.seconds import DAY, HOUR, MINUTE

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def iso(at: int, zone: str = "UTC") -> str:
    """ISO 8601 with offset; epoch seconds for an instant outside the years 1 to 9999."""
    try:
        local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
    except (OverflowError, ValueError, OSError):
        return str(at)
    return local.isoformat(timespec="seconds")


def instant(at: int, zone: str) -> str:
    """`Mon 2026-03-02 17:00 -05:00`; offsets of before 1900 without their seconds."""
    text = iso(at, zone)
    if "T" not in text:
        return f"second {text}"
    weekday = _WEEKDAYS[datetime.fromisoformat(text).weekday()]
    date, time, offset = text[:10], text[11:16], text[19:25]
    return f"{weekday} {date} {time} {offset}"


def day(at: int, zone: str) -> str:
    """`7 March 2022`, the date in that zone."""
    text = iso(at, zone)
    if "T" not in text:
        return f"second {text}"
    date = datetime.fromisoformat(text)
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def duration(seconds: int) -> str:
    """Wall-clock time in its two largest units, rounded down: `6 h 10 m`, `3 d 4 h`; from two weeks
    on days alone.
    """
    if seconds < MINUTE:
        return "under 1 m"
    if seconds < DAY:
        return _hours_and_minutes(seconds)
    if seconds < 14 * DAY:
        return _in_two(seconds, (DAY, "d"), (HOUR, "h"))
    return f"{seconds // DAY} d"


def open_time(seconds: int) -> str:
    """Time inside a calendar's hours, without days: `16 h`, `1 h 30 m`; below a minute `7 s`."""
    return _hours_and_minutes(seconds) or f"{seconds} s"


def spoken(length: Duration) -> str:
    """A duration that the policy allows, in the unit that it counts in."""
    match length.unit:
        case DurationUnit.OPEN_SECOND:
            return open_time(length.amount)
        case DurationUnit.SECOND:
            return duration(length.amount)


def _hours_and_minutes(seconds: int) -> str:
    return _in_two(seconds, (HOUR, "h"), (MINUTE, "m"))


Unit = tuple[int, str]
"""Its seconds and its sign."""


def _in_two(seconds: int, large: Unit, small: Unit) -> str:
    """Without the unit of which there is none."""
    left, parts = seconds, []
    for size, sign in (large, small):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {sign}")
    return " ".join(parts)


def count_of(count: int, one: str, many: str = "") -> str:
    """`1 case`, `37 cases`."""
    if count == 1:
        return f"1 {one}"
    return f"{count:,} {many or f'{one}s'}"


def times(count: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
