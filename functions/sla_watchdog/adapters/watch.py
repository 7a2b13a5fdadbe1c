"""The Watch table: cases, digests, what may be the same matter, and what the watchdog knows about itself."""

from __future__ import annotations

from sla_watchdog.adapters.case_item import SHARDS, DamagedItem, shard_of
from sla_watchdog.adapters.cases import Due
from sla_watchdog.adapters.digests import Digest, Digests
from sla_watchdog.adapters.links import Links
from sla_watchdog.adapters.matters import Matters
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


class WatchTable(Outbox, Links, Matters, Digests, Meta):
    """One table, four kinds of items. `WatchTable(reads, writes, table, audit_table)`."""
