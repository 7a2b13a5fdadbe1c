"""Business time: how long a calendar was open, and when it will have been open for so long.

Instants are epoch seconds (UTC), durations are seconds that really elapse, intervals are half-open.
Opening hours are wall-clock times of the calendar's zone, turned into instants date by date: a 24x7
Sunday lasts 25 hours in autumn and 23 in spring. Source: semantics.md part A.

How a question is answered: the hours of whole UTC years are laid out as sorted spans, with the open
seconds up to the end of each. A year is built once, when it is first needed. From then on `between`
is two bisections and a subtraction, and `add` two bisections, however long the time between.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from attrs import field, frozen

from sla_watchdog.domain.time.calendar_errors import NoWorkingTime, UnknownTimeZone
from sla_watchdog.domain.time.calendar_spec import read_spec
from sla_watchdog.domain.time.offsets import OffsetChange, offset_changes
from sla_watchdog.domain.time.open_spans import OpenSpans
from sla_watchdog.domain.time.open_years import OpenYears
from sla_watchdog.domain.time.weekly_hours import Segments
from sla_watchdog.domain.time.years import days_since_epoch, year_of


@frozen(cache_hash=True)
class Calendar:
    """Opening hours in one time zone. Two calendars are equal when they say the same.

    A segment belongs to the date it starts on: a holiday or an override of that date replaces the
    whole night shift, and leaves alone what the night before spills into the date.

    Every query raises `TimeOutOfRange` for instants outside `YEARS`; those that look for an opening
    raise `NoWorkingTime` rather than search for ever. Safe to share between threads.
    """

    timezone: str
    weekly: tuple[Segments, ...]
    """Monday first, seven of them."""
    holidays: frozenset[date] = frozenset()
    overrides: tuple[tuple[date, Segments], ...] = ()
    """By date; the hours of an override win over a holiday (A7)."""
    zone: ZoneInfo = field(init=False, eq=False, repr=False)
    _open_years: OpenYears = field(init=False, eq=False, repr=False)

    @zone.default
    def _known_zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone)
        except (LookupError, ValueError, OSError) as error:
            problem = f"unknown time zone {self.timezone!r}; write an IANA name, like Europe/Berlin"
            raise UnknownTimeZone("timezone", problem) from error

    @_open_years.default
    def _nothing_built(self) -> OpenYears:
        dated = dict.fromkeys(self.holidays, ()) | dict(self.overrides)
        by_day = {days_since_epoch(on): hours for on, hours in dated.items()}
        return OpenYears(self.zone, self.weekly, by_day)

    @classmethod
    def from_spec(cls, spec: Mapping[str, object]) -> Calendar:
        """Read `{"timezone": "Europe/Berlin", "hours": {"mon": [["09:00", "17:00"]]}, "holidays":
        ["2026-12-25"], "overrides": {"2026-12-31": [["09:00", "12:00"]]}}`; all but the zone may
        be left out.

        `["22:00", "06:00"]` closes on the next date, `24:00` is the end of the date, and a segment
        that closes when it opens is empty. Raises `InvalidCalendar` with the field's path.
        """
        read = read_spec(spec)
        return cls(read.timezone, read.weekly, read.holidays, read.overrides)

    def between(self, start: int, end: int) -> int:
        """Open seconds from `start` to `end`; negative when `end` is before `start`."""
        spans = self._open_years.covering(start, end)
        return spans.worked(end) - spans.worked(start)

    def add(self, start: int, seconds: int) -> int:
        """The earliest instant with exactly `seconds` of open time after `start`.

        An exact fit gives the closing, not the next opening (A10); zero gives `start`, open or not.
        """
        if seconds <= 0:
            return _unmoved(start, seconds)
        spans = self._open_years.covering(start, start)
        while (level := spans.worked(start) + seconds) > spans.total:
            spans = self._later(spans, start)
        answer = spans.earliest(level)
        if spans.has_closure_within(start, answer):
            raise NoWorkingTime(self.timezone, "after", start)
        return answer

    def subtract(self, end: int, seconds: int) -> int:
        """The latest instant with exactly `seconds` of open time from it to `end`.

        An exact fit gives the opening, not the closing before it; zero gives `end`, open or not.
        """
        if seconds <= 0:
            return _unmoved(end, seconds)
        spans = self._open_years.covering(end, end)
        while (level := spans.worked(end) - seconds) < 0:
            spans = self._earlier(spans, end)
        answer = spans.latest(level)
        if spans.has_closure_within(answer, end):
            raise NoWorkingTime(self.timezone, "before", end)
        return answer

    def is_open(self, at: int) -> bool:
        return self._open_years.covering(at, at).is_open(at)

    def next_opening(self, at: int) -> int:
        """The earliest open instant not before `at`: `at` itself while open."""
        spans = self._open_years.covering(at, at)
        while (level := spans.worked(at)) == spans.total:
            spans = self._later(spans, at)
        answer = spans.latest(level)
        if spans.has_closure_within(at, answer):
            raise NoWorkingTime(self.timezone, "after", at)
        return answer

    def transitions(self, start: int, end: int) -> tuple[OffsetChange, ...]:
        """Changes of the zone's offset with `start < at <= end`, such as both ends of summer time.

        So the changes add up to the difference between the offsets shown at `end` and at `start`.
        """
        for at in (start, end):
            year_of(at)
        return tuple(offset_changes(self.zone, start, end))

    def _later(self, spans: OpenSpans, start: int) -> OpenSpans:
        if spans.has_closure_within(start, spans.until):
            raise NoWorkingTime(self.timezone, "after", start)
        return self._open_years.with_later_years(spans, start)

    def _earlier(self, spans: OpenSpans, end: int) -> OpenSpans:
        if spans.has_closure_within(spans.since, end):
            raise NoWorkingTime(self.timezone, "before", end)
        return self._open_years.with_earlier_years(spans, end)


def _unmoved(at: int, seconds: int) -> int:
    if seconds < 0:
        raise ValueError(f"a duration cannot be negative, got {seconds} seconds")
    return at
