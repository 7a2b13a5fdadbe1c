"""Which report is due when, for whom, and in which week a clock counts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from attrs import evolve

from building import CEILINGS, DAY, HOUR, at, evaluate, facts, policy, resolution, rule
from sla_watchdog.domain.clocks.attainment import WEEKS, Counting, Kept, week_starts
from sla_watchdog.domain.policy.model import Age, Level
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.presentation.view.report import ReportKind, audiences, periods, zone

MONDAY = at("2026-03-09")


@pytest.mark.parametrize(
    ("now", "in_zone", "daily", "weekly", "monthly"),
    [
        pytest.param(
            "2026-03-09T07:00", "UTC", "2026-03-09", "2026-03-09", "2026-03", id="at seven"
        ),
        pytest.param(
            "2026-03-09T06:59", "UTC", "2026-03-08", "2026-03-02", "2026-03", id="before seven"
        ),
        pytest.param(
            "2026-03-01T06:00",
            "Europe/Berlin",
            "2026-03-01",
            "2026-02-23",
            "2026-03",
            id="seven there",
        ),
        pytest.param(
            "2026-03-29T05:00",
            "Europe/Berlin",
            "2026-03-29",
            "2026-03-23",
            "2026-03",
            id="on a short day",
        ),
        pytest.param(
            "2026-03-29T04:59",
            "Europe/Berlin",
            "2026-03-28",
            "2026-03-23",
            "2026-03",
            id="before it",
        ),
        pytest.param(
            "2027-01-01T12:00",
            "America/New_York",
            "2027-01-01",
            "2026-12-28",
            "2027-01",
            id="New Year",
        ),
    ],
)
def test_a_day_of_reports_begins_at_seven_in_its_zone(
    now: str, in_zone: str, daily: str, weekly: str, monthly: str
) -> None:
    assert periods(at(now), in_zone) == {
        ReportKind.DAILY: daily,
        ReportKind.WEEKLY: weekly,
        ReportKind.MONTHLY: monthly,
    }


def test_the_zone_is_that_of_the_policy_that_matches_everything() -> None:
    rules = policy(
        rule("few", resolution(HOUR)), rule("everything", resolution(HOUR), calendar="office")
    )
    assert zone(rules) == "Europe/Berlin"


def notified(*levels: tuple[str, ...]) -> dict[ReportKind, list[str]]:
    ceilings = evolve(
        CEILINGS, levels=tuple(Level(Age((n + 1) * DAY), tell) for n, tell in enumerate(levels))
    )
    return {
        kind: [to.audience for to in found]
        for kind, found in audiences(policy(ceilings=ceilings)).items()
    }


def test_the_last_two_ceilings_say_who_reads_reports() -> None:
    found = notified(("owner",), ("manager", "team-lead"), ("executive", "manager"))
    assert found == {
        ReportKind.DAILY: ["manager", "team-lead"],
        ReportKind.WEEKLY: ["manager", "team-lead", "executive"],
        ReportKind.MONTHLY: ["executive", "manager"],
    }


def test_where_there_is_one_ceiling_its_audiences_read_all() -> None:
    assert set(map(tuple, notified(("executive",)).values())) == {("executive",)}


def test_weeks_begin_on_mondays_at_midnight_also_over_summer_time() -> None:
    starts = week_starts(at("2026-04-08T12:00"), "Europe/Berlin")
    assert len(starts) == WEEKS + 1
    assert starts[-1] == at("2026-04-05T22:00")
    assert [(b - a) // HOUR for a, b in pairwise(starts)] == [
        168,
        168,
        168,
        168,
        168,
        168,
        167,
        168,
    ]
    assert week_starts(starts[-1], "Europe/Berlin")[-1] == starts[-1]
    assert week_starts(starts[-1] - 1, "Europe/Berlin")[-1] == starts[-2]


def life(created: str, resolved: str = "") -> Facts:
    ends = [("status", resolved, "Resolved")] if resolved else []
    return facts(("created", created), ("status", created, "New"), *ends)


def counted(*cases: Facts, now: int = MONDAY) -> tuple[Kept, ...]:
    counting = Counting(week_starts(now, "UTC"))
    for known in cases:
        counting.add(evaluate(known, "2026-03-09").clocks, known)
    return counting.attainment().total


def test_a_clock_that_stopped_in_time_counts_in_the_week_in_which_it_stopped() -> None:
    met = facts(
        ("created", "2026-03-01T20:00"),
        ("status", "2026-03-01T20:00", "New"),
        ("status", "2026-03-02T00:00", "Resolved"),
    )
    assert counted(met)[-2:] == (Kept(), Kept(met=1))


def test_a_breach_counts_in_the_week_in_which_it_happened_though_nobody_ended_it() -> None:
    open_still = life("2026-02-25T00:00")
    ended_later = facts(
        ("created", "2026-02-25T00:00"),
        ("status", "2026-02-25T00:00", "New"),
        ("status", "2026-03-04T00:00", "Resolved"),
    )
    assert counted(open_still, ended_later)[-2:] == (Kept(breached=2), Kept())


def test_what_is_not_decided_yet_or_was_before_the_first_week_counts_nowhere() -> None:
    running = life("2026-03-08T20:00")
    long_ago = facts(
        ("created", "2025-03-01T00:00"),
        ("status", "2025-03-01T00:00", "New"),
        ("status", "2025-03-01T02:00", "Closed"),
    )
    assert counted(running, long_ago) == (Kept(),) * WEEKS


def test_a_clock_counts_for_the_team_that_had_it_when_it_was_decided() -> None:
    counting = Counting(week_starts(MONDAY, "UTC"))
    known = facts(
        ("created", "2026-03-02T00:00"),
        ("status", "2026-03-02T00:00", "New"),
        ("team", "2026-03-02T00:00", "Web"),
        ("team", "2026-03-02T12:00", "Billing"),
    )
    counting.add(evaluate(known, "2026-03-09").clocks, known)
    assert [group.team for group in counting.attainment().weeks] == ["Web"]


def test_a_percentage_is_rounded_down_so_that_100_says_all() -> None:
    assert Kept(met=199, breached=1).percent == 99
    assert Kept(met=200).percent == 100
    assert Kept().percent is None


def test_a_case_over_for_longer_than_the_trend_needs_no_judgement() -> None:
    counting = Counting(week_starts(MONDAY, "UTC"))
    old = life("2025-03-01T00:00")
    assert not counting.matters(old, wakes=False)
    assert counting.matters(old, wakes=True)
    assert counting.matters(old | facts(("status", "2026-02-01T00:00", "Resolved")), wakes=False)
