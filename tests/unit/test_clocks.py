"""Clocks: when they run, pause and stop, which rule they follow, and what is due when."""

from __future__ import annotations

import pytest

from building import (
    DAY,
    HOUR,
    MON,
    OFFICE,
    at,
    facts,
    first_response,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.case_clocks import age_clock
from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.rules_in_force import candidates_at
from sla_watchdog.domain.clocks.targets import clocks
from sla_watchdog.domain.policy.model import (
    Before,
    Condition,
    Ladder,
    Level,
    Metric,
    Policy,
    Repeat,
)
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import matters
from sla_watchdog.domain.tickets.merges import tickets_of
from sla_watchdog.domain.tickets.ticket_of_facts import ticket


def clock(known: Facts, rules: Policy, metric: Metric = Metric.RESOLUTION) -> Clock:
    (found,) = [
        c for c in clocks(ticket("T-1", known, rules), known, rules).clocks if c.metric is metric
    ]
    return found


ALL_DAY = policy(rule("all", resolution(8 * HOUR), first_response(HOUR)))
OFFICE_HOURS = policy(rule("all", resolution(8 * HOUR), calendar="office"))


def test_a_deadline_is_the_closing_and_the_breach_the_next_opening() -> None:
    """A10, A11: Friday 09:00 Berlin + 8 h of a 9-17 day."""
    found = clock(facts(("created", "2026-03-06T08:00")), OFFICE_HOURS)
    assert found.due_at == at("2026-03-06T16:00")
    assert found.breach_at == at("2026-03-09T08:00:01")


def test_a_reply_at_the_next_opening_is_still_in_time() -> None:
    known = facts(("created", "2026-03-06T08:00"), ("status", "2026-03-09T08:00", "Resolved"))
    assert clock(known, OFFICE_HOURS).state(at("2026-03-10T00:00")) is State.MET
    late = facts(("created", "2026-03-06T08:00"), ("status", "2026-03-09T08:00:02", "Resolved"))
    assert clock(late, OFFICE_HOURS).state(at("2026-03-10T00:00")) is State.BREACHED


@pytest.mark.parametrize(
    ("start", "end", "moved"),
    [
        pytest.param("2026-03-02T18:00", "2026-03-03T07:00", 0, id="outside-hours-moves-nothing"),
        pytest.param(
            "2026-03-02T15:30", "2026-03-03T10:00", 2 * HOUR + 1800, id="only-the-open-part"
        ),
        pytest.param("2026-03-27T15:00", "2026-03-30T08:00", 2 * HOUR, id="over-the-spring-change"),
    ],
)
def test_only_the_open_part_of_a_pause_moves_the_deadline(start: str, end: str, moved: int) -> None:
    """C1; 15:00 UTC is 16:00 in Berlin in winter, and 08:00 UTC is 10:00 after the change."""
    created = ("created", start[:11] + "08:00")
    paused = facts(created, ("status", start, "Waiting"), ("status", end, "Open"))
    found, free = clock(paused, OFFICE_HOURS), clock(facts(created), OFFICE_HOURS)
    assert found.due_at is not None
    assert free.due_at is not None
    assert OFFICE.between(free.due_at, found.due_at) == moved


def test_while_paused_there_is_no_due_instant() -> None:
    """C3"""
    known = facts(("created", f"{MON}T09:00"), ("status", f"{MON}T10:00", "Waiting"))
    found = clock(known, ALL_DAY)
    assert (found.due_at, found.breach_at, found.stopped_at) == (None, None, None)
    assert found.state(at(f"{MON}T20:00")) is State.PAUSED


def test_a_pause_never_heals_a_breach() -> None:
    known = facts(("created", f"{MON}T00:00"), ("status", f"{MON}T09:00", "Waiting"))
    assert clock(known, ALL_DAY).breach_at == at(f"{MON}T08:00:01")


def test_a_pause_does_not_stop_the_first_response() -> None:
    """C2"""
    known = facts(("created", f"{MON}T09:00"), ("status", f"{MON}T09:10", "Waiting"))
    assert clock(known, ALL_DAY, Metric.FIRST_RESPONSE).due_at == at(f"{MON}T10:00")


def test_a_status_that_nobody_named_runs_the_clock() -> None:
    """D8"""
    known = facts(("created", f"{MON}T09:00"), ("status", f"{MON}T09:10", "Parked"))
    assert clock(known, ALL_DAY).due_at == at(f"{MON}T17:00")


def test_a_bot_never_answers_and_a_person_does() -> None:
    """B2"""
    bot = facts(("created", f"{MON}T09:00"), ("agent_reply", f"{MON}T09:01", "Auto-Reply"))
    assert clock(bot, ALL_DAY, Metric.FIRST_RESPONSE).stopped_at is None
    person = bot | facts(("agent_reply", f"{MON}T09:30", "kim"))
    assert clock(person, ALL_DAY, Metric.FIRST_RESPONSE).stopped_at == at(f"{MON}T09:30")


def test_reopened_time_counts_and_resolved_time_does_not() -> None:
    """D5, B5"""
    known = facts(
        ("created", f"{MON}T00:00"),
        ("status", f"{MON}T04:00", "Resolved"),
        ("status", f"{MON}T20:00", "Open"),
    )
    found = clock(known, ALL_DAY)
    assert found.due_at == at("2026-03-03T00:00")
    assert (found.cycle, found.stopped_at) == (2, None)


def test_resolved_then_closed_changes_nothing() -> None:
    known = facts(
        ("created", f"{MON}T00:00"),
        ("status", f"{MON}T04:00", "Resolved"),
        ("status", "2026-03-09T04:00", "Closed"),
    )
    assert clock(known, ALL_DAY).stopped_at == at(f"{MON}T04:00")


def test_a_policy_may_stop_the_clock_only_when_closed() -> None:
    rules = policy(rule("all", resolution(8 * HOUR, stops_at="closed")))
    known = facts(("created", f"{MON}T00:00"), ("status", f"{MON}T04:00", "Resolved"))
    assert clock(known, rules).due_at == at(f"{MON}T08:00")
    assert clock(known | facts(("status", f"{MON}T09:00", "Closed")), rules).stopped_at == at(
        f"{MON}T09:00"
    )


def test_paused_straight_to_resolved_leaves_the_pause_out() -> None:
    """C4"""
    known = facts(
        ("created", f"{MON}T00:00"),
        ("status", f"{MON}T01:00", "Waiting"),
        ("status", "2026-03-05T00:00", "Resolved"),
    )
    assert clock(known, ALL_DAY).state(at("2026-03-06T00:00")) is State.MET


def test_born_closed_has_no_clock_until_it_is_reopened() -> None:
    """C4"""
    born = (("created", f"{MON}T00:00"), ("status", f"{MON}T00:00", "Closed"))
    known = facts(*born)
    assert clocks(ticket("T-1", known, ALL_DAY), known, ALL_DAY).clocks == ()
    reopened = clock(facts(*born, ("status", f"{MON}T05:00", "Open")), ALL_DAY)
    assert reopened.due_at == at(f"{MON}T13:00")


def test_a_deleted_ticket_runs_no_clock() -> None:
    known = facts(("created", f"{MON}T00:00"), ("gone", f"{MON}T05:00", "deleted"))
    assert clock(known, ALL_DAY).stopped_at == at(f"{MON}T05:00")


URGENT = Condition("priority", frozenset({"urgent"}))
BY_PRIORITY = policy(
    rule("urgent", resolution(2 * HOUR), when=(URGENT,)),
    rule("high", resolution(4 * HOUR), when=(Condition("priority", frozenset({"high"})),)),
    rule("rest", resolution(16 * HOUR)),
)


def test_the_first_rule_that_matches_judges() -> None:
    known = facts(("created", f"{MON}T00:00"), ("priority", f"{MON}T00:00", "2 - high"))
    assert candidates_at("T-1", known, BY_PRIORITY, at(f"{MON}T00:00"))[0].name == "high"


def test_a_value_that_cannot_be_read_is_judged_by_the_strictest_rule_that_could_apply() -> None:
    known = facts(("created", f"{MON}T00:00"), ("priority", f"{MON}T00:00", "Sev-1"))
    assert candidates_at("T-1", known, BY_PRIORITY, at(f"{MON}T00:00"))[0].name == "urgent"


def test_the_strictest_is_taken_only_among_rules_whose_readable_conditions_hold() -> None:
    rules = policy(
        rule(
            "gold", resolution(HOUR), when=(URGENT, Condition("customer_tier", frozenset({"gold"})))
        ),
        rule("urgent", resolution(2 * HOUR), when=(URGENT,)),
        rule("rest", resolution(16 * HOUR)),
    )
    known = facts(
        ("created", f"{MON}T00:00"),
        ("priority", f"{MON}T00:00", "?!"),
        ("customer_tier", f"{MON}T00:00", "silver"),
    )
    assert candidates_at("T-1", known, rules, at(f"{MON}T00:00"))[0].name == "urgent"


@pytest.mark.parametrize(
    ("condition", "value", "matches"),
    [
        pytest.param(
            Condition("tags", frozenset({"vip"})),
            ("Press", "VIP"),
            True,
            id="a-list-shares-a-member",
        ),
        pytest.param(Condition("tags", missing=True), "", True, id="missing"),
        pytest.param(Condition("tags", missing=True, negate=True), "", False, id="not-missing"),
        pytest.param(Condition("tags", at_least=3), "3", True, id="at-least"),
        pytest.param(Condition("tags", at_least=3), "2.9", False, id="not-at-least"),
        pytest.param(Condition("tags", frozenset({"vip"}), negate=True), "press", True, id="not"),
    ],
)
def test_conditions(condition: Condition, value: object, matches: bool) -> None:
    rules = policy(
        rule("special", resolution(HOUR), when=(condition,)), rule("rest", resolution(2 * HOUR))
    )
    known = facts(("created", f"{MON}T00:00"), ("tags", f"{MON}T00:00", value))  # type: ignore[arg-type]
    assert (candidates_at("T-1", known, rules, at(f"{MON}T00:00"))[0].name == "special") is matches


def test_a_raised_priority_measures_from_creation_and_breaches_at_the_change() -> None:
    """D1: four hours in, the target falls from 16 h to 2 h; the levels keep their spacing from the
    change.
    """
    known = facts(
        ("created", f"{MON}T00:00"),
        ("priority", f"{MON}T00:00", "3 - normal"),
        ("priority", f"{MON}T04:00", "1 - critical"),
    )
    found = clock(known, BY_PRIORITY)
    assert found.due_at == at(f"{MON}T02:00")
    assert found.breach_at == at(f"{MON}T04:00")
    assert found.levels[1:3] == (at(f"{MON}T04:00"), at(f"{MON}T08:00"))


def test_a_lowered_priority_never_erases_a_breach() -> None:
    known = facts(
        ("created", f"{MON}T00:00"),
        ("priority", f"{MON}T00:00", "1 - critical"),
        ("priority", f"{MON}T04:00", "3 - normal"),
    )
    found = clock(known, BY_PRIORITY)
    assert found.due_at == at(f"{MON}T16:00")
    assert found.breach_at == at(f"{MON}T02:00:01")


def test_a_warning_comes_at_the_earliest_instant_of_its_percentage() -> None:
    """E1: 75 % of 8 h from Friday 16:00 (9-17) is Monday 14:00."""
    assert clock(facts(("created", "2026-03-06T15:00")), OFFICE_HOURS).levels[0] == at(
        "2026-03-09T13:00"
    )


def _leading(seconds: int) -> Policy:
    ladder = Ladder("lead", (Level(Before(seconds), ("owner",), repeat=Repeat(DAY, False)),))
    return policy(rule("all", resolution(8 * HOUR, ladder), calendar="office"))


def test_a_lead_is_counted_back_in_open_time_to_the_latest_such_instant() -> None:
    """E2"""
    known = facts(("created", "2026-03-06T15:00"))
    assert clock(known, _leading(HOUR)).levels[0] == at("2026-03-09T14:00")
    assert clock(known, _leading(7 * HOUR)).levels[0] == at("2026-03-09T08:00")


def test_a_lead_longer_than_the_target_fires_at_the_start() -> None:
    assert clock(facts(("created", "2026-03-06T15:00")), _leading(9 * HOUR)).levels[0] == at(
        "2026-03-06T15:00"
    )


def test_levels_after_the_breach_count_from_the_deadline_in_open_time() -> None:
    """E3: due Friday 17:00; +4 h is Monday 13:00, and the breach itself Monday 09:00:01."""
    found = clock(facts(("created", "2026-03-06T08:00")), OFFICE_HOURS)
    assert found.levels[1:3] == (at("2026-03-09T08:00:01"), at("2026-03-09T12:00"))


def test_the_age_of_a_case_runs_through_every_pause() -> None:
    known = facts(("created", f"{MON}T00:00"), ("status", f"{MON}T01:00", "Waiting"))
    found = age_clock(matters(tickets_of(known, ALL_DAY), known, ALL_DAY)[0], ALL_DAY)
    assert found.levels == (at(f"{MON}T00:00") + 14 * DAY, at(f"{MON}T00:00") + 30 * DAY)
    assert found.stopped_at is None
