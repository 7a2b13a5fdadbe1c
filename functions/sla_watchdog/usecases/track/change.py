"""One change of a record as the stream brings it, and whether it was taken in before."""

from __future__ import annotations

import hashlib

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.tickets.facts import UNREADABLE, Fact, Facts
from sla_watchdog.domain.tickets.observation import TOO_OLD
from sla_watchdog.domain.tickets.record import Record
from sla_watchdog.usecases.judging import NAMELESS

REPLIER = f"{NAMELESS}replier"
"""The stand-in that carries the finding about records that do not say who replied (semantics
B2).
"""

UNREAD = f"{NAMELESS}stream"
"""The stand-in that carries the finding about records of the stream that are none."""


@frozen
class Change:
    """One record of the stream. `record` is None for a deletion, and for a stream of keys only
    until it is read.

    `at` is the stream's time of the change, epoch seconds; `sequence` rises with each change of
    one record, and begins anew with a new stream.
    """

    key: Record
    record: Record | None
    at: int
    sequence: str
    removed: bool = False

    @property
    def number(self) -> int:
        """The sequence as a number; 0 for none."""
        return int(self.sequence or "0")

    @property
    def keys_only(self) -> bool:
        return self.record is None and not self.removed


def nameless(key: Record) -> str:
    """A name for a record whose key holds no ticket id, always the same for the same key."""
    text = repr(sorted(key.items()))
    hashed = hashlib.sha256(text.encode()).hexdigest()
    return NAMELESS + hashed[:12]


def unreadable(name: str, at: int) -> frozenset[Fact]:
    """The facts of a record that has no readable id: it exists, and nobody can tell which ticket it
    is.
    """
    return problem(name, "ticket_id", "the record's key has no readable ticket id", at)


def problem(name: str, field: str, reason: str, at: int) -> frozenset[Fact]:
    created = Fact(name, "created", at)
    unreadable_field = Fact(name, UNREADABLE + field, at, reason)
    return frozenset({created, unreadable_field})


def read_once(changes: list[Change]) -> list[Change]:
    """Without changes of a key alone that others of the record follow: it is read once, as it is
    after all of them.
    """
    earlier = [change for change in changes[:-1] if not change.keys_only]
    return [*earlier, *changes[-1:]]


def is_new(change: Change, name: str, case: Case) -> bool:
    """Not taken in before. A sequence that was passed already, at a later time than that one's, is
    of a new stream.
    """
    passed = int(case.seen.get(name) or "-1")
    if change.number > passed:
        return True
    return change.number < passed and change.at > _seen_at(name, case)


def _seen_at(name: str, case: Case) -> int:
    """The stream's time of the last change taken in; where it was not kept, the latest that it can
    have been.
    """
    kept = case.seen_at.get(name)
    if kept is not None:
        return kept
    last_seen = case.facts.last_seen(name) or 0
    return last_seen + TOO_OLD


def unsigned(name: str, facts: Facts) -> int:
    """Replies of the desk by nobody knows whom."""
    return sum(not fact.value for fact in facts.of_field(name, "agent_reply"))


def seen_with(case: Case, name: str, change: Change) -> Case:
    seen = {**case.seen, name: str(change.number)}
    seen_at = {**case.seen_at, name: change.at}
    return evolve(case, seen=seen, seen_at=seen_at)
