"""Temporary: the names of one large table, for callers that are not moved to the stores yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sla_watchdog.adapters.dynamodb.alert_links import AlertLinkStore
from sla_watchdog.adapters.dynamodb.cases import CaseStore, Due
from sla_watchdog.adapters.dynamodb.claimed_entry import Levels
from sla_watchdog.adapters.dynamodb.deletions import DeletionStore
from sla_watchdog.adapters.dynamodb.digests import Digest, DigestStore
from sla_watchdog.adapters.dynamodb.generations import GenerationStore
from sla_watchdog.adapters.dynamodb.leases import LeaseStore
from sla_watchdog.adapters.dynamodb.outbox import Outbox, Settled
from sla_watchdog.adapters.dynamodb.rosters import RosterStore
from sla_watchdog.adapters.dynamodb.silences import SilenceStore
from sla_watchdog.adapters.dynamodb.topic_counts import TopicCountStore
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Case, Entry, Recipient
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.deletions import Deletions
from sla_watchdog.domain.escalation.subscribers import Roster


class OldNames:
    """`cases(ids)` and `deletions(now)` are calls of the stores of these names."""

    deletions: DeletionStore
    leases: LeaseStore
    generations: GenerationStore
    topic_counts: TopicCountStore
    cases: CaseStore
    outbox: Outbox
    digests: DigestStore
    rosters: RosterStore
    alert_links: AlertLinkStore
    silences: SilenceStore

    def note_missing(self, tickets: Iterable[str], now: int) -> Deletions:
        return self.deletions.note_missing(tickets, now)

    def run_lease(self, owner: str, now: int, until: int, run: str = "lease") -> bool:
        return self.leases.take(owner, now, until, run)

    def release_run(self, owner: str, run: str = "lease") -> bool:
        return self.leases.release(owner, run)

    def mark_swept(self, number: int) -> bool:
        return self.generations.mark_swept(number)

    def topics(self) -> Mapping[str, int] | None:
        return self.topic_counts.read()

    def deletions_reported(self, now: int) -> None:
        return self.deletions.reported(now)

    def due(self, shard: str, now: int) -> Iterator[Due]:
        return self.cases.due(shard, now)

    def claim(
        self, case: Case, entries: Mapping[str, Entry], next_at: int | None, urgent: bool
    ) -> Case | None:
        return self.outbox.claim(case, entries, next_at, urgent)

    def wait_for_audit(self, case: str, audit: Sequence[AuditItem]) -> bool:
        return self.outbox.wait_for_audit(case, audit)

    def put_back(self, due: Due, until: int, reason: str, counts: bool = True) -> bool:
        return self.cases.put_back(due, until, reason, counts)

    def digest_sent(self, digest: str) -> bool:
        return self.digests.is_sent(digest)

    def digest(self, digest: str) -> Digest | None:
        return self.digests.read(digest)

    def mark_digest_sent(self, digest: str, now: int, message_id: str) -> bool:
        return self.digests.mark_sent(digest, now, message_id)

    def roster(self) -> Roster:
        return self.rosters.read()

    def change_roster(self, change: Callable[[Roster], Roster]) -> Roster:
        return self.rosters.change(change)

    def recipients_are_notified(self, due: Due) -> bool:
        return self.rosters.are_notified(due)

    def put_alert_link(self, code: str, case: str, entry: Entry, expires_at: int) -> bool:
        return self.alert_links.put(code, case, entry, expires_at)

    def put_digest(
        self, digest: str, recipient: Recipient, members: Sequence[tuple[str, str]], now: int
    ) -> bool:
        return self.digests.put(digest, recipient, members, now)

    def context(self) -> Context:
        return self.silences.context()

    def topic_is_gone(self, topic: str) -> bool:
        return self.topic_counts.is_gone(topic)

    def retry_later(self, case: Case, key: str, token: str, until: int, attempts: int) -> bool:
        return self.outbox.retry_later(case, key, token, until, attempts)

    def append_observed(self, day: str, line: Mapping[str, object], due_at: int) -> bool:
        return self.digests.append_observed(day, line, due_at)

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
        return self.outbox.settle(case, key, token, reached, audit, next_at, urgent, now)
