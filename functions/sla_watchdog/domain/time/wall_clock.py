"""Wall-clock times of a zone as instants (semantics A3 to A5)."""

from __future__ import annotations

from bisect import bisect_right
from zoneinfo import ZoneInfo

from attrs import frozen

from sla_watchdog.domain.time.offsets import offset_changes, offset_of
from sla_watchdog.domain.time.seconds import DAY


@frozen(eq=False)
class WallClock:
    """Turns wall-clock times into instants, over a stretch of the zone's history.

    Wall-clock times are seconds from 1970-01-01T00:00 of the zone's own clock.
    """

    _turns: list[int]
    """The wall-clock time from which each next offset holds."""
    _offsets: list[int]

    @classmethod
    def during(cls, zone: ZoneInfo, since: int, until: int) -> WallClock:
        turns = []
        offsets = [offset_of(zone, since)]
        for change in offset_changes(zone, since, until):
            # In a gap and in a fold alike the offset before the change holds until the later of the
            # two readings of its instant: a time that was skipped is moved on by the length of the
            # gap (A3), and one that happened twice is the first (A4).
            turns.append(change.at + max(change.before, change.after))
            offsets.append(change.after)
        return cls(turns, offsets)

    def instant(self, wall: int) -> int:
        turns_before = bisect_right(self._turns, wall)
        return wall - self._offsets[turns_before]

    def has_date(self, day: int) -> bool:
        """False for a date that the zone skipped, like 2011-12-30 in Apia (A5)."""
        midnight = day * DAY
        return self.instant(midnight) < self.instant(midnight + DAY)
