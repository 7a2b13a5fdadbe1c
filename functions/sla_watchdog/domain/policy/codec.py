"""One codec for all that is made of attrs fields: a class says its fields once, with their types,
and how it is written as JSON and read back follows from them.

| type | JSON |
|---|---|
| `str`, `int`, `float`, `bool` | the same; `X \\| None` may be null |
| `tuple[X, ...]`, `frozenset[X]` | a list; a set is sorted |
| `Mapping[K, X]` | an object |
| an enum | its value |
| a class | an object: each field under its own name |
| `A \\| B`, of classes | an object with one key, the name of the class in small letters |

What no type says is a mark beside it (`sla_watchdog.domain.policy.marks`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import evolve, frozen

from sla_watchdog.domain.policy.json_part import Part
from sla_watchdog.domain.policy.marks import By, Codec, Json, Place

T = TypeVar("T")


def to_json(value: object) -> Json:
    return codec_of(type(value)).write(value)


def from_json(kind: type[T], part: Part, **beside: object) -> T:
    """`beside` are the fields that stand elsewhere. Raises `DamagedPolicy` where a part is not
    what its type says.
    """
    found: T = codec_of(kind).read(part)
    return attrs.evolve(found, **beside)  # type: ignore[misc]  # whatever has fields


def _made(kind: Any) -> Codec:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _marked(*inner)
    if origin in (Union, UnionType):
        return _union(inner)
    if origin in (tuple, frozenset):
        return _List(origin, codec_of(inner[0]))
    if origin is Mapping:
        return _Object(*map(codec_of, inner))
    return SCALARS[kind] if kind in SCALARS else _of_class(kind)


def _of_class(kind: Any) -> Codec:
    return _Enum(kind) if issubclass(kind, Enum) else _Class(kind, tuple(_fields(kind)))


codec_of: Callable[[Any], Codec] = cache(_made)
"""Made once for each type, when the first value of it is read or written."""


def _marked(kind: Any, *marks: Any) -> Codec:
    own = next((mark.codec for mark in marks if isinstance(mark, By)), None)
    codec = own or codec_of(kind)
    for mark in marks:
        if not isinstance(mark, By | Place):
            codec = mark.around(codec)
    return codec


def _union(kinds: Iterable[Any]) -> Codec:
    classes = [kind for kind in kinds if kind is not NoneType]
    if len(classes) == 1:
        return _Optional(codec_of(classes[0]))
    return _Union({kind.__name__.lower(): kind for kind in classes})


# ------------------------------------------------------------------ single values


@frozen
class _Scalar:
    read: Callable[[Part], object]

    def write(self, value: object) -> Json:
        return value


SCALARS: Mapping[Any, Codec] = {
    str: _Scalar(Part.text),
    int: _Scalar(Part.integer),
    float: _Scalar(Part.number),
    bool: _Scalar(Part.flag),
}


@frozen
class _Optional:
    codec: Codec

    def write(self, value: object) -> Json:
        return None if value is None else self.codec.write(value)

    def read(self, part: Part) -> object:
        return None if part.value is None else self.codec.read(part)


@frozen
class _Enum:
    kind: type[Enum]

    def write(self, value: Enum) -> Json:
        return value.value

    def read(self, part: Part) -> Enum:
        try:
            return self.kind(part.text())
        except ValueError as error:
            raise part.damaged(f"a {self.kind.__name__.lower()}") from error


# ------------------------------------------------------------------ several values


@frozen
class _List:
    kind: type[tuple[Any, ...] | frozenset[Any]]
    member: Codec

    def write(self, values: Iterable[object]) -> Json:
        written = [self.member.write(value) for value in values]
        return written if self.kind is tuple else sorted(written)

    def read(self, part: Part) -> object:
        return self.kind(self.member.read(member) for member in part)


@frozen
class _Object:
    key: Codec
    value: Codec

    def write(self, values: Mapping[object, object]) -> Json:
        return {self.key.write(key): self.value.write(value) for key, value in values.items()}

    def read(self, part: Part) -> dict[object, object]:
        values = {}
        for name in part.entries():
            key = self.key.read(evolve(part, value=name))
            values[key] = self.value.read(part[name])
        return values


# ------------------------------------------------------------------ classes


@frozen
class _Field:
    name: str
    codec: Codec
    place: Place | None

    @property
    def is_written(self) -> bool:
        return self.place not in (Place.KEY, Place.BESIDE)

    def read(self, whole: Part) -> object:
        if self.place is Place.KEY:
            return whole.name
        if self.place is Place.WHOLE:
            return self.codec.read(whole)
        if self.place is Place.SPARSE and not whole.has(self.name):
            return None
        return self.codec.read(whole[self.name])


def _fields(kind: type[attrs.AttrsInstance]) -> Iterator[_Field]:
    types = get_type_hints(kind, include_extras=True)
    for field in attrs.fields(kind):
        marks = getattr(types[field.name], "__metadata__", ())
        place = next((mark for mark in marks if isinstance(mark, Place)), None)
        yield _Field(field.name, codec_of(types[field.name]), place)


@frozen
class _Class:
    kind: Callable[..., object]
    fields: tuple[_Field, ...]

    def write(self, value: object) -> Json:
        written: dict[str, Json] = {}
        for field in self.fields:
            content = getattr(value, field.name)
            if field.place is Place.WHOLE:
                return field.codec.write(content)
            if field.is_written and not (field.place is Place.SPARSE and content is None):
                written[field.name] = field.codec.write(content)
        return written

    def read(self, part: Part) -> object:
        known = [field for field in self.fields if field.place is not Place.BESIDE]
        return self.kind(**{field.name: field.read(part) for field in known})


@frozen
class _Union:
    kinds: Mapping[str, type]

    def write(self, value: object) -> Json:
        kind = type(value)
        return {kind.__name__.lower(): codec_of(kind).write(value)}

    def read(self, part: Part) -> object:
        names = [name for name in part.entries() if name in self.kinds]
        if len(names) != 1:
            raise part.damaged(f"one of {', '.join(self.kinds)}")
        return codec_of(self.kinds[names[0]]).read(part[names[0]])
