"""Part E of the semantics, warnings and escalation: one test or more for each paragraph, named
after it.
"""

from __future__ import annotations

import pytest
from attrs import evolve

from building import (
    DAILY,
    DAY,
    HOUR,
    STANDARD,
    after_telling,
    at,
    evaluate,
    facts,
    first_response,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.escalation.case import Case, Outcome
from sla_watchdog.domain.escalation.plan import Plan, plan, superseded
from sla_watchdog.domain.policy.model import (
    After,
    Audience,
    Before,
    Condition,
    Ladder,
    Level,
    Metric,
    Policy,
    Repeat,
    Target,
)
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.tools.simulation.replay import replay

BORN = facts(("created", "2026-03-02T00:00"), ("status", "2026-03-02T00:00", "Open"))
"""75 % at 06:00, due at 08:00, the manager at 12:00, the executive at 24:00 and again, and again.
"""


def notified(evaluated: Plan) -> set[tuple[str, int, str]]:
    return {(alert.clock, alert.level + 1, alert.recipient.key) for alert in evaluated.alerts}


def after(known: Facts, now: str, desk: Policy | None = None, rounds: int = 3) -> Case:
    """The case once everything due at `now` was told."""
    case, desk = Case("T-1", known), desk or policy()
    for _ in range(rounds):
        evaluated = plan(case, desk, at(now))
        case = evolve(after_telling(case, evaluated, at(now)), breached=evaluated.breached)
    return case


def test_e1_a_share_of_the_target_is_business_time() -> None:
    """75 % of 8 h begun on Friday 16:00, 9 to 17: Monday 14:00, an hour earlier on the line for the
    new offset.
    """
    desk = policy(rule("all", resolution(8 * HOUR), calendar="office"))
    known = facts(
        ("created", "2026-03-27T16:00+01:00"), ("status", "2026-03-27T16:00+01:00", "Open")
    )
    assert evaluate(known, "2026-03-27T16:00", desk).next_at == at("2026-03-30T14:00+02:00")


def test_e1_of_several_levels_due_at_once_only_the_highest_is_told() -> None:
    assert {level for _, level, _ in notified(evaluate(BORN, "2026-03-02T12:00"))} == {3}


def before(lead: int, within: int = 8 * HOUR) -> Policy:
    ladder = Ladder(
        "lead", (Level(Before(lead), ("owner",)), Level(After(0), ("manager",), repeat=DAILY))
    )
    return policy(rule("all", Target(Metric.RESOLUTION, within, ladder), calendar="office"))


def test_e2_a_lead_is_business_time_before_the_deadline_the_latest_such_instant() -> None:
    """Two hours before Monday 10:00 is Friday 16:00."""
    known = facts(
        ("created", "2026-03-27T10:00+01:00"), ("status", "2026-03-27T10:00+01:00", "Open")
    )
    assert evaluate(known, "2026-03-27T10:00", before(2 * HOUR)).next_at == at(
        "2026-03-27T16:00+01:00"
    )


def test_e2_a_lead_longer_than_the_target_is_told_at_the_start_once() -> None:
    known = facts(
        ("created", "2026-03-27T10:00+01:00"), ("status", "2026-03-27T10:00+01:00", "Open")
    )
    case = after(known, "2026-03-27T10:00", before(9 * HOUR))
    assert notified(evaluate(known, "2026-03-27T09:00:00", before(9 * HOUR))) == {
        ("resolution", 1, "owner")
    }
    assert not plan(case, before(9 * HOUR), at("2026-03-27T11:00")).alerts


def test_e3_levels_count_from_the_deadline_and_tell_those_of_the_levels_they_pass() -> None:
    case = Case("T-1", BORN)
    late = plan(case, policy(), at("2026-03-03T00:00"))
    assert {level for _, level, _ in notified(late)} == {4}
    assert {who for _, _, who in notified(late)} >= {"owner", "team-lead", "manager", "executive"}
    clock = next(c for c in late.clocks if c.metric is Metric.RESOLUTION)
    (owner,) = [alert for alert in late.alerts if alert.recipient.key == "owner"]
    assert [p.level + 1 for p in superseded(case, owner, clock)] == [1, 2]


def test_e4_an_alert_is_its_subject_clock_cycle_level_repetition_and_audience() -> None:
    first = evaluate(BORN, "2026-03-02T06:00").alerts[0]
    assert first.id == "T-1/resolution/1/0/0/owner"
    again = BORN | facts(
        ("status", "2026-03-02T06:15", "Resolved"), ("status", "2026-03-02T06:45", "Open")
    )
    assert {alert.cycle for alert in evaluate(again, "2026-03-02T06:45").alerts} == {2}
    asked = Target(Metric.NEXT_RESPONSE, HOUR, STANDARD)
    exchange = BORN | facts(
        ("customer_reply", "2026-03-02T01:00"),
        ("agent_reply", "2026-03-02T01:30"),
        ("customer_reply", "2026-03-02T02:00"),
    )
    alerts = evaluate(exchange, "2026-03-02T03:30", policy(rule("all", asked))).alerts
    assert {alert.clock_key for alert in alerts} == {"T-1/next_response/2"}


def test_e5_the_top_repeats_for_ever_and_after_an_outage_only_the_latest_is_told() -> None:
    case = after(BORN, "2026-03-03T00:00")
    later = plan(case, policy(), at("2028-03-03T00:00"))
    (alert,) = [a for a in later.alerts if a.clock == "resolution"]
    assert (alert.recipient.key, alert.level) == ("executive", 3)
    assert alert.repetition > 100
    assert at("2028-03-03T00:00") - alert.due_at < 7 * DAY


def test_e5_repeats_of_one_case_to_one_audience_are_one_message_led_by_the_highest() -> None:
    short = Ladder("short", (Level(After(0), ("executive",), repeat=Repeat(DAY, doubling=False)),))
    desk = policy(rule("all", resolution(8 * HOUR), Target(Metric.FIRST_RESPONSE, HOUR, short)))
    case = after(BORN, "2026-03-03T00:00", desk)
    between = plan(case, desk, at("2026-03-03T01:00:01"))
    assert not {alert for alert in between.alerts if alert.clock == "first_response"}
    together = plan(case, desk, at("2026-03-04T01:00:01"))
    assert {alert.clock for alert in together.alerts} == {"resolution", "first_response"}


def test_e6_what_is_not_urgent_waits_for_the_hours_and_is_judged_again() -> None:
    """The manager is told at 12:00 UTC on a Saturday: not before Monday 09:00 in Berlin."""
    desk = policy(audiences={**policy().audiences, "manager": Audience("manager", hours="office")})
    known = facts(("created", "2026-03-28T00:00"), ("status", "2026-03-28T00:00", "Open"))
    evaluated = plan(after(known, "2026-03-28T11:00", desk), desk, at("2026-03-28T12:00"))
    (waiting,) = evaluated.decisions
    opens = at("2026-03-30T09:00+02:00")
    assert (waiting.outcome, waiting.until, waiting.alert.recipient.key) == (
        Outcome.DEFERRED,
        opens,
        "manager",
    )
    solved = known | facts(("status", "2026-03-29T12:00", "Resolved"))
    moot = plan(evolve(after(known, "2026-03-28T11:00", desk), facts=solved), desk, opens)
    assert "manager" not in {alert.recipient.key for alert in moot.alerts}


def promise(made: str, until: str) -> Facts:
    return Facts.of([acknowledged("T-1", at(made), at(until), "Kim")])


def test_e7_an_acknowledgement_holds_the_levels_due_before_its_promise_and_stops_no_clock() -> None:
    case = after(BORN, "2026-03-02T08:30")
    held = evolve(case, facts=BORN | promise("2026-03-02T09:00", "2026-03-02T14:00"))
    evaluated = plan(held, policy(), at("2026-03-02T12:30"))
    assert not evaluated.alerts
    assert {d.alert.recipient.key for d in evaluated.decisions} == {"manager"}
    assert evaluated.next_at == at("2026-03-02T14:00")
    assert all(c.stopped_at is None for c in evaluated.clocks)


def test_e7_a_broken_promise_makes_the_next_level_due_at_that_instant() -> None:
    case = after(BORN, "2026-03-02T08:30")
    held = evolve(case, facts=BORN | promise("2026-03-02T09:00", "2026-03-02T10:00"))
    assert plan(held, policy(), at("2026-03-02T09:30")).next_at == at("2026-03-02T10:00")
    broken = plan(held, policy(), at("2026-03-02T10:00"))
    assert ("resolution", 3, "manager") in notified(broken)
    assert {alert.due_at for alert in broken.alerts} == {at("2026-03-02T10:00")}


def test_e7_a_broken_promise_takes_the_case_up_and_not_each_of_its_clocks() -> None:
    """The one furthest up its ladder; what is far from due is told of in its own time."""
    desk = policy(rule("all", resolution(8 * HOUR), first_response(40 * HOUR)))
    case = after(BORN, "2026-03-02T08:30", desk)
    held = evolve(case, facts=BORN | promise("2026-03-02T09:00", "2026-03-02T10:00"))
    assert {alert.clock for alert in plan(held, desk, at("2026-03-02T10:00")).alerts} == {
        "resolution"
    }


def test_e7_what_comes_next_is_foretold_as_if_the_promise_were_broken() -> None:
    case = after(BORN, "2026-03-02T08:30")
    held = evolve(case, facts=BORN | promise("2026-03-02T09:00", "2026-03-02T10:00"))
    upcoming = plan(held, policy(), at("2026-03-02T09:30")).upcoming[0]
    assert (upcoming.at, upcoming.recipient.key, upcoming.level) == (
        at("2026-03-02T10:00"),
        "manager",
        2,
    )
    kept = evolve(held, facts=held.facts | facts(("agent_reply", "2026-03-02T09:20")))
    upcoming = plan(kept, policy(), at("2026-03-02T09:30")).upcoming[0]
    assert (upcoming.at, upcoming.recipient.key) == (at("2026-03-02T12:00"), "manager")


def test_e7_where_nothing_has_come_due_the_first_level_of_the_next_clock_is_told() -> None:
    desk = policy(rule("all", resolution(80 * HOUR), first_response(40 * HOUR)))
    held = Case("T-1", facts=BORN | promise("2026-03-02T01:00", "2026-03-02T02:00"))
    evaluated = plan(held, desk, at("2026-03-02T02:00"))
    assert notified(evaluated) == {("first_response", 1, "owner")}
    assert plan(held, desk, at("2026-03-02T01:59")).alerts == ()


@pytest.mark.parametrize(
    ("field", "level"), [("agent_reply", 2), ("bot_reply", 3), ("customer_reply", 3)]
)
def test_e7_a_promise_is_kept_by_an_update_of_a_person_and_then_nothing_is_due_before_its_time(
    field: str, level: int
) -> None:
    case = after(BORN, "2026-03-02T08:30")
    said = facts((field, "2026-03-02T09:30"))
    held = evolve(case, facts=BORN | promise("2026-03-02T09:00", "2026-03-02T10:00") | said)
    evaluated = plan(held, policy(), at("2026-03-02T10:00"))
    assert max((clock_level for _, clock_level, _ in notified(evaluated)), default=2) == level


def test_e7_a_promise_broken_at_the_top_is_a_repetition() -> None:
    case = after(BORN, "2026-03-03T00:00")
    held = evolve(case, facts=BORN | promise("2026-03-03T01:00", "2026-03-03T05:00"))
    (alert,) = plan(held, policy(), at("2026-03-03T05:00")).alerts
    assert (alert.level, alert.repetition, alert.recipient.key) == (3, 1, "executive")
    five = at("2026-03-03T05:00")
    notification = after_telling(held, plan(held, policy(), five), five)
    assert not plan(notification, policy(), five + HOUR).alerts


def test_e7_no_promise_passes_a_ceiling_or_reaches_further_than_the_policy_allows() -> None:
    case = after(BORN, "2026-03-15T23:00")
    held = evolve(case, facts=BORN | promise("2026-03-15T23:30", "2027-01-01T00:00"))
    assert ("age", 1, "manager") in notified(plan(held, policy(), at("2026-03-16T00:00")))
    assert [p.until for p in plan(held, policy(), at("2026-03-16T00:00")).promises] == [
        at("2026-03-16T15:30")
    ]


def test_e8_where_an_audience_cannot_be_reached_the_next_level_is_told_in_the_same_tick() -> None:
    now = at("2026-03-02T12:00")
    first = plan(Case("T-1", BORN), policy(), now)
    unreachable = after_telling(Case("T-1", BORN), first, now, Outcome.UNDELIVERABLE)
    assert ("resolution", 3, "executive") in notified(plan(unreachable, policy(), now))


def test_e9_who_was_told_is_told_once_that_it_is_over() -> None:
    case = after(BORN, "2026-03-02T08:30")
    over = evolve(case, facts=BORN | facts(("status", "2026-03-02T09:00", "Resolved")))
    ended = plan(over, policy(), at("2026-03-02T09:00"))
    assert (ended.alerts, ended.next_at) == ((), at("2026-03-02T09:30")), "it may be reopened yet"
    evaluated = plan(over, policy(), at("2026-03-02T09:30"))
    assert notified(evaluated) == {
        ("cleared", 1, who) for who in ("owner", "owner-urgent", "team-lead", "team-lead-urgent")
    }
    assert {worded(alert.reason) for alert in evaluated.alerts} == {"resolved"}
    done = after_telling(over, evaluated, at("2026-03-02T09:30"))
    later = plan(done, policy(), at("2027-03-02T09:00"))
    assert (later.alerts, later.next_at) == ((), None)


def test_e9_who_was_never_told_hears_nothing_of_the_end() -> None:
    assert not evaluate(
        BORN | facts(("status", "2026-03-02T05:00", "Resolved")), "2026-03-02T05:00"
    ).alerts


def test_e9_of_a_merge_people_hear_at_once_since_it_is_final() -> None:
    case = after(BORN, "2026-03-02T08:30")
    other = facts(("created", "2026-03-02T01:00"), ticket="T-2")
    merged = BORN | other | facts(("merged_into", "2026-03-02T09:00", "T-2"))
    evaluated = plan(evolve(case, facts=merged), policy(), at("2026-03-02T09:00"))
    assert ("cleared", 1, "team-lead") in notified(evaluated)


def test_e9_a_target_that_stops_at_closed_is_over_when_that_has_lasted() -> None:
    late = policy(rule("all", resolution(8 * HOUR, stops_at="closed")))
    case = after(BORN, "2026-03-02T08:30", late)
    over = BORN | facts(
        ("status", "2026-03-02T09:00", "Resolved"), ("status", "2026-03-02T11:00", "Closed")
    )
    evaluated = plan(evolve(case, facts=over), late, at("2026-03-02T11:00"))
    assert (evaluated.alerts, evaluated.next_at) == ((), at("2026-03-02T11:30"))


def test_e9_who_had_only_a_reminder_does_not_hear_of_the_end() -> None:
    """The ticket changed hands between two reminders."""
    ladder = Ladder("owners", (Level(After(0), ("owner",), repeat=Repeat(DAY, False)),))
    each = policy(
        rule("all", resolution(8 * HOUR, ladder)),
        audiences={**policy().audiences, "owner": Audience("owner", each="assignee")},
    )
    known = BORN | facts(
        ("assignee", "2026-03-02T00:00", "Kim"),
        ("assignee", "2026-03-03T09:00", "Ana"),
        ("status", "2026-03-03T12:00", "Resolved"),
    )
    played = replay(sorted(known, key=lambda fact: fact.at), each, at("2026-03-04T00:00"))
    told = [(n.alert.clock, n.alert.recipient.of) for n in played.notified]
    alarmed = [owner for clock, owner in told if clock == "resolution"]
    assert alarmed == ["Kim", "Kim", "Ana"]
    assert [owner for clock, owner in told if clock == "cleared"] == ["Kim"]


def test_e9_who_was_first_told_after_an_outage_hears_of_the_end() -> None:
    """A repetition is due by then, but to them it was the first of all."""
    late = after(BORN, "2026-03-20T00:00")
    assert {last.repetition for last in late.reached.values()} > {0}
    over = evolve(late, facts=BORN | facts(("status", "2026-03-20T09:00", "Resolved")))
    evaluated = plan(over, policy(), at("2026-03-20T09:30"))
    assert ("cleared", 1, "executive") in notified(evaluated)


def test_e9_a_warning_whose_deadline_moved_away_is_withdrawn_with_its_reason_and_can_be_told_again() -> (
    None
):
    high = Condition("priority", frozenset({"high"}))
    desk = policy(
        rule("high", resolution(8 * HOUR), when=(high,)), rule("rest", resolution(40 * HOUR))
    )
    known = BORN | facts(("priority", "2026-03-02T00:00", "2 - high"))
    case = after(known, "2026-03-02T06:30", desk)
    lowered = evolve(case, facts=known | facts(("priority", "2026-03-02T07:00", "4 - low")))
    evaluated = plan(lowered, desk, at("2026-03-02T07:00"))
    (alert,) = [a for a in evaluated.alerts if a.clock.startswith("withdrawn")]
    assert (alert.clock, alert.recipient.key) == ("withdrawn:resolution", "owner")
    assert worded(alert.reason) == "its priority was changed"
    done = after_telling(lowered, evaluated, at("2026-03-02T07:00"))
    assert not plan(done, desk, at("2026-03-02T08:00")).alerts
    again = plan(done, desk, at("2026-03-03T06:00"))
    assert ("resolution", 1, "owner") in notified(again)
    first = {a.id for a in plan(evolve(case, reached={}), desk, at("2026-03-02T06:30")).alerts}
    assert not first & {a.id for a in again.alerts}, "news, not a repetition (E4)"


def test_e9_a_pause_takes_no_breach_back() -> None:
    case = after(BORN, "2026-03-02T08:30")
    paused = evolve(case, facts=BORN | facts(("status", "2026-03-02T09:00", "Waiting")))
    assert not plan(paused, policy(), at("2026-03-02T09:00")).alerts


def test_e10_the_same_code_judges_any_now() -> None:
    assert not evaluate(BORN, "2026-03-02T05:59:59").alerts
    assert evaluate(BORN, "2026-03-02T06:00").alerts
