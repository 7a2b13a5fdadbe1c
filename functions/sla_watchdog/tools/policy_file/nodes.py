"""A YAML file as a tree in which every value is text and knows its place.

YAML alone would read `NO` as false and `22:00` as 1320; here only structure is YAML's. Left out of
the language: tags, aliases, several documents, and keys that are not text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn, TypeAlias

import yaml
from attrs import define, frozen
from yaml.reader import Reader

from sla_watchdog.tools.policy_file.problems import Place, PolicyErrors, Problem

WHOLE_FILE = Place(1, 1, 0)
DEEPEST = 16
"""Levels of nesting: twice what the form has."""


@frozen
class Text:
    """A scalar. `label` is the place of the key that names it, where there is one."""

    path: str
    place: Place
    label: Place
    value: str
    quoted: bool = False

    @property
    def empty(self) -> bool:
        """Nothing was written after the key."""
        return not self.value and not self.quoted


@frozen
class ListNode:
    path: str
    place: Place
    label: Place
    members: tuple[Node, ...]


@frozen
class Entries:
    path: str
    place: Place
    label: Place
    pairs: tuple[tuple[Text, Node], ...]

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.pairs if name.value == key), None)


Node: TypeAlias = Text | ListNode | Entries


def child(node: Node, key: str) -> Node:
    """The value of `key`; the node itself where there is none."""
    return (node.get(key) if isinstance(node, Entries) else None) or node


def texts(node: Node) -> tuple[Text, ...]:
    """The texts of a list; of one text alone, that."""
    members = node.members if isinstance(node, ListNode) else (node,)
    return tuple(member for member in members if isinstance(member, Text))


def keys(node: Node | None) -> tuple[Text, ...]:
    """The keys of a block; none where it is something else."""
    return tuple(key for key, _ in node.pairs) if isinstance(node, Entries) else ()


KIND = {Text: "a text", ListNode: "a list", Entries: "a block of keys"}


def parse(text: str, file: str) -> tuple[Node, list[Problem]]:
    """The tree, and the keys that were written twice (their first value counts).

    Raises `PolicyErrors` where the text is not YAML, or is YAML that a policy has no use for.
    """
    strange = Reader.NON_PRINTABLE.search(text)
    if strange:
        _refuse(text, file, _place_of_index(text, strange.start()), "a character YAML forbids")
    events = yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    builder = _Builder(text, file, events, [])
    try:
        return builder.document(), builder.problems
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        said = ", ".join(part for part in (error.context, error.problem) if part)
        line = [*text.splitlines(), ""][place.line - 1]
        _refuse(text, file, place, f"not YAML: {said}", _remedy(said, line.lstrip(" ")))


def _remedy(said: str, line: str) -> str:
    if line.startswith("\t"):
        return "indent with spaces; YAML does not take tabs"
    if "mapping values are not allowed" in said or "could not find expected ':'" in said:
        return "look for a missing space after a colon, a missing quote, or a line indented wrongly"
    return (
        "look for a bracket, quote or indentation that does not match, here or on the line before"
    )


def _place_of_index(text: str, index: int) -> Place:
    before = text[:index]
    return Place(before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)


def _refuse(text: str, file: str, place: Place, message: str, hint: str = "") -> NoReturn:
    raise PolicyErrors(file, text, (Problem(place, "", message, hint),)) from None


@define
class _Builder:
    """Turns YAML's events into nodes, one call a node."""

    text: str
    file: str
    events: Iterator[yaml.Event]
    problems: list[Problem]

    def document(self) -> Node:
        self.next()
        if isinstance(self.next(), yaml.StreamEndEvent):
            return Text("", WHOLE_FILE, WHOLE_FILE, "")
        node = self.node(self.next(), "", WHOLE_FILE, 0)
        self.next()
        event = self.next()
        if not isinstance(event, yaml.StreamEndEvent):
            self.refuse(event, "a second document begins here", "keep one document, without `---`")
        return node

    def next(self) -> yaml.Event:
        return next(self.events)

    def refuse(self, event: yaml.Event, message: str, hint: str) -> NoReturn:
        _refuse(self.text, self.file, _place(event), message, hint)

    def node(self, event: yaml.Event, path: str, label: Place | None, depth: int) -> Node:
        place = _place(event)
        label = label or place
        if isinstance(event, yaml.AliasEvent):
            self.refuse(event, "aliases (`*name`) are not understood", "write the value again")
        if getattr(event, "tag", None) is not None:
            self.refuse(event, "tags (`!name`) are not understood", "leave the tag out")
        if depth > DEEPEST:
            self.refuse(event, "nested too deeply", "nothing in a policy file is that deep")
        if isinstance(event, yaml.ScalarEvent):
            return Text(path, place, label, event.value, event.style in ("'", '"'))
        if isinstance(event, yaml.SequenceStartEvent):
            return ListNode(path, place, label, tuple(self.members(path, depth)))
        return Entries(path, place, label, tuple(self.pairs(path, depth)))

    def members(self, path: str, depth: int) -> Iterator[Node]:
        index = 0
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            yield self.node(event, f"{path}[{index}]", None, depth + 1)
            index += 1

    def pairs(self, path: str, depth: int) -> Iterator[tuple[Text, Node]]:
        lines: dict[str, int] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            key = self.key(event, path, depth)
            value = self.node(self.next(), key.path, key.place, depth + 1)
            if key.value not in lines:
                lines[key.value] = key.place.line
                yield key, value
                continue
            self.problems.append(
                Problem(
                    key.place,
                    key.path,
                    f'"{key.value}" is written twice; it already stands on line {lines[key.value]}',
                    "keep one of the two",
                )
            )

    def key(self, event: yaml.Event, path: str, depth: int) -> Text:
        node = self.node(event, path, None, depth + 1)
        if not isinstance(node, Text):
            self.refuse(event, "a key must be a text", "quote it if it begins with [ or {")
        joined = f"{path}.{node.value}" if path else node.value
        return Text(joined, node.place, node.place, node.value, node.quoted)


def _place(event: yaml.Event) -> Place:
    """Blocks and what spans lines are pointed at by their first character."""
    start, end = event.start_mark, event.end_mark
    assert start is not None, "every event of a parsed text has marks"  # noqa: S101
    assert end is not None  # noqa: S101
    inline = isinstance(event, yaml.ScalarEvent | yaml.AliasEvent) and start.line == end.line
    width = max(end.column - start.column, 1) if inline else 1
    return Place(start.line + 1, start.column + 1, width)
