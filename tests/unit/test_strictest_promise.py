"""The strictest promise of a matter holds for all its tickets, as long as they belong to it."""

from __future__ import annotations

import json
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest

from building import (
    ALWAYS,
    HOUR,
    OFFICE,
    STANDARD,
    at,
    clock_of,
    facts,
    first_response,
    iso,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.assessment import assess
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.clocks.rules_in_force import rule_at, rules_over_time
from sla_watchdog.domain.escalation.acknowledgement import promising
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.escalation.silences import Silence
from sla_watchdog.domain.policy.model import Acknowledge, Condition, Metric, Policy, Target
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.presentation.text import render
from sla_watchdog.presentation.text.why import rule as ruling_in_words
from sla_watchdog.presentation.view.explanation import explanation
from sla_watchdog.presentation.view.lateness import Cause, cause
from sla_watchdog.presentation.view.notice import notice
from sla_watchdog.tools.policy_file import policy_of, read_policy

ROOT = Path(__file__).parents[2]
CASE = ROOT.parent / "shared" / "cases" / "linked-ticket-inherits-the-promise.jsonl"
GOV = (Condition("customer_tier", frozenset({"government"})),)
DESK = policy(
    rule("government", first_response(HOUR), resolution(16 * HOUR), when=GOV),
    rule("everything-else", first_response(8 * HOUR), resolution(40 * HOUR)),
)
DAY_0 = "2026-03-02"


def ticket(name: str, created: str, *said: tuple[str, str, str], **stated: str) -> Facts:
    """Open from the creation on; `stated` stood in its first record."""
    first = [(field, created, value) for field, value in stated.items()]
    return facts(("created", created), ("status", created, "Open"), *first, *said, ticket=name)


G1 = ticket("G-1", f"{DAY_0}T00:00", customer_tier="government")
G2 = ticket("G-2", f"{DAY_0}T02:00", follow_up_of="G-1")


def judged(known: Facts, now: str, rules: Policy = DESK, **state: object) -> Plan:
    return plan(Case("G-1", facts=known, **state), rules, at(now))  # type: ignore[arg-type]


def found(evaluated: Plan, name: str) -> Ticket:
    return next(each for each in evaluated.tickets if each.id == name)


def due(evaluated: Plan, name: str, metric: Metric = Metric.RESOLUTION) -> str | None:
    due_at = clock_of(evaluated, metric, name).due_at
    return None if due_at is None else iso(due_at)[:16]


# ------------------------------------------------------------------ from when on


def test_a_ticket_that_was_linked_from_its_creation_has_the_limits_of_the_other() -> None:
    evaluated = judged(G1 | G2, f"{DAY_0}T02:30")
    assert due(evaluated, "G-2") == f"{DAY_0}T18:00"
    assert due(evaluated, "G-2", Metric.FIRST_RESPONSE) == f"{DAY_0}T03:00"
    assert due(evaluated, "G-1") == f"{DAY_0}T16:00"


def test_alone_it_has_its_own() -> None:
    assert due(judged(G2, f"{DAY_0}T02:30"), "G-2") == "2026-03-03T18:00"


@pytest.mark.parametrize(
    ("linked", "breached"),
    [("T17:59", "T18:00:01"), ("T18:00", "T18:00:01"), ("T23:00", "T23:00:00")],
)
def test_a_link_that_is_known_later_counts_from_then_and_makes_late_at_once(
    linked: str, breached: str
) -> None:
    """Under its own limit it would be due a day later; so the breach is at the change (D1)."""
    later = ticket("G-2", f"{DAY_0}T02:00", ("follow_up_of", DAY_0 + linked, "G-1"))
    evaluated = judged(G1 | later, "2026-03-03T00:00")
    clock = clock_of(evaluated, ticket="G-2")
    assert clock.breach_at == at(DAY_0 + breached)
    assert due(evaluated, "G-2") == f"{DAY_0}T18:00"


def test_the_first_level_is_due_at_the_change_and_the_reason_is_the_change() -> None:
    later = ticket("G-2", f"{DAY_0}T02:00", ("follow_up_of", f"{DAY_0}T23:00", "G-1"))
    evaluated = judged(G1 | later, f"{DAY_0}T23:00")
    assert {a.due_at for a in evaluated.alerts if a.clock_key == "G-2/resolution/1"} == {
        at(f"{DAY_0}T23:00")
    }
    clock = clock_of(evaluated, ticket="G-2")
    case = Case("G-1", facts=G1 | later)
    assert cause(clock, case, DESK, evaluated.tickets) is Cause.CHANGE


def test_over_several_links_it_counts_from_the_last_that_was_missing() -> None:
    middle = ticket("G-3", f"{DAY_0}T01:00", ("follow_up_of", f"{DAY_0}T05:00", "G-1"))
    far = ticket("G-2", f"{DAY_0}T02:00", ("case_id", f"{DAY_0}T03:00", "C"))
    desk = facts(("case_id", f"{DAY_0}T04:00", "C"), ticket="G-3")
    evaluated = judged(G1 | middle | far | desk, f"{DAY_0}T06:00")
    history = rules_over_time(found(evaluated, "G-2"), G1 | middle | far | desk, DESK)
    assert [(iso(since)[11:16], rule.name) for since, rule in history] == [
        ("02:00", "everything-else"),
        ("05:00", "government"),
    ]


def test_what_had_ended_before_is_judged_as_it_was() -> None:
    old = ticket("G-0", f"{DAY_0}T00:00", ("agent_reply", f"{DAY_0}T03:00", "Kim"))
    old |= facts(
        ("resolved", "2026-03-02T20:00"), ("status", "2026-03-02T20:00", "Resolved"), ticket="G-0"
    )
    later = ticket("G-1", "2026-03-02T22:00", customer_tier="government", follow_up_of="G-0")
    evaluated = judged(old | later, "2026-03-02T22:00")
    assert clock_of(evaluated, ticket="G-0").rule == "everything-else"
    assert clock_of(evaluated, ticket="G-0").breach_at is None
    assert clock_of(evaluated, Metric.FIRST_RESPONSE, "G-0").breach_at is None


def test_what_the_other_becomes_holds_from_then_on_and_what_it_ceases_to_be_heals_nothing() -> None:
    one = ticket("G-1", f"{DAY_0}T00:00", ("customer_tier", f"{DAY_0}T20:00", "government"))
    raised = judged(one | G2, "2026-03-03T00:00")
    assert clock_of(raised, ticket="G-2").breach_at == at(f"{DAY_0}T20:00")
    lowered = one | facts(("customer_tier", f"{DAY_0}T21:00", "private"), ticket="G-1")
    evaluated = judged(lowered | G2, "2026-03-03T00:00")
    assert clock_of(evaluated, ticket="G-2").breach_at == at(f"{DAY_0}T20:00")
    assert due(evaluated, "G-2") == "2026-03-03T18:00"


# ------------------------------------------------------------------ as long as it belongs


def test_a_follow_up_of_a_ticket_that_is_over_keeps_the_promise() -> None:
    over = G1 | facts(
        ("resolved", f"{DAY_0}T01:00"), ("status", f"{DAY_0}T01:00", "Closed"), ticket="G-1"
    )
    assert due(judged(over | G2, f"{DAY_0}T02:30"), "G-2") == f"{DAY_0}T18:00"


def test_a_ticket_of_another_matter_does_not() -> None:
    """The follow-up came too late to belong to it."""
    old = ticket("G-1", "2025-01-05T00:00", customer_tier="government")
    old |= facts(
        ("resolved", "2025-01-05T01:00"), ("status", "2025-01-05T01:00", "Closed"), ticket="G-1"
    )
    evaluated = judged(old | G2, f"{DAY_0}T02:30")
    assert len(evaluated.matters) == 2
    assert due(evaluated, "G-2") == "2026-03-03T18:00"


@pytest.mark.parametrize("into", ["G-1", "G-2"])
def test_a_merged_ticket_leaves_its_promise_to_the_survivor(into: str) -> None:
    """From the merge on; the survivor counts from the earliest creation."""
    merged = {"G-1": "G-2", "G-2": "G-1"}[into]
    alone = ticket("G-2", f"{DAY_0}T02:00")
    known = G1 | alone | facts(("merged_into", f"{DAY_0}T10:00", into), ticket=merged)
    evaluated = judged(known, f"{DAY_0}T10:00")
    assert due(evaluated, into) == f"{DAY_0}T16:00"
    assert clock_of(evaluated, ticket=into).rule == "government"


def test_a_ticket_whose_record_was_deleted_still_says_what_was_promised() -> None:
    gone = G1 | facts(("gone", f"{DAY_0}T01:00", "deleted"), ticket="G-1")
    assert due(judged(gone | G2, f"{DAY_0}T02:30"), "G-2") == f"{DAY_0}T18:00"


# ------------------------------------------------------------------ which limit


def test_each_clock_has_the_limit_that_is_due_first_and_one_that_only_another_rule_has() -> None:
    rules = policy(
        rule("by-mail", first_response(HOUR), resolution(40 * HOUR), when=GOV),
        rule("by-phone", resolution(8 * HOUR)),
    )
    evaluated = judged(G1 | G2, f"{DAY_0}T02:30", rules)
    assert due(evaluated, "G-2", Metric.FIRST_RESPONSE) == f"{DAY_0}T03:00"
    assert due(evaluated, "G-2") == f"{DAY_0}T10:00"
    assert due(evaluated, "G-1") == f"{DAY_0}T08:00"
    assert clock_of(evaluated, Metric.FIRST_RESPONSE, "G-2").rule == "by-mail"
    assert clock_of(evaluated, ticket="G-1").rule == "by-phone"


def test_a_shorter_limit_in_fewer_hours_is_due_later_and_does_not_count() -> None:
    """Eight office hours from Friday evening are due on Monday, sixteen at all hours on Saturday."""
    rules = policy(
        rule("office", resolution(8 * HOUR), calendar="office", when=GOV),
        rule("always", resolution(16 * HOUR)),
        calendars={"office": OFFICE, "always": ALWAYS},
    )
    known = ticket("G-1", "2026-03-06T18:00", customer_tier="government")
    known |= ticket("G-2", "2026-03-06T19:00", follow_up_of="G-1")
    evaluated = judged(known, "2026-03-06T20:00", rules)
    assert due(evaluated, "G-2") == "2026-03-07T11:00"
    assert due(evaluated, "G-1") == "2026-03-07T10:00"


def test_a_deadline_that_another_system_set_is_of_its_own_ticket_alone() -> None:
    rules = policy(
        rule("by-contract", Target(Metric.RESOLUTION, 0, STANDARD, due="due_at"), when=GOV),
        rule("everything-else", resolution(40 * HOUR)),
    )
    known = G1 | facts(("due_at", f"{DAY_0}T00:00", f"{DAY_0}T05:00Z"), ticket="G-1")
    known |= G2 | facts(("due_at", f"{DAY_0}T02:00", f"{DAY_0}T03:00Z"), ticket="G-2")
    evaluated = judged(known, f"{DAY_0}T02:30", rules)
    assert due(evaluated, "G-1") == f"{DAY_0}T05:00"
    assert due(evaluated, "G-2") == "2026-03-03T18:00"
    assert not evaluated.findings


def test_of_a_ticket_whose_value_cannot_be_read_every_rule_that_may_apply_holds_for_both() -> None:
    """Its own finding is not the other's."""
    unreadable = ticket("G-1", f"{DAY_0}T00:00") | [
        Fact("G-1", "unreadable:customer_tier", at(f"{DAY_0}T00:00"), "customer_tier: a number")
    ]
    evaluated = judged(unreadable | G2, f"{DAY_0}T02:30")
    assert due(evaluated, "G-2") == f"{DAY_0}T18:00"
    assert {finding.ticket for finding in evaluated.findings} == {"G-1"}


# ------------------------------------------------------------------ all agree


def test_in_whatever_order_it_is_learned_it_comes_to_the_same() -> None:
    third = ticket("G-3", f"{DAY_0}T03:00", ("follow_up_of", f"{DAY_0}T04:00", "G-2"))
    parts = [G1, G2, third]
    plans = []
    for order in permutations(parts):
        known = Facts()
        for part in order:
            known |= part
        evaluated = judged(known, f"{DAY_0}T05:00")
        plans.append((evaluated.clocks, evaluated.alerts, [t.others for t in evaluated.tickets]))
    assert all(each == plans[0] for each in plans)


def test_a_promise_a_silence_and_the_page_follow_the_rule_that_judges() -> None:
    """A promise reaches two open hours: in the office from Monday morning, else at once."""
    rules = policy(
        rule("office", resolution(HOUR), calendar="office", when=GOV),
        rule("always", resolution(90 * HOUR)),
        acknowledge=Acknowledge(2 * HOUR, 1),
    )
    known = ticket("G-1", "2026-03-07T00:00", customer_tier="government")
    known |= ticket("G-2", "2026-03-07T02:00", follow_up_of="G-1")
    evaluated = judged(known, "2026-03-07T03:00", rules)
    second = found(evaluated, "G-2")
    now = at("2026-03-07T03:00")
    assert rule_at(second, known, rules, now).name == "office"
    offered = promising("G-2", known, evaluated, rules, now)
    assert offered is not None
    assert iso(offered.latest)[:16] == "2026-03-09T10:00"  # 09:00 to 11:00 in Berlin
    promised = known | [acknowledged("G-2", now, at("2026-03-20T00:00"), "Kim")]
    (promise,) = judged(promised, "2026-03-07T03:00", rules).promises[:1]
    assert promise.until == offered.latest
    silence = Silence("s", now, now + HOUR, "moving", "kim", policies=frozenset({"office"}))
    assert silence.matches(second, "G-1", known, rules, now)


def test_breaches_of_an_exchange_stay_as_long_as_no_rule_of_the_matter_has_the_target() -> None:
    answers = Target(Metric.NEXT_RESPONSE, HOUR, STANDARD)
    rules = policy(
        rule("government", answers, resolution(16 * HOUR), when=GOV),
        rule("everything-else", resolution(40 * HOUR)),
    )
    asked = G2 | facts(
        ("agent_reply", f"{DAY_0}T03:00", "Kim"), ("customer_reply", f"{DAY_0}T04:00"), ticket="G-2"
    )
    recorded = {"G-2/next_response/1": at(f"{DAY_0}T05:00:01")}
    late = judged(G1 | asked, f"{DAY_0}T06:00", rules, breached=recorded)
    assert clock_of(late, Metric.NEXT_RESPONSE, "G-2").breach_at == at(f"{DAY_0}T05:00:01")
    assert late.breached == recorded
    alone = judged(asked, f"{DAY_0}T06:00", rules, breached=recorded)
    assert alone.breached == recorded


# ------------------------------------------------------------------ in words


def test_the_explanation_says_which_ticket_brings_the_policy() -> None:
    known = G1 | G2
    evaluated = judged(known, f"{DAY_0}T02:30")
    explained = explanation(Case("G-1", facts=known), evaluated, DESK, at(f"{DAY_0}T02:30"))
    first, second = explained.matters[0].tickets
    assert [(r.rule, r.of_ticket, r.refused) for r in second.rulings] == [("government", "G-1", ())]
    assert [(r.rule, r.of_ticket) for r in first.rulings] == [("government", "")]
    assert ruling_in_words(second.rulings[0]) == "government, as G-1 is of the same case"
    assert {clock.rule_of for clock in second.clocks} == {"G-1"}
    assert {clock.rule_of for clock in first.clocks} == {""}


def test_the_mail_says_so_too() -> None:
    known, now = G1 | G2, f"{DAY_0}T18:00:01"
    case, evaluated = Case("G-1", facts=known), judged(known, f"{DAY_0}T18:00:01")
    alerts = [a for a in evaluated.alerts if a.clock_key == "G-2/resolution/1"]
    told = [a for a in alerts if a.recipient == alerts[0].recipient]
    mail = render(notice(case, evaluated, told, DESK, at(now)), at(now)).email
    assert "Rule        government, as G-1 is of the same case" in mail


# ------------------------------------------------------------------ what it costs


@pytest.mark.parametrize("tickets", [1, 30])
def test_tickets_under_one_rule_carry_nothing_of_each_other(tickets: int) -> None:
    known = Facts()
    for number in range(tickets):
        known |= ticket(f"T-{number:02}", f"{DAY_0}T00:00", follow_up_of="T-00")
    evaluated = judged(known, f"{DAY_0}T02:30")
    assert [each.others for each in evaluated.tickets] == [()] * tickets
    assert len(evaluated.matters) == 1


def test_of_thirty_tickets_one_binds_all() -> None:
    known = Facts()
    for number in range(30):
        tier = "government" if number == 17 else "private"
        known |= ticket(
            f"T-{number:02}", f"{DAY_0}T00:{number:02}", follow_up_of="T-00", customer_tier=tier
        )
    assessment = assess(known, DESK)
    resolutions = [c for c in assessment.clocks if c.metric is Metric.RESOLUTION]
    assert {clock.rule for clock in resolutions} == {"government"}
    assert [iso(clock.due_at or 0)[11:16] for clock in resolutions] == [
        f"16:{number:02}" for number in range(30)
    ]
    brought = [len(each.others) for each in assessment.tickets]
    assert max(brought) <= 2


# ------------------------------------------------------------------ of the field


@pytest.mark.skipif(not CASE.exists(), reason="no ../shared/cases")
def test_g_2_of_the_field_is_due_after_sixteen_open_hours() -> None:
    """Both under one number of the desk, as soon as they are known as one matter."""
    today = date(2026, 3, 1)
    text = (ROOT / "functions" / "policy.yaml").read_text()
    shipped = policy_of(read_policy(text, "policy.yaml", today).form, today)
    known = Facts()
    for line in CASE.read_text().splitlines():
        event = json.loads(line)
        name, when = event.pop("ticket"), event.pop("at")
        stated = {field: value for field, value in event.items() if field != "type"}
        stated["case_id"] = "G-1"
        said = [(field, when, value) for field, value in stated.items()]
        known |= facts(("created", when), *said, ticket=name)
    evaluated = judged(known, "2026-03-02T11:30-05:00", shipped)
    assert clock_of(evaluated, ticket="G-2").target == 16 * HOUR
    assert due(evaluated, "G-2") == "2026-03-03T23:00"  # Tuesday, 18:00 in New York
