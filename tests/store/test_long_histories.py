"""A case with 20,000 updates: its item stays small, what is sealed is written once, and nothing is
forgotten.
"""

from __future__ import annotations

from collections import Counter
from random import randrange
from typing import Any

import pytest
from attrs import evolve

from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.dynamodb.facts_text import facts_in
from sla_watchdog.adapters.dynamodb.sealing import LongCase, joined
from sla_watchdog.adapters.dynamodb.watch import WatchStores
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.tickets.facts import Fact, Facts
from store.conftest import Tables
from store.samples import LEASE, NOW, Store, a_case, an_entry, reached_by
from store.test_round_trip import size_of

UPDATES = 20_000


def updates(start: int, end: int, ticket: str = "T1") -> list[Fact]:
    """Replies of both sides and changes of status in turn."""
    kinds = (
        ("agent_reply", "Kim Öztürk"),
        ("customer_reply", ""),
        ("status", "Open"),
        ("status", "Waiting"),
    )
    made = []
    for number in range(start, end):
        field, value = kinds[number % 4]
        made.append(Fact(ticket, field, NOW + 613 * number, value))
    return made


def notified(store: Store, *facts: Fact, name: str = "T1") -> Case:
    """The case with more facts, kept as `track` does."""
    case = store.case(name)
    assert store.watch.cases.keep(evolve(case, facts=Facts.of([*case.facts, *facts])), [])
    return store.case(name)


def long_case(store: Store, name: str = "T1", facts: int = 3000) -> Case:
    case = a_case(name)
    return store.kept(evolve(case, facts=Facts.of([*case.facts, *updates(0, facts, name)])))


def sealed(store: Store, name: str = "T1") -> list[dict[str, Any]]:
    items = store.client.scan(TableName=store.names["watch"], ConsistentRead=True)["Items"]
    parts = [
        item
        for item in items
        if item["pk"]["S"] == f"C#{name}" and item["sk"]["S"].startswith("F#")
    ]
    return sorted(parts, key=lambda item: int(item["sk"]["S"][2:]))


def test_a_case_grows_to_20000_updates_and_its_items_stay_small(store: Store) -> None:
    store.kept()
    for start in range(0, UPDATES, 2000):
        case = notified(store, *updates(start, start + 2000))
        assert size_of(store.stored("C#T1")) < 64 * 1024
    parts = sealed(store)
    assert set(case.facts) == {*a_case().facts, *updates(0, UPDATES)}
    assert len(parts) > 3
    assert max(map(size_of, parts)) < 350 * 1024


def test_what_is_sealed_is_never_written_again(store: Store) -> None:
    long_case(store)
    before = sealed(store)
    for start in range(3000, 5000, 200):
        notified(store, *updates(start, start + 200))
    assert sealed(store)[: len(before)] == before
    assert len(sealed(store)) > len(before)


def test_a_history_that_is_long_at_first_sight_is_kept_at_once(store: Store) -> None:
    case = long_case(store, facts=UPDATES)
    assert len(case.facts) == UPDATES + len(a_case().facts)
    assert size_of(store.stored("C#T1")) < 64 * 1024


def test_one_update_of_a_long_case_writes_its_own_item_alone(store: Store) -> None:
    long_case(store)
    calls = counting(store)
    notified(store, *updates(3000, 3001))
    assert calls == {"BatchGetItem": 4, "UpdateItem": 1}, "two reads of two batches, and one write"


def test_an_ordinary_case_costs_no_second_read(store: Store) -> None:
    store.kept()
    calls = counting(store)
    store.case()
    assert calls == {"BatchGetItem": 1}


def counting(store: Store) -> Counter[str]:
    calls: Counter[str] = Counter()
    store.client.meta.events.register(
        "before-call.dynamodb.*", lambda model, **_: calls.update([model.name])
    )
    return calls


def test_a_fact_that_is_sealed_is_not_written_again(store: Store) -> None:
    case = long_case(store)
    own = facts_in(store.stored("C#T1")["facts"]["S"])
    notified(store, *updates(0, 1500))
    assert set(facts_in(store.stored("C#T1")["facts"]["S"])) == set(own)
    assert store.case().facts == case.facts


def test_a_late_fact_of_long_ago_is_kept(store: Store) -> None:
    long_case(store)
    late = Fact("T1", "status", NOW - 5000, "Waiting")
    notified(store, late)
    notified(store, *updates(3000, 4500))
    assert late in set(store.case().facts)


def test_a_fact_longer_than_the_item_may_be_is_sealed_by_itself(store: Store) -> None:
    """As long as any value may be: 250 words of 250 letters."""
    store.kept()
    tags = tuple(f"{number:03d}".ljust(250, "ö") for number in range(250))
    case = notified(store, Fact("T1", "tags", NOW, tags))
    assert Fact("T1", "tags", NOW, tags) in set(case.facts)
    assert size_of(store.stored("C#T1")) < 64 * 1024


def test_claims_and_settlements_leave_the_sealed_facts_alone(store: Store) -> None:
    case, entry = long_case(store), an_entry()
    claimed = store.watch.outbox.claim(case, {entry.key: entry}, NOW + LEASE, urgent=False)
    assert claimed is not None
    store.watch.outbox.settle(
        claimed, entry.key, entry.token, reached_by(entry), [], NOW + 5, False, NOW
    )
    assert store.case().facts == case.facts
    assert store.case().reached == reached_by(entry)


def test_two_long_cases_are_joined_and_their_sealed_facts_stay_where_they_are(store: Store) -> None:
    old, young = long_case(store, "T1"), long_case(store, "T2")
    before = sealed(store, "T1"), sealed(store, "T2")
    assert store.watch.linked_cases.link(joined(young, old), [young], [])
    assert (sealed(store, "T1")[: len(before[0])], sealed(store, "T2")) == before
    assert store.case("T2").facts == old.facts | young.facts
    later = notified(store, *updates(3000, 4500, "T2"), name="T2")
    assert set(later.facts) == {*old.facts, *young.facts, *updates(3000, 4500, "T2")}


def test_an_ordinary_case_takes_in_a_long_one(store: Store) -> None:
    old, young = store.kept(a_case("T1")), long_case(store, "T2")
    assert store.watch.linked_cases.link(joined(old, young), [young], [])
    found = store.case("T1")
    assert isinstance(found, LongCase)
    assert (found.id, found.facts) == ("T1", old.facts | young.facts)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        pytest.param(None, "F#1: missing", id="missing"),
        pytest.param({"facts": {"S": "{"}}, "F#1: facts cannot be read", id="damaged"),
        pytest.param(
            {"sealed": {"M": {"T1": {"S": "x"}}}}, "sealed.T1 is no whole number", id="count"
        ),
        pytest.param(
            {"sealed": {"M": {"T1": {"N": "1000000000"}}}},
            "sealed counts 1000000000",
            id="far-too-many",
        ),
    ],
)
def test_a_sealed_item_that_cannot_be_read_is_damage(
    store: Store, damage: dict[str, Any] | None, reason: str
) -> None:
    long_case(store)
    store.kept(a_case("T0"))
    if damage is None:
        store.client.delete_item(
            TableName=store.names["watch"], Key=typed({"pk": "C#T1", "sk": "F#1"})
        )
    else:
        store.put(store.stored("C#T1", "W" if "sealed" in damage else "F#1") | damage)
    found = store.watch.cases.read(["T0", "T1"])
    assert isinstance(found["T0"], Case)
    assert isinstance(found["T1"], DamagedItem)
    assert reason in found["T1"].reason


def test_a_sealed_item_is_not_written_over(store: Store) -> None:
    """Nobody writes one but with the item that counts it; if one is there nevertheless, nothing is
    lost.
    """
    case = a_case()
    store.put(typed({"pk": "C#T1", "sk": "F#1", "facts": "{}"}))
    assert not store.watch.cases.keep(evolve(case, facts=case.facts | updates(0, 3000)), [])
    assert store.stored("C#T1") == {}


# ---------------------------------------------------------------- what an update costs


@pytest.fixture
def exact(dynamodb_local: Any, tables: tuple[Tables, dict[str, str]]) -> Store:
    """DynamoDB Local alone counts units as DynamoDB does."""
    return tables[0].store_on(
        dynamodb_local.client("dynamodb", account=f"{randrange(10**11, 10**12)}"), tables[1]
    )


@pytest.mark.parametrize(
    ("facts", "reads", "writes"),
    [pytest.param(200, 2, 7, id="200-facts"), pytest.param(UPDATES, 26, 17, id="20000-facts")],
)
def test_what_an_update_costs_does_not_grow_with_the_history(
    exact: Store, facts: int, reads: int, writes: int
) -> None:
    """The read grows with the facts; the write does not, beyond 16 KB and what else is in the item."""
    name = f"T{facts}"
    long_case(exact, name, facts)
    spent = units(exact)
    watch: WatchStores = exact.watch
    costs = []
    for number in range(facts, facts + 100):
        spent.clear()
        case = watch.cases.read([name])[name]
        assert isinstance(case, Case)
        assert watch.cases.keep(
            evolve(case, facts=case.facts | updates(number, number + 1, name)), []
        )
        costs.append((spent["read"], spent["write"]))
    usual = sorted(costs)[len(costs) // 2]
    assert usual[0] <= reads
    assert usual[1] <= writes


def units(store: Store) -> Counter[str]:
    """Read and write units, from now on."""
    spent: Counter[str] = Counter()
    kinds = {"BatchGetItem": "read", "UpdateItem": "write", "TransactWriteItems": "write"}

    def count(parsed: dict[str, Any], model: Any, **_: object) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        for each in consumed if isinstance(consumed, list) else [consumed]:
            spent[kinds[model.name]] += each["CapacityUnits"]

    def ask(params: dict[str, Any], **_: object) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    for name in kinds:
        store.client.meta.events.register(f"provide-client-params.dynamodb.{name}", ask)
        store.client.meta.events.register(f"after-call.dynamodb.{name}", count)
    return spent
