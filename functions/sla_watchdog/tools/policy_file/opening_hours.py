"""The form of opening hours: segments of a day, days of a week."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from attrs import frozen

from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.domain.time.weekly_hours import WEEKDAYS
from sla_watchdog.tools.policy_file.nodes import Node, keys
from sla_watchdog.tools.policy_file.problems import Wrong, did_you_mean
from sla_watchdog.tools.policy_file.shapes import Also, ListOf, MapOf, Reading, Then, Word

HOURS_LOOK_LIKE = "hours look like 09:00-17:30; a whole day is 00:00-24:00"


@frozen
class OpeningSpan:
    """Wall-clock times, `HH:MM`. One that closes no later than it opens closes on the next date."""

    opens: str
    closes: str

    def __str__(self) -> str:
        return f"{self.opens}-{self.closes}"

    @property
    def span(self) -> tuple[int, int]:
        """In seconds from 00:00 of the date it starts on."""
        opens, closes = _seconds(self.opens), _seconds(self.closes)
        return opens, closes if closes > opens else closes + DAY


def _seconds(clock: str) -> int:
    return int(clock[:2]) * 3600 + int(clock[3:]) * 60


Hours = tuple[OpeningSpan, ...]


def _segment(text: str) -> OpeningSpan:
    match = re.fullmatch("([0-9]{1,2}):([0-9]{2}) *- *([0-9]{1,2}):([0-9]{2})", text.strip())
    if not match:
        raise Wrong(f'"{text}" is not opening hours', _closer(text))
    opens = f"{match[1]:0>2}:{match[2]}"
    closes = f"{match[3]:0>2}:{match[4]}"
    for clock, latest in ((opens, "23:59"), (closes, "24:00")):
        if clock > latest or clock[3:] > "59":
            raise Wrong(f'"{clock}" in "{text}" is not a time of day', HOURS_LOOK_LIKE)
    if opens == closes:
        raise Wrong(f'"{text}" closes when it opens', HOURS_LOOK_LIKE)
    return OpeningSpan(opens, closes)


SEGMENT = Word(
    "opening hours, like 09:00-17:30",
    _segment,
    {"type": "string", "pattern": "^ *[0-9]{1,2}:[0-9]{2} *- *[0-9]{1,2}:[0-9]{2} *$"},
)


def _without_overlap(segments: Hours, node: Node, reading: Reading) -> Hours | None:
    ordered = tuple(sorted(segments, key=lambda segment: segment.span))
    for earlier, later in pairwise(ordered):
        if later.span[0] < earlier.span[1]:
            reading.wrong(
                node,
                f"{earlier} and {later} overlap",
                "write one range for both, or mend the one that is wrong",
            )
            return None
    return ordered


HOURS = Then(ListOf(SEGMENT, least=0), _without_overlap)


def _closer(text: str) -> str:
    """What was probably meant by `9-17` or `9.00 to 17.30`."""
    clock = "([0-9]{1,2})(?:[:.h]([0-9]{2}))?"
    rough = re.fullmatch(f"{clock} *(?:-|–|to) *{clock}", text.strip())
    if not rough:
        return HOURS_LOOK_LIKE
    opens, opens_at, closes, closes_at = rough.groups(default="00")
    return f'did you mean "{opens:0>2}:{opens_at}-{closes:0>2}:{closes_at}"?'


# ------------------------------------------------------------------ a week of them


def days_of(text: str) -> tuple[str, ...]:
    if text == "daily":
        return WEEKDAYS
    first, dash, last = text.partition("-")
    for day in (first, last) if dash else (first,):
        if day not in WEEKDAYS:
            short = day.strip().casefold()[:3]
            hint = (
                f'days have three letters: "{short}"'
                if short in WEEKDAYS
                else did_you_mean(day, (*WEEKDAYS, "daily"))
            )
            raise Wrong(f'"{text}" is not a day or a range of days', f"{hint}; mon-fri is a range")
    start = WEEKDAYS.index(first)
    count = (WEEKDAYS.index(last) - start) % 7 + 1 if dash else 1
    return tuple(WEEKDAYS[(start + n) % 7] for n in range(count))


_ONE_DAY = f"({'|'.join(WEEKDAYS)})"
DAYS = Word(
    "a day or a range of days, like mon-fri",
    days_of,
    {"type": "string", "pattern": f"^(daily|{_ONE_DAY}(-{_ONE_DAY})?)$"},
)


def _each_day_once(node: Node, reading: Reading) -> None:
    taken: set[str] = set()
    for key in keys(node):
        try:
            days = days_of(key.value)
        except Wrong:
            continue  # reported where the key is read
        twice = next((day for day in days if day in taken), None)
        if twice:
            reading.wrong(key, f"{twice} already has hours", "each day may be named once")
        taken.update(days)


def _week(
    by_days: Mapping[tuple[str, ...], Hours], node: Node, reading: Reading
) -> Mapping[str, Hours] | None:
    if not any(by_days.values()):
        reading.wrong(node, "this calendar never opens", HOURS_LOOK_LIKE, at=node.label)
        return None
    return {day: segments for days, segments in by_days.items() for day in days}


WEEK = Then(Also(MapOf(DAYS, HOURS, least=0), _each_day_once), _week)


def open_days(hours: Mapping[str, Hours]) -> Iterable[tuple[str, str]]:
    """A week for people: (`mon-fri`, `09:00-12:30 13:30-18:00`), equal days in a row as a range."""
    rows: list[tuple[list[str], str]] = []
    for day in WEEKDAYS:
        text = " ".join(map(str, hours.get(day, ())))
        if rows and rows[-1][1] == text:
            rows[-1][0].append(day)
        else:
            rows.append(([day], text))
    for days, text in rows:
        if text:
            yield _spoken_days(days), text


def _spoken_days(days: list[str]) -> str:
    if len(days) == len(WEEKDAYS):
        return "daily"
    return days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}"
