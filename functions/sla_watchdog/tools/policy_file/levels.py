"""The form of one level: when it is due, whom it tells, and whether it comes again."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sla_watchdog.domain.escalation.case import OPERATIONS
from sla_watchdog.domain.policy.model import (
    LONGEST_GAP,
    After,
    Age,
    Before,
    Count,
    Level,
    Open,
    Percent,
    Repeat,
    Trigger,
)
from sla_watchdog.tools.policy_file.durations import (
    OPEN_TIME,
    WALL_TIME,
    written,
)
from sla_watchdog.tools.policy_file.nodes import Entries, Node, keys, texts
from sla_watchdog.tools.policy_file.problems import Wrong
from sla_watchdog.tools.policy_file.shapes import (
    Also,
    Either,
    Key,
    ListOf,
    Reading,
    Record,
    Ref,
    Shape,
    Then,
    Word,
    Written,
    block_of,
    made,
)
from sla_watchdog.tools.policy_file.values import FLAG


def _at(text: str) -> Trigger:
    if text == "breach":
        return After(0)
    if re.fullmatch("[1-9][0-9]?%", text):
        return Percent(int(text.removesuffix("%")))
    if re.fullmatch("[0-9]+%", text):
        hint = "at 100% nothing is late yet; `at: breach` is the moment it is, `after: 4h` is later"
        raise Wrong(f'"{text}" is not between 1% and 99%', hint)
    number = re.fullmatch("[0-9]{1,2}", text)
    guess = f"{text}%" if number else "75%"
    raise Wrong(
        f'"{text}" is neither a share of the target nor the breach',
        f"write `at: {guess}` or `at: breach`; for a time, `before: 2h` or `after: 4h`",
    )


AT = Word(
    "a share of the target, like 75%, or breach",
    _at,
    {"type": "string", "pattern": "^([1-9][0-9]?%|breach)$"},
)


def _short_enough(seconds: int, node: Node, reading: Reading) -> int | None:
    if seconds <= LONGEST_GAP:
        return seconds
    reading.wrong(node, "nobody waits longer than a week to be told again", "write 7d or less")
    return None


GAP = Then(WALL_TIME, _short_enough)
REPEAT: Shape[Repeat] = Either(
    made(GAP, lambda every: Repeat(every, doubling=True)),
    Record(
        lambda every: Repeat(every, doubling=False),
        {"every": Key(GAP, "the gap, always the same", required=True, lines="every: 1d")},
    ),
)


def _no_one_twice(node: Node, reading: Reading) -> None:
    seen: set[str] = set()
    for text in texts(node):
        if text.value in seen:
            reading.wrong(text, f'"{text.value}" is told twice', "name each audience once")
        seen.add(text.value)


TELL = Also(ListOf(Ref("audience", "audiences", always=(OPERATIONS,))), _no_one_twice)
OPTIONS = {
    "tell": Key(TELL, "the audiences to tell", required=True, lines="tell: [owner]"),
    "urgent": Key(FLAG, "sent as critical: at once, whatever the audience's hours"),
    "repeat": Key(
        REPEAT,
        "last level only: told again for ever; 1d waits 1, 2, 4 days, then weekly, "
        "and {every: 1d} keeps the gap",
    ),
}
"""What a level of any kind may say, beside when it is due; called as in `Level`."""


WHEN_DUE = {
    "at": Key(AT, "due at a share of the target (75%), or at the breach"),
    "before": Key(made(OPEN_TIME, Before), "due with so much open time left"),
    "after": Key(made(OPEN_TIME, After), "due so much open time after the deadline"),
}


def _due_once(node: Node, reading: Reading) -> None:
    written = [key for key in keys(node) if key.value in WHEN_DUE]
    if isinstance(node, Entries) and not written:
        hint = "add `at: 75%`, `before: 2h`, `at: breach` or `after: 4h`"
        reading.wrong(node, "this level does not say when", hint, at=node.label)
    for key in written[1:]:
        message = f"this level is due twice: {written[0].value} and {key.value}"
        reading.wrong(key, message, "keep one of the two, or make two levels")


def level_of(written: Written, kinds: Iterable[str]) -> Level | None:
    """Due as the one of `kinds` says that is written; None where there are several, or none."""
    triggers = [written[kind] for kind in kinds if kind in written]
    if len(triggers) != 1:
        return None
    options = {name: value for name, value in written.items() if name in OPTIONS}
    return Level(triggers[0], **options)


LEVEL: Shape[Level] = Also(
    Then(
        block_of({**WHEN_DUE, **OPTIONS}),
        lambda written, _node, _reading: level_of(written, WHEN_DUE),
    ),
    _due_once,
)

# ------------------------------------------------------------------ when it is due


def threshold(trigger: Open | Count) -> str:
    """As the file writes it behind the kind of a signal: `24h`, `3`."""
    return written(trigger.length) if isinstance(trigger, Open) else str(trigger.times)


def label(level: Level) -> str:
    """As the file writes it: `at: 75%`."""
    match level.trigger:
        case Percent(percent):
            return f"at: {percent}%"
        case Before(length=length):
            return f"before: {written(length)}"
        case After(0):
            return "at: breach"
        case After(length=length):
            return f"after: {written(length)}"
        case Age(length=length):
            return f"age: {written(length)}"
        case Open() | Count():
            return threshold(level.trigger)


def offset(trigger: Trigger, target: int) -> int:
    """Open seconds from the start of a target of `target` seconds; negative when longer before."""
    match trigger:
        case Percent(percent):
            return -(-percent * target // 100)
        case Before(seconds):
            return target - seconds
        case After(seconds):
            return target + max(seconds, 1)
        case Age(value) | Open(value) | Count(value):
            return value


def rank(trigger: Trigger) -> tuple[int, int]:
    """Comparable between levels whose order no target can change."""
    match trigger:
        case Before(seconds):
            return 0, -seconds
        case Percent(value) | Age(value) | Open(value) | Count(value):
            return 0, value
        case After(seconds):
            return 1, seconds
