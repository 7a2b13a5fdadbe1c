"""`audiences`: who can be notified, and when what is not urgent reaches them."""

from __future__ import annotations

from collections.abc import Mapping

from sla_watchdog.domain.escalation.case import OPERATIONS
from sla_watchdog.domain.policy.model import Audience
from sla_watchdog.tools.policy_file.shapes import Key, MapOf, Reading, Ref, Written, block_of, made
from sla_watchdog.tools.policy_file.values import AUDIENCE, choice


def _audiences(written: Mapping[str, Written]) -> Mapping[str, Audience]:
    return {name: Audience(name, **options) for name, options in written.items()}


_AUDIENCE = block_of(
    {
        "each": Key(
            choice("something each ticket has one of", "assignee", "team"),
            "a topic of its own for every assignee or team",
        ),
        "hours": Key(
            Ref("calendar", "calendars"),
            "outside this calendar's hours what is not urgent waits",
        ),
    },
)
AUDIENCES = made(MapOf(AUDIENCE, _AUDIENCE), _audiences)


def with_operations(audiences: Mapping[str, Audience], reading: Reading) -> Mapping[str, Audience]:
    """Operations always have a topic, so they may be told without being defined."""
    if ("audience", OPERATIONS) not in reading.used or OPERATIONS in audiences:
        return audiences
    return {**audiences, OPERATIONS: Audience(OPERATIONS)}
