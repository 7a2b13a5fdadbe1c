"""When a clock has run for so many seconds, and for how many it has run at an instant.

Only open time of the calendar counts. Instants are epoch seconds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from attrs import field, frozen

from sla_watchdog.domain.tickets.spans import Span
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.instants import earliest


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
        total = 0
        sums = [total]
        for span in self.running:
            if span.end is not None:
                total += self.calendar.between(span.start, span.end)
                sums.append(total)
        return tuple(sums)

    def reaches(self, seconds: int) -> int | None:
        """The earliest instant with `seconds` elapsed (> 0); None when the clock stands still
        before that.
        """
        index = bisect_left(self._sums, seconds) - 1
        if index >= len(self.running):
            return None
        left = seconds - self._sums[index]
        return self.calendar.add(self.running[index].start, left)

    def elapsed(self, at: int) -> int:
        """Seconds of open, unpaused time up to `at`."""
        index = _last_started(self.running, at)
        if index < 0:
            return 0
        span = self.running[index]
        end = at if span.end is None else min(at, span.end)
        of_the_last = self.calendar.between(span.start, end)
        return self._sums[index] + of_the_last

    def leads(self, seconds: int, target: int, due_at: int | None) -> int | None:
        """The latest instant with `seconds` to go; the start when there never were as many
        (semantics E2).
        """
        if seconds >= target:
            return self.running[0].start if self.running else None
        if due_at is not None:
            at = self._before(due_at, seconds)
            if at is not None:
                return at
        return self.reaches(target - seconds)

    def _before(self, due_at: int, seconds: int) -> int | None:
        """`seconds` of open time before `due_at`; None where the clock did not run from then on."""
        index = _last_started(self.running, due_at)
        if index < 0:
            return None
        at = self.calendar.subtract(due_at, seconds)
        if at < self.running[index].start:
            return None
        return at

    def lives_from(self, at: int) -> int | None:
        """The first instant from `at` on at which it runs or pauses; None where it is over."""
        return earliest(_first_in(self.running, at), _first_in(self.paused, at))

    def passes(self, at: int, since: int) -> int | None:
        """When the clock lived past the instant `at`, which is known only from `since` on; where it
        was over then, when it came back to life.
        """
        if at > since and self.lives_from(at - 1) == at - 1:
            return at
        return self.lives_from(max(at, since))

    def within(self, start: int, end: int | None) -> Timeline:
        """The part of it between two instants."""
        running = tuple(_cut(self.running, start, end))
        paused = tuple(_cut(self.paused, start, end))
        return Timeline(running, paused, self.calendar)


def _last_started(spans: tuple[Span, ...], at: int) -> int:
    """The place of the last span that began at or before `at`; -1 where none did."""
    return bisect_right(spans, at, key=lambda span: span.start) - 1


def _first_in(spans: tuple[Span, ...], at: int) -> int | None:
    """The first instant from `at` on that lies in one of the spans."""
    index = _last_started(spans, at)
    if index >= 0 and spans[index].covers(at):
        return at
    following = index + 1
    if following == len(spans):
        return None
    return spans[following].start


def _cut(spans: tuple[Span, ...], start: int, end: int | None) -> Iterator[Span]:
    first = max(_last_started(spans, start), 0)
    for span in spans[first:]:
        if end is not None and span.start >= end:
            return
        begins = max(span.start, start)
        ends = earliest(span.end, end)
        if ends is None or ends > begins:
            yield Span(begins, ends, span.group)
