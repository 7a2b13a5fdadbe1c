"""What a sweep needs of tables, topics and the queue, and the values that come from there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Protocol

from attrs import field, frozen

from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.escalation.deletions import Deletions
from sla_watchdog.domain.escalation.subscribers import Roster, Seat, SubscriptionState
from sla_watchdog.domain.policy.model import Carried
from sla_watchdog.domain.tickets.record import Record
from sla_watchdog.usecases.track.ports import TrackStores

TICKETS, CASES = "tickets", "cases"
"""The tables that a sweep goes through, in this order."""


@frozen
class Segment:
    """`number` of `of` of the sweep `run`. Where an earlier call ran out of time, `start` is where
    it goes on in `table` (tickets first, then cases), as the table wrote it, and `counts` what was
    seen until then.
    """

    run: str
    number: int
    of: int
    start: str = ""
    table: str = TICKETS
    counts: Mapping[str, int] = field(factory=dict)

    @property
    def is_first(self) -> bool:
        """Whether the sweep begins with it."""
        return self.number == 0 and not self.start and self.table == TICKETS


class Filing(Enum):
    """Under what the index of what is due has a case."""

    NOWHERE = "nowhere"
    ORDINARY = "ordinary"
    URGENT = "urgent"
    ASTRAY = "astray"
    """Where no case of its id belongs."""


@frozen
class StoredCase:
    """A case, and how it is stored.

    `findings` are None where they are not just what a write of findings leaves.
    `levels_misfiled` says that levels are not under the names by which they are found, `failed`
    that a try to judge it failed since it was written.
    """

    case: Case | DamagedItem
    filing: Filing = Filing.NOWHERE
    findings: tuple[Finding, ...] | None = ()
    levels_misfiled: bool = False
    failed: bool = False


@frozen
class Page:
    """`moved` are names whose item says that they belong to another case, `awake` those of them
    that are to be woken all the same; `sealed` are (name, number) of sealed items; with the
    `unaudited` records for the Audit table wait. `following` is where the next page starts, None
    after the last.
    """

    cases: tuple[StoredCase, ...]
    moved: tuple[str, ...]
    awake: frozenset[str]
    sealed: tuple[tuple[str, int], ...]
    unaudited: tuple[str, ...]
    following: str | None


@frozen
class Listed:
    """A subscription as SNS lists it: confirmed, or pending still."""

    seat: Seat
    confirmed: bool

    @property
    def state(self) -> SubscriptionState:
        return SubscriptionState.CONFIRMED if self.confirmed else SubscriptionState.PENDING


class Inspection(Protocol):
    def page(self, segment: int, of: int, start: str) -> Page: ...
    def leading_to(self, names: Iterable[str]) -> Mapping[str, str]: ...
    def with_part(self, case: Case, name: str, number: int) -> Case | None: ...
    def clear_wakeup(self, name: str) -> bool: ...
    def rekey(self, case: Case) -> bool: ...
    def repair(self, name: str, now: int) -> str: ...


class Outbox(Protocol):
    def audit_what_waits(self, case: str) -> int | None: ...


class Leases(Protocol):
    def take(self, owner: str, now: int, until: int, run: str) -> bool: ...
    def release(self, owner: str, run: str) -> bool: ...


class Generations(Protocol):
    def raise_to(self, number: int) -> bool: ...


class TopicCounts(Protocol):
    def read(self) -> Mapping[str, int] | None: ...
    def keep(self, topics: Mapping[str, int], now: int) -> None: ...


class Rosters(Protocol):
    def read(self) -> Roster: ...
    def change(self, change: Callable[[Roster], Roster]) -> Roster: ...
    def wake(self, now: int) -> None: ...


class DeletionsHeld(Protocol):
    def read(self, now: int) -> Deletions: ...
    def found_again(self, tickets: Iterable[str], now: int) -> None: ...
    def hold(self, since: int, now: int) -> bool: ...
    def believe(self) -> None: ...
    def most_seen(self, tickets: int, now: int) -> tuple[int, int]: ...


class EvidenceSwept(Protocol):
    def note_seen(self, carried: Iterable[Carried], now: int) -> None: ...
    def swept(self, ended: int, now: int) -> None: ...


@frozen
class LastSweep:
    """What the last whole sweep counted, and when; `noticed` is what sweeps came upon, the newest
    first.
    """

    at: int
    counts: Mapping[str, int] = field(factory=dict)
    noticed: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()
    """Those of the noticed that could not be put right, each once."""


class Pulse(Protocol):
    def swept(self, now: int, counts: Mapping[str, int]) -> None: ...
    def notice(self, noticed: Sequence[str], violations: Sequence[str]) -> None: ...
    def last_sweep(self) -> LastSweep | None: ...


class Progress(Protocol):
    def start(self, now: int) -> bool: ...
    def segment_done(self, segment: int, counts: Mapping[str, int]) -> Mapping[str, int] | None: ...


class Sweeps(Protocol):
    def progress(self, run: str, of: int) -> Progress: ...


class ListenerStores(Protocol):
    """What the count of subscribers needs."""

    @property
    def topic_counts(self) -> TopicCounts: ...
    @property
    def rosters(self) -> Rosters: ...


class SweepStores(TrackStores, ListenerStores, Protocol):
    @property
    def deletions(self) -> DeletionsHeld: ...
    @property
    def evidence(self) -> EvidenceSwept: ...
    @property
    def inspection(self) -> Inspection: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def generations(self) -> Generations: ...
    @property
    def pulse(self) -> Pulse: ...
    @property
    def sweeps(self) -> Sweeps: ...


class Tickets(Protocol):
    def read(self, ids: Iterable[str]) -> Mapping[str, Record]: ...
    def page(self, segment: int, of: int, start: str) -> tuple[Sequence[Record], str | None]: ...


class Queue(Protocol):
    def put(self, segment: Segment) -> None:
        """Raises Unavailable."""


class Channels(Protocol):
    """By which people are reached: who listens, by the names of recipients."""

    def listed(
        self, names: Iterable[str]
    ) -> tuple[Mapping[str, list[Listed]], Mapping[str, str]]: ...
    def phone_states(self, numbers: Iterable[str]) -> Mapping[str, SubscriptionState]:
        """Raises Unavailable."""
