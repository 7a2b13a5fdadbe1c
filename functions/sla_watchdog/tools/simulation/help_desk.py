"""What a help desk writes: the ticket's record after each event, as put into the Tickets table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from attrs import frozen

from sla_watchdog.domain.policy.model import Policy, Source
from sla_watchdog.domain.tickets.record import Record, ticket_key
from sla_watchdog.tools.imports.events import Event, EventKind


@frozen
class Words:
    """The statuses that a desk writes where an event does not say which."""

    new: str = "New"
    reopened: str = "Open"
    resolved: str = "Resolved"
    closed: str = "Closed"

    @classmethod
    def of(cls, policy: Policy) -> Words:
        """Words that the policy file knows, our own where it knows them."""

        return cls(
            new=_word("New", "open", policy),
            reopened=_word("Open", "open", policy),
            resolved=_word("Resolved", "resolved", policy),
            closed=_word("Closed", "closed", policy),
        )


def _word(ours: str, group: str, policy: Policy) -> str:
    """A status of the group: `ours`, else the first that the policy file names."""
    if policy.statuses.get(ours.casefold()) == group:
        return ours
    for status, its_group in policy.statuses.items():
        if its_group == group:
            return status
    return ours


OUR_WORDS = Words()

NO_COUNT = 10**15
"""A number from here on counts nothing, whatever its field says."""


def apply(event: Event, record: Record, words: Words = OUR_WORDS) -> dict[str, object]:
    """The record after `event`; `record` is the one before, empty for a ticket not known yet.

    Fields have our names; `shaped` gives them the operator's. Notes and the replies of bots leave
    no trace but `updated_at`: they answer nobody. A promise leaves none: it is made to us.
    """
    if event.kind is EventKind.ACKNOWLEDGED:
        return dict(record)
    after = {**record, "ticket_id": event.ticket, **event.attributes}
    effect = EFFECTS.get(event.kind)
    if effect:
        after |= effect(_Writing(event, record, words))
    after["updated_at"] = iso(event.at)
    return {name: value for name, value in after.items() if value is not None}


def iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@frozen
class _Writing:
    """What the desk itself adds to an event's attributes, one method for each type that does."""

    event: Event
    record: Record
    words: Words

    @property
    def at(self) -> str:
        return iso(self.event.at)

    def stated(self, name: str) -> object:
        return self.event.attributes.get(name)

    def created(self) -> dict[str, object]:
        """A log may name a ticket before its creation; the status it had then stays."""
        status = self.stated("status") or self.record.get("status") or self.words.new
        return {"created_at": self.at, "status": status}

    def assigned(self) -> dict[str, object]:
        """The first team and the first assignee are no reassignment, every other one is. A new team
        and a new assignee at once are one reassignment.
        """
        if "reassigned_count" in self.event.attributes:
            return {}
        again = self.passed_on("team") or self.passed_on("assignee")
        return {"reassigned_count": self.count("reassigned_count") + again}

    def passed_on(self, name: str) -> bool:
        """Whether somebody has it now, and somebody else had it before."""
        had, has = self.record.get(name), self.stated(name)
        if not had or not has:
            return False
        return has != had

    def replied(self) -> dict[str, object]:
        if self.event.by == "agent":
            first = self.record.get("first_response_at") or self.at
            return {"last_agent_reply_at": self.at, "first_response_at": first}
        if self.event.by == "customer":
            return {"last_customer_reply_at": self.at}
        return {}

    def resolved(self) -> dict[str, object]:
        return {"status": self.stated("status") or self.words.resolved, "resolved_at": self.at}

    def closed(self) -> dict[str, object]:
        return {"status": self.stated("status") or self.words.closed, "closed_at": self.at}

    def reopened(self) -> dict[str, object]:
        """Empties both ends, as Jira and ServiceNow do; the next resolution writes them again."""
        return {
            "status": self.stated("status") or self.words.reopened,
            "reopened_count": self.stated("reopened_count") or self.count("reopened_count") + 1,
            "resolved_at": None,
            "closed_at": None,
        }

    def count(self, name: str) -> int:
        value = self.record.get(name)
        if isinstance(value, int | Decimal) and -NO_COUNT < value < NO_COUNT:
            return int(value)
        return 0


EFFECTS: Mapping[EventKind, Callable[[_Writing], dict[str, object]]] = {
    EventKind.CREATED: _Writing.created,
    EventKind.ASSIGNED: _Writing.assigned,
    EventKind.REPLY: _Writing.replied,
    EventKind.RESOLVED: _Writing.resolved,
    EventKind.CLOSED: _Writing.closed,
    EventKind.REOPENED: _Writing.reopened,
}


def shaped(record: Record, source: Source) -> dict[str, object]:
    """The record in the operator's own shape: key attributes, entity type, fields at their
    paths.
    """
    item: dict[str, object] = {name: min(values) for name, values in source.only.items()}
    for name, value in record.items():
        if name in source.fields:
            _put(item, source.fields[name], value)
        elif name != "ticket_id":
            item[name] = value
    return {**item, **ticket_key(str(record["ticket_id"]), source)}


def _put(item: dict[str, object], path: str, value: object) -> None:
    *steps, last = path.split(".")
    for step in steps:
        inner = item.setdefault(step, {})
        if not isinstance(inner, dict):
            inner = item[step] = {}
        item = inner
    item[last] = value
