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
        before, since = map_in(stored.get("topics")), map_in(stored.get("since"))
        there = {topic for topic, count in topics.items() if count}
        still = {topic for topic in there if topic in since and before.get(topic)}
        began = dict.fromkeys(there, now)
        for topic in still:
            began[topic] = number_in(since[topic], now)
        change = Expression().set("topics", to=topics).set("since", to=began)
        self._items.update(META, "topics", change)
        if stored and there.difference(still):
            self._generations.ask_for_sweep()

    def is_gone(self, topic: str) -> bool:
        """SNS says so, before the next count does; only of a topic that was counted."""
        change = Expression().set("topics", topic, to=0).remove("since", topic)
        change.require(change.present("topics", topic))
        return self._items.update(META, "topics", change) is None
