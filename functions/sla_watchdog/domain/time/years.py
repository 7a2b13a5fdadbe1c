"""The UTC years that a calendar answers for, and where each begins."""

from __future__ import annotations

from datetime import UTC, date, datetime

from attrs import frozen

from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.errors import SlaWatchdogError

YEARS = range(1900, 2200)
"""A bound on what one absurd date in a ticket can cost."""

EPOCH = date(1970, 1, 1)


@frozen
class TimeOutOfRange(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The instant asked about, or the answer, lies outside the years a calendar answers for."""

    at: int

    def __str__(self) -> str:
        return f"{self.at} (epoch seconds) is outside the years {YEARS[0]} to {YEARS[-1]}"


def days_since_epoch(on: date) -> int:
    return on.toordinal() - EPOCH.toordinal()


def new_year(year: int) -> int:
    return days_since_epoch(date(year, 1, 1)) * DAY


def year_of(at: int) -> int:
    if not new_year(YEARS.start) <= at < new_year(YEARS.stop):
        raise TimeOutOfRange(at)
    return datetime.fromtimestamp(at, UTC).year
