"""The offset of a zone from UTC, and the instants at which it changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sla_watchdog.domain.time.seconds import DAY


class OffsetChange(NamedTuple):
    """From the instant `at` on, clocks show UTC + `after`, no longer UTC + `before` (seconds)."""

    at: int
    before: int
    after: int


def offset_changes(zone: ZoneInfo, start: int, end: int) -> Iterator[OffsetChange]:
    """The changes with start < at <= end. Looks every three days: no zone kept an offset for less
    than six.
    """
    marks = [*range(start, end, 3 * DAY), end]
    before = offset_of(zone, start)
    for early, late in pairwise(marks):
        after = offset_of(zone, late)
        if before != after:
            changed_at = _first_without(before, zone, range(early, late))
            yield OffsetChange(changed_at, before, after)
        before = after


def _first_without(offset: int, zone: ZoneInfo, instants: range) -> int:
    """The first of the instants at which the zone no longer has that offset."""
    changed = bisect_left(instants, True, key=lambda at: offset_of(zone, at) != offset)
    return instants.start + changed


def offset_of(zone: ZoneInfo, at: int) -> int:
    shown = datetime.fromtimestamp(at, zone)
    return int(shown.replace(tzinfo=UTC).timestamp()) - at
