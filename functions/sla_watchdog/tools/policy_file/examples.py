"""The form of worked examples: what happened to tickets, and what an operator expects to come of
it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from attrs import frozen

from sla_watchdog.tools.imports import events
from sla_watchdog.tools.policy_file.durations import LONGEST
from sla_watchdog.tools.policy_file.expected import (
    EXPECTED,
    MOMENT,
    Expected,
    ExpectedAlert,
    ExpectedDue,
    Moment,
)
from sla_watchdog.tools.policy_file.nodes import Entries, ListNode, Node, Text, child
from sla_watchdog.tools.policy_file.problems import did_you_mean
from sla_watchdog.tools.policy_file.shapes import (
    SCALAR,
    Also,
    Key,
    ListOf,
    Reading,
    Record,
    Schema,
    Then,
    entries_of,
)
from sla_watchdog.tools.policy_file.values import TEXT, folded

TICKET = "T-1"
"""The ticket of an event or an alert that names none."""


@frozen
class Example:
    """`alerts` are all that are sent up to `until` (epoch seconds), in order; None where they are
    not checked.
    """

    name: str
    node: Node
    events: tuple[events.Event, ...]
    until: int
    due: tuple[ExpectedDue, ...] = ()
    alerts: tuple[ExpectedAlert, ...] | None = None


# ------------------------------------------------------------------ events


def _plain(node: Node) -> object:
    """As JSON would hold it; a key without a value is null, as in an event file."""
    if isinstance(node, Text):
        return None if node.empty else node.value
    if isinstance(node, ListNode):
        return [_plain(member) for member in node.members]
    return {key.value: _plain(value) for key, value in node.pairs}


class Events:
    """The lines of an event file, as a list."""

    schema: Schema = {  # noqa: RUF012 - never changed
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["at", "type"],
            "properties": {
                "at": {
                    "type": SCALAR,
                    "description": "when; without offset in the zone of `timezone:`",
                },
                "type": {
                    "enum": [kind.value for kind in events.EventKind],
                    "description": "what happened",
                },
                "ticket": {
                    "type": SCALAR,
                    "description": f"the ticket; {TICKET} where it is left out",
                },
            },
        },
    }

    def read(self, node: Node, reading: Reading) -> tuple[events.Event, ...] | None:
        if not isinstance(node, ListNode) or not node.members:
            hint = 'like `- {at: "2026-03-27T15:00", type: created}`'
            reading.wrong(node, "a list of events is expected", hint, at=node.label)
            return None
        lines = [self._line(member, reading) for member in node.members]
        if None in lines:
            return None
        try:
            return events.parse((line for line in lines if line is not None), reading.timezone)
        except events.BrokenEventFile as broken:
            for line in broken.lines:
                member = node.members[line.number - 1]
                reading.wrong(
                    member,
                    f"this event: {line.problem}",
                    "events are written as in docs/event-files.md",
                )
            return None

    def _line(self, node: Node, reading: Reading) -> bytes | None:
        entries = entries_of(node, reading, "at, type, and what changed")
        if entries is None:
            return None
        _known_words(entries, reading)
        return json.dumps({"ticket": TICKET, **_mapping(entries)}).encode()


def _mapping(entries: Entries) -> Mapping[str, object]:
    return {key.value: _plain(value) for key, value in entries.pairs}


def _known_words(event: Entries, reading: Reading) -> None:
    """A status or priority that nobody lists is a finding in operation; in an example it is a
    typing error.
    """
    for key, kind in (("status", "status"), ("state", "status"), ("priority", "priority text")):
        value, known = event.get(key), reading.names.get(kind)
        if not isinstance(value, Text) or value.empty or known is None:
            continue
        if folded(value.value) not in map(folded, known):
            reading.wrong(
                value, f'no {key} is called "{value.value}"', did_you_mean(value.value, known)
            )


# ------------------------------------------------------------------ examples


@frozen
class _WrittenExample:
    name: str
    events: tuple[events.Event, ...]
    expect: Expected
    until: Moment | None = None


def _example(written: _WrittenExample, node: Node, reading: Reading) -> Example | None:
    times = [event.at for event in written.events]
    until = written.until.at if written.until else max(times)
    if until < max(times):
        hint = "leave `until` out to judge at the last event"
        reading.wrong(child(node, "until"), "it ends before its last event", hint)
        return None
    if until - min(times) > LONGEST:
        reading.wrong(
            node,
            "this example is longer than five years",
            "that is the longest there is",
            at=node.place,
        )
        return None
    return _expecting(written, node, until, reading)


def _expecting(
    written: _WrittenExample, node: Node, until: int, reading: Reading
) -> Example | None:
    expect = written.expect
    if not expect.due and expect.alerts is None:
        at = child(node, "expect")
        hint = "add `due:` or `alerts:`; `alerts: []` means that nobody is told"
        reading.wrong(at, "this example expects nothing", hint, at=at.label)
        return None
    tickets = sorted({event.ticket for event in written.events})
    due = _of_tickets(expect.due, tickets, reading)
    return (
        None
        if due is None
        else Example(written.name, node, written.events, until, due, expect.alerts)
    )


def _of_tickets(
    due: tuple[ExpectedDue, ...], tickets: list[str], reading: Reading
) -> tuple[ExpectedDue, ...] | None:
    """With the ticket filled in where there is only one."""
    named = tuple(ExpectedDue(d.node, d.ticket or tickets[0], d.metric, d.moment) for d in due)
    for written, each in zip(due, named, strict=True):
        if not written.ticket and len(tickets) > 1:
            hint = f"write `due: {{{tickets[0]}: {{…}}}}`, one line for each ticket"
            reading.wrong(
                each.node,
                "there are several tickets; it does not say of which",
                hint,
                at=each.node.label,
            )
            return None
        if each.ticket not in tickets:
            message = f'no event is about a ticket "{each.ticket}"'
            reading.wrong(
                each.node, message, did_you_mean(each.ticket, tickets), at=each.node.label
            )
            return None
    return named


def _names_once(node: Node, reading: Reading) -> None:
    seen: dict[str, int] = {}
    for example in node.members if isinstance(node, ListNode) else (node,):
        name = example.get("name") if isinstance(example, Entries) else None
        if isinstance(name, Text) and not name.empty:
            line = seen.setdefault(folded(name.value), name.place.line)
            if line != name.place.line:
                message = f'the example on line {line} is called "{name.value}" too'
                reading.wrong(name, message, "errors tell examples apart by name")


_EXAMPLE = Record(
    _WrittenExample,
    {
        "name": Key(TEXT, "what it shows", True, "name: a pause moves the deadline"),
        "events": Key(
            Events(),
            "what happened, as in an event file",
            True,
            'events:\n  - {at: "2026-03-27T15:00", type: created, status: Open}',
        ),
        "until": Key(MOMENT, "judged up to then; left out, up to the last event"),
        "expect": Key(EXPECTED, "what must come of it", True, "expect: {alerts: []}"),
    },
)
EXAMPLES = Also(ListOf(Then(_EXAMPLE, _example)), _names_once)
