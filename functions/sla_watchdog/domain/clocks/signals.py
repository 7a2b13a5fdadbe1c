"""Clocks of a whole matter: the signals that escalate by themselves.

A signal is a ladder like any other: its levels are due after so much open time, or at the n-th
event. Pauses never hold one: they are what keeps a neglected case green (semantics B6, B7, D7).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.activity import TicketActivity
from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.ownership import begun_anew, times_given_back, unowned_since
from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import Count, Ladder, Metric, Open, Policy, Rule
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.spans import Span
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket
from sla_watchdog.domain.time.seconds import DAY

RETURN_IS_NEWS = 14 * DAY
"""Seconds from a coming back in which people are notified of it though all is closed by then:
longer than anybody waits for a digest or for hours to open.
"""


def signals(matter: LinkedTickets, facts: Facts, policy: Policy) -> Iterator[Clock]:
    """Every signal of the policy on this matter. Where nothing is left to do in it, only that the
    customer came back: a desk that closes at once takes that back from nobody (semantics D9).

    Raises NoWorkingTime or TimeOutOfRange of its calendar.
    """
    ladders = policy.signals
    if not matter.unresolved:
        ladders = _of_return(matter, policy)
    if not ladders:
        return
    maker = _Signals(matter, facts, policy, TicketActivity(matter, facts, policy))
    for metric, ladder in ladders.items():
        clock = maker.clock(metric, ladder)
        if clock is not None:
            yield clock


def _of_return(matter: LinkedTickets, policy: Policy) -> Mapping[Metric, Ladder]:
    """Nothing for most: one ticket that was never reopened, or records that are all deleted."""
    ladder = policy.signals.get(Metric.AGAIN)
    is_there = any(ticket.gone_at is None for ticket in matter.tickets)
    may_return = len(matter.tickets) > 1 or bool(matter.tickets[0].reopenings)
    if ladder is None or not is_there or not may_return:
        return {}
    return {Metric.AGAIN: ladder}


@frozen
class _Signals:
    matter: LinkedTickets
    facts: Facts
    policy: Policy
    activity: TicketActivity

    def clock(self, metric: Metric, ladder: Ladder) -> Clock | None:
        """None where what it signals is not the case."""
        match metric:
            case Metric.PROGRESS:
                cycle = 1 + len(self.activity.progress)
                return self._lasting(metric, ladder, self.activity.idle_since, cycle)
            case Metric.UNOWNED:
                return self._unowned(ladder)
            case Metric.AGAIN:
                return self._again(ladder)
            case Metric.ANSWERERS:
                return self._answerers(ladder)
            case _:
                return self._counted(metric, ladder)

    def _unowned(self, ladder: Ladder) -> Clock | None:
        since = unowned_since(self.matter, self.facts, self.policy)
        if since is None:
            return None
        anew = begun_anew(self.matter)
        cycle = 1 + times_given_back(self.matter, self.facts, self.policy) + len(anew)
        return self._lasting(Metric.UNOWNED, ladder, max({since, *anew}), cycle)

    def _lasting(self, metric: Metric, ladder: Ladder, since: int, cycle: int) -> Clock:
        """Levels due after so much open time since `since`, as long as anything is unresolved."""
        rule = self._rule()
        calendar = self.policy.calendars[rule.calendar]
        unresolved = tuple(_unresolved(self.matter.tickets))
        part = Timeline(unresolved, (), calendar).within(since, None)
        opens = [level.trigger for level in ladder.levels if isinstance(level.trigger, Open)]
        levels = tuple(part.reaches(trigger.seconds) for trigger in opens)
        return Clock(
            subject=self.matter.id,
            metric=metric,
            cycle=cycle,
            rule=rule.name,
            target=opens[0].seconds,
            calendar=rule.calendar,
            ladder=ladder,
            started_at=since,
            running=part.running,
            due_at=levels[0],
            breach_at=levels[0],
            stopped_at=None,
            levels=levels,
            timeline=part,
        )

    def _rule(self) -> Rule:
        """That of the oldest unresolved ticket."""
        oldest = self.matter.open_tickets[0]
        at = self.facts.last_seen(oldest.id) or oldest.created_at
        return rule_at(oldest, self.facts, self.policy, at)

    def _again(self, ladder: Ladder) -> Clock:
        """Each coming back is news: it makes every level up to its number due. How far it climbs
        beyond, `sla_watchdog.domain.escalation.returns` says.
        """
        returns = self.activity.instants(Metric.AGAIN)
        count = len(returns)
        if not count:
            return self._of_count(Metric.AGAIN, ladder, 1, (None,) * len(ladder.levels))
        latest = returns[-1]
        levels = tuple(latest if number <= count else None for number in _times(ladder))
        clock = self._of_count(Metric.AGAIN, ladder, count, levels)
        stopped_at = None if self.matter.unresolved else latest + RETURN_IS_NEWS
        return evolve(clock, started_at=latest, stopped_at=stopped_at)

    def _answerers(self, ladder: Ladder) -> Clock | None:
        """Due at the n-th who answers, or once nobody owns it any more."""
        since = unowned_since(self.matter, self.facts, self.policy)
        if since is None:
            return None
        first = self.activity.instants(Metric.ANSWERERS)
        levels: list[int | None] = []
        for number in _times(ladder):
            at = first[number - 1] if number <= len(first) else None
            levels.append(None if at is None else max(at, since))
        cycle = 1 + times_given_back(self.matter, self.facts, self.policy)
        return self._of_count(Metric.ANSWERERS, ladder, cycle, tuple(levels))

    def _counted(self, metric: Metric, ladder: Ladder) -> Clock:
        """Levels due at the n-th event."""
        levels = tuple(self.activity.nth(metric, number) for number in _times(ladder))
        cycle = 1
        if metric is Metric.TOUCHES:
            cycle += len(self.activity.progress)
        return self._of_count(metric, ladder, cycle, levels)

    def _of_count(
        self, metric: Metric, ladder: Ladder, cycle: int, levels: tuple[int | None, ...]
    ) -> Clock:
        return Clock(
            subject=self.matter.id,
            metric=metric,
            cycle=cycle,
            rule="signals",
            target=_times(ladder)[0],
            calendar="",
            ladder=ladder,
            started_at=self.matter.created_at,
            running=(Span(self.matter.created_at, None, "open"),),
            due_at=levels[0],
            breach_at=levels[0],
            stopped_at=None,
            levels=levels,
            seen=self.activity.count(metric),
        )


def _times(ladder: Ladder) -> list[int]:
    """How many events each level waits for."""
    return [level.trigger.times for level in ladder.levels if isinstance(level.trigger, Count)]


def _unresolved(tickets: tuple[Ticket, ...]) -> Iterator[Span]:
    """When at least one of the tickets was unresolved."""
    spans: list[Span] = []
    for ticket in tickets:
        spans += ticket.with_waits.outside(ENDED)
    if len(tickets) == 1:
        yield from spans
    else:
        spans.sort(key=lambda span: span.start)
        yield from _united(spans)


def _united(spans: list[Span]) -> Iterator[Span]:
    """Spans in order of their start, those that touch or overlap as one."""
    union: Span | None = None
    for span in spans:
        if union is None:
            union = Span(span.start, span.end, "open")
        elif union.end is not None and span.start > union.end:
            yield union
            union = Span(span.start, span.end, "open")
        else:
            union = Span(union.start, _later(union.end, span.end), "open")
    if union is not None:
        yield union


def _later(end: int | None, other: int | None) -> int | None:
    if end is None or other is None:
        return None
    return max(end, other)
