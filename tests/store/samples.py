"""Cases, alerts and audit items for the store's tests, and a store on one engine."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

from sla_watchdog.adapters.dynamodb.audit import AuditTable
from sla_watchdog.adapters.dynamodb.tickets import TicketsTable
from sla_watchdog.adapters.dynamodb.watch import Due, WatchStores
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import (
    Alert,
    Case,
    Entry,
    LastNotified,
    Outcome,
    Recipient,
    Severity,
)
from sla_watchdog.domain.escalation.reasons import LevelDue
from sla_watchdog.domain.policy.model import Source
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.presentation.text.reason import worded

NOW = 1_764_000_000
LEASE = 150

OWNER = Recipient("owner", "Kim Ö. #1.2")
LEAD = Recipient("team-lead")


@frozen
class Store:
    """The three tables of one empty account. Nothing waits: pauses are only noted."""

    client: Any
    names: dict[str, str]
    pauses: list[float]

    @property
    def watch(self) -> WatchStores:
        return self.watch_with(self.client)

    def watch_with(self, writes: Any) -> WatchStores:
        return WatchStores.of(
            self.client, writes, self.names["watch"], self.names["audit"], self.pauses.append
        )

    @property
    def audit(self) -> AuditTable:
        return AuditTable(self.client, self.names["audit"], self.pauses.append)

    def tickets(self, source: Source | None = None) -> TicketsTable:
        source = source or Source(key={"ticket_id": "{ticket_id}"})
        return TicketsTable(self.client, self.names["tickets"], source, self.pauses.append)

    def stored(self, pk: str, sk: str = "W") -> dict[str, Any]:
        """The item as DynamoDB holds it; empty when absent."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        return self.client.get_item(
            TableName=self.names["watch"], Key=key, ConsistentRead=True
        ).get("Item", {})

    def put(self, item: dict[str, Any]) -> None:
        self.client.put_item(TableName=self.names["watch"], Item=item)

    def case(self, name: str = "T1") -> Case:
        found = self.watch.cases.read([name])[name]
        assert isinstance(found, Case), found
        return found

    def kept(self, case: Case | None = None) -> Case:
        """A case in the table, as `track` leaves it."""
        case = case or a_case()
        assert self.watch.cases.keep(case, [])
        return self.case(case.id)

    def claimed(self, *entries: Entry, next_at: int = NOW + LEASE) -> Case:
        """A case in the table with these entries in its outbox."""
        outbox = {entry.key: entry for entry in entries or (an_entry(),)}
        case = self.watch.outbox.claim(self.kept(), outbox, next_at, urgent=True)
        assert case is not None
        return case

    def due(self, now: int) -> list[Due]:
        from sla_watchdog.adapters.dynamodb.watch import SHARDS

        watch = self.watch
        return [each for shard in SHARDS for each in watch.cases.due(shard, now)]


def a_case(name: str = "T1", *, next_at: int | None = NOW, urgent: bool = False) -> Case:
    facts = [
        Fact(name, "created", NOW - 7200),
        Fact(name, "status", NOW - 7200, "New"),
        Fact(name, "tags", NOW - 7200, ("city", "web")),
        Fact(name, "agent_reply", NOW - 3600, "Kim"),
    ]
    return Case(
        id=name,
        facts=Facts.of(facts),
        seen={name: "49590338271"},
        generation=3,
        next_at=next_at,
        urgent=urgent,
    )


def an_alert(recipient: Recipient = OWNER, *, level: int = 0, clock: str = "resolution") -> Alert:
    return Alert("T1", clock, 1, level, 0, recipient, Severity.BREACH, NOW - 60, LevelDue())


def an_entry(
    recipient: Recipient = OWNER, *, token: str = "token-1", until: int = NOW + LEASE
) -> Entry:
    return Entry(
        token, until, (an_alert(recipient), an_alert(recipient, clock="age")), digest="", attempts=1
    )


def reached_by(
    entry: Entry, outcome: Outcome = Outcome.SENT
) -> dict[tuple[str, str], LastNotified]:
    return {
        (a.clock_key, entry.key): LastNotified(a.level, a.repetition, NOW, outcome)
        for a in entry.alerts
    }


def audit_of(entry: Entry, case: str = "T1", outcome: Outcome = Outcome.SENT) -> list[AuditItem]:
    return [
        AuditItem(case, NOW, a.id, outcome, worded(a.reason), {"topic": a.recipient.name})
        for a in entry.alerts
    ]


def renewed(entry: Entry, token: str) -> Entry:
    return evolve(entry, token=token)
