"""A level of the owner where there is none: whoever is next up hears of it, and why (live, and in a
backtest).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from attrs import evolve

from building import (
    HOUR,
    MON,
    STANDARD,
    after_telling,
    at,
    clock_of,
    evaluate,
    facts,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.escalation.case import Case, Recipient
from sla_watchdog.domain.escalation.plan import plan, superseded
from sla_watchdog.domain.policy.compiled import load
from sla_watchdog.domain.policy.model import (
    After,
    Audience,
    Ladder,
    Level,
    Metric,
    Open,
    Percent,
    Policy,
    Repeat,
    Target,
)
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.tools.policy_file import compile_policy, read_policy
from sla_watchdog.tools.simulation.replay import replay

AUDIENCES = {
    "owner": Audience("owner", each="assignee"),
    "team-lead": Audience("team-lead", each="team"),
    "manager": Audience("manager"),
    "executive": Audience("executive"),
}
NO_OWNER = "it has no owner"
DESK = policy(audiences=AUDIENCES)
"""75 % at 06:00 to the owner, due at 08:00 to owner and team lead."""
BORN = facts(("created", f"{MON}T00:00"), ("status", f"{MON}T00:00", "Open"))


def notified(known: Facts, now: str, rules: Policy = DESK) -> set[tuple[int, str, str]]:
    return {
        (a.level + 1, a.recipient.key, worded(a.reason))
        for a in evaluate(known, f"{MON}T{now}", rules).alerts
    }


@pytest.mark.parametrize(
    "assignee", ["", "Queue", "queue"], ids=["none", "shared", "shared in lower case"]
)
def test_a_level_of_an_owner_who_is_nobody_goes_to_the_next_audience_and_says_so(
    assignee: str,
) -> None:
    known = BORN | facts(("assignee", f"{MON}T00:00", assignee), ("team", f"{MON}T00:00", "Red"))
    assert notified(known, "06:00") == {(1, "team-lead:Red", NO_OWNER)}


def test_it_goes_to_the_owner_as_soon_as_there_is_one() -> None:
    known = BORN | facts(("assignee", f"{MON}T06:30", "Kim"))
    case = Case("T-1", BORN)
    case = after_telling(case, plan(case, DESK, at(f"{MON}T06:00")), at(f"{MON}T06:00"))
    later = plan(evolve(case, facts=known), DESK, at(f"{MON}T06:30"))
    assert {(a.level + 1, a.recipient.key, worded(a.reason)) for a in later.alerts} == {
        (1, "owner:Kim", "due")
    }


def test_who_hears_of_a_level_in_their_own_right_hears_of_it_once() -> None:
    assert notified(BORN, "08:01") == {(2, "team-lead", "due"), (2, "team-lead-urgent", "due")}


def test_a_ticket_without_a_team_is_told_to_whoever_hears_of_every_team() -> None:
    """A role without a name is still a role: it has a topic of its own, which `subscribe` without
    `--for` fills.
    """
    assert notified(BORN, "06:00") == {(1, "team-lead", NO_OWNER)}


def test_an_audience_that_is_nobody_either_is_passed_over() -> None:
    ladder = Ladder(
        "two", (Level(Percent(50), ("owner",)), Level(After(0), ("deputy",)), STANDARD.levels[-1])
    )
    audiences = {**AUDIENCES, "deputy": Audience("deputy", each="assignee")}
    rules = policy(rule("all", resolution(8 * HOUR, ladder)), audiences=audiences)
    assert {who for _, who, _ in notified(BORN, "04:00", rules)} == {"manager"}


def test_where_everybody_is_nobody_the_audience_s_own_topic_is_told_and_the_reason_says_so() -> (
    None
):
    ceilings = Ladder("ceilings", (evolve(DESK.ceilings.levels[-1], tell=("owner",)),))
    ladder = Ladder("one", (Level(After(0), ("owner",), repeat=Repeat(HOUR, False)),))
    rules = policy(
        rule("all", resolution(8 * HOUR, ladder)), audiences=AUDIENCES, ceilings=ceilings
    )
    assert notified(BORN, "08:00:01", rules) == {(1, "owner", NO_OWNER)}


def test_the_stand_in_is_one_of_the_ladders_of_that_ticket() -> None:
    """The board hears of other tickets only."""
    board = Ladder(
        "board",
        (Level(Percent(50), ("owner",)), Level(After(0), ("board",), repeat=Repeat(HOUR, False))),
    )
    other = rule("vip", Target(Metric.RESOLUTION, HOUR, board))
    short = Ladder(
        "short",
        (Level(Percent(50), ("owner",)), Level(After(0), ("manager",), repeat=Repeat(HOUR, False))),
    )
    rules = policy(
        evolve(other, when=()),
        rule("rest", resolution(8 * HOUR, short)),
        audiences={**AUDIENCES, "board": Audience("board")},
    )
    swapped = evolve(rules, rules=rules.rules[::-1])
    assert {who for _, who, _ in notified(BORN, "04:00", swapped)} == {"manager"}


def test_signals_and_pauses_of_an_owner_who_is_nobody_go_up_too() -> None:
    signals = {Metric.UNOWNED: Ladder("unowned", (Level(Open(HOUR), ("owner",)),))}
    assert notified(BORN, "01:00", evolve(DESK, signals=signals)) == {(1, "team-lead", NO_OWNER)}


def test_what_comes_next_names_who_will_really_be_told() -> None:
    evaluated = evaluate(BORN, f"{MON}T01:00", DESK)
    assert [each.recipient.key for each in evaluated.upcoming if each.at == at(f"{MON}T06:00")] == [
        "team-lead"
    ]


def test_a_level_passed_in_an_owner_s_place_is_accounted_for() -> None:
    evaluated = evaluate(BORN, f"{MON}T12:00", DESK)
    clock = clock_of(evaluated)
    lead = next(a for a in evaluated.alerts if a.recipient == Recipient("team-lead"))
    passed = [
        each.level + 1 for each in superseded(Case("T-1", BORN), lead, clock, evaluated.evaluation)
    ]
    assert passed == [1, 2]


def test_once_told_the_stand_in_is_not_told_again() -> None:
    case, now = Case("T-1", BORN), at(f"{MON}T06:00")
    assert not plan(after_telling(case, plan(case, DESK, now), now), DESK, now + 60).alerts


def test_a_history_without_owners_counts_no_message_to_an_owner() -> None:
    """The shipped policy, as a backtest and `check-policy` play it."""
    checked = read_policy(
        Path("functions/policy.yaml").read_text(), "policy.yaml", date(2026, 3, 1)
    )
    assert checked.form is not None
    desk = load(compile_policy(checked.form, date(2026, 3, 1)))
    history = sorted(BORN, key=lambda fact: fact.at)
    outcomes = replay(history, desk, at("2026-05-01T00:00"))
    assert {each.alert.recipient.audience for each in outcomes.notified} == {
        "team-lead",
        "manager",
        "executive",
    }
