"""What a change costs in requests: counted, so that docs/costs.md is not a guess."""

from __future__ import annotations

from collections import Counter

import pytest

from building import MON, at
from desk import NEW, Desk
from sla_watchdog.usecases.track.change import Change


def counting(desk: Desk) -> Counter[str]:
    """Counts every request from now on, by the name of its operation."""
    calls: Counter[str] = Counter()
    for client in (desk.dynamodb, desk.sns, desk.parts.queue.client):
        client.meta.events.register(
            "before-call.*.*", lambda model, **_: calls.update([model.name])
        )
    return calls


def test_a_tick_with_nothing_due_is_sixteen_queries_three_reads_and_the_lease(desk: Desk) -> None:
    for number in range(20):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    calls = counting(desk)
    desk.tick(f"{MON}T00:05")
    assert calls == {"Query": 16, "GetItem": 3, "UpdateItem": 2}


def test_a_message_is_a_claim_a_publish_and_a_transaction_and_a_tick_reads_the_silences_and_counts_once(
    desk: Desk,
) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    calls = counting(desk)
    desk.tick(f"{MON}T06:00")
    assert calls - Counter({"Query": 16, "GetItem": 3, "UpdateItem": 2}) == {
        "BatchGetItem": 3,
        "UpdateItem": 2,
        "Publish": 1,
        "TransactWriteItems": 1,
    }


@pytest.mark.parametrize(
    ("status", "requests"),
    [
        pytest.param(
            "Waiting",
            {"BatchGetItem": 2, "UpdateItem": 1},
            id="something-new-one-read-one-write-and-the-silences-once",
        ),
        pytest.param("New", {"BatchGetItem": 1}, id="nothing-new-one-read"),
    ],
)
def test_a_change_of_a_ticket_costs_a_write_only_when_it_says_something_new(
    desk: Desk, status: str, requests: dict[str, int]
) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    tracker, now = desk.parts.tracker(at(f"{MON}T02:00")), at(f"{MON}T02:00")
    calls = counting(desk)
    tracker.track(
        [Change({"ticket_id": "T-1"}, {"ticket_id": "T-1", **NEW, "status": status}, now, "99")],
        now,
    )
    assert calls == requests


def test_a_ticket_that_is_linked_costs_one_transaction_and_two_reads_more(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    record = {"ticket_id": "T-2", **NEW, "merged_into": "T-1"}
    tracker, now = desk.parts.tracker(at(f"{MON}T02:00")), at(f"{MON}T02:00")
    calls = counting(desk)
    tracker.track([Change({"ticket_id": "T-2"}, record, now, "99")], now)
    any_new_ticket = Counter({"BatchGetItem": 3, "UpdateItem": 1})  # one asks who quoted it before
    assert calls - any_new_ticket == {
        "BatchGetItem": 2,
        "TransactWriteItems": 1,
    }


def test_a_tick_reads_what_is_linked_as_it_reads_any_other_case(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.put(f"{MON}T00:00", "T-2", **NEW, merged_into="T-1")
    calls = counting(desk)
    desk.tick(f"{MON}T06:00")
    assert calls["BatchGetItem"] == 3
