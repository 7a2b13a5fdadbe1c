"""The Watch table: cases, digests, and what the watchdog knows about itself."""

from __future__ import annotations

from sla_watchdog.adapters.case_item import SHARDS, DamagedItem, shard_of
from sla_watchdog.adapters.cases import Cases, Due
from sla_watchdog.adapters.digests import Digest, Digests
from sla_watchdog.adapters.meta import Generation, Meta, Mode, SweepProgress
from sla_watchdog.adapters.outbox import Outbox, Settled

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


class WatchTable(Outbox, Cases, Digests, Meta):
    """One table, three kinds of items. `WatchTable(reads, writes, table, audit_table)`."""
