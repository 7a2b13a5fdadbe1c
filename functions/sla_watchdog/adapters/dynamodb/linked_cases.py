"""Cases that become one: the joined case is written and what was moved into it points there, in one
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sla_watchdog.adapters.dynamodb.case_item import (
    case_key,
    levels_map,
    message_runs_map,
    outbox_map,
)
from sla_watchdog.adapters.dynamodb.case_writes import (
    case_update,
    require_generation,
    require_rev,
    seal_actions,
    storable,
)
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import SORT_KEY, Items
from sla_watchdog.adapters.dynamodb.sealing import joined, sealing
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.dropped_notifications import dropped

OF_A_CASE = (
    "facts",
    "sealed",
    "seen",
    "seen_at",
    "read_at",
    "members",
    "generation",
    "edited_at",
    "breached",
    "failures",
    "problem",
    "findings",
    "outbox",
    "reached",
    "message_runs",
    "next_at",
    "due_shard",
)
"""Attributes that what was moved has no more."""


class LinkedCaseStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def joined(self, one: Case, other: Case) -> Case:
        """Both as one, not yet written; the sealed items of both stay where they are."""
        return joined(one, other)

    def link(self, case: Case, moved: Sequence[Case], findings: Iterable[Finding]) -> bool:
        """Writes `case`, which holds all that `moved` know, and turns these into `moved_to`.

        Only when all of them are as they were read (a name of which there is no case: still
        none), and no newer generation has written any. False otherwise, and nothing is written:
        read again. A repetition finds its own write done and says False. Raises Unstorable for a
        case that no item can hold.
        """
        stored = sealing(case)
        change = case_update(case, stored, findings)
        change.set("outbox", to=outbox_map(case.outbox))
        change.set("reached", to=_levels(case))
        change.set_or_remove("message_runs", message_runs_map(case.message_runs))
        others = []
        for other in moved:
            pointer = _moving(other, case)
            others.append(self._items.update_action(case_key(other.id), SORT_KEY, pointer))
        others += seal_actions(self._items, case.id, stored)
        with storable(case.id):
            stands = self._items.update_with(case_key(case.id), SORT_KEY, change, others)
        return stands is None

    def release(self, name: str) -> bool:
        """The name is a case of its own, of which nothing is known yet. Only while it belongs to
        another; a repetition changes nothing and says False.
        """
        change = Expression()
        change.add("rev")
        change.set("facts", to="{}")
        change.remove("moved_to")
        change.require(change.present("moved_to"))
        return self._items.update(case_key(name), SORT_KEY, change) is None

    def repoint(self, names: Iterable[str], before: str, to: str) -> None:
        """What still points to `before` points to `to`, where that went: a shorter way. A lost race
        changes nothing.
        """
        for name in names:
            change = Expression().set("moved_to", to=to)
            change.require(change.equals("moved_to", to=before))
            self._items.update(case_key(name), SORT_KEY, change)


def _moving(case: Case, to: Case) -> Expression:
    """`rev` rises, so that whoever read the case before writes nothing over this."""
    change = Expression()
    change.set("moved_to", to=to.id)
    change.set("rev", to=case.rev + 1)
    change.remove_all(OF_A_CASE)
    require_rev(change, case)
    require_generation(change, to.generation)
    return change


def _levels(case: Case) -> dict[str, object]:
    gone = set(dropped(case.reached, ()))
    kept = {key: notified for key, notified in case.reached.items() if key not in gone}
    return levels_map(kept)
