"""From a ticket record, in whatever shape the help desk keeps it, to facts. Nothing here ever fails
on a record.

What cannot be read becomes a fact too: the state `unreadable:<field>`, whose value is the reason
and which a later, readable record ends. So a finding lives exactly as long as its cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from zoneinfo import ZoneInfo

from attrs import frozen

from sla_watchdog.domain.policy.model import Policy, Source
from sla_watchdog.domain.tickets.facts import UNREADABLE, Fact, Facts, Value
from sla_watchdog.domain.tickets.ticket import AGENT

Record = Mapping[str, object]

STATES = [
    "status",
    "priority",
    "team",
    "assignee",
    "subject",
    "url",
    "channel",
    "category",
    "tags",
    "customer_id",
    "customer_name",
    "customer_tier",
    "case_id",
    "merged_into",
    "follow_up_of",
]
"""Fields every ticket may have and whose changes are kept; a condition may read any other."""

REPLIES = {
    "first_response_at": "agent_reply",
    "last_agent_reply_at": "agent_reply",
    "last_customer_reply_at": "customer_reply",
}
ENDS = {"resolved_at": "resolved", "closed_at": "closed"}

LONGEST_TEXT = 250
"""Characters kept of any one value: enough for a subject line, and a 300 KB description costs
nothing.
"""

LONGEST_ID = 1_000
"""Bytes of a ticket id that still fits into every key of ours, of DynamoDB's 2,048 and 1,024."""

MILLISECONDS = 10**11
"""Numbers above are epoch milliseconds: in seconds they would lie after the year 5138."""

TOO_NEW = 300
"""Seconds by which a record's own times may be ahead of the time at which it was seen."""

TOO_OLD = 24 * 3600
"""Seconds by which a streamed record's own time may be behind the stream's; a stream keeps no more
(aws: 24 h).
"""

SAME_MOMENT = 60
"""Changes this close (seconds) count as in the order of their arrival: many desks write whole
minutes.
"""


class Unreadable(ValueError):  # noqa: N818 - its name is what is wrong
    """A value that is not what its field needs; the text says why."""


def text_of(value: object) -> Value:
    """A DynamoDB value as text: decimals without trailing zeros, lists and sets as a tuple; '' for
    none.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal | int | float):
        return (
            format(Decimal(str(value)).normalize(), "f")
            if Decimal(str(value)).is_finite()
            else str(value)
        )
    if isinstance(value, str):
        return " ".join(value[: 4 * LONGEST_TEXT].split())[:LONGEST_TEXT]
    if isinstance(value, list | tuple | set | frozenset):
        members = (text_of(member) for member in list(value)[:LONGEST_TEXT])
        return tuple(sorted({member for member in members if isinstance(member, str) and member}))
    raise Unreadable(f"a {type(value).__name__}, not a text, number or list")


def seconds_of(value: object, zone: str | None) -> int:
    """Epoch seconds of ISO 8601 (without offset: in `zone`), epoch seconds or milliseconds
    (DESIGN.md section 5).
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Unreadable(f"a {type(value).__name__}, not a time")
    try:
        number = Decimal(str(value).strip())
    except ArithmeticError:
        return _seconds_of_iso(str(value).strip()[:64], zone)
    if not number.is_finite() or abs(number) > 10**14:
        raise Unreadable(f"{str(value)[:32]!r} is not a time")
    return int(number / 1000 if abs(number) > MILLISECONDS else number)


def _seconds_of_iso(text: str, zone: str | None) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(f"{text!r} is not a date") from error
    if moment.tzinfo is None:
        if zone is None:
            raise Unreadable(f"{text!r} has no offset, and the policy file names no timezone")
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    try:
        return int(moment.astimezone(UTC).timestamp())
    except OverflowError as error:
        raise Unreadable(f"{text!r} is outside the calendar") from error


def at_path(record: Record, path: str) -> object:
    """The value at `requester.org.tier`; an attribute whose own name holds dots comes first."""
    if path in record:
        return record[path]
    value: object = record
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def ticket_id(record: Record, source: Source) -> str:
    """The id read back out of the key attributes; '' when they do not fit the templates of
    `source.key`.
    """
    for attribute, template in source.key.items():
        if "{ticket_id}" in template:
            value = record.get(attribute)
            if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
                return ""
            found = re.fullmatch(
                re.escape(template).replace(re.escape("{ticket_id}"), "(.+)"), str(value), re.DOTALL
            )
            name = found[1] if found else ""
            return name if name.strip() and len(name.encode(errors="replace")) <= LONGEST_ID else ""
    return ""


def ticket_key(ticket: str, source: Source) -> dict[str, str]:
    return {
        attribute: template.replace("{ticket_id}", ticket)
        for attribute, template in source.key.items()
    }


def is_ticket(record: Record, source: Source) -> bool:
    """False for the other entity types of a shared table, by `source.only`."""
    return all(str(at_path(record, path)) in values for path, values in source.only.items())


class Seen(Enum):
    """How a record came to be seen, which decides what it says of the order of things."""

    READ = "read"
    """Read from the table after all that is known was: the newest state."""
    STREAMED = "streamed"
    """Brought by the stream, in the order of the changes."""
    LATE = "late"
    """Brought by the stream after a newer state of the record had been read."""


@frozen
class CaseHistory:
    """What is known of how a record was seen before. `edited_at` is when a changed policy reached
    its case, `read_at` when it was last read; a record that is read now was not changed last
    before `oldest`.
    """

    edited_at: int | None = None
    read_at: int = 0
    oldest: int = 0


@frozen
class _Reader:
    """Reads one record against what is known already; `now` is when the table had it, epoch
    seconds.
    """

    ticket: str
    record: Record
    policy: Policy
    known: Facts
    now: int
    seen: Seen
    past: CaseHistory

    def value(self, name: str) -> object:
        return at_path(self.record, self.policy.source.fields.get(name, name))

    def fact(self, name: str, at: int, value: Value = "") -> Fact:
        return Fact(self.ticket, name, at, value)

    def problem(self, name: str, reason: str) -> Iterator[Fact]:
        """The state `unreadable:<name>`: said when it begins, and once more, empty, when it ends."""
        field = UNREADABLE + name
        if self.known.latest(self.ticket, field) != reason:
            yield self.fact(field, self.after_all(field), reason)

    def after_all(self, name: str) -> int:
        """`now`; for a record that was read, after all that is known of the field, whatever the
        reader's clock says.
        """
        series = self.known.of_field(self.ticket, name)
        return max(self.now, series[-1].at + 1) if series and self.seen is Seen.READ else self.now

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
            return None, f"{name}: {datetime.fromtimestamp(at, UTC).isoformat()} is in the future"
        return at, ""

    def own_time(self) -> tuple[int, str]:
        """When the record changed: by its own `updated_at` while plausible, else by the table's
        stream.
        """
        at, reason = self.time("updated_at")
        if at is None:
            return self.now, reason
        last = self.known.last_seen(self.ticket)
        if at < (self.past.oldest if self.seen is Seen.READ else self.now - TOO_OLD):
            return (
                self.now,
                "" if last is None else "updated_at: more than 24 hours before the change was seen",
            )
        if last is not None and at < last - SAME_MOMENT and last <= self.now:
            return self.now, "" if self.is_new_to_us(
                last
            ) else "updated_at: earlier than what was seen before"
        return at, reason

    def is_new_to_us(self, last: int) -> bool:
        """Nothing was learned since the policy changed: what is new may be what that reads, in a
        record as it was.
        """
        return self.past.edited_at is not None and last < self.past.edited_at

    def facts(self) -> Iterator[Fact]:
        at, reason = self.own_time()
        names = (*STATES, *sorted(self.policy.fields.difference(STATES)))
        states = [fact for name in names for fact in self.state(name, at)]
        yield from states
        if states or not reason:
            yield from self.problem("updated_at", reason)
        yield from self.creation()
        yield from self.moments(REPLIES)
        if self.group() in ("resolved", "closed"):
            yield from self.moments(ENDS)
        if self.known.latest(self.ticket, "gone"):
            yield self.fact("gone", self.after_all("gone"), "")

    def group(self) -> str:
        status = text_of_or_empty(self.value("status"))
        return self.policy.statuses.get(status.casefold(), "") if isinstance(status, str) else ""

    def creation(self) -> Iterator[Fact]:
        at, reason = self.time("created_at")
        if at is None:
            reason = reason or "created_at: missing"
            if not self.known.of_field(self.ticket, "created"):
                yield self.fact("created", self.now)
        else:
            by_agent = text_of_or_empty(self.value("created_by")) == AGENT
            yield self.fact("created", at, AGENT if by_agent else "")
        yield from self.problem("created_at", reason)

    def state(self, name: str, at: int) -> Iterator[Fact]:
        try:
            value, reason = text_of(self.value(name)), ""
        except Unreadable as problem:
            value, reason = "", f"{name}: {problem}"
        if name == "status" and not value and not reason:
            reason = "status: missing"
        yield from self.problem(name, reason)
        if reason:
            return
        since = self.since(name, at, value)
        if since is not None:
            yield self.fact(name, since, value)

    def since(self, name: str, at: int, value: Value) -> int | None:
        """Since when the state has a value that is not known of it yet; None where that says
        nothing new.
        """
        changes = self.known.changes(self.ticket, name)
        if not changes:
            return at if value else None
        last = changes[-1]
        if self.seen is Seen.LATE:
            return self.before_the_newest(name, at, value)
        if self.seen is Seen.READ:
            return None if last.value == value else max(at, last.at + 1)
        if last.at - SAME_MOMENT <= at <= last.at:
            return None if last.value == value else last.at + 1
        return None if self.known.as_of(self.ticket, name, at) == value else at

    def before_the_newest(self, name: str, at: int, value: Value) -> int | None:
        """In its place before what was read later, behind what came in the same second; None where
        it has none.
        """
        series = self.known.of_field(self.ticket, name)
        newest = series[-1]
        if at > newest.at:
            return None if newest.value == value else at
        taken = {fact.at for fact in series}
        while at in taken:
            at += 1
        is_news = self.known.as_of(self.ticket, name, at) != value
        return at if at < newest.at and is_news else None

    def moments(self, fields: Mapping[str, str]) -> Iterator[Fact]:
        for name, event in fields.items():
            at, reason = self.time(name)
            yield from self.problem(name, reason)
            if at is not None:
                yield self.fact(event, at)


def text_of_or_empty(value: object) -> Value:
    try:
        return text_of(value)
    except Unreadable:
        return ""


def observed(
    ticket: str,
    record: Record,
    policy: Policy,
    known: Facts,
    now: int,
    streamed: bool = False,
    past: CaseHistory = CaseHistory(),
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
    return frozenset(_Reader(ticket, record, policy, known, now, seen, past).facts()).difference(
        known
    )


def vanished(ticket: str, known: Facts, now: int) -> frozenset[Fact]:
    """What the absence of a record says: the ticket is gone since `now`, unless that is known."""
    return (
        frozenset()
        if known.latest(ticket, "gone")
        else frozenset({Fact(ticket, "gone", now, "deleted")})
    )
