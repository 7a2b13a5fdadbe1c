"""Which limit was in force for a clock when, and the course that each of them measures (semantics
D1, D8).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve, field, frozen

from sla_watchdog.domain.clocks.rules_in_force import Candidates
from sla_watchdog.domain.clocks.timeline import Overrun, Timeline, timeline
from sla_watchdog.domain.policy.model import Metric, Policy, Rule, Target
from sla_watchdog.domain.tickets.facts import Facts, Value
from sla_watchdog.domain.tickets.record import Unreadable, seconds_of
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket

CLOSED = frozenset({"closed"})


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
        """The groups that end its clock; where there is none, what ends a ticket."""
        return CLOSED if self.target is not None and self.target.stops_at == "closed" else ENDED

    def covers(self, at: int) -> bool:
        """Of an instant that is not before it."""
        return self.end is None or at < self.end


def in_force(
    metric: Metric, history: Candidates, ticket: Ticket, facts: Facts, policy: Policy
) -> Iterator[InForce]:
    """Without a gap from the creation on. Of several rules that could apply the one that is due
    first counts.
    """
    ends = [since for since, _ in history[1:]]
    for (since, rules), end in zip(history, [*ends, None], strict=True):
        limits = [
            Limit(rule, target)
            for rule in rules
            for target in rule.targets
            if target.metric is metric
        ]
        known = [limit for limit in limits if limit.is_set(ticket, facts, policy)]
        if len(known) > 1:
            known.sort(key=lambda limit: limit.due_at(ticket, facts, policy))
        first = known[0] if known else Limit(rules[0], None)
        yield InForce(since, end, first.rule, first.target)


@frozen
class Limit:
    """A rule that could apply, and its target for the metric; None where it has none."""

    rule: Rule
    target: Target | None

    def is_set(self, ticket: Ticket, facts: Facts, policy: Policy) -> bool:
        """Not where another system should have set the deadline and did not."""
        name = self.target.due if self.target else None
        return name is None or deadline(ticket.id, name, facts, policy) is not None

    def due_at(self, ticket: Ticket, facts: Facts, policy: Policy) -> int:
        """From the creation on, without a pause."""
        if self.target is None:
            return 2**62
        if self.target.due is not None:
            return deadline(ticket.id, self.target.due, facts, policy) or 0
        return policy.calendars[self.rule.calendar].add(ticket.created_at, self.target.within)


def until_stopped(periods: Sequence[InForce], stop: int | None, by: InForce) -> tuple[InForce, ...]:
    """Those that began before the clock stopped, the last of them open-ended: what began later
    judges nothing.

    A limit of the very second of the stop still counts: that cannot lose a breach. Where the
    rule in force then would not have stopped it, all up to `by`, the later one that did.
    """
    lived = [period for period in periods if _began(period, stop)] or [periods[0]]
    final = lived[-1]
    if final.target is not None and final.stops != by.stops and final.since < by.since:
        lived = [period for period in periods if period.since <= by.since]
    return (*lived[:-1], evolve(lived[-1], end=None))


def _began(period: InForce, stop: int | None) -> bool:
    if stop is None or period.since < stop:
        return True
    return period.since == stop and period.target is not None


@frozen
class Lived:
    """A ticket's life as a target measures it."""

    timeline: Timeline
    overruns: tuple[Overrun, ...]


@frozen
class Courses:
    """Targets that stop, pause and count alike run the same course."""

    ticket: Ticket
    policy: Policy
    _known: dict[tuple[frozenset[str], frozenset[str], str, bool], Lived] = field(
        factory=dict, init=False
    )

    def of(self, period: InForce) -> Lived:
        answers = period.limit.metric in (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE) and bool(
            self.ticket.unheard
        )
        key = period.stops, period.limit.pauses_in, period.rule.calendar, answers
        if key not in self._known:
            stops, pauses, calendar, answers = key
            ticket = self.ticket.as_notified if answers else self.ticket
            self._known[key] = Lived(
                *timeline(
                    ticket, stops, pauses, self.policy.calendars[calendar], self.policy.pauses
                )
            )
        return self._known[key]


def deadline(ticket: str, name: str, facts: Facts, policy: Policy) -> int | None:
    """The instant in a field that another system fills: the last one that could be read, None where
    none ever could.
    """
    values = (instant_of(fact.value, policy) for fact in reversed(facts.changes(ticket, name)))
    return next((at for at in values if at is not None), None)


SANE = range(7_258_118_400)
"""Deadlines from 1970 to 2199; what lies outside is a placeholder of some system, and no deadline."""


def instant_of(value: Value, policy: Policy) -> int | None:
    try:
        at = seconds_of(value, policy.timezone)
    except Unreadable:
        return None
    return at if at in SANE else None
