"""The Watch table: cases, digests, what may be the same matter, and what the watchdog knows about
itself.
"""

from __future__ import annotations

from sla_watchdog.adapters.dynamodb.alert_links import AlertLinks
from sla_watchdog.adapters.dynamodb.case_item import SHARDS, DamagedItem, shard_of
from sla_watchdog.adapters.dynamodb.cases import Due
from sla_watchdog.adapters.dynamodb.deletions import MissingRecords
from sla_watchdog.adapters.dynamodb.digests import Digest, Digests
from sla_watchdog.adapters.dynamodb.inspection import Inspection
from sla_watchdog.adapters.dynamodb.linked_cases import Links
from sla_watchdog.adapters.dynamodb.lookalikes import LookalikeKeys
from sla_watchdog.adapters.dynamodb.outbox import Settled
from sla_watchdog.adapters.dynamodb.report_marks import ReportMarks
from sla_watchdog.adapters.dynamodb.rosters import Rosters
from sla_watchdog.adapters.dynamodb.silences import Silences
from sla_watchdog.adapters.dynamodb.state import Generation, Mode, SweepProgress

__all__ = [
    "SHARDS",
    "DamagedItem",
    "Digest",
    "Due",
    "Generation",
    "Mode",
    "Settled",
    "SweepProgress",
    "WatchTable",
    "shard_of",
]


class WatchTable(
    AlertLinks,
    Links,
    LookalikeKeys,
    Digests,
    Silences,
    Inspection,
    MissingRecords,
    ReportMarks,
    Rosters,
):
    """One table, five kinds of items. `WatchTable(reads, writes, table, audit_table)`."""
