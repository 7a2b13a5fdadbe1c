"""The form of targets: what must happen to a ticket by when."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.tools.policy_file.desk import TICKET_FIELDS
from sla_watchdog.tools.policy_file.durations import OPEN_TIME
from sla_watchdog.tools.policy_file.nodes import Entries, Node, child
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
)
from sla_watchdog.tools.policy_file.values import FIELD_NAME, choice

ENDS = {"resolved": frozenset({"resolved", "closed"}), "closed": frozenset({"closed"})}


@frozen
class TargetForm:
    """`within` is open seconds, or 0 where the field `due` holds the deadline.

    `ladder` is that of its policy where the target names none.
    """

    within: int = 0
    pauses_in: tuple[str, ...] = ()
    stops_at: str = "resolved"
    ladder: str = ""
    due: str | None = None


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
    hint = f"{did_you_mean(name, [DEADLINE, *own])} A field of your own is named under `fields:`, like `{name}: {name}`"
    message = (
        f'the field "{name}" is no deadline'
        if name in TICKET_FIELDS
        else f'tickets have no field "{name}"'
    )
    reading.wrong(node, message, f"write `due: {DEADLINE}`" if name in TICKET_FIELDS else hint)
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

LADDER = Ref("ladder", "ladders")
_PAUSABLE = {
    "pauses_in": Key(
        ListOf(Ref("status group", "statuses"), least=0),
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


def _stops_somewhere(target: TargetForm, node: Node, reading: Reading) -> TargetForm | None:
    ending = next((group for group in target.pauses_in if group in ENDS[target.stops_at]), None)
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


def _target(keys: Mapping[str, Key]) -> Shape[TargetForm]:
    short = Then(OPEN_TIME, lambda within, _node, _reading: TargetForm(within))
    block: Shape[TargetForm] = Record(TargetForm, keys)
    if "due" in keys:
        block = Also(block, _one_deadline)
    return Then(Either(short, block), _stops_somewhere)


def _by_metric(**targets: TargetForm) -> Mapping[Metric, TargetForm]:
    return {Metric(name): target for name, target in targets.items()}


TARGETS = Record(
    _by_metric,
    {
        "first_response": Key(
            _target(_DUE), "from creation to the first answer by a person; a duration or a block"
        ),
        "next_response": Key(
            _target(_TARGET),
            "from the customer's oldest unanswered message to its answer; a duration or a block",
        ),
        "update": Key(
            _target(_TARGET),
            "from one public message of the desk to the next; a duration or a block",
        ),
        "first_resolution": Key(
            _target(_RESOLUTION),
            "from creation to the first end, whatever is reopened later; a duration or a block",
        ),
        "resolution": Key(
            _target(_RESOLUTION),
            "from creation to the last end, reopened time included; a duration or a block",
        ),
    },
)
