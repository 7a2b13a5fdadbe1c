"""Clocks: a rule's targets running on a ticket. Computed from the facts, never stored.

Elapsed time is open time of the rule's calendar, less pauses. `due_at` is the earliest instant
with elapsed = target (what people are shown), `breach_at` the first with elapsed > the target in
force then (semantics A11, D1). All instants are epoch seconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import pairwise

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock, Recorded, recorded_as
from sla_watchdog.domain.clocks.exchanges import Period, exchanges, updates
from sla_watchdog.domain.clocks.limits import (
    Courses,
    InForce,
    deadline,
    in_force,
    instant_of,
    until_stopped,
)
from sla_watchdog.domain.clocks.rules_in_force import candidates_over_time
from sla_watchdog.domain.clocks.timeline import Overrun, Timeline
from sla_watchdog.domain.policy.model import (
    After,
    Before,
    Level,
    Metric,
    Percent,
    Policy,
    Target,
)
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket, stretches


@frozen
class EvaluatedClocks:
    """The clocks of a ticket, and the pauses that lasted longer than the policy allows, by their
    number, each with a clock that it held.
    """

    clocks: tuple[Clock, ...]
    overruns: Mapping[int, tuple[Clock, Overrun]]


def clocks(
    ticket: Ticket,
    facts: Facts,
    policy: Policy,
    recorded: Recorded | None = None,
    whole: bool = False,
) -> EvaluatedClocks:
    """Every clock of the ticket under the rules that were in force; with `whole` also the exchanges
    that are over.

    A clock is judged by the rule in force now, one that stopped by the rule in force when it
    stopped: what comes later changes no result (semantics D1). A deadline set elsewhere that
    cannot be read is no clock, and a finding. Raises NoWorkingTime or TimeOutOfRange of its
    calendar.
    """
    scenes = list(_scenes(ticket, facts, policy, recorded or Recorded()))
    found: list[Clock] = []
    pauses = sorted({overrun.at for evaluation in scenes for overrun in evaluation.overruns})
    overruns: dict[int, tuple[Clock, Overrun]] = {}
    for evaluation in scenes:
        mine = list(evaluation.clocks(whole))
        found += mine
        for overrun in evaluation.overruns:
            for clock in (clock for clock in mine if clock.lasts(overrun.at)):
                overruns.setdefault(1 + pauses.index(overrun.at), (clock, overrun))
    return EvaluatedClocks(tuple(found), overruns)


def _scenes(
    ticket: Ticket, facts: Facts, policy: Policy, recorded: Recorded
) -> Iterator[_TargetOnTicket]:
    """One for each metric that any rule had a target for: those of the rule in force first, then
    those of the past.
    """
    history = candidates_over_time(ticket, facts, policy)
    courses = Courses(ticket, policy)
    targets = (
        target for _, rules in reversed(history) for rule in rules for target in rule.targets
    )
    for metric in dict.fromkeys(target.metric for target in targets):
        periods = tuple(in_force(metric, history, ticket, facts, policy))
        if any(period.target is not None for period in periods):
            yield _TargetOnTicket(ticket, facts, policy, metric, periods, recorded, courses)


@frozen
class _Life:
    """From when to when one clock ran. `since` is later than its `start` where what waited since
    then was left unanswered by an end: that much of it was an exchange of its own.
    """

    cycle: int
    start: int
    stop: int | None
    since: int


@frozen
class _TargetOnTicket:
    """One metric of one ticket, with the limits that were in force for it."""

    ticket: Ticket
    facts: Facts
    policy: Policy
    metric: Metric
    periods: tuple[InForce, ...]
    recorded: Recorded
    courses: Courses

    @property
    def last(self) -> InForce:
        """The latest period with a limit: the one in force, unless the present rule has none."""
        return next(period for period in reversed(self.periods) if period.target is not None)

    @property
    def overruns(self) -> tuple[Overrun, ...]:
        present = self.periods[-1]
        return () if present.target is None else self.courses.of(present).overruns

    def clocks(self, whole: bool) -> Iterator[Clock]:
        """None for a ticket that was born closed, until it is reopened (semantics C4), but for its
        messages.
        """
        stops = self.last.stops
        born_over = len(self.ticket.spans) == 1 and self.ticket.group in stops
        if born_over and self.metric is not Metric.NEXT_RESPONSE:
            return
        lives = list(self._lives(stops))
        for life in lives if whole else lives[-1:]:
            clock = self._clock(life)
            if clock is not None:
                yield clock

    # ------------------------------------------------------------------ when it starts and stops

    def _lives(self, stops: frozenset[str]) -> Iterator[_Life]:
        """One for each clock of the metric, oldest first."""
        before: int | None = None
        for cycle, (start, stop) in enumerate(self._spells(stops), 1):
            yield _Life(cycle, start, stop, start if before is None else max(start, before))
            before = stop

    def _spells(self, stops: frozenset[str]) -> list[Period]:
        match self.metric:
            case Metric.FIRST_RESPONSE:
                return self._first_response(stops)
            case Metric.FIRST_RESOLUTION | Metric.RESOLUTION:
                return [(self.ticket.created_at, self._end()[0])]
            case Metric.NEXT_RESPONSE:
                return exchanges(self.ticket, stops)
            case _:
                return updates(self.ticket, self.ticket.since(stops))

    def _left(self, *ends: int | None) -> int | None:
        return min((at for at in (*ends, self.ticket.left_at) if at is not None), default=None)

    def _end(self) -> tuple[int | None, InForce]:
        """Of a resolution, the first or the one that lasts, by the rule in force when it came, or
        that found it over when it came into force.
        """
        first = self.metric is Metric.FIRST_RESOLUTION
        for period in self.periods:
            for start, end in stretches(self.ticket.spans, period.stops):
                found = start >= period.since or end is None or end > period.since
                if found and period.covers(start) and (first or end is None):
                    return self._left(start), period
        return self._left(), self.last

    def _ends(self, period: InForce) -> list[int]:
        return [start for start, _ in stretches(self.ticket.spans, period.stops)][:1]

    def _first_response(self, stops: frozenset[str]) -> list[Period]:
        """From the creation; for a ticket that the desk opened, from the customer's first message
        (semantics B2).
        """
        start, answered = self.ticket.first_request
        if self.ticket.by_agent:
            if not self.ticket.asked:
                return []
            start = self.ticket.asked[0]
            answered = next((at for at in self.ticket.answered if at >= start), None)
        ends = (at for at, _ in stretches(self.ticket.spans, stops) if at >= start)
        return [(start, self._left(answered, next(ends, None)))]

    def _reopenings(self, stops: frozenset[str]) -> tuple[int, ...]:
        if stops is ENDED:
            return self.ticket.climbing
        starts = {b.start for a, b in pairwise(self.ticket.spans) if a.group in stops}
        return tuple(at for at in self.ticket.climbing if at in starts)

    # ------------------------------------------------------------------ what follows

    def _clock(self, life: _Life) -> Clock | None:
        """None where no limit was in force while it ran, or where a rule without one took over
        before a breach.
        """
        by = (
            self._end()[1]
            if self.metric in (Metric.FIRST_RESOLUTION, Metric.RESOLUTION)
            else self.last
        )
        lived = until_stopped(self.periods, life.stop, by)
        under = next((period for period in reversed(lived) if period.target is not None), None)
        if under is None:
            return None
        clock = self._under(under, lived, life)
        kept = under is lived[-1] or (clock.breach_at is not None and under.covers(clock.breach_at))
        if not kept:
            return None
        reopenings = self._reopenings(under.stops) if self.metric is Metric.RESOLUTION else ()
        return _reopened(clock, self.ticket, reopenings) if reopenings else clock

    def _under(self, under: InForce, lived: tuple[InForce, ...], life: _Life) -> Clock:
        target = under.limit
        start, stop = life.start, life.stop
        whole = self.courses.of(under).timeline
        part = (
            whole if start == self.ticket.created_at and stop is None else whole.within(start, stop)
        )
        due_at, within = self._deadline(target, part, stop)
        record = recorded_as(self.ticket.id, self.metric, life.cycle)
        breach_at = self.recorded.breach(record, self._breach(lived, life), part)
        elsewhere = target.due is not None
        return Clock(
            subject=self.ticket.id,
            metric=self.metric,
            cycle=life.cycle,
            rule=under.rule.name,
            target=within,
            calendar=under.rule.calendar,
            ladder=target.ladder,
            started_at=start,
            running=part.running,
            due_at=due_at,
            breach_at=breach_at,
            stopped_at=stop,
            levels=tuple(
                _instant(level, part, within, due_at, breach_at, elsewhere)
                for level in target.ladder.levels
            ),
            paused=part.paused,
            timeline=part,
            due_field=target.due or "",
        )

    def _deadline(self, target: Target, part: Timeline, stop: int | None) -> tuple[int | None, int]:
        """When it is due, and the seconds of open time allowed; of one that was met, when it would
        have been due.
        """
        if target.due is not None:
            due_at = deadline(self.ticket.id, target.due, self.facts, self.policy) or 0
            return due_at, max(0, part.calendar.between(self.ticket.created_at, due_at))
        reached = part.reaches(target.within)
        if reached is None and stop is not None:
            return part.calendar.add(stop, target.within - part.elapsed(stop)), target.within
        return reached, target.within

    # ------------------------------------------------------------------ when it was breached

    def _breach(self, lived: tuple[InForce, ...], life: _Life) -> int | None:
        """The first instant at which more had elapsed than the limit in force at that instant
        allowed, each limit with the pauses and the end of its own rule.
        """
        own = self._own_breach(lived, life)
        breaches = [own, *(self._breach_of(each) for each in self.ticket.absorbed)]
        return min((at for at in breaches if at is not None), default=None)

    def _own_breach(self, lived: tuple[InForce, ...], life: _Life) -> int | None:
        parts: dict[str, tuple[Timeline, int | None]] = {}
        for period in lived:
            target = period.target
            if target is None:
                continue
            if period.rule.name not in parts:
                part = self._part(period, life)
                parts[period.rule.name] = part, part.reaches(target.within + 1)
            part, reached = parts[period.rule.name]
            if target.due is not None:
                at = self._late_by_field(target.due, part, period, life.start)
            else:
                at = self._not_before(max(period.since, life.since), reached, part, life)
            if at is not None and period.covers(at):
                return at
        return None

    def _not_before(self, since: int, at: int | None, part: Timeline, life: _Life) -> int | None:
        """When a limit known since `since` was passed; while it is over nothing is."""
        if at is None or at >= since:
            return at
        if since == life.stop and self.metric not in (Metric.FIRST_RESOLUTION, Metric.RESOLUTION):
            return since
        return part.lives_from(since)

    def _part(self, period: InForce, life: _Life) -> Timeline:
        """The clock's course as the rule of that time has it."""
        whole = self.courses.of(period).timeline
        match self.metric:
            case Metric.RESOLUTION:
                return whole
            case Metric.FIRST_RESOLUTION:
                return whole.within(life.start, self._left(*self._ends(period)))
            case _:
                return whole.within(life.start, life.stop)

    def _late_by_field(self, name: str, part: Timeline, period: InForce, start: int) -> int | None:
        """The second after the deadline that was set then; where it was moved into the past, when
        it was moved.
        """
        changes = self.facts.changes(self.ticket.id, name)
        sinces = [start, *(fact.at for fact in changes[1:])]
        known: int | None = None
        for fact, since, end in zip(changes, sinces, [*sinces[1:], None], strict=True):
            due_at = instant_of(fact.value, self.policy)
            known = due_at if due_at is not None else known
            if known is None:
                continue
            at = part.passes(known + 1, max(since, period.since))
            if at is not None and (end is None or at < end):
                return at
        return None

    def _breach_of(self, absorbed: Ticket) -> int | None:
        """A breach of a ticket merged into this one, while it was its own, stays (semantics D6)."""
        if self.metric in (Metric.NEXT_RESPONSE, Metric.UPDATE):
            return None
        evaluated = clocks(absorbed, self.facts, self.policy).clocks
        return next((c.breach_at for c in evaluated if c.metric is self.metric), None)


def _reopened(clock: Clock, ticket: Ticket, reopenings: tuple[int, ...]) -> Clock:
    """Time resolved is excluded, and its ladder goes on from where it was (semantics D5)."""
    return _climbed(evolve(clock, cycle=1 + len(reopenings)), ticket, reopenings)


def _instant(
    level: Level,
    timeline: Timeline,
    target: int,
    due_at: int | None,
    breach_at: int | None,
    elsewhere: bool,
) -> int | None:
    match level.trigger:
        case Percent(percent):
            return timeline.reaches(max(1, -(-percent * target // 100)))
        case Before(seconds):
            return timeline.leads(seconds, target, due_at)
        case After(0):
            return breach_at
        case After(seconds) if breach_at is not None:
            # Counted from the deadline; from the breach where a change of target made it (semantics
            # A11, D1).
            own = (
                due_at == breach_at - 1 if elsewhere else timeline.reaches(target + 1) == breach_at
            )
            counted_from = due_at if own and due_at is not None else breach_at
            return max(breach_at, timeline.calendar.add(counted_from, seconds))
        case _:
            return None


def _climbed(clock: Clock, ticket: Ticket, reopenings: tuple[int, ...]) -> Clock:
    """After the n-th reopening the level above what was reached, at least the n-th, is due at once
    (semantics D5).
    """
    levels = clock.levels
    ends = [span.start for span in ticket.spans if span.group in ENDED]
    for number, at in enumerate(reopenings, 1):
        before = bisect_left(ends, at)
        ended = ends[before - 1] if before else at
        reached = sum(instant is not None and instant < ended for instant in levels)
        top = min(max(reached, number - 1), len(levels) - 1)
        levels = tuple(
            at if i <= top else _not_before(at, instant) for i, instant in enumerate(levels)
        )
    return evolve(clock, levels=levels)


def _not_before(at: int, instant: int | None) -> int | None:
    return None if instant is None else max(at, instant)
