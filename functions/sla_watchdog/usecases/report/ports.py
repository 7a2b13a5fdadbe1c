"""What the report needs of table, bucket and topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from sla_watchdog.domain.escalation.case import Case, DamagedItem, Recipient
from sla_watchdog.presentation.text import Message, NoTopic, Refused, Sent


class Cases(Protocol):
    def every(self, over: bool) -> Iterator[Case | DamagedItem]: ...


class Leases(Protocol):
    def take(self, owner: str, now: int, until: int, run: str) -> bool: ...
    def release(self, owner: str, run: str) -> bool: ...


class ReportLinks(Protocol):
    def link(self, code: str) -> tuple[str, int] | None: ...


class ReportMarks(ReportLinks, Protocol):
    def done(self) -> Mapping[str, str]: ...
    def mark(self, name: str, period: str) -> bool: ...
    def put_link(self, code: str, key: str, until: int) -> None: ...


class TopicCounts(Protocol):
    def read(self) -> Mapping[str, int] | None: ...


class ReportStores(Protocol):
    @property
    def cases(self) -> Cases: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def report_marks(self) -> ReportMarks: ...
    @property
    def topic_counts(self) -> TopicCounts: ...


class Pages(Protocol):
    """Raises Unavailable where a page cannot be written or read now."""

    def put(self, key: str, page: str) -> None: ...
    def read(self, key: str) -> str: ...
    def where(self, key: str) -> str: ...


class Publisher(Protocol):
    def publish(self, recipient: Recipient, message: Message) -> Sent | NoTopic | Refused:
        """Raises Unavailable: it may have arrived or not."""
        ...


class Tokens(Protocol):
    """What nobody can guess: who holds the lease, and what the link of a page ends with."""

    def token(self) -> str: ...
    def code(self) -> str: ...
