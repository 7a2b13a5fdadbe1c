"""The hours of an audience: what is not urgent waits for them (semantics E6)."""

from __future__ import annotations

from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.policy.model import Policy


def opens_at(policy: Policy, recipient: Recipient, at: int) -> int:
    """When the recipient's hours are open, from `at` on."""
    audience = policy.audiences.get(recipient.audience)
    if audience is None or audience.hours is None:
        return at
    return policy.calendars[audience.hours].next_opening(at)
