"""Parts B and C of the semantics, clocks and pauses: one test or more for each paragraph, named
after it.
"""

from __future__ import annotations

import pytest
from attrs import evolve

from building import (
    DAY,
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
from sla_watchdog.domain.clocks.assessment import assess
from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.evidence import Evidence
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.policy.model import (
    Carried,
    Ladder,
    Level,
    Metric,
    Open,
    Pauses,
    Policy,
    Repeat,
    Target,
)
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.presentation.text.reason import worded

LATER = "2026-06-01T00:00"


def clocks(known: Facts, desk: Policy, metric: Metric, now: str = LATER) -> list[Clock]:
    found = plan(Case("T-1", known), desk, at(now), whole=True).clocks
    return [clock for clock in found if clock.metric is metric]


def only(known: Facts, desk: Policy, metric: Metric, now: str = LATER) -> Clock:
    (clock,) = clocks(known, desk, metric, now)
    return clock


def target(metric: Metric, within: int = HOUR, **more: object) -> Policy:
    return policy(rule("all", Target(metric, within, STANDARD, **more)))  # type: ignore[arg-type]


BORN = ("created", "2026-03-02T09:00")
WAIT = {"pauses_in": frozenset({"waiting"})}


def test_b1_state_is_a_function_of_facts_policy_and_now_alone() -> None:
    known = facts(
        BORN, ("status", "2026-03-02T10:00", "Waiting"), ("status", "2026-03-02T11:00", "Open")
    )
    assert evaluate(known, LATER) == evaluate(Facts.of(list(known)[::-1]), LATER)


def test_b2_only_a_public_message_by_a_person_is_a_first_response() -> None:
    desk = target(Metric.FIRST_RESPONSE)
    known = facts(
        BORN,
        ("agent_reply", "2026-03-02T09:01", "auto-reply"),
        ("agent_reply", "2026-03-02T09:02", "bot"),
        ("bot_reply", "2026-03-02T09:03"),
        ("assignee", "2026-03-02T09:04", "kim"),
        ("status", "2026-03-02T09:05", "Open"),
        ("agent_reply", "2026-03-02T09:50", "Kim"),
    )
    assert only(known, desk, Metric.FIRST_RESPONSE).elapsed(at(LATER)) == 50 * 60


def test_b2_a_ticket_opened_by_an_agent_waits_for_the_customers_first_message() -> None:
    desk = target(Metric.FIRST_RESPONSE)
    born = ("created", "2026-03-02T09:00", "agent")
    assert not clocks(facts(born), desk, Metric.FIRST_RESPONSE)
    asked = facts(born, ("agent_reply", "2026-03-02T09:00"), ("customer_reply", "2026-03-02T12:00"))
    assert only(asked, desk, Metric.FIRST_RESPONSE).due_at == at("2026-03-02T13:00")


def test_b3_the_oldest_unanswered_message_starts_an_exchange_and_every_exchange_is_kept() -> None:
    desk = target(Metric.NEXT_RESPONSE)
    known = facts(
        BORN,
        ("customer_reply", "2026-03-02T10:00"),
        ("customer_reply", "2026-03-02T10:30"),
        ("agent_reply", "2026-03-02T12:00"),
        ("customer_reply", "2026-03-02T13:00"),
        ("agent_reply", "2026-03-02T13:10"),
        ("customer_reply", "2026-03-02T14:00"),
    )
    found = clocks(known, desk, Metric.NEXT_RESPONSE, "2026-03-02T14:30")
    now = at("2026-03-02T14:30")
    assert [(c.cycle, c.elapsed(now), c.state(now)) for c in found] == [
        (1, 2 * HOUR, State.BREACHED),
        (2, 600, State.MET),
        (3, 1800, State.RUNNING),
    ]


def test_b3_resolving_stops_it_and_thanks_after_the_end_start_nothing() -> None:
    desk = evolve(target(Metric.NEXT_RESPONSE), thanks=HOUR)
    thanks = facts(
        BORN,
        ("customer_reply", "2026-03-02T10:00"),
        ("status", "2026-03-02T10:30", "Resolved"),
        ("customer_reply", "2026-03-02T11:00"),
    )
    assert only(thanks, desk, Metric.NEXT_RESPONSE).stopped_at == at("2026-03-02T10:30")


def test_b4_an_update_is_due_after_each_public_message_and_never_before_the_first() -> None:
    desk = target(Metric.UPDATE, 4 * HOUR)
    assert not clocks(facts(BORN, ("customer_reply", "2026-03-02T10:00")), desk, Metric.UPDATE)
    known = facts(BORN, ("agent_reply", "2026-03-02T10:00"), ("agent_reply", "2026-03-02T12:00"))
    assert [c.due_at for c in clocks(known, desk, Metric.UPDATE)] == [
        at("2026-03-02T14:00"),
        at("2026-03-02T16:00"),
    ]


def test_b4_updates_pause_only_where_the_policy_says_so() -> None:
    known = facts(
        BORN,
        ("agent_reply", "2026-03-02T10:00"),
        ("status", "2026-03-02T10:00", "Waiting"),
        ("status", "2026-03-02T12:00", "Open"),
    )
    periodic, pausable = target(Metric.UPDATE, 4 * HOUR), target(Metric.UPDATE, 4 * HOUR, **WAIT)
    assert only(known, periodic, Metric.UPDATE).due_at == at("2026-03-02T14:00")
    assert only(known, pausable, Metric.UPDATE).due_at == at("2026-03-02T16:00")


TWICE = facts(
    BORN,
    ("status", "2026-03-02T10:00", "Resolved"),
    ("status", "2026-03-03T09:00", "Open"),
    ("status", "2026-03-03T09:30", "Resolved"),
    ("status", "2026-03-05T00:00", "Closed"),
)


def test_b5_first_and_total_resolution_are_two_numbers_and_closing_changes_neither() -> None:
    desk = policy(
        rule(
            "all",
            Target(Metric.FIRST_RESOLUTION, HOUR, STANDARD),
            Target(Metric.RESOLUTION, 2 * HOUR, STANDARD),
        )
    )
    assert only(TWICE, desk, Metric.FIRST_RESOLUTION).elapsed(at(LATER)) == HOUR
    total = only(TWICE, desk, Metric.RESOLUTION)
    assert (total.elapsed(at(LATER)), total.stopped_at) == (3 * HOUR // 2, at("2026-03-03T09:30"))


def test_b5_a_clock_may_run_until_closed() -> None:
    desk = target(Metric.RESOLUTION, DAY, stops_at="closed")
    assert only(TWICE, desk, Metric.RESOLUTION).stopped_at == at("2026-03-05T00:00")


def test_b6_the_age_of_a_case_is_wall_time_that_nothing_pauses_or_resets() -> None:
    known = facts(
        BORN,
        ("status", "2026-03-02T10:00", "Waiting"),
        ("status", "2026-03-05T10:00", "Resolved"),
        ("status", "2026-03-06T10:00", "Open"),
    )
    age = only(known, policy(), Metric.AGE)
    assert (age.started_at, age.levels[0]) == (
        at("2026-03-02T09:00"),
        at("2026-03-02T09:00") + 14 * DAY,
    )


PROGRESS = {
    Metric.PROGRESS: Ladder(
        "progress", (Level(Open(24 * HOUR), ("manager",), repeat=Repeat(DAY, True)),)
    )
}


def test_b7_a_courtesy_reply_is_no_progress_and_a_named_owner_is() -> None:
    desk = policy(rule("all", resolution(900 * HOUR)), signals=PROGRESS)
    touched = facts(
        BORN,
        ("agent_reply", "2026-03-02T20:00"),
        ("team", "2026-03-02T21:00", "second line"),
        ("assignee", "2026-03-02T21:00", "queue"),
        ("status", "2026-03-02T22:00", "Waiting"),
    )
    assert only(touched, desk, Metric.PROGRESS).due_at == at("2026-03-03T09:00")
    owned = touched | facts(("assignee", "2026-03-03T01:00", "kim"))
    found = only(owned, desk, Metric.PROGRESS)
    assert (found.cycle, found.due_at) == (2, at("2026-03-04T01:00"))


def test_b7_handing_it_to_and_fro_is_no_progress_nor_is_a_priority() -> None:
    desk = policy(rule("all", resolution(900 * HOUR)), signals=PROGRESS)
    handed = facts(
        BORN,
        ("assignee", "2026-03-02T10:00", "Kim"),
        ("assignee", "2026-03-02T11:00", "Lee"),
        ("assignee", "2026-03-02T12:00", "Kim"),
        ("assignee", "2026-03-02T13:00", ""),
        ("assignee", "2026-03-02T14:00", "LEE"),
        ("priority", "2026-03-02T15:00", "1 - Critical"),
    )
    assert only(handed, desk, Metric.PROGRESS).due_at == at("2026-03-03T11:00")
    new = handed | facts(("assignee", "2026-03-02T16:00", "Ade"))
    assert only(new, desk, Metric.PROGRESS).due_at == at("2026-03-03T16:00")


def test_b10_what_no_record_ever_carried_is_not_judged_until_it_is_seen() -> None:
    desk = policy(rule("all", first_response(HOUR), resolution(20 * DAY)))
    case = Case("T-1", facts(BORN))

    def judged(now: str, evidence: Evidence) -> set[str]:
        evaluated = plan(case, desk, at(now), context=Context(evidence=evidence))
        return {alert.clock for alert in evaluated.alerts}

    missed = Evidence(20, frozenset({Carried.REPLY}))
    seen = evolve(missed, seen={Carried.REPLY: at("2026-03-04T00:00")})
    assert judged("2026-03-03T09:00", Evidence()) == {"first_response"}
    assert judged("2026-03-03T09:00", missed) == set()
    assert judged("2026-03-03T23:59:59", seen) == set()
    assert judged("2026-03-04T00:00", seen) == {"first_response"}


def test_b8_a_message_after_the_end_waits_for_an_answer_and_the_age_goes_on() -> None:
    desk = policy(rule("all", Target(Metric.NEXT_RESPONSE, HOUR, STANDARD)))
    known = facts(
        BORN, ("status", "2026-03-02T10:00", "Resolved"), ("customer_reply", "2026-03-03T10:00")
    )
    assert only(known, desk, Metric.NEXT_RESPONSE).due_at == at("2026-03-03T11:00")
    assert only(known, desk, Metric.AGE).stopped_at is None


@pytest.mark.parametrize(
    ("assignee", "roster", "owned"),
    [
        ("kim", frozenset(), True),
        ("Unassigned", frozenset(), False),
        ("TM", frozenset(), False),
        ("queue", frozenset(), False),
        ("TM", frozenset({"tm"}), True),
        ("kim", frozenset({"tm"}), False),
    ],
)
def test_b9_only_a_person_is_an_owner(assignee: str, roster: frozenset[str], owned: bool) -> None:
    unowned = {Metric.UNOWNED: Ladder("unowned", (Level(Open(4 * HOUR), ("manager",)),))}
    desk = policy(signals=unowned, roster=roster)
    known = facts(BORN, ("assignee", "2026-03-02T09:00", assignee))
    clocks = assess(known, desk).clocks
    found = [clock.due_at for clock in clocks if clock.metric is Metric.UNOWNED]
    assert found == ([] if owned else [at("2026-03-02T13:00")])


def test_c1_only_the_open_part_of_a_pause_moves_a_deadline_over_the_change_of_the_clocks_too() -> (
    None
):
    desk = policy(rule("all", resolution(8 * HOUR), calendar="office"))
    night = facts(
        ("created", "2026-03-27T09:00+01:00"),
        ("status", "2026-03-27T19:00+01:00", "Waiting"),
        ("status", "2026-03-30T09:00+02:00", "Open"),
    )
    assert only(night, desk, Metric.RESOLUTION).due_at == at("2026-03-27T17:00+01:00")
    evening = facts(
        ("created", "2026-03-27T09:00+01:00"),
        ("status", "2026-03-27T16:30+01:00", "Waiting"),
        ("status", "2026-03-30T10:00+02:00", "Open"),
    )
    assert only(evening, desk, Metric.RESOLUTION).due_at == at("2026-03-30T10:30+02:00")


PAUSED = facts(BORN, ("status", "2026-03-02T10:00", "Waiting"))


def test_c2_the_first_response_does_not_pause_unless_asked_and_the_age_never_does() -> None:
    desk = policy(rule("all", resolution(HOUR * 9), first_response(2 * HOUR)))
    assert only(PAUSED, desk, Metric.FIRST_RESPONSE).due_at == at("2026-03-02T11:00")
    asked = policy(rule("all", first_response(2 * HOUR, **WAIT)))
    assert only(PAUSED, asked, Metric.FIRST_RESPONSE).due_at is None
    assert only(PAUSED, desk, Metric.AGE).due_at is not None


def test_c2_only_the_statuses_that_the_policy_names_pause() -> None:
    elsewhere = policy(
        rule("all", resolution(8 * HOUR)),
        statuses={"vendor": "others", "waiting": "waiting"},
        groups=("others", "waiting"),
    )
    known = facts(BORN, ("status", "2026-03-02T10:00", "Vendor"))
    assert only(known, elsewhere, Metric.RESOLUTION).due_at == at("2026-03-02T17:00")


def test_c3_while_paused_nothing_is_due_and_a_breach_before_the_pause_stays() -> None:
    desk = target(Metric.RESOLUTION, 8 * HOUR, **WAIT)
    clock = only(PAUSED, desk, Metric.RESOLUTION)
    assert (clock.due_at, clock.state(at(LATER)), clock.elapsed(at(LATER))) == (
        None,
        State.PAUSED,
        HOUR,
    )
    late = facts(BORN, ("status", "2026-03-02T18:00", "Waiting"))
    assert only(late, desk, Metric.RESOLUTION).state(at(LATER)) is State.BREACHED


def test_c4_paused_straight_to_resolved_excludes_the_pause() -> None:
    known = PAUSED | facts(("status", "2026-03-09T09:00", "Resolved"))
    assert (
        only(known, target(Metric.RESOLUTION, 8 * HOUR, **WAIT), Metric.RESOLUTION).elapsed(
            at(LATER)
        )
        == HOUR
    )


def test_c4_born_paused_has_no_running_time_until_it_is_open() -> None:
    known = facts(
        BORN, ("status", "2026-03-02T09:00", "Waiting"), ("status", "2026-03-02T12:00", "Open")
    )
    desk = target(Metric.RESOLUTION, 8 * HOUR, **WAIT)
    assert only(known, desk, Metric.RESOLUTION).due_at == at("2026-03-02T20:00")


def test_c4_born_closed_has_no_clock() -> None:
    known = facts(BORN, ("status", "2026-03-02T09:00", "Closed"))
    assert not clocks(known, policy(), Metric.RESOLUTION)


LIMITED = evolve(
    policy(rule("all", resolution(8 * HOUR), calendar="office")),
    pauses=Pauses(longest=4 * HOUR, total=6 * HOUR),
)


def test_c5_beyond_the_longest_pause_the_clock_runs_on_and_an_alert_says_so() -> None:
    """Friday 16:00 Berlin + 4 open hours of pause: Monday 12:00, in summer time by then."""
    known = facts(
        ("created", "2026-03-27T15:00+01:00"), ("status", "2026-03-27T16:00+01:00", "Waiting")
    )
    ends = at("2026-03-30T12:00+02:00")
    assert only(known, LIMITED, Metric.RESOLUTION).due_at == at("2026-03-31T11:00+02:00")
    before, after = (
        plan(Case("T-1", known), LIMITED, ends - 1),
        plan(Case("T-1", known), LIMITED, ends),
    )
    assert not before.alerts
    assert before.next_at == ends
    assert [(alert.clock, alert.recipient.key) for alert in after.alerts] == [("pause", "owner")]


def test_c5_all_pauses_together_have_a_limit_too() -> None:
    known = facts(
        ("created", "2026-03-30T09:00+02:00"),
        ("status", "2026-03-30T10:00+02:00", "Waiting"),
        ("status", "2026-03-30T14:00+02:00", "Open"),
        ("status", "2026-03-30T15:00+02:00", "Waiting"),
    )
    pause = [
        c for c in evaluate(known, "2026-03-31T10:00", LIMITED).clocks if c.metric is Metric.PAUSE
    ]
    assert [c.levels[0] for c in pause] == [at("2026-03-30T17:00+02:00")]


def test_c5_a_message_of_the_customer_ends_a_pause_whatever_the_status_says() -> None:
    desk = target(Metric.RESOLUTION, 8 * HOUR, **WAIT)
    known = PAUSED | facts(("customer_reply", "2026-03-02T15:00"))
    assert only(known, desk, Metric.RESOLUTION).due_at == at("2026-03-02T22:00")
    again = known | facts(
        ("status", "2026-03-02T16:00", "Open"), ("status", "2026-03-02T17:00", "Waiting")
    )
    assert only(again, desk, Metric.RESOLUTION).due_at is None


def test_c6_a_changed_list_of_pauses_judges_the_whole_history_anew() -> None:
    known = PAUSED | facts(("status", "2026-03-02T12:00", "Open"))
    assert only(known, target(Metric.RESOLUTION, 8 * HOUR, **WAIT), Metric.RESOLUTION).due_at == at(
        "2026-03-02T19:00"
    )
    assert only(known, target(Metric.RESOLUTION, 8 * HOUR), Metric.RESOLUTION).due_at == at(
        "2026-03-02T17:00"
    )


def elsewhere(known: Facts, now: str = LATER) -> Plan:
    by_field = Target(Metric.RESOLUTION, 0, STANDARD, due="due_at")
    return evaluate(known, now, policy(rule("all", by_field, first_response(HOUR))))


def test_a_deadline_set_elsewhere_is_taken_as_it_is_and_no_pause_moves_it() -> None:
    known = PAUSED | facts(("due_at", "2026-03-02T09:00", "2026-03-04T12:00:00+01:00"))
    clock = next(c for c in elsewhere(known).clocks if c.metric is Metric.RESOLUTION)
    assert (clock.due_at, clock.breach_at) == (at("2026-03-04T11:00"), at("2026-03-04T11:00:01"))
    assert clock.levels[2] == at("2026-03-04T15:00")


def test_a_deadline_moved_into_the_past_is_a_breach_from_then_on_and_a_later_one_heals_nothing() -> (
    None
):
    moved = facts(
        BORN,
        ("due_at", "2026-03-02T09:00", "2026-03-05T00:00Z"),
        ("due_at", "2026-03-03T00:00", "2026-03-02T12:00Z"),
    )
    clock = clock_of(elsewhere(moved))
    assert clock.breach_at == at("2026-03-03T00:00")
    again = moved | facts(("due_at", "2026-03-04T00:00", "2026-04-01T00:00Z"))
    clock = clock_of(elsewhere(again))
    assert clock.breach_at == at("2026-03-03T00:00")


def test_a_deadline_that_is_none_is_a_finding_and_the_other_clocks_run() -> None:
    for value, reason in (
        ("soon", "due_at: 'soon' is no deadline, so resolution has none"),
        ("", "due_at: missing, so resolution has none"),
    ):
        evaluated = elsewhere(facts(BORN, ("due_at", "2026-03-02T09:00", value)))
        assert {c.metric for c in evaluated.clocks} == {Metric.FIRST_RESPONSE, Metric.AGE}
        assert [worded(finding.reason) for finding in evaluated.findings] == [reason]
