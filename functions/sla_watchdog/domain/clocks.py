"""Clocks: a rule's targets running on a ticket. Computed from the facts, never stored.

Elapsed time is open time of the rule's calendar, less pauses. `due_at` is the earliest instant with
elapsed = target (what people are shown), `breach_at` the first with elapsed > the target in force then (semantics
A11, D1). All instants are epoch seconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import pairwise

from attrs import evolve, field, frozen

from sla_watchdog.domain.business_time import Calendar
from sla_watchdog.domain.course import Course, Overrun, course
from sla_watchdog.domain.exchanges import Period, exchanges, updates
from sla_watchdog.domain.facts import Facts, Value
from sla_watchdog.domain.matching import History, rules_over_time
from sla_watchdog.domain.policy import (
    After,
    Before,
    Ladder,
    Level,
    Metric,
    Percent,
    Policy,
    Target,
)
from sla_watchdog.domain.record import Unreadable, seconds_of
from sla_watchdog.domain.ticket import ENDED, Span, Ticket

CLOSED = frozenset({"closed"})


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


@frozen
class Clock:
    """One target on one subject: a ticket, or a matter for age and signals.

    `running` and `paused` are the spans in which it does either, the last one open-ended while it does. `stopped_at`
    is None while it may still run. `levels` has one instant per ladder level, None for a level that cannot come
    while the clock stands still. `cycle` counts from 1: it rises with each exchange, and with each reopening of the
    ticket. `target` is in seconds; for signals that count, a number of events. `due_at` of a clock that was met is
    when it would have been due.
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
    course: Course | None = field(default=None, eq=False, repr=False)
    """Answers for elapsed time; None for clocks of wall time and of counts."""

    @property
    def key(self) -> str:
        return f"{self.subject}/{self.metric.value}/{self.cycle}"

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
        paused = any(span.start <= now and (span.end is None or now < span.end) for span in self.paused[-1:])
        return State.RUNNING if self.running and self.running[-1].end is None and not paused else State.PAUSED

    def lasts(self, at: int) -> bool:
        """Whether it had started and not yet stopped at `at`."""
        return self.started_at <= at and (self.stopped_at is None or at < self.stopped_at)

    def elapsed(self, at: int) -> int:
        """Seconds that count, up to `at` or to its end."""
        end = at if self.stopped_at is None else min(at, self.stopped_at)
        return self.course.elapsed(end) if self.course else max(0, end - self.started_at)


def recorded_as(subject: str, metric: Metric, cycle: int) -> str:
    """What a breach is recorded under: resolution keeps it over reopenings, an exchange has its own."""
    own = f"/{cycle}" if metric in (Metric.NEXT_RESPONSE, Metric.UPDATE) else ""
    return f"{subject}/{metric.value}{own}"


@frozen
class Recorded:
    """What a changed policy leaves alone: breaches recorded before, and when the change reached the case.

    A breach that the change alone would make counts from then on (semantics D2).
    """

    breaches: Mapping[str, int] = field(factory=dict)
    edited_at: int | None = None

    def breach(self, record: str, at: int | None, stopped_at: int | None) -> int | None:
        """Of a clock recorded under that name that would breach at `at` by what is known now."""
        before = self.breaches.get(record)
        if before is not None or at is None or self.edited_at is None or at >= self.edited_at:
            return at if before is None else before
        return None if stopped_at is not None and stopped_at <= self.edited_at else self.edited_at


@frozen
class Judged:
    """The clocks of a ticket, and the pauses that lasted longer than the policy allows, by their number, each with a
    clock that it held."""

    clocks: tuple[Clock, ...]
    overruns: Mapping[int, tuple[Clock, Overrun]]


def clocks(
    ticket: Ticket, facts: Facts, policy: Policy, recorded: Recorded | None = None, whole: bool = False
) -> Judged:
    """Every clock of the ticket under the rule in force; with `whole` also the exchanges that are over.

    A deadline set elsewhere that cannot be read is no clock, and a finding. Raises NoWorkingTime or TimeOutOfRange of
    its calendar.
    """
    history = rules_over_time(ticket, facts, policy)
    found: list[Clock] = []
    scenes = list(_scenes(ticket, facts, policy, history, history[-1][1].targets, recorded or Recorded()))
    pauses = sorted({overrun.at for scene in scenes for overrun in scene.overruns})
    overruns: dict[int, tuple[Clock, Overrun]] = {}
    for scene in scenes:
        mine = list(scene.clocks(whole))
        found += mine
        for overrun in scene.overruns:
            for clock in (clock for clock in mine if clock.lasts(overrun.at)):
                overruns.setdefault(1 + pauses.index(overrun.at), (clock, overrun))
    found += _dropped(ticket, facts, policy, history, recorded or Recorded())
    return Judged(tuple(found), overruns)


def _dropped(ticket: Ticket, facts: Facts, policy: Policy, history: History, recorded: Recorded) -> Iterator[Clock]:
    """Clocks of targets that a later rule does not have, where they were breached before: that heals nothing (D1)."""
    seen = {target.metric for target in history[-1][1].targets}
    for place in range(len(history) - 2, -1, -1):
        changed = history[place + 1][0]
        targets = [target for target in history[place][1].targets if target.metric not in seen]
        seen.update(target.metric for target in targets)
        for scene in _scenes(ticket, facts, policy, history[: place + 1], targets, recorded):
            clocks = scene.clocks(whole=False)
            yield from (clock for clock in clocks if clock.breach_at is not None and clock.breach_at < changed)


def _scenes(
    ticket: Ticket, facts: Facts, policy: Policy, history: History, targets: Iterable[Target], recorded: Recorded
) -> Iterator[_Scene]:
    """Targets that stop and pause alike run the same course."""
    calendar = policy.calendars[history[-1][1].calendar]
    courses: dict[tuple[str, frozenset[str]], tuple[Course, tuple[Overrun, ...]]] = {}
    for target in targets:
        stops = ENDED if target.stops_at == "resolved" else CLOSED
        key = target.stops_at, target.pauses_in
        if key not in courses:
            courses[key] = course(ticket, stops, target.pauses_in, calendar, policy.pauses)
        yield _Scene(ticket, facts, policy, history, target, recorded, stops, *courses[key])


@frozen
class _Scene:
    """One target of one ticket."""

    ticket: Ticket
    facts: Facts
    policy: Policy
    history: History
    target: Target
    recorded: Recorded
    stops: frozenset[str]
    course: Course
    overruns: tuple[Overrun, ...]

    @property
    def calendar(self) -> Calendar:
        return self.course.calendar

    def clocks(self, whole: bool) -> Iterator[Clock]:
        """None for a ticket that was born closed, until it is reopened (semantics C4), or that has no deadline."""
        if len(self.ticket.spans) == 1 and self.ticket.group in self.stops:
            return
        if self.target.due is not None and deadline(self.ticket.id, self.target.due, self.facts, self.policy) is None:
            return
        match self.target.metric:
            case Metric.FIRST_RESPONSE:
                yield from self._first_response()
            case Metric.FIRST_RESOLUTION:
                yield self._clock(1, self.ticket.created_at, self._first_end())
            case Metric.RESOLUTION:
                yield self._resolution()
            case _:
                for cycle, (start, stop) in list(enumerate(self._periods(), 1))[0 if whole else -1 :]:
                    yield self._clock(cycle, start, stop)

    # ------------------------------------------------------------------ when it starts and stops

    def _left(self, *ends: int | None) -> int | None:
        return min((at for at in (*ends, self.ticket.left_at) if at is not None), default=None)

    def _first_end(self) -> int | None:
        return self._left(next((span.start for span in self.ticket.spans if span.group in self.stops), None))

    def _first_response(self) -> Iterator[Clock]:
        """From the creation; for a ticket that the desk opened, from the customer's first message (semantics B2)."""
        start, answered = self.ticket.first_request
        if self.ticket.by_agent:
            if not self.ticket.asked:
                return
            start = self.ticket.asked[0]
            answered = next((at for at in self.ticket.answered if at >= start), None)
        ends = (span.start for span in self.ticket.spans if span.group in self.stops and span.start >= start)
        yield self._clock(1, start, self._left(answered, next(ends, None)))

    def _resolution(self) -> Clock:
        """Time resolved is excluded, and its ladder goes on from where it was (semantics D5)."""
        clock = self._clock(1, self.ticket.created_at, self._left(self.ticket.since(self.stops)))
        reopenings = self._reopenings()
        return _climbed(evolve(clock, cycle=1 + len(reopenings)), self.ticket, reopenings) if reopenings else clock

    def _reopenings(self) -> tuple[int, ...]:
        if self.stops is ENDED:
            return self.ticket.climbing
        starts = {b.start for a, b in pairwise(self.ticket.spans) if a.group in self.stops}
        return tuple(at for at in self.ticket.climbing if at in starts)

    def _periods(self) -> list[Period]:
        if self.target.metric is Metric.NEXT_RESPONSE:
            return exchanges(self.ticket, self.stops)
        return updates(self.ticket, self.ticket.since(self.stops))

    # ------------------------------------------------------------------ what follows

    def _clock(self, cycle: int, start: int, stop: int | None) -> Clock:
        part = self.course if start == self.ticket.created_at and stop is None else self.course.within(start, stop)
        due_at, within = self._deadline(part, stop)
        target, rule = self.target, self.history[-1][1]
        record = recorded_as(self.ticket.id, target.metric, cycle)
        breach_at = self.recorded.breach(record, self._breach(part, start, stop), stop)
        elsewhere = target.due is not None
        return Clock(
            subject=self.ticket.id,
            metric=target.metric,
            cycle=cycle,
            rule=rule.name,
            target=within,
            calendar=rule.calendar,
            ladder=target.ladder,
            started_at=start,
            running=part.running,
            due_at=due_at,
            breach_at=breach_at,
            stopped_at=stop,
            levels=tuple(_instant(level, part, within, due_at, breach_at, elsewhere) for level in target.ladder.levels),
            paused=part.paused,
            course=part,
        )

    def _deadline(self, part: Course, stop: int | None) -> tuple[int | None, int]:
        """When it is due, and the seconds of open time allowed; of one that was met, when it would have been due."""
        if self.target.due is not None:
            due_at = deadline(self.ticket.id, self.target.due, self.facts, self.policy) or 0
            return due_at, max(0, self.calendar.between(self.ticket.created_at, due_at))
        within = self.target.within
        reached = part.reaches(within)
        if reached is None and stop is not None:
            return self.calendar.add(stop, within - part.elapsed(stop)), within
        return reached, within

    def _breach(self, part: Course, start: int, stop: int | None) -> int | None:
        """The first instant at which more had elapsed than the target in force at that instant allowed."""
        if self.target.due is not None:
            at = self._breach_of_elsewhere(self.target.due, start)
            return at if at is None or stop is None or at <= stop else None
        found = self._own_breach(part)
        absorbed = [b for each in self.ticket.absorbed if (b := self._breach_of(each)) is not None]
        return min([found, *absorbed] if found is not None else absorbed, default=None)

    def _breach_of_elsewhere(self, name: str, start: int) -> int | None:
        """The second after the deadline that was set then; where it was moved into the past, when it was moved."""
        changes = self.facts.changes(self.ticket.id, name)
        sinces = [start, *(fact.at for fact in changes[1:])]
        known: int | None = None
        for fact, since, end in zip(changes, sinces, [*sinces[1:], None], strict=True):
            due_at = instant_of(fact.value, self.policy)
            known = due_at if due_at is not None else known
            if known is not None and (end is None or max(known + 1, since) < end):
                return max(known + 1, since)
        return None

    def _own_breach(self, part: Course) -> int | None:
        if len(self.history) == 1:
            return part.reaches(self.target.within + 1)
        ends = [since for since, _ in self.history[1:]]
        for (since, rule), end in zip(self.history, [*ends, None], strict=True):
            target = next((t for t in rule.targets if t.metric is self.target.metric and t.due is None), None)
            if target is None:
                continue
            calendar = self.policy.calendars[rule.calendar]
            under = part if calendar is part.calendar else Course(part.running, part.paused, calendar)
            at = under.reaches(target.within + 1)
            if at is not None and (end is None or max(at, since) < end):
                return max(at, since)
        return None

    def _breach_of(self, absorbed: Ticket) -> int | None:
        """A breach of a ticket merged into this one, while it was its own, stays (semantics D6)."""
        if self.target.metric in (Metric.NEXT_RESPONSE, Metric.UPDATE):
            return None
        judged = clocks(absorbed, self.facts, self.policy).clocks
        return next((c.breach_at for c in judged if c.metric is self.target.metric), None)


def deadline(ticket: str, name: str, facts: Facts, policy: Policy) -> int | None:
    """The instant in a field that another system fills: the last one that could be read, None where none ever could."""
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


def _instant(
    level: Level, course: Course, target: int, due_at: int | None, breach_at: int | None, elsewhere: bool
) -> int | None:
    match level.trigger:
        case Percent(percent):
            return course.reaches(max(1, -(-percent * target // 100)))
        case Before(seconds):
            return course.leads(seconds, target, due_at)
        case After(0):
            return breach_at
        case After(seconds) if breach_at is not None:
            # Counted from the deadline; from the breach where a change of target made it (semantics A11, D1).
            own = due_at == breach_at - 1 if elsewhere else course.reaches(target + 1) == breach_at
            counted_from = due_at if own and due_at is not None else breach_at
            return max(breach_at, course.calendar.add(counted_from, seconds))
        case _:
            return None


def _climbed(clock: Clock, ticket: Ticket, reopenings: tuple[int, ...]) -> Clock:
    """After the n-th reopening the level above what was reached, at least the n-th, is due at once (semantics D5)."""
    levels = clock.levels
    ends = [span.start for span in ticket.spans if span.group in ENDED]
    for number, at in enumerate(reopenings, 1):
        before = bisect_left(ends, at)
        ended = ends[before - 1] if before else at
        reached = sum(instant is not None and instant < ended for instant in levels)
        top = min(max(reached, number - 1), len(levels) - 1)
        levels = tuple(at if i <= top else _not_before(at, instant) for i, instant in enumerate(levels))
    return evolve(clock, levels=levels)


def _not_before(at: int, instant: int | None) -> int | None:
    return None if instant is None else max(at, instant)
