"""The pace of an audience (semantics E11): what comes at once, and what waits for its digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from building import (
    CEILINGS,
    DAILY,
    DAY,
    HOUR,
    MON,
    TUE,
    after_telling,
    at,
    evaluate,
    facts,
    first_response,
    iso,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.pace import Happening
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.escalation.reasons import ManyMessages, WaitsForDigest
from sla_watchdog.domain.escalation.recent_messages import MOST, RecentMessages
from sla_watchdog.domain.escalation.silences import Silence
from sla_watchdog.domain.policy.digest_time import EVERY_DAY, DigestTime
from sla_watchdog.domain.policy.model import (
    AT_ONCE,
    After,
    Age,
    AtOnce,
    Audience,
    Count,
    Ladder,
    Level,
    Metric,
    Percent,
    Policy,
    Repeat,
)
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.tools.simulation.replay import replay

EIGHT = DigestTime(EVERY_DAY, 8 * HOUR)
MONDAYS = DigestTime(frozenset({0}), 8 * HOUR)
WED, THU, FRI = "2026-03-04", "2026-03-05", "2026-03-06"
NEXT_MON, MON_AFTER = "2026-03-09", "2026-03-16"
CREATED = ("created", f"{MON}T09:00")


def paced(rules: Policy | None = None, **audiences: Audience) -> Policy:
    """The policy with these audiences in the place of those of their names."""
    rules = rules or policy()
    named = {audience.name: audience for audience in audiences.values()}
    return evolve(rules, audiences={**rules.audiences, **named})


def executive(digest: DigestTime = EIGHT, **more: Any) -> Audience:
    return Audience("executive", digest=digest, **more)


def told(known: Facts, rules: Policy, audience: str, until: str) -> list[tuple[str, str, int, int]]:
    """(when, clock, level, repetition) of all that the audience is notified of, its urgent topic
    left out.
    """
    ordered = sorted(known, key=lambda fact: (fact.at, fact.field != "created"))
    notified = replay(ordered, rules, at(until)).notified
    return [
        (iso(each.at)[:16], each.alert.clock, each.alert.level, each.alert.repetition)
        for each in notified
        if each.alert.recipient.audience == audience and not each.alert.recipient.urgent
    ]


def due_of(evaluated: Plan, audience: str) -> list[tuple[str, int]]:
    return [
        (alert.clock, alert.level)
        for alert in evaluated.alerts
        if alert.recipient.audience == audience
    ]


def waiting_of(evaluated: Plan, audience: str) -> list[tuple[str, int, object, str]]:
    return [
        (each.alert.clock, each.alert.level, each.reason, iso(each.until or 0)[:16])
        for each in evaluated.decisions
        if each.alert.recipient.audience == audience
    ]


# ------------------------------------------------------------------ what comes at once


def test_e11_a_first_breach_comes_at_once_and_its_reminders_in_the_digest() -> None:
    """Due on Monday 17:00; the executive's level after 16 h, again after 1, 2, 4 days."""
    assert told(facts(CREATED), paced(e=executive()), "executive", f"{FRI}T12:00") == [
        (f"{TUE}T09:00", "resolution", 3, 0),
        (f"{THU}T08:00", "resolution", 3, 1),
    ]


def test_e11_an_audience_without_a_digest_hears_of_everything_at_once() -> None:
    assert told(facts(CREATED), policy(), "executive", f"{FRI}T12:00") == [
        (f"{TUE}T09:00", "resolution", 3, 0),
        (f"{WED}T09:00", "resolution", 3, 1),
        (f"{FRI}T09:00", "resolution", 3, 2),
    ]


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        pytest.param(
            f"{MON}T02:00",  # 75 % at 08:00
            [(f"{MON}T08:00", "resolution", 0, 0), (f"{MON}T10:00", "resolution", 1, 0)],
            id="at the very instant",
        ),
        pytest.param(
            f"{MON}T01:00",  # 75 % at 07:00
            [(f"{MON}T08:00", "resolution", 0, 0), (f"{MON}T09:00", "resolution", 1, 0)],
            id="an hour before",
        ),
        pytest.param(
            f"{MON}T09:00",  # 75 % at 15:00, the breach at 17:00
            [(f"{MON}T17:00", "resolution", 1, 0)],
            id="overtaken by the breach",
        ),
    ],
)
def test_e11_a_warning_waits_for_the_digest(
    created: str, expected: list[tuple[str, str, int, int]]
) -> None:
    rules = paced(o=Audience("owner", digest=EIGHT))
    assert told(facts(("created", created)), rules, "owner", f"{MON}T20:00") == expected


def test_e11_what_is_urgent_comes_at_once_unless_the_policy_says_otherwise() -> None:
    lead = Audience("team-lead", digest=EIGHT)
    at_breach = (f"{MON}T17:00", "resolution", 1, 0)
    in_the_morning = (f"{TUE}T08:00", "resolution", 2, 0)
    for at_once, expected in (
        (AT_ONCE, at_breach),
        ({AtOnce.URGENT}, at_breach),
        ({AtOnce.BREACH}, at_breach),
        ({AtOnce.AGAIN}, in_the_morning),
        (frozenset(), in_the_morning),
    ):
        rules = paced(lead=evolve(lead, at_once=frozenset(at_once)))
        assert told(facts(CREATED), rules, "team-lead", f"{WED}T07:00")[:1] == [expected]


def test_e11_only_the_first_message_of_a_breach_comes_at_once() -> None:
    """The manager hears of levels 1 and 2: of the first at once, of the second in the digest."""
    ladder = Ladder(
        "two",
        (
            Level(After(0), ("manager",)),
            Level(After(4 * HOUR), ("manager",)),
            Level(After(40 * HOUR), ("executive",), repeat=DAILY),
        ),
    )
    rules = policy(rule("r", resolution(8 * HOUR, ladder)))
    rules = paced(rules, m=Audience("manager", digest=EIGHT))
    assert told(facts(CREATED), rules, "manager", f"{TUE}T12:00") == [
        (f"{MON}T17:00", "resolution", 0, 0),
        (f"{TUE}T08:00", "resolution", 1, 0),
    ]


def test_e11_each_clock_has_a_first_breach_of_its_own() -> None:
    ladder = Ladder("one", (Level(After(0), ("manager",), repeat=DAILY),))
    rules = policy(rule("r", first_response(2 * HOUR, ladder), resolution(8 * HOUR, ladder)))
    rules = paced(rules, m=Audience("manager", digest=EIGHT))
    assert told(facts(CREATED), rules, "manager", f"{MON}T20:00") == [
        (f"{MON}T11:00", "first_response", 0, 0),
        (f"{MON}T17:00", "resolution", 0, 0),
    ]


def test_e11_a_reopening_makes_no_first_breach_of_one_that_is_known() -> None:
    known = facts(
        CREATED,
        ("status", f"{MON}T09:00", "New"),
        ("status", f"{TUE}T10:00", "Resolved"),
        ("resolved", f"{TUE}T10:00"),
        ("status", f"{WED}T10:00", "Open"),
        ("reopened", f"{WED}T10:00"),
    )
    assert told(known, paced(e=executive()), "executive", f"{THU}T09:00") == [
        (f"{TUE}T09:00", "resolution", 3, 0),
        (f"{WED}T08:00", "cleared", 0, 0),
        (f"{THU}T08:00", "resolution", 3, 0),
    ]


CEILING = Ladder("ceilings", (Level(Age(DAY), ("executive",), repeat=Repeat(DAY, False)),))
REOPENED = Ladder("reopened", (Level(Count(1), ("executive",), repeat=Repeat(7 * DAY, False)),))


@pytest.mark.parametrize(
    ("at_once", "comes_at"),
    [
        pytest.param(AT_ONCE, f"{WED}T08:00", id="by itself it waits"),
        pytest.param(frozenset({AtOnce.CEILING}), f"{TUE}T09:00", id="ceiling"),
        pytest.param(frozenset({AtOnce.SIGNAL}), f"{WED}T08:00", id="signal is another"),
    ],
)
def test_e11_a_ceiling_waits_unless_it_is_to_come_at_once(
    at_once: frozenset[AtOnce], comes_at: str
) -> None:
    rules = policy(rule("r", resolution(900 * HOUR)), ceilings=CEILING)
    rules = paced(rules, e=executive(at_once=at_once))
    known = told(facts(CREATED), rules, "executive", f"{THU}T07:00")
    assert known[0] == (comes_at, "age", 0, 0)
    assert [when for when, _, _, repetition in known if repetition] in (
        [],
        [f"{THU}T08:00"],
    ), "reminders of a ceiling wait in any case"


@pytest.mark.parametrize(
    ("at_once", "comes_at"),
    [
        pytest.param(AT_ONCE, f"{WED}T08:00", id="by itself it waits"),
        pytest.param(frozenset({AtOnce.SIGNAL}), f"{TUE}T10:00", id="signal"),
        pytest.param(frozenset({AtOnce.CEILING}), f"{WED}T08:00", id="ceiling is another"),
    ],
)
def test_e11_a_signal_waits_unless_it_is_to_come_at_once(
    at_once: frozenset[AtOnce], comes_at: str
) -> None:
    signals = {Metric.REOPENED: REOPENED}
    rules = policy(rule("r", resolution(900 * HOUR)), ceilings=CEILINGS, signals=signals)
    rules = paced(rules, e=executive(at_once=at_once))
    known = facts(
        CREATED,
        ("status", f"{MON}T09:00", "New"),
        ("resolved", f"{MON}T12:00"),
        ("status", f"{MON}T12:00", "Resolved"),
        ("reopened", f"{TUE}T10:00"),
        ("status", f"{TUE}T10:00", "Open"),
    )
    notified = told(known, rules, "executive", f"{WED}T09:00")
    assert [when for when, clock, _, _ in notified if clock == "reopened"] == [comes_at]


@pytest.mark.parametrize(
    ("happening", "word"),
    [
        (Happening("again", False, True, False, False), AtOnce.AGAIN),
        (Happening("age", False, True, False, False), AtOnce.CEILING),
        (Happening("unowned", False, True, False, False), AtOnce.SIGNAL),
        (Happening("pause", False, True, False, False), AtOnce.SIGNAL),
        (Happening("resolution", False, True, True, False), AtOnce.BREACH),
        (Happening("resolution", True, False, False, False), AtOnce.URGENT),
        (Happening("promise", False, False, False, True), AtOnce.BROKEN_PROMISE),
        (Happening("resolution", False, True, False, False), None),
        (Happening("again", False, False, False, False), None),
        (Happening("age", False, False, False, False), None),
        (Happening("unowned", False, False, False, False), None),
        (Happening("cleared", False, False, False, False), None),
    ],
)
def test_e11_each_word_means_one_thing(happening: Happening, word: AtOnce | None) -> None:
    matching = {
        each for each in AtOnce if happening.comes_at_once(executive(at_once=frozenset({each})))
    }
    assert matching == ({word} if word else set())


# ------------------------------------------------------------------ promises


def promised(until: str, made: str = f"{MON}T18:00") -> Facts:
    return facts(CREATED) | [acknowledged("T-1", at(made), at(until), "Kim")]


def test_e11_what_a_broken_promise_takes_up_comes_at_once() -> None:
    """The manager's level would be due at 21:00; the promise was broken at 20:00."""
    quiet = Audience("manager", digest=EIGHT, at_once=frozenset({AtOnce.BROKEN_PROMISE}))
    known = promised(f"{MON}T20:00")
    assert told(known, paced(m=quiet), "manager", f"{TUE}T09:00") == [
        (f"{MON}T20:00", "resolution", 2, 0)
    ]
    silent = evolve(quiet, at_once=frozenset())
    assert told(known, paced(m=silent), "manager", f"{TUE}T09:00") == [
        (f"{TUE}T08:00", "resolution", 2, 0)
    ]


def test_e11_a_level_that_came_by_itself_after_a_broken_promise_is_not_due_to_it() -> None:
    """The promise took the case up to the manager; the executive's level came 13 hours later."""
    quiet = executive(at_once=frozenset({AtOnce.BROKEN_PROMISE}))
    assert told(promised(f"{MON}T20:00"), paced(e=quiet), "executive", f"{WED}T09:00") == [
        (f"{WED}T08:00", "resolution", 3, 0)
    ]


def test_e11_a_promise_that_is_a_clock_of_its_own_comes_at_once() -> None:
    """No clock has a level above the owner: the promise itself goes to the manager of the
    ceilings.
    """
    ladder = Ladder("low", (Level(After(0), ("owner",), repeat=DAILY),))
    rules = policy(rule("r", resolution(8 * HOUR, ladder)))
    rules = paced(rules, m=Audience("manager", digest=EIGHT))
    assert told(promised(f"{MON}T20:00"), rules, "manager", f"{TUE}T09:00") == [
        (f"{MON}T20:00", "promise", 0, 0)
    ]


def test_e11_a_promise_broken_at_the_top_is_a_reminder_that_comes_at_once() -> None:
    known = promised(f"{WED}T06:00", made=f"{TUE}T18:00")
    assert told(known, paced(e=executive()), "executive", f"{THU}T09:00") == [
        (f"{TUE}T09:00", "resolution", 3, 0),
        (f"{WED}T06:00", "resolution", 3, 1),
        (f"{THU}T08:00", "resolution", 3, 2),
    ]


def test_e11_the_next_broken_promise_of_a_row_comes_neither_at_once_nor_as_a_reminder() -> None:
    known = promised(f"{WED}T06:00", made=f"{TUE}T18:00")
    further = known | promised(f"{WED}T20:00", made=f"{WED}T10:00")
    heard = told(known, paced(e=executive()), "executive", f"{THU}T09:00")
    assert told(further, paced(e=executive()), "executive", f"{THU}T09:00") == heard


def test_e11_a_promise_that_ends_after_a_digest_makes_it_late() -> None:
    """The first reminder is due on Wednesday 09:00; a promise holds until Thursday 10:00."""
    known = promised(f"{THU}T10:00", made=f"{WED}T18:00") | facts(("agent_reply", f"{WED}T19:00"))
    rules = paced(e=executive())
    case = after_telling(
        Case("T-1", known), evaluate(known, f"{TUE}T09:00", rules), at(f"{TUE}T09:00")
    )
    evaluated = plan(case, rules, at(f"{WED}T20:00"))
    assert [when for _, _, _, when in waiting_of(evaluated, "executive")] == [f"{THU}T10:00"]
    assert due_of(plan(case, rules, at(f"{THU}T10:00")), "executive") == [("resolution", 3)]


# ------------------------------------------------------------------ when the digest is


def test_e11_it_waits_with_its_reason_until_an_instant_at_which_it_is_due() -> None:
    rules = paced(o=Audience("owner", digest=EIGHT))
    evaluated = evaluate(facts(CREATED), f"{MON}T15:00", rules)
    reason = WaitsForDigest("owner")
    assert waiting_of(evaluated, "owner") == [("resolution", 0, reason, f"{TUE}T08:00")]
    assert evaluated.next_at == at(f"{MON}T17:00:01"), "the breach is nearer"
    assert evaluated.in_digest == frozenset()


def test_e11_what_comes_in_a_digest_is_marked() -> None:
    rules = paced(e=executive())
    case = Case("T-1", facts(CREATED))
    case = after_telling(case, plan(case, rules, at(f"{TUE}T09:00")), at(f"{TUE}T09:00"))
    evaluated = plan(case, rules, at(f"{THU}T08:00"))
    ids = {each.id for each in evaluated.alerts if each.recipient.audience == "executive"}
    assert ids
    assert evaluated.in_digest == ids


def test_e11_newer_reminders_do_not_put_off_the_digest() -> None:
    """Reminders each hour, a digest each week, and a tick that is an hour late."""
    ladder = Ladder("hourly", (Level(After(0), ("executive",), repeat=Repeat(HOUR, False)),))
    rules = paced(policy(rule("r", resolution(8 * HOUR, ladder))), e=executive(MONDAYS))
    case = Case("T-1", facts(CREATED))
    case = after_telling(case, plan(case, rules, at(f"{MON}T17:00:01")), at(f"{MON}T17:00:01"))
    early = plan(case, rules, at(f"{NEXT_MON}T07:59:59"))
    assert waiting_of(early, "executive")[0][3] == f"{NEXT_MON}T08:00"
    for late in ("08:00", "08:30", "09:00:30"):
        assert due_of(plan(case, rules, at(f"{NEXT_MON}T{late}")), "executive")


def test_e11_an_outage_over_several_digests_is_one_message_with_the_latest_reminder() -> None:
    rules = paced(e=executive())
    case = Case("T-1", facts(CREATED))
    case = after_telling(case, plan(case, rules, at(f"{TUE}T09:00")), at(f"{TUE}T09:00"))
    evaluated = plan(case, rules, at("2026-03-20T13:07"))
    assert due_of(evaluated, "executive") == []
    assert waiting_of(evaluated, "executive")[0][3] == "2026-03-21T08:00"
    alerts = plan(case, rules, at("2026-03-21T08:00")).alerts
    repetitions = [each.repetition for each in alerts if each.recipient.audience == "executive"]
    assert repetitions == [4]


@pytest.mark.parametrize(
    ("now", "goes"), [("08:00", True), ("12:00", True), ("12:00:01", False)], ids=str
)
def test_e11_a_digest_may_be_four_hours_late_and_no_more(now: str, goes: bool) -> None:
    rules = paced(e=executive())
    case = Case("T-1", facts(CREATED))
    case = after_telling(case, plan(case, rules, at(f"{TUE}T09:00")), at(f"{TUE}T09:00"))
    assert bool(due_of(plan(case, rules, at(f"{NEXT_MON}T{now}")), "executive")) is goes


def test_e11_a_digest_on_a_day_without_hours_goes_out_when_they_open_however_late_that_is() -> None:
    """A weekly digest of Saturday 09:00 comes when the office opens on Monday, within four hours."""
    saturday = DigestTime(frozenset({5}), 9 * HOUR)
    rules = paced(e=executive(saturday, hours="office"))
    case = Case("T-1", facts(CREATED))
    case = after_telling(case, plan(case, rules, at(f"{TUE}T09:00")), at(f"{TUE}T09:00"))
    opens = waiting_of(plan(case, rules, at(f"{FRI}T12:00")), "executive")[0][3]
    assert opens == f"{NEXT_MON}T08:00"
    assert due_of(plan(case, rules, at(opens)), "executive")
    assert due_of(plan(case, rules, at(f"{NEXT_MON}T11:59")), "executive")


def test_e11_a_digest_outside_the_hours_waits_for_their_opening() -> None:
    """Office hours of Berlin, 09:00 to 17:00: the digest of Thursday 20:00 comes on Friday."""
    evening = DigestTime(frozenset({3}), 20 * HOUR)
    rules = paced(e=executive(evening, hours="office"))
    case = Case("T-1", facts(CREATED))
    case = after_telling(case, plan(case, rules, at(f"{TUE}T09:00")), at(f"{TUE}T09:00"))
    evaluated = plan(case, rules, at(f"{WED}T09:00"))
    assert waiting_of(evaluated, "executive")[0][3] == f"{FRI}T08:00"
    assert due_of(plan(case, rules, at(f"{FRI}T07:59:59")), "executive") == []
    assert due_of(plan(case, rules, at(f"{FRI}T08:00")), "executive") == [("resolution", 3)]


def test_e11_a_first_breach_that_is_not_urgent_waits_for_the_hours_alone() -> None:
    rules = paced(m=Audience("manager", hours="office", digest=DigestTime(EVERY_DAY, 15 * HOUR)))
    evaluated = evaluate(facts(CREATED), f"{MON}T21:00", rules)
    assert [when for _, _, _, when in waiting_of(evaluated, "manager")] == [f"{TUE}T08:00"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param("2026-03-28", "2026-03-29T01:30", id="02:30 does not exist in spring"),
        pytest.param("2026-10-24", "2026-10-25T00:30", id="02:30 comes twice in autumn"),
    ],
)
def test_e11_a_digest_keeps_its_time_of_day_over_a_change_of_clocks(
    day: str, expected: str
) -> None:
    rules = paced(policy(timezone="Europe/Berlin"), o=Audience("owner", digest=HALF_PAST_TWO))
    evaluated = evaluate(facts(("created", f"{day}T09:00")), f"{day}T15:00", rules)
    assert waiting_of(evaluated, "owner")[0][3] == expected


HALF_PAST_TWO = DigestTime(EVERY_DAY, 2 * HOUR + 1800)

# ------------------------------------------------------------------ what comes together


def test_e11_what_waits_comes_along_with_what_comes_at_once() -> None:
    """A warning of the resolution waits for the morning; the first response is breached before."""
    ladder = Ladder("warned", (Level(Percent(50), ("manager",)), *BREACH))
    rules = policy(rule("r", first_response(6 * HOUR, ladder), resolution(8 * HOUR, ladder)))
    rules = paced(rules, m=Audience("manager", digest=EIGHT))
    before = evaluate(facts(CREATED), f"{MON}T14:59", rules)
    assert due_of(before, "manager") == []
    evaluated = evaluate(facts(CREATED), f"{MON}T15:00:01", rules)
    assert due_of(evaluated, "manager") == [("first_response", 1), ("resolution", 0)]
    assert {alert_id.split("/")[1] for alert_id in evaluated.in_digest} == {"resolution"}


BREACH = (Level(After(0), ("manager",), repeat=DAILY),)


def test_e11_nothing_comes_along_to_somebody_else_nor_what_is_silenced() -> None:
    early, late = (
        Ladder("early", (Level(Percent(50), ("manager",)), *BREACH)),
        Ladder("late", (Level(Percent(50), ("manager", "executive")), *BREACH)),
    )
    rules = policy(rule("r", first_response(6 * HOUR, early), resolution(8 * HOUR, late)))
    rules = paced(rules, m=Audience("manager", digest=EIGHT), e=executive())
    evaluated = evaluate(facts(CREATED), f"{MON}T15:00:01", rules)
    assert due_of(evaluated, "manager") == [("first_response", 1), ("resolution", 0)]
    assert due_of(evaluated, "executive") == []
    silence = Silence("s", at(MON), at(f"{TUE}T12:00"), "moving", "Kim", tickets=frozenset({"T-1"}))
    silenced = plan(
        Case("T-1", facts(CREATED)), rules, at(f"{MON}T15:00:01"), context=Context((silence,))
    )
    assert silenced.alerts == ()


def test_e11_reminders_of_other_clocks_keep_the_pace_of_the_leading_one() -> None:
    """Both repeat daily to the manager; the reminder of the one that does not lead comes with that
    of the other, and not before.
    """
    ladder = Ladder("daily", (Level(After(0), ("manager",), repeat=Repeat(DAY, False)),))
    rules = policy(rule("r", first_response(2 * HOUR, ladder), resolution(8 * HOUR, ladder)))
    rules = paced(rules, m=Audience("manager", digest=DigestTime(EVERY_DAY, 13 * HOUR)))
    assert told(facts(CREATED), rules, "manager", f"{THU}T12:00") == [
        (f"{MON}T11:00", "first_response", 0, 0),
        (f"{MON}T17:00", "resolution", 0, 0),
        (f"{TUE}T13:00", "first_response", 0, 1),
        (f"{WED}T13:00", "first_response", 0, 2),
        (f"{WED}T13:00", "resolution", 0, 1),
    ]


# ------------------------------------------------------------------ good news, findings


def test_e11_that_it_is_over_comes_in_the_digest() -> None:
    known = facts(CREATED, ("resolved", f"{TUE}T10:00"), ("status", f"{TUE}T10:00", "Resolved"))
    assert told(known, paced(e=executive()), "executive", f"{FRI}T09:00") == [
        (f"{TUE}T09:00", "resolution", 3, 0),
        (f"{WED}T08:00", "cleared", 0, 0),
    ]


def test_e11_a_warning_that_became_wrong_is_withdrawn_in_the_digest() -> None:
    """The warning of 12:00 came in the digest. What is learned afterwards of a pause from 11:50 on
    makes it wrong.
    """
    ladder = Ladder("warned", (Level(Percent(50), ("manager",)), *BREACH))
    rules = policy(rule("r", resolution(6 * HOUR, ladder)))
    rules = paced(rules, m=Audience("manager", digest=DigestTime(EVERY_DAY, 12 * HOUR)))
    case = Case("T-1", facts(CREATED, ("status", f"{MON}T09:00", "New")))
    case = after_telling(case, plan(case, rules, at(f"{MON}T12:00")), at(f"{MON}T12:00"))
    case = evolve(case, facts=case.facts | facts(("status", f"{MON}T11:50", "Waiting")))
    evaluated = plan(case, rules, at(f"{MON}T12:10"))
    reason = WaitsForDigest("manager")
    assert waiting_of(evaluated, "manager") == [("withdrawn:resolution", 0, reason, f"{TUE}T12:00")]
    later = plan(case, rules, at(f"{TUE}T12:00:30"))
    assert due_of(later, "manager") == [("withdrawn:resolution", 0)]


def test_e11_findings_never_wait() -> None:
    rules = paced(o=Audience("operations", digest=EIGHT))
    evaluated = evaluate(facts(CREATED, ("status", f"{MON}T09:00", "Odd")), f"{MON}T10:00", rules)
    assert due_of(evaluated, "operations") == [("finding:status", 0)]


# ------------------------------------------------------------------ many messages in a day


def crowded(messages: Mapping[str, int], now: str, **audiences: Audience) -> Plan:
    """Monday's case, after so many messages to each destination a few hours before."""
    recent = RecentMessages().with_sent(messages, at(now) - 3 * HOUR)
    context = Context(recent=recent)
    return plan(Case("T-1", facts(CREATED)), paced(**audiences), at(now), context=context)


def test_e11_after_many_messages_in_a_day_what_is_not_urgent_waits_for_the_next_hour() -> None:
    """The manager's level is due at 21:00:00, the deadline being 17:00."""
    evaluated = crowded({"owner": 10, "manager": 10}, f"{MON}T15:00")
    assert due_of(evaluated, "owner") == [("resolution", 0)], "15:00 is a full hour"
    warned = plan(
        Case("T-1", facts(("created", f"{MON}T09:10"))),
        policy(),
        at(f"{MON}T15:20"),
        context=Context(recent=RecentMessages().with_sent({"owner": 10}, at(f"{MON}T14:00"))),
    )
    reason = ManyMessages("owner", 10)
    assert waiting_of(warned, "owner") == [("resolution", 0, reason, f"{MON}T16:00")]
    assert warned.next_at == at(f"{MON}T16:00")


@pytest.mark.parametrize(
    "messages", [{}, {"owner": 9}, {"manager": 50}, {"owner-urgent": 50}], ids=str
)
def test_e11_fewer_messages_or_those_of_others_hold_nothing(messages: Mapping[str, int]) -> None:
    known = facts(("created", f"{MON}T09:10"))
    recent = RecentMessages().with_sent(messages, at(f"{MON}T14:00"))
    context = Context(recent=recent)
    evaluated = plan(Case("T-1", known), policy(), at(f"{MON}T15:20"), context=context)
    assert due_of(evaluated, "owner") == [("resolution", 0)]


def test_e11_what_is_urgent_waits_for_no_crowd() -> None:
    evaluated = crowded({"owner": 99, "owner-urgent": 99}, f"{MON}T17:00:01")
    assert due_of(evaluated, "owner") == [("resolution", 1), ("resolution", 1)]


def test_e11_an_audience_with_a_digest_gets_it_all_in_that() -> None:
    """A first breach, which would come at once."""
    evaluated = crowded({"executive": 10}, f"{TUE}T09:00", e=executive())
    reason = ManyMessages("executive", 10)
    assert waiting_of(evaluated, "executive") == [("resolution", 3, reason, f"{WED}T08:00")]


def test_e11_a_day_is_the_last_twenty_four_hours_of_the_clock() -> None:
    recent = RecentMessages().with_sent({"owner": 3}, at(f"{MON}T10:59"))
    recent = recent.with_sent({"owner": 1}, at(f"{MON}T11:00"))
    counts = [recent.count("owner", at(when)) for when in (f"{TUE}T09:59", f"{TUE}T10:00")]
    assert counts == [4, 1]
    assert recent.with_sent({}, at(f"{TUE}T11:00")).by_hour == {}


def test_e11_the_count_is_bounded() -> None:
    """Those that got the fewest messages are left out: nothing is held for them."""
    many = {f"owner--{n}": 1 + n % 7 for n in range(MOST + 50)}
    recent = RecentMessages().with_sent(many, at(MON))
    assert len(recent.by_hour) == MOST
    assert min(recent.count(name, at(MON)) for name in recent.by_hour) == 1
    assert all(name in recent.by_hour for name, count in many.items() if count > 1)


def test_e11_the_messages_to_a_shared_address_are_counted_together() -> None:
    """An owner whom nobody listens to alone gets the messages of the whole audience."""
    owner = Audience("owner", each="assignee")
    rules = paced(o=owner)
    known = facts(("created", f"{MON}T09:10"), ("assignee", f"{MON}T09:10", "kim"))
    recent = RecentMessages().with_sent({"owner": 10}, at(f"{MON}T14:00"))
    shared = Context(recent=recent)
    alone = evolve(shared, reachable_since={"owner--kim": at(MON)})
    now = at(f"{MON}T15:20")
    assert due_of(plan(Case("T-1", known), rules, now, context=shared), "owner") == []
    assert due_of(plan(Case("T-1", known), rules, now, context=alone), "owner") != []


# ------------------------------------------------------------------ what comes next


def upcoming_of(evaluated: Plan, audience: str) -> list[tuple[str, str, int]]:
    return [
        (iso(each.at)[:16], each.clock, each.level)
        for each in evaluated.upcoming
        if each.recipient.audience == audience
    ]


def test_e11_what_comes_next_respects_the_pace() -> None:
    rules = paced(e=executive(), o=Audience("owner", digest=EIGHT))
    evaluated = evaluate(facts(CREATED), f"{MON}T10:00", rules)
    assert upcoming_of(evaluated, "owner") == [(f"{MON}T17:00", "resolution", 1)], (
        "the breach comes before the digest in which the warning would be"
    )
    assert upcoming_of(evaluated, "executive")[0] == (f"{TUE}T09:00", "resolution", 3)
    case = after_telling(
        Case("T-1", facts(CREATED)),
        evaluate(facts(CREATED), f"{TUE}T09:00", rules),
        at(f"{TUE}T09:00"),
    )
    following = plan(case, rules, at(f"{TUE}T10:00"))
    assert upcoming_of(following, "executive")[0] == (f"{THU}T08:00", "resolution", 3)


def test_e11_what_is_said_to_come_next_comes_then() -> None:
    """For each audience and for an hour after each notification: the first that is upcoming is
    the next that the replay sends.
    """
    quiet = Audience("manager", digest=MONDAYS, at_once=frozenset())
    rules = paced(e=executive(), m=quiet, o=Audience("owner", digest=EIGHT))
    known = promised(f"{MON}T20:00", made=f"{MON}T16:00")
    ordered = sorted(known, key=lambda fact: (fact.at, fact.field != "created"))
    everything = replay(ordered, rules, at(MON_AFTER)).notified
    for number, sent in enumerate(everything[:-1]):
        now = sent.at
        ending = replay(ordered, rules, now).endings[0]
        evaluated = plan(ending.case, rules, now)
        following = [each for each in everything[number + 1 :] if each.at > now]
        if not following:
            continue
        first = evaluated.upcoming[0]
        assert (iso(first.at), first.recipient.audience) in {
            (iso(each.at), each.alert.recipient.audience)
            for each in following
            if each.at == following[0].at
        }
