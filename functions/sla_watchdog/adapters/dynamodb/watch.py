"""All stores of the Watch table, put together. Each reads and writes the items of one subject; its
module says at the head which attributes they have.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from attrs import frozen

from sla_watchdog.adapters.dynamodb.alert_links import AlertLinkStore
from sla_watchdog.adapters.dynamodb.audit import AuditActions
from sla_watchdog.adapters.dynamodb.case_item import shard_of
from sla_watchdog.adapters.dynamodb.case_reads import CaseReads
from sla_watchdog.adapters.dynamodb.cases import CaseStore
from sla_watchdog.adapters.dynamodb.deletions import DeletionStore
from sla_watchdog.adapters.dynamodb.digests import DigestStore
from sla_watchdog.adapters.dynamodb.evidence import EvidenceStore
from sla_watchdog.adapters.dynamodb.generations import GenerationStore
from sla_watchdog.adapters.dynamodb.inspection import InspectionStore
from sla_watchdog.adapters.dynamodb.items import Items
from sla_watchdog.adapters.dynamodb.linked_cases import LinkedCaseStore
from sla_watchdog.adapters.dynamodb.lookalikes import LookalikeStore
from sla_watchdog.adapters.dynamodb.outbox import Outbox
from sla_watchdog.adapters.dynamodb.pulse import PulseStore
from sla_watchdog.adapters.dynamodb.recent_messages import RecentMessageStore
from sla_watchdog.adapters.dynamodb.report_marks import ReportMarkStore
from sla_watchdog.adapters.dynamodb.rosters import RosterStore
from sla_watchdog.adapters.dynamodb.run_leases import LeaseStore
from sla_watchdog.adapters.dynamodb.silences import SilenceStore
from sla_watchdog.adapters.dynamodb.state import Mode, StateStore
from sla_watchdog.adapters.dynamodb.sweeps import SweepProgress, SweepStore
from sla_watchdog.adapters.dynamodb.table import Pause
from sla_watchdog.adapters.dynamodb.topic_counts import TopicCountStore
from sla_watchdog.domain.escalation.case import DamagedItem
from sla_watchdog.usecases.judging.ports import Generation
from sla_watchdog.usecases.watch.ports import SHARDS, Digest, Due, Settled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = [
    "SHARDS",
    "DamagedItem",
    "Digest",
    "Due",
    "Generation",
    "Mode",
    "Settled",
    "SweepProgress",
    "WatchStores",
    "shard_of",
]


@frozen
class WatchStores:
    """They share one table, its two clients, and the way it waits between two tries."""

    items: Items
    cases: CaseStore
    outbox: Outbox
    digests: DigestStore
    alert_links: AlertLinkStore
    linked_cases: LinkedCaseStore
    lookalikes: LookalikeStore
    leases: LeaseStore
    generations: GenerationStore
    state: StateStore
    topic_counts: TopicCountStore
    silences: SilenceStore
    deletions: DeletionStore
    evidence: EvidenceStore
    rosters: RosterStore
    recent_messages: RecentMessageStore
    report_marks: ReportMarkStore
    inspection: InspectionStore
    pulse: PulseStore
    sweeps: SweepStore

    @classmethod
    def of(
        cls,
        reads: DynamoDBClient,
        writes: DynamoDBClient,
        table: str,
        audit_table: str,
        pause: Pause = time.sleep,
    ) -> WatchStores:
        """`reads` may try again by itself; `writes` should not."""
        items = Items(reads, writes, table, pause)
        return cls._over(items, AuditActions(audit_table))

    @classmethod
    def _over(cls, items: Items, audit: AuditActions) -> WatchStores:
        case_reads = CaseReads(items)
        cases = CaseStore(items, case_reads)
        generations = GenerationStore(items)
        pulse = PulseStore(items)
        return cls(
            items=items,
            cases=cases,
            outbox=Outbox(items, audit),
            digests=DigestStore(items),
            alert_links=AlertLinkStore(items, audit, cases),
            linked_cases=LinkedCaseStore(items),
            lookalikes=LookalikeStore(items),
            leases=LeaseStore(items),
            generations=generations,
            state=StateStore(items),
            topic_counts=TopicCountStore(items, generations),
            silences=SilenceStore(items, generations),
            deletions=DeletionStore(items, generations, pulse),
            evidence=EvidenceStore(items, generations),
            rosters=RosterStore(items),
            recent_messages=RecentMessageStore(items),
            report_marks=ReportMarkStore(items),
            inspection=InspectionStore(items, case_reads),
            pulse=pulse,
            sweeps=SweepStore(items),
        )
