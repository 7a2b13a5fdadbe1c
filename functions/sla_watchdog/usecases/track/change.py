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
    def keys_only(self) -> bool:
        return self.record is None and not self.removed


def nameless(key: Record) -> str:
    """A name for a record whose key holds no ticket id, always the same for the same key."""
    return NAMELESS + hashlib.sha256(repr(sorted(key.items())).encode()).hexdigest()[:12]


def unreadable(name: str, at: int) -> frozenset[Fact]:
    """The facts of a record that has no readable id: it exists, and nobody can tell which ticket it
    is.
    """
    return problem(name, "ticket_id", "the record's key has no readable ticket id", at)


def problem(name: str, field: str, reason: str, at: int) -> frozenset[Fact]:
    return frozenset({Fact(name, "created", at), Fact(name, UNREADABLE + field, at, reason)})


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
    sequence, passed = int(change.sequence or "0"), int(case.seen.get(name) or "-1")
    if sequence > passed:
        return True
    return sequence < passed and change.at > _seen_at(name, case)


def _seen_at(name: str, case: Case) -> int:
    """The stream's time of the last change taken in; where it was not kept, the latest that it can
    have been.
    """
    kept = case.seen_at.get(name)
    if kept is not None:
        return kept
    return (case.facts.last_seen(name) or 0) + TOO_OLD


def unsigned(name: str, facts: Facts) -> int:
    """Replies of the desk by nobody knows whom."""
    return sum(not fact.value for fact in facts.of_field(name, "agent_reply"))


def seen_with(case: Case, name: str, change: Change) -> Case:
    sequence = str(int(change.sequence or "0"))
    seen = {**case.seen, name: sequence}
    return evolve(case, seen=seen, seen_at={**case.seen_at, name: change.at})
