"""plan: who is told what, at which level, why, and when the case is looked at again."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from building import (
    ALWAYS,
    DAILY,
    DAY,
    HOUR,
    MON,
    after_telling,
    at,
    evaluate,
    facts,
    first_response,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.escalation.case import (
    Alert,
    Case,
    Entry,
    LastNotified,
    Outcome,
    Recipient,
    Severity,
)
from sla_watchdog.domain.escalation.plan import Plan, plan, superseded, wakeup_for
from sla_watchdog.domain.policy.model import After, Audience, Ladder, Level
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.presentation.text.reason import read_reason, worded

KNOWN = facts(("created", f"{MON}T00:00"), ("status", f"{MON}T00:00", "New"))
"""Under the default test policy: 75 % at 06:00, due at 08:00, then 12:00 and, the top, 24:00."""


def notified(evaluated: Plan) -> list[str]:
    return [alert.id.removeprefix("T-1/") for alert in evaluated.alerts]


def climb(case: Case, instants: list[str]) -> list[tuple[str, list[str]]]:
    """What is told at each instant, everything being sent."""
    story = []
    for text in instants:
        evaluated = plan(case, policy(), at(text))
        story.append((text[8:], notified(evaluated)))
        case = after_telling(case, evaluated, at(text))
    return story


def test_a_clock_climbs_its_ladder_level_by_level() -> None:
    assert climb(
        Case("T-1", KNOWN),
        [
            f"{MON}T05:59:59",
            f"{MON}T06:00",
            f"{MON}T08:00",
            f"{MON}T08:00:01",
            f"{MON}T12:00",
            "2026-03-03T00:00",
        ],
    ) == [
        ("02T05:59:59", []),
        ("02T06:00", ["resolution/1/0/0/owner"]),
        ("02T08:00", []),
        (
            "02T08:00:01",
            [
                f"resolution/1/1/0/{who}"
                for who in ("owner", "owner-urgent", "team-lead", "team-lead-urgent")
            ],
        ),
        ("02T12:00", ["resolution/1/2/0/manager"]),
        ("03T00:00", ["resolution/1/3/0/executive"]),
    ]


def test_the_top_repeats_with_doubling_gaps_up_to_a_week_for_ever() -> None:
    case, now, gaps = Case("T-1", KNOWN), at(f"{MON}T00:00"), []
    last = None
    for _ in range(14):
        evaluated = plan(case, policy(), now)
        if any(
            alert.recipient.audience == "executive" and alert.clock == "resolution"
            for alert in evaluated.alerts
        ):
            gaps += [] if last is None else [(now - last) / DAY]
            last = now
        case = after_telling(case, evaluated, now)
        following = plan(case, policy(), now)
        assert following.next_at is not None
        now = following.next_at
    assert gaps[:3] == [1, 2, 4]
    assert set(gaps[3:]) <= {7}


def test_after_an_outage_each_recipient_gets_one_catch_up_at_the_highest_level_due() -> None:
    evaluated = evaluate(KNOWN, "2026-03-03T00:00")
    assert {alert.level for alert in evaluated.alerts} == {3}
    assert {alert.recipient.key for alert in evaluated.alerts} == {
        "owner",
        "owner-urgent",
        "team-lead",
        "team-lead-urgent",
        "manager",
        "executive",
    }


def test_the_levels_passed_are_named_so_that_the_audit_can_hold_them() -> None:
    evaluated = evaluate(KNOWN, "2026-03-03T00:00")
    (clock,) = [clock for clock in evaluated.clocks if clock.metric.value == "resolution"]
    (owner,) = [alert for alert in evaluated.alerts if alert.recipient.key == "owner"]
    passed = list(superseded(Case("T-1", KNOWN), owner, clock))
    assert [(each.level, each.due_at) for each in passed] == [
        (0, at(f"{MON}T06:00")),
        (1, at(f"{MON}T08:00:01")),
    ]


def test_a_level_that_was_not_sent_does_not_count_as_reached() -> None:
    now = f"{MON}T06:00"
    case = after_telling(Case("T-1", KNOWN), evaluate(KNOWN, now), at(now), Outcome.OBSERVED)
    assert notified(plan(evolve(case, reached={}), policy(), at(now))) == ["resolution/1/0/0/owner"]
    assert notified(plan(case, policy(), at(now))) == []


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(("status", f"{MON}T07:00", "Resolved"), id="resolved"),
        pytest.param(("status", f"{MON}T07:00", "Closed"), id="closed"),
        pytest.param(("gone", f"{MON}T07:00", "deleted"), id="deleted"),
    ],
)
def test_what_is_over_alerts_nobody_and_sleeps(end: tuple[str, str, str]) -> None:
    evaluated = evaluate(KNOWN | facts(end), "2026-05-02T00:00")
    assert [alert for alert in evaluated.alerts if alert.recipient.audience != "operations"] == []
    assert (
        plan(
            after_telling(Case("T-1", KNOWN | facts(end)), evaluated, 0),
            policy(),
            at("2026-05-02T00:00"),
        ).next_at
        is None
    )


def test_a_ticket_deleted_while_unresolved_is_told_to_operations_once() -> None:
    known = KNOWN | facts(("gone", f"{MON}T07:00", "deleted"))
    evaluated = evaluate(known, f"{MON}T09:00")
    assert notified(evaluated) == ["finding:deleted/1/0/0/operations"]
    assert (
        notified(
            plan(after_telling(Case("T-1", known), evaluated, 0), policy(), at(f"{MON}T10:00"))
        )
        == []
    )


def test_a_resolved_ticket_may_be_deleted_without_a_word() -> None:
    known = KNOWN | facts(
        ("status", f"{MON}T05:00", "Resolved"), ("gone", f"{MON}T07:00", "deleted")
    )
    assert notified(evaluate(known, f"{MON}T09:00")) == []


def test_warnings_wait_while_the_clock_is_paused() -> None:
    known = KNOWN | facts(("status", f"{MON}T05:00", "Waiting"))
    assert notified(evaluate(known, "2026-03-10T00:00")) == []


def test_once_breached_a_pause_does_not_stop_the_ladder() -> None:
    known = KNOWN | facts(("status", f"{MON}T09:00", "Waiting"))
    assert "resolution/1/2/0/manager" in notified(evaluate(known, f"{MON}T12:00"))


def test_no_pause_stops_the_ceilings() -> None:
    known = KNOWN | facts(("status", f"{MON}T01:00", "Waiting"))
    assert notified(evaluate(known, "2026-03-16T00:00")) == ["age/1/0/0/manager"]
    assert "age/1/1/0/executive" in notified(evaluate(known, "2026-04-01T00:00"))


def test_an_owner_who_takes_over_is_told_where_the_case_stands() -> None:
    rules = policy(audiences={**policy().audiences, "owner": Audience("owner", each="assignee")})
    known = KNOWN | facts(("assignee", f"{MON}T00:00", "Kim"))
    now = f"{MON}T06:00"
    first = evaluate(known, now, rules)
    assert notified(first) == ["resolution/1/0/0/owner:Kim"]
    case = after_telling(Case("T-1", known), first, at(now))
    handed_on = evolve(case, facts=known | facts(("assignee", f"{MON}T06:30", "Lee")))
    assert notified(plan(handed_on, rules, at(f"{MON}T06:30"))) == ["resolution/1/0/0/owner:Lee"]


def test_a_shared_name_is_nobody() -> None:
    rules = policy(audiences={**policy().audiences, "owner": Audience("owner", each="assignee")})
    assert notified(
        evaluate(KNOWN | facts(("assignee", f"{MON}T00:00", "Queue")), f"{MON}T06:00", rules)
    ) == ["resolution/1/0/0/team-lead"]


def _undelivered(outcomes: Mapping[str, Outcome]) -> Case:
    reached = {
        ("T-1/resolution/1", who): LastNotified(0, 0, at(f"{MON}T06:00"), outcome)
        for who, outcome in outcomes.items()
    }
    return Case("T-1", KNOWN, reached=reached)


def test_where_a_recipient_cannot_be_reached_the_next_level_hears_of_it_at_once() -> None:
    evaluated = plan(_undelivered({"owner": Outcome.UNDELIVERABLE}), policy(), at(f"{MON}T06:00"))
    assert notified(evaluated) == ["resolution/1/0/0/team-lead"]
    assert all("owner cannot be reached" in worded(alert.reason) for alert in evaluated.alerts)


def test_a_stand_in_still_hears_of_the_breach_itself() -> None:
    case = _undelivered({"owner": Outcome.UNDELIVERABLE, "team-lead": Outcome.SENT})
    assert "resolution/1/1/0/team-lead" in notified(plan(case, policy(), at(f"{MON}T08:00:01")))


def test_where_nobody_can_be_reached_operations_are_told() -> None:
    names = ("owner", "team-lead", "manager", "executive")
    case = _undelivered(dict.fromkeys(names, Outcome.UNDELIVERABLE))
    assert notified(plan(case, policy(), at(f"{MON}T06:00"))) == ["resolution/1/0/0/operations"]


WORKDAYS = Calendar.from_spec(
    {
        "timezone": "UTC",
        "hours": {d: [["09:00", "17:00"]] for d in ("mon", "tue", "wed", "thu", "fri")},
    }
)


def _with_hours() -> object:
    audiences = {**policy().audiences, "manager": Audience("manager", hours="work")}
    return policy(audiences=audiences, calendars={"always": ALWAYS, "work": WORKDAYS})


def test_what_is_not_urgent_waits_for_the_recipients_hours() -> None:
    late = facts(("created", f"{MON}T10:00"))
    evaluated = evaluate(late, f"{MON}T22:00:01", _with_hours())  # type: ignore[arg-type]
    assert "resolution/1/2/0/manager" not in notified(evaluated)
    (decision,) = evaluated.decisions
    assert (decision.outcome, decision.until) == (Outcome.DEFERRED, at("2026-03-03T09:00"))


def test_a_deferred_alert_is_judged_again_and_may_be_moot() -> None:
    late = facts(("created", f"{MON}T10:00"), ("status", "2026-03-03T02:00", "Resolved"))
    assert notified(evaluate(late, "2026-03-03T09:00", _with_hours())) == []  # type: ignore[arg-type]


def test_urgent_alerts_ignore_hours() -> None:
    audiences = {name: Audience(name, hours="work") for name in policy().audiences}
    rules = policy(audiences=audiences, calendars={"always": ALWAYS, "work": WORKDAYS})
    evaluated = evaluate(KNOWN, f"{MON}T08:00:01", rules)
    assert {alert.recipient.audience for alert in evaluated.alerts} == {"owner", "team-lead"}
    assert {alert.severity for alert in evaluated.alerts} == {Severity.CRITICAL}


def test_what_is_on_its_way_is_not_planned_again_until_its_claim_lapses() -> None:
    now = at(f"{MON}T06:00")
    (alert,) = evaluate(KNOWN, f"{MON}T06:00").alerts
    case = Case("T-1", KNOWN, outbox={"owner": Entry("token", now + 150, (alert,))})
    assert notified(plan(case, policy(), now)) == []
    assert wakeup_for(plan(case, policy(), now), case) == (now + 150, False)
    assert [a.id for a in plan(case, policy(), now + 150).alerts] == [alert.id]


def test_repetitions_to_one_recipient_come_together_at_the_pace_of_the_leading_clock() -> None:
    """E5: two clocks at the top, one hour apart, make one message a day, not two."""
    ladder = Ladder("short", (Level(After(0), ("manager",), repeat=DAILY),))
    rules = policy(rule("all", resolution(2 * HOUR, ladder), first_response(HOUR, ladder)))
    case, now, messages = Case("T-1", KNOWN), at(f"{MON}T00:00"), []
    while now < at("2026-03-09T00:00"):
        evaluated = plan(case, rules, now)
        if evaluated.alerts:
            messages.append((now - at(f"{MON}T00:00"), len(evaluated.alerts)))
        case = after_telling(case, evaluated, now)
        now = plan(case, rules, now).next_at or 2**60
    assert [count for _, count in messages] == [1, 1, 1, 2]


def test_a_calendar_that_never_opens_is_a_finding_and_the_ceilings_go_on() -> None:
    never = Calendar.from_spec({"timezone": "UTC", "hours": {}})
    rules = policy(rule("all", resolution(HOUR), calendar="never"), calendars={"never": never})
    evaluated = evaluate(KNOWN, "2026-03-16T00:00", rules)
    assert [finding.kind for finding in evaluated.findings] == ["calendar"]
    assert "age/1/0/0/manager" in notified(evaluated)


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        pytest.param(
            facts(("created", f"{MON}T00:00"), ("status", f"{MON}T00:00", "Parked")),
            "status",
            id="status",
        ),
        pytest.param(
            facts(("created", f"{MON}T00:00"), ("priority", f"{MON}T00:00", "P9")),
            "priority",
            id="priority",
        ),
        pytest.param(
            facts(("created", "0001-06-01T00:00")), "calendar", id="a-creation-before-all-calendars"
        ),
    ],
)
def test_bad_data_is_a_finding_told_to_operations_once(known: Facts, kind: str) -> None:
    evaluated = evaluate(known, f"{MON}T01:00")
    assert f"finding:{kind}/1/0/0/operations" in notified(evaluated)
    again = plan(after_telling(Case("T-1", known), evaluated, 0), policy(), at(f"{MON}T02:00"))
    assert f"finding:{kind}/1/0/0/operations" not in notified(again)
    assert kind in [finding.kind for finding in again.findings]


moments = st.integers(min_value=at("2026-03-01T00:00"), max_value=at("2026-04-20T00:00"))
statuses = st.tuples(
    st.just("status"), moments, st.sampled_from(["New", "Waiting", "Resolved", "Parked", "Closed"])
)
events = st.lists(statuses, max_size=8)


@settings(deadline=None)
@given(events, st.lists(moments, min_size=1, max_size=6))
def test_a_plan_always_has_something_to_do_now_or_later_and_never_now_with_nothing(
    said: list[tuple[str, int, str]], instants: list[int]
) -> None:
    known = Facts.of(
        [
            Fact("T-1", "created", at("2026-03-01T00:00")),
            *(Fact("T-1", f, t, v) for f, t, v in said),
        ]
    )
    case = Case("T-1", known)
    for now in sorted(instants):
        evaluated = plan(case, policy(), now)
        assert (
            evaluated.next_at == now
            if evaluated.alerts
            else evaluated.next_at is None or evaluated.next_at > now
        )
        if evaluated.unresolved:
            assert evaluated.next_at is not None, "an unresolved case is never forgotten"
        case = after_telling(case, evaluated, now)
        assert plan(case, policy(), now).alerts == (), "what was told is not told again"


def test_the_short_form_of_an_alert_is_stable() -> None:
    alert = Alert(
        "T-1", "resolution", 1, 0, 0, Recipient("owner"), Severity.WARNING, 0, read_reason("")
    )
    assert alert.ref == evolve(alert, reason=read_reason("other words")).ref
    assert len(alert.ref) == 8
