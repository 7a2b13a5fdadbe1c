"""`audiences`: who can be notified, and when what is not urgent reaches them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from attrs import frozen

from sla_watchdog.domain.escalation.case import OPERATIONS
from sla_watchdog.domain.policy.digest_time import EVERY_DAY, DigestTime
from sla_watchdog.domain.policy.model import AtOnce, Audience
from sla_watchdog.domain.time.weekly_hours import WEEKDAYS
from sla_watchdog.tools.policy_file.nodes import Entries, ListNode, Node
from sla_watchdog.tools.policy_file.opening_hours import days_of
from sla_watchdog.tools.policy_file.problems import Wrong
from sla_watchdog.tools.policy_file.shapes import (
    Also,
    Key,
    ListOf,
    MapOf,
    Reading,
    Ref,
    Schema,
    Word,
    Written,
    block_of,
    made,
)
from sla_watchdog.tools.policy_file.values import AUDIENCE, choice

# ------------------------------------------------------------------ digests

_LOOKS_LIKE = 'a digest looks like "09:00", mon 09:00 or mon-fri 09:00'


def _digest_time(text: str) -> DigestTime:
    *days, clock = text.split() or [""]
    hours = re.fullmatch("([0-9]{1,2}):([0-9]{2})", clock)
    if not hours:
        raise Wrong(f'"{text}" does not end with a time of day', _LOOKS_LIKE)
    hour, minute = int(hours[1]), int(hours[2])
    if hour > 23 or minute > 59:
        raise Wrong(f'"{clock}" is not a time of day', _LOOKS_LIKE)
    weekdays = _weekdays("".join(days)) if days else EVERY_DAY
    return DigestTime(weekdays, (hour * 60 + minute) * 60)


def _weekdays(text: str) -> frozenset[int]:
    """Of `mon`, `mon,thu` or `mon-fri`."""
    named: set[str] = set()
    for days in text.split(","):
        named.update(days_of(days))
    return frozenset(map(WEEKDAYS.index, named))


def spoken_digest(time: DigestTime) -> str:
    """`daily 09:00`, `mon,thu 09:00`; as a file may have it."""
    days = ",".join(WEEKDAYS[day] for day in sorted(time.weekdays))
    if time.weekdays == EVERY_DAY:
        days = "daily"
    minutes = time.seconds // 60
    return f"{days} {minutes // 60:02}:{minutes % 60:02}"


_DAYS = f"({'|'.join(WEEKDAYS)})(-({'|'.join(WEEKDAYS)}))?"
DIGEST_TIME = Word(
    'the time of a digest, like "09:00" or mon 09:00',
    _digest_time,
    {
        "type": "string",
        "pattern": f"^ *((daily|{_DAYS}( *, *{_DAYS})*) +)?[0-9]{{1,2}}:[0-9]{{2}} *$",
    },
)


@frozen
class _Digest:
    """One text. Days of a digest are often written as a list, which has a hint of its own."""

    @property
    def schema(self) -> Schema:
        return DIGEST_TIME.schema

    def read(self, node: Node, reading: Reading) -> DigestTime | None:
        if not isinstance(node, ListNode):
            return DIGEST_TIME.read(node, reading)
        hint = "write mon,thu 09:00: the days with commas between them, and one time"
        reading.wrong(node, "a digest is one text, not a list", hint, at=node.label)
        return None


def _at_once(words: Iterable[str]) -> frozenset[AtOnce]:
    return frozenset(map(AtOnce, words))


AT_ONCE = made(
    ListOf(choice("something that may come at once", *(word.value for word in AtOnce)), least=0),
    _at_once,
)


def _with_a_digest(node: Node, reading: Reading) -> None:
    """What only makes sense with one; and operations have none."""
    if not isinstance(node, Entries):
        return
    digest = node.get("digest")
    if digest is not None and node.path == f"audiences.{OPERATIONS}":
        reading.wrong(
            digest,
            "operations hear of everything at once",
            "leave `digest:` out here",
            at=digest.label,
        )
    at_once = node.get("at_once")
    if at_once is not None and digest is None:
        reading.wrong(
            at_once,
            "everything comes at once where there is no digest",
            'add `digest: "09:00"`, or leave `at_once:` out',
            at=at_once.label,
        )


# ------------------------------------------------------------------ audiences


def _audiences(written: Mapping[str, Written]) -> Mapping[str, Audience]:
    return {name: Audience(name, **options) for name, options in written.items()}


_KEYS = block_of(
    {
        "each": Key(
            choice("something each ticket has one of", "assignee", "team"),
            "a topic of its own for every assignee or team",
        ),
        "hours": Key(
            Ref("calendar", "calendars"),
            "outside this calendar's hours what is not urgent waits",
        ),
        "digest": Key(
            _Digest(),
            "daily or weekly time, in the zone of the hours or else of the policy, at which all "
            "that can wait comes in one message",
        ),
        "at_once": Key(
            AT_ONCE,
            "what does not wait for the digest; without it breach, urgent, broken-promise and "
            "again",
        ),
    },
)
_AUDIENCE = Also(_KEYS, _with_a_digest)
AUDIENCES = made(MapOf(AUDIENCE, _AUDIENCE), _audiences)


def with_operations(audiences: Mapping[str, Audience], reading: Reading) -> Mapping[str, Audience]:
    """Operations always have a topic, so they may be told without being defined."""
    if ("audience", OPERATIONS) not in reading.used or OPERATIONS in audiences:
        return audiences
    return {**audiences, OPERATIONS: Audience(OPERATIONS)}
