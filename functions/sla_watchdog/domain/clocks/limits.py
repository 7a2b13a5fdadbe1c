"""Which limit was in force for a clock when, and the timeline that each of them measures (semantics
D1, D8).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve, field, frozen

from sla_watchdog.domain.clocks.deadlines import deadline
from sla_watchdog.domain.clocks.pauses import Overrun, timeline
from sla_watchdog.domain.clocks.rules_in_force import Candidates
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import Metric, Policy, Rule, Target
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket

CLOSED = frozenset({"closed"})

NEVER = 2**62
"""Later than every deadline."""


@frozen
class InForce:
    """One rule for `since <= t < end`, and its target for one metric; None where it has none."""

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
    """Without a gap from the creation on. Of several rules that could apply the one that is due
    first counts.
    """
    ends = [since for since, _ in history[1:]]
    for (since, rules), end in zip(history, [*ends, None], strict=True):
        limits = [limit for limit in _limits(metric, rules) if limit.is_set(ticket, facts, policy)]
        if len(limits) > 1:
            limits.sort(key=lambda limit: limit.due_at(ticket, facts, policy))
        first = limits[0] if limits else Limit(rules[0], None)
        yield InForce(since, end, first.rule, first.target)


@frozen
class Limit:
    """A rule that could apply, and its target for the metric; None where it has none."""

    rule: Rule
    target: Target | None

    def is_set(self, ticket: Ticket, facts: Facts, policy: Policy) -> bool:
        """False where another system should have set the deadline and did not."""
        name = self.target.due if self.target else None
        return name is None or deadline(ticket.id, name, facts, policy) is not None

    def due_at(self, ticket: Ticket, facts: Facts, policy: Policy) -> int:
        """As if it ran from the creation on and never paused."""
        if self.target is None:
            return NEVER
        if self.target.due is not None:
            return deadline(ticket.id, self.target.due, facts, policy) or 0
        calendar = policy.calendars[self.rule.calendar]
        return self.target.length.after(ticket.created_at, calendar)


def _limits(metric: Metric, rules: Sequence[Rule]) -> Iterator[Limit]:
    for rule in rules:
        for target in rule.targets:
            if target.metric is metric:
                yield Limit(rule, target)


def until_stopped(periods: Sequence[InForce], stop: int | None, by: InForce) -> tuple[InForce, ...]:
    """Those that began before the clock stopped, the last of them open-ended: what began later
    judges nothing.

    A limit of the very second of the stop still counts: that cannot lose a breach. Where the
    rule in force then would not have stopped it, all up to `by`, the later one that did.
    """
    judging = [period for period in periods if _began(period, stop)] or [periods[0]]
    final = judging[-1]
    if final.target is not None and final.stops != by.stops and final.since < by.since:
        judging = [period for period in periods if period.since <= by.since]
    return (*judging[:-1], evolve(judging[-1], end=None))


def _began(period: InForce, stop: int | None) -> bool:
    if stop is None or period.since < stop:
        return True
    return period.since == stop and period.target is not None


LimitedTimeline = tuple[Timeline, tuple[Overrun, ...]]
"""A timeline, and the pauses in it that lasted too long."""


@frozen
class Timelines:
    """The timelines of one ticket: targets that stop, pause and count alike share one."""

    ticket: Ticket
    policy: Policy
    _made: dict[tuple[frozenset[str], frozenset[str], str, bool], LimitedTimeline] = field(
        factory=dict, init=False
    )

    def timeline(self, period: InForce) -> Timeline:
        return self._of(period)[0]

    def overruns(self, period: InForce) -> tuple[Overrun, ...]:
        return self._of(period)[1]

    def _of(self, period: InForce) -> LimitedTimeline:
        pauses_in, calendar = period.limit.pauses_in, period.rule.calendar
        runs_on = self._runs_on_after_the_end(period.limit.metric)
        key = period.stops, pauses_in, calendar, runs_on
        if key not in self._made:
            ticket = self.ticket.with_waits if runs_on else self.ticket
            calendars, pauses = self.policy.calendars, self.policy.pauses
            self._made[key] = timeline(ticket, period.stops, pauses_in, calendars[calendar], pauses)
        return self._made[key]

    def _runs_on_after_the_end(self, metric: Metric) -> bool:
        """For answers: while a message waits, a ticket that is over still counts."""
        if metric is not Metric.FIRST_RESPONSE and metric is not Metric.NEXT_RESPONSE:
            return False
        return bool(self.ticket.waits_after_end)
