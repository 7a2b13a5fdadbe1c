"""How many messages of their own each destination got within a day.

pk META  sk messages  sent {destination: {hour since the epoch: count}}

It is for pace alone: where it is lost or cannot be read, nothing waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sla_watchdog.adapters.dynamodb.attributes import map_in, numbers_in
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META, Items
from sla_watchdog.domain.escalation.recent_messages import RecentMessages

SORT_KEY = "messages"


class RecentMessageStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def read(self) -> RecentMessages:
        return recent_in(self._items.plain(META, SORT_KEY))

    def keep(self, recent: RecentMessages) -> None:
        """The last count stands: of two ticks at once one may not count."""
        sent = {name: _typed(counts) for name, counts in recent.by_hour.items()}
        self._items.update(META, SORT_KEY, Expression().set("sent", to=sent))


def recent_in(stored: Mapping[str, object]) -> RecentMessages:
    """Without what is no count."""
    by_hour = {name: _counts(counts) for name, counts in map_in(stored.get("sent")).items()}
    return RecentMessages(by_hour)


def _counts(stored: object) -> dict[int, int]:
    counts = numbers_in(stored)
    return {int(hour): count for hour, count in counts.items() if hour.isdecimal()}


def _typed(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(hour): count for hour, count in counts.items()}
