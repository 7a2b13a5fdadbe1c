"""The parts a form is described with. A shape both reads a node and says its JSON Schema.

So the validator and the schema cannot disagree. Reading reports what is wrong and goes on: `None`
means that something was, and has been reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

from attrs import define, field, frozen

from sla_watchdog.domain.policy.model import Ladder
from sla_watchdog.tools.policy_file.nodes import KIND, Entries, ListNode, Node, Text, child
from sla_watchdog.tools.policy_file.problems import Place, Problem, Wrong, did_you_mean, listed

Schema = dict[str, Any]
Written = dict[str, Any]
"""What a block says, by its keys: the fields of a value that is made of it."""
SCALAR = ["string", "number", "boolean", "null"]
"""What an editor may take a text for."""

T = TypeVar("T")
U = TypeVar("U")
K = TypeVar("K")
T_co = TypeVar("T_co", covariant=True)


@define
class Reading:
    """One pass over one file. `names` are what the file defines, by kind; `used` what it refers
    to.
    """

    today: date
    names: Mapping[str, tuple[str, ...]] = field(factory=dict)
    problems: list[Problem] = field(factory=list)
    used: set[tuple[str, str]] = field(factory=set)
    ladders: dict[str, Ladder] = field(factory=dict)
    """Ladders that could be read; they are read before what climbs them."""
    timezone: str | None = None
    """Of times written without an offset."""
    file: str = ""
    """The path of the policy file; others may lie beside it."""

    def wrong(
        self, node: Node, message: str, hint: str = "", *, at: Place | None = None, key: str = ""
    ) -> None:
        """Report the value of `node`, or its `key`."""
        path = ".".join(part for part in (node.path, key) if part)
        self.problems.append(Problem(at or node.place, path, message, hint))

    @property
    def errors(self) -> bool:
        return any(not problem.warning for problem in self.problems)

    def warn(self, node: Node, message: str, hint: str = "") -> None:
        self.problems.append(Problem(node.place, node.path, message, hint, warning=True))


class Shape(Protocol[T_co]):
    def read(self, node: Node, reading: Reading) -> T_co | None: ...

    @property
    def schema(self) -> Schema: ...


@frozen
class Word(Generic[T]):
    """One text; `parse` raises `Wrong`. `what` names it where something else stands in its
    place.
    """

    what: str
    parse: Callable[[str], T]
    schema: Schema

    def read(self, node: Node, reading: Reading) -> T | None:
        if not isinstance(node, Text):
            reading.wrong(node, f"{self.what} is expected, not {KIND[type(node)]}", at=node.label)
            return None
        if node.empty:
            reading.wrong(node, f"nothing is written here; {self.what} is expected", at=node.label)
            return None
        try:
            return self.parse(node.value)
        except Wrong as wrong:
            reading.wrong(node, wrong.message, wrong.hint)
            return None


@frozen
class Ref:
    """The name of something that the file defines elsewhere, under `section`."""

    kind: str
    section: str
    always: tuple[str, ...] = ()
    """Names that need no definition."""

    @property
    def schema(self) -> Schema:
        return {"type": SCALAR, "description": f"a name from `{self.section}:`"}

    def read(self, node: Node, reading: Reading) -> str | None:
        name = Word(f"a name from `{self.section}:`", str, {}).read(node, reading)
        known = reading.names.get(self.kind)
        if name is None or known is None or name in known or name in self.always:
            reading.used.add((self.kind, name or ""))
            return name
        hint = did_you_mean(name, known) or f"define it under `{self.section}:`"
        reading.wrong(node, f'no {self.kind} is called "{name}"', hint)
        return None


@frozen
class ListOf(Generic[T]):
    """A list; one value alone is a list of one."""

    item: Shape[T]
    least: int = 1

    @property
    def schema(self) -> Schema:
        many = {"type": "array", "items": self.item.schema, "minItems": self.least}
        return {"anyOf": [many, self.item.schema]}

    def read(self, node: Node, reading: Reading) -> tuple[T, ...] | None:
        members = node.members if isinstance(node, ListNode) else (node,)
        if len(members) < self.least:
            reading.wrong(node, "the list is empty", "name at least one")
            return None
        values = [self.item.read(member, reading) for member in members]
        good = tuple(value for value in values if value is not None)
        return good if len(good) == len(values) else None


@frozen
class MapOf(Generic[K, T]):
    """A block whose keys are the operator's own names."""

    key: Word[K]
    value: Shape[T]
    least: int = 1

    @property
    def schema(self) -> Schema:
        names = {name: rule for name, rule in self.key.schema.items() if name != "type"}
        return {
            "type": "object" if self.least else ["object", "null"],
            "propertyNames": names,
            "additionalProperties": self.value.schema,
            "minProperties": self.least,
        }

    def read(self, node: Node, reading: Reading) -> dict[K, T] | None:
        entries = entries_of(node, reading, f"{self.key.what} and what belongs to it")
        if entries is None:
            return None
        if len(entries.pairs) < self.least:
            reading.wrong(node, f"empty; {self.key.what} is expected", at=node.label)
            return None
        read = [
            (self.key.read(key, reading), self.value.read(value, reading))
            for key, value in entries.pairs
        ]
        good = [(key, value) for key, value in read if key is not None and value is not None]
        return dict(good) if len(good) == len(read) else None


def entries_of(node: Node, reading: Reading, expected: str) -> Entries | None:
    """The node as a block of keys; nothing at all is an empty block."""
    if isinstance(node, Entries):
        return node
    if isinstance(node, Text) and node.empty:
        return Entries(node.path, node.place, node.label, ())
    reading.wrong(
        node, f"a block of keys is expected ({expected}), not {KIND[type(node)]}", at=node.label
    )
    return None


@frozen
class Key:
    """A key of a `Record`. `lines` is what to paste where it is missing."""

    shape: Shape[object]
    about: str
    required: bool = False
    lines: str = ""


@frozen
class Record(Generic[T]):
    """A block with known keys; `make` gets the values of those that were written."""

    make: Callable[..., T]
    keys: Mapping[str, Key]

    @property
    def schema(self) -> Schema:
        properties = {
            name: {**key.shape.schema, "description": key.about} for name, key in self.keys.items()
        }
        required = [name for name, key in self.keys.items() if key.required]
        return {
            "type": "object" if required else ["object", "null"],
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def read(self, node: Node, reading: Reading) -> T | None:
        entries = entries_of(node, reading, listed(self.keys))
        if entries is None:
            return None
        before = len(reading.problems)
        self._refuse_unknown(entries, reading)
        self._ask_for_missing(entries, reading)
        values = {
            name: key.shape.read(child(entries, name), reading)
            for name, key in self.keys.items()
            if entries.get(name) is not None
        }
        wrong = any(not problem.warning for problem in reading.problems[before:])
        return None if wrong else self.make(**values)

    def _refuse_unknown(self, entries: Entries, reading: Reading) -> None:
        for key, _ in entries.pairs:
            if key.value not in self.keys:
                hint = did_you_mean(key.value, self.keys)
                reading.wrong(key, f'the key "{key.value}" is not known here', hint)

    def _ask_for_missing(self, entries: Entries, reading: Reading) -> None:
        for name, key in self.keys.items():
            if key.required and entries.get(name) is None:
                hint = f"add:\n{key.lines}" if "\n" in key.lines else f"add `{key.lines}`"
                reading.wrong(entries, f'"{name}" is missing', hint, at=entries.label, key=name)


def block_of(keys: Mapping[str, Key]) -> Record[Written]:
    """A record whose parts are put together further up."""
    return Record(dict, keys)


@frozen
class Either(Generic[T]):
    """A short form, written as a text, or the long one."""

    text: Shape[T]
    block: Shape[T]

    @property
    def schema(self) -> Schema:
        return {"anyOf": [self.text.schema, self.block.schema]}

    def read(self, node: Node, reading: Reading) -> T | None:
        return (self.text if isinstance(node, Text) else self.block).read(node, reading)


@frozen
class Then(Generic[T, U]):
    """A shape whose value is looked at once more: `make` returns what is meant, or reports and
    returns None."""

    shape: Shape[T]
    make: Callable[[T, Node, Reading], U | None]

    @property
    def schema(self) -> Schema:
        return self.shape.schema

    def read(self, node: Node, reading: Reading) -> U | None:
        value = self.shape.read(node, reading)
        return None if value is None else self.make(value, node, reading)


def made(shape: Shape[T], make: Callable[[T], U]) -> Shape[U]:
    """A shape whose value is made into another, which never goes wrong."""
    return Then(shape, lambda value, _node, _reading: make(value))


@frozen
class Also(Generic[T]):
    """A shape with a look at the node itself, which is taken however badly its parts can be
    read.
    """

    shape: Shape[T]
    look: Callable[[Node, Reading], None]

    @property
    def schema(self) -> Schema:
        return self.shape.schema

    def read(self, node: Node, reading: Reading) -> T | None:
        self.look(node, reading)
        return self.shape.read(node, reading)
