"""What a calendar answers, row by row: every expected instant was worked out by hand.

Zones in which clocks do something worth a row: Berlin (an hour at 02:00), Lord Howe (half an hour),
Sao Paulo (midnight does not exist, or 23:00 comes twice), Havana (midnight comes twice; versions of
the zone data differ about its autumn of 2026, so its row is an older one), Apia, Kwajalein and
Kiritimati (a whole date does not exist).
"""

from __future__ import annotations

import zoneinfo
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
import tzdata

from building import DAY, HOUR, at
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.offsets import OffsetChange
from sla_watchdog.domain.time.years import YEARS, TimeOutOfRange
from sla_watchdog.domain.time.zone_data import tzdata_version
from sla_watchdog.errors import SlaWatchdogError


def calendar(
    zone: str, hours: str, *, holidays: tuple[str, ...] = (), **overrides: list[list[str]]
) -> Calendar:
    """`hours` like "mon,tue 09:00-12:00 13:00-17:00; sat 10:00-14:00"; `on_2026_01_02=` overrides
    that date.
    """
    days: dict[str, Any] = {}
    for part in filter(None, hours.split("; ")):
        names, *segments = part.split()
        days |= {day: [edges.split("-") for edges in segments] for day in names.split(",")}
    dated = {name[3:].replace("_", "-"): hours for name, hours in overrides.items()}
    spec = {"timezone": zone, "hours": days, "holidays": list(holidays), "overrides": dated}
    return Calendar.from_spec(spec)


WEEK = "mon,tue,wed,thu,fri"
ALWAYS = f"{WEEK},sat,sun 00:00-24:00"

office = calendar("Europe/Berlin", f"{WEEK} 09:00-17:00")
lunch = calendar("Europe/Berlin", f"{WEEK} 09:00-12:30 13:30-18:00")
berlin = calendar("Europe/Berlin", ALWAYS)
nights = calendar("Europe/Berlin", f"{WEEK},sat,sun 22:00-06:00")


class TestBetween:
    @pytest.mark.parametrize(
        ("hours", "start", "end", "seconds"),
        [
            pytest.param(
                office, "2026-01-05T09:00+01:00", "2026-01-05T17:00+01:00", 8 * HOUR, id="a day"
            ),
            pytest.param(
                office,
                "2026-01-09T16:00+01:00",
                "2026-01-12T10:00+01:00",
                2 * HOUR,
                id="over a weekend",
            ),
            pytest.param(
                lunch,
                "2026-01-05T12:00+01:00",
                "2026-01-05T14:00+01:00",
                HOUR,
                id="lunch is not open",
            ),
            pytest.param(
                office,
                "2026-01-10T00:00+01:00",
                "2026-01-12T09:00+01:00",
                0,
                id="up to the opening",
            ),
            pytest.param(
                office,
                "2026-01-05T16:59:59+01:00",
                "2026-01-05T17:00:01+01:00",
                1,
                id="the closing second is closed",
            ),
            pytest.param(
                office,
                "2026-01-12T10:00+01:00",
                "2026-01-09T16:00+01:00",
                -2 * HOUR,
                id="backwards is negative",
            ),
            pytest.param(
                office,
                "2026-01-05T12:00+01:00",
                "2026-01-05T12:00+01:00",
                0,
                id="nothing from an instant to itself",
            ),
            pytest.param(
                berlin,
                "2026-10-25T00:00+02:00",
                "2026-10-26T00:00+01:00",
                25 * HOUR,
                id="24x7 in autumn",
            ),
            pytest.param(
                berlin,
                "2026-03-29T00:00+01:00",
                "2026-03-30T00:00+02:00",
                23 * HOUR,
                id="24x7 in spring",
            ),
            pytest.param(
                nights,
                "2026-10-24T12:00+02:00",
                "2026-10-25T12:00+01:00",
                9 * HOUR,
                id="night shift in autumn",
            ),
            pytest.param(
                nights,
                "2026-03-28T12:00+01:00",
                "2026-03-29T12:00+02:00",
                7 * HOUR,
                id="night shift in spring",
            ),
            pytest.param(
                calendar("Europe/Berlin", "sun 01:30-03:00"),
                "2026-10-25T00:00+02:00",
                "2026-10-25T12:00+01:00",
                5 * HOUR // 2,
                id="hours around the fold",
            ),
            pytest.param(
                calendar("Europe/Berlin", "sun 00:00-02:30"),
                "2026-10-25T00:00+02:00",
                "2026-10-25T12:00+01:00",
                5 * HOUR // 2,
                id="closing in the fold is the first",
            ),
            pytest.param(
                calendar("Europe/Berlin", "sun 02:30-04:00"),
                "2026-10-25T00:00+02:00",
                "2026-10-25T12:00+01:00",
                5 * HOUR // 2,
                id="opening in the fold is the first",
            ),
            pytest.param(
                calendar("Europe/Berlin", "sun 00:00-02:30"),
                "2026-03-29T00:00+01:00",
                "2026-03-29T12:00+02:00",
                5 * HOUR // 2,
                id="closing in the gap moves on",
            ),
            pytest.param(
                calendar("Europe/Berlin", "sun 02:30-03:15"),
                "2026-03-29T00:00+01:00",
                "2026-03-29T12:00+02:00",
                0,
                id="edges that cross in the gap are empty",
            ),
            pytest.param(
                calendar("Australia/Lord_Howe", ALWAYS),
                "2026-04-05T00:00+11:00",
                "2026-04-06T00:00+10:30",
                24 * HOUR + HOUR // 2,
                id="half an hour more",
            ),
            pytest.param(
                calendar("Australia/Lord_Howe", ALWAYS),
                "2026-10-04T00:00+10:30",
                "2026-10-05T00:00+11:00",
                24 * HOUR - HOUR // 2,
                id="half an hour less",
            ),
            pytest.param(
                calendar("Australia/Lord_Howe", "sun 02:15-05:00"),
                "2026-10-04T00:00+10:30",
                "2026-10-04T12:00+11:00",
                9 * HOUR // 4,
                id="opening in a gap of half an hour",
            ),
            pytest.param(
                calendar("America/Sao_Paulo", "sat 22:00-24:00"),
                "2015-10-17T12:00-03:00",
                "2015-10-18T12:00-02:00",
                2 * HOUR,
                id="24:00 that does not exist",
            ),
            pytest.param(
                calendar("America/Sao_Paulo", "sat 22:00-24:00"),
                "2016-02-20T12:00-02:00",
                "2016-02-21T12:00-03:00",
                3 * HOUR,
                id="23:00 comes twice",
            ),
            pytest.param(
                calendar("America/Sao_Paulo", "sun 00:00-06:00"),
                "2015-10-17T12:00-03:00",
                "2015-10-18T12:00-02:00",
                5 * HOUR,
                id="00:00 that does not exist",
            ),
            pytest.param(
                calendar("America/Havana", "sun 00:00-01:00"),
                "2024-11-02T12:00-04:00",
                "2024-11-03T12:00-05:00",
                2 * HOUR,
                id="midnight comes twice",
            ),
            pytest.param(
                calendar("Pacific/Apia", ALWAYS),
                "2011-12-29T00:00-10:00",
                "2011-12-31T00:00+14:00",
                DAY,
                id="the date that never was, 24x7",
            ),
            pytest.param(
                calendar("Pacific/Apia", "fri 09:00-17:00"),
                "2011-12-29T00:00-10:00",
                "2012-01-01T00:00+14:00",
                0,
                id="the Friday that never was",
            ),
            pytest.param(
                calendar("Pacific/Apia", "fri 22:00-06:00"),
                "2011-12-29T00:00-10:00",
                "2012-01-01T00:00+14:00",
                0,
                id="nor its night shift",
            ),
            pytest.param(
                calendar("Pacific/Apia", "thu 22:00-06:00"),
                "2011-12-29T00:00-10:00",
                "2011-12-31T06:00+14:00",
                8 * HOUR,
                id="a night shift into the date that never was",
            ),
            pytest.param(
                calendar("Pacific/Kiritimati", "fri 22:00-21:59"),
                "1994-12-30T00:00-10:00",
                "1995-01-02T00:00+14:00",
                24 * HOUR - 60,
                id="into the date that never was and the next UTC year",
            ),
            pytest.param(
                calendar("Pacific/Kwajalein", "sat 09:00-17:00"),
                "1993-08-20T00:00-12:00",
                "1993-08-23T00:00+12:00",
                0,
                id="the Saturday that Kwajalein skipped",
            ),
            pytest.param(
                calendar("America/New_York", f"{WEEK} 17:00-21:00"),
                "2026-12-31T12:00-05:00",
                "2027-01-01T12:00-05:00",
                4 * HOUR,
                id="over the end of a UTC year",
            ),
            pytest.param(
                calendar("Asia/Tokyo", "fri 00:00-06:00"),
                "2026-12-31T21:00+09:00",
                "2027-01-01T21:00+09:00",
                6 * HOUR,
                id="New Year's Day before it begins in UTC",
            ),
            pytest.param(
                nights,
                "2026-12-31T12:00+01:00",
                "2027-01-01T12:00+01:00",
                8 * HOUR,
                id="a night shift over New Year",
            ),
            pytest.param(
                calendar("Europe/Berlin", "mon 22:00-06:00; tue 05:00-09:00"),
                "2026-01-05T12:00+01:00",
                "2026-01-06T12:00+01:00",
                11 * HOUR,
                id="overlapping segments count once",
            ),
            pytest.param(
                calendar("Europe/Berlin", "mon 09:00-13:00 11:00-12:00 12:30-17:00 17:00-18:00"),
                "2026-01-05T00:00+01:00",
                "2026-01-06T00:00+01:00",
                9 * HOUR,
                id="nested and touching segments",
            ),
            pytest.param(
                calendar("UTC", "mon 09:00-09:00; tue 00:00-00:00; wed 09:00-10:00"),
                "2026-01-05T00:00Z",
                "2026-01-12T00:00Z",
                HOUR,
                id="empty segments",
            ),
            pytest.param(
                calendar("UTC", "mon 22:00-00:00"),
                "2026-01-05T00:00Z",
                "2026-01-07T00:00Z",
                2 * HOUR,
                id="00:00 closes at midnight",
            ),
            pytest.param(
                calendar("UTC", ALWAYS),
                "1969-12-31T23:00Z",
                "1970-01-01T01:00Z",
                2 * HOUR,
                id="before the epoch",
            ),
            pytest.param(
                calendar("UTC", ALWAYS),
                "1900-01-01T00:00Z",
                "2199-12-31T23:59:59Z",
                109_573 * DAY - 1,
                id="three hundred years",
            ),
        ],
    )
    def test_counts_the_open_seconds(
        self, hours: Calendar, start: str, end: str, seconds: int
    ) -> None:
        assert hours.between(at(start), at(end)) == seconds
        assert hours.between(at(end), at(start)) == -seconds


class TestAdd:
    @pytest.mark.parametrize(
        ("hours", "start", "seconds", "end"),
        [
            pytest.param(
                office, "2026-01-05T10:00+01:00", HOUR, "2026-01-05T11:00+01:00", id="while open"
            ),
            pytest.param(
                office,
                "2026-01-03T20:00+01:00",
                HOUR,
                "2026-01-05T10:00+01:00",
                id="A8 from outside hours",
            ),
            pytest.param(
                office,
                "2026-01-05T09:00+01:00",
                HOUR,
                "2026-01-05T10:00+01:00",
                id="A9 from the opening",
            ),
            pytest.param(
                office,
                "2026-01-05T17:00+01:00",
                HOUR,
                "2026-01-06T10:00+01:00",
                id="A9 from the closing",
            ),
            pytest.param(
                office,
                "2026-01-09T16:00+01:00",
                HOUR,
                "2026-01-09T17:00+01:00",
                id="A10 an exact fit ends at closing",
            ),
            pytest.param(
                office,
                "2026-01-09T16:00+01:00",
                HOUR + 1,
                "2026-01-12T09:00:01+01:00",
                id="A11 the breach is a second into Monday",
            ),
            pytest.param(
                office,
                "2026-01-09T16:00+01:00",
                6 * HOUR,
                "2026-01-12T14:00+01:00",
                id="E1 75% of eight hours",
            ),
            pytest.param(
                lunch,
                "2026-01-05T09:00+01:00",
                7 * HOUR // 2,
                "2026-01-05T12:30+01:00",
                id="an exact fit before lunch",
            ),
            pytest.param(
                office, "2026-01-09T20:00+01:00", 0, "2026-01-09T20:00+01:00", id="zero, closed"
            ),
            pytest.param(
                office, "2026-01-09T10:00+01:00", 0, "2026-01-09T10:00+01:00", id="zero, open"
            ),
            pytest.param(
                berlin,
                "2026-10-25T02:30+02:00",
                HOUR,
                "2026-10-25T02:30+01:00",
                id="the same reading an hour later",
            ),
            pytest.param(
                berlin, "2026-03-29T01:30+01:00", HOUR, "2026-03-29T03:30+02:00", id="over the gap"
            ),
            pytest.param(
                calendar("America/Sao_Paulo", "sat 22:00-24:00"),
                "2015-10-17T12:00-03:00",
                2 * HOUR,
                "2015-10-18T01:00-02:00",
                id="an exact fit at a 24:00 that does not exist",
            ),
            pytest.param(
                calendar("America/New_York", f"{WEEK} 09:00-17:00", holidays=("2026-11-26",)),
                "2026-11-25T16:30-05:00",
                HOUR,
                "2026-11-27T09:30-05:00",
                id="over a holiday",
            ),
            pytest.param(
                calendar("Pacific/Apia", f"{WEEK} 09:00-17:00"),
                "2011-12-29T17:00-10:00",
                HOUR,
                "2012-01-02T10:00+14:00",
                id="over the date that never was",
            ),
            pytest.param(
                calendar("UTC", "mon 09:00-10:00"),
                "2026-01-05T09:00Z",
                520 * HOUR,
                "2035-12-17T10:00Z",
                id="519 weeks on",
            ),
        ],
    )
    def test_gives_the_earliest_instant(
        self, hours: Calendar, start: str, seconds: int, end: str
    ) -> None:
        assert hours.add(at(start), seconds) == at(end)

    @pytest.mark.parametrize("move", [office.add, office.subtract], ids=["add", "subtract"])
    def test_a_negative_duration_is_refused_by_name(self, move: Any) -> None:
        with pytest.raises(ValueError, match=r"duration.*-60"):
            move(at("2026-01-05T10:00+01:00"), -60)


class TestSubtract:
    @pytest.mark.parametrize(
        ("hours", "end", "seconds", "start"),
        [
            pytest.param(
                office, "2026-01-05T11:00+01:00", HOUR, "2026-01-05T10:00+01:00", id="while open"
            ),
            pytest.param(
                office,
                "2026-01-12T10:00+01:00",
                2 * HOUR,
                "2026-01-09T16:00+01:00",
                id="over a weekend",
            ),
            pytest.param(
                office,
                "2026-01-12T10:00+01:00",
                HOUR,
                "2026-01-12T09:00+01:00",
                id="an exact fit starts at opening",
            ),
            pytest.param(
                office,
                "2026-01-09T20:00+01:00",
                8 * HOUR,
                "2026-01-09T09:00+01:00",
                id="from outside hours",
            ),
            pytest.param(
                calendar("UTC", "mon 10:30-19:00; tue,wed,thu,fri 08:30-19:00"),
                "2034-06-09T08:46:12Z",
                8 * HOUR,
                "2034-06-08T11:16:12Z",
                id="E2 eight hours ahead",
            ),
            pytest.param(
                office, "2026-01-10T12:00+01:00", 0, "2026-01-10T12:00+01:00", id="zero, closed"
            ),
            pytest.param(
                berlin,
                "2026-10-25T02:30+01:00",
                HOUR,
                "2026-10-25T02:30+02:00",
                id="the same reading an hour before",
            ),
            pytest.param(
                calendar("America/Sao_Paulo", "sun 00:00-06:00"),
                "2015-10-18T12:00-02:00",
                5 * HOUR,
                "2015-10-18T01:00-02:00",
                id="an exact fit at a 00:00 that does not exist",
            ),
            pytest.param(
                calendar("UTC", "mon 09:00-10:00"),
                "2035-12-17T10:00Z",
                520 * HOUR,
                "2026-01-05T09:00Z",
                id="519 weeks back",
            ),
        ],
    )
    def test_gives_the_latest_instant(
        self, hours: Calendar, end: str, seconds: int, start: str
    ) -> None:
        assert hours.subtract(at(end), seconds) == at(start)


class TestOpening:
    @pytest.mark.parametrize(
        ("hours", "now", "opening"),
        [
            pytest.param(
                office, "2026-01-05T10:00+01:00", "2026-01-05T10:00+01:00", id="open: this instant"
            ),
            pytest.param(
                office, "2026-01-05T09:00+01:00", "2026-01-05T09:00+01:00", id="at the opening"
            ),
            pytest.param(
                office, "2026-01-09T17:00+01:00", "2026-01-12T09:00+01:00", id="at the closing"
            ),
            pytest.param(
                office, "2026-01-05T08:59:59+01:00", "2026-01-05T09:00+01:00", id="a second before"
            ),
            pytest.param(
                office, "2026-12-31T17:00+01:00", "2027-01-01T09:00+01:00", id="in the next year"
            ),
            pytest.param(
                calendar("America/Los_Angeles", "sun 02:30-05:00"),
                "2014-03-09T00:00-08:00",
                "2014-03-09T03:30-07:00",
                id="in a gap",
            ),
        ],
    )
    def test_next_opening_is_the_first_open_instant(
        self, hours: Calendar, now: str, opening: str
    ) -> None:
        assert hours.next_opening(at(now)) == at(opening)
        assert hours.is_open(at(now)) == (now == opening)

    def test_hours_are_half_open(self) -> None:
        context = ["08:59:59", "09:00:00", "16:59:59", "17:00:00"]
        opened = [office.is_open(at(f"2026-01-05T{time}+01:00")) for time in context]
        assert opened == [False, True, True, False]


class TestDates:
    """Semantics A7: which hours a date has. 2026-01-05 is a Monday."""

    monday, tuesday = "2026-01-05", "2026-01-06"

    @pytest.mark.parametrize(
        ("hours", "opened"),
        [
            pytest.param(
                calendar("UTC", "mon,tue 09:00-17:00", holidays=(monday,)),
                [("06T09", "06T17")],
                id="a holiday closes its whole date",
            ),
            pytest.param(
                calendar(
                    "UTC",
                    "mon,tue 09:00-17:00",
                    holidays=(monday,),
                    on_2026_01_05=[["10:00", "12:00"]],
                ),
                [("05T10", "05T12"), ("06T09", "06T17")],
                id="an override wins over a holiday",
            ),
            pytest.param(
                calendar("UTC", "mon,tue 09:00-17:00", on_2026_01_05=[]),
                [("06T09", "06T17")],
                id="an override without segments closes",
            ),
            pytest.param(
                calendar("UTC", "sat 09:00-17:00", on_2026_01_06=[["08:00", "09:00"]]),
                [("06T08", "06T09")],
                id="an override opens a date that is closed",
            ),
            pytest.param(
                calendar("UTC", "mon,tue 22:00-06:00", holidays=(tuesday,)),
                [("05T22", "06T06")],
                id="a holiday leaves what the night before spills into it",
            ),
            pytest.param(
                calendar("UTC", "mon,tue 22:00-06:00", holidays=(monday,)),
                [("06T22", "07T06")],
                id="a holiday takes its night shift with it, past midnight too",
            ),
            pytest.param(
                calendar("UTC", "mon,tue 22:00-06:00", on_2026_01_06=[["12:00", "13:00"]]),
                [("05T22", "06T06"), ("06T12", "06T13")],
                id="an override leaves what the night before spills into it",
            ),
            pytest.param(
                calendar("UTC", "", on_2026_01_05=[["20:00", "04:00"]]),
                [("05T20", "06T04")],
                id="an override may cross midnight",
            ),
            pytest.param(
                calendar("UTC", ALWAYS, holidays=(tuesday,)),
                [("05T00", "06T00"), ("07T00", "08T00")],
                id="A14 holidays count for 24x7",
            ),
            pytest.param(
                calendar("Asia/Tokyo", "tue 06:00-18:00", holidays=(monday,)),
                [("05T21", "06T09")],
                id="a holiday is a date of the calendar's zone",
            ),
        ],
    )
    def test_a_date_has_its_override_else_no_hours_on_a_holiday_else_its_weekdays(
        self, hours: Calendar, opened: list[tuple[str, str]]
    ) -> None:
        since, until = at("2026-01-05T00:00Z"), at("2026-01-08T00:00Z")
        expected = {
            hour
            for start, end in opened
            for hour in range(at(f"2026-01-{start}:00Z"), at(f"2026-01-{end}:00Z"), HOUR)
        }
        assert {hour for hour in range(since, until, HOUR) if hours.is_open(hour)} == expected


class TestNoWorkingTime:
    now = at("2026-01-05T12:00Z")

    @pytest.mark.parametrize(
        "hours",
        [
            pytest.param(calendar("UTC", ""), id="no hours at all"),
            pytest.param(calendar("UTC", "mon 09:00-09:00"), id="empty segments alone"),
            pytest.param(
                calendar("UTC", "", on_2026_01_04=[["09:00", "10:00"]]), id="all of it is past"
            ),
            pytest.param(
                calendar("UTC", "", on_2027_02_12=[["09:00", "10:00"]]), id="more than 401 days on"
            ),
        ],
    )
    def test_is_an_error_after_a_bounded_search(self, hours: Calendar) -> None:
        for search in (hours.next_opening, lambda at: hours.add(at, 1)):
            with pytest.raises(NoWorkingTime, match=r"\(UTC\).*after 2026-01-05T12:00:00\+00:00"):
                search(self.now)

    @pytest.mark.parametrize(
        "hours",
        [
            pytest.param(calendar("UTC", ""), id="no hours at all"),
            pytest.param(
                calendar("UTC", "", on_2026_01_06=[["09:00", "10:00"]]), id="all of it is to come"
            ),
            pytest.param(
                calendar("UTC", "", on_2024_11_29=[["09:00", "10:00"]]), id="over 401 days before"
            ),
        ],
    )
    def test_is_an_error_backwards_too(self, hours: Calendar) -> None:
        with pytest.raises(NoWorkingTime, match="before 2026-01-05T12:00:00"):
            hours.subtract(self.now, 1)

    def test_a_wait_just_within_the_horizon_is_waited_for(self) -> None:
        hours = calendar("UTC", "", on_2027_02_10=[["09:00", "10:00"]])
        assert hours.add(self.now, HOUR) == at("2027-02-10T10:00Z")
        assert hours.subtract(at("2028-03-17T09:00Z"), HOUR) == at("2027-02-10T09:00Z")

    def test_a_closure_in_the_middle_is_not_crossed(self) -> None:
        hours = calendar(
            "UTC", "", on_2026_02_02=[["09:00", "10:00"]], on_2028_02_02=[["09:00", "10:00"]]
        )
        assert hours.add(self.now, HOUR) == at("2026-02-02T10:00Z")
        with pytest.raises(NoWorkingTime):
            hours.add(self.now, HOUR + 1)
        with pytest.raises(NoWorkingTime):
            hours.subtract(at("2028-02-02T09:00:01Z"), 2)

    def test_the_answer_does_not_depend_on_what_was_asked_before(self) -> None:
        hours = calendar(
            "UTC", "", on_2020_01_06=[["09:00", "10:00"]], on_2028_02_02=[["09:00", "10:00"]]
        )
        hours.between(at("2019-01-01T00:00Z"), at("2030-01-01T00:00Z"))
        with pytest.raises(NoWorkingTime):
            hours.add(self.now, 1)
        with pytest.raises(NoWorkingTime):
            hours.next_opening(self.now)
        with pytest.raises(NoWorkingTime):
            hours.subtract(self.now, 1)
        assert hours.add(at("2027-01-01T00:00Z"), 60) == at("2028-02-02T09:01Z")

    def test_two_years_of_holidays_are_a_wait_and_no_error(self) -> None:
        shut = [(date(2026, 1, 5) + timedelta(n)).isoformat() for n in range(700)]
        hours = calendar("UTC", f"{WEEK},sat,sun 09:00-17:00", holidays=tuple(shut))
        assert hours.next_opening(self.now) == at("2027-12-06T09:00Z")

    def test_time_between_is_zero_and_no_error(self) -> None:
        assert calendar("UTC", "").between(self.now, self.now + 900 * DAY) == 0


class TestRange:
    @pytest.mark.parametrize(
        "text", ["1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z"], ids=["before", "after"]
    )
    def test_instants_outside_the_years_are_refused(self, text: str) -> None:
        inside = at("2026-01-05T12:00Z")
        for ask in (
            office.is_open,
            office.next_opening,
            lambda then: office.add(then, 1),
            lambda then: office.subtract(then, 1),
            lambda then: office.between(inside, then),
            lambda then: office.between(then, inside),
            lambda then: office.transitions(then, inside),
        ):
            with pytest.raises(TimeOutOfRange, match=str(at(text))):
                ask(at(text))

    def test_instants_that_no_date_can_express_are_refused(self) -> None:
        with pytest.raises(TimeOutOfRange):
            office.add(10**18, 1)

    def test_answers_outside_the_years_are_refused(self) -> None:
        for move in (office.add, office.subtract):
            with pytest.raises(TimeOutOfRange):
                move(at("2026-01-05T12:00Z"), 10**12)

    def test_the_first_and_the_last_second_are_answered(self) -> None:
        hours = calendar("UTC", ALWAYS)
        first, last = at(f"{YEARS[0]}-01-01T00:00Z"), at(f"{YEARS[-1]}-12-31T23:59:59Z")
        assert hours.is_open(first)
        assert hours.is_open(last)
        assert hours.add(last - 1, 1) == last
        assert hours.subtract(first + 1, 1) == first

    def test_every_error_is_one_of_ours(self) -> None:
        assert issubclass(TimeOutOfRange, SlaWatchdogError)
        assert issubclass(NoWorkingTime, SlaWatchdogError)


class TestTransitions:
    spring = OffsetChange(at("2026-03-29T03:00+02:00"), HOUR, 2 * HOUR)
    autumn = OffsetChange(at("2026-10-25T02:00+01:00"), 2 * HOUR, HOUR)

    def test_tells_both_changes_of_a_year(self) -> None:
        year = at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z")
        assert office.transitions(*year) == (self.spring, self.autumn)

    def test_a_change_at_the_end_is_told_and_one_at_the_start_is_not(self) -> None:
        change = self.spring.at
        assert office.transitions(change - 1, change) == (self.spring,)
        assert office.transitions(change, change + 1) == ()
        assert office.transitions(change - 2, change - 1) == ()

    def test_there_is_none_from_an_instant_to_an_earlier_one(self) -> None:
        assert office.transitions(at("2027-01-01T00:00Z"), at("2026-01-01T00:00Z")) == ()

    def test_two_changes_within_a_week_are_both_told(self) -> None:
        """Recife tried summer time for one week of 2000."""
        hours = calendar("America/Recife", ALWAYS)
        changes = hours.transitions(at("2000-10-01T00:00Z"), at("2000-11-01T00:00Z"))
        assert [(change.before, change.after) for change in changes] == [
            (-3 * HOUR, -2 * HOUR),
            (-2 * HOUR, -3 * HOUR),
        ]

    def test_a_date_that_never_was_is_a_change_of_a_day(self) -> None:
        hours = calendar("Pacific/Apia", ALWAYS)
        (change,) = hours.transitions(at("2011-12-25T00:00Z"), at("2012-01-05T00:00Z"))
        assert change == (at("2011-12-31T00:00+14:00"), -10 * HOUR, 14 * HOUR)


def test_the_version_of_the_packaged_zone_data_is_told() -> None:
    zoneinfo.reset_tzpath(to=())
    try:
        assert tzdata_version() == tzdata.IANA_VERSION
    finally:
        zoneinfo.reset_tzpath()


def test_zone_data_of_the_machine_has_no_version() -> None:
    zoneinfo.reset_tzpath(to=("/nowhere",))
    try:
        assert tzdata_version() == "system"
    finally:
        zoneinfo.reset_tzpath()


def test_threads_that_build_years_at_the_same_time_agree() -> None:
    shared = calendar("Europe/Berlin", f"{WEEK} 09:00-17:00")
    noon = [at(f"{year}-06-15T12:00Z") for year in range(1990, 2050)]
    questions = [(a, b) for a in noon[::7] for b in noon[::5]]

    def fresh(question: tuple[int, int]) -> int:
        return calendar("Europe/Berlin", f"{WEEK} 09:00-17:00").between(*question)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda question: shared.between(*question), questions))
    assert answers[::9] == [fresh(question) for question in questions[::9]]
