"""The form of policies: which tickets, which calendar, which targets, which ladder."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from attrs import frozen

from sla_watchdog.domain.policy import Condition, Metric
from sla_watchdog.policy_file.conditions import When
from sla_watchdog.policy_file.durations import OPEN_TIME, spoken
from sla_watchdog.policy_file.levels import label, offset
from sla_watchdog.policy_file.nodes import Entries, Items, Node, Text, child
from sla_watchdog.policy_file.shapes import (
    Also,
    Either,
    Key,
    ListOf,
    NotYet,
    Reading,
    Record,
    Ref,
    Shape,
    Then,
)
from sla_watchdog.policy_file.values import TEXT, choice, folded

ENDS = {"resolved": frozenset({"resolved", "closed"}), "closed": frozenset({"closed"})}


@frozen
class TargetForm:
    """`within` is open seconds. `ladder` is that of its policy where the target names none."""

    within: int
    pauses_in: tuple[str, ...] = ()
    stops_at: str = "resolved"
    ladder: str = ""


@frozen
class RuleForm:
    name: str
    calendar: str
    targets: Mapping[Metric, TargetForm]
    when: tuple[Condition, ...] = ()


# ------------------------------------------------------------------ targets

LADDER = Ref("ladder", "ladders")
PAUSES = ListOf(Ref("status group", "statuses"), least=0)
_TARGET = {
    "within": Key(OPEN_TIME, "open time of the calendar", required=True, lines="within: 8h"),
    "pauses_in": Key(PAUSES, "status groups in which the clock stands still"),
    "ladder": Key(LADDER, "instead of the policy's own"),
}
_RESOLUTION = {
    **_TARGET,
    "stops_at": Key(choice("a group that ends a case", "resolved", "closed"), "ends the clock"),
    "due": Key(NotYet("due", instead_of="within"), "a deadline set elsewhere"),
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
        reading.wrong(at, "no status is in the group closed", "add `closed: [Closed]` to `statuses:`")
        return None
    return target


def _target(keys: Mapping[str, Key]) -> Shape[TargetForm]:
    short = Then(OPEN_TIME, lambda within, _node, _reading: TargetForm(within))
    return Then(Either(short, Record(TargetForm, keys)), _stops_somewhere)


def _by_metric(**targets: TargetForm) -> Mapping[Metric, TargetForm]:
    return {Metric(name): target for name, target in targets.items()}


TARGETS = Record(
    _by_metric,
    {
        "first_response": Key(
            _target({**_TARGET, "due": Key(NotYet("due", instead_of="within"), "a deadline set elsewhere")}),
            "from creation to the first answer by a person; a duration or a block",
        ),
        "resolution": Key(_target(_RESOLUTION), "from creation to the end; a duration or a block"),
        "next_response": Key(NotYet("next_response"), "from an unanswered message to its answer"),
        "update": Key(NotYet("update"), "from one public message of an agent to the next"),
    },
)

# ------------------------------------------------------------------ one policy


@frozen
class _Written:
    """A policy as it stands in the file."""

    name: str
    calendar: str
    targets: Mapping[Metric, TargetForm]
    ladder: str = ""
    when: tuple[Condition, ...] = ()


def _rule(written: _Written, node: Node, reading: Reading) -> RuleForm | None:
    targets: dict[Metric, TargetForm] = {}
    for metric, target in written.targets.items():
        at = child(child(node, "targets"), metric.value)
        ladder = target.ladder or written.ladder
        if not ladder:
            hint = "add `ladder: NAME` to the policy, or to this target"
            reading.wrong(at, f'no ladder for "{metric.value}"', hint, at=at.label)
            return None
        if not _climbable(target.within, ladder, at, reading):
            return None
        targets[metric] = TargetForm(target.within, target.pauses_in, target.stops_at, ladder)
    return RuleForm(written.name, written.calendar, targets, written.when)


def _climbable(within: int, ladder: str, node: Node, reading: Reading) -> bool:
    """A share of this target and a time before its end may come in the wrong order."""
    for earlier, later in pairwise(reading.ladders.get(ladder, ())):
        if offset(earlier.trigger, within) >= offset(later.trigger, within):
            reading.wrong(
                node,
                f"with a target of {spoken(within)}, `{label(later)}` of the ladder "
                f'"{ladder}" does not come later than `{label(earlier)}`',
                "give this target a ladder of its own, or change one of the two levels",
                at=node.label,
            )
            return False
    return True


RULE: Shape[RuleForm] = Then(
    Record(
        _Written,
        {
            "name": Key(TEXT, "shown in alerts and reports", True, "name: everything-else"),
            "when": Key(When(), "conditions, all of which must hold; without it all tickets match"),
            "calendar": Key(Ref("calendar", "calendars"), "whose open time counts", True, "calendar: office"),
            "ladder": Key(LADDER, "who is told when, for targets that name no ladder"),
            "targets": Key(TARGETS, "what must happen within which time", True, "targets: {resolution: 40h}"),
        },
    ),
    _rule,
)

# ------------------------------------------------------------------ all of them


def _names_once(rules: tuple[Node, ...], reading: Reading) -> None:
    seen: dict[str, int] = {}
    for rule in rules:
        name = child(rule, "name")
        if isinstance(name, Text) and not name.empty:
            line = seen.setdefault(folded(name.value), name.place.line)
            if line != name.place.line:
                message = f'the policy on line {line} is called "{name.value}" too'
                reading.wrong(name, message, "alerts and reports tell policies apart by name")


def _first_match_wins(node: Node, reading: Reading) -> None:
    """The last policy matches everything, and no other does."""
    rules = node.members if isinstance(node, Items) else (node,)
    _names_once(rules, reading)
    *above, last = rules or (None,)
    for rule in above:
        if isinstance(rule, Entries) and rule.get("when") is None:
            message = "this policy matches every ticket, so those below it never do"
            reading.wrong(rule, message, "move it to the end, or give it a `when:`")
    if isinstance(last, Entries) and (when := last.get("when")) is not None:
        hint = "add one without `when:` after it, so that no ticket goes without a policy"
        reading.wrong(when, "the last policy has a condition", hint, at=when.label)


POLICIES = Also(ListOf(RULE), _first_match_wins)
