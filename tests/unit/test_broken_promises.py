"""A promise that was not kept always makes a message, to somebody above all who were notified
before (semantics E7).
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import evolve

from building import (
    CEILINGS,
    DAY,
    HOUR,
    MON,
    STANDARD,
    after_telling,
    at,
    facts,
    first_response,
    policy,
    resolution,
)
from building import rule as one_rule
from sla_watchdog.domain.clocks.promises import PromiseKind, acknowledged
from sla_watchdog.domain.escalation.case import Case, Entry, LastNotified, Outcome
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan, wakeup_for
from sla_watchdog.domain.escalation.silences import Silence
from sla_watchdog.domain.policy.model import (
    Acknowledge,
    After,
    Audience,
    Count,
    Ladder,
    Level,
    Metric,
    Open,
    Percent,
    Policy,
    Repeat,
)
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.presentation.text import render
from sla_watchdog.presentation.view.notice import notice
from sla_watchdog.tools.simulation.replay import Notification, replay

REPLY = Ladder(
    "reply",
    (
        Level(Percent(75), ("owner",)),
        Level(After(0), ("owner", "team-lead"), repeat=Repeat(DAY, doubling=True)),
    ),
)
UNOWNED = {Metric.UNOWNED: Ladder("unowned", (Level(Open(4 * HOUR), ("team-lead",)),))}
PROGRESS = {Metric.PROGRESS: Ladder("progress", (Level(Open(4 * HOUR), ("team-lead",)),))}
REOPENED = {Metric.REOPENED: Ladder("reopened", (Level(Count(1), ("team-lead",)),))}
BORN = facts(("created", f"{MON}T00:00"), ("status", f"{MON}T00:00", "Open"))


def desk(signals: dict[Metric, Ladder] | None = None, hours: int = 80, **more: object) -> Policy:
    """Answered in 80 hours and resolved in 800, unless `hours` says less."""
    targets = one_rule("all", first_response(hours * HOUR, REPLY), resolution(10 * hours * HOUR))
    return policy(targets, signals=signals or {}, **more)


def promise(made: str, until: str, by: str = "Kim", ticket: str = "T-1") -> list[Fact]:
    return [acknowledged(ticket, at(made), at(until), by)]


def played(
    known: Facts | Sequence[Fact], rules: Policy, until: str
) -> list[tuple[str, str, int, str]]:
    """(time of March, clock, level, audience) of everything that was told, as if each message
    arrived at once.
    """
    notified = replay(
        sorted(known, key=lambda fact: (fact.at, fact.field != "created")), rules, at(until)
    ).notified
    return [
        (_clock(each), each.alert.clock, each.alert.level + 1, each.alert.recipient.key)
        for each in notified
    ]


def _clock(notified: Notification) -> str:
    days, seconds = divmod(notified.at - at("2026-03-01T00:00"), DAY)
    return f"{days + 1:02} {seconds // HOUR:02}:{seconds % HOUR // 60:02}"


# ------------------------------------------------------------------ a signal leads the case


@pytest.mark.parametrize(
    ("signals", "clock", "known"),
    [
        (UNOWNED, "unowned", BORN),
        (PROGRESS, "progress", BORN),
        (
            REOPENED,
            "reopened",
            BORN
            | facts(("status", f"{MON}T02:00", "Resolved"), ("status", f"{MON}T04:00", "Open")),
        ),
    ],
    ids=["unowned", "without progress", "reopened"],
)
def test_where_a_signal_leads_the_next_audience_up_hears_of_it(
    signals: dict[Metric, Ladder], clock: str, known: Facts
) -> None:
    notified = played(
        known | promise(f"{MON}T05:00", f"{MON}T06:00"), desk(signals), f"{MON}T07:00"
    )
    assert ("02 04:00", clock, 1, "team-lead") in notified
    assert notified[-1] == ("02 06:00", "promise", 1, "manager")


def test_where_there_are_only_ceilings_their_first_audience_hears_of_it_and_the_ceiling_comes_all_the_same() -> (
    None
):
    rules = policy(one_rule("nothing"))
    notified = played(BORN | promise(f"{MON}T05:00", f"{MON}T06:00"), rules, "2026-03-17T00:00")
    assert notified == [("02 06:00", "promise", 1, "manager"), ("16 00:00", "age", 1, "manager")]


# ------------------------------------------------------- the ladder `reply` ends at the team lead


def test_a_promise_about_an_answer_reaches_the_manager() -> None:
    notified = played(BORN | promise(f"{MON}T09:00", f"{MON}T10:00"), desk(hours=8), f"{MON}T11:00")
    assert notified[-1] == ("02 10:00", "promise", 1, "manager")


def test_a_clock_that_still_has_a_level_for_somebody_above_is_the_message() -> None:
    """The resolution, though the answer is as far up its own ladder and was first."""
    rules = policy(one_rule("all", first_response(7 * HOUR, REPLY), resolution(8 * HOUR)))
    notified = played(BORN | promise(f"{MON}T09:00", f"{MON}T10:00"), rules, f"{MON}T11:00")
    assert [each for each in notified if each[0] == "02 10:00" and each[3] == "manager"] == [
        ("02 10:00", "resolution", 3, "manager")
    ]
    assert "promise" not in {clock for _, clock, _, _ in notified}


def test_a_level_that_tells_nobody_new_is_left_for_its_own_time() -> None:
    """The team lead knows of the missing owner: the breach that is to come is told when it comes."""
    rules = desk(UNOWNED, hours=8)
    notified = played(BORN | promise(f"{MON}T06:30", f"{MON}T07:00"), rules, f"{MON}T09:00")
    assert notified[2:] == [
        ("02 07:00", "promise", 1, "manager"),
        ("02 08:00", "first_response", 2, "owner"),
        ("02 08:00", "first_response", 2, "team-lead"),
    ]


# ------------------------------------------------------------------ several promises, and the top


def test_each_promise_that_is_broken_goes_one_audience_further_and_then_to_the_top_again() -> None:
    made = [
        *promise(f"{MON}T05:00", f"{MON}T06:00"),
        *promise(f"{MON}T07:00", f"{MON}T08:00", "Lee"),
        *promise(f"{MON}T09:00", f"{MON}T10:00", "Ade"),
    ]
    rules = desk(UNOWNED, acknowledge=Acknowledge(in_a_row=3))
    notified = played(BORN | made, rules, f"{MON}T11:00")
    assert notified == [
        ("02 04:00", "unowned", 1, "team-lead"),
        ("02 06:00", "promise", 1, "manager"),
        ("02 08:00", "promise", 1, "executive"),
        ("02 10:00", "promise", 1, "executive"),
    ]


# ------------------------------------------------------------------ one after the other, in a row

THREE = (
    *promise(f"{MON}T05:00", f"{MON}T06:00"),
    *promise(f"{MON}T07:00", f"{MON}T08:00", "Lee"),
    *promise(f"{MON}T09:00", f"{MON}T10:00", "Ade"),
)
KEPT = facts(("agent_reply", f"{MON}T05:30"))


@pytest.mark.parametrize(
    ("more", "in_a_row", "heard"),
    [
        pytest.param(Facts(), 1, [("06", "manager")], id="the first of a row alone"),
        pytest.param(KEPT, 1, [("08", "manager")], id="the second, where the first was kept"),
        pytest.param(Facts(), 0, [("06", "manager")], id="where none holds anything back"),
        pytest.param(KEPT, 0, [("08", "manager")], id="nor does, and the first was kept"),
        pytest.param(
            Facts(),
            2,
            [("06", "manager"), ("08", "executive")],
            id="each that holds alerts back, and no more",
        ),
        pytest.param(
            facts(("status", f"{MON}T06:20", "Resolved"), ("status", f"{MON}T06:55", "Open")),
            1,
            [("06", "manager"), ("08", "executive")],
            id="the first of the next row, after progress",
        ),
    ],
)
def test_e7_of_promises_in_a_row_without_progress_only_the_first_broken_climbs(
    more: Facts, in_a_row: int, heard: list[tuple[str, str]]
) -> None:
    rules = desk(UNOWNED, acknowledge=Acknowledge(in_a_row=in_a_row))
    notified = played(BORN | THREE | more, rules, f"{MON}T12:00")
    assert [(when[3:5], who) for when, clock, _, who in notified if clock == "promise"] == heard


def test_e7_further_broken_promises_of_a_row_are_no_reminders() -> None:
    """At the top each was one more."""
    made = [
        *promise("2026-03-03T01:00", "2026-03-03T02:00"),
        *promise("2026-03-03T03:00", "2026-03-03T04:00", "Lee"),
        *promise("2026-03-03T05:00", "2026-03-03T06:00", "Ade"),
    ]
    notified = played(BORN | made, policy(), "2026-03-03T07:00")
    top = [when for when, clock, level, _ in notified if (clock, level) == ("resolution", 4)]
    assert top[1:] == ["03 02:00"]


def test_e7_they_are_broken_all_the_same() -> None:
    evaluated = plan(Case("T-1", BORN | THREE), desk(UNOWNED), at(f"{MON}T12:00"))
    assert [each.broken(at(f"{MON}T12:00")) for each in evaluated.promises] == [True] * 3
    assert [each.climbs for each in evaluated.promises] == [True, False, False]


def test_e7_while_one_holds_that_climbs_no_further_nobody_is_foretold_to_hear_of_it() -> None:
    told = {
        ("T-1/unowned/1", "team-lead"): LastNotified(0, 0, at(f"{MON}T04:00"), Outcome.SENT),
        ("T-1/promise/1", "manager"): LastNotified(0, 0, at(f"{MON}T06:00"), Outcome.SENT),
    }
    case = Case("T-1", BORN | THREE, reached=told)
    evaluated = plan(case, desk(UNOWNED), at(f"{MON}T07:30"))
    assert evaluated.alerts == ()
    assert "promise" not in {upcoming.clock for upcoming in evaluated.upcoming}


def test_e7_a_promise_each_day_by_four_in_turn_is_no_storm_upwards() -> None:
    """For a month; nobody goes without hearing of it, either."""
    made: list[Fact] = []
    for number in range(29):
        start = at(f"{MON}T09:00") + number * DAY
        by = ("Kim", "Ana", "Lee", "Ade")[number % 4]
        made.append(acknowledged("T-1", start, start + 12 * HOUR, by, PromiseKind.END))
    notified = played(BORN | made, desk(UNOWNED), "2026-03-31T09:00")
    above = [(when, clock) for when, clock, _, who in notified if who in ("manager", "executive")]
    assert above[0] == ("02 21:00", "promise")
    assert [clock for _, clock in above].count("promise") == 1
    assert ("16 00:00", "age") in above


def test_at_the_top_it_is_a_repetition_at_once_where_the_leading_clock_has_one() -> None:
    notified = played(
        BORN | promise("2026-03-03T01:00", "2026-03-03T05:00"), policy(), "2026-03-03T06:00"
    )
    assert notified[-1] == ("03 05:00", "resolution", 4, "executive")


def test_a_promise_that_was_put_off_is_broken_once_at_its_last_time() -> None:
    made = [*promise(f"{MON}T05:00", f"{MON}T06:00"), *promise(f"{MON}T05:30", f"{MON}T08:00")]
    notified = played(BORN | made, desk(UNOWNED), f"{MON}T09:00")
    assert notified[1:] == [("02 08:00", "promise", 1, "manager")]


def test_a_ceiling_that_told_the_manager_meanwhile_leaves_the_executive() -> None:
    made = promise("2026-03-15T23:00", "2026-03-16T02:00")
    notified = played(BORN | made, policy(one_rule("nothing")), "2026-03-16T03:00")
    assert notified == [("16 00:00", "age", 1, "manager"), ("16 02:00", "promise", 1, "executive")]


def test_a_promise_that_was_kept_is_no_message() -> None:
    kept = facts(("agent_reply", f"{MON}T05:30"))
    notified = played(
        BORN | kept | promise(f"{MON}T05:00", f"{MON}T06:00"), desk(UNOWNED), f"{MON}T12:00"
    )
    assert notified == [("02 04:00", "unowned", 1, "team-lead")]


@pytest.mark.parametrize(
    "end", [f"{MON}T05:30", f"{MON}T06:00"], ids=["before its time", "at its time"]
)
def test_a_promise_about_what_is_resolved_is_no_message_even_after_a_reopening(end: str) -> None:
    over = facts(("status", end, "Resolved"), ("status", f"{MON}T07:00", "Open"))
    notified = played(
        BORN | over | promise(f"{MON}T05:00", f"{MON}T06:00"), desk(UNOWNED), f"{MON}T08:00"
    )
    assert "promise" not in {clock for _, clock, _, _ in notified}


# ------------------------------------------------------------------ linked tickets


def test_a_promise_about_one_of_two_linked_tickets_is_about_the_case() -> None:
    second = facts(("created", f"{MON}T01:00"), ("status", f"{MON}T01:00", "Open"), ticket="T-2")
    link = facts(("follow_up_of", f"{MON}T01:00", "T-1"), ticket="T-2")
    made = promise(f"{MON}T05:00", f"{MON}T06:00", ticket="T-2")
    notified = played(BORN | second | link | made, desk(UNOWNED), f"{MON}T07:00")
    assert notified[-1] == ("02 06:00", "promise", 1, "manager")


# ----------------------------------------------------------- held back, on its way, undeliverable


def broken(rules: Policy, now: str, **state: object) -> tuple[Case, Plan]:
    """The case of which the team lead knows, with a promise from 05:00 to 06:00."""
    notified = {
        ("T-1/unowned/1", "team-lead"): LastNotified(0, 0, at(f"{MON}T04:00"), Outcome.SENT)
    }
    case = Case("T-1", BORN | promise(f"{MON}T05:00", f"{MON}T06:00"), reached=notified)
    case = evolve(case, **state)
    return case, plan(case, rules, at(now))


def test_a_silence_holds_it_and_at_its_end_it_is_told() -> None:
    case, _ = broken(desk(UNOWNED), f"{MON}T06:00")
    silence = Silence(
        "s", at(f"{MON}T00:00"), at(f"{MON}T09:00"), "a drill", "Ops", tickets=frozenset({"T-1"})
    )
    context = Context(silences=(silence,))
    held = plan(case, desk(UNOWNED), at(f"{MON}T06:00"), context=context)
    assert (held.alerts, [each.until for each in held.decisions]) == ((), [at(f"{MON}T09:00")])
    later = plan(case, desk(UNOWNED), at(f"{MON}T09:00"), context=context)
    assert [(each.clock, each.recipient.key) for each in later.alerts] == [("promise", "manager")]


def test_outside_its_hours_the_next_audience_hears_when_they_open_whoever_else_was_told_meanwhile() -> (
    None
):
    """Over the night on which the clocks go forward: Saturday 18:00 to Monday 09:00 is a summer's
    nine.
    """
    born = facts(
        ("created", "2026-03-28T10:00+01:00"), ("status", "2026-03-28T10:00+01:00", "Open")
    )
    audiences = {**policy().audiences, "manager": Audience("manager", hours="office")}
    rules = desk(UNOWNED, hours=12, audiences=audiences)
    made = [acknowledged("T-1", at("2026-03-28T17:00+01:00"), at("2026-03-28T18:00+01:00"), "Kim")]
    notified = replay(
        sorted(born | made, key=lambda fact: (fact.at, fact.field != "created")),
        rules,
        at("2026-03-30T12:00"),
    )
    manager = [each for each in notified.notified if each.alert.recipient.key == "manager"]
    assert [(each.alert.clock, each.at) for each in manager] == [
        ("promise", at("2026-03-30T09:00+02:00"))
    ]
    assert any(
        each.alert.recipient.key == "team-lead" and each.at < manager[0].at
        for each in notified.notified[2:]
    )


def test_while_it_is_on_its_way_nobody_else_is_told_and_then_it_is_settled() -> None:
    case, evaluated = broken(desk(UNOWNED), f"{MON}T06:00")
    entry = Entry("token", at(f"{MON}T06:02"), evaluated.alerts)
    claimed = evolve(case, outbox={entry.key: entry})
    again = plan(claimed, desk(UNOWNED), at(f"{MON}T06:00"))
    assert (again.alerts, wakeup_for(again, claimed)[0]) == ((), at(f"{MON}T06:02"))
    sent = after_telling(case, evaluated, at(f"{MON}T06:01"))
    assert plan(sent, desk(UNOWNED), at(f"{MON}T06:02")).alerts == ()


def test_where_that_audience_cannot_be_reached_the_next_one_hears_in_the_same_tick() -> None:
    case, evaluated = broken(desk(UNOWNED), f"{MON}T06:00")
    missed = after_telling(case, evaluated, at(f"{MON}T06:00"), Outcome.UNDELIVERABLE)
    again = plan(missed, desk(UNOWNED), at(f"{MON}T06:00"))
    assert [(each.clock, each.recipient.key) for each in again.alerts] == [("promise", "executive")]


def test_in_mode_observe_it_would_go_up_and_once_live_it_does() -> None:
    case, evaluated = broken(desk(UNOWNED), f"{MON}T06:00")
    observed = after_telling(case, evaluated, at(f"{MON}T06:00"), Outcome.OBSERVED).as_notified(
        live=False
    )
    assert plan(observed, desk(UNOWNED), at(f"{MON}T07:00")).alerts == ()
    live = plan(observed.as_notified(live=True), desk(UNOWNED), at(f"{MON}T07:00"))
    assert "manager" in {each.recipient.key for each in live.alerts}


def test_one_that_came_before_the_upgrade_and_told_nobody_is_told_now() -> None:
    case, _ = broken(desk(UNOWNED), f"{MON}T06:00")
    assert [
        each.recipient.key for each in plan(case, desk(UNOWNED), at("2026-03-03T12:00")).alerts
    ] == ["manager"]


# ------------------------------------------------------------------ what is said of it


def test_who_hears_if_it_is_not_kept_is_foretold_while_it_holds() -> None:
    case, _ = broken(desk(UNOWNED), f"{MON}T05:30")
    upcoming = plan(case, desk(UNOWNED), at(f"{MON}T05:30")).upcoming[0]
    assert (upcoming.at, upcoming.clock, upcoming.recipient.key) == (
        at(f"{MON}T06:00"),
        "promise",
        "manager",
    )
    kept = evolve(case, facts=case.facts | facts(("agent_reply", f"{MON}T05:20")))
    assert "promise" not in {
        each.clock for each in plan(kept, desk(UNOWNED), at(f"{MON}T05:30")).upcoming
    }


def test_the_mail_of_it_says_whose_promise_was_broken() -> None:
    case, evaluated = broken(desk(UNOWNED), f"{MON}T06:00")
    notified = notice(case, evaluated, evaluated.alerts, desk(UNOWNED), at(f"{MON}T06:00"))
    message = render(notified, at(f"{MON}T06:00"))
    assert "promise not kept" in message.subject
    assert (
        "Kim had promised an update by Mon 2026-03-02 06:00 +00:00; it did not come."
        in " ".join(message.email.split())
    )


def test_who_was_told_of_it_is_told_that_the_case_is_over() -> None:
    over = (
        BORN
        | facts(("status", f"{MON}T08:00", "Resolved"))
        | promise(f"{MON}T05:00", f"{MON}T06:00")
    )
    assert ("02 08:30", "cleared", 1, "manager") in played(over, desk(UNOWNED), f"{MON}T09:00")


# ------------------------------------------------------------------ no progress


@pytest.mark.parametrize("reply", [(), (("agent_reply", f"{MON}T03:30"),)], ids=["broken", "kept"])
def test_a_promise_is_no_progress(reply: tuple[tuple[str, str], ...]) -> None:
    known = BORN | facts(*reply) | promise(f"{MON}T03:00", f"{MON}T03:45")
    evaluated = plan(Case("T-1", known), desk(PROGRESS), at(f"{MON}T05:00"))
    assert [(c.cycle, c.due_at) for c in evaluated.clocks if c.metric is Metric.PROGRESS] == [
        (1, at(f"{MON}T04:00"))
    ]


# ------------------------------------------------------------------ who is above whom


def test_ladders_say_who_is_above_whom_and_ceilings_are_above_what_no_ladder_ranks() -> None:
    rules = policy(
        one_rule("all", first_response(HOUR, REPLY)),
        audiences={name: Audience(name) for name in ("executive", "manager", "team-lead", "owner")},
    )
    assert sorted(rules.audiences, key=rules.rank) == ["owner", "team-lead", "manager", "executive"]


def test_an_audience_above_the_ceilings_in_a_ladder_stays_above() -> None:
    ceilings = Ladder("ceilings", (evolve(CEILINGS.levels[-1], tell=("team-lead",)),))
    rules = policy(one_rule("all", resolution(HOUR)), ceilings=ceilings)
    assert sorted(rules.audiences, key=rules.rank) == ["owner", "team-lead", "manager", "executive"]


def test_ladders_that_contradict_each_other_still_give_an_order() -> None:
    turned = Ladder(
        "turned",
        (evolve(STANDARD.levels[0], tell=("team-lead",)), evolve(REPLY.levels[1], tell=("owner",))),
    )
    rules = policy(one_rule("all", first_response(HOUR, REPLY), resolution(HOUR, turned)))
    assert (
        rules.rank("executive")
        > rules.rank("manager")
        > max(rules.rank("owner"), rules.rank("team-lead"))
    )
    assert rules.rank("operations") == -1
