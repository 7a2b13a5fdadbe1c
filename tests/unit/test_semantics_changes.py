"""Part D of the semantics, changes mid-flight: one test or more for each paragraph, named after it."""

from __future__ import annotations

import pytest
from attrs import evolve

from building import (
    HOUR,
    STANDARD,
    after_telling,
    at,
    clock_of,
    evaluate,
    facts,
    first_response,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.policy.model import (
    Condition,
    Count,
    Ladder,
    Level,
    Metric,
    Open,
    Policy,
    Target,
)
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.first_request import first_request
from sla_watchdog.domain.tickets.lookalikes import SAME_MATTER
from sla_watchdog.domain.tickets.merges import tickets_of
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.presentation.text.reason import worded

URGENT = Condition("priority", frozenset({"urgent"}))
BY_PRIORITY = policy(
    rule("urgent", resolution(2 * HOUR), when=(URGENT,)), rule("rest", resolution(8 * HOUR))
)
LOW, HIGH = "4 - low", "1 - critical"
BORN = (("created", "2026-03-02T09:00"), ("status", "2026-03-02T09:00", "Open"))


def due(evaluated: Plan, name: str = "resolution") -> set[tuple[int, str]]:
    return {
        (alert.level + 1, alert.recipient.key) for alert in evaluated.alerts if alert.clock == name
    }


def test_d1_a_new_target_is_measured_from_the_creation_with_all_pauses_kept() -> None:
    known = facts(
        *BORN,
        ("priority", "2026-03-02T09:00", LOW),
        ("status", "2026-03-02T09:30", "Waiting"),
        ("status", "2026-03-02T10:00", "Open"),
        ("priority", "2026-03-02T10:30", HIGH),
    )
    assert clock_of(evaluate(known, "2026-03-02T10:31", BY_PRIORITY)).due_at == at(
        "2026-03-02T11:30"
    )


def test_d1_overdue_at_once_by_the_change_the_breach_is_the_change_and_the_levels_keep_their_spacing() -> (
    None
):
    known = facts(
        *BORN, ("priority", "2026-03-02T09:00", LOW), ("priority", "2026-03-02T14:00", HIGH)
    )
    found = clock_of(evaluate(known, "2026-03-02T14:00", BY_PRIORITY))
    assert (found.due_at, found.breach_at) == (at("2026-03-02T11:00"), at("2026-03-02T14:00"))
    assert found.levels[1:] == (
        at("2026-03-02T14:00"),
        at("2026-03-02T18:00"),
        at("2026-03-03T06:00"),
    )


def test_d1_a_lower_priority_heals_no_breach_and_shortly_before_the_deadline_is_a_finding() -> None:
    late = facts(
        *BORN, ("priority", "2026-03-02T09:00", HIGH), ("priority", "2026-03-02T12:00", LOW)
    )
    assert clock_of(evaluate(late, "2026-03-02T12:00", BY_PRIORITY)).breach_at == at(
        "2026-03-02T11:00:01"
    )
    shortly = facts(
        *BORN, ("priority", "2026-03-02T09:00", HIGH), ("priority", "2026-03-02T10:50", LOW)
    )
    assert [f.kind for f in evaluate(shortly, "2026-03-02T10:51", BY_PRIORITY).findings] == [
        "downgrade"
    ]
    early = facts(
        *BORN, ("priority", "2026-03-02T09:00", HIGH), ("priority", "2026-03-02T09:10", LOW)
    )
    assert not evaluate(early, "2026-03-02T10:51", BY_PRIORITY).findings


def test_d2_a_breach_that_an_edit_makes_counts_from_the_deploy() -> None:
    strict = policy(rule("all", resolution(HOUR)))
    deployed = at("2026-03-02T12:00")
    evaluated = plan(Case("T-1", facts(*BORN), edited_at=deployed), strict, deployed)
    assert clock_of(evaluated).breach_at == deployed
    assert clock_of(evaluated).levels[2] == deployed + 4 * HOUR
    assert due(evaluated) == {
        (2, who) for who in ("owner", "owner-urgent", "team-lead", "team-lead-urgent")
    }


def test_d2_a_breach_recorded_before_an_edit_stays_and_so_does_what_was_told() -> None:
    lax, now = policy(rule("all", resolution(900 * HOUR))), at("2026-03-02T18:00")
    case = Case("T-1", facts(*BORN))
    before = plan(case, policy(), now)
    notified = evolve(
        after_telling(case, before, now), breached=before.breached, edited_at=now + HOUR
    )
    after = plan(notified, lax, now + HOUR)
    assert clock_of(after).breach_at == at("2026-03-02T17:00:01")
    assert not after.alerts
    assert set(clock_of(after).levels[1:]) == {
        at("2026-03-02T17:00:01"),
        at("2026-03-02T21:00:01"),
        at("2026-03-03T09:00:01"),
    }


def test_d2_what_was_over_before_an_edit_keeps_its_result() -> None:
    strict, deployed = policy(rule("all", resolution(HOUR))), at("2026-03-05T00:00")
    over = facts(*BORN, ("status", "2026-03-02T12:00", "Resolved"))
    assert clock_of(plan(Case("T-1", over, edited_at=deployed), strict, deployed)).breach_at is None


def test_d2_a_policy_that_is_gone_falls_through_to_the_next_match() -> None:
    known = facts(*BORN, ("priority", "2026-03-02T09:00", HIGH))
    fallen = policy(rule("rest", resolution(8 * HOUR)))
    assert clock_of(evaluate(known, "2026-03-02T10:00", fallen)).rule == "rest"


def test_d3_a_forgotten_holiday_applies_to_open_tickets_at_once() -> None:
    hours = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    office = policy(rule("all", resolution(8 * HOUR), calendar="office"))
    closed = Calendar.from_spec(
        {"timezone": "Europe/Berlin", "hours": hours, "holidays": ["2026-04-06"]}
    )
    known = facts(
        ("created", "2026-04-03T13:00+02:00"), ("status", "2026-04-03T13:00+02:00", "Open")
    )
    assert clock_of(evaluate(known, "2026-04-03T13:00", office)).due_at == at(
        "2026-04-06T13:00+02:00"
    )
    mended = evolve(office, calendars={**office.calendars, "office": closed})
    assert clock_of(evaluate(known, "2026-04-03T13:00", mended)).due_at == at(
        "2026-04-07T13:00+02:00"
    )


def test_d4_the_first_match_wins_and_it_is_asked_again_at_every_judgement() -> None:
    both = policy(
        rule("urgent", resolution(HOUR), when=(URGENT,)), rule("rest", resolution(8 * HOUR))
    )
    known = facts(*BORN, ("priority", "2026-03-02T09:00", HIGH))
    assert clock_of(evaluate(known, "2026-03-02T09:00", both)).rule == "urgent"
    assert (
        clock_of(
            evaluate(known | facts(("priority", "2026-03-02T09:05", LOW)), "2026-03-02T09:06", both)
        ).rule
        == "rest"
    )


BOT_REOPENED = ("reopened", "2026-03-04T12:00", "bot")
REOPENED = (("status", "2026-03-02T12:00", "Resolved"), ("status", "2026-03-04T12:00", "Open"))


def test_d5_a_reopening_goes_on_with_the_same_clock_and_the_time_resolved_is_free() -> None:
    found = clock_of(evaluate(facts(*BORN, *REOPENED), "2026-03-04T13:00"))
    assert (found.cycle, found.due_at) == (2, at("2026-03-04T17:00"))


def test_d5_the_level_above_the_one_reached_is_due_at_once() -> None:
    """75 % was reached before it was resolved, so the breach level is due at the reopening."""
    known = facts(
        *BORN, ("status", "2026-03-02T15:30", "Resolved"), ("status", "2026-03-04T12:00", "Open")
    )
    evaluated = evaluate(known, "2026-03-04T12:00")
    assert due(evaluated) == {
        (2, who) for who in ("owner", "owner-urgent", "team-lead", "team-lead-urgent")
    }
    assert {worded(alert.reason) for alert in evaluated.alerts} == {"it was reopened (once)"}


def test_d5_on_the_third_reopening_the_third_level_is_due_at_once_whatever_was_reached() -> None:
    steps = [
        ("status", f"2026-03-02T1{n}:00", "Resolved" if n % 2 else "Open") for n in range(1, 7)
    ]
    evaluated = evaluate(facts(*BORN, *steps), "2026-03-02T16:00")
    assert {level for level, _ in due(evaluated)} == {3}
    assert "manager" in {who for _, who in due(evaluated)}


SHORT = (("status", "2026-03-02T12:00", "Resolved"), ("status", "2026-03-02T12:29", "Open"))


def test_d5_an_end_of_less_than_30_minutes_was_none() -> None:
    counting = policy(
        signals={Metric.REOPENED: Ladder("reopened", (Level(Count(1), ("team-lead",)),))}
    )
    evaluated = evaluate(facts(*BORN, *SHORT), "2026-03-02T12:29", counting)
    assert not due(evaluated)
    assert due(evaluated, "reopened") == {(1, "team-lead")}, "it is counted all the same"
    found = clock_of(evaluated)
    assert (found.cycle, found.due_at) == (1, at("2026-03-02T17:29")), "the time is free"


def test_d5_an_end_of_30_minutes_was_one() -> None:
    lasting = (SHORT[0], ("status", "2026-03-02T12:30", "Open"))
    assert due(evaluate(facts(*BORN, *lasting), "2026-03-02T12:30")) == {(1, "owner")}


def test_d5_what_was_told_before_a_short_end_is_not_told_again() -> None:
    known = facts(*BORN)
    told = Case("T-1", known)
    warned = at("2026-03-02T15:00")
    told = after_telling(told, plan(told, policy(), warned), warned)
    assert told.reached
    over = known | facts(
        ("status", "2026-03-02T15:05", "Resolved"), ("status", "2026-03-02T15:20", "Open")
    )
    again = plan(evolve(told, facts=over), policy(), at("2026-03-02T15:20"))
    assert again.alerts == ()


def test_d5_a_short_end_ends_no_exchange_and_is_no_progress() -> None:
    asked = policy(
        rule("all", Target(Metric.NEXT_RESPONSE, 3 * HOUR, STANDARD)),
        signals={Metric.PROGRESS: Ladder("progress", (Level(Open(4 * HOUR), ("manager",)),))},
    )
    known = facts(*BORN, ("customer_reply", "2026-03-02T11:00"), *SHORT)
    evaluated = evaluate(known, "2026-03-02T13:00", asked)
    exchange = clock_of(evaluated, Metric.NEXT_RESPONSE)
    assert (exchange.cycle, exchange.started_at) == (1, at("2026-03-02T11:00"))
    assert exchange.due_at == at("2026-03-02T14:29")
    idle = clock_of(evaluated, Metric.PROGRESS)
    assert (idle.cycle, idle.started_at) == (1, at("2026-03-02T09:00"))


MESSAGE = ("customer_reply", "2026-03-02T10:00")
"""That the record tells of messages at all."""


@pytest.mark.parametrize(
    ("said", "climbs"),
    [
        ([], True),
        ([MESSAGE], False),
        ([("agent_reply", "2026-03-02T12:00"), MESSAGE], False),
        ([("agent_reply", "2026-03-03T12:00", "auto-reply")], False),
        ([MESSAGE, ("customer_reply", "2026-03-02T12:00")], True),
        ([MESSAGE, ("customer_reply", "2026-03-04T12:00")], True),
        ([MESSAGE, ("agent_reply", "2026-03-03T12:00")], True),
        ([MESSAGE, ("reopened", "2026-03-04T12:00", "Kim")], True),
        ([MESSAGE, ("reopened", "2026-03-04T12:00", "")], False),
        ([MESSAGE, ("customer_reply", "2026-03-02T12:00"), BOT_REOPENED], False),
    ],
    ids=[
        "a record that tells of no messages",
        "nobody wrote since",
        "the answer came with the end",
        "a bot wrote",
        "the customer in the second of the end",
        "the customer as it was reopened",
        "the desk in between",
        "a person is named",
        "nobody is named",
        "a bot reopened it",
    ],
)
def test_d5_without_a_message_of_a_person_a_reopening_adds_no_level(
    said: list[tuple[str, str] | tuple[str, str, str]], climbs: bool
) -> None:
    evaluated = evaluate(facts(*BORN, *REOPENED, *said), "2026-03-04T12:00")
    assert bool(due(evaluated)) is climbs
    assert clock_of(evaluated).cycle == 2, "who heard that it was over hears of it anew"


def test_d5_a_reply_after_it_takes_no_level_back() -> None:
    later = facts(*BORN, *REOPENED, ("agent_reply", "2026-03-04T12:01"))
    assert due(evaluate(later, "2026-03-04T12:02"))


def test_d5_a_reopening_that_adds_no_level_leaves_those_added_before() -> None:
    known = facts(*BORN, *REOPENED)
    case = Case("T-1", known)
    reopened_at = at("2026-03-04T12:00")
    first = after_telling(case, plan(case, policy(), reopened_at), reopened_at)
    later = known | facts(
        ("customer_reply", "2026-03-04T12:30"),
        ("status", "2026-03-04T13:00", "Resolved"),
        ("status", "2026-03-04T14:00", "Open"),
    )
    again = plan(evolve(first, facts=later), policy(), at("2026-03-04T14:00"))
    assert due(again) == {(1, "owner")}, "not the next"


def test_d5_reopened_by_a_bot_is_counted_and_climbs_nothing() -> None:
    counting = policy(
        signals={Metric.REOPENED: Ladder("reopened", (Level(Count(1), ("team-lead",)),))}
    )
    known = facts(*BORN, *REOPENED, ("reopened", "2026-03-04T12:00", "bot"))
    evaluated = evaluate(known, "2026-03-04T12:00", counting)
    assert not due(evaluated)
    assert due(evaluated, "reopened") == {(1, "team-lead")}


def test_d5_the_first_response_is_not_armed_again_and_a_new_exchange_begins() -> None:
    desk = policy(rule("all", first_response(HOUR), Target(Metric.NEXT_RESPONSE, HOUR, STANDARD)))
    evaluated = evaluate(facts(*BORN, *REOPENED), "2026-03-04T12:30", desk)
    assert clock_of(evaluated, Metric.FIRST_RESPONSE).stopped_at == at("2026-03-02T12:00")
    assert clock_of(evaluated, Metric.NEXT_RESPONSE).due_at == at("2026-03-04T13:00")


# ------------------------------------------------------------------ D6: merge, split, follow-up

OLD = facts(
    ("created", "2026-01-05T09:00"),
    ("status", "2026-01-05T09:00", "Open"),
    ("customer_reply", "2026-01-05T09:00"),
    ticket="T-1",
)
YOUNG = facts(
    ("created", "2026-02-02T09:00"),
    ("status", "2026-02-02T09:00", "Open"),
    ("customer_reply", "2026-02-02T09:00"),
    ("agent_reply", "2026-02-02T10:00"),
    ticket="T-2",
)
MERGED = OLD | YOUNG | facts(("merged_into", "2026-02-03T09:00", "T-2"), ticket="T-1")


def both(known: Facts, now: str, desk: Policy | None = None, **state: object) -> Plan:
    return plan(Case("T-1", known, **state), desk or policy(), at(now))  # type: ignore[arg-type]


def test_d6_a_merged_ticket_stops_at_once_and_the_survivor_takes_the_earliest_creation() -> None:
    evaluated = both(MERGED, "2026-02-03T09:00")
    assert clock_of(evaluated, ticket="T-1").stopped_at == at("2026-02-03T09:00")
    assert {alert.subject for alert in evaluated.alerts if alert.clock == "resolution"} == {"T-2"}
    assert clock_of(evaluated, ticket="T-2").started_at == at("2026-01-05T09:00")


def test_d6_the_survivor_takes_what_was_left_unanswered() -> None:
    desk = policy(rule("all", Target(Metric.NEXT_RESPONSE, HOUR, STANDARD)))
    waiting = clock_of(both(MERGED, "2026-02-03T09:00", desk), Metric.NEXT_RESPONSE, "T-2")
    assert (waiting.started_at, waiting.stopped_at) == (at("2026-01-05T09:00"), None)
    answered = MERGED | facts(("agent_reply", "2026-02-03T10:00"), ticket="T-2")
    ended = clock_of(
        both(answered, "2026-02-04T09:00", desk), Metric.NEXT_RESPONSE, "T-2"
    ).stopped_at
    assert ended == at("2026-02-03T10:00")


def test_d6_the_survivor_goes_on_from_the_highest_level_reached() -> None:
    """Everybody was told of T-1 up to the top before the merge: nobody hears the same of T-2 again."""
    refused_links, now = OLD | YOUNG, at("2026-02-03T09:00")
    case = Case("T-1", refused_links)
    for _ in range(3):
        case = after_telling(case, plan(case, policy(), now), now)
    evaluated = plan(evolve(case, facts=MERGED), policy(), now + 60)
    assert not due(evaluated)
    assert {worded(alert.reason) for alert in evaluated.alerts} == {"merged into T-2"}


def test_d6_merged_in_a_circle_or_into_nothing_stays_alive_and_is_a_finding() -> None:
    circle = MERGED | facts(("merged_into", "2026-02-03T09:00", "T-1"), ticket="T-2")
    evaluated = both(circle, "2026-02-03T09:00")
    assert {each.id for each in evaluated.tickets if each.unresolved} == {"T-1", "T-2"}
    assert {f.kind for f in evaluated.findings} == {"merged_into"}
    nowhere = OLD | facts(("merged_into", "2026-02-03T09:00", "T-99"), ticket="T-1")
    assert both(nowhere, "2026-02-03T09:00").unresolved
    assert both(nowhere, "2026-02-03T09:00").pending_links == {"T-99"}
    linked = both(nowhere, "2026-02-03T09:00", members=frozenset({"T-99"}))
    assert [worded(finding.reason) for finding in linked.findings] == [
        "merged into T-99, which was never seen; it counts as open"
    ]


def follow_up(created: str, closed: str = "2026-01-10T09:00") -> Facts:
    ended = facts(("status", closed, "Closed"), ticket="T-1")
    younger = facts(
        ("created", created),
        ("status", created, "Open"),
        ("follow_up_of", created, "T-1"),
        ticket="T-2",
    )
    return OLD | ended | younger


def test_d6_a_follow_up_keeps_the_age_of_the_case() -> None:
    evaluated = both(follow_up("2026-01-20T09:00"), "2026-01-21T09:00")
    age = clock_of(evaluated, Metric.AGE)
    assert (age.subject, age.started_at) == ("T-1", at("2026-01-05T09:00"))


def test_d6_after_a_year_of_silence_a_follow_up_is_a_new_matter_with_a_link() -> None:
    evaluated = both(follow_up("2027-01-10T09:00:01"), "2027-02-21T09:00")
    assert [(m.id, m.earlier) for m in evaluated.matters] == [("T-1", ""), ("T-2", "T-1")]
    assert clock_of(evaluated, Metric.AGE, "T-2").started_at == at("2027-01-10T09:00:01")
    within = both(follow_up("2027-01-10T09:00"), "2027-02-21T09:00")
    assert [(m.id, m.earlier) for m in within.matters] == [("T-1", "")]


def test_d6_two_tickets_of_one_case_are_one_age_and_one_ladder_of_it() -> None:
    linked = OLD | YOUNG | facts(("case_id", "2026-02-02T09:00", "C-7"), ticket="T-1")
    linked |= facts(("case_id", "2026-02-02T09:00", "C-7"), ticket="T-2")
    evaluated = both(linked, "2026-02-03T09:00")
    assert [c.subject for c in evaluated.clocks if c.metric is Metric.AGE] == ["T-1"]
    assert evaluated.pending_links == {"case_id=C-7"}


def test_d6_another_ticket_that_looks_the_same_is_a_finding_with_both_ids_and_the_age() -> None:
    twin = ("T-0", str(at("2026-02-20T09:00")), "reference")
    known = facts(*BORN) | [Fact("T-1", SAME_MATTER, at("2026-03-02T09:00"), twin)]
    (finding,) = evaluate(known, "2026-03-02T10:00").findings
    assert (
        worded(finding.reason) == "T-1 looks like T-0, 10 days old: same customer, same reference"
    )


def test_d7_an_assignment_touches_no_clock_of_the_customer() -> None:
    moved = facts(
        *BORN, ("assignee", "2026-03-02T10:00", "kim"), ("team", "2026-03-02T10:00", "red")
    )
    assert clock_of(evaluate(moved, "2026-03-02T11:00")) == clock_of(
        evaluate(facts(*BORN), "2026-03-02T11:00")
    )


def test_d7_back_at_a_team_that_had_it_is_a_bounce() -> None:
    counting = policy(signals={Metric.BOUNCED: Ladder("bounced", (Level(Count(1), ("manager",)),))})
    known = facts(
        *BORN,
        ("team", "2026-03-02T09:00", "red"),
        ("team", "2026-03-02T10:00", "blue"),
        ("team", "2026-03-02T11:00", "red"),
    )
    assert due(evaluate(known, "2026-03-02T11:00", counting), "bounced") == {(1, "manager")}
    assert not due(evaluate(known, "2026-03-02T10:59", counting), "bounced")


def test_d8_dirty_data_is_judged_by_the_safest_reading_and_reported() -> None:
    odd = facts(
        *BORN, ("status", "2026-03-02T10:00", "Sleeping"), ("priority", "2026-03-02T10:00", "P17")
    )
    evaluated = evaluate(odd, "2026-03-02T10:00", BY_PRIORITY)
    assert (clock_of(evaluated).rule, clock_of(evaluated).due_at) == (
        "urgent",
        at("2026-03-02T11:00"),
    )
    assert {finding.kind for finding in evaluated.findings} == {"status", "priority"}


def test_d8_what_happened_before_the_creation_does_not_count() -> None:
    known = facts(
        *BORN, ("agent_reply", "2026-03-01T09:00"), ("status", "2026-03-01T09:00", "Waiting")
    )
    desk = policy(rule("all", first_response(HOUR), resolution(8 * HOUR)))
    evaluated = evaluate(known, "2026-03-02T09:00", desk)
    assert clock_of(evaluated, Metric.FIRST_RESPONSE).due_at == at("2026-03-02T10:00")
    assert clock_of(evaluated).due_at == at("2026-03-02T17:00")


@pytest.mark.parametrize(
    ("survivor", "merged", "request_"),
    [
        pytest.param(
            (
                ("created", "2026-03-02T09:00"),
                ("agent_reply", "2026-03-02T10:00"),
                ("agent_reply", "2026-03-02T15:00"),
            ),
            (("created", "2026-03-02T08:00"),),
            ("2026-03-02T08:00", "2026-03-02T10:00"),
            id="the merged one waited until the first answer after the merge",
        ),
        pytest.param(
            (
                ("created", "2026-03-02T07:00"),
                ("agent_reply", "2026-03-02T10:00"),
                ("agent_reply", "2026-03-02T15:00"),
            ),
            (
                ("created", "2026-03-02T09:00"),
                ("agent_reply", "2026-03-02T09:05"),
                ("agent_reply", "2026-03-02T09:20"),
            ),
            ("2026-03-02T07:00", "2026-03-02T10:00"),
            id="the survivor waited until its own first answer",
        ),
        pytest.param(
            (
                ("created", "2026-03-02T08:15"),
                ("agent_reply", "2026-03-02T08:30"),
                ("agent_reply", "2026-03-02T11:00"),
            ),
            (("created", "2026-03-02T08:00"),),
            ("2026-03-02T08:00", "2026-03-02T11:00"),
            id="an answer to the survivor before the merge answers nothing of the merged one",
        ),
    ],
)
def test_d6_the_first_answer_after_a_merge_is_the_first_one(
    survivor: tuple[tuple[str, str], ...],
    merged: tuple[tuple[str, str], ...],
    request_: tuple[str, str],
) -> None:
    known = facts(*survivor) | facts(
        *merged, ("merged_into", "2026-03-02T09:30", "T-1"), ticket="T-2"
    )
    (found,) = [each for each in tickets_of(known, policy()) if each.id == "T-1"]
    assert first_request(found) == (at(request_[0]), at(request_[1]))


def test_d9_a_customer_who_comes_back_is_heard_above_whoever_was_notified_before() -> None:
    ladder = Ladder("again", (Level(Count(1), ("owner",)), Level(Count(2), ("manager",))))
    counting = policy(signals={Metric.AGAIN: ladder})
    back = facts(
        ("created", "2026-03-05T09:00"),
        ("status", "2026-03-05T09:00", "Open"),
        ("follow_up_of", "2026-03-05T09:00", "T-1"),
        ticket="T-2",
    )
    known = facts(*BORN, ("resolved", "2026-03-02T10:00")) | back
    assert due(evaluate(known, "2026-03-05T09:00", counting), "again") == {(1, "owner")}
    told = {("T-1/resolution/1", "owner"): LastNotified(0, 0, at("2026-03-02T09:30"), Outcome.SENT)}
    evaluated = evaluate(known, "2026-03-05T09:00", counting, reached=told)
    assert due(evaluated, "again") == {(2, "owner"), (2, "manager")}


def test_d10_the_strictest_promise_of_a_matter_holds_from_the_link_on() -> None:
    first = facts(*BORN, ("priority", "2026-03-02T09:00", HIGH))
    second = facts(
        ("created", "2026-03-02T09:30"),
        ("priority", "2026-03-02T09:30", LOW),
        ("status", "2026-03-02T09:30", "Open"),
        ticket="T-2",
    )
    alone = evaluate(second, "2026-03-02T12:00", BY_PRIORITY)
    assert clock_of(alone, ticket="T-2").rule == "rest"
    linked = first | second | facts(("follow_up_of", "2026-03-02T12:00", "T-1"), ticket="T-2")
    found = clock_of(evaluate(linked, "2026-03-02T12:00", BY_PRIORITY), ticket="T-2")
    assert (found.rule, found.due_at) == ("urgent", at("2026-03-02T11:30"))
    assert found.breach_at == at("2026-03-02T12:00")


def test_d11_many_answered_and_nobody_owns_it() -> None:
    ladder = Ladder("answerers", (Level(Count(2), ("manager",)),))
    counting = policy(signals={Metric.ANSWERERS: ladder})
    known = facts(
        *BORN,
        ("agent_reply", "2026-03-02T10:00", "Kim"),
        ("agent_reply", "2026-03-02T10:30", "kim"),
        ("agent_reply", "2026-03-02T11:00", "Lee"),
    )
    assert due(evaluate(known, "2026-03-02T11:00", counting), "answerers") == {(1, "manager")}
    owned = known | facts(("assignee", "2026-03-02T10:00", "Lee"))
    assert due(evaluate(owned, "2026-03-02T11:00", counting), "answerers") == set()
