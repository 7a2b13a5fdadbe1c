"""The item of a ticket that is reopened again and again stays small; for what is judged of it see
long/test_flapping.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from moto import mock_aws

from building import HOUR, iso, policy, resolution, rule
from desk import Desk
from long.test_flapping import START, TOLD_OF_ONE
from sla_watchdog.adapters.dynamodb.attributes import attribute
from sla_watchdog.adapters.dynamodb.case_item import reached_map, reached_name
from sla_watchdog.adapters.dynamodb.case_writes import MOST_TAKEN_OUT
from sla_watchdog.domain.escalation.case import LastNotified, Outcome
from sla_watchdog.domain.escalation.dropped_notifications import KEPT_CYCLES

ITEM = 400 * 1024


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
