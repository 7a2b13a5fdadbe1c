"""The Watch table: cases, digests, what may be the same matter, and what the watchdog knows about itself."""

from __future__ import annotations

from sla_watchdog.adapters.alert_links import AlertLinks
from sla_watchdog.adapters.case_item import SHARDS, DamagedItem, shard_of
from sla_watchdog.adapters.cases import Due
from sla_watchdog.adapters.deletions import MissingRecords
from sla_watchdog.adapters.digests import Digest, Digests
from sla_watchdog.adapters.inspection import Inspection
from sla_watchdog.adapters.links import Links
from sla_watchdog.adapters.matters import Matters
from sla_watchdog.adapters.meta import Generation, Mode, SweepProgress
from sla_watchdog.adapters.outbox import Settled
from sla_watchdog.adapters.report_marks import ReportMarks
from sla_watchdog.adapters.rosters import Rosters
from sla_watchdog.adapters.silences import Silences

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


class WatchTable(AlertLinks, Links, Matters, Digests, Silences, Inspection, MissingRecords, ReportMarks, Rosters):
    """One table, five kinds of items. `WatchTable(reads, writes, table, audit_table)`."""
