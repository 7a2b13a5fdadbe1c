"""When a judged case is looked at again, as far as it waits to be linked."""

from __future__ import annotations

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan, wakeup_for

RELINK = 150
"""Seconds after which a case that is not linked yet is looked at again: as long as a lease."""


def wakeup_or_relink(evaluated: Plan, case: Case, now: int) -> tuple[int | None, bool]:
    """When to look again, and whether that is urgent; soon, while links are still to be made."""
    next_at, urgent = wakeup_for(evaluated, case)
    is_late = next_at is None or next_at > now + RELINK
    if evaluated.pending_links and is_late:
        return now + RELINK, False
    return next_at, urgent
