"""What clocks and severities are called, for people."""

from __future__ import annotations

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.escalation.case import Severity
from sla_watchdog.domain.policy.model import SIGNALS, Count, Metric
from sla_watchdog.presentation.times import count_of, duration, times

SEVERITY = {Severity.WARNING: "Warning", Severity.BREACH: "Breach", Severity.CRITICAL: "Critical"}

METRIC = {
    Metric.FIRST_RESPONSE: "first response",
    Metric.NEXT_RESPONSE: "next response",
    Metric.UPDATE: "update",
    Metric.FIRST_RESOLUTION: "first resolution",
    Metric.RESOLUTION: "resolution",
    Metric.AGE: "age",
    Metric.PAUSE: "pause limit",
    Metric.PROMISE: "broken promise",
    Metric.PROGRESS: "no progress",
    Metric.TOUCHES: "replies without progress",
    Metric.UNOWNED: "no owner",
    Metric.REOPENED: "reopened",
    Metric.REASSIGNED: "reassigned",
    Metric.BOUNCED: "sent back",
    Metric.AGAIN: "asked again",
    Metric.ANSWERERS: "many answerers",
}

OF_CASE = frozenset({Metric.AGE, Metric.PROMISE, *SIGNALS})
"""Clocks of a whole matter."""


def signal(clock: Clock, now: int, count: int = 0) -> str:
    """A clock without a target, in words: `open for 731 d`, `no progress for 6 d`, `reopened
    twice`.

    `count` is the number of events of a counting one; 0 where only the clock itself knows it.
    """
    name = METRIC[clock.metric]
    match clock.metric:
        case Metric.AGE:
            return f"open for {duration(now - clock.started_at)}"
        case Metric.PAUSE:
            return "paused for too long"
        case Metric.PROMISE:
            return "promise not kept"
        case Metric.PROGRESS | Metric.UNOWNED:
            return f"{name} for {duration(now - clock.started_at)}"
        case _:
            return _counted(clock.metric, _events(clock, now, count))


def _counted(metric: Metric, events: int) -> str:
    match metric:
        case Metric.TOUCHES:
            return f"{count_of(events, 'reply', 'replies')}, no progress"
        case Metric.ANSWERERS:
            return f"{count_of(events, 'person', 'people')} answered, no owner"
        case _:
            return f"{METRIC[metric]} {times(events)}"


def _events(clock: Clock, now: int, count: int) -> int:
    return count or clock.seen or _asked_for(clock, now)


def _asked_for(clock: Clock, now: int) -> int:
    """By the highest level that counts and was reached; before the first, the limit."""
    asked = 0
    for level, at in zip(clock.ladder.levels, clock.levels, strict=True):
        came = at is not None and at <= now
        if came and isinstance(level.trigger, Count):
            asked = max(asked, level.trigger.times)
    return asked or clock.target
