"""DynamoDB's typed JSON and plain Python values, both ways."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

Attribute = Mapping[str, Any]
"""One typed value as the client and the stream write it: `{"S": "text"}`."""


def _bytes_of(value: str | bytes) -> bytes:
    """A stream's image in a Lambda event holds binary as base64 text; the client gives the
    bytes.
    """
    if isinstance(value, str):
        return base64.b64decode(value)
    return bytes(value)


_READ: Mapping[str, Callable[[Any], object]] = {
    "S": str,
    "N": Decimal,
    "BOOL": bool,
    "NULL": lambda _: None,
    "B": _bytes_of,
    "SS": frozenset,
    "NS": lambda numbers: frozenset(map(Decimal, numbers)),
    "BS": lambda values: frozenset(map(_bytes_of, values)),
    "L": lambda members: [value_of(member) for member in members],
    "M": lambda members: plain(members),  # noqa: PLW0108 # it is defined below
}


def value_of(attribute: Attribute) -> object:
    [(kind, value)] = attribute.items()
    return _READ[kind](value)


def plain(item: Mapping[str, Attribute]) -> dict[str, object]:
    """An item or a stream's image as Python values: numbers are decimals, lists are lists, sets are
    frozen.
    """
    return {name: value_of(attribute) for name, attribute in item.items()}


def attribute(value: object) -> dict[str, Any]:  # noqa: PLR0911 # a table of types
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case Enum():
            return attribute(value.value)
        case str():
            return {"S": value}
        case int() | Decimal():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": typed(value)}
        case list() | tuple():
            return {"L": [attribute(member) for member in value]}
    raise TypeError(f"a {type(value).__name__} has no place in an item")


def typed(item: Mapping[str, object]) -> dict[str, Any]:
    return {name: attribute(value) for name, value in item.items()}


def number_in(value: object, otherwise: int = 0) -> int:
    """A number of an item as a whole one; `otherwise` for what is none, so that a damaged item
    stops nobody.
    """
    if isinstance(value, Decimal) and value.is_finite():
        return int(value)
    return otherwise


def map_in(value: object) -> Mapping[str, Any]:
    """The members of a map; none of what is no map."""
    if isinstance(value, Mapping):
        return value
    return {}


def numbers_in(value: object) -> dict[str, int]:
    """The members of a map as whole numbers; none of what is no map."""
    return {name: number_in(member) for name, member in map_in(value).items()}
