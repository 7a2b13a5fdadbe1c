"""The open times of consecutive years in order, with how much was open up to the end of each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from operator import sub

from attrs import frozen

from sla_watchdog.domain.time.years import new_year


@frozen(eq=False)
class OpenSpans:
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
    def of(cls, years: range, spans: Iterable[tuple[int, int]], longest_wait: int) -> OpenSpans:
        since, until = new_year(years.start), new_year(years.stop)
        opens, closes = map(list, zip((since, since), *spans, strict=True))
        lengths = map(sub, closes, opens)
        gaps = zip(closes, [*opens[1:], until], strict=True)
        closures = [gap for gap in gaps if gap[1] - gap[0] > longest_wait]
        return cls(
            years=years,
            since=since,
            until=until,
            opens=opens,
            closes=closes,
            worked_until=list(accumulate(lengths)),
            longest_wait=longest_wait,
            closures=tuple(closures),
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
        for closed, opened in self.closures:
            waited = min(end, opened) - max(start, closed)
            if waited > self.longest_wait:
                return True
        return False
