"""When a clock was breached (semantics D1): at the first instant at which more had elapsed than the
rule in force at that instant allows. What has elapsed is counted as that rule counts it: its pauses
and its end may differ from those of another rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from attrs import frozen

from sla_watchdog.domain.clocks.deadlines_set_elsewhere import instant_of
from sla_watchdog.domain.clocks.limits import InForce, Timelines
from sla_watchdog.domain.clocks.lives import RESOLUTIONS, Life, MetricOnTicket
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import Metric, Policy
from sla_watchdog.domain.tickets.facts import Facts


@frozen
class _Part:
    """A clock's timeline under one rule, and when it passed the target of that rule."""

    timeline: Timeline
    passed_at: int | None


@frozen
class Breaches:
    """Of the clocks of one metric on one ticket."""

    subject: MetricOnTicket
    facts: Facts
    policy: Policy
    timelines: Timelines

    def breach(self, periods: tuple[InForce, ...], life: Life) -> int | None:
        """When the clock of that life was breached, by the limits of those periods."""
        parts: dict[str, _Part] = {}
        for period in periods:
            if period.target is None:
                continue
            rule = period.rule.name
            if rule not in parts:
                parts[rule] = self._part(period, life)
            at = self._late(period, parts[rule], life)
            if at is not None and period.covers(at):
                return at
        return None

    def _late(self, period: InForce, part: _Part, life: Life) -> int | None:
        """When the clock was late by the limit of that period, whether or not it lasted so long."""
        due_field = period.limit.due
        if due_field is not None:
            return self._late_by_field(due_field, part.timeline, period, life.start)
        since = max(period.since, life.since)
        return self._noticed(since, part, life)

    def _part(self, period: InForce, life: Life) -> _Part:
        timeline = self._timeline(period, life)
        passed_at = timeline.reaches(period.limit.within + 1)
        return _Part(timeline, passed_at)

    def _timeline(self, period: InForce, life: Life) -> Timeline:
        """The clock's timeline as the rule of that period has it."""
        whole = self.timelines.timeline(period)
        match self.subject.metric:
            case Metric.RESOLUTION:
                return whole
            case Metric.FIRST_RESOLUTION:
                return whole.within(life.start, self.subject.first_resolved(period))
            case _:
                return whole.within(life.start, life.stop)

    def _noticed(self, since: int, part: _Part, life: Life) -> int | None:
        """When a limit known since `since` was passed; not while the ticket is over."""
        at = part.passed_at
        if at is None or at >= since:
            return at
        if since == life.stop and self.subject.metric not in RESOLUTIONS:
            return since
        return part.timeline.lives_from(since)

    def _late_by_field(self, name: str, part: Timeline, period: InForce, start: int) -> int | None:
        """The second after the deadline that was set then; where it was moved into the past, when
        it was moved.
        """
        for due_at, since, end in self._deadlines(name, start):
            at = part.passes(due_at + 1, max(since, period.since))
            was_moved_before = at is None or (end is not None and at >= end)
            if not was_moved_before:
                return at
        return None

    def _deadlines(self, name: str, start: int) -> Iterator[tuple[int, int, int | None]]:
        """(due_at, since, end) of each deadline that stood in the field. What cannot be read leaves
        the one before in force.
        """
        changes = self.facts.changes(self.subject.ticket.id, name)
        since = start
        due_at: int | None = None
        for fact, following in zip_longest(changes, changes[1:]):
            read = instant_of(fact.value, self.policy)
            if read is not None:
                due_at = read
            end = None if following is None else following.at
            if due_at is not None:
                yield due_at, since, end
            if end is not None:
                since = end
