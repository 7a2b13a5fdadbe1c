"""What the records of the desk were ever seen to carry (semantics B10).

pk META  sk evidence  ended  seen:<what>: at  missed:<what>: at
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sla_watchdog.adapters.dynamodb.attributes import number_in, plain
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.generations import GenerationStore
from sla_watchdog.adapters.dynamodb.items import META, Items
from sla_watchdog.domain.clocks.evidence import ENOUGH, Evidence
from sla_watchdog.domain.policy.model import Carried

SORT_KEY = "evidence"
SEEN, MISSED = "seen:", "missed:"


class EvidenceStore:
    def __init__(self, items: Items, generations: GenerationStore) -> None:
        self._items = items
        self._generations = generations

    def note_seen(self, carried: Iterable[Carried], now: int) -> None:
        """Somebody saw it in a record. The first time stands. Where it had been missed, clocks are
        judged from now on, and a sweep wakes the cases that they are due for.
        """
        change = Expression()
        for name in sorted(carried):
            change.set_if_absent(SEEN + name, to=now)
        stored = evidence_in(plain(self._items.updated(META, SORT_KEY, change)))
        if stored.missed.intersection(carried):
            self._generations.ask_for_sweep()

    def swept(self, ended: int, now: int) -> None:
        """A whole sweep saw so many tickets that ended, and noted all that it saw in them. Where
        they are enough, what was never seen is missed from now on. A repetition changes nothing.
        """
        before = evidence_in(self._items.plain(META, SORT_KEY))
        if ended > before.ended:
            self._items.update(META, SORT_KEY, Expression().set("ended", to=ended))
        if ended < ENOUGH:
            return
        for name in sorted(set(Carried).difference(before.seen, before.missed)):
            change = Expression().set(MISSED + name, to=now)
            change.require(change.absent(SEEN + name))
            self._items.update(META, SORT_KEY, change)


def evidence_in(stored: Mapping[str, Any]) -> Evidence:
    """Of the item as plain values. Where it cannot be read, clocks are judged."""
    seen = _instants(stored, SEEN)
    missed = _instants(stored, MISSED)
    unreadable = {name for name in Carried if SEEN + name in stored and name not in seen}
    return Evidence(
        ended=number_in(stored.get("ended")),
        missed=frozenset(missed).difference(unreadable),
        seen=seen,
    )


def _instants(stored: Mapping[str, Any], prefix: str) -> dict[Carried, int]:
    instants = {}
    for name in Carried:
        at = number_in(stored.get(prefix + name))
        if at:
            instants[name] = at
    return instants
