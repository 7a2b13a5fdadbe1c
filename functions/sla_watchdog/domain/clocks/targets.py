"""The clocks of a ticket: a rule's targets, computed from the facts, never stored.

Elapsed time is open time of the rule's calendar, less pauses. `due_at` is the earliest instant
with elapsed = target (what people are shown), `breach_at` the first with elapsed > the target in
force then (semantics A11, D1). All instants are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from attrs import frozen

from sla_watchdog.domain.clocks.breaches import Breaches
from sla_watchdog.domain.clocks.clock import EXCHANGES, Clock, Recorded, recorded_as
from sla_watchdog.domain.clocks.deadlines_set_elsewhere import deadline
from sla_watchdog.domain.clocks.level_instants import LevelInstants, reopened
from sla_watchdog.domain.clocks.limits import (
    InForce,
    Timelines,
    in_force,
    latest_limited,
    until_stopped,
)
from sla_watchdog.domain.clocks.lives import Life, MetricOnTicket
from sla_watchdog.domain.clocks.pauses import Overrun
from sla_watchdog.domain.clocks.rules_in_force import Candidates, candidates_over_time
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import Metric, Policy, Target
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.instants import earliest


@frozen
class TargetClocks:
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
) -> TargetClocks:
    """Every clock of the ticket under the rules that were in force; with `whole` also the exchanges
    that are over.

    A clock is judged by the rule in force now, one that stopped by the rule in force when it
    stopped: what comes later changes no result (semantics D1). A deadline set elsewhere that
    cannot be read is no clock, and a finding. Raises NoWorkingTime or TimeOutOfRange of its
    calendar.
    """
    targets = list(_targets(ticket, facts, policy, recorded or Recorded()))
    by_target = [tuple(target.clocks(whole)) for target in targets]
    overruns = _overruns(targets, by_target)
    every = tuple(chain.from_iterable(by_target))
    return TargetClocks(every, overruns)


def _overruns(
    targets: list[_TargetOnTicket], clocks_by_target: list[tuple[Clock, ...]]
) -> dict[int, tuple[Clock, Overrun]]:
    """The overruns, by number. Overruns at the same instant are one, shown with the first clock
    that it held.
    """
    instants: set[int] = set()
    held: dict[int, tuple[Clock, Overrun]] = {}
    for target, made in zip(targets, clocks_by_target, strict=True):
        for overrun in target.overruns:
            instants.add(overrun.at)
            clock = _first_held(made, overrun)
            if clock is not None:
                held.setdefault(overrun.at, (clock, overrun))
    numbers = {at: number for number, at in enumerate(sorted(instants), 1)}
    return {numbers[at]: overrun for at, overrun in held.items()}


def _first_held(clocks_of_one: tuple[Clock, ...], overrun: Overrun) -> Clock | None:
    for clock in clocks_of_one:
        if clock.lasts(overrun.at):
            return clock
    return None


def _targets(
    ticket: Ticket, facts: Facts, policy: Policy, recorded: Recorded
) -> Iterator[_TargetOnTicket]:
    """One for each metric that any rule had a target for: those of the rule in force first, then
    those of the past.
    """
    history = candidates_over_time(ticket, facts, policy)
    timelines = Timelines(ticket, policy)
    for metric in _metrics(history):
        periods = tuple(in_force(metric, history, ticket, facts, policy))
        if latest_limited(periods) is not None:
            subject = MetricOnTicket(ticket, metric, periods)
            yield _TargetOnTicket(subject, facts, policy, recorded, timelines)


def _metrics(history: Candidates) -> list[Metric]:
    """Each once, the latest rule's first."""
    metrics: list[Metric] = []
    for _, rules in reversed(history):
        for rule in rules:
            metrics += [target.metric for target in rule.targets]
    return list(dict.fromkeys(metrics))


@frozen
class _TargetOnTicket:
    """Makes the clocks of one metric of one ticket."""

    subject: MetricOnTicket
    facts: Facts
    policy: Policy
    recorded: Recorded
    timelines: Timelines

    @property
    def overruns(self) -> tuple[Overrun, ...]:
        present = self.subject.periods[-1]
        if present.target is None:
            return ()
        return self.timelines.overruns(present)

    def clocks(self, whole: bool) -> Iterator[Clock]:
        """None for a ticket that was born closed, until it is reopened (semantics C4), but for its
        messages.
        """
        if self.subject.was_born_over and self.subject.metric is not Metric.NEXT_RESPONSE:
            return
        lives = list(self.subject.lives())
        if not whole:
            lives = lives[-1:]
        for life in lives:
            clock = self._clock(life)
            if clock is not None:
                yield clock

    def _clock(self, life: Life) -> Clock | None:
        """None where no limit was in force while it ran, or where a rule without one took over
        before a breach.
        """
        subject = self.subject
        periods = until_stopped(subject.periods, life.stop, subject.stopped_by)
        judging = latest_limited(periods)
        if judging is None:
            return None
        clock = self._clock_under(judging, periods, life)
        if judging is not periods[-1] and not _was_breached_under(judging, clock):
            return None
        if subject.metric is not Metric.RESOLUTION:
            return clock
        return reopened(clock, subject.ticket, judging.stops)

    def _clock_under(self, judging: InForce, periods: tuple[InForce, ...], life: Life) -> Clock:
        ticket, metric = self.subject.ticket, self.subject.metric
        target = judging.limit
        part = self.timelines.timeline(judging)
        if life.start != ticket.created_at or life.stop is not None:
            part = part.within(life.start, life.stop)
        due_at, within = self._deadline(target, part, life.stop)
        breach_at = self._breach(periods, life, part)
        levels = LevelInstants(part, within, due_at, breach_at, target.due is not None)
        return Clock(
            subject=ticket.id,
            metric=metric,
            cycle=life.cycle,
            rule=judging.rule.name,
            target=within,
            calendar=judging.rule.calendar,
            ladder=target.ladder,
            started_at=life.start,
            running=part.running,
            due_at=due_at,
            breach_at=breach_at,
            stopped_at=life.stop,
            levels=levels.of(target.ladder),
            paused=part.paused,
            timeline=part,
            due_field=target.due or "",
        )

    def _deadline(self, target: Target, part: Timeline, stop: int | None) -> tuple[int | None, int]:
        """When it is due, and the seconds of open time allowed; of one that was met, when it would
        have been due.
        """
        calendar = part.calendar
        if target.due is not None:
            ticket = self.subject.ticket
            due_at = deadline(ticket.id, target.due, self.facts, self.policy) or 0
            allowed = calendar.between(ticket.created_at, due_at)
            return due_at, max(0, allowed)
        reached = part.reaches(target.within)
        if reached is None and stop is not None:
            left = target.within - part.elapsed(stop)
            reached = calendar.add(stop, left)
        return reached, target.within

    def _breach(self, periods: tuple[InForce, ...], life: Life, part: Timeline) -> int | None:
        """Its own breach or that of a ticket merged into it, unless one was recorded before."""
        subject = self.subject
        breaches = Breaches(subject, self.facts, self.policy, self.timelines)
        own = breaches.breach(periods, life)
        absorbed = map(self._breach_of, subject.ticket.absorbed)
        breach_at = earliest(own, *absorbed)
        name = recorded_as(subject.ticket.id, subject.metric, life.cycle)
        return self.recorded.breach(name, breach_at, part)

    def _breach_of(self, absorbed: Ticket) -> int | None:
        """A breach of a ticket merged into this one, while it was its own, stays (semantics D6)."""
        metric = self.subject.metric
        if metric in EXCHANGES:
            return None
        for clock in clocks(absorbed, self.facts, self.policy).clocks:
            if clock.metric is metric:
                return clock.breach_at
        return None


def _was_breached_under(judging: InForce, clock: Clock) -> bool:
    return clock.breach_at is not None and judging.covers(clock.breach_at)
