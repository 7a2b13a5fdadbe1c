"""When what waits for a digest is due: at a digest of its audience, within that one's hours."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.policy.digest_time import LONGEST_WAIT
from sla_watchdog.domain.policy.model import Audience, Policy
from sla_watchdog.domain.time.offsets import offset_of
from sla_watchdog.domain.time.seconds import HOUR


def next_digest(policy: Policy, audience: Audience, since: int, now: int) -> int:
    """When the first digest from `since` on goes out; `now` where that is long past."""
    if audience.digest is None or now - since > LONGEST_WAIT:
        return now
    at = audience.digest.first_from(since, policy.zone_of(audience))
    if audience.hours is None:
        return at
    return policy.calendars[audience.hours].next_opening(at)


def next_hour(policy: Policy, recipient: Recipient, since: int) -> int:
    """The first full hour from `since` on, by the clocks of its audience."""
    audience = policy.audiences.get(recipient.audience)
    zone = ZoneInfo("UTC") if audience is None else policy.zone_of(audience)
    offset = offset_of(zone, since)
    shown = since + offset
    return -(-shown // HOUR) * HOUR - offset
