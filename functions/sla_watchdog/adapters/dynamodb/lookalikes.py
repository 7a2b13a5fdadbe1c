"""Which tickets look like one matter: under each key the oldest tickets that have it and whose
matters go on.

pk K#<hash of the key>  sk W  t:<ticket>: created_at
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from sla_watchdog.adapters.dynamodb.attributes import number_in, plain
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import SORT_KEY, Items
from sla_watchdog.adapters.dynamodb.table import Item
from sla_watchdog.usecases.track.ports import MOST_LOOKALIKES

MATTER = "K#"
TICKET = "t:"


def oldest(tickets: Mapping[str, int]) -> list[str]:
    return sorted(tickets, key=tickets.__getitem__)[:-MOST_LOOKALIKES]


class LookalikeStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def read(self, hashes: Iterable[str]) -> dict[str, Mapping[str, int]]:
        """By the hash of a key: the tickets remembered under it with their creation."""
        keys = [(MATTER + hashed, SORT_KEY) for hashed in dict.fromkeys(hashes)]
        tickets: dict[str, Mapping[str, int]] = {}
        for item in self._items.read_all(keys):
            hashed = item["pk"]["S"].removeprefix(MATTER)
            tickets[hashed] = tickets_in(item)
        return tickets

    def remember(
        self,
        key: str,
        ticket: str,
        created_at: int,
        needless: Callable[[Mapping[str, int]], Iterable[str]] = oldest,
    ) -> Mapping[str, int]:
        """Notes that the ticket has the key; every ticket that is known to, with its creation. One
        write, no read.

        Every caller finds those who came before, so of two at once one finds the other. A
        repetition changes nothing. Where there are more than `MOST_LOOKALIKES`, the `needless`
        ones are forgotten.
        """
        change = Expression().set(TICKET + ticket, to=created_at)
        written = self._items.updated(MATTER + key, SORT_KEY, change)
        tickets = tickets_in(written)
        if len(tickets) > MOST_LOOKALIKES:
            self._forget(key, list(needless(tickets)))
        return tickets

    def _forget(self, key: str, tickets: list[str]) -> None:
        """A repetition changes nothing."""
        if not tickets:
            return
        change = Expression().remove_all(TICKET + ticket for ticket in tickets)
        self._items.update(MATTER + key, SORT_KEY, change)


def tickets_in(item: Item) -> dict[str, int]:
    """The tickets of one key with their creation; what is no time is none, and is written again by
    the next sweep.
    """
    tickets = {}
    for name, at in plain(item).items():
        if name.startswith(TICKET) and _is_whole(at):
            tickets[name.removeprefix(TICKET)] = number_in(at)
    return tickets


def _is_whole(number: object) -> bool:
    return isinstance(number, Decimal) and number == number.to_integral_value()
