"""Who is and was subscribed, in the Watch table, and when somebody is to be notified of who is
missing.

pk META          sk recipients  rev  subscribers {"<topic> <protocol> <address>": {state, since}}
                                notified {the same or "operations": {<topic>: epoch second}}
pk D#recipients  sk W           next_at  due_shard     while a tick is to look
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sla_watchdog.adapters.dynamodb.attributes import map_in, number_in, plain
from sla_watchdog.adapters.dynamodb.case_item import DIGEST, shard_of
from sla_watchdog.adapters.dynamodb.cases import Due
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.state import META
from sla_watchdog.adapters.dynamodb.table import Item, Items, StoreBusyError
from sla_watchdog.domain.escalation.subscribers import Roster, Seat, State, Subscriber

SORT_KEY = "W"
RECIPIENTS = "recipients"
"""What the item of the roster is called, and in place of a digest's id what wakes a tick for it."""

MOST_KEPT = 2000
"""Subscribers kept, at some 100 bytes each; beyond them nobody is missed."""

TRIES = 10


class Rosters(Items):
    def roster(self) -> Roster:
        """As it is now; empty before the first sweep. What cannot be read of it counts as never
        seen.
        """
        return _roster(self._read(META, RECIPIENTS) or {})

    def change_roster(self, change: Callable[[Roster], Roster]) -> Roster:
        """The roster as `change` makes it of what stands now; it is asked again where somebody
        wrote meanwhile.

        A change that changes nothing writes nothing. Only when `rev` is still the one read.
        """
        for _ in range(TRIES):
            item = self._read(META, RECIPIENTS) or {}
            before = _roster(item)
            after = change(before)
            if after == before or self._keep_roster(after, item):
                return after
        raise StoreBusyError("the roster of recipients changes faster than it can be read")

    def _keep_roster(self, roster: Roster, before: Item) -> bool:
        kept = sorted(roster.subscribers)[:MOST_KEPT]
        subscribers = {seat.key: _subscriber_map(roster.subscribers[seat]) for seat in kept}
        change = Expression().set("subscribers", to=subscribers).set("notified", to=roster.notified)
        change.set("rev", to=number_in(plain(before).get("rev")) + 1).require(
            change.as_stored("rev", before)
        )
        return self._update(META, RECIPIENTS, change) is None

    def wake_for_recipients(self, now: int) -> None:
        """The next tick looks who is to be notified. A repetition changes nothing that matters."""
        change = (
            Expression()
            .set("next_at", to=now)
            .set("due_shard", to=shard_of(RECIPIENTS, urgent=False))
        )
        self._update(
            f"{DIGEST}{RECIPIENTS}", SORT_KEY, change.remove("expires_at").remove("problem")
        )

    def recipients_are_notified(self, due: Due) -> bool:
        """No tick need look until a sweep says so. Only when `next_at` is still the one found."""
        change = Expression().remove("next_at").remove("due_shard")
        change.require(change.equals("next_at", to=due.next_at))
        return self._update(due.pk, SORT_KEY, change) is None


def _subscriber_map(subscriber: Subscriber) -> dict[str, object]:
    return {"state": subscriber.state, "since": subscriber.since}


def _roster(item: Item) -> Roster:
    stored = plain(item)
    notified = {
        key: {topic: number_in(at) for topic, at in map_in(times).items()}
        for key, times in map_in(stored.get("notified")).items()
    }
    return Roster(dict(_subscribers(map_in(stored.get("subscribers")))), notified)


def _subscribers(stored: Mapping[str, Any]) -> Iterator[tuple[Seat, Subscriber]]:
    for key, value in stored.items():
        entry = map_in(value)
        try:
            yield (
                Seat.of_key(key),
                Subscriber(State(str(entry.get("state"))), number_in(entry.get("since"))),
            )
        except ValueError:
            continue
