"""What tracking needs of the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.tickets.likeness import MOST_REMEMBERED
from sla_watchdog.domain.tickets.record import Record

MOST_LOOKALIKES = MOST_REMEMBERED
"""Tickets remembered under one key; those that are over make room."""

MOVED_AT_ONCE = 50
"""Names that one write links: a transaction takes 100 actions."""


class Tickets(Protocol):
    def read(self, ids: Iterable[str]) -> Mapping[str, Record]: ...


class Cases(Protocol):
    def read(self, ids: Iterable[str]) -> dict[str, Case | DamagedItem]: ...
    def keep(self, case: Case, findings: Iterable[Finding]) -> bool: ...
    def wake(self, case: str, now: int) -> bool: ...


class LinkedCases(Protocol):
    def joined(self, one: Case, other: Case) -> Case: ...
    def link(self, case: Case, moved: Sequence[Case], findings: Iterable[Finding]) -> bool: ...
    def release(self, name: str) -> bool: ...
    def repoint(self, names: Iterable[str], before: str, to: str) -> None: ...


class LookalikeKeys(Protocol):
    def read(self, hashes: Iterable[str]) -> Mapping[str, Mapping[str, int]]: ...
    def remember(
        self,
        key: str,
        ticket: str,
        created_at: int,
        needless: Callable[[Mapping[str, int]], Iterable[str]],
    ) -> Mapping[str, int]: ...


class DeletionRecords(Protocol):
    def found_again(self, tickets: Iterable[str], now: int) -> None: ...


class TrackStores(Protocol):
    @property
    def cases(self) -> Cases: ...
    @property
    def linked_cases(self) -> LinkedCases: ...
    @property
    def lookalikes(self) -> LookalikeKeys: ...
    @property
    def deletions(self) -> DeletionRecords: ...
