"""The help desk's table as the watchdog reads it: any key, any shape, any size, nothing left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sla_watchdog.adapters.dynamodb.table import StoreBusyError
from sla_watchdog.domain.policy.model import Source
from store.samples import Store


def put(store: Store, *tickets: dict[str, Any], table: str | None = None) -> None:
    for ticket in tickets:
        store.client.put_item(TableName=table or store.names["tickets"], Item=ticket)


def ticket(name: str, **attributes: Any) -> dict[str, Any]:
    return {"ticket_id": {"S": name}, "status": {"S": "New"}, **attributes}


def test_records_are_read_in_their_own_shape(store: Store) -> None:
    put(
        store,
        ticket(
            "T1",
            n={"N": "1.50"},
            tags={"SS": ["b", "a"]},
            requester={"M": {"org": {"M": {"tier": {"S": "x"}}}}},
        ),
        ticket(
            "T2",
            raw={"B": b"\x00\xff"},
            none={"NULL": True},
            history={"L": [{"M": {"at": {"N": "7"}}}]},
        ),
    )
    assert store.tickets().read(["T2", "T1", "T2", "T3"]) == {
        "T1": {
            "ticket_id": "T1",
            "status": "New",
            "n": Decimal("1.50"),
            "tags": frozenset({"a", "b"}),
            "requester": {"org": {"tier": "x"}},
        },
        "T2": {
            "ticket_id": "T2",
            "status": "New",
            "raw": b"\x00\xff",
            "none": None,
            "history": [{"at": 7}],
        },
    }


def test_no_ticket_is_read_where_none_is_asked_for(store: Store) -> None:
    assert store.tickets().read([]) == {}


@pytest.mark.parametrize(
    "name", ["", "x" * 2049, "Ω" * 1025], ids=["empty", "too long", "too long in bytes"]
)
def test_an_id_that_no_key_holds_is_absent_and_fails_no_other(store: Store, name: str) -> None:
    put(store, ticket("T1"), ticket("y" * 2048))
    assert set(store.tickets().read([name, "T1", "y" * 2048])) == {"T1", "y" * 2048}


def test_long_descriptions_are_read_to_the_last_ticket_and_cut(store: Store) -> None:
    """60 tickets of 300 KB: more than one answer takes (16 MB), and more than one page of a scan (1
    MB).
    """
    names = [f"T{number:02d}" for number in range(60)]
    notes = {"L": [{"M": {"text": {"S": "n" * 5000}}}]}
    put(
        store, *(ticket(name, description={"S": name[-1] * 300_000}, notes=notes) for name in names)
    )
    found = store.tickets().read(names)
    assert sorted(found) == names
    assert all(found[name]["description"] == name[-1] * 4096 for name in names)
    assert found["T00"]["notes"] == [{"text": "n" * 4096}]
    assert sorted(scanned(store, 0, 1)) == names
    assert sorted([*scanned(store, 0, 3), *scanned(store, 1, 3), *scanned(store, 2, 3)]) == names


def scanned(store: Store, segment: int, of: int) -> list[object]:
    tickets, start = store.tickets(), None
    found = []
    while True:
        records, start = tickets.page(segment, of, start)
        assert all(len(str(record["description"])) == 4096 for record in records)
        found += [record["ticket_id"] for record in records]
        if start is None:
            return found


# ---------------------------------------------------------------- keys of other shapes


def table_with(store: Store, **keys: str) -> str:
    """A table whose key attributes have these types, the hash key first."""
    store.client.create_table(
        TableName="theirs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": n, "AttributeType": kind} for n, kind in keys.items()
        ],
        KeySchema=[
            {"AttributeName": n, "KeyType": role}
            for n, role in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    )
    store.names["tickets"] = "theirs"
    return "theirs"


def test_composite_keys_are_made_of_their_templates(store: Store) -> None:
    table = table_with(store, pk="S", sk="S")
    put(
        store,
        {"pk": {"S": "TICKET#7"}, "sk": {"S": "META"}},
        {"pk": {"S": "TICKET#7"}, "sk": {"S": "NOTE#1"}},
        table=table,
    )
    tickets = store.tickets(Source(key={"pk": "TICKET#{ticket_id}", "sk": "META"}))
    assert tickets.read(["7", "8"]) == {"7": {"pk": "TICKET#7", "sk": "META"}}


def test_a_sort_key_longer_than_one_may_be_is_absent(store: Store) -> None:
    table = table_with(store, pk="S", sk="S")
    put(store, {"pk": {"S": "T"}, "sk": {"S": "7"}}, table=table)
    assert set(
        store.tickets(Source(key={"pk": "T", "sk": "{ticket_id}"})).read(["7", "x" * 1025])
    ) == {"7"}


def test_number_keys_are_learned_from_the_tables_refusal(atomic_store: Store) -> None:
    """moto refuses no type of key."""
    store, table = atomic_store, table_with(atomic_store, number="N")
    there = ["7", "-3", "0", "200", "20260302.1", "-0.05", "9" * 38, "1" + "0" * 37]
    put(store, *({"number": {"N": n}, "status": {"S": "New"}} for n in there), table=table)
    tickets = store.tickets(Source(key={"number": "{ticket_id}"}))
    wanted = [*there, "12", "007", "1e3", "1.50", "1.", "-0", "Ω7", "", "9" * 39]
    for _ in range(2):
        found = tickets.read(wanted)
        assert {name: record["number"] for name, record in found.items()} == {
            name: Decimal(name) for name in there
        }
    assert tickets.read(["Ω7"]) == {}


def test_a_fraction_alone_tells_that_the_keys_are_numbers(atomic_store: Store) -> None:
    table = table_with(atomic_store, number="N")
    put(atomic_store, {"number": {"N": "20260302.1"}}, table=table)
    assert set(
        atomic_store.tickets(Source(key={"number": "{ticket_id}"})).read(["20260302.1"])
    ) == {"20260302.1"}


@pytest.mark.parametrize("name", ["T1", "1"])
def test_a_mistaken_source_is_an_error_and_not_an_empty_table(
    atomic_store: Store, name: str
) -> None:
    """Else every ticket would count as deleted. moto refuses no name of a key."""
    put(atomic_store, ticket("T1"))
    tickets = atomic_store.tickets(Source(key={"id": "{ticket_id}"}))
    for _ in range(2):
        with pytest.raises(ClientError, match="ValidationException"):
            tickets.read([name])


# ---------------------------------------------------------------- parts left undone


class Reluctant:
    """Answers of BatchGetItem, and requests of BatchWriteItem, of which DynamoDB leaves something
    out.
    """

    def __init__(self, store: Store, *does: int) -> None:
        """`does`: how many keys each call in turn does; later calls do all."""
        self._table = store.names["tickets"]
        self._does = list(does)
        self.calls = 0
        store.client.meta.events.register("provide-client-params.dynamodb.BatchGetItem", self._cut)
        store.client.meta.events.register("after-call.dynamodb.BatchGetItem", self._leave)
        self._left: list[Any] = []

    def _cut(self, params: dict[str, Any], **_: object) -> dict[str, Any]:
        self.calls += 1
        keys = params["RequestItems"][self._table]["Keys"]
        takes = self._does.pop(0) if self._does else len(keys)
        self._left = keys[takes:]
        wanted = {**params["RequestItems"][self._table], "Keys": keys[: max(takes, 1)]}
        self._nothing = takes == 0
        return {**params, "RequestItems": {self._table: wanted}}

    def _leave(self, parsed: dict[str, Any], **_: object) -> None:
        if self._nothing:
            parsed["Responses"] = {self._table: []}
        if self._left:
            parsed["UnprocessedKeys"] = {self._table: {"Keys": self._left, "ConsistentRead": True}}


def test_keys_left_out_are_asked_for_again_until_all_are_read(store: Store) -> None:
    names = [f"T{number}" for number in range(120)]
    put(store, *map(ticket, names))
    reluctant = Reluctant(store, 60, 0, 0, 10)
    assert set(store.tickets().read(names)) == set(names)
    assert reluctant.calls == 6
    assert len(store.pauses) == 2


def test_a_table_that_answers_nothing_at_all_is_busy(store: Store) -> None:
    put(store, ticket("T1"))
    reluctant = Reluctant(store, *[0] * 99)
    with pytest.raises(StoreBusyError, match="1 items of tickets could not be read"):
        store.tickets().read(["T1"])
    assert reluctant.calls < 10
    assert sum(store.pauses) < 5


def test_every_read_but_the_index_and_the_scan_is_consistent(store: Store) -> None:
    seen: dict[str, object] = {}

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        tables = params.get("RequestItems", {"": params})
        seen[model.name] = {table.get("ConsistentRead") for table in tables.values()}

    store.client.meta.events.register("provide-client-params.dynamodb", note)
    store.tickets().read(["T1"])
    assert seen == {"BatchGetItem": {True}}
    store.watch.cases.read(["T1"])
    store.watch.digests.is_sent("d1", "t1")
    store.audit.of_case("T1")
    assert seen == {"BatchGetItem": {True}, "GetItem": {True}, "Query": {True}}
