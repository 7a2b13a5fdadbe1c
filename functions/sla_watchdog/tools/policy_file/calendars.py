"""The form of calendars: zone, opening hours, holidays, exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from attrs import field, frozen

from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.tools.policy_file import public_holidays
from sla_watchdog.tools.policy_file.nodes import Entries, Node, Text
from sla_watchdog.tools.policy_file.opening_hours import HOURS, WEEK, Hours
from sla_watchdog.tools.policy_file.problems import did_you_mean
from sla_watchdog.tools.policy_file.shapes import Also, Key, ListOf, MapOf, Reading, Record
from sla_watchdog.tools.policy_file.values import DATE, NAME, TEXT, ZONE


@frozen
class Holidays:
    country: str | None = None
    subdivision: str | None = None
    dates: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, str | None] | None:
        """Where they are public; None where only dates are written."""
        return (self.country, self.subdivision) if self.country else None


@frozen
class CalendarForm:
    """`hours` by weekday (`mon`), `exceptions` by ISO date; a day that is not there is closed."""

    timezone: str
    hours: Mapping[str, Hours]
    holidays: Holidays = field(factory=Holidays)
    exceptions: Mapping[str, Hours] = field(factory=dict)

    def as_of(self, today: date) -> Calendar:
        """With the public holidays that a build on that day knows."""
        public = public_holidays.dates(*self.holidays.place, today) if self.holidays.place else ()
        return Calendar.from_spec(
            {
                "timezone": self.timezone,
                "hours": {day: _segments(hours) for day, hours in self.hours.items()},
                "holidays": [*self.holidays.dates, *(day.isoformat() for day in public)],
                "overrides": {day: _segments(hours) for day, hours in self.exceptions.items()},
            }
        )


def _segments(hours: Hours) -> list[list[str]]:
    return [[segment.opens, segment.closes] for segment in hours]


def holidays_until(calendars: Iterable[CalendarForm], today: date) -> str:
    """The last date up to which every country's holidays are known.

    Dates written in the file itself do not count: nobody can know whether more were meant.
    """
    _, last = public_holidays.window(today)
    places = [calendar.holidays.place for calendar in calendars]
    known = [public_holidays.known_until(*place, today) for place in places if place]
    return date(min(known, default=last), 12, 31).isoformat()


# ------------------------------------------------------------------ holidays


def _known_to_the_library(node: Node, reading: Reading) -> None:
    country, subdivision = _text_of(node, "country"), _text_of(node, "subdivision")
    if country is None:
        if subdivision is not None:
            reading.wrong(subdivision, "a subdivision needs its country", "add `country: US`")
        return
    parts = public_holidays.countries().get(country.value)
    if parts is None:
        hint = f"{did_you_mean(country.value, public_holidays.countries())} (ISO 3166: US, DE)"
        reading.wrong(country, f'no country has the code "{country.value}"', hint)
    elif subdivision is not None and subdivision.value not in parts:
        hint = did_you_mean(subdivision.value, parts) or "leave it out: the country has none"
        message = f'{country.value} has no subdivision "{subdivision.value}"'
        reading.wrong(subdivision, message, hint)
    else:
        _covered(country, subdivision.value if subdivision else None, reading)


def _text_of(node: Node, key: str) -> Text | None:
    value = node.get(key) if isinstance(node, Entries) else None
    return value if isinstance(value, Text) and not value.empty else None


def _covered(node: Text, subdivision: str | None, reading: Reading) -> None:
    country, (_, last) = node.value, public_holidays.window(reading.today)
    until = public_holidays.known_until(country, subdivision, reading.today)
    if until < reading.today.year:
        reading.wrong(
            node,
            f"the library of holidays knows none in {country} for {reading.today.year}",
            "leave the country out and list them yourself: `dates: [2026-12-25]`",
        )
    elif until < last:
        reading.warn(
            node,
            f"holidays in {country} are known until {until} only, not until {last}",
            "deadlines after that are reported as findings",
        )


HOLIDAYS = Also(
    Record(
        Holidays,
        {
            "country": Key(TEXT, "ISO 3166 code; its public holidays are closed days"),
            "subdivision": Key(TEXT, "state, province or region, by its ISO code: NY, BY"),
            "dates": Key(ListOf(DATE), "more closed days"),
        },
    ),
    _known_to_the_library,
)

CALENDARS = MapOf(
    NAME,
    Record(
        CalendarForm,
        {
            "timezone": Key(
                ZONE, "IANA zone of the opening hours", True, "timezone: Europe/Berlin"
            ),
            "hours": Key(
                WEEK,
                "opening hours; 22:00-06:00 closes on the next date",
                True,
                'hours: {mon-fri: ["09:00-17:00"]}',
            ),
            "holidays": Key(HOLIDAYS, "days on which it stays closed"),
            "exceptions": Key(
                MapOf(DATE, HOURS),
                "hours of single dates; they replace that date's hours and win over a holiday",
            ),
        },
    ),
)
