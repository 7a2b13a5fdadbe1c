"""Replay: what would have been told, and that it spares itself nothing but work."""

from __future__ import annotations

import random
from typing import Any

import pytest
from attrs import evolve

from building import DAILY, DAY, HOUR, at, policy, resolution, rule
from sla_watchdog.domain.escalation.budget import runs_after
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import (
    After,
    Audience,
    Condition,
    Count,
    Ladder,
    Level,
    Metric,
    Pauses,
    Percent,
    Policy,
    Target,
)
from sla_watchdog.domain.tickets.facts import Fact
from sla_watchdog.tools.simulation.evaluation_skips import EvaluationSkips
from sla_watchdog.tools.simulation.replay import Outcomes, replay

UNTIL = at("2026-04-20T00:00")
LADDER = Ladder(
    "short",
    (
        Level(Percent(75), ("owner",)),
        Level(After(0), ("owner", "team-lead"), urgent=True),
        Level(After(4 * HOUR), ("manager",), repeat=DAILY),
    ),
)
OWN = {"owner": Audience("owner", each="assignee"), "team-lead": Audience("team-lead", each="team")}


def rules(**changes: Any) -> Policy:
    urgent = rule(
        "urgent", resolution(4 * HOUR, LADDER), when=(Condition("priority", frozenset({"urgent"})),)
    )
    rest = rule("rest", resolution(8 * HOUR, LADDER), calendar="office")
    audiences = {
        **OWN,
        "manager": Audience("manager", hours="office"),
        "executive": Audience("executive"),
    }
    return policy(urgent, rest, **{"audiences": audiences, **changes})


def known(*said: tuple[str, ...], ticket: str = "T-1") -> list[Fact]:
    """`("created", "02T09:00")` or `("status", "02T10:00", "Waiting")`, of March 2026."""
    return [Fact(ticket, name, at(f"2026-03-{when}"), *value) for name, when, *value in said]


def played(facts: list[Fact], under: Policy | None = None, until: int = UNTIL) -> Outcomes:
    return replay(sorted(facts, key=lambda fact: fact.at), under or rules(), until)


def notified(outcomes: Outcomes) -> list[tuple[str, str, int, int, str]]:
    """(ticket, clock, level, at, recipient) in order."""
    return [
        (t.alert.subject, t.alert.clock, t.alert.level, t.at, t.alert.recipient.key)
        for t in outcomes.notified
    ]


def test_every_level_is_told_at_its_own_instant() -> None:
    facts = known(
        ("created", "02T09:00"),
        ("status", "02T09:00", "New"),
        ("priority", "02T09:00", "1 - Critical"),
    )
    first = notified(played(facts, until=at("2026-03-02T20:00")))
    assert first == [
        ("T-1", "resolution", 0, at("2026-03-02T12:00"), "team-lead"),
        ("T-1", "resolution", 1, at("2026-03-02T13:00:01"), "team-lead"),
        ("T-1", "resolution", 1, at("2026-03-02T13:00:01"), "team-lead-urgent"),
    ]


def test_what_waits_for_the_hours_of_an_audience_is_told_when_they_begin() -> None:
    facts = known(
        ("created", "06T09:00"),
        ("status", "06T09:00", "New"),
        ("priority", "06T09:00", "1 - Critical"),
    )
    (manager, *_) = [each for each in notified(played(facts)) if each[4] == "manager"]
    assert manager[3] == at("2026-03-09T09:00+01:00")


def test_a_new_owner_of_a_breached_ticket_is_told_at_once() -> None:
    facts = known(
        ("created", "02T09:00"),
        ("status", "02T09:00", "New"),
        ("priority", "02T09:00", "1 - Critical"),
    )
    facts += known(("assignee", "02T15:00", "Kim"))
    assert ("T-1", "resolution", 1, at("2026-03-02T15:00"), "owner:Kim") in notified(played(facts))


def test_what_happens_after_the_end_is_not_known() -> None:
    facts = known(("created", "02T09:00"), ("status", "02T09:00", "New"), ("resolved", "09T09:00"))
    (ending,) = played(facts, until=at("2026-03-04T00:00")).endings
    assert ending.plan.unresolved
    assert played(facts, until=at("2026-03-01T00:00")) == Outcomes((), ())


def test_an_alert_knows_its_case_its_rule_and_the_levels_it_passed() -> None:
    facts = known(
        ("created", "02T09:00"), ("status", "02T09:00", "New"), ("priority", "02T09:00", "4 - Low")
    )
    facts += known(("priority", "02T14:00", "1 - Critical"))
    changed = at("2026-03-02T14:00")
    alerts = {each.alert.recipient.key: each for each in played(facts, until=changed).notified}
    assert {(each.case, each.rule, each.at) for each in alerts.values()} == {
        ("T-1", "urgent", changed)
    }
    assert [alert.level for alert in alerts["team-lead"].passed] == [0]
    assert alerts["team-lead-urgent"].passed == ()


def test_tickets_are_one_case_from_the_instant_at_which_the_link_is_told() -> None:
    facts = known(("created", "02T09:00"), ("status", "02T09:00", "New"))
    facts += known(("created", "03T09:00"), ("status", "03T09:00", "New"), ticket="T-2")
    link = known(("case_id", "10T09:00", "C"), ticket="T-2") + known(("case_id", "10T10:00", "C"))
    assert [ending.case.id for ending in played(facts).endings] == ["T-1", "T-2"]
    (ending,) = played(facts + link).endings
    assert ending.case.facts.tickets() == ("T-1", "T-2")
    ages = [each for each in notified(played(facts + link)) if each[1] == "age"]
    assert {each[0] for each in ages} == {"T-1"}
    assert ages[0][3] == at("2026-03-16T09:00")


def test_a_link_to_a_ticket_not_seen_yet_holds_when_it_comes() -> None:
    facts = known(
        ("created", "02T09:00"), ("status", "02T09:00", "New"), ("follow_up_of", "02T09:00", "T-0")
    )
    facts += known(("created", "04T09:00"), ("status", "04T09:00", "New"), ticket="T-0")
    (ending,) = played(facts).endings
    assert set(ending.case.facts.tickets()) == {"T-0", "T-1"}


def test_a_ticket_known_from_a_link_is_judged_from_its_first_sign_of_life() -> None:
    facts = known(
        ("created", "04T09:00"), ("status", "04T09:00", "New"), ("follow_up_of", "04T09:00", "T-0")
    )
    facts += known(("status", "04T10:00", "New"), ticket="T-0")
    (ending,) = played(facts, until=at("2026-03-04T10:30")).endings
    assert {clock.subject for clock in ending.plan.clocks if clock.metric is Metric.RESOLUTION} == {
        "T-0",
        "T-1",
    }
    first = min(each[3] for each in notified(played(facts)) if each[:2] == ("T-0", "resolution"))
    assert first == at("2026-03-04T16:00")


def test_a_merged_ticket_is_told_of_no_more() -> None:
    facts = known(("created", "02T09:00"), ("status", "02T09:00", "New"))
    facts += known(("created", "02T10:00"), ("status", "02T10:00", "New"), ticket="T-2")
    merged = at("2026-03-10T09:00")
    facts += known(("merged_into", "10T09:00", "T-1"), ticket="T-2")
    late = [each for each in notified(played(facts)) if each[0] == "T-2" and each[3] > merged]
    assert [each for each in late if each[1] == "resolution"] == []


# ------------------------------------------------------------------ beside one that spares nothing


def plainly(facts: list[Fact], under: Policy, until: int) -> list[tuple[str, str, int, int, str]]:
    """The same, told by judging at every instant at which anything happens or is due, until nothing
    is.
    """
    case, found = Case("T-1"), []

    def evaluate(now: int) -> int | None:
        nonlocal case
        while (evaluated := plan(case, under, now)).alerts:
            for alert in evaluated.alerts:
                found.append((alert.subject, alert.clock, alert.level, now, alert.recipient.key))
                mark = LastNotified(alert.level, alert.repetition, now, Outcome.SENT)
                case = evolve(
                    case, reached={**case.reached, (alert.clock_key, alert.recipient.key): mark}
                )
            runs = runs_after(case.message_runs, evaluated.alerts, Outcome.SENT, now)
            case = evolve(case, breached=evaluated.breached, message_runs=runs)
        case = evolve(case, breached=evaluated.breached)
        return evaluated.next_at

    next_at: int | None = None
    for instant in [*sorted({fact.at for fact in facts if fact.at <= until}), until]:
        while next_at is not None and next_at < instant + (instant == until):
            next_at = evaluate(next_at)
        case = evolve(case, facts=case.facts | [fact for fact in facts if fact.at == instant])
        next_at = evaluate(instant)
    return found


VALUES: dict[str, tuple[str, ...]] = {
    "status": ("Open", "Waiting", "Resolved", "Closed", "Parked", "New"),
    "priority": ("1 - Critical", "4 - Low", "P?"),
    "assignee": ("Kim", "Lee", "", "queue"),
    "team": ("A", "B"),
    "resolved": ("",),
    "closed": ("",),
    "reopened": ("", "bot"),
    "agent_reply": ("", "auto-reply"),
    "customer_reply": ("",),
    "bot_reply": ("",),
    "subject": ("a", "b"),
    "unreadable:team": ("odd", ""),
    "gone": ("deleted", ""),
}


def anything(chance: random.Random) -> list[Fact]:
    """A history of a ticket, sensible or not."""
    start = at("2026-03-02T09:00") + chance.randrange(5 * DAY)
    facts = {Fact("T-1", "created", start), Fact("T-1", "status", start, "New")}
    names = [*VALUES, "status", "status", "status"]
    for _ in range(chance.randrange(10)):
        name, later = chance.choice(names), chance.choice([60, HOUR, 9 * HOUR, 3 * DAY, 12 * DAY])
        facts.add(
            Fact("T-1", name, start + chance.randrange(-HOUR, later), chance.choice(VALUES[name]))
        )
    by_state = {(fact.field, fact.at): fact for fact in sorted(facts)}
    return sorted(by_state.values(), key=lambda fact: fact.at)


PAUSING = resolution(8 * HOUR, LADDER, pauses_in=frozenset({"waiting"}))
OTHER = rules(
    rules=(rule("all", PAUSING, Target(Metric.NEXT_RESPONSE, 2 * HOUR, LADDER), calendar="office"),)
)


@pytest.mark.parametrize(
    "under", [rules(), OTHER, policy(rule("none"))], ids=["two rules", "exchanges", "no targets"]
)
def test_sparing_changes_nothing_of_what_is_told_when(under: Policy) -> None:
    spared = 0
    for seed in range(150):
        facts = anything(random.Random(seed))
        mine = notified(replay(facts, under, UNTIL))
        spared += EvaluationSkips(under).patience(facts[:2], facts[0].at) is not None
        theirs = plainly(facts, under, UNTIL)
        assert sorted(without_findings(mine)) == sorted(without_findings(theirs)), (
            f"seed {seed}: {facts}"
        )
        assert {each[1] for each in mine} == {each[1] for each in theirs}
    assert spared > 50


def without_findings(
    alerts: list[tuple[str, str, int, int, str]],
) -> list[tuple[str, str, int, int, str]]:
    """Findings have no time of their own: they may be told at the next look."""
    return [each for each in alerts if not each[1].startswith("finding:")]


def test_the_last_judgement_is_that_of_all_the_facts() -> None:
    for seed in range(100):
        facts = anything(random.Random(seed))
        (ending,) = replay(facts, rules(), UNTIL).endings
        again = plan(ending.case, rules(), UNTIL)
        assert [(c.key, c.due_at, c.breach_at, c.stopped_at) for c in ending.plan.clocks] == [
            (c.key, c.due_at, c.breach_at, c.stopped_at) for c in again.clocks
        ]
        assert set(ending.case.facts) == set(facts)


def test_nothing_is_due_before_patience_ends() -> None:
    facts, start = (
        known(("created", "02T09:00"), ("status", "02T09:00", "New")),
        at("2026-03-02T09:00"),
    )
    assert EvaluationSkips(rules()).patience(facts, start) == at("2026-03-02T15:00") - 1
    urgent = [*facts, *known(("priority", "02T09:00", "1 - Critical"))]
    assert EvaluationSkips(rules()).patience(urgent, start) == at("2026-03-02T12:00") - 1
    assert EvaluationSkips(policy(rule("none"))).patience(facts, start) == start + 14 * DAY - 1


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(known(("status", "02T09:00", "New")), id="not created yet"),
        pytest.param(
            known(("created", "02T09:00"), ("status", "02T09:00", "Parked")), id="an unknown status"
        ),
        pytest.param(
            known(("created", "02T09:00"), ("priority", "02T09:00", "P?")), id="an unknown priority"
        ),
        pytest.param(known(("created", "02T09:00"), ("case_id", "02T09:00", "C")), id="a link"),
        pytest.param(
            known(("created", "02T09:00"), ("unreadable:team", "02T09:00", "odd")), id="a finding"
        ),
    ],
)
def test_there_is_no_patience_with(first: list[Fact]) -> None:
    assert EvaluationSkips(rules()).patience(first, first[0].at) is None


def test_there_is_no_patience_where_signals_or_limits_of_pauses_count() -> None:
    facts = known(("created", "02T09:00"), ("status", "02T09:00", "New"))
    signals = {Metric.REOPENED: Ladder("reopened", (Level(Count(2), ("manager",), repeat=DAILY),))}
    for under in (rules(signals=signals), rules(pauses=Pauses(longest=HOUR))):
        assert EvaluationSkips(under).patience(facts, facts[0].at) is None
