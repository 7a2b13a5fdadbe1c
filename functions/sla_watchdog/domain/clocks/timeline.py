"""Where a clock runs and where it pauses, and at which instant so many seconds of it have elapsed.

Only statuses that the policy names pause a clock, only open time counts, a customer's message
ends a pause whatever the status says, and the policy's limits end it too (semantics part C).
Instants are epoch seconds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate

from attrs import field, frozen

from sla_watchdog.domain.policy.model import Pauses
from sla_watchdog.domain.tickets.ticket import ASKED, Span, Ticket
from sla_watchdog.domain.time.business_time import Calendar

TOO_LONG = "pause limit"
"""The group of a span that runs although its status pauses, since the pause used up what is
allowed.
"""


@frozen
class Timeline:
    """The spans in which a clock runs and those in which it pauses, oldest first, and the calendar
    that counts.
    """

    running: tuple[Span, ...]
    paused: tuple[Span, ...]
    calendar: Calendar
    _sums: tuple[int, ...] = field(init=False)
    """Open seconds before each running span, and after the last closed one."""

    @_sums.default
    def _summed(self) -> tuple[int, ...]:
        closed = (
            self.calendar.between(span.start, span.end)
            for span in self.running
            if span.end is not None
        )
        return tuple(accumulate(closed, initial=0))

    def reaches(self, seconds: int) -> int | None:
        """The earliest instant with `seconds` elapsed (> 0); None when the clock stands still
        before that.
        """
        index = bisect_left(self._sums, seconds) - 1
        if index >= len(self.running):
            return None
        return self.calendar.add(self.running[index].start, seconds - self._sums[index])

    def elapsed(self, at: int) -> int:
        """Seconds of open, unpaused time up to `at`."""
        index = bisect_right(self.running, at, key=lambda span: span.start) - 1
        if index < 0:
            return 0
        span = self.running[index]
        end = at if span.end is None else min(at, span.end)
        return self._sums[index] + self.calendar.between(span.start, end)

    def leads(self, seconds: int, target: int, due_at: int | None) -> int | None:
        """The latest instant with `seconds` to go; the start when there never were as many
        (semantics E2).
        """
        if seconds >= target:
            return self.running[0].start if self.running else None
        index = (
            -1
            if due_at is None
            else bisect_right(self.running, due_at, key=lambda span: span.start) - 1
        )
        if due_at is not None and index >= 0:
            at = self.calendar.subtract(due_at, seconds)
            if at >= self.running[index].start:
                return at
        return self.reaches(target - seconds)

    def lives_from(self, at: int) -> int | None:
        """The first instant from `at` on at which it runs or pauses; None where it is over by then."""
        found = [_first_in(spans, at) for spans in (self.running, self.paused)]
        return min((instant for instant in found if instant is not None), default=None)

    def passes(self, at: int, since: int) -> int | None:
        """When it was still alive at an instant of the wall clock that is known since `since`, or
        came back to life.
        """
        if at > since and self.lives_from(at - 1) == at - 1:
            return at
        return self.lives_from(max(at, since))

    def within(self, start: int, end: int | None) -> Timeline:
        """The part of it between two instants."""
        return Timeline(
            tuple(_cut(self.running, start, end)),
            tuple(_cut(self.paused, start, end)),
            self.calendar,
        )


def _first_in(spans: tuple[Span, ...], at: int) -> int | None:
    index = bisect_right(spans, at, key=lambda span: span.start)
    if index and (spans[index - 1].end or at + 1) > at:
        return at
    return spans[index].start if index < len(spans) else None


def _cut(spans: tuple[Span, ...], start: int, end: int | None) -> Iterator[Span]:
    first = max(bisect_right(spans, start, key=lambda span: span.start) - 1, 0)
    for span in spans[first:]:
        if end is not None and span.start >= end:
            return
        begins = max(span.start, start)
        ends = span.end if end is None else end if span.end is None else min(span.end, end)
        if ends is None or ends > begins:
            yield Span(begins, ends, span.group)


@frozen
class Overrun:
    """A pause that used up a limit: from `at` on the clock ran although the status still paused it,
    until `end`.
    """

    at: int
    end: int | None
    limit: int


def timeline(
    ticket: Ticket,
    stops: frozenset[str],
    pauses_in: frozenset[str],
    calendar: Calendar,
    limits: Pauses,
) -> tuple[Timeline, tuple[Overrun, ...]]:
    """The course of a clock over the ticket's whole life, and the pauses that lasted too long."""
    if not pauses_in:
        return Timeline(ticket.outside(stops), (), calendar), ()
    running: list[Span] = []
    paused: list[Span] = []
    overruns: list[Overrun] = []
    used = 0
    for span in _with_pauses(ticket.outside(stops), pauses_in, ticket.customer_messages):
        if span.group not in pauses_in:
            running.append(span)
            continue
        allowed = _allowed(limits, used)
        at = None if allowed is None else _exceeds(span, allowed, calendar)
        end = span.end if at is None else at
        if end is None or end > span.start:
            paused.append(Span(span.start, end, span.group))
        if at is not None and allowed is not None:
            running.append(Span(at, span.end, TOO_LONG))
            overruns.append(Overrun(at, span.end, allowed))
            used += allowed
        elif span.end is not None and limits.total is not None:
            used += calendar.between(span.start, span.end)
    return Timeline(tuple(running), tuple(paused), calendar), tuple(overruns)


def _with_pauses(
    spans: tuple[Span, ...], pauses_in: frozenset[str], asked: tuple[int, ...]
) -> Iterator[Span]:
    """The spans, neighbouring pauses as one, and each of them ended by the first message of the
    customer.
    """
    pause: Span | None = None
    for span in spans:
        joins = span.group in pauses_in
        if (
            pause is not None
            and joins
            and span.start == pause.end
            and _message_in(pause, asked) is None
        ):
            pause = Span(pause.start, span.end, pause.group)
            continue
        if pause is not None:
            yield from _ended_by_message(pause, asked)
        pause = span if joins else None
        if not joins:
            yield span
    if pause is not None:
        yield from _ended_by_message(pause, asked)


def _message_in(pause: Span, asked: tuple[int, ...]) -> int | None:
    """The customer's first message after the pause began, while it lasts."""
    index = bisect_right(asked, pause.start)
    at = asked[index] if index < len(asked) else None
    return None if at is None or (pause.end is not None and at >= pause.end) else at


def _ended_by_message(pause: Span, asked: tuple[int, ...]) -> Iterator[Span]:
    at = _message_in(pause, asked)
    yield Span(pause.start, at or pause.end, pause.group)
    if at is not None:
        yield Span(at, pause.end, ASKED)


def _allowed(limits: Pauses, used: int) -> int | None:
    """How many open seconds the next pause may last."""
    if limits.total is None:
        return limits.longest
    left = max(0, limits.total - used)
    return left if limits.longest is None else min(limits.longest, left)


def _exceeds(pause: Span, allowed: int, calendar: Calendar) -> int | None:
    """When the pause has used up what is allowed; None when it ends before."""
    if pause.end is not None and calendar.between(pause.start, pause.end) <= allowed:
        return None
    return calendar.add(pause.start, allowed)
