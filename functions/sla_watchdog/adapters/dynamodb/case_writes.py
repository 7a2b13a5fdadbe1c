"""What the writes of a case have in common: the attributes they set, and their conditions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from sla_watchdog.adapters.dynamodb.case_item import (
    case_key,
    findings_list,
    reached_name,
    shard_of,
)
from sla_watchdog.adapters.dynamodb.case_reads import SEALED
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.facts_text import packed
from sla_watchdog.adapters.dynamodb.items import Items
from sla_watchdog.adapters.dynamodb.sealing import Sealing
from sla_watchdog.adapters.dynamodb.table import is_refused
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.dropped_notifications import dropped
from sla_watchdog.domain.tickets.facts import Fact
from sla_watchdog.errors import Unstorable

MOST_TAKEN_OUT = 100
"""Levels notified that one write takes out, beside the 90 that it may set: an expression has at
most 4 KB.
"""


def set_wakeup(change: Expression, case: str, next_at: int | None, urgent: bool) -> None:
    """Both index keys or neither: an item with one of them is in no index and wakes nobody."""
    if next_at is None:
        change.remove("next_at")
        change.remove("due_shard")
    else:
        change.set("next_at", to=next_at)
        change.set("due_shard", to=shard_of(case, urgent))


def case_update(case: Case, stored: Sealing, findings: Iterable[Finding]) -> Expression:
    """Everything of the case but the levels notified and the outbox, under the conditions of
    `keep`.
    """
    ticketless = case.members.difference(case.facts.tickets())
    change = Expression()
    change.set("rev", to=case.rev + 1)
    change.set("facts", to=stored.text)
    change.set_or_remove("sealed", stored.sealed)
    change.set("seen", to=case.seen)
    change.set_or_remove("seen_at", case.seen_at)
    change.set_or_remove("read_at", case.read_at)
    change.set_or_remove("members", sorted(ticketless))
    change.set_or_remove("failures", case.failures)
    change.set_or_remove("findings", findings_list(findings))
    if not case.failures:
        change.remove("problem")
    judged_under(change, case)
    set_wakeup(change, case.id, case.next_at, case.urgent)
    require_rev(change, case)
    require_generation(change, case.generation)
    return change


def judged_under(change: Expression, case: Case) -> None:
    """The policy that judged it last, and what that must not take back."""
    change.set("generation", to=case.generation)
    change.set_or_remove("edited_at", case.edited_at)
    change.set_or_remove("breached", case.breached)


def drop_notifications(
    change: Expression, case: Case, new: Collection[tuple[str, str]] = ()
) -> Expression:
    """Takes out levels notified that no judgement asks for any more; a case that has very many
    loses some with each write, so that there is room for what is written.
    """
    gone = list(islice(dropped(case.reached, new), MOST_TAKEN_OUT))
    for clock, recipient in gone:
        change.remove("reached", reached_name(clock, recipient))
    if not gone and not new:
        change.set_if_absent("reached", to={})
    return change


def require_generation(change: Expression, generation: int) -> None:
    not_newer = change.compare("generation", "<=", generation)
    change.require_any(change.absent("generation"), not_newer)


def require_rev(change: Expression, case: Case) -> None:
    """The case is as it was read; for one never stored, there is still none."""
    if case.rev:
        change.require(change.equals("rev", to=case.rev))
    else:
        change.require(change.absent("pk"))


def seal_actions(items: Items, case: str, stored: Sealing) -> list[dict[str, Any]]:
    """The sealed items, for the transaction that takes their facts out of the case's own; never
    written over.
    """
    actions = []
    for number, facts in stored.parts.items():
        sort_key = f"{SEALED}{number}"
        actions.append(items.update_action(case_key(case), sort_key, _sealed(facts)))
    return actions


def _sealed(facts: Iterable[Fact]) -> Expression:
    change = Expression().set("facts", to=packed(facts))
    change.require(change.absent("pk"))
    return change


@contextmanager
def storable(case: str) -> Iterator[None]:
    """Raises Unstorable where the table refuses what is written of the case."""
    try:
        yield
    except ClientError as error:
        if not is_refused(error):
            raise
        raise Unstorable(
            f"the table refuses case {case[:100]!r}: its id or its history is too long"
        ) from error
