"""The open times of a calendar, laid out year by year as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from zoneinfo import ZoneInfo

from attrs import Factory, define

from sla_watchdog.domain.time.open_spans import OpenSpans
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.domain.time.wall_clock import WallClock
from sla_watchdog.domain.time.weekly_hours import Segments
from sla_watchdog.domain.time.years import EPOCH, YEARS, TimeOutOfRange, new_year, year_of

HORIZON = 400 * DAY
"""Longest wait for an opening; each date that the calendar itself names adds a day (A13)."""


@define(eq=False)
class OpenYears:
    """Builds years as they are needed and keeps them.

    What is laid out is replaced, never changed, and one layout answers a whole question. Threads
    that extend it at the same time may do the work twice, but never see half of it.
    """

    _zone: ZoneInfo
    _weekly: tuple[Segments, ...]
    _dated: Mapping[int, Segments]
    """Holidays and overrides, by days since the epoch."""
    _laid_out: OpenSpans | None = None
    _spans: dict[int, list[tuple[int, int]]] = Factory(dict)

    def covering(self, first: int, last: int) -> OpenSpans:
        """Spans of years with both instants, given in any order."""
        spans = self._laid_out
        if spans and spans.since <= first < spans.until and spans.since <= last < spans.until:
            return spans
        years = {year_of(first), year_of(last)}
        if spans:
            years.update(spans.years)
        return self._extended(min(years), max(years))

    def with_later_years(self, spans: OpenSpans, start: int) -> OpenSpans:
        """Adds as many years as it has from `start` on. A far answer takes few steps, a near one
        takes one.
        """
        first, last = spans.years[0], spans.years[-1]
        if last == YEARS[-1]:
            raise TimeOutOfRange(spans.until)
        more = 1 + last - year_of(start)
        return self._extended(first, min(last + more, YEARS[-1]))

    def with_earlier_years(self, spans: OpenSpans, end: int) -> OpenSpans:
        first, last = spans.years[0], spans.years[-1]
        if first == YEARS[0]:
            raise TimeOutOfRange(spans.since - 1)
        more = 1 + year_of(end) - first
        return self._extended(max(first - more, YEARS[0]), last)

    def _extended(self, first: int, last: int) -> OpenSpans:
        years = range(first, last + 1)
        spans = chain.from_iterable(map(self._year, years))
        longest_wait = HORIZON + len(self._dated) * DAY
        laid_out = OpenSpans.of(years, spans, longest_wait)
        self._laid_out = laid_out
        return laid_out

    def _year(self, year: int) -> list[tuple[int, int]]:
        if year not in self._spans:
            since, until = new_year(year), new_year(year + 1)
            opened = self._opened(since, until)
            self._spans[year] = list(_merged(opened, since, until))
        return self._spans[year]

    def _opened(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Every segment that may touch [since, until) as instants; some may end before they begin.

        Segments of two days before reach into it by a night shift and the largest offset.
        """
        clock = WallClock.during(self._zone, since - 4 * DAY, until + 4 * DAY)
        for day in range(since // DAY - 2, until // DAY + 1):
            segments = self._hours_of(day)
            if not segments or not clock.has_date(day):
                continue
            midnight = day * DAY
            for opens, closes in segments:
                yield clock.instant(midnight + opens), clock.instant(midnight + closes)

    def _hours_of(self, day: int) -> Segments:
        weekday = (day + EPOCH.weekday()) % 7
        return self._dated.get(day, self._weekly[weekday])


def _cut(spans: Iterable[tuple[int, int]], since: int, until: int) -> Iterator[tuple[int, int]]:
    for start, end in spans:
        if start < end:
            yield max(start, since), min(end, until)


def _merged(spans: Iterable[tuple[int, int]], since: int, until: int) -> Iterator[tuple[int, int]]:
    """Sorted, without overlaps, cut to [since, until); empty or inverted ones are left out (A3)."""
    begin = finish = since
    for start, end in sorted(_cut(spans, since, until)):
        if start > finish:
            if begin < finish:
                yield begin, finish
            begin = start
        finish = max(finish, end)
    if begin < finish:
        yield begin, finish
