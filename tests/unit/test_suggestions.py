"""`backtest --suggest`: limits that 90 % of what ended in the last half year kept."""

from __future__ import annotations

import random

import pytest
import yaml
from attrs import evolve

from building import DAY, HOUR, STANDARD, at, policy, resolution, rule
from sla_watchdog.domain.policy.model import Metric, Policy, Target
from sla_watchdog.tools.backtest.rows import ClockRow, utc
from sla_watchdog.tools.backtest.suggestions import (
    ENOUGH,
    HALF_A_YEAR,
    Suggestion,
    as_json,
    as_yaml,
    rounded_up,
    suggestions,
)

UNTIL = at("2026-07-01T00:00")


def row(ticket: str, used: int, stopped: int | None = UNTIL - DAY, **more: object) -> ClockRow:
    stated = {
        "case": ticket,
        "clock": "resolution",
        "cycle": 1,
        "policy": "all",
        "started_at": "",
        "due_at": "",
        "stopped_at": utc(stopped),
        "verdict": "met" if used <= 8 * HOUR else "breached",
        "business_seconds": used,
        "paused_seconds": 0,
    }
    return ClockRow(ticket=ticket, **{**stated, **more})  # type: ignore[arg-type]


def under(*targets: Target) -> Policy:
    return policy(rule("all", *(targets or (resolution(8 * HOUR),))))


def suggested(rows: list[ClockRow], rules: Policy | None = None) -> Suggestion:
    (found,) = suggestions(rows, rules or under(), UNTIL).suggestions
    return found


def test_it_is_the_limit_that_nine_of_ten_kept_and_what_share_kept_todays() -> None:
    found = suggested([row(f"T-{n}", n * HOUR) for n in range(1, 101)])
    assert (found.within, found.today, found.then) == (92 * HOUR, 8.0, 92.0)


@pytest.mark.parametrize("seed", range(30))
def test_at_least_nine_of_ten_keep_it_and_fewer_kept_a_step_less(seed: int) -> None:
    draw = random.Random(seed)
    used = [draw.randrange(1, 10 ** draw.randrange(3, 7)) for _ in range(draw.randrange(30, 200))]
    found = suggested([row(f"T-{n}", each) for n, each in enumerate(used)])
    assert found.within is not None
    assert found.then is not None
    assert sum(each <= found.within for each in used) * 10 >= len(used) * 9
    highest = sorted(used)[-(-len(used) * 9 // 10) - 1]
    assert found.within == rounded_up(highest) >= highest


@pytest.mark.parametrize(
    ("seconds", "limit"),
    [
        pytest.param(0, 300, id="no time at all"),
        pytest.param(301, 600, id="minutes: by fives"),
        pytest.param(HOUR, HOUR, id="an hour"),
        pytest.param(HOUR + 1, HOUR + 900, id="hours: by quarters"),
        pytest.param(5 * HOUR + 1, 6 * HOUR, id="a day: by hours"),
        pytest.param(41 * HOUR, 44 * HOUR, id="a week: by four hours"),
        pytest.param(201 * HOUR, 208 * HOUR, id="longer: by days of eight hours"),
    ],
)
def test_limits_are_rounded_up_to_a_sensible_unit(seconds: int, limit: int) -> None:
    assert rounded_up(seconds) == limit


def test_a_policy_under_which_no_ticket_ended_is_left_out() -> None:
    rules = policy(rule("rare", resolution(4 * HOUR)), rule("all", resolution(8 * HOUR)))
    found = suggestions([row("T-1", HOUR)], rules, UNTIL)
    assert [entry["name"] for entry in yaml.safe_load(as_yaml(found))["policies"]] == ["all"]
    assert [limit["policy"] for limit in as_json(found)["limits"]] == ["rare", "all"]


def test_where_no_ticket_ended_it_says_so() -> None:
    said = as_yaml(suggestions([], under(), UNTIL))
    assert "no ticket ended" in said
    assert yaml.safe_load(said) is None, "a comment, to be pasted without harm"


@pytest.mark.parametrize("count", [1, ENOUGH - 1, ENOUGH])
def test_with_too_few_cases_it_says_so_instead(count: int) -> None:
    found = suggestions([row(f"T-{n}", HOUR) for n in range(count)], under(), UNTIL)
    enough = count >= ENOUGH
    (limit,) = as_json(found)["limits"]
    assert limit["cases"] == count
    assert (limit["within"] is not None) is enough
    assert ("too few" in as_yaml(found)) is not enough
    assert ("within: 8h" in as_yaml(found)) is not enough, "the limit stays as it is"


def test_only_what_ended_in_the_last_half_year_counts() -> None:
    old = [row(f"O-{n}", 100 * HOUR, UNTIL - HALF_A_YEAR - n) for n in range(50)]
    running = [row(f"R-{n}", 100 * HOUR, None, verdict="breached") for n in range(50)]
    new = [row(f"T-{n}", 2 * HOUR, UNTIL - HALF_A_YEAR + 1 + n) for n in range(50)]
    found = suggested([*old, *running, *new])
    assert (found.cases, found.within) == (50, 2 * HOUR)


def test_of_several_exchanges_of_a_ticket_the_longest_counts() -> None:
    rules = under(Target(Metric.NEXT_RESPONSE, 8 * HOUR, STANDARD))
    short = [row(f"T-{n}", HOUR, clock="next_response", cycle=1) for n in range(40)]
    long = [row(f"T-{n}", 3 * HOUR, clock="next_response", cycle=2) for n in range(40)]
    found = suggested([*long, *short], rules)
    assert (found.cases, found.within) == (40, 3 * HOUR)


def test_a_deadline_that_another_system_sets_has_no_limit_to_suggest() -> None:
    due = evolve(resolution(0), due="due_at")
    assert suggestions([row("T-1", HOUR)], under(due), UNTIL).suggestions == []


def test_the_lines_can_be_put_into_a_policy_file() -> None:
    rules = under(resolution(8 * HOUR, stops_at="closed"), Target(Metric.UPDATE, 90 * 60, STANDARD))
    rows = [row(f"T-{n}", 5 * HOUR) for n in range(40)]
    read = yaml.safe_load(as_yaml(suggestions(rows, rules, UNTIL)))
    assert read == {
        "policies": [
            {
                "name": "all",
                "targets": {
                    "resolution": {
                        "within": "5h",
                        "ladder": "standard",
                        "pauses_in": ["waiting"],
                        "stops_at": "closed",
                    },
                    "update": {"within": "1h30m", "ladder": "standard"},
                },
            }
        ]
    }
