"""What a field says of its JSON where its type does not: marks, written into `Annotated`.

A mark is a place, or makes a codec of the codec that the type has.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from sla_watchdog.domain.policy.json_part import DamagedPolicy, Part

Json = Any


class Codec(NamedTuple):
    """How the values of one type are written as JSON, and read from a part of it."""

    write: Callable[[Any], Json]
    read: Callable[..., Any]
    """Of a part; for a class, with the fields that stand elsewhere."""


Mark: TypeAlias = Callable[[Codec], Codec]


class JsonPlace(Enum):
    """Where a field of a class stands in JSON, if not under its own name."""

    KEY = "it is the name under which the whole stands"
    WHOLE = "it stands for the whole: the object has nothing else to say"
    SPARSE = "it is left out where it is the default"
    BESIDE = "it stands elsewhere; whoever reads the whole adds it"


def one_of(section: str) -> Mark:
    """A name that this section defines."""

    def named(codec: Codec) -> Codec:
        def read(part: Part) -> Any:
            _defined(part, section)
            return codec.read(part)

        return Codec(codec.write, read)

    return named


def by_name(section: str) -> Mark:
    """Written as its name; this section says what it is."""

    def named(_codec: Codec) -> Codec:
        return Codec(lambda value: value.name, lambda part: _defined(part, section))

    return named


def _defined(part: Part, section: str) -> Any:
    name, names = part.text(), part.defined[section]
    if name not in names:
        raise DamagedPolicy(part.path, f'nothing is called "{name}"')
    return names[name]


def defines(codec: Codec) -> Codec:
    """A section whose entries are named further down."""

    def read(part: Part) -> Any:
        entries = codec.read(part)
        part.defined[part.name] = entries
        return entries

    return Codec(codec.write, read)


def called(name: str) -> Mark:
    """Has this name, whatever it stands under."""

    def renamed(codec: Codec) -> Codec:
        return Codec(codec.write, lambda part: codec.read(part.called(name)))

    return renamed


def not_empty(codec: Codec) -> Codec:
    def read(part: Part) -> Any:
        values = codec.read(part)
        if not values:
            raise part.damaged("at least one")
        return values

    return Codec(codec.write, read)
