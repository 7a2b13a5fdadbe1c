"""The form of what is said about the help desk: where its tickets are, and in which words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sla_watchdog.domain.policy.model import TICKET_ID, Carried, Source
from sla_watchdog.domain.tickets.ticket_fields import TICKET_FIELDS
from sla_watchdog.tools.policy_file.nodes import Entries, Node, Text, keys, texts
from sla_watchdog.tools.policy_file.problems import Wrong, nearest
from sla_watchdog.tools.policy_file.roster import ROSTER
from sla_watchdog.tools.policy_file.shapes import (
    SCALAR,
    Also,
    Key,
    ListOf,
    MapOf,
    Reading,
    Record,
    Then,
    Word,
    block_of,
    made,
)
from sla_watchdog.tools.policy_file.values import FIELD_NAME, NAME, TEXT, choice, folded

# ------------------------------------------------------------------ source


def _template(text: str) -> str:
    if text == "ticket_id":
        return TICKET_ID
    for placeholder in re.findall("{[^}]*}?", text):
        if placeholder != TICKET_ID:
            raise Wrong(f'"{placeholder}" stands for nothing', f"only {TICKET_ID} is filled in")
    if text.count(TICKET_ID) > 1:
        raise Wrong(f"{TICKET_ID} stands here twice", "once is enough to find a ticket")
    return text


ATTRIBUTE = Word("the name of an attribute", str, {"type": SCALAR, "minLength": 1})
TEMPLATE = Word(
    f"the value of a key attribute, like {TICKET_ID} or TICKET#{TICKET_ID}",
    _template,
    {"type": SCALAR, "minLength": 1},
)


def _one_key(key: Mapping[str, str], node: Node, reading: Reading) -> Mapping[str, str] | None:
    if len(key) > 2:
        reading.wrong(
            node,
            f"a table has one or two key attributes, not {len(key)}",
            "name the partition key, and the sort key if there is one",
            at=node.label,
        )
        return None
    if not any(TICKET_ID in template for template in key.values()):
        reading.wrong(
            node,
            "the same key for every ticket",
            f"write {TICKET_ID} where the ticket's id stands, like `pk: TICKET#{TICKET_ID}`",
            at=node.label,
        )
        return None
    return key


SOURCE = Record(
    Source,
    {
        "key": Key(
            Then(MapOf(ATTRIBUTE, TEMPLATE), _one_key), "key attributes of the Tickets table"
        ),
        "only": Key(
            MapOf(ATTRIBUTE, made(ListOf(TEXT), frozenset)),
            "attributes that tell tickets from other records of the same table",
        ),
    },
)

# ------------------------------------------------------------------ fields


def _path(text: str) -> str:
    if not all(step.strip() for step in text.split(".")):
        raise Wrong(f'"{text}" is not a path', "a path looks like requester.org.tier")
    return text


def _read_by_something(node: Node, reading: Reading) -> None:
    """A name that no part reads is a typing error, unless a condition asks for it."""
    for key in keys(node):
        if key.value == "ticket_id":
            hint = f'say under `source:` where it is, like `key: {{number: "{TICKET_ID}"}}`'
            reading.wrong(key, "the id of a ticket is read from the key of its record", hint)
        if key.value not in TICKET_FIELDS and ("condition", key.value) not in reading.used:
            hint = _instead_of(key.value)
            reading.wrong(key, f'nothing reads the field "{key.value}"', hint)


def _instead_of(name: str) -> str:
    if name == "history":
        return "leave it out: what changes is learned from each record as it is seen"
    guess = nearest(name, TICKET_FIELDS)
    return f'did you mean "{guess}"?' if guess else "use it in a `when:`, or leave it out"


FIELDS = Also(
    MapOf(
        FIELD_NAME,
        Word("a path, like requester.org.tier", _path, {"type": SCALAR, "minLength": 1}),
        least=0,
    ),
    _read_by_something,
)

# ------------------------------------------------------------------ statuses and priorities


def _each_once(node: Node, reading: Reading) -> None:
    """What the desk writes may mean one thing only."""
    seen: dict[str, Text] = {}
    for group in [value for _, value in node.pairs] if isinstance(node, Entries) else ():
        for text in texts(group):
            first = seen.setdefault(folded(text.value), text)
            if first is not text and not text.empty:
                where = f"{first.path.split('[')[0]} on line {first.place.line}"
                hint = "upper and lower case are the same; keep one"
                reading.wrong(text, f'"{text.value}" is listed already: {where}', hint)


def _with_an_end(node: Node, reading: Reading) -> None:
    _each_once(node, reading)
    groups = [key.value for key in keys(node)]
    if "resolved" in groups:
        return
    guess = nearest("resolved", groups)
    hint = "add `resolved: [Resolved]`, with the statuses that end a case"
    if guess:
        hint = f'"{guess}" is a group of your own; the one that ends a case is called "resolved"'
    reading.wrong(node, "no status means that a ticket is resolved", hint, at=node.label)


STATUSES = Also(MapOf(NAME, ListOf(TEXT), least=0), _with_an_end)
PRIORITIES = Also(MapOf(NAME, ListOf(TEXT)), _each_once)

# ------------------------------------------------------------------ people


def _names(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(folded, texts))


NAMES = made(ListOf(TEXT, least=0), _names)
PEOPLE = block_of(
    {
        "bots": Key(NAMES, "authors whose replies are automatic: no answer"),
        "shared": Key(NAMES, "assignees that are no person: nobody owns it yet"),
        "roster": Key(
            ROSTER,
            "everybody who may own a ticket, or a file beside this one with a name a line; whoever "
            "is not on it owns nothing",
        ),
    },
)

# ------------------------------------------------------------------ what records carry


def _carried(names: tuple[str, ...]) -> frozenset[Carried]:
    return frozenset(map(Carried, names))


JUDGE_ALWAYS = made(ListOf(choice("something that records carry", *Carried)), _carried)
