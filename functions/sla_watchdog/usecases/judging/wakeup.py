"""When a judged case is looked at again, as far as it waits to be linked."""

from __future__ import annotations

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan, wakeup_for
from sla_watchdog.domain.escalation.wakeup import Wakeup
from sla_watchdog.usecases.lease import LEASE


def wakeup_or_relink(evaluated: Plan, case: Case, now: int) -> Wakeup:
    """When to look again; within a lease, while links are still to be made."""
    wakeup = wakeup_for(evaluated, case)
    if not evaluated.pending_links:
        return wakeup
    soon = now + LEASE
    if wakeup.at is None or wakeup.at > soon:
        return Wakeup(soon)
    return wakeup
