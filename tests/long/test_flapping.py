"""A ticket that is reopened again and again: what is kept of it is bounded, and nothing is judged
otherwise for it. For its item see component/test_item_of_a_flapping_case.py.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from building import HOUR, at, policy, resolution, rule
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome
from sla_watchdog.domain.escalation.dropped_notifications import KEPT_CYCLES, dropped
from sla_watchdog.domain.escalation.notifications import notified_at
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts

START = at("2026-03-02T00:00")
Notification = Mapping[tuple[str, str], LastNotified]
TOLD_OF_ONE = 20
"""Series of one ticket: two or three clocks, told to half a dozen recipients."""


def with_told(reached: Notification, new: Notification) -> Notification:
    gone = set(dropped(reached, new))
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
    assert list(dropped(kept, [])) == []
