"""What a calendar refuses: descriptions, years and waits."""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import frozen

from sla_watchdog.errors import SlaWatchdogError


@frozen
class InvalidCalendar(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The description of a calendar says something it cannot mean."""

    where: str
    """Path of the field in the description, like `hours.mon[0]`."""
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


@frozen
class UnknownTimeZone(InvalidCalendar):
    """The zone is not in the time-zone database; no other is ever taken in its place (A6)."""


@frozen
class NoWorkingTime(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The calendar stays closed for longer than anyone would wait: nothing can be judged (A13)."""

    timezone: str
    direction: str
    """`after` or `before`."""
    at: int

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.at, UTC).isoformat()
        return f"the calendar ({self.timezone}) has no working time {self.direction} {when}"
