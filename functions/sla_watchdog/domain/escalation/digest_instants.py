"""When what waits for a digest is due: at a digest of its audience, within that one's hours."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.pace import paced
from sla_watchdog.domain.policy.digest_time import LONGEST_WAIT
from sla_watchdog.domain.policy.model import Audience, Policy
from sla_watchdog.domain.time.offsets import offset_of
from sla_watchdog.domain.time.seconds import HOUR

LATEST = 4 * HOUR
"""Seconds by which a digest may be late. What turns up later could wait so long, and waits for the
next one: each message of its own would be one more.
"""


def next_digest(policy: Policy, audience: Audience, since: int, now: int) -> int:
    """When the first digest from `since` on goes out that is not over by `now`."""
    if audience.digest is None:
        return now
    zone = policy.zone_of(audience)
    at = audience.digest.first_from(max(since, now - LONGEST_WAIT), zone)
    while _sent_at(policy, audience, at) + LATEST < now:
        at = audience.digest.first_from(at + 1, zone)
    return _sent_at(policy, audience, at)


def _sent_at(policy: Policy, audience: Audience, at: int) -> int:
    if audience.hours is None:
        return at
    return policy.calendars[audience.hours].next_opening(at)


def next_in_one(policy: Policy, recipient: Recipient, since: int, now: int) -> int:
    """When what waits since then comes to a recipient of many messages: with the audience's digest,
    else on the hour.
    """
    audience = paced(policy, recipient)
    if audience is None:
        return next_hour(policy, recipient, since)
    return next_digest(policy, audience, since, now)


def next_hour(policy: Policy, recipient: Recipient, since: int) -> int:
    """The first full hour from `since` on, by the clocks of its audience."""
    audience = policy.audiences.get(recipient.audience)
    zone = ZoneInfo("UTC") if audience is None else policy.zone_of(audience)
    offset = offset_of(zone, since)
    shown = since + offset
    return -(-shown // HOUR) * HOUR - offset
