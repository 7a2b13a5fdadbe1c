"""Public holidays as dates, from the `holidays` library, for the years a compiled policy covers."""

from __future__ import annotations

from datetime import date
from functools import cache

import holidays


def window(today: date) -> tuple[int, int]:
    """First and last year: one back, five ahead. Whole years, so that a build tomorrow is the
    same.
    """
    return today.year - 1, today.year + 5


@cache
def countries() -> dict[str, tuple[str, ...]]:
    """Country codes and their subdivisions."""
    supported = holidays.list_supported_countries(include_aliases=True)
    return {country: tuple(parts) for country, parts in supported.items()}


@cache
def dates(country: str, subdivision: str | None, today: date) -> frozenset[date]:
    first, last = window(today)
    found = holidays.country_holidays(country, subdiv=subdivision, years=range(first, last + 1))
    return frozenset(day for day in found if first <= day.year <= last)


def known_until(country: str, subdivision: str | None, today: date) -> int:
    """The last year for which the library knows any; 0 where it knows none."""
    return max((day.year for day in dates(country, subdivision, today)), default=0)
