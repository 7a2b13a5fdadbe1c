"""The form of ladders and ceilings: when which audience is told, and told again."""

from __future__ import annotations

from itertools import pairwise

from attrs import evolve

from sla_watchdog.domain.policy.model import LONGEST_GAP, After, Age, Ladder, Level, Repeat
from sla_watchdog.tools.policy_file.durations import WALL_TIME
from sla_watchdog.tools.policy_file.levels import LEVEL, OPTIONS, label, level_of, rank
from sla_watchdog.tools.policy_file.nodes import Entries, ListNode, Node, Text, keys
from sla_watchdog.tools.policy_file.shapes import (
    Also,
    Key,
    ListOf,
    MapOf,
    Reading,
    Then,
    block_of,
    made,
)
from sla_watchdog.tools.policy_file.values import NAME


def _in_order(levels: tuple[Level, ...], node: Node, reading: Reading) -> tuple[Level, ...] | None:
    members = node.members if isinstance(node, ListNode) else (node,)
    for (earlier, later), member in zip(pairwise(levels), members[1:], strict=True):
        one, two = earlier.trigger, later.trigger
        comparable = type(one) is type(two) or isinstance(one, After) or isinstance(two, After)
        if comparable and rank(one) >= rank(two):
            message = f"`{label(later)}` does not come later than `{label(earlier)}` above it"
            reading.wrong(member, message, "write the levels in the order in which they come due")
            return None
    return levels


def _only_the_last_repeats(node: Node, reading: Reading) -> None:
    members = node.members if isinstance(node, ListNode) else (node,)
    for member in members[:-1]:
        for key in keys(member):
            if key.value == "repeat":
                reading.wrong(
                    key, "only the last level repeats", "move `repeat:` to the last level"
                )


def _last_repeats_after_breach(node: Node, reading: Reading) -> None:
    """A ladder has no end: somebody is told again for as long as the case is unresolved."""
    _only_the_last_repeats(node, reading)
    members = node.members if isinstance(node, ListNode) else (node,)
    if not members or not isinstance(last := members[-1], Entries):
        return
    if last.get("repeat") is None:
        hint = "add `repeat: 1d` to it: after 1, 2, 4 days, then weekly, until the case is resolved"
        reading.wrong(last, "the last level does not repeat", hint, at=last.label)
    at = last.get("at")
    if last.get("before") or (isinstance(at, Text) and at.value.endswith("%")):
        hint = "add a level after it, like `{at: breach, tell: [owner], repeat: 1d}`"
        reading.wrong(last, "nobody is told once it is late", hint, at=last.label)


def _remembered(levels: tuple[Level, ...], node: Node, reading: Reading) -> Ladder | None:
    if _in_order(levels, node, reading) is None:
        return None
    ladder = Ladder(node.path.removeprefix("ladders."), levels)
    reading.ladders[ladder.name] = ladder
    return ladder


LADDERS = MapOf(NAME, Also(Then(ListOf(LEVEL), _remembered), _last_repeats_after_breach))

# ------------------------------------------------------------------ ceilings

WEEKLY = Repeat(LONGEST_GAP, doubling=False)
CEILING_LINES = """ceilings:
  - {age: 14d, tell: [manager]}
  - {age: 30d, tell: [executive]}"""


AGE = {
    "age": Key(
        made(WALL_TIME, Age),
        "due when the case is so old, by the wall clock",
        required=True,
        lines="age: 14d",
    )
}


def _ceilings(levels: tuple[Level, ...], node: Node, reading: Reading) -> Ladder | None:
    *below, top = levels
    repeating = evolve(top, repeat=top.repeat or WEEKLY)
    ordered = _in_order((*below, repeating), node, reading)
    return None if ordered is None else Ladder("ceilings", ordered)


_CEILING = Then(
    block_of({**AGE, **OPTIONS}), lambda written, _node, _reading: level_of(written, AGE)
)
CEILINGS = Also(Then(ListOf(_CEILING), _ceilings), _only_the_last_repeats)
