"""What reports keep in the Watch table, and their look through all cases."""

from __future__ import annotations

from random import randrange
from typing import Any

import pytest

from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.handlers.tokens import RandomTokens
from store.samples import NOW, Store


def test_a_report_is_marked_once_and_anew_for_the_next_period(store: Store) -> None:
    assert store.watch.report_marks.done() == {}
    assert store.watch.report_marks.mark("daily/manager", "2026-11-23")
    assert not store.watch.report_marks.mark("daily/manager", "2026-11-23")
    assert store.watch.report_marks.mark("daily/manager", "2026-11-24")
    assert store.watch.report_marks.mark("weekly/page", "2026-11-23")
    assert store.watch.report_marks.done() == {
        "daily/manager": "2026-11-24",
        "weekly/page": "2026-11-23",
    }


def test_the_lease_of_a_report_keeps_no_tick_from_running(store: Store) -> None:
    assert store.watch.leases.take("a", NOW, NOW + 930, run="report-lease")
    assert not store.watch.leases.take("b", NOW, NOW + 930, run="report-lease")
    assert store.watch.leases.take("c", NOW, NOW + 150)
    assert store.watch.leases.release("a", run="report-lease")
    assert store.watch.leases.take("b", NOW, NOW + 930, run="report-lease")
    assert not store.watch.leases.take("d", NOW, NOW + 150)


def test_only_the_hash_of_a_link_is_stored(store: Store) -> None:
    code = RandomTokens().code()
    store.watch.report_marks.put_link(code, "daily/2026-11-23.html", NOW)
    assert store.watch.report_marks.link(code) == ("daily/2026-11-23.html", NOW)
    assert store.watch.report_marks.link(RandomTokens().code()) is None
    assert code not in str(store.client.scan(TableName=store.names["watch"])["Items"])


def a_case(name: str, facts: int = 10, next_at: int | None = None) -> Case:
    said = [Fact(name, "agent_reply", NOW + second) for second in range(facts)]
    return Case(name, facts=Facts.of([Fact(name, "created", NOW, ""), *said]), next_at=next_at)


def test_every_case_is_seen_once_whole_or_as_damaged(store: Store) -> None:
    kept = [a_case("waits", next_at=NOW), a_case("over"), a_case("long", 5000, NOW)]
    assert all(store.watch.cases.keep(case, ()) for case in kept)
    damaged = {
        "pk": {"S": "C#damaged"},
        "sk": {"S": "W"},
        "next_at": {"N": "1"},
        "due_shard": {"S": "n#0"},
    }
    moved = {"pk": {"S": "C#moved"}, "sk": {"S": "W"}, "moved_to": {"S": "over"}, "rev": {"N": "1"}}
    for item in (damaged, moved):
        store.client.put_item(TableName=store.names["watch"], Item=item)
    store.watch.report_marks.put_link(RandomTokens().code(), "daily/2026-11-23.html", NOW)
    store.watch.state.set_mode("live", NOW)
    assert seen(store, over=True) == {"waits": 11, "over": 11, "long": 5001, "damaged": -1}
    assert seen(store, over=False) == {"waits": 11, "long": 5001, "damaged": -1}


def seen(store: Store, over: bool) -> dict[str, int]:
    """How many facts of each; -1 for a damaged one."""
    found = list(store.watch.cases.every(over))
    sizes = {
        each.case if isinstance(each, DamagedItem) else each.id: facts_of(each) for each in found
    }
    assert len(sizes) == len(found)
    return sizes


def facts_of(each: Case | DamagedItem) -> int:
    return -1 if isinstance(each, DamagedItem) else len(each.facts)


@pytest.fixture
def exact(dynamodb_local: Any, tables: Any) -> Store:
    """DynamoDB Local alone counts units as DynamoDB does."""
    account = f"{randrange(10**11, 10**12)}"
    found: Store = tables[0].store_on(dynamodb_local.client("dynamodb", account=account), tables[1])
    return found


def test_a_look_reads_each_kilobyte_once_and_not_consistently(exact: Store) -> None:
    """1,000 cases of about a kilobyte: an eighth of a read unit each, whether they are over or not."""
    for number in range(1000):
        assert exact.watch.cases.keep(a_case(f"C{number}", 80, NOW if number % 10 else None), ())
    size = sum(len(key) + len(str(value)) for key, value in exact.stored("C#C1").items())
    assert 700 < size < 1500, "what the units below are of"
    units: list[float] = []
    exact.client.meta.events.register(
        "provide-client-params.dynamodb.Scan", lambda params, **_: ask(params)
    )
    exact.client.meta.events.register(
        "after-call.dynamodb.Scan",
        lambda parsed, **_: units.append(parsed["ConsumedCapacity"]["CapacityUnits"]),
    )
    assert len(list(exact.watch.cases.every(over=False))) == 900
    assert sum(units) <= 1000 * size / 4096 / 2 * 1.2


def ask(params: dict[str, Any]) -> dict[str, Any]:
    return {**params, "ReturnConsumedCapacity": "TOTAL"}
