"""A clock: one target running on a ticket, or one signal on a matter. Computed, never stored.

All instants are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from sla_watchdog.domain.clocks.clock_key import ClockKey
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import Ladder, Metric
from sla_watchdog.domain.tickets.spans import Span


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


@frozen
class Clock:
    """One target on one subject: a ticket, or a matter for age and signals.

    `running` and `paused` are the spans in which it does either, the last one open-ended while
    it does. `stopped_at` is None while it may still run. `levels` has one instant per ladder
    level, None for a level that cannot come while the clock stands still. `cycle` counts from 1:
    it rises with each exchange, and with each reopening of the ticket. `target` is in seconds;
    for signals that count, a number of events. `due_at` of a clock that was met is when it would
    have been due.
    """

    subject: str
    metric: Metric
    cycle: int
    rule: str
    target: int
    calendar: str
    ladder: Ladder
    started_at: int
    running: tuple[Span, ...]
    due_at: int | None
    breach_at: int | None
    stopped_at: int | None
    levels: tuple[int | None, ...]
    paused: tuple[Span, ...] = ()
    timeline: Timeline | None = field(default=None, eq=False, repr=False)
    """Answers for elapsed time; None for clocks of wall time and of counts."""
    due_field: str = ""
    """The ticket's field that the deadline was taken from; '' for a target of open time."""
    seen: int = 0
    """How many events a counting signal counts, seen or reported by the record itself."""

    @property
    def key(self) -> str:
        return ClockKey(self.subject, self.metric.value, self.cycle).text

    @property
    def record(self) -> str:
        return recorded_as(self.subject, self.metric, self.cycle)

    def breached(self, now: int) -> bool:
        return self.breach_at is not None and self.breach_at <= now

    def state(self, now: int) -> State:
        if self.breached(now):
            return State.BREACHED
        if self.stopped_at is not None and self.stopped_at <= now:
            return State.MET
        paused = any(
            span.start <= now and (span.end is None or now < span.end) for span in self.paused[-1:]
        )
        return (
            State.RUNNING
            if self.running and self.running[-1].end is None and not paused
            else State.PAUSED
        )

    def lasts(self, at: int) -> bool:
        """Whether it had started and not yet stopped at `at`."""
        return self.started_at <= at and (self.stopped_at is None or at < self.stopped_at)

    def elapsed(self, at: int) -> int:
        """Seconds that count, up to `at` or to its end."""
        end = at if self.stopped_at is None else min(at, self.stopped_at)
        return self.timeline.elapsed(end) if self.timeline else max(0, end - self.started_at)


def recorded_as(subject: str, metric: Metric, cycle: int) -> str:
    """What a breach is recorded under: resolution keeps it over reopenings, an exchange has its
    own.
    """
    own = f"/{cycle}" if metric in (Metric.NEXT_RESPONSE, Metric.UPDATE) else ""
    return f"{subject}/{metric.value}{own}"


@frozen
class Recorded:
    """What a changed policy leaves alone: breaches recorded before, and when the change reached the
    case.

    A breach that the change alone would make counts from then on (semantics D2).
    """

    breaches: Mapping[str, int] = field(factory=dict)
    edited_at: int | None = None

    def breach(self, record: str, at: int | None, part: Timeline) -> int | None:
        """Of a clock recorded under that name that would breach at `at` by what is known now;
        `part` is its course.
        """
        before = self.breaches.get(record)
        if before is not None or at is None or self.edited_at is None or at >= self.edited_at:
            return at if before is None else before
        return part.lives_from(self.edited_at)
