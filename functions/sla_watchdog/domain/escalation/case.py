"""A case as the watchdog keeps it: facts of its tickets, what was told to whom, and what is on its
way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from attrs import evolve, field, frozen

from sla_watchdog.domain.clocks.clock_key import ClockKey
from sla_watchdog.domain.escalation.alert_id import AlertId
from sla_watchdog.domain.escalation.reasons import Reason
from sla_watchdog.domain.policy.marks import JsonPlace
from sla_watchdog.domain.tickets.facts import Facts

OPERATIONS = "operations"
"""The audience of findings, and of what nobody else can be told. It always exists."""


class Outcome(StrEnum):
    """How a due level ended for one recipient; the audit knows no other end."""

    SENT = "sent"
    IN_DIGEST = "in_digest"
    OBSERVED = "observed"
    SUPERSEDED = "superseded"
    SUPPRESSED = "suppressed"
    DEFERRED = "deferred"
    WITHDRAWN = "withdrawn"
    UNDELIVERABLE = "undeliverable"


NOTIFIED = frozenset({Outcome.SENT, Outcome.IN_DIGEST, Outcome.OBSERVED})
"""How a message ends that reached somebody, or would have in mode live."""


class Severity(StrEnum):
    WARNING = "warning"
    BREACH = "breach"
    CRITICAL = "critical"


@frozen(order=True)
class Recipient:
    """Whom a message is for: an audience, for `each` audiences one of its values, or those of
    either who want urgent ones alone. By which channel it comes is not said here.
    """

    audience: str
    of: str = ""
    urgent: bool = False

    @property
    def key(self) -> str:
        name = f"{self.audience}-urgent" if self.urgent else self.audience
        return f"{name}:{self.of}" if self.of else name

    @property
    def name(self) -> str:
        """What channels know the recipient by, in lower-case letters, digits and hyphens: `owner`,
        `owner-urgent`, `owner--kim`, `owner--kim-urgent`.
        """
        name = f"{self.audience}--{_slug(self.of)}" if self.of else self.audience
        return f"{name}-urgent" if self.urgent else name

    @classmethod
    def of_key(cls, key: str, audiences: Mapping[str, object]) -> Recipient:
        """The recipient whose key this is."""
        head, _, of = key.partition(":")
        if head.endswith("-urgent") and head not in audiences:
            return cls(head.removesuffix("-urgent"), of, urgent=True)
        return cls(head, of)

    @property
    def everyone(self) -> Recipient:
        """The whole audience, for values of `each` that nobody listens to alone."""
        return evolve(self, of="")


def _slug(value: str) -> str:
    """Letters, digits and hyphens; with a hash where anything else had to go, so that no two values
    meet. Of what it made itself it makes the same.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", value.casefold()).strip("-")[:60]
    reads_as_urgent = plain.endswith("-urgent")
    if plain == value and not reads_as_urgent:
        return plain
    return f"{plain}-{_hash(value)[:6]}".lstrip("-")


def _hash(text: str) -> str:
    """Of any text, lone surrogates included."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


@frozen
class Alert:
    """One level of one clock reaching one recipient. `level` counts from 0, `due_at` is when it
    came due.

    `repetition` is its place in time. `reminder` is how many messages of this level the
    recipient had before this one, None where they were not counted. `renewal` is how often this
    clock's warnings were withdrawn from the recipient before: what is sent again after that is
    news, and has an id of its own (semantics E4).
    """

    subject: str
    clock: str
    cycle: int
    level: int
    repetition: int
    recipient: Recipient
    severity: Severity
    due_at: int
    reason: Reason
    reminder: int | None = 0
    waits: bool = False
    """Critical by a level below the recipient's own, which is not urgent: it waits for the
    recipient's hours.
    """
    renewal: int = 0

    @property
    def id(self) -> str:
        recipient = self.recipient.key
        return AlertId(self._clock, self.level, self.repetition, recipient, self.renewal).text

    @property
    def clock_key(self) -> str:
        return self._clock.text

    @property
    def _clock(self) -> ClockKey:
        return ClockKey(self.subject, self.clock, self.cycle)

    @property
    def ref(self) -> str:
        """The id in eight characters, for people; stable, since the id is."""
        return _hash(self.id)[:8].upper()

    @property
    def urgent(self) -> bool:
        """Whether it waits for nobody's hours."""
        return self.severity is Severity.CRITICAL and not self.waits


@frozen
class LastNotified:
    """The highest level of one clock that one recipient was told of, and how that ended.

    `received` counts the messages of this level that really reached the recipient; None where
    nobody counted. `since` is when it was first notified of that clock; None where it was notified
    once, or where nobody kept that.
    """

    level: int
    repetition: int
    at: int
    outcome: Outcome
    received: int | None = None
    since: int | None = None

    @classmethod
    def by(
        cls, alert: Alert, at: int, outcome: Outcome, before: LastNotified | None = None
    ) -> LastNotified:
        """What is reached once that alert ended so, after what was reached `before`."""
        received = None if alert.reminder is None else alert.reminder + (outcome in NOTIFIED)
        since = None if before is None else before.first_at
        return cls(alert.level, alert.repetition, at, outcome, received, since)

    @property
    def first_at(self) -> int | None:
        """When it was first notified of that clock; None where nobody kept that."""
        if self.since is not None:
            return self.since
        if self.outcome not in NOTIFIED:
            return None
        is_first = self.received == 1 or (self.received is None and not self.repetition)
        return self.at if is_first else None


@frozen
class MessageRun:
    """The messages about one case that one recipient had in a row, the first at `since`, the last
    at `at` (semantics E12).

    `worst` is the worst that any of them told. `observed`: in mode observe nobody got them.
    """

    since: int
    at: int
    count: int
    worst: Severity
    observed: Annotated[bool, JsonPlace.SPARSE] = False


@frozen
class Entry:
    """One message on its way: claimed under `token` until `until`, when the claim lapses and is
    judged again.

    `alerts` go to one recipient in one message, led by the first. `digest` names the digest that
    carries it. `attempts` counts the claims made so far.
    """

    token: str
    until: int
    alerts: tuple[Alert, ...]
    digest: str = ""
    attempts: int = 1

    @property
    def key(self) -> str:
        return self.alerts[0].recipient.key

    @property
    def urgent(self) -> bool:
        return any(alert.urgent for alert in self.alerts)


@frozen
class Case:
    """`rev` rises with every write and is 0 for a case not stored yet. `reached` is keyed by clock
    and recipient, `outbox` by recipient.

    `seen` holds, per ticket, the stream's sequence number of the last record taken in, `seen_at`
    the stream's time of it; `read_at` is when a sweep last read a record that told it something.
    `generation` is the policy generation it was last written under. `failures` counts how often
    in a row it could not be judged or sent. `breached` holds the breaches recorded, by
    `Clock.record`; `edited_at` is when a changed policy reached the case. `members` are the
    names linked to it of which no ticket is known (yet). `message_runs` are by recipient.
    """

    id: str
    facts: Facts = field(factory=Facts)
    rev: int = 0
    reached: Mapping[tuple[str, str], LastNotified] = field(factory=dict)
    outbox: Mapping[str, Entry] = field(factory=dict)
    seen: Mapping[str, str] = field(factory=dict)
    generation: int = 0
    next_at: int | None = None
    urgent: bool = False
    failures: int = 0
    breached: Mapping[str, int] = field(factory=dict)
    edited_at: int | None = None
    members: frozenset[str] = frozenset()
    seen_at: Mapping[str, int] = field(factory=dict)
    read_at: Mapping[str, int] = field(factory=dict)
    message_runs: Mapping[str, MessageRun] = field(factory=dict)

    def notified(self, clock_key: str, recipient: Recipient) -> LastNotified | None:
        """The highest level of that clock that the recipient was told of."""
        return self.reached.get((clock_key, recipient.key))

    def as_notified(self, live: bool) -> Case:
        """The case as its recipients know it: once live, a level that was only observed was told to
        nobody.
        """
        if not live:
            return self
        reached = {
            key: last for key, last in self.reached.items() if last.outcome is not Outcome.OBSERVED
        }
        runs = {key: run for key, run in self.message_runs.items() if not run.observed}
        return evolve(self, reached=reached, message_runs=runs)


def join(one: Case, other: Case) -> Case:
    """Both as one case, under the id of the older ticket: nothing that either knew, told or has on
    its way is lost.

    Entries for one recipient cannot share a place in the outbox: join when at most one of the
    two has any. The same whichever comes first; `rev` is that of the case whose id stays.
    """
    kept, moved = sorted((one, other), key=_age)
    facts = kept.facts | moved.facts
    edits = [at for at in (kept.edited_at, moved.edited_at) if at is not None]
    return evolve(
        kept,
        facts=facts,
        reached={**moved.reached, **kept.reached},
        outbox={**moved.outbox, **kept.outbox},
        seen={**moved.seen, **kept.seen},
        seen_at={**moved.seen_at, **kept.seen_at},
        read_at={**moved.read_at, **kept.read_at},
        generation=max(kept.generation, moved.generation),
        breached={**moved.breached, **kept.breached},
        edited_at=max(edits, default=None),
        members=(kept.members | moved.members).difference(facts.tickets()),
        failures=0,
        message_runs=later_runs(kept.message_runs, moved.message_runs),
    )


def later_runs(
    runs: Mapping[str, MessageRun], others: Mapping[str, MessageRun]
) -> Mapping[str, MessageRun]:
    """Of each recipient the run with the later message."""
    later = dict(runs)
    for key, run in others.items():
        own = later.get(key, run)
        later[key] = max(own, run, key=_last_and_longest)
    return later


def _last_and_longest(run: MessageRun) -> tuple[int, int, int]:
    return run.at, run.count, -run.since


def _age(case: Case) -> tuple[int, str]:
    """Cases that only hold names of tickets not seen yet come last."""
    oldest = LAST
    for ticket in case.facts.tickets():
        created = case.facts.of_field(ticket, "created")
        if created:
            oldest = min(oldest, created[0].at)
    return oldest, case.id


LAST = 2**62
"""After every epoch second."""


@frozen
class DamagedItem:
    """A stored case that cannot be read, and why. `failures` as far as it can be told."""

    case: str
    reason: str
    failures: int = 0
