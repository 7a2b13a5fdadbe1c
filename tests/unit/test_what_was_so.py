"""What was so stays so: no later change of priority, policy or deadline alters what a clock came to
(semantics D1).
"""

from __future__ import annotations

import pytest
from attrs import evolve

from building import (
    HOUR,
    STANDARD,
    at,
    clock_of,
    evaluate,
    facts,
    first_response,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Condition, Metric, Policy, Target
from sla_watchdog.domain.tickets.facts import UNREADABLE, Facts

LOW, HIGH = "4 - low", "1 - critical"
URGENT = Condition("priority", frozenset({"urgent"}))
WAITING = frozenset({"waiting"})
BORN = (("created", "2026-03-02T09:00"), ("status", "2026-03-02T09:00", "Open"))
NOW = "2026-03-20T09:00"


def by_priority(
    urgent: tuple[Target, ...], rest: tuple[Target, ...], calendar: str = "always"
) -> Policy:
    return policy(
        rule("urgent", *urgent, when=(URGENT,), calendar=calendar),
        rule("rest", *rest, calendar=calendar),
    )


def said(first: str, *more: tuple[str, str] | tuple[str, str, str]) -> Facts:
    """A ticket opened on a Monday at nine with that priority, and what happened to it."""
    return facts(*BORN, ("priority", "2026-03-02T09:00", first), *more)


def clock(known: Facts, rules: Policy, metric: Metric, now: str = NOW) -> Clock:
    return clock_of(evaluate(known, now, rules), metric)


def update(within: int, *pauses: str) -> Target:
    return Target(Metric.UPDATE, within, STANDARD, frozenset(pauses))


# ------------------------------------------------------------------ a clock that was met stays met

RAISED = (("priority", "2026-03-05T09:00", HIGH), ("priority", "2026-03-05T09:02", LOW))
EXCHANGE = (
    Target(Metric.NEXT_RESPONSE, HOUR, STANDARD),
    Target(Metric.NEXT_RESPONSE, 8 * HOUR, STANDARD),
)


@pytest.mark.parametrize("raised", [RAISED, RAISED[:1]], ids=["for two minutes", "for good"])
@pytest.mark.parametrize(
    ("urgent", "rest", "happened"),
    [
        (first_response(HOUR), first_response(8 * HOUR), [("agent_reply", "2026-03-02T14:00")]),
        (resolution(HOUR), resolution(8 * HOUR), [("status", "2026-03-02T14:00", "Resolved")]),
        (*EXCHANGE, [("customer_reply", "2026-03-02T10:00"), ("agent_reply", "2026-03-02T14:00")]),
        (
            Target(Metric.FIRST_RESOLUTION, HOUR, STANDARD),
            Target(Metric.FIRST_RESOLUTION, 8 * HOUR, STANDARD),
            [("status", "2026-03-02T14:00", "Resolved"), ("status", "2026-03-03T14:00", "Open")],
        ),
    ],
    ids=["first response", "resolution", "exchange", "first resolution"],
)
def test_a_clock_that_was_met_stays_met_under_its_own_limit_when_the_priority_rises_later(
    urgent: Target,
    rest: Target,
    happened: list[tuple[str, str]],
    raised: tuple[tuple[str, str, str], ...],
) -> None:
    found = clock(said(LOW, *happened, *raised), by_priority((urgent,), (rest,)), rest.metric)
    assert (found.breach_at, found.rule, found.target) == (None, "rest", 8 * HOUR)


def test_an_answer_in_the_second_of_the_change_is_judged_by_what_changed_and_an_earlier_one_is_not() -> (
    None
):
    known = said(
        LOW, ("agent_reply", "2026-03-02T14:00"), ("priority", "2026-03-02T14:00:01", HIGH)
    )
    rules = by_priority((first_response(HOUR),), (first_response(8 * HOUR),))
    assert clock(known, rules, Metric.FIRST_RESPONSE).breach_at is None
    same_second = said(
        LOW, ("agent_reply", "2026-03-02T14:00"), ("priority", "2026-03-02T14:00", HIGH)
    )
    assert clock(same_second, rules, Metric.FIRST_RESPONSE).breach_at == at("2026-03-02T14:00")
    a_second_later = said(
        LOW, ("agent_reply", "2026-03-02T14:00:01"), ("priority", "2026-03-02T14:00", HIGH)
    )
    assert clock(a_second_later, rules, Metric.FIRST_RESPONSE).breach_at == at("2026-03-02T14:00")


def test_a_met_clock_stays_when_the_later_rule_has_no_such_limit() -> None:
    known = said(HIGH, ("agent_reply", "2026-03-02T09:30"), ("priority", "2026-03-02T14:00", LOW))
    rules = by_priority((first_response(HOUR), resolution(90 * HOUR)), (resolution(900 * HOUR),))
    found = clock(known, rules, Metric.FIRST_RESPONSE)
    assert (found.rule, found.stopped_at, found.breach_at) == (
        "urgent",
        at("2026-03-02T09:30"),
        None,
    )


def test_what_was_answered_before_any_limit_applied_is_no_clock() -> None:
    known = said(LOW, ("agent_reply", "2026-03-02T14:00"), ("priority", "2026-03-02T15:00", HIGH))
    rules = by_priority((first_response(HOUR), resolution(90 * HOUR)), (resolution(900 * HOUR),))
    assert [each.metric for each in evaluate(known, NOW, rules).clocks] == [
        Metric.RESOLUTION,
        Metric.AGE,
    ]


REOPENED = (
    ("status", "2026-03-27T12:00+01:00", "Resolved"),
    ("priority", "2026-03-28T12:00+01:00", HIGH),
    ("status", "2026-03-30T10:00+02:00", "Open"),
)


def test_a_priority_raised_while_it_is_resolved_is_a_breach_at_the_reopening_over_the_change_of_the_clocks_too() -> (
    None
):
    """Two open hours on a Friday, resolved over the weekend on which the clocks go forward."""
    born = (("created", "2026-03-27T10:00+01:00"), ("status", "2026-03-27T10:00+01:00", "Open"))
    known = facts(*born, ("priority", "2026-03-27T10:00+01:00", LOW), *REOPENED)
    late = by_priority((resolution(HOUR),), (resolution(8 * HOUR),), calendar="office")
    assert clock(known, late, Metric.RESOLUTION, "2026-03-30T12:00").breach_at == at(
        "2026-03-30T10:00+02:00"
    )
    assert clock(known, late, Metric.RESOLUTION, "2026-03-29T12:00").stopped_at is None
    in_time = by_priority((resolution(3 * HOUR),), (resolution(8 * HOUR),), calendar="office")
    found = clock(known, in_time, Metric.RESOLUTION, "2026-03-30T12:00")
    assert (found.due_at, found.breach_at) == (
        at("2026-03-30T11:00+02:00"),
        at("2026-03-30T11:00:01+02:00"),
    )


def test_an_edit_while_it_is_resolved_is_a_breach_at_the_reopening() -> None:
    known = said(
        LOW, ("status", "2026-03-02T12:00", "Resolved"), ("status", "2026-03-04T12:00", "Open")
    )
    strict, edited = policy(rule("all", resolution(HOUR))), at("2026-03-03T12:00")
    evaluated = plan(Case("T-1", known, edited_at=edited), strict, at("2026-03-05T12:00"))
    found = clock_of(evaluated)
    assert found.breach_at == at("2026-03-04T12:00")


def test_a_deadline_set_elsewhere_that_passes_while_it_is_resolved_is_a_breach_at_the_reopening() -> (
    None
):
    rules = policy(rule("contract", resolution(0, due="due_at")))
    known = said(
        LOW,
        ("due_at", "2026-03-02T09:00", "2026-03-03T09:00Z"),
        ("status", "2026-03-02T12:00", "Resolved"),
        ("status", "2026-03-04T12:00", "Open"),
    )
    assert clock(known, rules, Metric.RESOLUTION).breach_at == at("2026-03-04T12:00")


def test_a_value_that_is_said_later_for_the_first_time_is_a_change_too() -> None:
    known = said(
        LOW, ("agent_reply", "2026-03-02T14:00"), ("customer_tier", "2026-03-05T09:00", "gold")
    )
    gold = Condition("customer_tier", frozenset({"gold"}))
    rules = policy(
        rule("gold", first_response(HOUR), when=(gold,)), rule("rest", first_response(8 * HOUR))
    )
    found = clock(known, rules, Metric.FIRST_RESPONSE)
    assert (found.rule, found.breach_at) == ("rest", None)


def test_what_the_first_record_says_held_before_it_was_seen() -> None:
    """A ticket found a week after its creation, resolved since: what it says then is all that is
    known of it.
    """
    seen = "2026-03-09T09:00"
    known = facts(
        ("created", "2026-03-02T09:00"),
        ("resolved", "2026-03-02T14:00"),
        ("status", seen, "Resolved"),
        ("priority", seen, HIGH),
    )
    rules = by_priority((resolution(HOUR),), (resolution(8 * HOUR),))
    found = clock(known, rules, Metric.RESOLUTION)
    assert (found.rule, found.breach_at) == ("urgent", at("2026-03-02T10:00:01"))


# ------------------------------------------------ each rule with its own pauses, end and deadline


def test_time_under_an_earlier_rule_is_judged_by_the_pauses_of_that_rule() -> None:
    """Five minutes used of four hours, then a day of waiting for the customer, then another rule
    without pauses.
    """
    known = said(
        HIGH, ("status", "2026-03-02T09:05", "Waiting"), ("priority", "2026-03-03T09:00", LOW)
    )
    rules = by_priority((resolution(4 * HOUR),), (resolution(40 * HOUR, pauses_in=frozenset()),))
    found = clock(known, rules, Metric.RESOLUTION, "2026-03-03T12:00")
    assert (found.due_at, found.breach_at) == (at("2026-03-04T01:00"), at("2026-03-04T01:00:01"))


def test_a_breach_under_an_earlier_rule_is_not_erased_by_the_pauses_of_the_later_one() -> None:
    known = said(
        HIGH,
        ("agent_reply", "2026-03-02T09:05"),
        ("status", "2026-03-02T09:06", "Waiting"),
        ("agent_reply", "2026-03-03T09:00"),
        ("priority", "2026-03-03T09:30", LOW),
    )
    rules = by_priority((update(2 * HOUR),), (update(8 * HOUR, "waiting"),))
    evaluated = plan(Case("T-1", known), rules, at("2026-03-03T12:00"), whole=True)
    first, second = (each for each in evaluated.clocks if each.metric is Metric.UPDATE)
    assert (first.rule, first.breach_at) == ("urgent", at("2026-03-02T11:05:01"))
    assert (second.rule, second.breach_at) == ("rest", None)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (resolution(4 * HOUR, pauses_in=frozenset()), resolution(40 * HOUR)),
        (resolution(4 * HOUR, stops_at="closed"), resolution(40 * HOUR)),
        (resolution(4 * HOUR), resolution(0, due="due_at")),
        (resolution(0, due="due_at"), resolution(40 * HOUR)),
    ],
    ids=["pauses", "the end", "a field after hours", "hours after a field"],
)
def test_a_breach_under_an_earlier_rule_stays_whatever_is_different_in_the_later_one(
    earlier: Target, later: Target
) -> None:
    known = said(
        HIGH,
        ("due_at", "2026-03-02T09:00", "2026-03-02T13:00Z"),
        ("status", "2026-03-02T13:30", "Waiting"),
        ("priority", "2026-03-02T14:00", LOW),
        ("due_at", "2026-03-02T14:00", "2026-03-31T13:00Z"),
    )
    found = clock(known, by_priority((earlier,), (later,)), Metric.RESOLUTION, "2026-03-02T15:00")
    assert found.breach_at == at("2026-03-02T13:00:01")


def test_a_breach_stays_when_the_field_of_the_later_rule_holds_no_deadline() -> None:
    rules = by_priority((resolution(4 * HOUR),), (resolution(0, due="due_at"),))
    found = clock(said(HIGH, ("priority", "2026-03-03T09:00", LOW)), rules, Metric.RESOLUTION)
    assert (found.rule, found.breach_at) == ("urgent", at("2026-03-02T13:00:01"))


@pytest.mark.parametrize("metric", [Metric.FIRST_RESOLUTION, Metric.RESOLUTION])
def test_a_resolution_stays_what_it_was_when_a_later_rule_waits_for_closed(metric: Metric) -> None:
    known = said(
        HIGH, ("status", "2026-03-02T10:00", "Resolved"), ("priority", "2026-03-03T09:00", LOW)
    )
    earlier, later = (Target(metric, within, STANDARD) for within in (4 * HOUR, 8 * HOUR))
    rules = by_priority((earlier,), (evolve(later, stops_at="closed"),))
    found = clock(known, rules, metric)
    assert (found.rule, found.stopped_at, found.breach_at) == (
        "urgent",
        at("2026-03-02T10:00"),
        None,
    )


# ------------------------------------------------------------------ the strictest that could apply

CONTRACT = rule(
    "contract",
    resolution(0, due="due_at"),
    when=(URGENT, Condition("channel", frozenset({"phone"}))),
)
FAST = rule("fast", first_response(HOUR), resolution(4 * HOUR), when=(URGENT,))
REST = rule("rest", resolution(400 * HOUR))
SHORT = rule("short", first_response(900), when=(URGENT,))
BY_PHONE = ("channel", "2026-03-02T09:00", "phone")


def judged_by(
    known: Facts, rules: Policy, now: str = "2026-03-02T09:01"
) -> dict[Metric, tuple[str, int]]:
    clocks = (each for each in evaluate(known, now, rules).clocks if each.metric is not Metric.AGE)
    return {each.metric: (each.rule, each.target) for each in clocks}


def test_a_deadline_that_nobody_set_is_never_the_strictest() -> None:
    found = judged_by(said("P-unknown", BY_PHONE), policy(CONTRACT, FAST, REST))
    assert found == {Metric.FIRST_RESPONSE: ("fast", HOUR), Metric.RESOLUTION: ("fast", 4 * HOUR)}


def test_a_deadline_that_was_set_is_the_strictest_only_if_it_comes_first() -> None:
    soon, far = (
        said("P-unknown", BY_PHONE, ("due_at", "2026-03-02T09:00", f"{when}Z"))
        for when in ("2026-03-02T10:30", "2026-04-02T10:30")
    )
    assert judged_by(soon, policy(CONTRACT, FAST, REST))[Metric.RESOLUTION] == ("contract", 5400)
    assert judged_by(far, policy(CONTRACT, FAST, REST))[Metric.RESOLUTION] == ("fast", 4 * HOUR)


def test_every_clock_has_the_strictest_limit_that_could_apply() -> None:
    found = judged_by(said("P-unknown"), policy(SHORT, REST))
    assert found == {Metric.FIRST_RESPONSE: ("short", 900), Metric.RESOLUTION: ("rest", 400 * HOUR)}


def test_the_strictest_is_what_is_due_first_not_what_has_the_fewest_hours() -> None:
    office = rule("office", resolution(8 * HOUR), when=(URGENT,), calendar="office")
    always = rule("always", resolution(12 * HOUR))
    friday = (
        ("created", "2026-03-27T14:00+01:00"),
        ("priority", "2026-03-27T14:00+01:00", "P-unknown"),
    )
    found = judged_by(facts(*friday), policy(office, always), "2026-03-27T15:00")
    assert found[Metric.RESOLUTION] == ("always", 12 * HOUR)


def test_a_value_that_cannot_be_read_any_more_says_nothing_of_the_time_before() -> None:
    """For twenty hours it was known that forty were allowed."""
    unread = (UNREADABLE + "priority", "2026-03-03T05:00", "priority: a map")
    found = clock(
        said(LOW, unread), policy(FAST, rule("rest", resolution(40 * HOUR))), Metric.RESOLUTION
    )
    assert (found.rule, found.breach_at) == ("fast", at("2026-03-03T05:00"))


def test_a_value_that_was_never_read_is_judged_so_from_the_creation_on() -> None:
    known = facts(*BORN, (UNREADABLE + "priority", "2026-03-03T05:00", "priority: a map"))
    found = clock(known, policy(FAST, REST), Metric.RESOLUTION)
    assert found.breach_at == at("2026-03-02T13:00:01")
