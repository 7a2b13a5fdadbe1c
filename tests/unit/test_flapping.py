"""A ticket that is reopened again and again: what is kept of it is bounded, and nothing is judged
otherwise for it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from moto import mock_aws

from building import HOUR, at, policy, resolution, rule
from desk import Desk
from sla_watchdog.adapters.dynamodb.attributes import attribute
from sla_watchdog.adapters.dynamodb.case_item import reached_map, reached_name
from sla_watchdog.adapters.dynamodb.case_writes import MOST_TAKEN_OUT
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome
from sla_watchdog.domain.escalation.notifications import notified_at
from sla_watchdog.domain.escalation.outlived import KEPT_CYCLES, outlived
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts

START = at("2026-03-02T00:00")
Notification = Mapping[tuple[str, str], LastNotified]
ITEM = 400 * 1024
TOLD_OF_ONE = 20
"""Series of one ticket: two or three clocks, told to half a dozen recipients."""


def iso(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat()[:19]


def with_told(reached: Notification, new: Notification) -> Notification:
    gone = set(outlived(reached, new))
    return {**{key: each for key, each in reached.items() if key not in gone}, **new}


def told_by(evaluated: Any, case: Case, now: int, outcome: Outcome) -> Notification:
    return {
        (a.clock_key, a.recipient.key): LastNotified(
            a.level, a.repetition, notified_at(case, a, now), outcome
        )
        for a in evaluated.alerts
    }


def flapping(seed: int, times: int) -> Iterator[tuple[int, list[Fact]]]:
    """The facts that come, and when: ends, reopenings, changes of priority and of the assignee,
    replies, pauses.
    """
    chance = random.Random(seed)
    now = START + 9 * HOUR
    for _ in range(times):
        for status in ("Resolved", "Open"):
            now += chance.choice([60, 600, 3600, 5 * HOUR, 30 * HOUR])
            facts = [Fact("T-1", "status", now, status)]
            if status == "Open" and chance.random() < 0.3:
                field, values = chance.choice(
                    [
                        ("priority", ["P1", "P2", "P3"]),
                        ("assignee", ["Kim", "Ana", ""]),
                        ("status", ["Waiting", "Open"]),
                    ]
                )
                facts.append(Fact("T-1", field, now + 1, chance.choice(values)))
            yield now + 2, facts


POLICIES = {
    "one target": policy(rule("r", resolution(8 * HOUR))),
    "a short target": policy(rule("r", resolution(HOUR))),
}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("rules", POLICIES.values(), ids=POLICIES.keys())
def test_what_is_dropped_changes_no_judgement(rules: Policy, seed: int) -> None:
    chance = random.Random(seed)
    facts = Facts.of([Fact("T-1", "created", START), Fact("T-1", "status", START, "New")])
    whole: Notification = {}
    bounded: Notification = {}
    outcomes = [Outcome.SENT] * 8 + [Outcome.IN_DIGEST, Outcome.UNDELIVERABLE]
    for now, more in flapping(seed, 40):
        facts = facts | more
        outcome = chance.choice(outcomes)
        one, other = (
            Case("T-1", facts, rev=5, reached=whole),
            Case("T-1", facts, rev=5, reached=bounded),
        )
        expected, found = plan(one, rules, now), plan(other, rules, now)
        assert found.alerts == expected.alerts
        assert (found.next_at, found.breached) == (expected.next_at, expected.breached)
        new = told_by(expected, one, now, outcome)
        assert told_by(found, other, now, outcome) == new
        whole, bounded = {**whole, **new}, with_told(bounded, new)
    assert len(bounded) < len(whole)


def test_what_was_told_is_bounded_however_often_it_is_reopened() -> None:
    rules = policy(rule("r", resolution(8 * HOUR)))
    facts = Facts.of([Fact("T-1", "created", START), Fact("T-1", "status", START, "New")])
    reached: Notification = {}
    sizes = []
    now = START + 9 * HOUR
    for _ in range(400):
        for status in ("Resolved", "Open"):
            now += 600
            facts = facts | [Fact("T-1", "status", now, status)]
            case = Case("T-1", facts, rev=5, reached=reached)
            evaluated = plan(case, rules, now + 5)
            reached = with_told(reached, told_by(evaluated, case, now + 5, Outcome.SENT))
        sizes.append(len(reached))
    assert max(sizes[200:]) == max(sizes[20:200]), "it grows no more"
    assert max(sizes) <= (KEPT_CYCLES + 2) * TOLD_OF_ONE


def test_exchanges_findings_and_clocks_that_never_begin_anew_keep_what_they_kept() -> None:
    sent = LastNotified(0, 0, START, Outcome.SENT)
    kept = {(f"T-1/finding:status/{n}", "operations"): sent for n in range(1, 30)}
    kept |= {("T-1/first_response/1", "owner"): sent, ("T-1/age/1", "executive"): sent}
    assert list(outlived(kept, [])) == []


# ------------------------------------------------------------------ the item


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        desk = Desk(policy(rule("r", resolution(8 * HOUR))))
        desk.tick(iso(START))
        yield desk


def stored(desk: Desk) -> Mapping[str, Any]:
    item: Mapping[str, Any] = desk.parts.watch.items.read("C#T-1", "W") or {}
    return item


def test_the_item_of_a_case_that_flaps_stays_as_small_as_it_was(desk: Desk) -> None:
    desk.put(iso(START), created_at=START, status="New", updated_at=START)
    now = START + 9 * HOUR
    desk.tick(iso(now))
    sizes = []
    for _ in range(24):
        for status in ("Resolved", "Open"):
            now += 600
            desk.put(iso(now), created_at=START, status=status, updated_at=now)
            desk.tick(iso(now + 5))
        sizes.append(len(stored(desk)["reached"]["M"]))
    assert max(sizes[16:]) <= max(sizes[8:16])
    assert max(sizes) <= (KEPT_CYCLES + 2) * TOLD_OF_ONE


def full(desk: Desk) -> None:
    """Fills the item with what some three hundred reopenings left before it was bounded."""
    item = dict(stored(desk))
    sent = LastNotified(3, 0, START + 10, Outcome.SENT)
    recipients = ["owner", "owner-urgent", "team-lead", "team-lead-urgent", "manager", "executive"]
    names = (
        (f"T-0/{clock}/{n}", to)
        for n in range(2, 999)
        for clock in ("resolution", "cleared")
        for to in recipients
    )
    reached, room = dict(item["reached"]["M"]), ITEM - 600 - len(str(item))
    for key in names:
        room -= (
            16
            + 3
            + sum(len(name) + len(str(each)) for name, each in reached_map(*key, sent).items())
            + 6
        )
        if room < 0:
            break
        reached[reached_name(*key)] = attribute(reached_map(*key, sent))
    desk.dynamodb.put_item(
        TableName=desk.parts.settings.watch_table, Item={**item, "reached": {"M": reached}}
    )


def test_a_case_whose_item_is_full_is_told_as_any_other_and_gets_smaller(desk: Desk) -> None:
    desk.put(iso(START), created_at=START, status="New", updated_at=START)
    desk.tick(iso(START + 9 * HOUR))
    desk.sent()
    full(desk)
    before = len(stored(desk)["reached"]["M"])
    seen = []
    for hour in (12, 13, 24, 36, 60):
        result = desk.tick(iso(START + hour * HOUR + 60))
        assert (result.put_back, result.put_off) == (0, 0), result.problem
        seen += [(topic, body["alerts"][0]["id"]) for topic, body in desk.sent()]
    assert len(seen) == len(set(seen)), "each once"
    assert {topic for topic, _ in seen} >= {"manager", "executive"}
    assert len(stored(desk)["reached"]["M"]) <= before - MOST_TAKEN_OUT


def test_a_change_of_a_ticket_whose_item_is_full_is_taken_in(desk: Desk) -> None:
    desk.put(iso(START), created_at=START, status="New", updated_at=START)
    desk.tick(iso(START + 9 * HOUR))
    full(desk)
    for number in range(4):
        now = START + 10 * HOUR + 60 * number
        desk.put(
            iso(now),
            created_at=START,
            status="New",
            assignee=f"{number} {'x' * 100}",
            updated_at=now,
        )
        assert str(desk.case().facts.latest("T-1", "assignee")).startswith(f"{number} ")
