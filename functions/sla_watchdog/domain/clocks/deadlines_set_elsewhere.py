"""Deadlines that another system sets: what stands in the ticket's field."""

from __future__ import annotations

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts, Value
from sla_watchdog.domain.tickets.record import Unreadable, seconds_of

PLAUSIBLE = range(7_258_118_400)
"""Epoch seconds from 1970 to 2199; a value outside is some system's placeholder, no deadline."""


def deadline(ticket: str, name: str, facts: Facts, policy: Policy) -> int | None:
    """The deadline in the field `name`: the latest that could be read, None where none could."""
    for fact in reversed(facts.changes(ticket, name)):
        at = instant_of(fact.value, policy)
        if at is not None:
            return at
    return None


def instant_of(value: Value, policy: Policy) -> int | None:
    """Epoch seconds of a deadline; None where the value is no time, or no plausible one."""
    try:
        at = seconds_of(value, policy.timezone)
    except Unreadable:
        return None
    if at not in PLAUSIBLE:
        return None
    return at
