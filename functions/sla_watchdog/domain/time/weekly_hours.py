"""Opening hours of a date, as wall-clock times of it."""

from __future__ import annotations

from typing import TypeAlias

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Segments: TypeAlias = tuple[tuple[int, int], ...]
"""(opens, closes) in wall-clock seconds from 00:00 of a date; past `DAY` on the date after."""
