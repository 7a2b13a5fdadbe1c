"""Clocks: a rule's targets running on a ticket, and the case's own age. Computed from the facts, never stored.

Elapsed time is open time of the rule's calendar, less pauses. `due_at` is the earliest instant with
elapsed = target (what people are shown), `breach_at` the first with elapsed > the target in force then (semantics
A11, D1). All instants are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from attrs import frozen

from sla_watchdog.domain.business_time import Calendar
from sla_watchdog.domain.facts import UNREADABLE, Facts
from sla_watchdog.domain.policy import (
    After,
    Age,
    Before,
    Condition,
    Ladder,
    Level,
    Metric,
    Percent,
    Policy,
    Rule,
    Target,
    Truth,
)
from sla_watchdog.domain.ticket import ENDED, Span, Ticket, until


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


@frozen
class Clock:
    """One target on one subject: a ticket, or the case for `age`.

    `running` are the spans in which it runs, the last one open-ended while it does. `stopped_at` is None while it
    may still run. `levels` has one instant per ladder level, None for a level that cannot come while the clock
    stands still. `cycle` counts from 1 and rises with each reopening of the ticket.
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

    @property
    def key(self) -> str:
        return f"{self.subject}/{self.metric.value}/{self.cycle}"

    def breached(self, now: int) -> bool:
        return self.breach_at is not None and self.breach_at <= now

    def state(self, now: int) -> State:
        if self.breached(now):
            return State.BREACHED
        if self.stopped_at is not None and self.stopped_at <= now:
            return State.MET
        return State.RUNNING if self.running and self.running[-1].end is None else State.PAUSED


def _values(name: str, ticket: str, facts: Facts, at: int) -> set[str]:
    """The values of a field at `at`, case-folded; before anything was said of it, the first that was."""
    series = facts.of_field(ticket, name)
    value = facts.as_of(ticket, name, max(at, series[0].at)) if series else ""
    return {member.casefold() for member in ((value,) if isinstance(value, str) else value) if member}


def holds(condition: Condition, ticket: str, facts: Facts, policy: Policy, at: int) -> Truth:
    """Whether the ticket met the condition at `at`; UNKNOWN when its value cannot be read."""
    values = _values(condition.field, ticket, facts, at)
    if facts.latest(ticket, UNREADABLE + condition.field):
        return Truth.UNKNOWN
    if condition.field == "priority" and policy.priorities:
        values = {policy.priorities.get(value, "") for value in values}
        if "" in values:
            return Truth.UNKNOWN
    answer = _met(condition, values)
    if answer is Truth.UNKNOWN or not condition.negate:
        return answer
    return Truth.NO if answer is Truth.YES else Truth.YES


def _met(condition: Condition, values: set[str]) -> Truth:
    if condition.missing:
        return Truth.NO if values else Truth.YES
    if condition.at_least is None:
        return Truth.YES if values & condition.any_of else Truth.NO
    try:
        return Truth.YES if any(float(value) >= condition.at_least for value in values) else Truth.NO
    except ValueError:
        return Truth.UNKNOWN


def _strictness(rule: Rule) -> int:
    return min((target.within for target in rule.targets if target.metric is Metric.RESOLUTION), default=2**62)


def rule_at(ticket: str, facts: Facts, policy: Policy, at: int) -> Rule:
    """The first rule that matched at `at`; where a value cannot be read, the strictest of those that may match.

    Strictest is the shortest resolution target (DESIGN.md section 9: the last rule matches everything).
    """
    candidates = []
    for rule in policy.rules:
        truths = {holds(condition, ticket, facts, policy, at) for condition in rule.when}
        if Truth.NO not in truths:
            candidates.append(rule)
            if Truth.UNKNOWN not in truths:
                break
    return min(candidates, key=_strictness)


def rules_over_time(ticket: Ticket, facts: Facts, policy: Policy) -> tuple[tuple[int, Rule], ...]:
    """(since, rule) for each rule that judged the ticket, oldest first; the last is the one in force."""
    names = {condition.field for rule in policy.rules for condition in rule.when}
    changes = {fact.at for name in names for fact in facts.changes(ticket.id, name)[1:]}
    history = [(ticket.created_at, rule_at(ticket.id, facts, policy, ticket.created_at))]
    for at in sorted(change for change in changes if change > ticket.created_at):
        rule = rule_at(ticket.id, facts, policy, at)
        if rule is not history[-1][1]:
            history.append((at, rule))
    return tuple(history)


@frozen
class _Course:
    """The spans in which a clock runs, and its calendar: answers when so much has elapsed."""

    running: tuple[Span, ...]
    calendar: Calendar

    def reaches(self, seconds: int) -> int | None:
        """The earliest instant with `seconds` elapsed; None when the clock stands still before that."""
        left = seconds
        for span in self.running:
            inside = left if span.end is None else self.calendar.between(span.start, span.end)
            if left <= inside:
                return self.calendar.add(span.start, left)
            left -= inside
        return None

    def leads(self, seconds: int, target: int, due_at: int | None) -> int | None:
        """The latest instant with `seconds` to go; the start when there never were as many (semantics E2)."""
        if seconds >= target:
            return self.running[0].start if self.running else None
        if due_at is not None:
            at = self.calendar.subtract(due_at, seconds)
            if at >= next(span.start for span in reversed(self.running) if span.start <= due_at):
                return at
        return self.reaches(target - seconds)


def _breach(history: tuple[tuple[int, Rule], ...], metric: Metric, course: _Course, policy: Policy) -> int | None:
    """The first instant at which more had elapsed than the target in force at that instant allowed."""
    ends = [since for since, _ in history[1:]]
    for (since, rule), end in zip(history, [*ends, None], strict=True):
        target = next((target for target in rule.targets if target.metric is metric), None)
        if target is None:
            continue
        at = _Course(course.running, policy.calendars[rule.calendar]).reaches(target.within + 1)
        if at is not None and (end is None or at < end):
            return max(at, since)
    return None


def _instant(level: Level, course: _Course, target: int, due_at: int | None, breach_at: int | None) -> int | None:
    match level.trigger:
        case Percent(percent):
            return course.reaches(-(-percent * target // 100))
        case Before(seconds):
            return course.leads(seconds, target, due_at)
        case After(seconds):
            if breach_at is None:
                return None
            # Counted from the deadline; from the breach where a change of target made it (semantics A11, D1).
            counted_from = breach_at if due_at is None or course.reaches(target + 1) != breach_at else due_at
            return max(breach_at, course.calendar.add(counted_from, seconds)) if seconds else breach_at
        case Age(seconds):
            return course.running[0].start + seconds


def _stops(target: Target) -> frozenset[str]:
    return ENDED if target.stops_at == "resolved" else frozenset({"closed"})


def _course(ticket: Ticket, target: Target, calendar: Calendar) -> tuple[_Course, int | None]:
    """Where the clock of `target` runs, and when it stopped for good (None while it may still run)."""
    stops = _stops(target)
    running = ticket.outside(stops | target.pauses_in)
    stopped = ticket.gone_at
    if stopped is None and ticket.group in stops:
        stopped = next(span.start for span in _trailing(ticket.spans, stops))
    if target.metric is Metric.FIRST_RESPONSE:
        first_end = next((span.start for span in ticket.spans if span.group in stops), None)
        ends = [at for at in (ticket.first_answer_at, first_end, ticket.gone_at) if at is not None]
        stopped = min(ends, default=None)
        running = tuple(until(stopped, running))
    return _Course(running, calendar), stopped


def _trailing(spans: tuple[Span, ...], groups: frozenset[str]) -> tuple[Span, ...]:
    """The unbroken run of spans in `groups` at the end."""
    count = next((i for i, span in enumerate(reversed(spans)) if span.group not in groups), len(spans))
    return spans[len(spans) - count :]


def clocks(ticket: Ticket, facts: Facts, policy: Policy) -> Iterator[Clock]:
    """Every clock of the ticket under the rule in force. Raises NoWorkingTime or TimeOutOfRange of its calendar."""
    history = rules_over_time(ticket, facts, policy)
    rule = history[-1][1]
    for target in rule.targets:
        course, stopped_at = _course(ticket, target, policy.calendars[rule.calendar])
        due_at = course.reaches(target.within)
        breach_at = _breach(history, target.metric, course, policy)
        yield Clock(
            subject=ticket.id,
            metric=target.metric,
            cycle=1 if target.metric is Metric.FIRST_RESPONSE else 1 + ticket.reopened,
            rule=rule.name,
            target=target.within,
            calendar=rule.calendar,
            ladder=target.ladder,
            started_at=ticket.created_at,
            running=course.running,
            due_at=due_at,
            breach_at=breach_at,
            stopped_at=stopped_at,
            levels=tuple(_instant(level, course, target.within, due_at, breach_at) for level in target.ladder.levels),
        )


def age_clock(case: str, tickets: tuple[Ticket, ...], policy: Policy) -> Clock:
    """The case's age: wall time from the earliest creation, which no pause, priority or calendar stops."""
    start = min(ticket.created_at for ticket in tickets)
    instants = tuple(
        start + level.trigger.seconds for level in policy.ceilings.levels if isinstance(level.trigger, Age)
    )
    ends = [ticket.gone_at if ticket.gone_at is not None else ticket.spans[-1].start for ticket in tickets]
    stopped = None if any(ticket.unresolved for ticket in tickets) else max(ends)
    return Clock(
        subject=case,
        metric=Metric.AGE,
        cycle=1,
        rule="ceilings",
        target=instants[0] - start,
        calendar="",
        ladder=policy.ceilings,
        started_at=start,
        running=(Span(start, stopped, "open"),),
        due_at=instants[0],
        breach_at=instants[0],
        stopped_at=stopped,
        levels=instants,
    )
