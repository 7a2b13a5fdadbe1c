"""What a silence holds, what it never holds, and the one catch-up when it ends."""

from __future__ import annotations

from typing import Any

import pytest

from building import (
    DAY,
    HOUR,
    MON,
    after_telling,
    at,
    facts,
    first_response,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.escalation.case import Case, Outcome, Recipient
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.escalation.silences import LONGEST, Silence
from sla_watchdog.domain.policy.model import Condition, Ladder, Level, Metric, Open, Policy, Repeat
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.presentation.text.reason import worded

OPENED = facts(
    ("created", f"{MON}T00:00"),
    ("status", f"{MON}T00:00", "New"),
    ("customer_id", f"{MON}T00:00", "City"),
    ("priority", f"{MON}T00:00", "1 - Critical"),
)
UNTIL = "2026-03-03T00:00"


def silence(until: str = UNTIL, **matching: Any) -> Silence:
    matching = matching or {"tickets": frozenset({"T-1"})}
    return Silence("s1", at(f"{MON}T00:00"), at(until), "moving house", "kim", **matching)


def evaluated(
    *silences: Silence,
    now: str = f"{MON}T08:01",
    known: Facts = OPENED,
    rules: Policy | None = None,
) -> Plan:
    return plan(Case("T-1", known), rules or policy(), at(now), context=Context(silences))


def notified(found: Plan) -> set[str]:
    return {alert.recipient.key for alert in found.alerts}


def test_what_a_silence_holds_is_deferred_to_its_end_with_its_reason_and_who_asked() -> None:
    found = evaluated(silence())
    assert found.alerts == ()
    assert {(each.outcome, worded(each.reason), each.until) for each in found.decisions} == {
        (Outcome.DEFERRED, "silenced by kim: moving house", at(UNTIL))
    }
    assert {each.alert.recipient.key for each in found.decisions} == notified(evaluated())


def test_it_wakes_for_every_level_that_comes_due_meanwhile_and_for_its_end() -> None:
    assert evaluated(silence()).next_at == at(f"{MON}T12:00"), (
        "the manager's level, which is put on record then"
    )
    assert evaluated(silence(f"{MON}T09:00")).next_at == at(f"{MON}T09:00")


def test_at_its_end_there_is_one_catch_up_at_the_highest_level_due() -> None:
    found = evaluated(silence(), now="2026-03-03T00:00")
    assert {(alert.recipient.key, alert.level) for alert in found.alerts} == {
        (name, 3)
        for name in (
            "owner",
            "team-lead",
            "manager",
            "executive",
            "owner-urgent",
            "team-lead-urgent",
        )
    }


MATCHING: dict[str, tuple[dict[str, Any], bool]] = {
    "the ticket": ({"tickets": {"T-1"}}, True),
    "another ticket": ({"tickets": {"T-2"}}, False),
    "the customer's id, however written": ({"customers": {"city"}}, True),
    "another customer": ({"customers": {"town"}}, False),
    "the policy": ({"policies": {"everything"}}, True),
    "another policy": ({"policies": {"government"}}, False),
    "a priority, by its group": ({"when": (Condition("priority", frozenset({"urgent"})),)}, True),
    "another priority": ({"when": (Condition("priority", frozenset({"low"})),)}, False),
    "all but one priority": (
        {"when": (Condition("priority", frozenset({"low"}), negate=True),)},
        True,
    ),
    "a field that nobody filled": ({"when": (Condition("team", frozenset({"city"})),)}, False),
    "ticket and customer": ({"tickets": {"T-1"}, "customers": {"city"}}, True),
    "ticket and another customer": ({"tickets": {"T-1"}, "customers": {"town"}}, False),
}


@pytest.mark.parametrize(("matching", "held"), MATCHING.values(), ids=MATCHING)
def test_whatever_is_named_must_match(matching: dict[str, Any], held: bool) -> None:
    asked = {
        name: value if name == "when" else frozenset(value) for name, value in matching.items()
    }
    assert bool(evaluated(silence(**asked)).alerts) is not held


def test_in_doubt_people_are_told() -> None:
    """A value that cannot be read matches nothing, nor everything but it."""
    unread = OPENED | facts(("unreadable:priority", f"{MON}T00:00", "a map"))
    for negate in (False, True):
        condition = Condition("priority", frozenset({"urgent"}), negate=negate)
        assert evaluated(silence(when=(condition,)), known=unread).alerts


def test_a_silence_for_one_audience_leaves_the_others_alone() -> None:
    found = evaluated(silence(audiences=frozenset({"owner"})))
    assert notified(found) == {"team-lead", "team-lead-urgent"}
    assert {each.alert.recipient for each in found.decisions} == {
        Recipient("owner"),
        Recipient("owner", urgent=True),
    }


def test_no_silence_holds_a_ceiling() -> None:
    late = Silence(
        "s1", at("2026-03-15T00:00"), at("2026-03-20T00:00"), "r", "kim", frozenset({"T-1"})
    )
    found = evaluated(late, now="2026-03-17T00:00")
    assert {(alert.clock, alert.recipient.key) for alert in found.alerts} == {("age", "manager")}
    assert {each.alert.clock for each in found.decisions} == {"resolution"}


def test_findings_are_told_all_the_same() -> None:
    unknown = OPENED | facts(("status", f"{MON}T01:00", "Nobody knows"))
    assert notified(evaluated(silence(), known=unknown)) == {"operations"}


def test_who_was_told_that_it_burns_is_told_that_it_is_over() -> None:
    burning = Case("T-1", OPENED)
    now = at(f"{MON}T08:01")
    burning = after_telling(burning, plan(burning, policy(), now), now)
    over = Case(
        "T-1", OPENED | facts(("status", f"{MON}T09:00", "Resolved")), reached=burning.reached
    )
    found = plan(over, policy(), at(f"{MON}T09:30"), context=Context((silence(),)))
    assert {alert.clock for alert in found.alerts} == {"cleared"}


@pytest.mark.parametrize(
    "now", [f"{MON}T07:59", "2026-03-03T00:00"], ids=["before-it-was-made", "at-its-end"]
)
def test_a_silence_holds_from_when_it_was_made_until_its_end(now: str) -> None:
    mine = Silence("s1", at(f"{MON}T08:00"), at(UNTIL), "r", "kim", frozenset({"T-1"}))
    assert evaluated(mine, now=now).alerts


def test_of_two_the_one_that_ends_last_counts() -> None:
    longer = Silence(
        "s2", at(f"{MON}T00:00"), at("2026-03-04T00:00"), "r", "lee", customers=frozenset({"city"})
    )
    assert {each.until for each in evaluated(silence(), longer).decisions} == {longer.until}
    assert {each.until for each in evaluated(longer, silence()).decisions} == {longer.until}


LINKED = OPENED | facts(
    ("created", f"{MON}T00:00"),
    ("status", f"{MON}T00:00", "New"),
    ("follow_up_of", f"{MON}T00:00", "T-1"),
    ticket="T-2",
)


def test_what_a_case_shares_is_held_only_if_all_its_open_tickets_are_silenced() -> None:
    of_case = Ladder(
        "unowned", (Level(Open(HOUR), ("team-lead",), repeat=Repeat(DAY, doubling=True)),)
    )
    rules = policy(rule("all", first_response(HOUR)), signals={Metric.UNOWNED: of_case})
    found = evaluated(silence(tickets=frozenset({"T-2"})), known=LINKED, rules=rules)
    assert {(alert.subject, alert.clock) for alert in found.alerts} == {
        ("T-1", "first_response"),
        ("T-1", "unowned"),
    }
    assert {(each.alert.subject, each.alert.clock) for each in found.decisions} == {
        ("T-2", "first_response")
    }
    over = LINKED | facts(("status", f"{MON}T02:00", "Resolved"))
    assert evaluated(silence(tickets=frozenset({"T-2"})), known=over, rules=rules).alerts == ()


def test_the_id_of_the_case_names_all_its_tickets() -> None:
    assert evaluated(silence(), known=LINKED).alerts == ()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(
            {"until": at(f"{MON}T00:00") + LONGEST + 1, "tickets": frozenset({"T-1"})},
            id="too-long",
        ),
        pytest.param(
            {"until": at(f"{MON}T00:00") - 1, "tickets": frozenset({"T-1"})},
            id="over-before-it-began",
        ),
        pytest.param({"until": at(UNTIL)}, id="for-everything"),
    ],
)
def test_a_silence_names_what_it_is_for_and_ends(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a silence"):
        Silence("s1", at(f"{MON}T00:00"), reason="r", by="kim", **wrong)


def test_a_percentage_of_a_longer_target_comes_due_under_a_silence_and_is_not_lost() -> None:
    """Warnings too: silenced at 75 %, told at the end as what it is by then."""
    slow = policy(rule("all", resolution(40 * HOUR)))
    assert evaluated(silence(), now="2026-03-02T23:59", rules=slow).alerts == ()
    found = evaluated(silence("2026-03-03T07:00"), now="2026-03-03T07:00", rules=slow)
    assert {(alert.recipient.key, alert.level) for alert in found.alerts} == {("owner", 0)}
