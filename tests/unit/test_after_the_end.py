"""A customer who writes on a ticket that is over is heard (semantics B8), and one who was never
answered is not forgotten.
"""

from __future__ import annotations

import random

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
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Ladder, Level, Metric, Open, Policy, Target
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.ticket_of_facts import ticket
from sla_watchdog.tools.simulation.replay import replay

ANSWER = Target(Metric.NEXT_RESPONSE, 4 * HOUR, STANDARD)
DESK = policy(rule("all", ANSWER, resolution(8 * HOUR)))
OFFICE = policy(rule("all", ANSWER, resolution(8 * HOUR), calendar="office"))
OVER = (
    ("created", "2026-03-02T09:00"),
    ("status", "2026-03-02T09:00", "Open"),
    ("status", "2026-03-02T10:00", "Resolved"),
)


def exchanges(known: Facts, now: str, desk: Policy = DESK) -> list[Clock]:
    evaluated = plan(Case("T-1", known), desk, at(now), whole=True)
    return [each for each in evaluated.clocks if each.metric is Metric.NEXT_RESPONSE]


def wrote(when: str) -> tuple[str, str]:
    return "customer_reply", when


def answered(when: str, by: str = "Kim") -> tuple[str, str, str]:
    return "agent_reply", when, by


# ------------------------------------------------------------------ a message after the end


@pytest.mark.parametrize("end", ["Resolved", "Closed"])
def test_a_message_after_the_end_waits_for_an_answer_that_nobody_needs_to_reopen_it_for(
    end: str,
) -> None:
    known = facts(
        *OVER,
        ("status", "2026-03-02T11:00", end),
        wrote("2026-03-02T12:00"),
        wrote("2026-03-02T13:00"),
    )
    (found,) = exchanges(known, "2026-03-02T20:00")
    assert (found.started_at, found.due_at, found.stopped_at) == (
        at("2026-03-02T12:00"),
        at("2026-03-02T16:00"),
        None,
    )
    assert found.state(at("2026-03-02T20:00")) is State.BREACHED


def test_it_is_due_in_open_time_over_the_change_of_the_clocks_too() -> None:
    known = facts(*OVER, wrote("2026-03-27T16:00+01:00"))
    (found,) = exchanges(known, "2026-03-28T12:00", OFFICE)
    assert found.due_at == at("2026-03-30T12:00+02:00")


def test_the_levels_of_its_ladder_are_told_and_the_good_news_when_somebody_answered() -> None:
    known, now = facts(*OVER, wrote("2026-03-02T12:00")), at("2026-03-02T16:00:01")
    late = plan(Case("T-1", known), DESK, now)
    assert {(each.clock, each.level) for each in late.alerts} == {("next_response", 1)}
    notified = evolve(
        after_telling(Case("T-1", known), late, now),
        facts=known | facts(answered("2026-03-02T17:00")),
    )
    over = plan(notified, DESK, at("2026-03-02T17:30"))
    assert {each.clock for each in over.alerts} == {"cleared"}
    assert not over.unresolved


def test_the_resolution_stays_what_it_was_and_nothing_is_reopened() -> None:
    evaluated = evaluate(facts(*OVER, wrote("2026-03-02T12:00")), "2026-03-20T12:00", DESK)
    found = clock_of(evaluated)
    assert (found.cycle, found.stopped_at, found.breach_at) == (1, at("2026-03-02T10:00"), None)
    assert evaluated.tickets[0].reopenings == ()


def test_the_age_of_the_matter_goes_on_while_it_waits_and_ends_with_the_answer() -> None:
    known = facts(*OVER, wrote("2026-03-03T12:00"))
    waiting = evaluate(known, "2026-03-16T09:00", DESK)
    assert ("age", "manager") in {(each.clock, each.recipient.key) for each in waiting.alerts}
    evaluated = evaluate(known | facts(answered("2026-03-05T12:00")), "2026-04-16T09:00", DESK)
    age = clock_of(evaluated, Metric.AGE)
    assert (age.stopped_at, age.breach_at) == (at("2026-03-05T12:00"), None)


def test_signals_run_while_it_waits() -> None:
    desk = evolve(
        DESK, signals={Metric.PROGRESS: Ladder("p", (Level(Open(6 * HOUR), ("manager",)),))}
    )
    progress = clock_of(
        evaluate(facts(*OVER, wrote("2026-03-03T12:00")), "2026-03-03T13:00", desk), Metric.PROGRESS
    )
    assert progress.due_at == at("2026-03-03T18:00")


def test_closing_it_is_no_answer_and_a_bot_gives_none() -> None:
    known = facts(
        *OVER,
        wrote("2026-03-02T12:00"),
        answered("2026-03-02T12:01", "auto-reply"),
        ("closed", "2026-03-02T13:00"),
    )
    (found,) = exchanges(known, "2026-03-02T20:00")
    assert found.breach_at == at("2026-03-02T16:00:01")


def test_a_message_on_a_ticket_that_was_born_closed_is_heard() -> None:
    known = facts(
        ("created", "2026-03-02T09:00"),
        ("status", "2026-03-02T09:00", "Closed"),
        wrote("2026-03-02T12:00"),
    )
    assert [each.due_at for each in exchanges(known, "2026-03-02T20:00")] == [
        at("2026-03-02T16:00")
    ]


def test_so_is_the_first_message_on_a_ticket_that_an_agent_opened_and_closing_it_once_more_ends_nothing() -> (
    None
):
    born = (("created", "2026-03-02T09:00", "agent"), *OVER[1:])
    desk = policy(rule("all", Target(Metric.FIRST_RESPONSE, HOUR, STANDARD)))
    known = facts(*born, wrote("2026-03-02T12:00"), ("closed", "2026-03-02T12:30"))
    found = clock_of(evaluate(known, "2026-03-02T14:00", desk), Metric.FIRST_RESPONSE)
    assert (found.due_at, found.stopped_at) == (at("2026-03-02T13:00"), None)


def test_a_reopening_goes_on_with_the_exchange_of_the_message() -> None:
    known = facts(*OVER, wrote("2026-03-02T12:00"), ("status", "2026-03-02T13:00", "Open"))
    (found,) = exchanges(known, "2026-03-02T14:00")
    assert (found.started_at, found.due_at) == (at("2026-03-02T12:00"), at("2026-03-02T16:00"))


def test_on_a_deleted_or_merged_ticket_nothing_waits() -> None:
    gone = facts(*OVER, wrote("2026-03-02T12:00"), ("gone", "2026-03-02T13:00", "deleted"))
    (found,) = exchanges(gone, "2026-03-20T14:00")
    assert (found.stopped_at, found.breach_at) == (at("2026-03-02T13:00"), None)


def test_a_replay_tells_of_it_without_looking_at_every_instant() -> None:
    known = sorted(facts(*OVER, wrote("2026-03-03T12:00")), key=lambda fact: fact.at)
    notified = replay(known, DESK, at("2026-03-03T16:00:01")).notified
    assert {(each.alert.clock, each.alert.level, each.at) for each in notified} == {
        ("next_response", 0, at("2026-03-03T15:00")),
        ("next_response", 1, at("2026-03-03T16:00:01")),
    }


# ------------------------------------------------------------------ thanks


GRATEFUL = evolve(DESK, thanks=2 * HOUR)


def test_the_first_message_soon_after_the_end_is_thanks_where_the_policy_says_so() -> None:
    assert not exchanges(facts(*OVER, wrote("2026-03-02T12:00")), "2026-03-20T20:00", GRATEFUL)
    assert exchanges(facts(*OVER, wrote("2026-03-02T12:00:01")), "2026-03-20T20:00", GRATEFUL)


def test_who_writes_once_more_did_not_only_say_thanks() -> None:
    known = facts(*OVER, wrote("2026-03-02T10:10"), wrote("2026-03-02T10:20"))
    (found,) = exchanges(known, "2026-03-20T20:00", GRATEFUL)
    assert found.breached(at("2026-03-20T20:00"))


def test_thanks_after_each_end_are_thanks() -> None:
    again = (("status", "2026-03-03T09:00", "Open"), answered("2026-03-03T09:30"))
    end = ("status", "2026-03-03T10:00", "Resolved")
    known = facts(*OVER, wrote("2026-03-02T10:10"), *again, end, wrote("2026-03-03T10:10"))
    assert all(each.stopped_at for each in exchanges(known, "2026-03-20T20:00", GRATEFUL))


# ------------------------------------------------------------ resolved over an unanswered message


UNANSWERED = (
    ("created", "2026-03-02T09:00"),
    ("status", "2026-03-02T09:00", "Open"),
    wrote("2026-03-02T10:00"),
    ("status", "2026-03-02T13:00", "Resolved"),
)


def test_resolved_over_an_unanswered_message_the_time_waited_counts_on_after_the_reopening() -> (
    None
):
    known = facts(*UNANSWERED, ("status", "2026-03-04T09:00", "Open"))
    first, second = exchanges(known, "2026-03-04T09:30")
    assert (first.stopped_at, first.breach_at) == (at("2026-03-02T13:00"), None)
    assert (second.started_at, second.due_at) == (at("2026-03-02T10:00"), at("2026-03-04T10:00"))
    assert second.elapsed(at("2026-03-04T09:30")) == 3 * HOUR + 1800


def test_so_it_does_with_the_customers_next_message_while_it_is_over() -> None:
    _, second = exchanges(facts(*UNANSWERED, wrote("2026-03-04T09:00")), "2026-03-04T09:30")
    assert second.due_at == at("2026-03-04T10:00")


def test_what_was_late_before_the_end_is_late_again_from_the_reopening_on() -> None:
    known = facts(
        *UNANSWERED[:-1],
        ("status", "2026-03-02T15:00", "Resolved"),
        ("status", "2026-03-04T09:00", "Open"),
    )
    first, second = exchanges(known, "2026-03-04T09:30")
    assert (first.breach_at, second.breach_at) == (
        at("2026-03-02T14:00:01"),
        at("2026-03-04T09:00"),
    )


def test_an_answer_after_the_end_answers_what_waited() -> None:
    known = facts(*UNANSWERED, answered("2026-03-02T13:10"), ("status", "2026-03-04T09:00", "Open"))
    _, second = exchanges(known, "2026-03-04T09:30")
    assert (second.started_at, second.due_at) == (at("2026-03-04T09:00"), at("2026-03-04T13:00"))


# ------------------------------------------------------------------ whatever happens

THINGS = (
    *(("status", value) for value in ("Open", "Waiting", "Resolved", "Closed")),
    ("customer_reply", ""),
    ("agent_reply", "Kim"),
)


@pytest.mark.parametrize("seed", range(200))
def test_a_minute_in_which_the_customer_waits_on_an_ended_ticket_is_a_minute_of_an_exchange(
    seed: int,
) -> None:
    """Minute by minute, without spans: what was written and not answered since the last end, while
    it is over.
    """
    chance = random.Random(seed)
    start = at("2026-03-28T20:00")
    known = {Fact("T-1", "created", start), Fact("T-1", "status", start, "Open")}
    for _ in range(12):
        name, value = chance.choice(THINGS)
        known.add(Fact("T-1", name, start + 60 * chance.randrange(1, 300), value))
    said = Facts.of({(f.field, f.at): f for f in sorted(known)}.values())
    mine = ticket("T-1", said, DESK)
    waits, ended = False, False
    for minute in range(300):
        now = start + 60 * minute
        was, ended = ended, str(said.as_of("T-1", "status", now)) in ("Resolved", "Closed")
        waits = waits and ended and was
        waits = waits and now not in mine.answered
        waits = waits or (ended and now in mine.asked)
        covered = any(
            wait.start <= now and (wait.end is None or now < wait.end)
            for wait in mine.waits_after_end
        )
        assert covered == waits, minute
    assert mine.with_waits.spans[0].start == start
    joined = [
        (a.end, b.start)
        for a, b in zip(mine.with_waits.spans, mine.with_waits.spans[1:], strict=False)
    ]
    assert all(end == begin for end, begin in joined)


def test_a_deleted_ticket_whose_customer_waited_is_reported_as_an_open_one_is() -> None:
    gone = ("gone", "2026-03-02T13:00", "deleted")
    waited = facts(*OVER, wrote("2026-03-02T12:00"), gone)
    waiting = evaluate(waited, "2026-03-02T14:00", DESK)
    assert [finding.kind for finding in waiting.findings] == ["deleted"]
    answer = facts(answered("2026-03-02T12:30"))
    assert evaluate(waited | answer, "2026-03-02T14:00", DESK).findings == ()
