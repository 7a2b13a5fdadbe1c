"""Each spell without an owner is told anew, also one that a new ticket of the matter begins once
everything was resolved (semantics B9).
"""

from __future__ import annotations

from itertools import permutations

import pytest

from building import HOUR, at, clock_of, facts, iso, policy, resolution, rule
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome, join
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Ladder, Level, Metric, Open
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.tools.simulation.replay import replay

DESK = policy(
    rule("all", resolution(1000 * HOUR)),
    signals={Metric.UNOWNED: Ladder("unowned", (Level(Open(4 * HOUR), ("team-lead",)),))},
)
DAYS = ("2026-03-02", "2026-03-12", "2026-03-22")
NOW = "2026-03-23T00:00"


def day(number: int, *said: tuple[str, str, str], end: str = "T08:00") -> Facts:
    """A ticket of nobody, created at 00:00 of that day and resolved at 08:00."""
    born = f"{DAYS[number - 1]}T00:00"
    known = [("created", born), ("status", born, "Open")]
    if number > 1:
        known.append(("follow_up_of", born, "T-1"))
    if end:
        ended = DAYS[number - 1] + end
        known += [("resolved", ended), ("status", ended, "Resolved")]
    return facts(*known, *said, ticket=f"T-{number}")


def told(known: Facts, now: str = NOW) -> list[str]:
    """When the team lead was told that nobody owns it."""
    notified = replay(
        sorted(known, key=lambda fact: (fact.at, fact.field != "created")), DESK, at(now)
    )
    return [iso(n.at)[:16] for n in notified.notified if n.alert.clock == Metric.UNOWNED.value]


def spell(known: Facts, now: str = NOW) -> tuple[int, str, str]:
    """(cycle, begun, due)"""
    clock = clock_of(plan(Case("T-1", facts=known), DESK, at(now)), Metric.UNOWNED)
    assert clock.due_at is not None
    return clock.cycle, iso(clock.started_at)[:16], iso(clock.due_at)[:16]


def test_b9_each_ticket_that_begins_it_anew_is_told() -> None:
    known = day(1) | day(2) | day(3, end="")
    assert told(known) == [f"{day}T04:00" for day in DAYS]
    assert spell(known) == (3, "2026-03-22T00:00", "2026-03-22T04:00")


def test_b9_it_begins_anew_where_the_ticket_before_was_owned_too() -> None:
    owned = day(1, ("assignee", "2026-03-02T00:00", "Kim"))
    assert told(owned | day(2, end="")) == ["2026-03-12T04:00"]
    left = day(
        2, ("assignee", "2026-03-12T06:00", "Kim"), ("assignee", "2026-03-12T07:00", ""), end=""
    )
    assert told(owned | left) == ["2026-03-12T04:00", "2026-03-12T11:00"]


def test_b9_a_ticket_beside_one_that_is_unresolved_begins_nothing_anew() -> None:
    known = day(1, end="") | day(2, end="")
    assert spell(known) == (1, "2026-03-02T00:00", "2026-03-02T04:00")
    assert told(known) == ["2026-03-02T04:00"]


def test_b9_two_tickets_of_one_second_begin_it_once() -> None:
    twin = facts(
        ("created", "2026-03-12T00:00"),
        ("status", "2026-03-12T00:00", "Open"),
        ("follow_up_of", "2026-03-12T00:00", "T-1"),
        ticket="T-3",
    )
    assert spell(day(1) | day(2, end="") | twin)[0] == 2


def test_b9_of_one_ticket_it_goes_on_as_before() -> None:
    again = facts(("reopened", "2026-03-12T00:00"), ("status", "2026-03-12T00:00", "Open"))
    assert spell(day(1) | again) == (1, "2026-03-02T00:00", "2026-03-02T04:00")


@pytest.mark.parametrize(("gone", "into"), [("T-1", "T-2"), ("T-2", "T-1")])
def test_b9_a_merge_takes_no_spell_back(gone: str, into: str) -> None:
    known = day(1) | day(2, end="")
    open_again = facts(("status", "2026-03-12T05:00", "Open"), ticket="T-1")
    merged = known | open_again | facts(("merged_into", "2026-03-12T06:00", into), ticket=gone)
    assert spell(merged)[0] == spell(known)[0] == 2
    assert told(merged) == told(known)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_b9_in_whatever_order_they_are_joined_it_is_one_spell(order: tuple[int, ...]) -> None:
    parts = [day(1), day(2), day(3, end="")]
    cases = [Case(f"T-{number + 1}", facts=parts[number]) for number in order]
    joined = join(join(cases[0], cases[1]), cases[2])
    assert spell(joined.facts) == (3, "2026-03-22T00:00", "2026-03-22T04:00")


def test_b9_what_was_told_under_the_name_of_another_ticket_counts_for_its_own_spell_alone() -> None:
    """The second was told as a case of its own, before anybody knew that it belongs to the first."""
    sent = LastNotified(0, 0, at("2026-03-12T04:00"), Outcome.SENT)
    reached = {("T-2/unowned/1", "team-lead"): sent}
    two = Case("T-1", facts=day(1) | day(2, end=""), reached=reached)
    assert plan(two, DESK, at("2026-03-12T05:00")).alerts == ()
    three = Case("T-1", facts=day(1) | day(2) | day(3, end=""), reached=reached)
    due = plan(three, DESK, at("2026-03-22T05:00")).alerts
    assert [(alert.clock, alert.cycle) for alert in due if alert.clock == "unowned"] == [
        ("unowned", 3)
    ]
