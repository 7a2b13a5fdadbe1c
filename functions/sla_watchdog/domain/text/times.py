"""Instants and spans of time as text."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = 60, 3_600, 86_400

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def iso(at: int, zone: str = "UTC") -> str:
    """ISO 8601 with offset; epoch seconds for an instant outside the years that ISO 8601 can say."""
    try:
        return (
            datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
        )
    except (OverflowError, ValueError, OSError):
        return str(at)


def instant(at: int, zone: str) -> str:
    """`Mon 2026-03-02 17:00 -05:00`; offsets of before 1900 without their seconds."""
    said = iso(at, zone)
    if "T" not in said:
        return f"second {said}"
    day = datetime.fromisoformat(said)
    return f"{_WEEKDAYS[day.weekday()]} {said[:10]} {said[11:16]} {said[19:25]}"


def duration(seconds: int) -> str:
    """Wall-clock time in its two largest units, rounded down: `6 h 10 m`, `3 d 4 h`; from two weeks
    on days alone.
    """
    if seconds < MINUTE:
        return "under 1 m"
    if seconds < DAY:
        return _two(seconds, HOUR, "h", MINUTE, "m")
    return _two(seconds, DAY, "d", HOUR, "h") if seconds < 14 * DAY else f"{seconds // DAY} d"


def open_time(seconds: int) -> str:
    """Time inside a calendar's hours, which has no days: `16 h`, `1 h 30 m`."""
    return _two(seconds, HOUR, "h", MINUTE, "m") or f"{seconds} s"


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    parts = ((seconds // large, large_name), (seconds % large // small, small_name))
    return " ".join(f"{count} {name}" for count, name in parts if count)


def count_of(count: int, one: str, many: str = "") -> str:
    """`1 case`, `37 cases`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
