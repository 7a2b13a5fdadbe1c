"""What a field says of its JSON where its type does not: marks, written into `Annotated`."""

from __future__ import annotations

from enum import Enum
from typing import Any, Protocol

from attrs import evolve, frozen

from sla_watchdog.domain.policy.json_part import DamagedPolicy, Part

Json = Any


class Codec(Protocol):
    """How the values of one type are written as JSON, and read from a part of it."""

    def write(self, value: Any) -> Json: ...

    def read(self, part: Part) -> Any: ...


class Place(Enum):
    """Where a field of a class stands in JSON, if not under its own name."""

    KEY = "it is the name under which the whole stands"
    WHOLE = "it stands for the whole: the object has nothing else to say"
    SPARSE = "it is left out where it is None"
    BESIDE = "it stands elsewhere; whoever reads the whole adds it"


@frozen
class By:
    """A type that does not say it all in its fields: this is its codec."""

    codec: Codec


@frozen
class Changed:
    """As `codec`, but for what a mark changes."""

    codec: Codec

    def write(self, value: Any) -> Json:
        return self.codec.write(value)

    def read(self, part: Part) -> Any:
        return self.codec.read(part)


@frozen
class OneOf:
    """A name that this section defines."""

    section: str

    def around(self, codec: Codec) -> Codec:
        return _OneOf(codec, self.section)


@frozen
class _OneOf(Changed):
    section: str

    def read(self, part: Part) -> Any:
        _defined(part, self.section)
        return self.codec.read(part)


@frozen
class ByName:
    """Written as its name; this section says what it is."""

    section: str

    def around(self, codec: Codec) -> Codec:
        return _ByName(codec, self.section)


@frozen
class _ByName(Changed):
    section: str

    def write(self, value: Any) -> Json:
        return value.name

    def read(self, part: Part) -> Any:
        return _defined(part, self.section)


def _defined(part: Part, section: str) -> Any:
    name, names = part.text(), part.defined[section]
    if name not in names:
        raise DamagedPolicy(part.path, f'nothing is called "{name}"')
    return names[name]


@frozen
class Defines:
    """A section whose entries are named further down."""

    def around(self, codec: Codec) -> Codec:
        return _Defines(codec)


@frozen
class _Defines(Changed):
    def read(self, part: Part) -> Any:
        entries = self.codec.read(part)
        part.defined[part.name] = entries
        return entries


@frozen
class Called:
    """Has this name, whatever it stands under."""

    name: str

    def around(self, codec: Codec) -> Codec:
        return _Called(codec, self.name)


@frozen
class _Called(Changed):
    name: str

    def read(self, part: Part) -> Any:
        return self.codec.read(evolve(part, name=self.name))


@frozen
class NotEmpty:
    def around(self, codec: Codec) -> Codec:
        return _NotEmpty(codec)


@frozen
class _NotEmpty(Changed):
    def read(self, part: Part) -> Any:
        values = self.codec.read(part)
        if not values:
            raise part.damaged("at least one")
        return values
