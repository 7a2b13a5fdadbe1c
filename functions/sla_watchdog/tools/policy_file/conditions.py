"""The form of `when:`: which tickets a policy judges."""

from __future__ import annotations

from sla_watchdog.domain.policy.model import Condition
from sla_watchdog.domain.tickets.ticket_fields import TICKET_FIELDS
from sla_watchdog.tools.policy_file.nodes import Entries, ListNode, Node, Text, keys, texts
from sla_watchdog.tools.policy_file.problems import did_you_mean, listed, nearest
from sla_watchdog.tools.policy_file.shapes import ListOf, Reading, Schema, entries_of
from sla_watchdog.tools.policy_file.values import NUMBER, TEXT, folded

EXAMPLE = "write a value, a list of values, `missing`, `{at_least: 3}` or `{not: …}`"
VALUES = ListOf(TEXT)
COMPARED: Schema = {
    "anyOf": [
        VALUES.schema,
        {
            "type": "object",
            "properties": {"at_least": NUMBER.schema},
            "required": ["at_least"],
            "additionalProperties": False,
        },
    ]
}


def _negated(values: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {"not": values},
        "required": ["not"],
        "additionalProperties": False,
    }


class When:
    """All keys must hold. `not: {key: value}` and `key: {not: value}` say the same."""

    schema: Schema = {  # noqa: RUF012 - never changed
        "type": "object",
        "minProperties": 1,
        "properties": {
            "not": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": COMPARED,
            }
        },
        "additionalProperties": {"anyOf": [COMPARED, _negated(COMPARED)]},
    }

    def read(self, node: Node, reading: Reading) -> tuple[Condition, ...] | None:
        entries = entries_of(node, reading, "field: value")
        if entries is None:
            return None
        if not entries.pairs:
            reading.wrong(node, "no condition", "leave out `when:` to match every ticket")
            return None
        read = [self._entry(key, value, reading) for key, value in entries.pairs]
        good = tuple(condition for condition in read if condition is not None)
        return good if len(good) == len(read) else None

    def _entry(self, key: Text, value: Node, reading: Reading) -> Condition | None:
        if key.value != "not":
            return _condition(key, value, reading)
        entries = entries_of(value, reading, "field: value")
        if entries is None:
            return None
        reading.used.update(("condition", name.value) for name in keys(entries))
        if len(entries.pairs) != 1:
            hint = "write `field: {not: value}` once for each field"
            reading.wrong(key, "`not:` takes one field, so that it cannot be misread", hint)
            return None
        return _condition(*entries.pairs[0], reading, negate=True)


def _condition(
    key: Text, value: Node, reading: Reading, *, negate: bool = False
) -> Condition | None:
    known = _is_field(key, reading)
    if isinstance(value, Entries):
        return _from_block(key, value, reading, negate)
    if _is_missing(value):
        return Condition(key.value, missing=True, negate=negate)
    if _has_missing(value, reading):
        return None
    values = VALUES.read(value, reading)
    if values is None or not known or not _are_values_of(key.value, value, reading):
        return None
    return Condition(key.value, any_of=frozenset(map(folded, values)), negate=negate)


def _is_missing(node: Node) -> bool:
    """The word; quoted, it is a value."""
    return isinstance(node, Text) and node.value == "missing" and not node.quoted


def _from_block(key: Text, block: Entries, reading: Reading, negate: bool) -> Condition | None:
    if len(block.pairs) == 1:
        (name, value), *_ = block.pairs
        if name.value == "not" and not negate:
            return _condition(key, value, reading, negate=True)
        if name.value == "at_least":
            least = NUMBER.read(value, reading)
            return None if least is None else Condition(key.value, at_least=least, negate=negate)
    reading.wrong(block, f'this says nothing about "{key.value}"', EXAMPLE)
    return None


def _has_missing(values: Node, reading: Reading) -> bool:
    members = values.members if isinstance(values, ListNode) else ()
    found = next((member for member in members if _is_missing(member)), None)
    if found is None:
        return False
    hint = "make it a policy of its own, or quote it if it is a value"
    reading.wrong(found, "`missing` cannot be one of several values", hint)
    return True


def _is_field(key: Text, reading: Reading) -> bool:
    reading.used.add(("condition", key.value))
    known = (*TICKET_FIELDS, *reading.names.get("field", ()))
    if key.value in known:
        return True
    guess = nearest(key.value, known)
    hint = f'did you mean "{guess}"? ' if guess else ""
    hint += f"A field of your own is named under `fields:`, like `{key.value}: {key.value}`"
    reading.wrong(key, f'tickets have no field "{key.value}"', hint)
    return False


def _are_values_of(name: str, node: Node, reading: Reading) -> bool:
    """Priorities are compared by the file's own names, statuses by what the desk writes."""
    wrong = [text for text in texts(node) if not _is_value_of(name, text, reading)]
    return not wrong


def _is_value_of(name: str, text: Text, reading: Reading) -> bool:
    known = reading.names.get(name)
    if name == "priority" and known is None:
        hint = "add `priorities: {urgent: [P1, Critical], normal: [P3]}`, the most severe first"
        reading.wrong(text, "a priority is asked for, but `priorities:` is missing", hint)
        return False
    if known is None or folded(text.value) in map(folded, known):
        return True
    hint = did_you_mean(text.value, known)
    if name == "priority" and folded(text.value) in map(folded, _words_of_the_desk(reading)):
        hint = (
            "that is the desk's word: ask for the name under which `priorities:` lists it, "
            f"of {listed(known)}"
        )
    reading.wrong(text, f'no {name} is called "{text.value}"', hint)
    return False


def _words_of_the_desk(reading: Reading) -> tuple[str, ...]:
    return reading.names.get("priority text", ())
