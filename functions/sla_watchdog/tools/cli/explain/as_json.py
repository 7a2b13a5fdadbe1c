"""The explanation of a case for programs: times in ISO 8601 with offset, durations in seconds,
levels from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import fields, has

from sla_watchdog.domain.escalation.case import LastNotified, Recipient
from sla_watchdog.domain.escalation.upcoming import UpcomingNotification
from sla_watchdog.domain.policy.model import Trigger
from sla_watchdog.presentation.times import iso
from sla_watchdog.presentation.view.explanation import Explanation
from sla_watchdog.tools.cli.stack.silenced import MatchingSilence

NAMES = {
    "notified": "told",
    "upcoming": "coming",
    "elapsed_breakdown": "walk",
    "timeline": "course",
}
"""Attributes that have another name in the JSON, which stays as it was."""

INSTANTS = frozenset(
    {
        "at",
        "since",
        "start",
        "end",
        "until",
        "held_until",
        "created_at",
        "ended_at",
        "started_at",
        "due_at",
        "breach_at",
        "stopped_at",
        "unknown_until",
        "events",
        "requests",
    }
)
"""Fields that hold instants, in all of these values."""


def as_json(explained: Explanation, held: Sequence[MatchingSilence]) -> dict[str, object]:
    zone = explained.zone
    answer = _value(explained, lambda at: iso(at, zone))
    return {**answer, "silences": [_silenced(match, zone) for match in held]}


def _silenced(held: MatchingSilence, zone: str) -> Mapping[str, object]:
    """As in `status --json`, with the tickets that match instead of cases."""
    silence = held.silence
    return {
        "silence": silence.id,
        "until": iso(silence.until, zone),
        "by": silence.by,
        "reason": silence.reason,
        "audiences": sorted(silence.audiences) or None,
        "tickets": list(held.tickets),
    }


def _value(value: Any, instant: Callable[[int], str]) -> Any:
    if isinstance(value, Recipient):
        return value.key
    if has(type(value)):
        return {name: _field(name, member, instant) for name, member in _members(value).items()}
    if isinstance(value, tuple | list):
        return [_value(member, instant) for member in value]
    if isinstance(value, frozenset):
        return sorted(value)
    return value


def _members(value: Any) -> Mapping[str, Any]:
    """A trigger says what it is, since its numbers mean nothing else."""
    members: dict[str, Any] = {}
    if isinstance(value, Trigger):
        members["kind"] = type(value).__name__.lower()
    for member in fields(type(value)):
        members[NAMES.get(member.name, member.name)] = getattr(value, member.name)
    if isinstance(value, LastNotified | UpcomingNotification):
        members["level"] += 1
    if isinstance(value, LastNotified):
        members.pop("since")
        received = members.pop("received") or 0
        if received > 1:
            members["reminders"] = received - 1
    return members


def _field(name: str, value: Any, instant: Callable[[int], str]) -> Any:
    if name not in INSTANTS:
        return _value(value, instant)
    if isinstance(value, tuple):
        return [instant(member) for member in value]
    return None if value is None else instant(value)
