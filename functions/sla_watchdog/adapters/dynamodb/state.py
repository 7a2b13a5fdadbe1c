"""The mode that somebody switched to, and the simulated time of a local stack.

Each of these items is read by every tick: whatever stands in one, no tick fails for it.
"""

from __future__ import annotations

from attrs import frozen

from sla_watchdog.adapters.dynamodb.attributes import number_in
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META, Items


@frozen
class Mode:
    """`observe` or `live`, since the epoch second somebody switched to it."""

    name: str
    since: int


class StateStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def mode(self) -> Mode:
        """`observe` since 0 until somebody switches; `live` where what stands there is no mode: too
        much rather than too little.
        """
        stored = self._items.plain(META, "mode")
        since = number_in(stored.get("since"))
        if not stored or stored.get("name") == "observe":
            return Mode("observe", since)
        return Mode("live", since)

    def set_mode(self, name: str, since: int) -> Mode:
        """The mode now in force. Only another mode than the present begins anew, so a repetition
        changes nothing.
        """
        change = Expression()
        change.set("name", to=name)
        change.set("since", to=since)
        change.require_any(change.absent("pk"), change.compare("name", "<>", name))
        if self._items.update(META, "mode", change) is not None:
            return self.mode()
        return Mode(name, since)

    def simulated_now(self) -> int | None:
        """The time that the local driver set; None where there is none."""
        stored = self._items.plain(META, "time")
        if not stored:
            return None
        return int(stored["now"])

    def set_simulated_now(self, now: int) -> None:
        """The last call counts: one driver sets it."""
        change = Expression().set("now", to=now)
        self._items.update(META, "time", change)
