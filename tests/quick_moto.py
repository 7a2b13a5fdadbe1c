"""moto answers as ever, sooner: what it looks up again for each value, node and call is looked up
once.

Half of the time of the tests passes inside moto. Each change here returns what moto's own code
returns; where the release of moto has nothing of that name any more, it says so.
tests/build/test_of_the_tests.py compares.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from moto.core import responses
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser

Members = Callable[[BaseJSONSerializer, Any, Any, Any, str], None]


def install() -> None:
    """Once per process."""
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
