"""Business time: how long a calendar was open, and when it will have been open for so long.

Instants are epoch seconds (UTC), durations are seconds that really elapse, intervals are half-open.
Opening hours are wall-clock times of the calendar's zone, turned into instants date by date: a 24x7
Sunday lasts 25 hours in autumn and 23 in spring. Source: semantics.md part A.

How a question is answered: the hours of whole UTC years are laid out as sorted spans, with the open
seconds up to the end of each. A year is built once, when it is first needed. From then on `between`
is two bisections and a subtraction, and `add` two bisections, however long the time between.
"""

from __future__ import annotations

import re
import zoneinfo
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import accumulate, chain, pairwise
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from attrs import Factory, define, field, frozen

from sla_watchdog.errors import SlaWatchdogError

DAY = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

YEARS = range(1900, 2200)
"""UTC years a calendar answers for: a bound on what one absurd date in a ticket can cost."""

HORIZON = 400 * DAY
"""Longest wait for an opening; each date that the calendar itself names adds a day (A13)."""

Segments: TypeAlias = tuple[tuple[int, int], ...]
"""(opens, closes) in wall-clock seconds from 00:00 of a date; past `DAY` on the date after."""

_EPOCH = date(1970, 1, 1)
_CLOCK_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")


@frozen
class InvalidCalendar(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The description of a calendar says something it cannot mean."""

    where: str
    """Path of the field in the description, like `hours.mon[0]`."""
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


@frozen
class UnknownTimeZone(InvalidCalendar):
    """The zone is not in the time-zone database; no other is ever taken in its place (A6)."""


@frozen
class NoWorkingTime(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The calendar stays closed for longer than anyone would wait: nothing can be judged (A13)."""

    timezone: str
    direction: str
    """`after` or `before`."""
    at: int

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.at, UTC).isoformat()
        return f"the calendar ({self.timezone}) has no working time {self.direction} {when}"


@frozen
class TimeOutOfRange(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The instant asked about, or the answer, lies outside the years a calendar answers for."""

    at: int

    def __str__(self) -> str:
        return f"{self.at} (epoch seconds) is outside the years {YEARS[0]} to {YEARS[-1]}"


class OffsetChange(NamedTuple):
    """From the instant `at` on, clocks show UTC + `after`, no longer UTC + `before` (seconds)."""

    at: int
    before: int
    after: int


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
    _timeline: _Timeline = field(init=False, eq=False, repr=False)

    @zone.default
    def _known_zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone)
        except (LookupError, ValueError, OSError) as error:
            problem = f"unknown time zone {self.timezone!r}; write an IANA name, like Europe/Berlin"
            raise UnknownTimeZone("timezone", problem) from error

    @_timeline.default
    def _empty_timeline(self) -> _Timeline:
        dated = dict.fromkeys(self.holidays, ()) | dict(self.overrides)
        by_day = {_days_since_epoch(on): hours for on, hours in dated.items()}
        return _Timeline(self.zone, self.weekly, by_day)

    @classmethod
    def from_spec(cls, spec: Mapping[str, object]) -> Calendar:
        """Read `{"timezone": "Europe/Berlin", "hours": {"mon": [["09:00", "17:00"]]}, "holidays":
        ["2026-12-25"], "overrides": {"2026-12-31": [["09:00", "12:00"]]}}`; all but the zone may
        be left out.

        `["22:00", "06:00"]` closes on the next date, `24:00` is the end of the date, and a segment
        that closes when it opens is empty. Raises `InvalidCalendar` with the field's path.
        """
        _refuse_unknown(spec, ("timezone", "hours", "holidays", "overrides"), "calendar")
        hours = _mapping(spec.get("hours", {}), "hours")
        _refuse_unknown(hours, WEEKDAYS, "hours")
        holidays = _sequence(spec.get("holidays", ()), "holidays")
        overrides = _mapping(spec.get("overrides", {}), "overrides")
        return cls(
            _text(spec.get("timezone"), "timezone"),
            tuple(_segments(hours.get(day, ()), f"hours.{day}") for day in WEEKDAYS),
            frozenset(_date(text, f"holidays[{n}]") for n, text in enumerate(holidays)),
            tuple(
                sorted(
                    (_date(text, "overrides"), _segments(segments, f"overrides.{text}"))
                    for text, segments in overrides.items()
                )
            ),
        )

    def between(self, start: int, end: int) -> int:
        """Open seconds from `start` to `end`; negative when `end` is before `start`."""
        line = self._timeline.covering(start, end)
        return line.worked(end) - line.worked(start)

    def add(self, start: int, seconds: int) -> int:
        """The earliest instant with exactly `seconds` of open time after `start`.

        An exact fit gives the closing, not the next opening (A10); zero gives `start`, open or not.
        """
        if seconds <= 0:
            return _unmoved(start, seconds)
        line = self._timeline.covering(start, start)
        while (level := line.worked(start) + seconds) > line.total:
            line = self._later(line, start)
        answer = line.earliest(level)
        if line.has_closure_within(start, answer):
            raise NoWorkingTime(self.timezone, "after", start)
        return answer

    def subtract(self, end: int, seconds: int) -> int:
        """The latest instant with exactly `seconds` of open time from it to `end`.

        An exact fit gives the opening, not the closing before it; zero gives `end`, open or not.
        """
        if seconds <= 0:
            return _unmoved(end, seconds)
        line = self._timeline.covering(end, end)
        while (level := line.worked(end) - seconds) < 0:
            line = self._earlier(line, end)
        answer = line.latest(level)
        if line.has_closure_within(answer, end):
            raise NoWorkingTime(self.timezone, "before", end)
        return answer

    def is_open(self, at: int) -> bool:
        return self._timeline.covering(at, at).is_open(at)

    def next_opening(self, at: int) -> int:
        """The earliest open instant not before `at`: `at` itself while open."""
        line = self._timeline.covering(at, at)
        while (level := line.worked(at)) == line.total:
            line = self._later(line, at)
        answer = line.latest(level)
        if line.has_closure_within(at, answer):
            raise NoWorkingTime(self.timezone, "after", at)
        return answer

    def transitions(self, start: int, end: int) -> tuple[OffsetChange, ...]:
        """Changes of the zone's offset with `start < at <= end`, such as both ends of summer time.

        So the changes add up to the difference between the offsets shown at `end` and at `start`.
        """
        for at in (start, end):
            _year_of(at)
        return tuple(_offset_changes(self.zone, start, end))

    def _later(self, line: _Line, start: int) -> _Line:
        if line.has_closure_within(start, line.until):
            raise NoWorkingTime(self.timezone, "after", start)
        return self._timeline.with_later_years(line, start)

    def _earlier(self, line: _Line, end: int) -> _Line:
        if line.has_closure_within(line.since, end):
            raise NoWorkingTime(self.timezone, "before", end)
        return self._timeline.with_earlier_years(line, end)


def tzdata_version() -> str:
    """IANA version (`2026f`) of the zone data in use, to be stored with what came from it (A6).

    `system` where zoneinfo is free to prefer the zone files of the machine, which do not say their
    version: an empty PYTHONTZPATH forbids it, as in the deployed functions.
    """
    if zoneinfo.TZPATH:
        return "system"
    from tzdata import IANA_VERSION  # type: ignore[import-untyped]  # the package ships no types

    return str(IANA_VERSION)


# ------------------------------------------------------------------ the built years


@frozen(eq=False)
class _Line:
    """Consecutive years laid out. Its levels are open seconds counted from its own beginning.

    The first span is an empty one at the beginning, so that for every instant there is a span that
    opened at or before it.
    """

    years: range
    since: int
    until: int
    opens: list[int]
    closes: list[int]
    worked_until: list[int]
    """The level at the end of each span."""
    longest_wait: int
    closures: tuple[tuple[int, int], ...]
    """From a closing to the next opening, where longer than `longest_wait`; hardly ever any."""

    @classmethod
    def of(cls, years: range, spans: Iterable[tuple[int, int]], longest_wait: int) -> _Line:
        since, until = _new_year(years.start), _new_year(years.stop)
        opens, closes = map(list, zip((since, since), *spans, strict=True))
        lengths = (end - start for start, end in zip(opens, closes, strict=True))
        gaps = zip(closes, [*opens[1:], until], strict=True)
        return cls(
            years,
            since,
            until,
            opens,
            closes,
            list(accumulate(lengths)),
            longest_wait,
            tuple((closed, opened) for closed, opened in gaps if opened - closed > longest_wait),
        )

    @property
    def total(self) -> int:
        return self.worked_until[-1]

    def worked(self, at: int) -> int:
        """The level at `at`."""
        span = bisect_right(self.opens, at) - 1
        return self.worked_until[span] - max(self.closes[span] - at, 0)

    def is_open(self, at: int) -> bool:
        return at < self.closes[bisect_right(self.opens, at) - 1]

    def earliest(self, level: int) -> int:
        """The first instant of a level from 1 to `total`; a closing where several have it."""
        span = bisect_left(self.worked_until, level)
        return self.closes[span] - (self.worked_until[span] - level)

    def latest(self, level: int) -> int:
        """The last instant of a level below `total`; an opening where several have it."""
        span = bisect_right(self.worked_until, level)
        return self.closes[span] - (self.worked_until[span] - level)

    def has_closure_within(self, start: int, end: int) -> bool:
        """Whether waiting from `start` to `end` meets a closed time too long to wait for."""
        return any(
            min(end, opened) - max(start, closed) > self.longest_wait
            for closed, opened in self.closures
        )


@define(eq=False)
class _Timeline:
    """Builds years as they are needed and keeps them.

    The line is replaced, never changed, and each question is answered on one line alone: threads
    that extend it at the same time may do the work twice, but never see half of it.
    """

    _zone: ZoneInfo
    _weekly: tuple[Segments, ...]
    _dated: Mapping[int, Segments]
    """Holidays and overrides, by days since the epoch."""
    _line: _Line | None = None
    _spans: dict[int, list[tuple[int, int]]] = Factory(dict)

    def covering(self, first: int, last: int) -> _Line:
        """A line with both instants, given in any order."""
        line = self._line
        if line and line.since <= first < line.until and line.since <= last < line.until:
            return line
        years = {_year_of(first), _year_of(last), *(line.years if line else ())}
        return self._extended(min(years), max(years))

    def with_later_years(self, line: _Line, start: int) -> _Line:
        """As many more as it has from `start` on: a far answer takes few steps, a near one, one."""
        last = line.years[-1]
        if last == YEARS[-1]:
            raise TimeOutOfRange(line.until)
        return self._extended(line.years[0], min(last + 1 + last - _year_of(start), YEARS[-1]))

    def with_earlier_years(self, line: _Line, end: int) -> _Line:
        first = line.years[0]
        if first == YEARS[0]:
            raise TimeOutOfRange(line.since - 1)
        return self._extended(max(first - 1 - _year_of(end) + first, YEARS[0]), line.years[-1])

    def _extended(self, first: int, last: int) -> _Line:
        years = range(first, last + 1)
        spans = chain.from_iterable(map(self._year, years))
        self._line = _Line.of(years, spans, HORIZON + len(self._dated) * DAY)
        return self._line

    def _year(self, year: int) -> list[tuple[int, int]]:
        if year not in self._spans:
            since, until = _new_year(year), _new_year(year + 1)
            self._spans[year] = list(_merged(self._opened(since, until), since, until))
        return self._spans[year]

    def _opened(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Every segment that may touch [since, until) as instants; some may end before they begin.

        Segments of two days before reach into it by a night shift and the largest offset.
        """
        clock = _WallClock.during(self._zone, since - 4 * DAY, until + 4 * DAY)
        for day in range(since // DAY - 2, until // DAY + 1):
            segments = self._dated.get(day)
            if segments is None:
                segments = self._weekly[(day + _EPOCH.weekday()) % 7]
            if segments and clock.has_date(day):
                for opens, closes in segments:
                    yield clock.instant(day * DAY + opens), clock.instant(day * DAY + closes)


def _merged(spans: Iterable[tuple[int, int]], since: int, until: int) -> Iterator[tuple[int, int]]:
    """Sorted, without overlaps, cut to [since, until); empty or inverted ones are left out (A3)."""
    cut = sorted((max(start, since), min(end, until)) for start, end in spans if start < end)
    begin = finish = since
    for start, end in cut:
        if start > finish:
            if begin < finish:
                yield begin, finish
            begin = start
        finish = max(finish, end)
    if begin < finish:
        yield begin, finish


@frozen(eq=False)
class _WallClock:
    """Turns wall-clock times into instants, over a stretch of the zone's history.

    Wall-clock times are seconds from 1970-01-01T00:00 of the zone's own clock.
    """

    _turns: list[int]
    """The wall-clock time from which each next offset holds."""
    _offsets: list[int]

    @classmethod
    def during(cls, zone: ZoneInfo, since: int, until: int) -> _WallClock:
        changes = list(_offset_changes(zone, since, until))
        return cls(
            # In a gap and in a fold alike the offset before the change holds until the later of the
            # two readings of its instant: a time that was skipped is moved on by the length of the
            # gap (A3), and one that happened twice is the first (A4).
            [change.at + max(change.before, change.after) for change in changes],
            [_offset(zone, since), *(change.after for change in changes)],
        )

    def instant(self, wall: int) -> int:
        return wall - self._offsets[bisect_right(self._turns, wall)]

    def has_date(self, day: int) -> bool:
        """False for a date that the zone skipped, like 2011-12-30 in Apia (A5)."""
        return self.instant(day * DAY) < self.instant((day + 1) * DAY)


def _offset_changes(zone: ZoneInfo, start: int, end: int) -> Iterator[OffsetChange]:
    """With start < at <= end. Looks every three days: no zone kept an offset for less than six."""
    marks = [*range(start, end, 3 * DAY), end]
    for (early, before), (late, after) in pairwise((at, _offset(zone, at)) for at in marks):
        if before != after:
            instants = range(early, late)
            changed = bisect_left(instants, True, key=lambda at: _offset(zone, at) != before)
            yield OffsetChange(early + changed, before, after)


def _offset(zone: ZoneInfo, at: int) -> int:
    return int(datetime.fromtimestamp(at, zone).replace(tzinfo=UTC).timestamp()) - at


def _days_since_epoch(on: date) -> int:
    return on.toordinal() - _EPOCH.toordinal()


def _new_year(year: int) -> int:
    return _days_since_epoch(date(year, 1, 1)) * DAY


def _year_of(at: int) -> int:
    if not _new_year(YEARS.start) <= at < _new_year(YEARS.stop):
        raise TimeOutOfRange(at)
    return datetime.fromtimestamp(at, UTC).year


def _unmoved(at: int, seconds: int) -> int:
    if seconds < 0:
        raise ValueError(f"a duration cannot be negative, got {seconds} seconds")
    return at


# ------------------------------------------------------------------ reading a description


def _segments(value: object, where: str) -> Segments:
    parsed = (_segment(item, f"{where}[{n}]") for n, item in enumerate(_sequence(value, where)))
    return tuple(sorted((opens, closes) for opens, closes in parsed if opens < closes))


def _segment(value: object, where: str) -> tuple[int, int]:
    edges = _sequence(value, where)
    if len(edges) != 2:
        raise InvalidCalendar(where, 'needs an opening and a closing, like ["09:00", "17:00"]')
    opens, closes = (_clock_time(edge, where) for edge in edges)
    if opens == DAY:
        raise InvalidCalendar(where, "24:00 only closes; write 00:00 on the next date")
    return opens, closes if opens <= closes else closes + DAY


def _clock_time(value: object, where: str) -> int:
    text = _text(value, where)
    if not _CLOCK_TIME.fullmatch(text):
        raise InvalidCalendar(where, f"{text!r} is not a time from 00:00 to 24:00")
    return int(text[:2]) * 3600 + int(text[3:]) * 60


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


def _refuse_unknown(given: Mapping[str, object], known: Iterable[str], where: str) -> None:
    for key in given:
        if key not in known:
            raise InvalidCalendar(f"{where}.{key}", f"is not known; known are {', '.join(known)}")
