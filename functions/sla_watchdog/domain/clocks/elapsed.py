"""One clock from its start to its deadline: what counted, what did not, and why.

Every number is in seconds of open time, and they add up: those of the rows to `counted`, up to
now to what the clock has used, up to the deadline to its target. A long time is shown by week,
month, quarter or year.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import zip_longest

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.elapsed_rows import Row, rows_of
from sla_watchdog.domain.clocks.pauses import TOO_LONG
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.spans import Span
from sla_watchdog.domain.tickets.ticket import ASKED
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_periods import Period
from sla_watchdog.domain.time.instants import earliest
from sla_watchdog.domain.time.shifts import Shift, shifts_of


class Pace(StrEnum):
    COUNTED = "counted"
    PAUSED = "paused"
    ENDED = "ended"
    """Resolved or closed: before it was reopened."""


class PauseEnding(StrEnum):
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
    """A stretch in which the status paused the clock, or in which the ticket was over."""

    start: int
    end: int
    pace: Pace
    open: int
    """Seconds of open time that did not count."""
    status: str
    """The desk's word while it lasted."""
    ending: PauseEnding
    then: str = ""
    """The desk's word after it."""


@frozen
class ElapsedBreakdown:
    zone: str
    unit: Period
    until: int
    """Where the rows end: at the deadline, where the clock stopped, or now for one that stands
    still.
    """
    rows: tuple[Row, ...]
    pauses: tuple[Pause, ...]
    shifts: tuple[Shift, ...]
    counted: int
    """What the rows add up to."""
    paused: int
    """What the pauses add up to."""
    elapsed: int
    over: int
    """What came on top after the deadline."""


def elapsed_breakdown(clock: Clock, calendar: Calendar, facts: Facts, now: int) -> ElapsedBreakdown:
    """Raises NoWorkingTime or TimeOutOfRange as its calendar does."""
    end = earliest(clock.due_at, clock.stopped_at)
    until = max(clock.started_at, now if end is None else end)
    stretches = list(_stretches(clock, until))
    counting = [(part.start, part.end) for part in stretches if part.pace is Pace.COUNTED]
    unit, rows = rows_of(counting, calendar, now)
    pauses = tuple(_pauses(stretches, calendar, facts, clock.subject, now))
    counted = sum(row.counted for row in rows)
    elapsed = clock.elapsed(now)
    return ElapsedBreakdown(
        zone=calendar.timezone,
        unit=unit,
        until=until,
        rows=tuple(rows),
        pauses=pauses,
        shifts=tuple(shifts_of(calendar, clock.started_at, until)),
        counted=counted,
        paused=sum(pause.open for pause in pauses if pause.pace is Pace.PAUSED),
        elapsed=elapsed,
        over=max(0, elapsed - counted),
    )


def _stretches(clock: Clock, until: int) -> Iterator[Stretch]:
    """Stretches without a gap from the start of the clock to `until`. Neighbours that count are
    joined.
    """
    held: Stretch | None = None
    for stretch in _without_gap(clock, until):
        if held is not None and held.pace is stretch.pace is Pace.COUNTED:
            held = evolve(held, end=stretch.end)
            continue
        if held is not None:
            yield held
        held = stretch
    if held is not None:
        yield held


def _without_gap(clock: Clock, until: int) -> Iterator[Stretch]:
    """A gap between the spans in which the clock runs or pauses is a stretch of its own."""
    at = clock.started_at
    for span in _spans(clock, until):
        start, end = max(at, span.start), min(span.end, until)
        if at < min(start, until):
            yield Stretch(at, min(start, until), Pace.ENDED, "")
        if start < end:
            yield Stretch(start, end, span.pace, span.group)
        at = max(at, span.end)
    if at < until:
        yield Stretch(at, until, Pace.ENDED, "")


def _spans(clock: Clock, until: int) -> list[Stretch]:
    """Where the clock runs or pauses, the earliest first; one that lasts ends at `until`."""
    spans = [_stretch(span, Pace.COUNTED, until) for span in clock.running]
    spans += [_stretch(span, Pace.PAUSED, until) for span in clock.paused]
    spans.sort(key=lambda span: span.start)
    return spans


def _stretch(span: Span, pace: Pace, until: int) -> Stretch:
    end = until if span.end is None else span.end
    return Stretch(span.start, end, pace, span.group)


# ------------------------------------------------------------------ pauses


def _pauses(
    stretches: list[Stretch], calendar: Calendar, facts: Facts, ticket: str, now: int
) -> Iterator[Pause]:
    for stretch, following in zip_longest(stretches, stretches[1:]):
        if stretch.pace is Pace.COUNTED:
            continue
        yield Pause(
            start=stretch.start,
            end=stretch.end,
            pace=stretch.pace,
            open=calendar.between(stretch.start, stretch.end),
            status=str(facts.as_of(ticket, "status", stretch.start)),
            ending=_ending(stretch, following, now),
            then=str(facts.as_of(ticket, "status", stretch.end)),
        )


def _ending(pause: Stretch, following: Stretch | None, now: int) -> PauseEnding:
    if following is None:
        return PauseEnding.NOT_YET
    if following.group == TOO_LONG:
        return PauseEnding.LIMIT
    if pause.end > now:
        return PauseEnding.NOT_YET
    if following.group == ASKED:
        return PauseEnding.CUSTOMER
    return PauseEnding.STATUS
