"""How many have confirmed each topic, as last counted.

pk META  sk topics  topics {name: count}  since {name: epoch second}
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sla_watchdog.adapters.dynamodb.attributes import map_in, number_in
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.generations import GenerationStore
from sla_watchdog.adapters.dynamodb.items import META, Items


class TopicCountStore:
    def __init__(self, items: Items, generations: GenerationStore) -> None:
        self._items = items
        self._generations = generations

    def read(self) -> Mapping[str, int] | None:
        """Confirmed subscriptions by topic name, as last counted; None before the first count."""
        counts = self._items.plain(META, "topics").get("topics")
        if not isinstance(counts, Mapping):
            return None
        return {name: int(count) for name, count in counts.items() if isinstance(count, Decimal)}

    def keep(self, topics: Mapping[str, int], now: int) -> None:
        """The last count stands. Where it finds somebody again, a sweep wakes what reached
        nobody.
        """
        stored = self._items.plain(META, "topics")
        before = map_in(stored.get("topics"))
        since = map_in(stored.get("since"))
        reachable_since: dict[str, int] = {}
        is_found_again = False
        for topic, count in topics.items():
            if not count:
                continue
            if before.get(topic) and topic in since:
                reachable_since[topic] = number_in(since[topic], now)
            else:
                reachable_since[topic] = now
                is_found_again = True
        change = Expression()
        change.set("topics", to=topics)
        change.set("since", to=reachable_since)
        self._items.update(META, "topics", change)
        if stored and is_found_again:
            self._generations.ask_for_sweep()

    def is_gone(self, topic: str) -> bool:
        """SNS says that there is no such topic, before the next count sees it. Only a topic that
        was counted; a repetition writes the same once more.
        """
        change = Expression()
        change.set("topics", topic, to=0)
        change.remove("since", topic)
        change.require(change.present("topics", topic))
        return self._items.update(META, "topics", change) is None
