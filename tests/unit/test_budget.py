"""How many messages about one case one recipient gets (semantics E12)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from operator import attrgetter

import pytest
from attrs import evolve

from building import DAY, HOUR, at, facts, iso, policy, resolution, rule
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.escalation.budget import GAPS
from sla_watchdog.domain.escalation.case import (
    Case,
    LastNotified,
    MessageRun,
    Outcome,
    Severity,
    join,
)
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.escalation.reasons import SentShortlyBefore
from sla_watchdog.domain.policy.model import (
    After,
    Audience,
    Count,
    Ladder,
    Level,
    Metric,
    Percent,
    Policy,
    Repeat,
    Target,
)
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.tools.simulation.replay import replay

START = at("2026-03-02T00:00")
MINUTE = 60
REPLY = Ladder("reply", (Level(After(0), ("owner",), repeat=Repeat(DAY, False)),))
ANSWERS = policy(rule("r", Target(Metric.NEXT_RESPONSE, MINUTE, REPLY)))
"""The owner hears of every message that nobody answers within a minute."""


def messages(known: Iterable[Fact], under: Policy, until: int, to: str = "owner") -> list[int]:
    """When the recipient gets a message that alarms; minutes since the start."""
    notified = replay(sorted(known, key=attrgetter("at")), under, until).notified
    instants = {
        each.at
        for each in notified
        if each.alert.recipient.key == to and each.alert.clock in set(Metric)
    }
    return sorted((instant - START) // MINUTE for instant in instants)


def unanswered(minutes: Iterable[int]) -> Facts:
    """The customer writes at each of these minutes, and is answered two minutes later."""
    known = facts(("created", iso(START)), ("status", iso(START), "New"))
    for minute in minutes:
        asked = START + minute * MINUTE
        known |= [
            Fact("T-1", "customer_reply", asked),
            Fact("T-1", "agent_reply", asked + 2 * MINUTE),
        ]
    return known


def waiting(known: Facts, minute: int) -> Facts:
    return known | [Fact("T-1", "customer_reply", START + minute * MINUTE)]


def test_e12_after_the_first_at_least_a_quarter_then_an_hour_then_four_apart() -> None:
    told = messages(unanswered(range(1, 60 * 20, 5)), ANSWERS, START + DAY)
    assert told[:4] == [2, 17, 77, 317]
    gaps = [later - sooner for sooner, later in pairwise(told)]
    assert min(gaps[2:]) >= 240


def test_e12_what_waited_comes_when_it_may_in_one_message() -> None:
    known = waiting(unanswered([1]), 6)
    assert messages(known, ANSWERS, START + HOUR) == [2, 17]
    case = Case(
        "T-1",
        known,
        reached={("T-1/next_response/1", "owner"): sent(START + 120)},
        message_runs={"owner": run(START + 120)},
    )
    held = plan(case, ANSWERS, START + 8 * MINUTE)
    (decision,) = held.decisions
    assert (decision.outcome, decision.reason) == (Outcome.DEFERRED, SentShortlyBefore(1))
    assert decision.until == held.next_at == START + 120 + GAPS[0]
    assert {upcoming.at for upcoming in held.upcoming[:1]} == {decision.until}


def sent(instant: int, level: int = 0) -> LastNotified:
    return LastNotified(level, 0, instant, Outcome.SENT, 1)


def run(instant: int, count: int = 1, worst: Severity = Severity.BREACH) -> MessageRun:
    return MessageRun(instant, instant, count, worst)


def test_e12_a_day_without_a_message_ends_the_run() -> None:
    later = 31 * 60
    turns = [1, 30, later, later + 5, later + 20]
    told = messages(unanswered(turns), ANSWERS, START + 3 * DAY)
    assert told == [2, 31, later + 1, later + 21], "a first one, and a quarter later a second"


def test_e12_what_is_worse_comes_at_once_and_takes_along_what_waits() -> None:
    ladder = Ladder(
        "two", (Level(Percent(50), ("owner",)), Level(After(0), ("owner",), urgent=True))
    )
    both = policy(rule("r", resolution(20 * MINUTE, ladder)))
    known = facts(("created", iso(START)), ("status", iso(START), "New"))
    assert messages(known, both, START + HOUR) == [10, 20]
    assert messages(known, both, START + HOUR, "owner-urgent") == [20]


def test_e12_the_first_message_after_a_broken_promise_waits_for_nothing() -> None:
    known = facts(("created", iso(START)), ("status", iso(START), "New"))
    until = START + 9 * HOUR
    promised = known | [acknowledged("T-1", START + 8 * HOUR + MINUTE, until, "Kim")]
    told = messages(promised, policy(), START + 10 * HOUR, "manager")
    assert told == [9 * 60], "the level above, before its own time"
    quick = policy(rule("r", resolution(8 * HOUR, top_of_hours())))
    told = messages(promised, quick, START + 10 * HOUR, "executive")
    assert 9 * 60 in told, "at the very top the top again, minutes after its last message"


@pytest.mark.parametrize(("first_kept", "waits"), [(False, True), (True, False)])
def test_e12_a_broken_promise_that_takes_nothing_up_lets_nothing_pass(
    first_kept: bool, waits: bool
) -> None:
    """The second of a row is broken after the owner's message; it is news only where the first was
    kept.
    """
    reply = [Fact("T-1", "agent_reply", START + 30)] if first_kept else []
    known = waiting(unanswered([1]), 6) | reply
    known |= [
        acknowledged("T-1", START + 10, START + 60, "Kim"),
        acknowledged("T-1", START + 190, START + 400, "Lee"),
    ]
    case = Case(
        "T-1",
        known,
        reached={("T-1/next_response/1", "owner"): sent(START + 120)},
        message_runs={"owner": run(START + 120)},
    )
    held = plan(case, ANSWERS, START + 8 * MINUTE)
    reasons = {d.reason for d in held.decisions if d.alert.recipient.key == "owner"}
    assert reasons == ({SentShortlyBefore(1)} if waits else set())


def top_of_hours() -> Ladder:
    return Ladder("short", (Level(After(0), ("executive",), repeat=Repeat(DAY, False)),))


def test_e12_a_level_that_tells_somebody_for_the_first_time_comes_at_once() -> None:
    signal = Ladder("touches", (Level(Count(1), ("owner",)), Level(Count(2), ("owner",))))
    desk = evolve(ANSWERS, signals={Metric.TOUCHES: signal})
    told = messages(unanswered([1, 6]), desk, START + HOUR)
    assert told == [2, 3, 8], "next_response; the first touch, the second, each in its minute"


def test_e12_reminders_keep_the_pace_that_the_policy_writes() -> None:
    ladder = Ladder("often", (Level(After(0), ("owner",), repeat=Repeat(30 * MINUTE, False)),))
    often = policy(rule("r", resolution(HOUR, ladder)))
    known = facts(("created", iso(START)), ("status", iso(START), "New"))
    assert messages(known, often, START + 5 * HOUR) == list(range(60, 300, 30))


def test_e12_a_tick_that_comes_late_makes_no_reminder_fall_behind() -> None:
    ladder = Ladder("often", (Level(After(0), ("owner",), repeat=Repeat(30 * MINUTE, False)),))
    often = policy(rule("r", resolution(HOUR, ladder)))
    known = facts(("created", iso(START)), ("status", iso(START), "New"))
    late = START + HOUR + 59
    case = Case(
        "T-1",
        known,
        reached={("T-1/resolution/1", "owner"): sent(late)},
        message_runs={"owner": run(late, count=5)},
    )
    assert plan(case, often, START + 90 * MINUTE + 1).alerts


def test_e12_good_news_and_findings_neither_count_nor_wait() -> None:
    known = facts(
        ("created", iso(START)),
        ("status", iso(START), "New"),
        ("status", iso(START + 8 * HOUR + 2 * MINUTE), "Resolved"),
    )
    played = replay(sorted(known, key=attrgetter("at")), policy(), START + DAY)
    good = [each.at for each in played.notified if each.alert.clock == "cleared"]
    assert set(good) == {START + 8 * HOUR + 32 * MINUTE}, "a quarter after the second message"
    (ending,) = played.endings
    assert {run.count for run in ending.case.message_runs.values()} <= {1, 2}


def test_e12_an_audience_that_has_hours_waits_for_them_first() -> None:
    desk = evolve(ANSWERS, audiences={"owner": Audience("owner", hours="office")})
    told = messages(unanswered([1, 6, 13, 25]), desk, START + DAY)
    assert told == [], "each exchange was over before the office opened"
    open_at = at("2026-03-02T09:00+01:00")
    kept = messages(waiting(unanswered([1, 6]), 12), desk, START + DAY)
    assert kept == [(open_at - START) // MINUTE]


def test_e12_of_two_cases_joined_the_later_run_counts_whichever_comes_first() -> None:
    early, late = run(START, 3), run(START + HOUR, 1, Severity.CRITICAL)
    one = Case("A", message_runs={"owner": early, "manager": early})
    other = Case("B", message_runs={"owner": late})
    joined = {"owner": late, "manager": early}
    assert join(one, other).message_runs == join(other, one).message_runs == joined


@pytest.mark.parametrize("count", [1, 2, 3, 4, 50])
def test_e12_every_minute_is_judged_alike(count: int) -> None:
    """Looked at each minute, what is held is free at the instant that was said, and not before."""
    known = waiting(unanswered([]), 1)
    told_at = START + 2 * MINUTE
    held = Case("T-1", known, message_runs={"owner": run(told_at, count)}).as_notified(live=True)
    held = evolve(held, reached={("T-1/next_response/7", "owner"): sent(told_at)})
    free_at = told_at + GAPS[min(count, 3) - 1]
    for now in range(told_at + MINUTE, free_at, 10 * MINUTE):
        judged = plan(held, ANSWERS, now)
        assert (judged.alerts, judged.next_at) == ((), free_at)
    assert plan(held, ANSWERS, free_at).alerts
