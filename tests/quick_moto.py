"""moto answers as ever, sooner: what it looks up again for each value, node and call is looked up
once, and of a table it takes in hand only the items that are asked for.

Half of the time of the tests passes inside moto. Each change here returns what moto's own code
returns; where the release of moto has nothing of that name any more, it says so.
tests/build/test_of_the_tests.py compares.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable
from functools import cache, wraps
from string import ascii_letters, digits
from threading import local
from typing import Any

import botocore.session
from moto import backend_index
from moto.core import responses
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend, Item, Table
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.utilities import bytesize
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser
from moto.moto_api._internal.moto_random import MotoRandom

Members = Callable[[BaseJSONSerializer, Any, Any, Any, str], None]
Keys = frozenset[tuple[str, DynamoType, DynamoType | None]]
"""Of items: the table, the hash key and, where there is one, the range key."""

OFTEN = ("dynamodb", "sns", "sqs")
"""The services that nearly every call is of."""


def install() -> None:
    """Once per process."""
    botocore.session.create_loader = cache(botocore.session.create_loader)
    backend_index.backend_url_patterns.sort(key=lambda service: service[0] not in OFTEN)
    MotoRandom.get_random_string = _drawn_at_once(MotoRandom.get_random_string)
    DynamoDBBackend.transact_write_items = _to_be_undone_where_it_writes(
        DynamoDBBackend.transact_write_items
    )
    DynamoType.to_regular_json = _copied_once(DynamoType.to_regular_json)
    DynamoType.size = _weighed_once(DynamoType.size)
    Table.query = _among_those_of_the_key(Table.query)
    responses.method_names_from_class = cache(responses.method_names_from_class)
    DepthFirstTraverser.nodes_to_be_processed = _once_a_class(
        DepthFirstTraverser.nodes_to_be_processed
    )
    BaseJSONSerializer._serialize_type_structure = _said_members_alone(
        BaseJSONSerializer._serialize_type_structure
    )


def _once_a_class(nodes: Callable[[Any], tuple[type, ...]]) -> Callable[[Any], tuple[type, ...]]:
    known: dict[type, tuple[type, ...]] = {}

    @wraps(nodes)
    def quick(traverser: Any) -> tuple[type, ...]:
        if type(traverser) not in known:
            known[type(traverser)] = nodes(traverser)
        return known[type(traverser)]

    return quick


def _said_members_alone(slow: Members) -> Members:
    """Of an attribute's ten possible types, the one it has; moto looks for each of the others under
    six names.
    """

    @wraps(slow)
    def quick(serializer: BaseJSONSerializer, into: Any, value: Any, shape: Any, key: str) -> None:
        if (
            shape.name != "AttributeValue"
            or not key
            or type(value) is not dict
            or not value.keys() <= shape.members.keys()
        ):
            return slow(serializer, into, value, shape, key)
        typed = serializer.MAP_TYPE()
        for kind, content in value.items():
            if content is not None:
                serializer._serialize(typed, content, shape.members[kind], kind)
        return serializer._default_serialize(into, typed, shape, key)

    return quick


def _copied_once(slow: Callable[[DynamoType], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """An attribute as it is sent; moto copies a map within a map once for every map around it."""

    @wraps(slow)
    def quick(said: DynamoType) -> dict[str, Any]:
        if said.type == "M":
            return {"M": {name: each.to_regular_json() for name, each in said.value.items()}}
        if said.type == "L":
            return {"L": [each.to_regular_json() for each in said.value]}
        return {said.type: said.value} if said.type in ("S", "N", "BOOL", "NULL") else slow(said)

    return quick


def _weighed_once(slow: Callable[[DynamoType], int]) -> Callable[[DynamoType], int]:
    """The size of a map; moto makes all that is in it anew before it looks."""

    @wraps(slow)
    def quick(said: DynamoType) -> int:
        if said.type != "M":
            return slow(said)
        return sum(bytesize(name) + each.size() for name, each in said.value.items())

    return quick


def _drawn_at_once(slow: Callable[..., str]) -> Callable[..., str]:
    """The id of each answer, 52 letters."""

    @wraps(slow)
    def quick(
        random: MotoRandom, length: int = 20, include_digits: bool = True, lower_case: bool = False
    ) -> str:
        pool = ascii_letters + digits if include_digits else ascii_letters
        drawn = "".join(random.choices(pool, k=length))
        return drawn.lower() if lower_case else drawn

    return quick


def _among_those_of_the_key(slow: Callable[..., Any]) -> Callable[..., Any]:
    """A query looks through the items that have its key, not through all, sorted; it sorts what it
    found anyway.
    """

    @wraps(slow)
    def quick(table: Table, hash_key: DynamoType | None, *rest: Any, **named: Any) -> Any:
        index = rest[6] if len(rest) > 6 else named.get("index_name")
        wanted = named.get("hash_key_conditions") or []
        if not index:
            of_key = table.items.get(hash_key, {}) if table.range_key_attr else None
            found = None if of_key is None else list(of_key.values())
        elif all(value.type == "S" for _, value in wanted):
            found = [item for item in _all(table) if all(_has(item, *each) for each in wanted)]
        else:
            found = None
        if found is None:
            return slow(table, hash_key, *rest, **named)
        narrow = copy.copy(table)
        narrow.all_items = lambda: found
        return slow(narrow, hash_key, *rest, **named)

    return quick


def _all(table: Table) -> list[Item]:
    if not table.range_key_attr:
        return list(table.items.values())
    return [item for of_key in table.items.values() for item in of_key.values()]


def _has(item: Item, name: str, value: DynamoType) -> bool:
    said = item.attrs.get(name)
    return said is not None and said.type == value.type and said.value == value.value


_transaction = local()
"""`writes`, in a thread that is in a transaction: the keys of all that it may change."""


def _to_be_undone_where_it_writes(slow: Callable[..., None]) -> Callable[..., None]:
    """Before each transaction moto copies all that is in its tables, to undo it if it fails; what
    the transaction does not touch needs no copy.
    """

    @wraps(slow)
    def quick(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        _transaction.writes = _written(backend, transact_items)
        try:
            slow(backend, transact_items)
        finally:
            del _transaction.writes

    Table.__deepcopy__ = _copied
    return quick


def _written(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> Keys:
    found = set()
    for operation in (each for item in transact_items for each in item.values()):
        table = backend.tables.get(operation.get("TableName"))
        key = operation.get("Key") or operation.get("Item") or {}
        if table is not None and table.hash_key_attr in key:
            ranged = table.range_key_attr in key
            found.add(
                (
                    table.name,
                    DynamoType(key[table.hash_key_attr]),
                    DynamoType(key[table.range_key_attr]) if ranged else None,
                )
            )
    return frozenset(found)


def _copied(table: Table, memo: dict[int, Any]) -> Table:
    """The whole of it, but for a transaction: then other items are shared with it."""
    result = copy.copy(table)
    memo[id(table)] = result
    keys = getattr(_transaction, "writes", None)
    if keys is None or table.stream_shard is not None:
        vars(result).update(
            {name: copy.deepcopy(value, memo) for name, value in vars(table).items()}
        )
        return result
    result.items = defaultdict(dict)
    for hash_key, of_key in table.items.items():
        result.items[hash_key] = dict(of_key) if table.range_key_attr else of_key
    for name, hash_key, range_key in keys:
        if name == table.name and hash_key in table.items:
            of_key = result.items[hash_key]
            if not table.range_key_attr:
                result.items[hash_key] = copy.deepcopy(of_key, memo)
            elif range_key in of_key:
                of_key[range_key] = copy.deepcopy(of_key[range_key], memo)
    return result
