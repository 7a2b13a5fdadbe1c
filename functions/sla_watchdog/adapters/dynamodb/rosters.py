"""Who is and was subscribed, in the Watch table, and when somebody is to be notified of who is
missing.

pk META          sk recipients  rev  subscribers {"<topic> <protocol> <address>": {state, since}}
                                notified {the same or "operations": {<topic>: epoch second}}
pk D#recipients  sk W           next_at  due_shard     while a tick is to look
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sla_watchdog.adapters.dynamodb.attributes import map_in, number_in, numbers_in, plain
from sla_watchdog.adapters.dynamodb.case_item import DIGEST
from sla_watchdog.adapters.dynamodb.case_writes import set_wakeup
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META, SORT_KEY, Items
from sla_watchdog.adapters.dynamodb.table import Item, StoreBusyError
from sla_watchdog.domain.escalation.subscribers import Roster, Seat, Subscriber, SubscriptionState
from sla_watchdog.usecases.watch.ports import RECIPIENTS, Due

MOST_KEPT = 2000
"""Subscribers kept, at some 100 bytes each; beyond them nobody is missed."""

TRIES = 10


class RosterStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def read(self) -> Roster:
        """As it is now; empty before the first sweep. What cannot be read of it counts as never
        seen.
        """
        return _roster(self._items.read(META, RECIPIENTS) or {})

    def change(self, change: Callable[[Roster], Roster]) -> Roster:
        """The roster as `change` makes it of what stands now; it is asked again where somebody
        wrote meanwhile.

        A change that changes nothing writes nothing. Only when `rev` is still the one read.
        """
        for _ in range(TRIES):
            item = self._items.read(META, RECIPIENTS) or {}
            before = _roster(item)
            after = change(before)
            if after == before or self._keep(after, item):
                return after
        raise StoreBusyError("the roster of recipients changes faster than it can be read")

    def _keep(self, roster: Roster, before: Item) -> bool:
        subscribers = {}
        for seat in sorted(roster.subscribers)[:MOST_KEPT]:
            subscribers[seat.key] = _subscriber_map(roster.subscribers[seat])
        rev = number_in(plain(before).get("rev"))
        change = Expression()
        change.set("subscribers", to=subscribers)
        change.set("notified", to=roster.notified)
        change.set("rev", to=rev + 1)
        change.require(change.as_stored("rev", before))
        return self._items.update(META, RECIPIENTS, change) is None

    def wake(self, now: int) -> None:
        """The next tick looks who is to be notified. A repetition changes nothing that matters."""
        change = Expression()
        set_wakeup(change, RECIPIENTS, now, urgent=False)
        change.remove("expires_at")
        change.remove("problem")
        self._items.update(f"{DIGEST}{RECIPIENTS}", SORT_KEY, change)

    def are_notified(self, due: Due) -> bool:
        """No tick need look until a sweep says so. Only when `next_at` is still the one found."""
        change = Expression()
        change.remove("next_at")
        change.remove("due_shard")
        change.require(change.equals("next_at", to=due.next_at))
        return self._items.update(due.pk, SORT_KEY, change) is None


def _subscriber_map(subscriber: Subscriber) -> dict[str, object]:
    return {"state": subscriber.state, "since": subscriber.since}


def _roster(item: Item) -> Roster:
    stored = plain(item)
    subscribers = dict(_subscribers(map_in(stored.get("subscribers"))))
    notified = {}
    for key, times in map_in(stored.get("notified")).items():
        notified[key] = numbers_in(times)
    return Roster(subscribers, notified)


def _subscribers(stored: Mapping[str, Any]) -> Iterator[tuple[Seat, Subscriber]]:
    for key, value in stored.items():
        entry = map_in(value)
        since = number_in(entry.get("since"))
        try:
            seat = Seat.of_key(key)
            state = SubscriptionState(str(entry.get("state")))
        except ValueError:
            continue
        yield seat, Subscriber(state, since)
