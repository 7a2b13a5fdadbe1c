"""Where a clock pauses: by the ticket's status, until a message of the customer or a limit ends it.

Only statuses that the policy names pause a clock, a customer's message ends a pause whatever the
status says, and the policy's limits end it too (semantics part C). Instants are epoch seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from attrs import define, field, frozen

from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import Pauses
from sla_watchdog.domain.tickets.spans import Span
from sla_watchdog.domain.tickets.ticket import ASKED, Ticket
from sla_watchdog.domain.time.calendar import Calendar

TOO_LONG = "pause limit"
"""The group of a span that runs although its status pauses: the pause used up what is allowed."""


@frozen
class Overrun:
    """A pause that used up its limit: from `at` until `end` the clock ran although the status still
    paused it.

    `limit` is in seconds of open time.
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
    """The timeline of a clock over the ticket's whole life, and the pauses that lasted too long."""
    spans = ticket.outside(stops)
    if not pauses_in:
        return Timeline(spans, (), calendar), ()
    layout = _Layout(calendar, limits)
    for span in _with_pauses(spans, pauses_in, ticket.customer_messages):
        if span.group in pauses_in:
            layout.add_pause(span)
        else:
            layout.running.append(span)
    paused = Timeline(tuple(layout.running), tuple(layout.paused), calendar)
    return paused, tuple(layout.overruns)


@define
class _Layout:
    """Takes in one pause after the other, each as long as the limits allow."""

    calendar: Calendar
    limits: Pauses
    running: list[Span] = field(factory=list)
    paused: list[Span] = field(factory=list)
    overruns: list[Overrun] = field(factory=list)
    used: int = 0
    """Open seconds of the pauses so far."""

    def add_pause(self, pause: Span) -> None:
        allowed = _allowed(self.limits, self.used)
        if allowed is not None:
            limit_at = _exceeds(pause, allowed, self.calendar)
            if limit_at is not None:
                self._add_overrun(pause, limit_at, allowed)
                return
        if pause.end is None:
            self.paused.append(pause)
            return
        if pause.end > pause.start:
            self.paused.append(pause)
        if self.limits.total is not None:
            self.used += self.calendar.between(pause.start, pause.end)

    def _add_overrun(self, pause: Span, at: int, allowed: int) -> None:
        if at > pause.start:
            self.paused.append(Span(pause.start, at, pause.group))
        self.running.append(Span(at, pause.end, TOO_LONG))
        self.overruns.append(Overrun(at, pause.end, allowed))
        self.used += allowed


def _allowed(limits: Pauses, used: int) -> int | None:
    """How many open seconds the next pause may last; None for as long as it likes."""
    if limits.total is None:
        return limits.longest
    left = max(0, limits.total - used)
    if limits.longest is None:
        return left
    return min(limits.longest, left)


def _exceeds(pause: Span, allowed: int, calendar: Calendar) -> int | None:
    """When the pause has used up what is allowed; None when it ends before."""
    if pause.end is not None:
        lasted = calendar.between(pause.start, pause.end)
        if lasted <= allowed:
            return None
    return calendar.add(pause.start, allowed)


# ------------------------------------------------------------------ what pauses


def _with_pauses(
    spans: tuple[Span, ...], pauses_in: frozenset[str], asked: tuple[int, ...]
) -> Iterator[Span]:
    """The spans. Neighbouring pauses are joined, and the first message of the customer ends a
    pause.
    """
    pause: Span | None = None
    for span in spans:
        is_pause = span.group in pauses_in
        if pause is not None and is_pause and _goes_on(pause, span, asked):
            pause = Span(pause.start, span.end, pause.group)
            continue
        if pause is not None:
            yield from _ended_by_message(pause, asked)
            pause = None
        if is_pause:
            pause = span
        else:
            yield span
    if pause is not None:
        yield from _ended_by_message(pause, asked)


def _goes_on(pause: Span, following: Span, asked: tuple[int, ...]) -> bool:
    return following.start == pause.end and _message_in(pause, asked) is None


def _message_in(pause: Span, asked: tuple[int, ...]) -> int | None:
    """The customer's first message after the pause began, while it lasts."""
    index = bisect_right(asked, pause.start)
    if index == len(asked):
        return None
    at = asked[index]
    if pause.end is not None and at >= pause.end:
        return None
    return at


def _ended_by_message(pause: Span, asked: tuple[int, ...]) -> Iterator[Span]:
    at = _message_in(pause, asked)
    if at is None:
        yield pause
        return
    yield Span(pause.start, at, pause.group)
    yield Span(at, pause.end, ASKED)
