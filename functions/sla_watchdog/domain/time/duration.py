"""How long something may take: an amount, and the unit that says which time counts."""

from __future__ import annotations

from enum import Enum

from attrs import field, frozen
from attrs.validators import ge

from sla_watchdog.domain.time.calendar import Calendar


class DurationUnit(Enum):
    """What an amount counts."""

    OPEN_SECOND = "second of a calendar's open time"
    SECOND = "second by the wall clock"


@frozen
class Duration:
    """Never negative. Of no time at all, the instant before and after is the instant itself."""

    amount: int = field(validator=ge(0))
    unit: DurationUnit

    @classmethod
    def of_open_time(cls, seconds: int) -> Duration:
        return cls(seconds, DurationUnit.OPEN_SECOND)

    @classmethod
    def by_the_wall(cls, seconds: int) -> Duration:
        return cls(seconds, DurationUnit.SECOND)

    def after(self, start: int, calendar: Calendar) -> int:
        """The earliest instant that is so much later. Raises what the calendar raises."""
        match self.unit:
            case DurationUnit.OPEN_SECOND:
                return calendar.add(start, self.amount)
            case DurationUnit.SECOND:
                return start + self.amount

    def before(self, end: int, calendar: Calendar) -> int:
        """The latest instant that is so much earlier. Raises what the calendar raises."""
        match self.unit:
            case DurationUnit.OPEN_SECOND:
                return calendar.subtract(end, self.amount)
            case DurationUnit.SECOND:
                return end - self.amount
