"""Reading the description of a calendar: what is understood, and what is refused, by field."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from datetime import date
from typing import Any

import attrs
import pytest

from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_errors import InvalidCalendar, UnknownTimeZone
from sla_watchdog.errors import SlaWatchdogError

SPEC = {
    "timezone": "Europe/Berlin",
    "hours": {"mon": [["09:00", "12:00"], ["13:00", "17:30"]], "fri": [["22:00", "06:00"]]},
    "holidays": ["2026-12-25"],
    "overrides": {"2026-12-31": [["09:00", "24:00"]]},
}


def test_a_description_is_read_into_seconds_of_the_day() -> None:
    hours = Calendar.from_spec(SPEC)
    assert hours.timezone == "Europe/Berlin"
    assert hours.weekly[0] == ((9 * 3600, 12 * 3600), (13 * 3600, 17 * 3600 + 1800))
    assert hours.weekly[1] == ()
    assert hours.weekly[4] == ((22 * 3600, 30 * 3600),)
    assert hours.holidays == {date(2026, 12, 25)}
    assert hours.overrides == ((date(2026, 12, 31), ((9 * 3600, 24 * 3600),)),)


@pytest.mark.parametrize(
    ("change", "where", "problem"),
    [
        pytest.param(
            {"timezone": "Mars/Phobos"}, "timezone", "unknown.*Mars/Phobos.*IANA", id="zone"
        ),
        pytest.param({"timezone": "America"}, "timezone", "unknown.*'America'", id="half a zone"),
        pytest.param({"timezone": "../UTC"}, "timezone", "unknown", id="a path for a zone"),
        pytest.param({"timezone": ""}, "timezone", "unknown", id="an empty zone"),
        pytest.param({"timezone": None}, "timezone", "text.*None", id="no zone"),
        pytest.param({"hours": [["09:00", "17:00"]]}, "hours", "mapping", id="hours without days"),
        pytest.param({"hours": {"monday": []}}, "hours.monday", "known are mon, tue", id="weekday"),
        pytest.param({"hours": {"mon": "09:00"}}, "hours.mon", "list", id="a text for segments"),
        pytest.param(
            {"hours": {"mon": ["09:00", "17:00"]}}, r"hours.mon\[0\]", "list", id="no pairs"
        ),
        pytest.param(
            {"hours": {"mon": [["09:00"]]}}, r"hours.mon\[0\]", "a closing", id="no closing"
        ),
        pytest.param(
            {"hours": {"mon": [["09:00", "25:00"]]}}, r"hours.mon\[0\]", "'25:00'", id="25:00"
        ),
        pytest.param(
            {"hours": {"mon": [["09:00", "24:01"]]}}, r"hours.mon\[0\]", "'24:01'", id="24:01"
        ),
        pytest.param(
            {"hours": {"mon": [["09:60", "17:00"]]}}, r"hours.mon\[0\]", "'09:60'", id="minute 60"
        ),
        pytest.param(
            {"hours": {"mon": [["9:00", "17:00"]]}}, r"hours.mon\[0\]", "'9:00'", id="9:00"
        ),
        pytest.param(
            {"hours": {"mon": [[540, 1020]]}}, r"hours.mon\[0\]", "text.*540", id="numbers"
        ),
        pytest.param(
            {"hours": {"mon": [["08:00", "09:00"], ["24:00", "06:00"]]}},
            r"hours.mon\[1\]",
            "24:00 only closes",
            id="opening at 24:00",
        ),
        pytest.param({"holidays": "2026-12-25"}, "holidays", "list", id="a text for holidays"),
        pytest.param(
            {"holidays": ["2026-12-25", "2026-02-30"]},
            r"holidays\[1\]",
            "2026-02-30",
            id="30 February",
        ),
        pytest.param({"holidays": ["20261225"]}, r"holidays\[0\]", "YYYY-MM-DD", id="basic form"),
        pytest.param({"holidays": ["2026-W01-1"]}, r"holidays\[0\]", "YYYY-MM-DD", id="week date"),
        pytest.param(
            {"overrides": {"31.12.2026": []}}, "overrides", "YYYY-MM-DD", id="override date"
        ),
        pytest.param(
            {"overrides": {"2026-12-31": [["x", "y"]]}},
            r"overrides.2026-12-31\[0\]",
            "'x'",
            id="override hours",
        ),
        pytest.param(
            {"holiday": []}, "calendar.holiday", "known are timezone", id="misspelt field"
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_field(
    change: Mapping[str, Any], where: str, problem: str
) -> None:
    with pytest.raises(InvalidCalendar, match=rf"^{where}: .*{problem}"):
        Calendar.from_spec({**SPEC, **change})


def test_an_unknown_zone_is_an_error_of_its_own() -> None:
    with pytest.raises(UnknownTimeZone) as caught:
        Calendar.from_spec({"timezone": "Europe/Berln"})
    assert isinstance(caught.value, InvalidCalendar)
    assert isinstance(caught.value, SlaWatchdogError)
    assert caught.value.where == "timezone"


def test_a_description_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidCalendar, match="timezone"):
        Calendar.from_spec({"hours": SPEC["hours"]})


def test_calendars_that_say_the_same_are_equal_whatever_they_were_asked() -> None:
    one, other = Calendar.from_spec(SPEC), Calendar.from_spec(dict(reversed(SPEC.items())))
    one.between(0, 86_400)
    assert one == other
    assert {one: "found"}[other] == "found"


@pytest.mark.parametrize(
    "change",
    [{"timezone": "Europe/Paris"}, {"hours": {}}, {"holidays": []}, {"overrides": {}}],
    ids=["zone", "hours", "holidays", "overrides"],
)
def test_calendars_that_say_something_else_differ(change: Mapping[str, Any]) -> None:
    assert Calendar.from_spec(SPEC) != Calendar.from_spec({**SPEC, **change})


def test_a_calendar_cannot_be_changed() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Calendar.from_spec(SPEC).timezone = "UTC"  # type: ignore[misc]


def test_a_calendar_can_be_copied_and_pickled() -> None:
    hours = Calendar.from_spec(SPEC)
    hours.between(0, 86_400)
    for copied in (copy.deepcopy(hours), pickle.loads(pickle.dumps(hours))):
        assert copied == hours
        assert copied.add(0, 3600) == hours.add(0, 3600)
