"""Clocks of a whole matter: its age, and the signals that escalate by themselves.

A signal is a ladder like any other: its levels are due after so much open time, or at the n-th
event. Pauses never hold one: they are what keeps a neglected case green (semantics B6, B7, D7).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from attrs import field, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.pauses import Overrun
from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import (
    REPORTED,
    Age,
    Count,
    Ladder,
    Level,
    Metric,
    Open,
    Policy,
)
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.record import STATES
from sla_watchdog.domain.tickets.spans import Span
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket
from sla_watchdog.domain.time.business_time import Calendar

STILL = 2**62
"""No instant: it goes on."""

ACKNOWLEDGED = "acknowledged"
"""The field of an acknowledgement; its value is the instant promised (epoch seconds) and the
person's name.
"""


def age_clock(matter: LinkedTickets, policy: Policy) -> Clock:
    """The matter's age: wall time from the earliest creation, which no pause, priority or calendar
    stops.
    """
    start, stopped = matter.created_at, matter.ended_at
    levels = policy.ceilings.levels
    instants = tuple(
        start + level.trigger.seconds for level in levels if isinstance(level.trigger, Age)
    )
    return Clock(
        subject=matter.id,
        metric=Metric.AGE,
        cycle=1,
        rule="ceilings",
        target=instants[0] - start,
        calendar="",
        ladder=policy.ceilings,
        started_at=start,
        running=(Span(start, stopped, "open"),),
        due_at=instants[0],
        breach_at=instants[0] if stopped is None or instants[0] <= stopped else None,
        stopped_at=stopped,
        levels=instants,
    )


def pause_clock(clock: Clock, number: int, overrun: Overrun, policy: Policy) -> Clock:
    """The alert that a pause lasted too long and the clock runs on; to the clock's own first level
    unless said.
    """
    tell = policy.pauses.tell or clock.ladder.levels[0].tell
    stopped = min((at for at in (overrun.end, clock.stopped_at) if at is not None), default=None)
    return Clock(
        subject=clock.subject,
        metric=Metric.PAUSE,
        cycle=number,
        rule=clock.rule,
        target=overrun.limit,
        calendar=clock.calendar,
        ladder=Ladder("pauses", (Level(Open(overrun.limit), tell),)),
        started_at=overrun.at,
        running=(Span(overrun.at, stopped, "open"),),
        due_at=overrun.at,
        breach_at=overrun.at,
        stopped_at=stopped,
        levels=(overrun.at,),
    )


def signals(matter: LinkedTickets, facts: Facts, policy: Policy) -> Iterator[Clock]:
    """Every signal of the policy on this matter; none for a matter that nothing is left to do in.

    Raises NoWorkingTime or TimeOutOfRange of its calendar.
    """
    if not policy.signals or not matter.unresolved:
        return
    story = TicketActivity(matter, facts, policy)
    for metric, ladder in policy.signals.items():
        if metric is Metric.PROGRESS:
            yield story.lasting(metric, ladder, story.idle_since, 1 + len(story.progress))
        elif metric is Metric.UNOWNED:
            if (since := story.unowned_since()) is not None:
                yield story.lasting(metric, ladder, since, 1 + story.disowned)
        else:
            yield story.counted(metric, ladder)


@frozen
class TicketActivity:
    """What happened in a matter, over all its tickets."""

    matter: LinkedTickets
    facts: Facts
    policy: Policy
    progress: tuple[int, ...] = field(init=False)

    @progress.default
    def _progressed(self) -> tuple[int, ...]:
        return tuple(sorted({at for each in self.matter.tickets for at in self._progress_of(each)}))

    @property
    def idle_since(self) -> int:
        """The last progress; a reopening begins anew, and so does the creation.

        How a ticket stood when it was first seen, late, is no progress: nobody knows since when.
        """
        moved = [
            at
            for each in self.matter.tickets
            for at in self._progress_of(each)
            if at != self._first_look(each)
        ]
        return max([self.matter.created_at, *moved, *self.reopenings[-1:]])

    def _first_look(self, each: Ticket) -> int | None:
        """When it was first seen, where that was long after its creation."""
        seen = (self.facts.of_field(each.id, name)[:1] for name in STATES)
        first = min((fact.at for series in seen for fact in series), default=None)
        return first if first is not None and first == each.unknown_until else None

    @property
    def reopenings(self) -> list[int]:
        return sorted(at for each in self.matter.tickets for at in each.reopenings)

    def _progress_of(self, each: Ticket) -> Iterator[int]:
        """A named owner took it, its status moved forward, or it was resolved; a promise of
        progress is none.
        """
        for fact in self.facts.changes(each.id, "assignee"):
            if self._named(str(fact.value)):
                yield fact.at
        yield from self._forward(each)

    def _named(self, owner: str) -> bool:
        return bool(owner) and owner.casefold() not in self.policy.shared

    def _forward(self, each: Ticket) -> Iterator[int]:
        """Into a group further down the list than any since it was created or reopened, unless it
        pauses there.
        """
        order = {group: place for place, group in enumerate(self.policy.groups)}
        pausing, reopenings = self._pausing(each), frozenset(each.reopenings)
        furthest = -1
        for span in each.spans:
            place = order.get(span.group, -1)
            if span.start in reopenings:
                furthest = place
            elif place > furthest and span.group not in pausing:
                if furthest >= 0:
                    yield span.start
                furthest = place

    def _pausing(self, each: Ticket) -> frozenset[str]:
        rule = rule_at(each.id, self.facts, self.policy, each.created_at)
        return frozenset(group for target in rule.targets for group in target.pauses_in)

    def unowned_since(self) -> int | None:
        """Since when nobody with a name owns any unresolved ticket of it; None while somebody does."""
        owned = [self._owned_until(each) for each in self.matter.tickets]
        return None if STILL in owned else max(self.matter.created_at, *owned)

    @property
    def disowned(self) -> int:
        """How often an owner with a name gave a ticket of it back to nobody."""
        changes = (self.facts.changes(each.id, "assignee") for each in self.matter.tickets)
        pairs = ((a, b) for series in changes for a, b in pairwise(series))
        return sum(self._named(str(a.value)) and not self._named(str(b.value)) for a, b in pairs)

    def _owned_until(self, each: Ticket) -> int:
        """When the last owner with a name gave it back, or ended it; 0 where there never was one."""
        changes = self.facts.changes(each.id, "assignee")
        owned = [place for place, fact in enumerate(changes) if self._named(str(fact.value))]
        if not owned:
            return 0
        if owned[-1] + 1 < len(changes):
            return changes[owned[-1] + 1].at
        return STILL if each.ended_at is None else each.ended_at

    # ------------------------------------------------------------------ the clocks

    def _calendar(self) -> tuple[str, str, Calendar]:
        """Rule, calendar and its name, of the oldest unresolved ticket."""
        oldest = self.matter.open_tickets[0]
        last = self.facts.last_seen(oldest.id) or oldest.created_at
        rule = rule_at(oldest.id, self.facts, self.policy, last)
        return rule.name, rule.calendar, self.policy.calendars[rule.calendar]

    def lasting(self, metric: Metric, ladder: Ladder, since: int, cycle: int) -> Clock:
        """Levels due after so much open time since `since`, as long as anything is unresolved."""
        rule, name, calendar = self._calendar()
        part = Timeline(tuple(_unresolved(self.matter.tickets)), (), calendar).within(since, None)
        levels = tuple(
            part.reaches(lvl.trigger.seconds)
            for lvl in ladder.levels
            if isinstance(lvl.trigger, Open)
        )
        first = ladder.levels[0].trigger
        return Clock(
            subject=self.matter.id,
            metric=metric,
            cycle=cycle,
            rule=rule,
            target=first.seconds if isinstance(first, Open) else 0,
            calendar=name,
            ladder=ladder,
            started_at=since,
            running=part.running,
            due_at=levels[0],
            breach_at=levels[0],
            stopped_at=None,
            levels=levels,
            timeline=part,
        )

    def counted(self, metric: Metric, ladder: Ladder) -> Clock:
        """Levels due at the n-th event."""
        times = [level.trigger.times for level in ladder.levels if isinstance(level.trigger, Count)]
        instants = self.instants(metric)
        levels = tuple(self._nth(metric, instants, count) for count in times)
        return Clock(
            subject=self.matter.id,
            metric=metric,
            cycle=1 + len(self.progress) if metric is Metric.TOUCHES else 1,
            rule="signals",
            target=times[0],
            calendar="",
            ladder=ladder,
            started_at=self.matter.created_at,
            running=(Span(self.matter.created_at, None, "open"),),
            due_at=levels[0],
            breach_at=levels[0],
            stopped_at=None,
            levels=levels,
            seen=self.count(metric),
        )

    def count(self, metric: Metric) -> int:
        """How many events there were: as many as were seen, or as a record itself reports, if that
        is more.
        """
        name = REPORTED.get(metric, "")
        facts = (
            fact for each in self.matter.tickets for fact in self.facts.of_field(each.id, name)
        )
        return max([len(self.instants(metric)), *(_number(str(fact.value)) for fact in facts)])

    def instants(self, metric: Metric) -> list[int]:
        """When those events happened that were seen, oldest first."""
        tickets = self.matter.tickets
        match metric:
            case Metric.REOPENED:
                return self.reopenings
            case Metric.TOUCHES:
                idle_since = self.idle_since
                return sorted(at for each in tickets for at in each.answered if at > idle_since)
            case Metric.REASSIGNED:
                return self.handovers
            case _:
                return sorted(at for each in tickets for at in self._bounced(each))

    @property
    def handovers(self) -> list[int]:
        """Changes of team or of assignee where somebody else had it before; of one ticket, both at
        once are one.
        """
        return sorted(at for each in self.matter.tickets for at in self._handed_over(each))

    def _handed_over(self, each: Ticket) -> set[int]:
        changes = (
            fact for name in ("team", "assignee") for fact in self.facts.changes(each.id, name)[1:]
        )
        return {fact.at for fact in changes if fact.value}

    def _bounced(self, each: Ticket) -> Iterator[int]:
        """Back to a team that had had it."""
        had: set[str] = set()
        for fact in self.facts.changes(each.id, "team"):
            team = str(fact.value).casefold()
            if team in had:
                yield fact.at
            if team:
                had.add(team)

    def _nth(self, metric: Metric, instants: list[int], count: int) -> int | None:
        """The n-th event, by what was seen, or by the count that the record itself keeps, whichever
        came first.
        """
        seen = [instants[count - 1]] if len(instants) >= count else []
        reported = [
            at for each in self.matter.tickets for at in self._reported(each.id, metric, count)
        ]
        return min([*seen, *reported], default=None)

    def _reported(self, ticket: str, metric: Metric, count: int) -> Iterator[int]:
        if metric in REPORTED:
            series = self.facts.of_field(ticket, REPORTED[metric])
            facts = (fact for fact in series if _number(str(fact.value)) >= count)
            yield from (fact.at for fact in list(facts)[:1])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _unresolved(tickets: tuple[Ticket, ...]) -> Iterator[Span]:
    """When at least one of the tickets was unresolved."""
    if len(tickets) == 1:
        yield from tickets[0].with_waits.outside(ENDED)
        return
    start: int | None = None
    end: int | None = None
    spans = sorted(
        (span for each in tickets for span in each.with_waits.outside(ENDED)),
        key=lambda span: span.start,
    )
    for span in spans:
        if start is None:
            start, end = span.start, span.end
        elif end is not None and span.start > end:
            yield Span(start, end, "open")
            start, end = span.start, span.end
        else:
            end = None if end is None or span.end is None else max(end, span.end)
    if start is not None:
        yield Span(start, end, "open")
