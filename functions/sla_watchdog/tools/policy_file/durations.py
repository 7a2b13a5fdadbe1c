"""Durations as the policy file writes them: open time in hours, wall-clock time in days and weeks
too.
"""

from __future__ import annotations

import re

from sla_watchdog.domain.time.duration import Duration, DurationUnit
from sla_watchdog.domain.time.seconds import DAY, HOUR, MINUTE, WEEK
from sla_watchdog.tools.policy_file.problems import Wrong
from sla_watchdog.tools.policy_file.shapes import Word

LONGEST = 5 * 365 * DAY
"""No duration is longer: holidays are known for no more years than that."""

_WALL = re.compile("(?:([0-9]{1,7})w)?(?:([0-9]{1,7})d)?(?:([0-9]{1,7})h)?(?:([0-9]{1,7})m)?")
_ROUGH = re.compile(r"([0-9]{1,6}(?:[.,][0-9]{1,3})?) *([a-zA-Z]+)")
_UNITS = {"minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
LOOKS_LIKE = "a duration looks like 30m, 8h or 1h30m"
_DAYS_LOOK_LIKE = "a duration in days looks like 60d or 2w, and is no longer than five years"


def spoken(seconds: int) -> str:
    """Whole minutes as the file writes them: `1h30m`, `0m`."""
    hours, minutes = divmod(seconds // MINUTE, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or not hours else "")


def spoken_by_the_wall(seconds: int) -> str:
    """As `spoken`, with whole days: `14d`, `1d12h`."""
    days, rest = divmod(seconds, DAY)
    return (f"{days}d" if days else "") + (spoken(rest) if rest or not days else "")


def written(length: Duration) -> str:
    """As the file writes what the policy allows."""
    match length.unit:
        case DurationUnit.OPEN_SECOND:
            return spoken(length.amount)
        case DurationUnit.SECOND:
            return spoken_by_the_wall(length.amount)


def _seconds(text: str) -> int:
    match = _WALL.fullmatch(text)
    if not text or not match:
        raise Wrong(f'"{text}" is not a duration', _closer(text))
    counts = [int(count or 0) for count in match.groups()]
    seconds = sum(n * unit for n, unit in zip(counts, (WEEK, DAY, HOUR, MINUTE), strict=True))
    if seconds == 0:
        raise Wrong(f'"{text}" is no time at all', f"{LOOKS_LIKE}; what is not wanted is left out")
    if seconds > LONGEST:
        raise Wrong(f'"{text}" is longer than five years', "that is the longest there is")
    return seconds


def _closer(text: str) -> str:
    """What was probably meant by something that is not a duration."""
    if text.startswith("-"):
        return f"it cannot be negative; {LOOKS_LIKE}"
    if re.fullmatch("[0-9]+", text):
        return f"{text} of what? Write {text}h for hours or {text}m for minutes"
    rough = _ROUGH.fullmatch(text.strip())
    if rough is None:
        return LOOKS_LIKE
    if rough[2].casefold() in ("s", "sec", "secs", "second", "seconds"):
        return f"whole minutes only: the watchdog looks once a minute; {LOOKS_LIKE}"
    unit = next((size for name, size in _UNITS.items() if _means(rough[2], name)), None)
    minutes = round(float(rough[1].replace(",", ".")) * unit / MINUTE) if unit else 0
    return f'did you mean "{spoken(minutes * MINUTE)}"?' if minutes else LOOKS_LIKE


def _means(word: str, unit: str) -> bool:
    word = word.casefold()
    short = {"minute": ("m", "min", "mins"), "hour": ("h", "hr", "hrs"), "day": "d", "week": "w"}
    return word in (unit, f"{unit}s", *short[unit])


def _open_seconds(text: str) -> int:
    match = _WALL.fullmatch(text)
    if match and (match[1] or match[2]):
        days = 7 * int(match[1] or 0) + int(match[2] or 0)
        unit, shift = ("week", 5 * days // 7) if match[1] and not match[2] else ("day", days)
        raise Wrong(
            f'"{text}": a {unit} of what? This is open time of a calendar, which has no {unit}s',
            f"write hours: {8 * shift}h if eight make a working day, {24 * days}h around the clock",
        )
    return _seconds(text)


def _day_seconds(text: str) -> int:
    if re.fullmatch("[0-9]+", text):
        hint = f"{text} of what? Write {text}d for days or {text}w for weeks"
        raise Wrong(f'"{text}" is not a duration', hint)
    try:
        seconds = _seconds(text)
    except Wrong as wrong:
        raise Wrong(wrong.message, _DAYS_LOOK_LIKE) from wrong
    if re.search("[hm]", text):
        message = f'"{text}": this is wall-clock time, in days and weeks'
        raise Wrong(message, f"write {in_days(seconds)}, or another number of days")
    return seconds


def in_days(seconds: int) -> str:
    """Rounded up to whole days: `60d`."""
    return f"{-(-seconds // DAY)}d"


OPEN_TIME = Word(
    "a duration in open hours, like 8h",
    _open_seconds,
    {"type": "string", "pattern": "^(?=[0-9])([0-9]+h)?([0-9]+m)?$"},
)
WALL_TIME = Word(
    "a duration, like 8h, 14d or 2w",
    _seconds,
    {"type": "string", "pattern": "^(?=[0-9])([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?$"},
)
WALL_DAYS = Word(
    "a duration in days, like 60d or 2w",
    _day_seconds,
    {"type": "string", "pattern": "^(?=[0-9])([0-9]+w)?([0-9]+d)?$"},
)
