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

EXCHANGES = frozenset({Metric.NEXT_RESPONSE, Metric.UPDATE})
"""Metrics of which a ticket has a clock for each exchange."""


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    NOT_JUDGED = "not judged"
    """Of `sla_watchdog.domain.clocks.evidence.NotJudged` alone: a clock itself is always judged."""


@frozen
class Clock:
    """One target on one subject: a ticket, or a matter for age and signals."""

    subject: str
    metric: Metric
    cycle: int
    """Counts from 1: it rises with each exchange, and with each reopening of the ticket."""
    rule: str
    target: int
    """In seconds; for signals that count, a number of events."""
    calendar: str
    ladder: Ladder
    started_at: int
    running: tuple[Span, ...]
    """The spans in which it runs, the last one open-ended while it does."""
    due_at: int | None
    """Of a clock that was met, when it would have been due."""
    breach_at: int | None
    stopped_at: int | None
    """None while it may still run."""
    levels: tuple[int | None, ...]
    """One instant per ladder level, None for a level that cannot come while the clock stands
    still.
    """
    paused: tuple[Span, ...] = ()
    """The spans in which it pauses, the last one open-ended while it does."""
    timeline: Timeline | None = field(default=None, eq=False, repr=False)
    """Answers for elapsed time; None for clocks of wall time and of counts."""
    due_field: str = ""
    """The ticket's field that the deadline was taken from; '' for a target of open time."""
    seen: int = 0
    """How many events a counting signal counts, seen or reported by the record itself."""
    climbed: tuple[int, int] | None = None
    """When a reopening last made its ladder climb, and the cycle that began with it."""

    @property
    def clock_key(self) -> ClockKey:
        return ClockKey(self.subject, self.metric.value, self.cycle)

    @property
    def key(self) -> str:
        return self.clock_key.text

    @property
    def record(self) -> str:
        return recorded_as(self.subject, self.metric, self.cycle)

    def levels_due(self, now: int) -> list[tuple[int, int]]:
        """(level, when it came due) of each level that is due, the highest last."""
        instants = enumerate(self.levels)
        return [(level, at) for level, at in instants if at is not None and at <= now]

    def breached(self, now: int) -> bool:
        return self.breach_at is not None and self.breach_at <= now

    def state(self, now: int) -> State:
        if self.breached(now):
            return State.BREACHED
        if self.stopped_at is not None and self.stopped_at <= now:
            return State.MET
        if self._runs(now):
            return State.RUNNING
        return State.PAUSED

    def _runs(self, now: int) -> bool:
        """Whether it runs now, of a clock that has not stopped."""
        if not self.running or self.running[-1].end is not None:
            return False
        if not self.paused:
            return True
        return not self.paused[-1].covers(now)

    def is_live(self, now: int) -> bool:
        """Whether anybody may be notified by it yet: while it may run, and as long as it is news
        that a customer came back.
        """
        if self.stopped_at is None:
            return True
        return self.metric is Metric.AGAIN and now < self.stopped_at

    def lasts(self, at: int) -> bool:
        """Whether it had started and not yet stopped at `at`."""
        has_stopped = self.stopped_at is not None and self.stopped_at <= at
        return self.started_at <= at and not has_stopped

    def elapsed(self, at: int) -> int:
        """Seconds that count, up to `at` or to its end."""
        end = at if self.stopped_at is None else min(at, self.stopped_at)
        if self.timeline is None:
            return max(0, end - self.started_at)
        return self.timeline.elapsed(end)


def recorded_as(subject: str, metric: Metric, cycle: int) -> str:
    """The name under which a breach is recorded: a resolution keeps it over reopenings, an exchange
    has its own.
    """
    name = f"{subject}/{metric.value}"
    if metric in EXCHANGES:
        return f"{name}/{cycle}"
    return name


@frozen
class Recorded:
    """Breaches recorded before a change of the policy stay. A breach that only the change would
    make counts from the change on (semantics D2).
    """

    breaches: Mapping[str, int] = field(factory=dict)
    """When it was breached, by the name it is recorded under."""
    edited_at: int | None = None
    """When the change reached the case."""

    def breach(self, record: str, at: int | None, part: Timeline) -> int | None:
        """The breach of the clock recorded under that name. `at` is its breach by what is known
        now, `part` its timeline.
        """
        before = self.breaches.get(record)
        if before is not None:
            return before
        if at is None or self.edited_at is None or at >= self.edited_at:
            return at
        return part.lives_from(self.edited_at)
