"""Days over which messages are counted, those without any too."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.presentation.view.report import zone


def zone_of_days(policy: Policy) -> str:
    """The policy's; that of the reports where it names none."""
    return policy.timezone or zone(policy)


@frozen
class Days:
    """Consecutive days: `starts` are their first seconds, `names` what they are called. What is
    later than the last one's start belongs to the last.
    """

    starts: Sequence[int]
    names: Sequence[str]

    @classmethod
    def between(cls, first: int, last: int, zone: str) -> Days:
        """The calendar days of a zone from one instant to the other, both included."""
        dates = list(_dates(first, last, ZoneInfo(zone)))
        return cls([start for start, _ in dates], [name for _, name in dates])

    @classmethod
    def ahead(cls, now: int, count: int) -> Days:
        """So many times 24 hours from `now` on."""
        return cls(
            [now + number * DAY for number in range(count)],
            [f"day {number}" for number in range(1, count + 1)],
        )

    def __len__(self) -> int:
        return len(self.starts)

    def of(self, at: int) -> int:
        """The number of the day, from 0, on which that instant lies."""
        return max(0, bisect_right(self.starts, at) - 1)


def _dates(first: int, last: int, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    """Walked by date, since a day has not always 24 hours (semantics A5)."""
    day, end = _date(first, zone), _date(last, zone)
    while day <= end:
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        yield int(midnight.timestamp()), str(day)
        day += timedelta(days=1)


def _date(at: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at, zone).date()
