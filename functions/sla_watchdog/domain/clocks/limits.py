"""Which limit was in force for a clock at which time, and the timeline that belongs to it
(semantics D1, D8).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve, field, frozen

from sla_watchdog.domain.clocks.deadlines_set_elsewhere import deadline
from sla_watchdog.domain.clocks.pauses import Overrun, timeline
from sla_watchdog.domain.clocks.rules_in_force import Candidates
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import Metric, Policy, Rule, Target
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket

CLOSED = frozenset({"closed"})

RESPONSES = frozenset({Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE})

NEVER = 2**62
"""Later than every deadline."""


@frozen
class InForce:
    """One rule, in force for `since <= t < end`, and its target for one metric; None where it has
    none.
    """

    since: int
    end: int | None
    rule: Rule
    target: Target | None

    @property
    def limit(self) -> Target:
        if self.target is None:
            raise ValueError(f"{self.rule.name} has no limit for it")
        return self.target

    @property
    def stops(self) -> frozenset[str]:
        """The status groups that end its clock; without a target, those that end a ticket."""
        if self.target is not None and self.target.stops_at == "closed":
            return CLOSED
        return ENDED

    def covers(self, at: int) -> bool:
        """Whether it is still in force at an instant that is not before it."""
        return self.end is None or at < self.end


def in_force(
    metric: Metric, history: Candidates, ticket: Ticket, facts: Facts, policy: Policy
) -> Iterator[InForce]:
    """Periods without a gap from the creation on. Of several rules that could apply, the one that
    is due first counts.
    """
    limits = _Limits(ticket, facts, policy)
    ends = [since for since, _ in history[1:]]
    for (since, rules), end in zip(history, [*ends, None], strict=True):
        first = limits.first_due(metric, rules)
        if first is None:
            yield InForce(since, end, rules[0], None)
        else:
            yield InForce(since, end, first.rule, first.target)


def latest_limited(periods: Sequence[InForce]) -> InForce | None:
    """The latest period with a limit, if any."""
    for period in reversed(periods):
        if period.target is not None:
            return period
    return None


@frozen
class _Limit:
    """A rule that could apply, and its target for the metric."""

    rule: Rule
    target: Target


@frozen
class _Limits:
    """Of one ticket."""

    ticket: Ticket
    facts: Facts
    policy: Policy

    def first_due(self, metric: Metric, rules: Sequence[Rule]) -> _Limit | None:
        """None where no rule has a limit for the metric that is set."""
        limits = list(self._limits(metric, rules))
        if len(limits) > 1:
            return min(limits, key=self._due_at)
        return limits[0] if limits else None

    def _limits(self, metric: Metric, rules: Sequence[Rule]) -> Iterator[_Limit]:
        for rule in rules:
            for target in rule.targets:
                if target.metric is metric and self._is_set(target):
                    yield _Limit(rule, target)

    def _is_set(self, target: Target) -> bool:
        """False where another system should have set the deadline and did not."""
        return target.due is None or self._deadline(target.due) is not None

    def _due_at(self, limit: _Limit) -> int:
        """As if it ran from the creation on and never paused."""
        target = limit.target
        if target.due is not None:
            return self._deadline(target.due) or 0
        calendar = self.policy.calendars[limit.rule.calendar]
        return target.length.after(self.ticket.created_at, calendar)

    def _deadline(self, name: str) -> int | None:
        return deadline(self.ticket.id, name, self.facts, self.policy)


def until_stopped(periods: Sequence[InForce], stop: int | None, by: InForce) -> tuple[InForce, ...]:
    """The periods that began before the clock stopped, the last of them open-ended. What began
    later judges nothing.

    A limit of the very second of the stop still counts: that cannot lose a breach. Where the
    rule in force then would not have stopped the clock, these are all periods up to `by`, the
    later one that did.
    """
    judging = [period for period in periods if _began(period, stop)] or [periods[0]]
    last = judging[-1]
    stopped_later = last.target is not None and last.stops != by.stops
    if stopped_later and last.since < by.since:
        judging = [period for period in periods if period.since <= by.since]
    *earlier, last = judging
    return (*earlier, evolve(last, end=None))


def _began(period: InForce, stop: int | None) -> bool:
    if stop is None or period.since < stop:
        return True
    return period.since == stop and period.target is not None


LimitedTimeline = tuple[Timeline, tuple[Overrun, ...]]
"""A timeline, and the pauses in it that lasted too long."""

_Kind = tuple[frozenset[str], frozenset[str], str, bool]
"""What makes two timelines the same: what stops them, what pauses them, the calendar, and whether
they run on after the end.
"""


@frozen
class Timelines:
    """The timelines of one ticket: targets that stop, pause and count alike share one."""

    ticket: Ticket
    policy: Policy
    _made: dict[_Kind, LimitedTimeline] = field(factory=dict, init=False)

    def timeline(self, period: InForce) -> Timeline:
        return self._of(period)[0]

    def overruns(self, period: InForce) -> tuple[Overrun, ...]:
        return self._of(period)[1]

    def _of(self, period: InForce) -> LimitedTimeline:
        limit, stops = period.limit, period.stops
        runs_on = self._runs_on_after_the_end(limit.metric)
        key = stops, limit.pauses_in, period.rule.calendar, runs_on
        if key not in self._made:
            ticket = self.ticket.with_waits if runs_on else self.ticket
            calendar = self.policy.calendars[period.rule.calendar]
            pauses = self.policy.pauses
            self._made[key] = timeline(ticket, stops, limit.pauses_in, calendar, pauses)
        return self._made[key]

    def _runs_on_after_the_end(self, metric: Metric) -> bool:
        """For answers: while a message waits, a ticket that is over still counts."""
        return metric in RESPONSES and bool(self.ticket.waits_after_end)
