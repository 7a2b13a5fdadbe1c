"""The form of the roster: everybody who may own a ticket, in the policy file or in a small file
beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from attrs import frozen

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.policy.owners import folded
from sla_watchdog.tools.policy_file.nodes import ListNode, Node
from sla_watchdog.tools.policy_file.problems import Wrong, nearest
from sla_watchdog.tools.policy_file.shapes import ListOf, Reading, Schema, Word
from sla_watchdog.tools.policy_file.values import TEXT

ENDINGS = (".txt", ".yaml", ".yml")

_A_FILE = "a .txt or .yaml file beside the policy file"

_NAMES = ListOf(TEXT)


def _file_name(text: str) -> str:
    if Path(text).suffix not in ENDINGS:
        hint = f"write a list, `roster: [Kim Ortega, Lee]`, or the name of {_A_FILE}"
        raise Wrong(f'"{text}" is no list of names, and no name of a file', hint)
    if Path(text).name != text:
        raise Wrong(f'"{text}" is not beside the policy file', f"write the name alone of {_A_FILE}")
    return text


_FILE = Word(
    "a list of names, or the name of a file beside this one",
    _file_name,
    {"type": "string", "pattern": r"^[^/\\]+\.(txt|ya?ml)$"},
)


@frozen
class _Roster:
    """A list of names, or one text: the name of a file that has them."""

    @property
    def schema(self) -> Schema:
        names = {"type": "array", "items": TEXT.schema, "minItems": 1}
        return {"anyOf": [names, _FILE.schema]}

    def read(self, node: Node, reading: Reading) -> frozenset[str] | None:
        if isinstance(node, ListNode):
            names = _NAMES.read(node, reading)
        else:
            names = _of_file(node, reading)
        if names is None:
            return None
        _warn_of_doubles(names, node, reading)
        return frozenset(map(folded, names))


ROSTER = _Roster()


def warn_of_near_names(
    roster: frozenset[str], assignees: Iterable[str], node: Node, reading: Reading
) -> None:
    """Of assignees that are on no roster, but written nearly as somebody who is."""
    for assignee in dict.fromkeys(assignees):
        name = folded(assignee)
        guess = nearest(name, roster) if name not in roster else ""
        if guess:
            message = f'"{assignee}" of an example is not on the roster, and owns nothing'
            reading.warn(node, message, f'did you mean "{guess}"?')


def warn_of_nobody(policy: Policy, node: Node, reading: Reading) -> None:
    """Of names on the roster that another list says are no person."""
    hint = "take the name out of one of the two"
    for name in sorted(policy.roster & policy.shared):
        message = f'"{name}" is on the roster and in `shared`, and owns nothing'
        reading.warn(node, message, hint)
    for name in sorted(policy.roster & policy.bots):
        message = f'"{name}" is on the roster and in `bots`, whose replies answer nobody'
        reading.warn(node, message, hint)


def _warn_of_doubles(names: Iterable[str], node: Node, reading: Reading) -> None:
    for name, count in Counter(map(folded, names)).items():
        if count > 1:
            message = f'"{name}" is on the roster {count} times'
            reading.warn(node, message, "upper and lower case are the same; keep one")


def _of_file(node: Node, reading: Reading) -> tuple[str, ...] | None:
    name = _FILE.read(node, reading)
    if name is None:
        return None
    path = Path(reading.file).parent / name
    try:
        names = tuple(_names_in(path))
    except (OSError, UnicodeDecodeError) as error:
        hint = f"write the name of {_A_FILE}"
        reading.wrong(node, f"the roster {name} cannot be read: {error}", hint)
        return None
    except Wrong as wrong:
        reading.wrong(node, f"the roster {name}: {wrong.message}", wrong.hint)
        return None
    if not names:
        reading.wrong(node, f"the roster {name} is empty", "write one name a line")
        return None
    return names


def _names_in(path: Path) -> Iterator[str]:
    """One a line, as a text or as a list in YAML. Raises OSError, UnicodeDecodeError, or Wrong."""
    for number, line in enumerate(path.read_bytes().decode("utf-8-sig").splitlines(), 1):
        name = _name_on(line)
        if _OF_YAML.search(name):
            raise Wrong(f'line {number}, "{name}", is no name', "write one name a line")
        if name:
            yield name


_OF_YAML = re.compile(r"[\[\]{}]|:( |$)")
"""What no name has, but a file that is more than a list of names."""


def _name_on(line: str) -> str:
    """Without a comment, the dash of a list and quotes around it."""
    text, _, _ = line.partition("#")
    return text.strip().removeprefix("- ").strip().strip("\"'").strip()
