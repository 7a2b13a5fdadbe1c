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

What no type says is a mark beside it (`sla_watchdog.domain.policy.marks`), and a type
that is not made of its fields has its whole codec beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from sla_watchdog.domain.policy.json_part import Part
from sla_watchdog.domain.policy.marks import Codec, Json, JsonPlace

T = TypeVar("T")


def to_json(value: object) -> Json:
    return codec_of(type(value)).write(value)


def from_json(kind: type[T], part: Part, **beside: object) -> T:
    """`beside` are the fields that stand elsewhere. Raises `DamagedPolicy` where a part is not
    what its type says.
    """
    found: T = codec_of(kind).read(part, **beside)
    return found


def fields_of(kind: type[attrs.AttrsInstance], **places: JsonPlace) -> Codec:
    """Of a class that does not know how it is stored: `places` say it of its fields."""
    return _class(kind, tuple(_fields(kind, places)))


def _made(kind: Any) -> Codec:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _marked(*inner)
    if origin in (Union, UnionType):
        return _union(inner)
    if origin in (tuple, frozenset):
        return _list(origin, codec_of(inner[0]))
    if origin is Mapping:
        return _object(codec_of(inner[0]), codec_of(inner[1]))
    return SCALARS[kind] if kind in SCALARS else _of_class(kind)


def _of_class(kind: Any) -> Codec:
    return _enum(kind) if issubclass(kind, Enum) else fields_of(kind)


codec_of: Callable[[Any], Codec] = cache(_made)
"""Made once for each type, when the first value of it is read or written."""


def _marked(kind: Any, *marks: Any) -> Codec:
    own = next((mark for mark in marks if isinstance(mark, Codec)), None)
    codec = own or codec_of(kind)
    for mark in marks:
        if not isinstance(mark, Codec | JsonPlace):
            codec = mark(codec)
    return codec


# ------------------------------------------------------------------ single values


def _same(value: object) -> Json:
    return value


SCALARS: Mapping[Any, Codec] = {
    str: Codec(_same, lambda part: part.text()),
    int: Codec(_same, lambda part: part.integer()),
    float: Codec(_same, lambda part: part.number()),
    bool: Codec(_same, lambda part: part.flag()),
}


def _optional(codec: Codec) -> Codec:
    def write(value: object) -> Json:
        return None if value is None else codec.write(value)

    def read(part: Part) -> object:
        return None if part.value is None else codec.read(part)

    return Codec(write, read)


def _enum(kind: type[Enum]) -> Codec:
    def write(value: Enum) -> Json:
        return value.value

    def read(part: Part) -> Enum:
        text = part.text()
        try:
            return kind(text)
        except ValueError as error:
            raise part.damaged(f"a {kind.__name__.lower()}") from error

    return Codec(write, read)


# ------------------------------------------------------------------ several values


def _list(kind: Callable[[Iterable[object]], object], member: Codec) -> Codec:
    def write(values: Iterable[object]) -> Json:
        written = [member.write(value) for value in values]
        return written if kind is tuple else sorted(written)

    def read(part: Part) -> object:
        return kind(member.read(value) for value in part)

    return Codec(write, read)


def _object(key: Codec, value: Codec) -> Codec:
    def write(entries: Mapping[object, object]) -> Json:
        return {key.write(name): value.write(entry) for name, entry in entries.items()}

    def read(part: Part) -> dict[object, object]:
        entries = {}
        for name in part.entries():
            read_name = key.read(part.of(name))
            entries[read_name] = value.read(part[name])
        return entries

    return Codec(write, read)


# ------------------------------------------------------------------ classes


class _Field(NamedTuple):
    name: str
    codec: Codec
    place: JsonPlace | None
    default: object

    def is_written(self, content: object) -> bool:
        return self.place is not JsonPlace.KEY and not self._is_left_out(content)

    def _is_left_out(self, content: object) -> bool:
        return self.place is JsonPlace.SPARSE and content == self.default

    def is_in(self, whole: Part) -> bool:
        return self.place is not JsonPlace.SPARSE or whole.has(self.name)

    def read(self, whole: Part) -> object:
        if self.place is JsonPlace.KEY:
            return whole.name
        return self.codec.read(whole if self.place is JsonPlace.WHOLE else whole[self.name])


def _fields(kind: type[attrs.AttrsInstance], places: Mapping[str, JsonPlace]) -> Iterator[_Field]:
    """Those that stand in the object itself."""
    types = get_type_hints(kind, include_extras=True)
    for field in attrs.fields(kind):
        marks = getattr(types[field.name], "__metadata__", ())
        marked = next((mark for mark in marks if isinstance(mark, JsonPlace)), None)
        place = places.get(field.name, marked)
        if place is not JsonPlace.BESIDE:
            yield _Field(field.name, codec_of(types[field.name]), place, field.default)


def _class(kind: Callable[..., object], fields: tuple[_Field, ...]) -> Codec:
    whole = next((field for field in fields if field.place is JsonPlace.WHOLE), None)

    def write(value: object) -> Json:
        written = {}
        for field in fields:
            content = getattr(value, field.name)
            if field.is_written(content):
                written[field.name] = field.codec.write(content)
        return written[whole.name] if whole else written

    def read(part: Part, **beside: object) -> object:
        found = {field.name: field.read(part) for field in fields if field.is_in(part)}
        return kind(**found, **beside)

    return Codec(write, read)


def _union(kinds: Iterable[Any]) -> Codec:
    some = [kind for kind in kinds if kind is not NoneType]
    if len(some) == 1:
        return _optional(codec_of(some[0]))
    return _one_of_classes({kind.__name__.lower(): kind for kind in some})


def _one_of_classes(classes: Mapping[str, type]) -> Codec:
    def write(value: object) -> Json:
        kind = type(value)
        return {kind.__name__.lower(): codec_of(kind).write(value)}

    def read(part: Part) -> object:
        names = [name for name in part.entries() if name in classes]
        if len(names) != 1:
            raise part.damaged(f"one of {', '.join(classes)}")
        return codec_of(classes[names[0]]).read(part[names[0]])

    return Codec(write, read)
