"""What a zone's clocks show beside UTC, and the instants at which that changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sla_watchdog.domain.time.lengths import DAY


class OffsetChange(NamedTuple):
    """From the instant `at` on, clocks show UTC + `after`, no longer UTC + `before` (seconds)."""

    at: int
    before: int
    after: int


def offset_changes(zone: ZoneInfo, start: int, end: int) -> Iterator[OffsetChange]:
    """With start < at <= end. Looks every three days: no zone kept an offset for less than six."""
    marks = [*range(start, end, 3 * DAY), end]
    for (early, before), (late, after) in pairwise((at, offset_of(zone, at)) for at in marks):
        if before != after:
            instants = range(early, late)
            changed = bisect_left(instants, True, key=lambda at: offset_of(zone, at) != before)
            yield OffsetChange(early + changed, before, after)


def offset_of(zone: ZoneInfo, at: int) -> int:
    return int(datetime.fromtimestamp(at, zone).replace(tzinfo=UTC).timestamp()) - at
