"""Durations: an amount, and which time counts."""

import pytest

from building import HOUR, at
from sla_watchdog.domain.policy.model import Acknowledge, After, Age, Before, Open, Repeat
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.duration import Duration, DurationUnit
from sla_watchdog.presentation.times import spoken
from sla_watchdog.tools.policy_file.durations import written

OFFICE = Calendar.from_spec({"timezone": "UTC", "hours": {"mon": [["09:00", "17:00"]]}})
MONDAY, NEXT_MONDAY = "2026-03-02", "2026-03-09"


@pytest.mark.parametrize(
    ("duration", "then"),
    [
        pytest.param(Duration.of_open_time(4 * HOUR), f"{NEXT_MONDAY}T11:00", id="open time"),
        pytest.param(Duration.by_the_wall(4 * HOUR), f"{MONDAY}T19:00", id="wall time"),
        pytest.param(Duration.of_open_time(0), f"{MONDAY}T15:00", id="no open time at all"),
        pytest.param(Duration.by_the_wall(0), f"{MONDAY}T15:00", id="no time at all"),
    ],
)
def test_it_is_added_in_the_time_that_it_counts(duration: Duration, then: str) -> None:
    start = at(f"{MONDAY}T15:00")
    assert duration.after(start, OFFICE) == at(then)
    assert duration.before(at(then), OFFICE) == start


def test_it_is_never_negative() -> None:
    for unit in DurationUnit:
        with pytest.raises(ValueError, match=r"must be >= 0"):
            Duration(-1, unit)


@pytest.mark.parametrize("unit", DurationUnit)
def test_every_unit_is_spoken_and_written(unit: DurationUnit) -> None:
    assert spoken(Duration(90 * 60, unit)) == "1 h 30 m"
    assert written(Duration(90 * 60, unit)) == "1h30m"


def test_only_the_wall_clock_knows_days() -> None:
    assert spoken(Duration.of_open_time(48 * HOUR)) == "48 h"
    assert spoken(Duration.by_the_wall(48 * HOUR)) == "2 d"
    assert written(Duration.of_open_time(48 * HOUR)) == "48h"
    assert written(Duration.by_the_wall(48 * HOUR)) == "2d"


@pytest.mark.parametrize(
    ("length", "unit"),
    [
        (Before(HOUR).length, DurationUnit.OPEN_SECOND),
        (After(HOUR).length, DurationUnit.OPEN_SECOND),
        (Open(HOUR).length, DurationUnit.OPEN_SECOND),
        (Acknowledge(HOUR).reach, DurationUnit.OPEN_SECOND),
        (Age(HOUR).length, DurationUnit.SECOND),
        (Repeat(HOUR, doubling=True).length, DurationUnit.SECOND),
    ],
    ids=["before", "after", "open", "acknowledge", "age", "repeat"],
)
def test_what_the_policy_allows_says_which_time_counts(
    length: Duration, unit: DurationUnit
) -> None:
    assert length == Duration(HOUR, unit)
