"""The description of a calendar, as a policy carries it, read and checked once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from attrs import frozen

from sla_watchdog.domain.time.calendar_errors import InvalidCalendar
from sla_watchdog.domain.time.seconds import DAY, HOUR, MINUTE
from sla_watchdog.domain.time.weekly_hours import WEEKDAYS, Segments

_CLOCK_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")


@frozen
class CalendarSpec:
    """What a description says."""

    timezone: str
    weekly: tuple[Segments, ...]
    """Monday first, seven of them."""
    holidays: frozenset[date]
    overrides: tuple[tuple[date, Segments], ...]
    """By date."""


def read_spec(spec: Mapping[str, object]) -> CalendarSpec:
    """All but the zone may be left out. Raises `InvalidCalendar` with the field's path."""
    _refuse_unknown(spec, ("timezone", "hours", "holidays", "overrides"), "calendar")
    return CalendarSpec(
        timezone=_text(spec.get("timezone"), "timezone"),
        weekly=_weekly(spec.get("hours", {})),
        holidays=_holidays(spec.get("holidays", ())),
        overrides=_overrides(spec.get("overrides", {})),
    )


def _weekly(value: object) -> tuple[Segments, ...]:
    hours = _mapping(value, "hours")
    _refuse_unknown(hours, WEEKDAYS, "hours")
    return tuple(_segments(hours.get(day, ()), f"hours.{day}") for day in WEEKDAYS)


def _holidays(value: object) -> frozenset[date]:
    dates = _sequence(value, "holidays")
    return frozenset(_date(text, f"holidays[{n}]") for n, text in enumerate(dates))


def _overrides(value: object) -> tuple[tuple[date, Segments], ...]:
    overrides = []
    for text, hours in _mapping(value, "overrides").items():
        on = _date(text, "overrides")
        overrides.append((on, _segments(hours, f"overrides.{text}")))
    return tuple(sorted(overrides))


def _segments(value: object, where: str) -> Segments:
    segments = []
    for number, item in enumerate(_sequence(value, where)):
        opens, closes = _segment(item, f"{where}[{number}]")
        if opens < closes:
            segments.append((opens, closes))
    return tuple(sorted(segments))


def _segment(value: object, where: str) -> tuple[int, int]:
    edges = _sequence(value, where)
    if len(edges) != 2:
        raise InvalidCalendar(where, 'needs an opening and a closing, like ["09:00", "17:00"]')
    opens, closes = (_clock_time(edge, where) for edge in edges)
    if opens == DAY:
        raise InvalidCalendar(where, "24:00 only closes; write 00:00 on the next date")
    if closes < opens:
        closes += DAY
    return opens, closes


def _clock_time(value: object, where: str) -> int:
    text = _text(value, where)
    if not _CLOCK_TIME.fullmatch(text):
        raise InvalidCalendar(where, f"{text!r} is not a time from 00:00 to 24:00")
    hours, minutes = map(int, text.split(":"))
    return hours * HOUR + minutes * MINUTE


def _date(value: object, where: str) -> date:
    text = _text(value, where)
    try:
        on = date.fromisoformat(text)
    except ValueError:
        on = None
    if on is None or on.isoformat() != text:
        raise InvalidCalendar(where, f"{text!r} is not a date written YYYY-MM-DD")
    return on


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidCalendar(where, f"needs a text, not {value!r}")
    return value


def _sequence(value: object, where: str) -> list[object] | tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise InvalidCalendar(where, f"needs a list, not {value!r}")
    return value


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidCalendar(where, f"needs a mapping, not {value!r}")
    return value


def _refuse_unknown(given: Mapping[str, object], names: Iterable[str], where: str) -> None:
    for key in given:
        if key not in names:
            choice = ", ".join(names)
            raise InvalidCalendar(f"{where}.{key}", f"is not known; known are {choice}")
