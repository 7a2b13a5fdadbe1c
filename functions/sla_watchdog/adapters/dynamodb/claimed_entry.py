"""An entry of the outbox that is held under a lease token, and what is written about it."""

from __future__ import annotations

from attrs import frozen

from sla_watchdog.adapters.dynamodb.case_item import message_runs_map, reached_map, reached_name
from sla_watchdog.adapters.dynamodb.case_writes import drop_notifications, set_wakeup
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.table import Item
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.usecases.watch.ports import Levels


@frozen
class ClaimedEntry:
    """Whatever is written about the entry `key` of the case requires `token`."""

    case: Case
    key: str
    token: str

    def change(self) -> Expression:
        change = Expression().add("rev")
        change.require(change.equals("outbox", self.key, "token", to=self.token))
        return change

    def until(self, until: int, attempts: int) -> Expression:
        """No digest will carry it any more: else one that was sent without it would count as its
        own.
        """
        change = self.change()
        change.set("outbox", self.key, "until", to=until)
        change.set("outbox", self.key, "digest", to="")
        change.set("outbox", self.key, "attempts", to=attempts)
        return change

    def sooner(self, until: int, attempts: int) -> Expression:
        """The same, with the case due at `until`; only where nothing of it is due before."""
        change = self.until(until, attempts)
        set_wakeup(change, self.case.id, until, self.case.urgent)
        change.require_any(change.absent("next_at"), change.compare("next_at", ">", until))
        return change

    def reaching(self, levels: Levels) -> Expression:
        change = self.change()
        for (clock, recipient), notified in levels.items():
            name = reached_name(clock, recipient)
            change.set("reached", name, to=reached_map(clock, recipient, notified))
        drop_notifications(change, self.case, levels)
        return change

    def taking_out(self, levels: Levels, next_at: int | None, urgent: bool) -> Expression:
        change = self.reaching(levels)
        change.remove("outbox", self.key)
        change.set_or_remove("message_runs", message_runs_map(self.case.message_runs))
        change.remove("failures")
        change.remove("problem")
        set_wakeup(change, self.case.id, next_at, urgent)
        return change

    def is_in(self, item: Item) -> bool:
        return token_of(item, self.key) == self.token


def token_of(item: Item, key: str) -> str:
    """The lease token of an entry in a stored case; '' where there is none."""
    entries = item.get("outbox", {}).get("M", {})
    entry = entries.get(key, {}).get("M", {})
    token = entry.get("token", {}).get("S", "")
    return str(token)
