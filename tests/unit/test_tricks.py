"""Tricks that keep a neglected case green elsewhere, or make a watchdog shout wrongly. Each was
tried on this one.
"""

from __future__ import annotations

import pytest

from building import (
    DAY,
    HOUR,
    STANDARD,
    at,
    clock_of,
    facts,
    first_response,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import (
    After,
    Condition,
    Ladder,
    Level,
    Metric,
    Open,
    Pauses,
    Percent,
    Policy,
    Repeat,
    Target,
)
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.tools.simulation.replay import Notification, replay

D = "2026-03-02T"
REPLY = Ladder(
    "reply",
    (
        Level(Percent(75), ("owner",)),
        Level(After(0), ("owner", "team-lead"), repeat=Repeat(DAY, doubling=False)),
    ),
)
ANSWERS = (
    Target(Metric.FIRST_RESPONSE, HOUR, REPLY),
    Target(Metric.NEXT_RESPONSE, 2 * HOUR, REPLY),
)


def ticket(name: str, created: str, *said: tuple[str, ...]) -> Facts:
    return facts(("created", created), ("status", created, "Open"), *said, ticket=name)  # type: ignore[arg-type]


def notified(known: Facts, desk: Policy, until: str) -> tuple[Notification, ...]:
    return replay(sorted(known, key=lambda fact: fact.at), desk, at(until)).notified


def brief(found: tuple[Notification, ...]) -> list[str]:
    return [each.alert.id for each in found]


def test_another_clock_at_its_top_does_not_end_the_repetitions_of_those_whom_it_never_tells() -> (
    None
):
    desk = policy(rule("all", resolution(8 * HOUR), Target(Metric.NEXT_RESPONSE, 2 * HOUR, REPLY)))
    known = ticket("T-1", f"{D}00:00", ("customer_reply", f"{D}01:00"))
    to_owner = [
        t for t in notified(known, desk, "2026-03-06T00:00") if t.alert.recipient.key == "owner"
    ]
    assert [t.alert.repetition for t in to_owner if t.alert.clock == "next_response"] == [
        0,
        0,
        1,
        2,
        3,
    ]


@pytest.mark.parametrize(
    "over",
    [
        pytest.param((("status", f"{D}01:00", "Resolved"),), id="resolved"),
        pytest.param((("status", f"{D}01:00", "Closed"),), id="closed"),
        pytest.param((("gone", f"{D}02:00", "deleted"),), id="deleted"),
    ],
)
def test_a_ticket_merged_into_one_that_is_over_stays_alive_and_is_a_finding(
    over: tuple[tuple[str, ...], ...],
) -> None:
    known = ticket("A", f"{D}00:00", *over) | ticket(
        "B", f"{D}05:00", ("merged_into", f"{D}06:00", "A")
    )
    evaluated = plan(Case("A", known), policy(), at(f"{D}14:00"))
    assert "B/resolution/1/1/0/owner" in [alert.id for alert in evaluated.alerts]
    assert "merged into A, which is over or deleted; it counts as open" in [
        worded(f.reason) for f in evaluated.findings
    ]


def test_merged_into_one_that_is_reopened_later_it_is_merged_from_then_on() -> None:
    known = ticket(
        "A", f"{D}00:00", ("status", f"{D}01:00", "Resolved"), ("status", f"{D}09:00", "Open")
    )
    known |= ticket("B", f"{D}05:00", ("merged_into", f"{D}06:00", "A"))
    (merged,) = [
        t for t in plan(Case("A", known), policy(), at(f"{D}10:00")).tickets if t.id == "B"
    ]
    assert merged.merged_at == at(f"{D}09:00")


def test_a_request_that_was_never_answered_does_not_vanish_with_its_merge_into_an_answered_ticket() -> (
    None
):
    known = ticket("A", f"{D}00:00", ("agent_reply", f"{D}00:10"))
    known |= ticket("B", f"{D}05:00", ("merged_into", f"{D}05:30", "A"))
    desk = policy(rule("all", *ANSWERS))
    evaluated = plan(Case("A", known), desk, at(f"{D}06:30"))
    waiting = {
        c.metric: c.started_at
        for c in evaluated.clocks
        if c.subject == "A" and c.stopped_at is None
    }
    assert waiting[Metric.NEXT_RESPONSE] == waiting[Metric.FIRST_RESPONSE] == at(f"{D}05:00")
    answered = known | facts(("agent_reply", f"{D}06:00"), ticket="A")
    live = [
        c.metric
        for c in plan(Case("A", answered), desk, at(f"{D}06:30")).clocks
        if c.stopped_at is None
    ]
    assert live == [Metric.AGE]


def test_an_answer_to_an_older_ticket_does_not_answer_the_one_it_is_merged_into() -> None:
    known = ticket(
        "A", f"{D}00:00", ("agent_reply", f"{D}00:10"), ("merged_into", f"{D}05:30", "B")
    )
    known |= ticket("B", f"{D}05:00")
    evaluated = plan(Case("A", known), policy(rule("all", first_response(HOUR))), at(f"{D}05:40"))
    clock = clock_of(evaluated, Metric.FIRST_RESPONSE, "B")
    assert (clock.due_at, clock.stopped_at) == (at(f"{D}06:00"), None)


def test_a_new_ticket_of_the_customer_ends_the_pause_of_the_one_it_is_merged_into() -> None:
    known = ticket("A", f"{D}00:00", ("status", f"{D}01:00", "Waiting"))
    known |= ticket("B", f"{D}05:00", ("merged_into", f"{D}05:30", "A"))
    evaluated = plan(Case("A", known), policy(), at(f"{D}06:00"))
    clock = clock_of(evaluated, ticket="A")
    assert clock.due_at == at(f"{D}12:00")


def test_what_the_customer_writes_on_the_merged_ticket_counts() -> None:
    known = ticket("A", f"{D}00:00", ("agent_reply", f"{D}00:10"))
    known |= ticket(
        "B", f"{D}01:00", ("agent_reply", f"{D}01:10"), ("merged_into", f"{D}02:00", "A")
    )
    known |= facts(("customer_reply", f"{D}03:00"), ticket="B")
    evaluated = plan(Case("A", known), policy(rule("all", *ANSWERS)), at(f"{D}04:00"))
    clock = clock_of(evaluated, Metric.NEXT_RESPONSE, "A")
    assert (clock.started_at, clock.stopped_at) == (at(f"{D}03:00"), None)


def test_an_old_resolved_ticket_merged_into_a_fresh_one_is_no_reopening() -> None:
    known = ticket(
        "A",
        "2026-02-02T00:00",
        ("status", "2026-02-02T01:00", "Resolved"),
        ("merged_into", f"{D}01:00", "B"),
    )
    known |= ticket("B", f"{D}00:30")
    evaluated = plan(Case("A", known), policy(), at(f"{D}01:00"))
    assert {c.cycle for c in evaluated.clocks if c.subject == "B"} == {1}


def test_a_wrong_merge_undone_takes_the_breach_with_it() -> None:
    old = ticket(
        "OLD",
        "2026-02-20T00:00",
        ("merged_into", f"{D}01:00", "NEW"),
        ("merged_into", f"{D}01:10", ""),
    )
    known = old | ticket("NEW", f"{D}00:50")
    assert not [
        t
        for t in notified(known, policy(), f"{D}03:00")
        if t.at > at(f"{D}01:10") and t.alert.subject == "NEW"
    ]


DUE = (Target(Metric.RESOLUTION, 0, STANDARD, due="due_at"), first_response(HOUR))


def test_a_deadline_that_goes_bad_leaves_the_one_before_in_force() -> None:
    for later in ("", "soon", "9999-12-31"):
        known = ticket(
            "T-1",
            f"{D}00:00",
            ("due_at", f"{D}00:00", f"{D}08:00Z"),
            ("due_at", f"{D}08:30", later),
        )
        evaluated = plan(Case("T-1", known), policy(rule("all", *DUE)), at(f"{D}09:00"))
        clock = clock_of(evaluated)
        assert clock.due_at == at(f"{D}08:00")
        assert [f.kind for f in evaluated.findings] == ["due_at"]


def test_a_deadline_moved_away_after_the_breach_leaves_the_ladder_where_it_was() -> None:
    known = ticket(
        "T-1",
        f"{D}00:00",
        ("due_at", f"{D}00:00", f"{D}08:00Z"),
        ("due_at", f"{D}08:30", "2026-04-02T00:00Z"),
    )
    evaluated = plan(Case("T-1", known), policy(rule("all", *DUE)), at(f"{D}09:00"))
    clock = clock_of(evaluated)
    assert clock.levels[2] == at(f"{D}12:00:01")


def test_a_policy_without_the_target_does_not_put_out_what_burns() -> None:
    phone = Condition("channel", frozenset({"phone"}))
    desk = policy(rule("phone", resolution(900 * HOUR), when=(phone,)), rule("rest", *ANSWERS))
    known = ticket(
        "T-1", f"{D}00:00", ("channel", f"{D}00:00", "email"), ("channel", f"{D}03:00", "phone")
    )
    assert "T-1/first_response/1/1/1/owner" in brief(notified(known, desk, "2026-03-03T02:00"))
    early = ticket(
        "T-1", f"{D}00:00", ("channel", f"{D}00:00", "email"), ("channel", f"{D}00:30", "phone")
    )
    assert not notified(early, desk, "2026-03-03T02:00")


def test_every_pause_that_lasts_too_long_is_told() -> None:
    update = Target(Metric.UPDATE, 100 * HOUR, REPLY, frozenset({"waiting"}))
    desk = policy(
        rule("all", resolution(100 * HOUR), update), pauses=Pauses(longest=HOUR, total=9 * HOUR)
    )
    known = ticket(
        "T-1",
        f"{D}00:00",
        ("agent_reply", f"{D}00:10"),
        ("status", f"{D}01:00", "Waiting"),
        ("status", f"{D}04:00", "Open"),
        ("agent_reply", f"{D}04:30"),
        ("status", f"{D}05:00", "Waiting"),
    )
    pauses = [each for each in notified(known, desk, f"{D}08:00") if each.alert.clock == "pause"]
    assert [each.at for each in pauses] == [at(f"{D}02:00"), at(f"{D}06:00")]


def test_merging_unowned_tickets_does_not_start_the_wait_for_an_owner_anew() -> None:
    desk = policy(
        signals={Metric.UNOWNED: Ladder("unowned", (Level(Open(4 * HOUR), ("team-lead",)),))}
    )
    known = ticket("A", f"{D}00:00") | ticket("B", f"{D}03:00", ("merged_into", f"{D}03:30", "A"))
    clock = clock_of(plan(Case("A", known), desk, at(f"{D}03:40")), Metric.UNOWNED)
    assert clock.due_at == at(f"{D}04:00")


def test_each_ticket_of_a_case_that_ends_is_told_to_those_who_knew() -> None:
    known = ticket("A", f"{D}00:00", ("status", f"{D}09:00", "Resolved"))
    known |= ticket("B", f"{D}00:00", ("status", f"{D}11:00", "Resolved"))
    known |= facts(("case_id", f"{D}00:00", "A"), ticket="B")
    cleared = [
        t for t in notified(known, policy(), "2026-03-03T00:00") if t.alert.clock == "cleared"
    ]
    assert {(t.at, t.alert.recipient.key) for t in cleared} == {
        (at(f"{D}{hour}"), who)
        for hour in ("09:30", "11:30")
        for who in ("owner", "owner-urgent", "team-lead", "team-lead-urgent")
    }


def test_who_heard_that_it_is_over_hears_when_it_burns_again() -> None:
    known = ticket("T-1", f"{D}00:00", ("gone", f"{D}09:00", "deleted"), ("gone", f"{D}09:05", ""))
    ids = [
        (t.at, t.alert.clock)
        for t in notified(known, policy(), f"{D}10:00")
        if t.alert.recipient.key == "owner"
    ]
    assert ids[-2:] == [(at(f"{D}09:00"), "cleared"), (at(f"{D}09:05"), "resolution")]


def test_who_did_not_hear_yet_that_it_is_over_does_not_hear_again_that_it_burns() -> None:
    short = ("status", f"{D}09:00", "Resolved"), ("status", f"{D}09:05", "Open")
    known = ticket("T-1", f"{D}00:00", *short)
    told = [
        t.at for t in notified(known, policy(), f"{D}11:00") if t.alert.recipient.key == "owner"
    ]
    assert max(told) < at(f"{D}09:00")


def test_a_promise_of_a_time_that_is_past_is_none() -> None:
    known = ticket("T-1", f"{D}00:00") | [
        acknowledged("T-1", at(f"{D}06:10"), at(f"{D}06:00"), "Kim")
    ]
    assert [t.alert.level for t in notified(known, policy(), f"{D}07:00")] == [0]


def test_a_promise_broken_before_the_first_level_makes_that_one_due() -> None:
    known = ticket("T-1", f"{D}00:00") | [
        acknowledged("T-1", at(f"{D}01:00"), at(f"{D}02:00"), "Kim")
    ]
    assert [(t.at, t.alert.level) for t in notified(known, policy(), f"{D}03:00")] == [
        (at(f"{D}02:00"), 0)
    ]
