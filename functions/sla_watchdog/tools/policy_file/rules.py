"""The form of policies: which tickets, which calendar, which targets, which ladder."""

from __future__ import annotations

from itertools import pairwise

from attrs import evolve, frozen

from sla_watchdog.domain.policy.model import Condition, Ladder, Rule, Target
from sla_watchdog.tools.policy_file.conditions import When
from sla_watchdog.tools.policy_file.durations import spoken
from sla_watchdog.tools.policy_file.levels import label, offset
from sla_watchdog.tools.policy_file.nodes import Entries, ListNode, Node, Text, child
from sla_watchdog.tools.policy_file.shapes import (
    Also,
    Key,
    ListOf,
    Reading,
    Record,
    Ref,
    Shape,
    Then,
)
from sla_watchdog.tools.policy_file.targets import LADDER, NO_LADDER, TARGETS
from sla_watchdog.tools.policy_file.values import TEXT, folded

# ------------------------------------------------------------------ one policy


@frozen
class _WrittenRule:
    """A policy as it stands in the file."""

    name: str
    calendar: str
    targets: tuple[Target, ...]
    ladder: Ladder = NO_LADDER
    when: tuple[Condition, ...] = ()


def _rule(written: _WrittenRule, node: Node, reading: Reading) -> Rule | None:
    targets = []
    for target in written.targets:
        at = child(child(node, "targets"), target.metric.value)
        ladder = target.ladder if target.ladder.name else written.ladder
        if not ladder.name:
            hint = "add `ladder: NAME` to the policy, or to this target"
            reading.wrong(at, f'no ladder for "{target.metric.value}"', hint, at=at.label)
            return None
        if target.due is None and not _climbable(target.within, ladder, at, reading):
            return None
        _with_deadline(written, target, at, reading)
        targets.append(evolve(target, ladder=ladder))
    return Rule(written.name, written.when, written.calendar, tuple(targets))


def _with_deadline(written: _WrittenRule, target: Target, node: Node, reading: Reading) -> None:
    """Where the field may be empty, a ticket would have no such clock at all."""
    asked = any(c.field == target.due and c.missing and c.negate for c in written.when)
    if target.due is not None and not asked:
        hint = (
            f"add `{target.due}: {{not: missing}}` to its `when:`, "
            "and a policy for the others below it"
        )
        reading.warn(
            child(node, "due"),
            f"a ticket whose `{target.due}` is empty has no such clock here",
            hint,
        )


def _climbable(within: int, ladder: Ladder, node: Node, reading: Reading) -> bool:
    """A share of this target and a time before its end may come in the wrong order."""
    for earlier, later in pairwise(ladder.levels):
        if offset(earlier.trigger, within) >= offset(later.trigger, within):
            reading.wrong(
                node,
                f"with a target of {spoken(within)}, `{label(later)}` of the ladder "
                f'"{ladder.name}" does not come later than `{label(earlier)}`',
                "give this target a ladder of its own, or change one of the two levels",
                at=node.label,
            )
            return False
    return True


RULE: Shape[Rule] = Then(
    Record(
        _WrittenRule,
        {
            "name": Key(TEXT, "shown in alerts and reports", True, "name: everything-else"),
            "when": Key(When(), "conditions, all of which must hold; without it all tickets match"),
            "calendar": Key(
                Ref("calendar", "calendars"), "whose open time counts", True, "calendar: office"
            ),
            "ladder": Key(LADDER, "who is told when, for targets that name no ladder"),
            "targets": Key(
                TARGETS, "what must happen within which time", True, "targets: {resolution: 40h}"
            ),
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
    rules = node.members if isinstance(node, ListNode) else (node,)
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
