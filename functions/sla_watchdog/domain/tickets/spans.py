"""In which status group a ticket was when: half-open spans, oldest first, in epoch seconds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from attrs import frozen


@frozen
class Span:
    """The ticket was in `group` for `start <= t < end`; `end` is None for the span that still
    lasts.
    """

    start: int
    end: int | None
    group: str

    def covers(self, at: int) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


def stretches(spans: tuple[Span, ...], groups: frozenset[str]) -> Iterator[tuple[int, int | None]]:
    """(start, end) of each time in which it was in one of these groups without a break."""
    start: int | None = None
    for span in spans:
        is_in = span.group in groups
        if is_in and start is None:
            start = span.start
        elif not is_in and start is not None:
            yield start, span.start
            start = None
    if start is not None:
        yield start, None


def until(end: int | None, spans: Iterable[Span]) -> Iterator[Span]:
    """The spans cut off at `end`; all of them where it is None."""
    if end is None:
        yield from spans
        return
    for span in spans:
        if span.end is not None and span.end <= end:
            yield span
        elif span.start < end:
            yield Span(span.start, end, span.group)


def overlaid(spans: Iterable[Span], waits: tuple[Span, ...]) -> Iterator[Span]:
    """The spans, with those of `waits` in place of what they cover."""
    left = list(waits)
    for span in spans:
        yield from _with_waits(span, left)


def _with_waits(span: Span, left: list[Span]) -> Iterator[Span]:
    """One span with the waits that reach into it; takes those that end in it out of `left`."""
    start = span.start
    while left and _is_before(left[0].start, span.end):
        wait = left[0]
        if start < wait.start:
            yield Span(start, wait.start, span.group)
        start = max(start, wait.start)
        if wait.end is None or (span.end is not None and span.end < wait.end):
            yield Span(start, span.end, wait.group)
            return
        yield Span(start, wait.end, wait.group)
        start = wait.end
        left.pop(0)
    if _is_before(start, span.end):
        yield Span(start, span.end, span.group)


def _is_before(at: int, end: int | None) -> bool:
    return end is None or at < end


def from_to(instants: tuple[int, ...], start: int, end: int | None) -> tuple[int, ...]:
    """Those of the sorted instants with `start <= at < end`."""
    first = bisect_left(instants, start)
    if end is None:
        return instants[first:]
    return instants[first : bisect_left(instants, end)]
