"""Why a case stands where it stands, as values: rules, levels, links, promises, and what is not
known.
"""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from building import HOUR, STANDARD, at, facts, first_response, policy, resolution, rule
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Condition, Count, Ladder, Level, Metric, Policy, Target
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.presentation.text import render
from sla_watchdog.presentation.text.why import breach, refusal
from sla_watchdog.presentation.view.explained_clock import Explained
from sla_watchdog.presentation.view.explanation import Explanation, explanation
from sla_watchdog.presentation.view.lateness import Cause
from sla_watchdog.presentation.view.notice import notice
from sla_watchdog.presentation.view.rulings import Ruling

NINE = "2026-03-02T09:00"


def explain(known: Facts, now: str, rules: Policy | None = None, **state: Any) -> Explanation:
    case, under = Case("T-1", facts=known, **state), rules or policy()
    return explanation(case, plan(case, under, at(now)), under, at(now))


def clock_of(found: Explanation, metric: Metric, ticket: str = "T-1") -> Explained:
    everything = [
        clock
        for matter in found.matters
        for each in (matter, *matter.tickets)
        for clock in each.clocks
    ]
    return next(clock for clock in everything if (clock.metric, clock.subject) == (metric, ticket))


def rulings(known: Facts, now: str, *when: Condition) -> tuple[Ruling, ...]:
    rules = policy(rule("first", resolution(HOUR), when=when), rule("rest", resolution(8 * HOUR)))
    return explain(known, now, rules).matters[0].tickets[0].rulings


@pytest.mark.parametrize(
    ("condition", "said", "why"),
    [
        pytest.param(
            Condition("priority", frozenset({"urgent"})),
            [("priority", NINE, "3 - Normal")],
            "priority is 3 - Normal",
            id="another value",
        ),
        pytest.param(
            Condition("customer_tier", frozenset({"gold"})), [], "no customer tier", id="none"
        ),
        pytest.param(
            Condition("team", missing=True),
            [("team", NINE, "Web")],
            "team is Web",
            id="one too many",
        ),
        pytest.param(
            Condition("channel", frozenset({"phone"}), negate=True),
            [("channel", NINE, "phone")],
            "channel is phone",
            id="one that it must not have",
        ),
        pytest.param(
            Condition("seats", at_least=50),
            [("seats", NINE, "12")],
            "seats is 12, below 50",
            id="too small",
        ),
    ],
)
def test_each_earlier_rule_says_which_condition_did_not_hold(
    condition: Condition, said: Any, why: str
) -> None:
    (ruling,) = rulings(facts(("created", NINE), *said), NINE, condition)
    assert (ruling.rule, ruling.calendar, ruling.zone) == ("rest", "always", "UTC")
    assert [(each.rule, refusal(each)) for each in ruling.refused] == [("first", why)]


def test_a_rule_that_judged_from_some_day_on_says_since_when() -> None:
    known = facts(
        ("created", NINE),
        ("priority", NINE, "4 - Low"),
        ("priority", "2026-03-03T09:00", "1 - Critical"),
    )
    low, urgent = rulings(known, "2026-03-04T09:00", Condition("priority", frozenset({"urgent"})))
    assert (low.rule, low.since, urgent.rule, urgent.since) == (
        "rest",
        at(NINE),
        "first",
        at("2026-03-03T09:00"),
    )
    assert urgent.refused == ()


def test_a_value_that_cannot_be_read_is_said_to_be_so() -> None:
    known = facts(("created", NINE), ("seats", NINE, "many"))
    rules = policy(
        rule("big", resolution(9 * HOUR), when=(Condition("seats", at_least=50),)),
        rule("rest", resolution(HOUR)),
    )
    (ruling,) = explain(known, NINE, rules).matters[0].tickets[0].rulings
    assert ruling.rule == "rest"
    assert refusal(ruling.refused[0]) == "seats many cannot be read, so the strictest rule counts"


# ------------------------------------------------------------------ levels


def test_each_level_says_who_was_told_and_how_that_ended() -> None:
    sent = LastNotified(1, 0, at("2026-03-02T17:01"), Outcome.SENT)
    known = facts(("created", NINE))
    found = explain(known, "2026-03-02T18:00", reached={("T-1/resolution/1", "owner"): sent})
    steps = clock_of(found, Metric.RESOLUTION).steps
    assert [(step.number, step.at) for step in steps[:2]] == [
        (1, at("2026-03-02T15:00")),
        (2, at("2026-03-02T17:00:01")),
    ]
    notified = {notified.recipient.key: notified.reached for notified in steps[1].recipients}
    assert notified == {
        "owner": sent,
        "owner-urgent": None,
        "team-lead": None,
        "team-lead-urgent": None,
    }


def test_a_level_that_cannot_come_while_the_clock_stands_still_has_no_time() -> None:
    found = explain(
        facts(("created", NINE), ("status", "2026-03-02T10:00", "Waiting")), "2026-03-02T12:00"
    )
    clock = clock_of(found, Metric.RESOLUTION)
    assert (clock.due_at, {step.at for step in clock.steps}) == (None, {None})


def test_what_comes_next_is_that_of_the_plan() -> None:
    found = explain(facts(("created", NINE)), "2026-03-02T10:00")
    assert [(each.clock, each.level) for each in found.upcoming[:2]] == [
        ("resolution", 0),
        ("resolution", 1),
    ]


# ------------------------------------------------------------------ breaches


def test_a_breach_by_the_deadline_needs_no_reason() -> None:
    clock = clock_of(explain(facts(("created", NINE)), "2026-03-02T18:00"), Metric.RESOLUTION)
    assert (clock.cause, breach(clock, "UTC")) == (Cause.DEADLINE, "Mon 2026-03-02 17:00 +00:00")


def test_a_breach_that_a_change_made_says_so() -> None:
    known = facts(
        ("created", NINE),
        ("priority", NINE, "4 - Low"),
        ("priority", "2026-03-02T15:00", "1 - Critical"),
    )
    urgent = Condition("priority", frozenset({"urgent"}))
    rules = policy(
        rule("urgent", resolution(HOUR), when=(urgent,)), rule("rest", resolution(80 * HOUR))
    )
    clock = clock_of(explain(known, "2026-03-02T18:00", rules), Metric.RESOLUTION)
    assert clock.cause is Cause.CHANGE
    assert breach(clock, "UTC") == "Mon 2026-03-02 15:00 +00:00, when a change made it late"


def test_a_breach_under_an_earlier_limit_stays_and_says_so() -> None:
    known = facts(
        ("created", NINE),
        ("priority", NINE, "1 - Critical"),
        ("priority", "2026-03-02T15:00", "4 - Low"),
    )
    urgent = Condition("priority", frozenset({"urgent"}))
    rules = policy(
        rule("urgent", resolution(HOUR), when=(urgent,)), rule("rest", resolution(80 * HOUR))
    )
    clock = clock_of(explain(known, "2026-03-02T18:00", rules), Metric.RESOLUTION)
    assert clock.cause is Cause.EARLIER_LIMIT
    assert "under the limit of that time; a breach stays" in breach(clock, "UTC")


def test_a_deadline_from_a_field_names_the_field() -> None:
    target = evolve(resolution(0), due="due_at")
    rules = policy(rule("all", target))
    known = facts(("created", NINE), ("due_at", NINE, "2026-03-02T12:00Z"))
    clock = clock_of(explain(known, "2026-03-02T13:00", rules), Metric.RESOLUTION)
    assert (clock.due_field, clock.cause) == ("due_at", Cause.DEADLINE)


# ------------------------------------------------------------------ what belongs together


def test_every_ticket_of_a_matter_is_explained_with_its_links() -> None:
    known = facts(("created", NINE)) | facts(
        ("created", "2026-03-02T10:00"), ("merged_into", "2026-03-02T11:00", "T-1"), ticket="T-2"
    )
    found = explain(known, "2026-03-02T12:00")
    one, other = found.matters[0].tickets
    assert (one.id, one.absorbed, one.ended_at) == ("T-1", ("T-2",), None)
    assert (other.links, other.ended_at) == ((("merged_into", "T-1"),), at("2026-03-02T11:00"))


def test_a_late_follow_up_is_a_matter_of_its_own_that_names_the_earlier_one() -> None:
    known = facts(("created", NINE), ("status", "2026-03-02T10:00", "Closed")) | facts(
        ("created", "2027-05-02T10:00"), ("follow_up_of", "2027-05-02T10:00", "T-1"), ticket="T-2"
    )
    found = explain(known, "2027-05-02T12:00")
    assert [(matter.id, matter.earlier) for matter in found.matters] == [
        ("T-1", ""),
        ("T-2", "T-1"),
    ]
    assert found.matters[1].created_at == at("2027-05-02T10:00")


def test_a_name_of_which_no_ticket_is_known_is_listed() -> None:
    known = facts(("created", NINE), ("case_id", NINE, "C-77"))
    assert explain(known, "2026-03-02T10:00").pending_links == ("C-77",)


def test_promises_stand_with_the_matter() -> None:
    known = facts(("created", NINE)) | [
        acknowledged("T-1", at("2026-03-02T10:00"), at("2026-03-02T12:00"), "Lee")
    ]
    (promise,) = explain(known, "2026-03-02T11:00").matters[0].promises
    assert (promise.by, promise.until) == ("Lee", at("2026-03-02T12:00"))


def test_a_signal_that_counts_lists_when_it_happened() -> None:
    known = facts(
        ("created", NINE),
        ("team", NINE, "A"),
        ("team", "2026-03-02T10:00", "B"),
        ("team", "2026-03-02T11:00", "A"),
        ("team", "2026-03-02T12:00", "B"),
    )
    ladder = Ladder("bounced", (Level(Count(5), ("manager",)),))
    found = explain(known, "2026-03-02T13:00", policy(signals={Metric.BOUNCED: ladder}))
    assert clock_of(found, Metric.BOUNCED).events == (
        at("2026-03-02T11:00"),
        at("2026-03-02T12:00"),
    )


# ------------------------------------------------------------------ what is not known


def test_time_before_the_first_known_status_is_said_to_be_unknown() -> None:
    known = facts(("created", NINE), ("status", "2026-03-02T14:00", "Open"))
    assert clock_of(explain(known, "2026-03-02T15:00"), Metric.RESOLUTION).unknown_until == at(
        "2026-03-02T14:00"
    )


def test_a_clock_that_began_later_counts_nothing_unknown() -> None:
    known = facts(
        ("created", NINE, "agent"),
        ("status", "2026-03-02T14:00", "Open"),
        ("customer_reply", "2026-03-02T15:00"),
    )
    rules = policy(rule("all", first_response(HOUR)))
    assert (
        clock_of(explain(known, "2026-03-02T15:30", rules), Metric.FIRST_RESPONSE).unknown_until
        is None
    )


def test_unknown_time_outside_the_hours_is_not_worth_a_word() -> None:
    known = facts(("created", "2026-02-28T12:00"), ("status", "2026-03-02T07:00", "Open"))
    rules = policy(rule("all", resolution(HOUR), calendar="office"))
    assert (
        clock_of(explain(known, "2026-03-02T10:00", rules), Metric.RESOLUTION).unknown_until is None
    )


def test_findings_are_those_of_the_plan() -> None:
    found = explain(facts(("created", NINE), ("status", NINE, "Parked")), "2026-03-02T10:00")
    assert [each.kind for each in found.findings] == ["status"]


def test_a_deadline_from_before_the_creation_can_be_told() -> None:
    """Set elsewhere, and in the past by then: late at once, and nothing of it lies between start
    and deadline.
    """
    desk = policy(rule("all", Target(Metric.RESOLUTION, 0, STANDARD, due="due_at")))
    known = facts(
        ("created", NINE), ("status", NINE, "Open"), ("due_at", NINE, "2020-01-01T00:00Z")
    )
    case, now = Case("T-1", known), at("2026-03-03T10:00")
    evaluated = plan(case, desk, now)
    assert clock_of(explanation(case, evaluated, desk, now), Metric.RESOLUTION).subject == "T-1"
    assert (
        "resolution"
        in render(notice(case, evaluated, evaluated.alerts[:1], desk, now), now).subject
    )
