"""The form of targets: what must happen to a ticket by when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sla_watchdog.domain.policy.model import Ladder, Metric, Target
from sla_watchdog.domain.tickets.ticket_fields import TICKET_FIELDS
from sla_watchdog.tools.policy_file.durations import OPEN_TIME
from sla_watchdog.tools.policy_file.nodes import Entries, Node, child, texts
from sla_watchdog.tools.policy_file.problems import did_you_mean
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
    made,
)
from sla_watchdog.tools.policy_file.values import FIELD_NAME, choice

ENDS = {"resolved": frozenset({"resolved", "closed"}), "closed": frozenset({"closed"})}


# ------------------------------------------------------------------ deadlines set elsewhere

DEADLINE = "due_at"


def _is_deadline(name: str, node: Node, reading: Reading) -> str | None:
    """Of the fields the watchdog knows only one is a deadline; a field of the operator's own may be
    any.
    """
    reading.used.add(("condition", name))
    own = [field for field in reading.names.get("field", ()) if field not in TICKET_FIELDS]
    if name == DEADLINE or name in own:
        return name
    if name in TICKET_FIELDS:
        reading.wrong(node, f'the field "{name}" is no deadline', f"write `due: {DEADLINE}`")
        return None
    hint = did_you_mean(name, [DEADLINE, *own])
    hint += f" A field of your own is named under `fields:`, like `{name}: {name}`"
    reading.wrong(node, f'tickets have no field "{name}"', hint)
    return None


def _one_deadline(node: Node, reading: Reading) -> None:
    """A length of its own, or the deadline of another system, which no pause of ours moves."""
    if not isinstance(node, Entries):
        return
    due, within, pauses = node.get("due"), node.get("within"), node.get("pauses_in")
    if due is None and within is None:
        hint = f"add `within: 8h`, or `due: {DEADLINE}` where another system sets the deadline"
        reading.wrong(node, "this target does not say by when", hint, at=node.label)
    if due is not None and within is not None:
        reading.wrong(
            due,
            "this target has two deadlines: within and due",
            "keep one of the two",
            at=due.label,
        )
    if due is not None and pauses is not None:
        hint = "leave `pauses_in` out, or write `within:` in place of `due:`"
        reading.wrong(
            pauses, "another system sets this deadline, so no pause moves it", hint, at=pauses.label
        )


# ------------------------------------------------------------------ one target


def _ladder(name: str, _node: Node, reading: Reading) -> Ladder:
    """Without levels where the file's own cannot be read; then that is what is wrong."""
    return reading.ladders.get(name) or Ladder(name, ())


LADDER = Then(Ref("ladder", "ladders"), _ladder)
NO_LADDER = Ladder("", ())
"""Of a target that takes that of its policy."""

_PAUSABLE = {
    "pauses_in": Key(
        made(ListOf(Ref("status group", "statuses"), least=0), frozenset),
        "status groups in which the clock stands still",
    ),
    "ladder": Key(LADDER, "instead of the policy's own"),
}
_TARGET = {
    "within": Key(OPEN_TIME, "open time of the calendar", required=True, lines="within: 8h"),
    **_PAUSABLE,
}
_DUE = {
    "within": Key(OPEN_TIME, "open time of the calendar"),
    "due": Key(
        Then(FIELD_NAME, _is_deadline),
        "in place of `within`: the field with a deadline set elsewhere",
    ),
    **_PAUSABLE,
}
_RESOLUTION = {
    **_DUE,
    "stops_at": Key(choice("a group that ends a case", "resolved", "closed"), "ends the clock"),
}


def _stops_somewhere(target: Target, node: Node, reading: Reading) -> Target | None:
    pausing = texts(child(node, "pauses_in")) if target.pauses_in else ()
    ending = next((text.value for text in pausing if text.value in ENDS[target.stops_at]), None)
    if ending is not None:
        message = f'a clock cannot pause in "{ending}", which ends it'
        reading.wrong(child(node, "pauses_in"), message, "leave the group out of `pauses_in`")
        return None
    groups = reading.names.get("status group")
    if target.stops_at == "closed" and groups is not None and "closed" not in groups:
        at = child(node, "stops_at")
        reading.wrong(
            at, "no status is in the group closed", "add `closed: [Closed]` to `statuses:`"
        )
        return None
    return target


def _target(metric: Metric, keys: Mapping[str, Key]) -> Shape[Target]:
    """Without `within` it is 0: then the field `due` holds the deadline."""

    def of(within: int = 0, ladder: Ladder = NO_LADDER, **options: Any) -> Target:
        return Target(metric, within, ladder, **options)

    block: Shape[Target] = Record(of, keys)
    if "due" in keys:
        block = Also(block, _one_deadline)
    return Then(Either(made(OPEN_TIME, of), block), _stops_somewhere)


TARGETS = Record(
    lambda **targets: tuple(targets.values()),
    {
        "first_response": Key(
            _target(Metric.FIRST_RESPONSE, _DUE),
            "from creation to the first answer by a person; a duration or a block",
        ),
        "next_response": Key(
            _target(Metric.NEXT_RESPONSE, _TARGET),
            "from the customer's oldest unanswered message to its answer; a duration or a block",
        ),
        "update": Key(
            _target(Metric.UPDATE, _TARGET),
            "from one public message of the desk to the next; a duration or a block",
        ),
        "first_resolution": Key(
            _target(Metric.FIRST_RESOLUTION, _RESOLUTION),
            "from creation to the first end, whatever is reopened later; a duration or a block",
        ),
        "resolution": Key(
            _target(Metric.RESOLUTION, _RESOLUTION),
            "from creation to the last end, reopened time included; a duration or a block",
        ),
    },
)
