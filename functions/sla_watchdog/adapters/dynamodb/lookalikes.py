"""Which open tickets look like one matter: under each key of a matter the oldest open tickets that
have it.

pk K#<hash of the key>  sk W  t:<ticket>: created_at
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.table import Item, Items, is_busy, patiently

MATTER = "K#"
TICKET = "t:"

MOST = 20
"""Tickets remembered under one key; those that are over make room."""


def oldest(found: Mapping[str, int]) -> list[str]:
    return sorted(found, key=found.__getitem__)[:-MOST]


class LookalikeKeys(Items):
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
        repetition changes nothing. Where there are more than `MOST`, the `needless` ones are
        forgotten.
        """
        change = Expression().set(TICKET + ticket, to=created_at)
        request = {
            "TableName": self._table,
            "Key": self._key(MATTER + key, "W"),
            **change.request(),
        }
        answer = patiently(
            lambda: self._writes.update_item(**request, ReturnValues="ALL_NEW"),
            self._pause,
            is_busy,
        )
        found = tickets_in(answer["Attributes"])
        if len(found) > MOST and (forgotten := list(needless(found))):
            self._forget(key, forgotten)
        return found

    def _forget(self, key: str, tickets: list[str]) -> None:
        change = Expression()
        for ticket in tickets:
            change.remove(TICKET + ticket)
        self._update(MATTER + key, "W", change)


def tickets_in(item: Item) -> dict[str, int]:
    """The tickets of one key with their creation; what is no time is none, and is written again by
    the next sweep.
    """
    return {
        name.removeprefix(TICKET): int(at)
        for name, at in plain(item).items()
        if name.startswith(TICKET) and isinstance(at, Decimal) and at == at.to_integral_value()
    }
