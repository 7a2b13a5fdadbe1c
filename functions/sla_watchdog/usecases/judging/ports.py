"""What a judgement needs of the world: stored cases, ticket records, and what lies outside both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from attrs import frozen

from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.deletions import Deletions
from sla_watchdog.domain.policy.model import Carried
from sla_watchdog.domain.tickets.record import Record

Clock = Callable[[], float]
"""Seconds on a clock that never goes back; only differences mean anything."""


@frozen
class Generation:
    """The policy generation of a hash, the epoch second it began, and whether this call began it.

    `swept` is False until somebody asked for a sweep under this generation (`mark_swept`).
    """

    number: int
    since: int
    is_new: bool
    swept: bool = False


class Tickets(Protocol):
    def read(self, ids: Iterable[str]) -> Mapping[str, Record]:
        """As they are now; absent tickets are absent."""
        ...


class Cases(Protocol):
    def read(self, ids: Iterable[str]) -> Mapping[str, Case | DamagedItem]:
        """As they are now, under the ids asked for; absent cases are absent."""
        ...


class Surroundings(Protocol):
    def context(self) -> Context: ...


class MissingTickets(Protocol):
    def note_missing(self, tickets: Iterable[str], now: int) -> Deletions: ...


class EvidenceRecords(Protocol):
    def note_seen(self, carried: Iterable[Carried], now: int) -> None: ...


class JudgingStores(Protocol):
    @property
    def cases(self) -> Cases: ...
    @property
    def silences(self) -> Surroundings: ...
    @property
    def deletions(self) -> MissingTickets: ...
    @property
    def evidence(self) -> EvidenceRecords: ...
