"""Part A of the semantics, business time: one test or more for each paragraph, named after it."""

from __future__ import annotations

from typing import Any

import pytest

from building import ALWAYS, DAY, HOUR, OFFICE, at, evaluate, facts, policy, resolution, rule
from sla_watchdog.domain.clocks.clock import State
from sla_watchdog.domain.policy.model import Condition, Metric, Policy
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_errors import InvalidCalendar, NoWorkingTime
from sla_watchdog.domain.time.zone_data import tzdata_version
from sla_watchdog.presentation.text.reason import worded

BERLIN = "Europe/Berlin"
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def calendar(zone: str, hours: dict[str, list[list[str]]], **more: Any) -> Calendar:
    return Calendar.from_spec({"timezone": zone, "hours": hours, **more})


def all_day(zone: str, **more: Any) -> Calendar:
    return calendar(zone, {day: [["00:00", "24:00"]] for day in WEEK}, **more)


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        pytest.param("2026-03-29T00:00+01:00", 23, id="spring"),
        pytest.param("2026-10-25T00:00+02:00", 25, id="autumn"),
    ],
)
def test_a1_business_time_is_real_elapsed_time(start: str, hours: int) -> None:
    sunday = calendar(BERLIN, {"sun": [["00:00", "24:00"]]})
    assert sunday.between(at(start), at(start) + 2 * DAY) == hours * HOUR


def test_a2_several_segments_a_day_merge_where_they_touch_and_may_end_at_midnight() -> None:
    split = calendar(BERLIN, {"mon": [["09:00", "12:00"], ["12:00", "13:00"], ["18:00", "24:00"]]})
    monday = at("2026-03-02T00:00+01:00")
    assert split.between(monday, monday + DAY) == 10 * HOUR
    assert not split.is_open(monday + 13 * HOUR)
    assert split.is_open(monday + 24 * HOUR - 1)


def test_a3_an_edge_that_does_not_exist_is_read_with_the_offset_before_the_change() -> None:
    late = calendar(BERLIN, {"sun": [["02:30", "05:00"]]})
    sunday = at("2026-03-29T00:00+01:00")
    assert late.next_opening(sunday) == at("2026-03-29T03:30+02:00")
    crossed = calendar(BERLIN, {"sun": [["02:30", "03:15"]]})
    assert crossed.between(sunday, sunday + DAY) == 0


def test_a4_an_ambiguous_edge_is_its_first_occurrence() -> None:
    sunday = at("2026-10-25T00:00+02:00")
    assert (
        calendar(BERLIN, {"sun": [["02:30", "04:00"]]}).between(sunday, sunday + DAY)
        == 5 * HOUR // 2
    )
    assert (
        calendar(BERLIN, {"sun": [["01:00", "02:30"]]}).between(sunday, sunday + DAY)
        == 3 * HOUR // 2
    )


def test_a5_local_dates_are_walked_even_where_one_is_missing_or_shifted_by_half_an_hour() -> None:
    apia = all_day("Pacific/Apia")
    start = at("2011-12-29T00:00-10:00")
    assert apia.between(start, at("2012-01-01T00:00+14:00")) == 2 * DAY
    lord_howe = all_day("Australia/Lord_Howe")
    assert (
        lord_howe.between(at("2026-04-05T00:00+11:00"), at("2026-04-06T00:00+10:30"))
        == 49 * HOUR // 2
    )


def test_a6_an_unknown_zone_is_an_error_and_the_data_has_a_version() -> None:
    with pytest.raises(InvalidCalendar):
        all_day("Europe/Atlantis")
    assert tzdata_version()[:2] == "20"


def test_a7_a_holiday_is_a_local_date_and_an_exception_wins_over_it() -> None:
    closed = all_day(
        "America/New_York",
        holidays=["2026-12-24", "2026-12-25"],
        overrides={"2026-12-24": [["09:00", "12:00"]]},
    )
    start = at("2026-12-24T00:00-05:00")
    assert closed.between(start, start + 2 * DAY) == 3 * HOUR


def closed_at_christmas(until: int) -> Policy:
    """Two calendars of Berlin, the second alone with holidays, known up to that year."""
    days = [f"{year}-12-25" for year in range(2024, until + 1)]
    calendars = {
        "always": all_day("Europe/Berlin"),
        "office": all_day("Europe/Berlin", holidays=days),
    }
    rules = rule(
        "office",
        resolution(8 * HOUR),
        calendar="office",
        when=(Condition("tags", frozenset({"x"})),),
    )
    rest = rule("rest", resolution(8 * HOUR), calendar="always")
    return policy(rules, rest, calendars=calendars, holidays_until="2026-12-31")


def findings_at_new_year(
    rules: Policy, *said: tuple[str, str, str], created: str = "2026-12-31T20:00"
) -> list[str]:
    known = facts(("created", created), ("status", created, "New"), *said)
    return [
        worded(finding.reason) for finding in evaluate(known, "2027-01-01T02:00", rules).findings
    ]


OFFICE_TICKET = ("tags", "2026-12-31T20:00", "x")


def test_a7_a_deadline_beyond_the_last_holiday_that_its_calendar_knows_is_a_finding() -> None:
    (reason,) = findings_at_new_year(closed_at_christmas(2026), OFFICE_TICKET)
    assert reason.startswith(
        "due after 2026-12-31, up to which the holidays of the calendar 'office' are known"
    )
    (reason,) = findings_at_new_year(closed_at_christmas(2025), OFFICE_TICKET)
    assert reason.startswith("due after 2025-12-31")


def test_a7_a_deadline_that_no_unknown_holiday_could_move_is_no_finding() -> None:
    assert not findings_at_new_year(closed_at_christmas(2026)), "its calendar has no holidays"
    assert not findings_at_new_year(closed_at_christmas(2027), OFFICE_TICKET), (
        "its own list goes further"
    )
    ended = ("status", "2026-12-31T21:00", "Resolved")
    assert not findings_at_new_year(closed_at_christmas(2026), OFFICE_TICKET, ended), "it was met"


def test_a7_the_year_ends_where_the_calendar_is() -> None:
    rules = closed_at_christmas(2026)
    assert findings_at_new_year(rules, OFFICE_TICKET, created="2026-12-31T15:30"), (
        "due at 0:30 in Berlin"
    )
    assert not findings_at_new_year(rules, OFFICE_TICKET, created="2026-12-31T14:30"), (
        "due at 23:30 in Berlin"
    )


def test_a7_a_deadline_that_another_system_set_is_moved_by_no_holiday() -> None:
    target = resolution(0, due="due_at")
    calendars = {"always": all_day("Europe/Berlin", holidays=["2026-12-25"])}
    rules = policy(rule("all", target), calendars=calendars, holidays_until="2026-12-31")
    assert not findings_at_new_year(rules, ("due_at", "2026-12-31T20:00", "2040-01-01T00:00:00Z"))


def test_a8_time_before_the_next_opening_is_free() -> None:
    friday_night, monday = at("2026-03-27T21:00+01:00"), at("2026-03-30T10:30+02:00")
    assert OFFICE.between(friday_night, monday) == 3 * HOUR // 2


def test_a9_at_opening_the_first_second_counts_and_at_closing_nothing_is_left() -> None:
    assert OFFICE.add(at("2026-03-02T09:00+01:00"), 1) == at("2026-03-02T09:00:01+01:00")
    assert OFFICE.add(at("2026-03-27T17:00+01:00"), 1) == at("2026-03-30T09:00:01+02:00")


def test_a10_a_deadline_at_closing_is_closing_time_and_a_reply_at_the_next_opening_is_in_time() -> (
    None
):
    desk = policy(rule("all", resolution(8 * HOUR), calendar="office"))
    born = ("created", "2026-03-27T09:00+01:00")
    clock = evaluate(facts(born), "2026-03-27T12:00", desk).clocks[0]
    assert clock.due_at == at("2026-03-27T17:00+01:00")
    in_time = facts(born, ("status", "2026-03-30T09:00+02:00", "Resolved"))
    assert (
        evaluate(in_time, "2026-03-31T00:00", desk).clocks[0].state(at("2026-03-31T00:00"))
        is State.MET
    )


def test_a11_the_breach_is_the_first_second_beyond_the_target() -> None:
    desk = policy(rule("all", resolution(8 * HOUR), calendar="office"))
    clock = evaluate(facts(("created", "2026-03-27T09:00+01:00")), "2026-03-27T12:00", desk).clocks[
        0
    ]
    assert clock.breach_at == at("2026-03-30T09:00:01+02:00")
    assert not clock.breached(at("2026-03-30T09:00+02:00"))


def test_a12_no_target_is_no_clock_and_between_is_signed() -> None:
    desk = policy(rule("all", resolution(HOUR)))
    metrics = {
        c.metric
        for c in evaluate(facts(("created", "2026-03-02T09:00")), "2026-03-02T09:00", desk).clocks
    }
    assert metrics == {Metric.RESOLUTION, Metric.AGE}
    monday = at("2026-03-02T09:00")
    assert ALWAYS.between(monday + 60, monday) == -60
    assert ALWAYS.add(monday, 0) == monday


def test_a13_a_calendar_without_working_time_is_reported_and_the_ceilings_still_hold() -> None:
    never = calendar("UTC", {})
    with pytest.raises(NoWorkingTime):
        never.add(at("2026-03-02T09:00"), 1)
    desk = policy(calendars={"always": never, "office": OFFICE})
    evaluated = evaluate(facts(("created", "2026-03-02T09:00")), "2026-03-20T09:00", desk)
    assert [finding.kind for finding in evaluated.findings] == ["calendar"]
    assert "manager" in {
        alert.recipient.audience for alert in evaluated.alerts if alert.clock == "age"
    }


def test_a14_around_the_clock_is_a_calendar_like_any_other_and_may_have_holidays() -> None:
    start = at("2026-12-24T00:00+01:00")
    assert all_day(BERLIN, holidays=["2026-12-25"]).between(start, start + 3 * DAY) == 2 * DAY
    assert all_day(BERLIN).between(start, start + 3 * DAY) == 3 * DAY


def test_a15_seconds_are_whole_and_a_share_is_never_rounded_down() -> None:
    """75 % of 3 seconds is due when 3 have passed, not 2."""
    desk = policy(rule("all", resolution(3)))
    clock = evaluate(facts(("created", "2026-03-02T09:00")), "2026-03-02T09:00", desk).clocks[0]
    assert clock.levels[0] == at("2026-03-02T09:00:03")
