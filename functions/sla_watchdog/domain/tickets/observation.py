"""From a ticket record to facts: what it says that is not known yet. Nothing here ever fails on a
record.

What cannot be read becomes a fact too: the state `unreadable:<field>`, whose value is the reason
and which a later, readable record ends. So a finding lives exactly as long as its cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum

from attrs import frozen

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import UNREADABLE, Fact, Facts, Value
from sla_watchdog.domain.tickets.record import (
    Record,
    Unreadable,
    at_path,
    seconds_of,
    text_of,
    text_of_or_empty,
)
from sla_watchdog.domain.tickets.ticket import AGENT, ENDED
from sla_watchdog.domain.tickets.ticket_fields import ENDS, REPLIES, STATES

TOO_NEW = 300
"""Seconds by which a record's own times may be ahead of the time at which it was seen."""

TOO_OLD = 24 * 3600
"""Seconds by which a streamed record's own time may be behind the stream's; a stream keeps no more
than 24 hours.
"""

SAME_MOMENT = 60
"""Changes this close (seconds) count as in the order of their arrival: many desks write whole
minutes.
"""


class Seen(Enum):
    """How a record came to be seen, which decides what it says of the order of things."""

    READ = "read"
    """Read from the table after all that is known was: the newest state."""
    STREAMED = "streamed"
    """Brought by the stream, in the order of the changes."""
    LATE = "late"
    """Brought by the stream after a newer state of the record had been read."""


@frozen
class EarlierObservations:
    """How the records of a case were seen before; instants are epoch seconds."""

    edited_at: int | None = None
    """When a changed policy reached the case."""
    read_at: int = 0
    """When its record was last read."""
    oldest: int = 0
    """A record that is read now was not changed last before this."""


def observed(
    ticket: str,
    record: Record,
    policy: Policy,
    known: Facts,
    now: int,
    streamed: bool = False,
    past: EarlierObservations = EarlierObservations(),
) -> frozenset[Fact]:
    """What `record` says that `known` does not yet; `now` is when the table had it: the stream's
    time, or the read's.

    A read comes after all that is known and shows the newest state of a record that may have
    lain untouched for years. A stream shows each change within a day, so a streamed record with
    an older time of its own is not believed.
    """
    seen = Seen.READ
    if streamed:
        seen = Seen.LATE if now < past.read_at else Seen.STREAMED
    fields = _Fields(record, policy, now)
    reader = _Reader(ticket, fields, policy, known, now, seen, past)
    return frozenset(reader.facts()).difference(known)


def vanished(ticket: str, known: Facts, now: int) -> frozenset[Fact]:
    """What the absence of a record says: it is gone since `now`. Nothing, if that is known."""
    if known.latest(ticket, "gone"):
        return frozenset()
    return frozenset({Fact(ticket, "gone", now, "deleted")})


@frozen
class _Fields:
    """The fields of a record, as the policy maps them; `now` is when the table had it."""

    record: Record
    policy: Policy
    now: int

    def value(self, name: str) -> object:
        path = self.policy.source.fields.get(name, name)
        return at_path(self.record, path)

    def read(self, name: str) -> tuple[Value, str]:
        """The value of a field, and why it cannot be read ('' where it can)."""
        try:
            value = text_of(self.value(name))
        except Unreadable as problem:
            return "", f"{name}: {problem}"
        if name == "status" and not value:
            return "", "status: missing"
        return value, ""

    def time(self, name: str) -> tuple[int | None, str]:
        """The time in field `name`, and what is wrong with it ('' when nothing is, or it is not
        there).
        """
        value = self.value(name)
        if value is None or value == "":
            return None, ""
        try:
            at = seconds_of(value, self.policy.timezone)
        except Unreadable as problem:
            return None, f"{name}: {problem}"
        if at > self.now + TOO_NEW:
            moment = datetime.fromtimestamp(at, UTC).isoformat()
            return None, f"{name}: {moment} is in the future"
        return at, ""

    def group(self) -> str:
        status = text_of_or_empty(self.value("status"))
        if not isinstance(status, str):
            return ""
        return self.policy.statuses.get(status.casefold(), "")


@frozen
class _Reader:
    """Reads one record against what is known already; `now` is when the table had it."""

    ticket: str
    fields: _Fields
    policy: Policy
    known: Facts
    now: int
    seen: Seen
    past: EarlierObservations

    def facts(self) -> Iterator[Fact]:
        at, reason = self._updated_at()
        further = self.policy.fields.difference(STATES)
        states: list[Fact] = []
        for name in (*STATES, *sorted(further)):
            states += self._state(name, at)
        yield from states
        if states or not reason:
            yield from self._problem("updated_at", reason)
        yield from self._creation()
        yield from self._moments(REPLIES)
        if self.fields.group() in ENDED:
            yield from self._moments(ENDS)
        if self.known.latest(self.ticket, "gone"):
            yield self._fact("gone", self._after_all("gone"))

    def _fact(self, name: str, at: int, value: Value = "") -> Fact:
        return Fact(self.ticket, name, at, value)

    # ------------------------------------------------------------------ what cannot be read

    def _problem(self, name: str, reason: str) -> Iterator[Fact]:
        """The state `unreadable:<name>`: noted when it begins, and again, empty, when it ends."""
        field = UNREADABLE + name
        if self.known.latest(self.ticket, field) != reason:
            yield self._fact(field, self._after_all(field), reason)

    def _after_all(self, name: str) -> int:
        """`now`; for a record that was read, after all that is known of the field, whatever the
        reader's clock says.
        """
        series = self.known.of_field(self.ticket, name)
        if not series or self.seen is not Seen.READ:
            return self.now
        return max(self.now, series[-1].at + 1)

    # ------------------------------------------------------------------ times

    def _updated_at(self) -> tuple[int, str]:
        """When the record changed, and what is wrong with its own `updated_at`. Where that is not
        plausible, the record changed when the table had it.
        """
        at, reason = self.fields.time("updated_at")
        if at is None:
            return self.now, reason
        last = self.known.last_seen(self.ticket)
        if at < self._oldest:
            if last is None:
                return self.now, ""
            return self.now, "updated_at: more than 24 hours before the change was seen"
        if last is not None and at < last - SAME_MOMENT and last <= self.now:
            if self._may_be_newly_read(last):
                return self.now, ""
            return self.now, "updated_at: earlier than what was seen before"
        return at, ""

    @property
    def _oldest(self) -> int:
        """The record was not changed last before this."""
        if self.seen is Seen.READ:
            return self.past.oldest
        return self.now - TOO_OLD

    def _may_be_newly_read(self, last: int) -> bool:
        """Whether nothing was learned since the policy changed: what is new may be what that reads,
        in a record as it was.
        """
        return self.past.edited_at is not None and last < self.past.edited_at

    def _creation(self) -> Iterator[Fact]:
        at, reason = self.fields.time("created_at")
        if at is not None:
            by_agent = text_of_or_empty(self.fields.value("created_by")) == AGENT
            yield self._fact("created", at, AGENT if by_agent else "")
        elif not self.known.of_field(self.ticket, "created"):
            yield self._fact("created", self.now)
        if at is None and not reason:
            reason = "created_at: missing"
        yield from self._problem("created_at", reason)

    def _moments(self, events: Mapping[str, str]) -> Iterator[Fact]:
        for name, event in events.items():
            at, reason = self.fields.time(name)
            yield from self._problem(name, reason)
            if at is not None:
                yield self._fact(event, at)

    # ------------------------------------------------------------------ states

    def _state(self, name: str, at: int) -> Iterator[Fact]:
        value, reason = self.fields.read(name)
        yield from self._problem(name, reason)
        if reason:
            return
        since = self._since(name, at, value)
        if since is not None:
            yield self._fact(name, since, value)

    def _since(self, name: str, at: int, value: Value) -> int | None:
        """Since when the state has a value that is not known of it yet; None where that says
        nothing new.
        """
        changes = self.known.changes(self.ticket, name)
        if not changes:
            return at if value else None
        if self.seen is Seen.LATE:
            return _before_the_newest(self.known, self._fact(name, at, value))
        last = changes[-1]
        same_moment = last.at - SAME_MOMENT <= at <= last.at
        if self.seen is Seen.READ or same_moment:
            return None if last.value == value else max(at, last.at + 1)
        value_then = self.known.as_of(self.ticket, name, at)
        return None if value_then == value else at


def _before_the_newest(known: Facts, new: Fact) -> int | None:
    """When a change counts that was brought after a newer one was read: in its place before that,
    behind what came in the same second; None where it has no place.
    """
    series = known.of_field(new.ticket, new.field)
    newest, at = series[-1], new.at
    if at > newest.at:
        return None if newest.value == new.value else at
    taken = {fact.at for fact in series}
    while at in taken:
        at += 1
    if at >= newest.at:
        return None
    before = known.as_of(new.ticket, new.field, at)
    return None if before == new.value else at
