"""The audit: every decision once, in order, whatever its alert is called."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Outcome
from sla_watchdog.errors import Unavailable
from store.samples import NOW, Store

ITEM = AuditItem(
    "T1",
    NOW,
    "T1/resolution/1/0/0/owner",
    Outcome.SENT,
    "due",
    {"topic": "owner", "message_id": "m"},
)


def test_decisions_are_read_back_oldest_first(store: Store) -> None:
    items = [
        evolve(ITEM, at=NOW + age, outcome=outcome)
        for age, outcome in zip((9, -(10**9), 0, 5, 3, 7, 1, 10**9), Outcome, strict=True)
    ]
    store.audit.put([*items, evolve(ITEM, case="T11")])
    assert store.audit.of_case("T1") == sorted(items, key=lambda item: item.at)
    assert store.audit.of_case("T") == []


def test_a_decision_put_twice_is_there_once(store: Store) -> None:
    store.audit.put([ITEM, ITEM])
    store.audit.put([ITEM])
    assert store.audit.of_case("T1") == [ITEM]


def test_more_decisions_than_one_call_takes_are_written(store: Store) -> None:
    items = [evolve(ITEM, alert_id=f"T1/resolution/1/{n:03d}/0/owner") for n in range(130)]
    store.audit.put(items)
    assert store.audit.of_case("T1") == items
    store.audit.put([])


def test_pages_of_decisions_are_read_to_the_end(store: Store) -> None:
    """1.5 MB of reasons: two pages."""
    items = [evolve(ITEM, at=NOW + n, reason=f"{n}" * 10_000) for n in range(10, 60)]
    items += [evolve(ITEM, at=NOW + n, reason=f"{n}" * 10_000) for n in range(60, 85)]
    store.audit.put(items)
    assert store.audit.of_case("T1") == items


@pytest.mark.parametrize(
    "name", ["x" * 3000, "Ω" * 700, "#/" * 600], ids=["long", "long in bytes", "signs"]
)
def test_an_id_too_long_for_a_key_is_kept_whole(store: Store, name: str) -> None:
    items = [evolve(ITEM, alert_id=f"{name}/{level}/0/owner") for level in range(2)]
    store.audit.put(items)
    assert sorted(store.audit.of_case("T1"), key=lambda item: item.alert_id) == items


class Reluctant:
    """DynamoDB, which writes only so many items of each call in turn, and then all."""

    def __init__(self, store: Store, *does: int) -> None:
        self._table = store.names["audit"]
        self._does = list(does)
        self._left: list[Any] = []
        self.calls = 0
        store.client.meta.events.register(
            "provide-client-params.dynamodb.BatchWriteItem", self._cut
        )
        store.client.meta.events.register("after-call.dynamodb.BatchWriteItem", self._leave)

    def _cut(self, params: dict[str, Any], **_: object) -> dict[str, Any]:
        self.calls += 1
        requests = params["RequestItems"][self._table]
        takes = self._does.pop(0) if self._does else len(requests)
        self._left = requests[takes:]
        return {**params, "RequestItems": {self._table: requests[: max(takes, 1)]}}

    def _leave(self, parsed: dict[str, Any], **_: object) -> None:
        if self._left:
            parsed["UnprocessedItems"] = {self._table: self._left}


def test_items_left_out_are_written_again_until_all_are_there(store: Store) -> None:
    items = [evolve(ITEM, alert_id=f"T1/resolution/1/{n:03d}/0/owner") for n in range(40)]
    reluctant = Reluctant(store, 10, 0, 5)
    store.audit.put(items)
    assert store.audit.of_case("T1") == items
    assert (reluctant.calls, len(store.pauses)) == (5, 1)


def test_a_table_that_takes_nothing_is_busy(store: Store) -> None:
    Reluctant(store, *[0] * 99)
    with pytest.raises(Unavailable, match="1 items of audit could not be written"):
        store.audit.put([ITEM])
