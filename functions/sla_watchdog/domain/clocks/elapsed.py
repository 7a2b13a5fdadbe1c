"""The walk of one clock from its start to its deadline: what counted, what did not, and why.

Every number is in seconds of open time, and they add up: those of the rows to `counted`, up to
now to what the clock has used, up to the deadline to its target. A long walk is told by week,
month, quarter or year.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import zip_longest

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.pauses import TOO_LONG
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.spans import Span
from sla_watchdog.domain.tickets.ticket import ASKED
from sla_watchdog.domain.time.business_time import DAY, Calendar

MOST_ROWS = 24
"""A walk of more rows is told in a larger unit."""


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Pace(StrEnum):
    COUNTED = "counted"
    PAUSED = "paused"
    ENDED = "ended"
    """Resolved or closed: before it was reopened."""


class Ending(StrEnum):
    """What ended a pause."""

    STATUS = "status"
    CUSTOMER = "customer"
    LIMIT = "limit"
    NOT_YET = "not yet"


@frozen
class Stretch:
    start: int
    end: int
    pace: Pace
    group: str


@frozen
class Pause:
    """A stretch in which the status paused the clock, or in which the ticket was over; `open` is
    what did not count.

    `status` is the desk's word while it lasted, `then` the one after it.
    """

    start: int
    end: int
    pace: Pace
    open: int
    status: str
    ending: Ending
    then: str = ""


@frozen
class Row:
    """One day, or a longer part of the calendar: from its first open instant to its last, with what
    counted of it.
    """

    start: int
    end: int
    counted: int
    ahead: bool
    """Not lived through yet."""


@frozen
class Shift:
    """At `at` the zone's offset went from `before` to `after` (seconds); that date has `hours`, as
    usual `usual`.
    """

    at: int
    before: int
    after: int
    hours: int
    usual: int


@frozen
class ElapsedBreakdown:
    """`counted` is what the rows add up to, `paused` what the pauses do; `over` is what came on top
    after the deadline.

    `until` is where the rows end: at the deadline, where the clock stopped, or now for one that
    stands still.
    """

    zone: str
    unit: Unit
    until: int
    rows: tuple[Row, ...]
    pauses: tuple[Pause, ...]
    shifts: tuple[Shift, ...]
    counted: int
    paused: int
    elapsed: int
    over: int


def elapsed_breakdown(clock: Clock, calendar: Calendar, facts: Facts, now: int) -> ElapsedBreakdown:
    """Raises NoWorkingTime or TimeOutOfRange as its calendar does."""
    until = max(clock.started_at, _until(clock, now))
    stretches = list(_stretches(clock, until))
    unit, rows = _rows([each for each in stretches if each.pace is Pace.COUNTED], calendar, now)
    pauses = tuple(_pauses(stretches, calendar, facts, clock.subject, now))
    counted, elapsed = sum(row.counted for row in rows), clock.elapsed(now)
    return ElapsedBreakdown(
        zone=calendar.timezone,
        unit=unit,
        until=until,
        rows=tuple(rows),
        pauses=pauses,
        shifts=tuple(_shifts(calendar, clock.started_at, until)),
        counted=counted,
        paused=sum(pause.open for pause in pauses if pause.pace is Pace.PAUSED),
        elapsed=elapsed,
        over=max(0, elapsed - counted),
    )


def _until(clock: Clock, now: int) -> int:
    ends = [at for at in (clock.due_at, clock.stopped_at) if at is not None]
    return min(ends, default=now)


def _stretches(clock: Clock, until: int) -> Iterator[Stretch]:
    """Without a gap from the start of the clock to `until`; neighbours that count are one."""
    spans = [(span, Pace.COUNTED) for span in clock.running] + [
        (span, Pace.PAUSED) for span in clock.paused
    ]
    held: Stretch | None = None
    at = clock.started_at
    for span, pace in sorted(spans, key=lambda pair: pair[0].start):
        for each in _between(at, span, pace, until):
            if held is not None and held.pace is each.pace is Pace.COUNTED:
                held = evolve(held, end=each.end)
                continue
            if held is not None:
                yield held
            held = each
        at = max(at, until if span.end is None else span.end)
    if held is not None:
        yield held
    if at < until:
        yield Stretch(at, until, Pace.ENDED, "")


def _between(at: int, span: Span, pace: Pace, until: int) -> Iterator[Stretch]:
    """The hole before a span, and the span itself."""
    start, end = max(at, span.start), until if span.end is None else min(span.end, until)
    if at < min(start, until):
        yield Stretch(at, min(start, until), Pace.ENDED, "")
    if start < end:
        yield Stretch(start, end, pace, span.group)


# ------------------------------------------------------------------ pauses


def _pauses(
    stretches: list[Stretch], calendar: Calendar, facts: Facts, ticket: str, now: int
) -> Iterator[Pause]:
    for each, following in zip_longest(stretches, stretches[1:]):
        if each.pace is Pace.COUNTED:
            continue
        group = following.group if following else ""
        goes_on = following is None or each.end > now
        ending = {ASKED: Ending.CUSTOMER, TOO_LONG: Ending.LIMIT}.get(group, Ending.STATUS)
        yield Pause(
            start=each.start,
            end=each.end,
            pace=each.pace,
            open=calendar.between(each.start, each.end),
            status=str(facts.as_of(ticket, "status", each.start)),
            ending=Ending.NOT_YET if goes_on and ending is not Ending.LIMIT else ending,
            then=str(facts.as_of(ticket, "status", each.end)),
        )


# ------------------------------------------------------------------ rows


def _rows(stretches: list[Stretch], calendar: Calendar, now: int) -> tuple[Unit, list[Row]]:
    """By the smallest unit in which they are not too many."""
    days = (stretches[-1].end - stretches[0].start) // DAY if stretches else 0
    lengths = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 30, Unit.QUARTER: 91}
    for unit, length in lengths.items():
        if days <= 10 * MOST_ROWS * length:
            rows = list(_in_units(stretches, calendar, unit, now))
            if len(rows) <= MOST_ROWS:
                return unit, rows
    return Unit.YEAR, list(_in_units(stretches, calendar, Unit.YEAR, now))


def _in_units(stretches: list[Stretch], calendar: Calendar, unit: Unit, now: int) -> Iterator[Row]:
    """A day's own stretches stay apart; of a longer unit they are one row."""
    held: tuple[tuple[int, bool], Row] | None = None
    for each in stretches:
        for begins, start, end in _parts(each, calendar, unit, now):
            if not (seconds := calendar.between(start, end)):
                continue
            row = Row(
                calendar.next_opening(start),
                calendar.subtract(end, 1) + 1,
                seconds,
                ahead=start >= now,
            )
            if held is not None and unit is not Unit.DAY and held[0] == (begins, row.ahead):
                row = evolve(held[1], end=row.end, counted=held[1].counted + seconds)
            elif held is not None:
                yield held[1]
            held = (begins, row.ahead), row
    if held is not None:
        yield held[1]


def _parts(
    stretch: Stretch, calendar: Calendar, unit: Unit, now: int
) -> Iterator[tuple[int, int, int]]:
    """(start of the unit, start, end): cut where a unit begins in the calendar's zone, and at
    `now`.
    """
    start = stretch.start
    while start < stretch.end:
        first = _first_of(_date(start, calendar), unit)
        begins, follows = _midnight(first, calendar), _midnight(_next(first, unit), calendar)
        end = min([at for at in (follows, now, stretch.end) if at > start])
        yield begins, start, end
        start = end


def _date(at: int, calendar: Calendar) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(calendar.zone).date()


def _midnight(day: date, calendar: Calendar) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=calendar.zone).timestamp())


def _first_of(day: date, unit: Unit) -> date:
    match unit:
        case Unit.DAY:
            return day
        case Unit.WEEK:
            return day - timedelta(day.weekday())
        case Unit.MONTH:
            return day.replace(day=1)
        case Unit.QUARTER:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case Unit.YEAR:
            return day.replace(month=1, day=1)


def _next(first: date, unit: Unit) -> date:
    """The first date of the following unit."""
    longest = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.QUARTER: 92, Unit.YEAR: 366}
    return _first_of(first + timedelta(longest[unit]), unit)


# ------------------------------------------------------------------ summer time


def _shifts(calendar: Calendar, start: int, end: int) -> Iterator[Shift]:
    changes = calendar.transitions(start, end)
    if not changes:
        return
    nominal = evolve(calendar, timezone="UTC")  # the same hours where no clock is ever changed
    for at, before, after in changes:
        day = _date(at, calendar)
        hours, usual = (
            each.between(_midnight(day, each), _midnight(day + timedelta(1), each))
            for each in (calendar, nominal)
        )
        yield Shift(at, before, after, hours, usual)
