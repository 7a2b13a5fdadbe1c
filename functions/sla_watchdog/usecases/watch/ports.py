"""What a tick needs of the world, in its own words, and the values that cross."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Protocol

from attrs import frozen

from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import (
    Case,
    Entry,
    LastNotified,
    Recipient,
)
from sla_watchdog.domain.escalation.deletions import Deletions
from sla_watchdog.domain.escalation.recent_messages import RecentMessages
from sla_watchdog.domain.escalation.subscribers import Roster
from sla_watchdog.errors import Fault
from sla_watchdog.presentation.text import Message, NoTopic, Refused, Sent

SHARDS = tuple(f"{pace}#{number}" for pace in "un" for number in range(8))
"""Into how many parts what is due is divided; the urgent ones first."""

RECIPIENTS = "recipients"
"""In place of a digest's id: somebody is to be notified of a recipient who is missing."""

DIGEST = "D#"
"""Before a digest's id in its key."""

Levels = Mapping[tuple[str, str], LastNotified]
"""Levels reached, by clock and recipient."""

Diagnose = Callable[[Exception], Fault]
"""Whose fault an exception is, and what may be said of it."""

Link = Callable[[str, int], frozenset[str]]
"""Joins the case of a name, now, with what its facts name; the ids of the cases that changed."""


@frozen
class Due:
    """Something whose `next_at` has come: a case, or a digest when `case` is empty.

    `next_at` is just what the index holds, which may be no whole number where the item is damaged.
    """

    case: str
    pk: str
    next_at: int | Decimal

    @property
    def digest(self) -> str:
        """The digest's id; '' for a case."""
        return self.pk.removeprefix(DIGEST) if self.pk.startswith(DIGEST) else ""


class Settled(Enum):
    """What became of an entry that was to be taken out of the outbox."""

    DONE = "done"
    OVERTAKEN = "overtaken"
    """Done, but others wrote the case since it was read: it is due again at once."""
    LOST = "lost"
    """The claim lapsed and somebody else holds the entry, or it is settled already: nothing was
    taken out.
    """


@frozen
class Digest:
    """`members` are pairs of case and entry key; `count` counts members or lines, also those not
    kept.

    `damage` says why a stored digest cannot be read; all else is empty then.
    """

    id: str
    recipient: Recipient
    members: tuple[tuple[str, str], ...] = ()
    lines: tuple[Mapping[str, object], ...] = ()
    count: int = 0
    sent_at: int | None = None
    message_id: str = ""
    damage: str = ""


class Cases(Protocol):
    def due(self, shard: str, now: int) -> Iterable[Due]:
        """Candidates, oldest first; the stored case itself decides."""
        ...

    def put_back(self, due: Due, until: int, reason: str, counts: bool = True) -> bool: ...


class Outbox(Protocol):
    def claim(
        self, case: Case, entries: Mapping[str, Entry], next_at: int | None, urgent: bool
    ) -> Case | None:
        """The case as stored with the entries; None where others wrote it first. Raises
        Unstorable.
        """
        ...

    def settle(
        self,
        case: Case,
        key: str,
        token: str,
        reached: Levels,
        audit: Sequence[AuditItem],
        next_at: int | None,
        urgent: bool,
        now: int,
    ) -> tuple[Settled, Case]:
        """Raises Unstorable."""
        ...

    def retry_later(self, case: Case, key: str, token: str, until: int, attempts: int) -> bool: ...

    def wait_for_audit(self, case: str, audit: Sequence[AuditItem]) -> bool: ...


class Digests(Protocol):
    def read(self, digest: str) -> Digest | None: ...

    def is_sent(self, digest: str, token: str) -> bool:
        """Whether it was marked as sent, and carried the entry claimed under that token."""
        ...

    def put(
        self, digest: str, recipient: Recipient, members: Sequence[tuple[str, str]], now: int
    ) -> bool: ...

    def mark_sent(
        self, digest: str, now: int, message_id: str, carried: Sequence[str] | None = None
    ) -> bool:
        """`carried` are the tokens of the entries that were in it; None: nothing is claimed for
        it.
        """
        ...

    def append_observed(self, day: str, line: Mapping[str, object], due_at: int) -> bool: ...


class AlertLinks(Protocol):
    def put(self, code: str, case: str, entry: Entry, expires_at: int) -> bool: ...


class Leases(Protocol):
    def take(self, owner: str, now: int, until: int) -> bool: ...

    def release(self, owner: str) -> bool: ...


class Generations(Protocol):
    def mark_swept(self, number: int) -> bool: ...


class TopicCounts(Protocol):
    def read(self) -> Mapping[str, int] | None: ...

    def is_gone(self, topic: str) -> bool: ...


class Rosters(Protocol):
    def read(self) -> Roster: ...

    def change(self, change: Callable[[Roster], Roster]) -> Roster: ...

    def are_notified(self, due: Due) -> bool: ...


class HeldDeletions(Protocol):
    def read(self, now: int) -> Deletions: ...

    def reported(self, now: int) -> None: ...


class MessagesOfTheDay(Protocol):
    def keep(self, recent: RecentMessages) -> None: ...


class AuditLog(Protocol):
    def put(self, items: Iterable[AuditItem]) -> None:
        """Raises Unavailable."""
        ...


class Publisher(Protocol):
    def publish(self, recipient: Recipient, message: Message) -> Sent | NoTopic | Refused:
        """Raises Unavailable: it may have arrived or not."""
        ...


class Tokens(Protocol):
    """What nobody can guess."""

    def token(self) -> str:
        """Names one claim, digest or run."""
        ...

    def code(self) -> str:
        """Opens one link."""
        ...


class Stores(Protocol):
    """Where a tick reads and writes."""

    @property
    def cases(self) -> Cases: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def digests(self) -> Digests: ...
    @property
    def alert_links(self) -> AlertLinks: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def generations(self) -> Generations: ...
    @property
    def topic_counts(self) -> TopicCounts: ...
    @property
    def rosters(self) -> Rosters: ...
    @property
    def deletions(self) -> HeldDeletions: ...
    @property
    def recent_messages(self) -> MessagesOfTheDay: ...
