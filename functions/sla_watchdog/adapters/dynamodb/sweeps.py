"""How far each sweep is: which of its segments are done, and what they counted.

pk META  sk sweep#<run>  started_at  of  done {segment: {name: count}}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META, Items

SWEEP_KEPT_SECONDS = 7 * 86400


class SweepStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def progress(self, run: str, of: int) -> SweepProgress:
        return SweepProgress(self._items, f"sweep#{run}", of)


class SweepProgress:
    """One sweep in `of` segments, each done by some function somewhere."""

    def __init__(self, items: Items, sort_key: str, of: int) -> None:
        self._items = items
        self._sort_key = sort_key
        self._of = of

    def start(self, now: int) -> bool:
        """True for whoever starts it; only when it was not started. Forgotten after a week
        (TTL).
        """
        change = Expression()
        change.set("started_at", to=now)
        change.set("of", to=self._of)
        change.set("done", to={})
        change.set("expires_at", to=now + SWEEP_KEPT_SECONDS)
        change.require(change.absent("pk"))
        return self._items.update(META, self._sort_key, change) is None

    def segment_done(self, segment: int, counts: Mapping[str, int]) -> Mapping[str, int] | None:
        """The sums over all segments when this was the last one missing, else None.

        A segment reported again changes nothing; the last one answers the same again.
        """
        number = str(segment)
        change = Expression()
        change.set("done", number, to=counts)
        change.require(change.present("pk"))
        change.require(change.absent("done", number))
        self._items.update(META, self._sort_key, change)
        stored = self._items.plain(META, self._sort_key)
        done: Mapping[str, Mapping[str, int]] = stored.get("done", {})
        if len(done) < self._of:
            return None
        total: Counter[str] = Counter()
        for segment_counts in done.values():
            total.update(segment_counts)
        return {name: int(total[name]) for name in sorted(total)}
