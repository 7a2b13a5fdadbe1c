"""The walk of a clock to its deadline: every row and pause of it, and that the numbers add up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from building import ALWAYS, HOUR, OFFICE, at, evaluate, facts, policy, resolution, rule
from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.elapsed import (
    ElapsedBreakdown,
    Pace,
    PauseEnding,
    elapsed_breakdown,
)
from sla_watchdog.domain.clocks.elapsed_rows import MOST_ROWS
from sla_watchdog.domain.policy.model import TARGETS, Metric, Pauses
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_periods import Period
from unit.test_message_text import unhurried

CALENDARS = {"office": OFFICE, "always": ALWAYS}
MONDAY = "2026-03-02T08:00"
"""09:00 in Berlin."""


def clock_of(
    known: Facts, now: str, within: int = 16 * HOUR, calendar: str = "office", **changes: Any
) -> Clock:
    evaluated = evaluate(
        known, now, policy(rule("everything", resolution(within), calendar=calendar), **changes)
    )
    return next(clock for clock in evaluated.clocks if clock.metric is Metric.RESOLUTION)


def walked(
    *said: Any, now: str, within: int = 16 * HOUR, calendar: str = "office", **changes: Any
) -> ElapsedBreakdown:
    known = facts(("created", MONDAY), ("status", MONDAY, "Open"), *said)
    clock = clock_of(known, now, within, calendar, **changes)
    return elapsed_breakdown(clock, CALENDARS[calendar], known, at(now))


def rows(found: ElapsedBreakdown, calendar: Calendar = OFFICE) -> list[tuple[str, str, float]]:
    def said(when: int) -> str:
        return datetime.fromtimestamp(when, UTC).astimezone(calendar.zone).strftime("%m-%d %H:%M")

    return [(said(row.start), said(row.end), row.counted / HOUR) for row in found.rows]


def test_a_day_is_a_row_from_its_first_open_instant_to_its_last() -> None:
    found = walked(now="2026-03-03T12:00", within=12 * HOUR)
    assert rows(found) == [("03-02 09:00", "03-02 17:00", 8), ("03-03 09:00", "03-03 13:00", 4)]
    assert (found.unit, found.counted) == (Period.DAY, 12 * HOUR)


def test_what_is_still_ahead_is_told_apart_from_what_was_lived_through() -> None:
    found = walked(now="2026-03-03T10:00", within=12 * HOUR)
    assert [(row.counted // HOUR, row.ahead) for row in found.rows] == [
        (8, False),
        (2, False),
        (2, True),
    ]
    assert found.elapsed == 10 * HOUR


def test_what_came_after_the_deadline_is_one_number() -> None:
    found = walked(now="2028-03-06T16:00")
    assert len(found.rows) == 2
    assert found.counted == 16 * HOUR
    assert found.counted + found.over == found.elapsed


def test_a_pause_says_what_ended_it_and_how_much_open_time_it_took() -> None:
    found = walked(
        ("status", "2026-03-02T10:00", "Waiting"),
        ("status", "2026-03-02T13:00", "Open"),
        ("status", "2026-03-03T08:00", "Waiting"),
        ("customer_reply", "2026-03-03T09:00"),
        now="2026-03-03T12:00",
    )
    assert [(each.open // HOUR, each.ending, each.status) for each in found.pauses] == [
        (3, PauseEnding.STATUS, "Waiting"),
        (1, PauseEnding.CUSTOMER, "Waiting"),
    ]
    assert found.pauses[0].then == "Open"
    assert found.paused == 4 * HOUR


def test_a_pause_that_lasts_has_no_end_yet() -> None:
    found = walked(("status", "2026-03-02T10:00", "Waiting"), now="2026-03-02T12:00")
    assert [each.ending for each in found.pauses] == [PauseEnding.NOT_YET]
    assert found.until == at("2026-03-02T12:00")


def test_a_limit_that_ends_a_pause_is_named() -> None:
    found = walked(
        ("status", "2026-03-02T10:00", "Waiting"),
        now="2026-03-03T12:00",
        pauses=Pauses(longest=2 * HOUR),
    )
    assert [(each.ending, each.open) for each in found.pauses] == [(PauseEnding.LIMIT, 2 * HOUR)]


def test_the_time_between_resolved_and_reopened_did_not_count() -> None:
    found = walked(
        ("status", "2026-03-02T10:00", "Resolved"),
        ("status", "2026-03-02T14:00", "Open"),
        now="2026-03-03T12:00",
    )
    assert [(each.pace, each.open // HOUR) for each in found.pauses] == [(Pace.ENDED, 4)]
    assert found.paused == 0
    assert found.counted == 16 * HOUR


@pytest.mark.parametrize(
    ("hours", "unit"),
    [
        pytest.param(16, Period.DAY, id="two days"),
        pytest.param(300, Period.WEEK, id="two months"),
        pytest.param(2_000, Period.MONTH, id="a year"),
        pytest.param(6_000, Period.QUARTER, id="three years"),
        pytest.param(40_000, Period.YEAR, id="twenty years"),
    ],
)
def test_a_long_walk_fits_on_a_page(hours: int, unit: Period) -> None:
    found = walked(now="2026-03-03T12:00", within=hours * HOUR)
    assert found.unit is unit
    assert len(found.rows) <= MOST_ROWS
    assert sum(row.counted for row in found.rows) == hours * HOUR


@pytest.mark.parametrize(
    ("opened", "hours"),
    [
        pytest.param("2026-03-27T00:00", 23, id="spring: an hour less"),
        pytest.param("2026-10-23T00:00", 25, id="autumn: an hour more"),
    ],
)
def test_a_change_of_the_clocks_says_what_it_does_to_the_hours_of_that_day(
    opened: str, hours: int
) -> None:
    zone = Calendar.from_spec(
        {"timezone": "Europe/Berlin", "hours": {day: [["00:00", "24:00"]] for day in DAYS}}
    )
    known = facts(("created", opened), ("status", opened, "Open"))
    rules = policy(
        rule("all", resolution(96 * HOUR), calendar="berlin"), calendars={"berlin": zone}
    )
    clock = next(
        each for each in evaluate(known, opened, rules).clocks if each.metric is Metric.RESOLUTION
    )
    (shift,) = elapsed_breakdown(clock, zone, known, at(opened)).shifts
    assert (shift.hours // HOUR, shift.usual // HOUR) == (hours, 24)
    assert abs(shift.after - shift.before) == HOUR


def test_a_change_of_the_clocks_on_a_closed_day_takes_nothing() -> None:
    found = walked(now="2026-03-30T12:00", within=200 * HOUR)
    assert [(shift.hours, shift.usual) for shift in found.shifts] == [(0, 0)]


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STATUSES = st.sampled_from(["Open", "Waiting", "Resolved", "Closed", "Nonsense"])
HISTORIES = st.lists(st.tuples(st.integers(0, 400), STATUSES | st.just("!asked")), max_size=12)


@unhurried
@given(
    HISTORIES,
    st.integers(1, 500),
    st.integers(0, 900),
    st.sampled_from(["office", "always"]),
    st.none() | st.integers(1, 60),
)
def test_the_numbers_always_add_up(
    history: list[tuple[int, str]], within: int, later: int, calendar: str, longest: int | None
) -> None:
    said = [("created", MONDAY)] + [
        ("customer_reply", _after(hours)) if what == "!asked" else ("status", _after(hours), what)
        for hours, what in history
    ]
    known, now = facts(*said), _after(later)  # type: ignore[arg-type] # pairs and triples
    limits = Pauses(longest=None if longest is None else longest * HOUR)
    rules = policy(rule("all", resolution(within * 900), calendar=calendar), pauses=limits)
    for clock in evaluate(known, now, rules).clocks:
        if clock.metric not in TARGETS:
            continue
        found = elapsed_breakdown(clock, CALENDARS[calendar], known, at(now))
        lived = sum(row.counted for row in found.rows if not row.ahead)
        assert sum(row.counted for row in found.rows) == found.counted
        assert found.elapsed == clock.elapsed(at(now)) == lived + found.over
        if found.until == clock.due_at:
            assert found.counted == clock.target
        open_time = CALENDARS[calendar].between(clock.started_at, found.until)
        assert found.counted + sum(each.open for each in found.pauses) == open_time
        assert all(a.end <= b.start for a, b in zip(found.rows, found.rows[1:], strict=False))


def _after(hours: int) -> str:
    return datetime.fromtimestamp(at(MONDAY) + hours * HOUR, UTC).isoformat()
