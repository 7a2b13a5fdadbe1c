"""Attainment: of the clocks that were decided in a week, how many were met; by policy, team and
clock.

A clock is decided when it stops in time, or at the instant of its breach: a case that nobody
ends counts in the week in which it was breached, not in none. Each exchange is a clock of its
own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.tickets.facts import Facts

WEEKS = 8
"""Whole weeks that a trend shows."""


@frozen(order=True)
class Group:
    """What is counted together. `team` is '' where there was none."""

    policy: str
    team: str
    clock: Metric


@frozen
class Kept:
    """Clocks decided in one week."""

    met: int = 0
    breached: int = 0

    def plus(self, other: Kept) -> Kept:
        return Kept(self.met + other.met, self.breached + other.breached)

    @property
    def decided(self) -> int:
        return self.met + self.breached

    @property
    def percent(self) -> int | None:
        """Rounded down, so that 100 says all; None where nothing was decided."""
        if not self.decided:
            return None
        return 100 * self.met // self.decided


@frozen
class Attainment:
    starts: tuple[int, ...]
    """The instants at which the weeks begin, and at which the last one ended."""
    weeks: Mapping[Group, tuple[Kept, ...]]
    """The oldest week first."""

    @property
    def total(self) -> tuple[Kept, ...]:
        totals = [Kept()] * (len(self.starts) - 1)
        for weeks in self.weeks.values():
            for number, kept in enumerate(weeks):
                totals[number] = totals[number].plus(kept)
        return tuple(totals)


def week_starts(now: int, zone: str) -> tuple[int, ...]:
    """Mondays at midnight in the zone, the last one the latest that is not after `now`."""
    today = datetime.fromtimestamp(now, ZoneInfo(zone)).date()
    monday = today - timedelta(today.weekday())
    latest = datetime.combine(monday, time(), ZoneInfo(zone))
    mondays = (latest - timedelta(weeks=ago) for ago in range(WEEKS, -1, -1))
    return tuple(int(monday.timestamp()) for monday in mondays)


@define
class Counting:
    """Takes in the clocks of one case after the other."""

    starts: tuple[int, ...]
    _counts: Counter[tuple[Group, int, bool]] = field(init=False, factory=Counter)

    def matters(self, facts: Facts, wakes: bool) -> bool:
        """Whether a case can have clocks that were decided in these weeks: nothing is decided after
        its last fact, unless it `wakes` again.
        """
        return wakes or any(fact.at >= self.starts[0] for fact in facts)

    def add(self, clocks: Iterable[Clock], facts: Facts) -> None:
        """Every clock of a case, exchanges that are over among them."""
        first, last = self.starts[0], self.starts[-1]
        for clock in clocks:
            if clock.metric not in TARGETS:
                continue
            at = _decided_at(clock)
            if at is not None and first <= at < last:
                self._count(clock, at, facts)

    def _count(self, clock: Clock, decided_at: int, facts: Facts) -> None:
        team = _team(clock.subject, facts, decided_at)
        group = Group(clock.rule, team, clock.metric)
        week = bisect_right(self.starts, decided_at) - 1
        met = clock.breach_at is None
        self._counts[group, week, met] += 1

    def attainment(self) -> Attainment:
        groups = {group for group, _, _ in self._counts}
        weeks = {group: tuple(self._kept(group)) for group in sorted(groups)}
        return Attainment(self.starts, weeks)

    def _kept(self, group: Group) -> Iterator[Kept]:
        for week in range(len(self.starts) - 1):
            met = self._counts[group, week, True]
            breached = self._counts[group, week, False]
            yield Kept(met, breached)


def _decided_at(clock: Clock) -> int | None:
    """When it was breached or stopped; None where neither was the case."""
    if clock.breach_at is not None:
        return clock.breach_at
    return clock.stopped_at


def _team(ticket: str, facts: Facts, at: int) -> str:
    """Who had it when it was decided; who has it now, where that is not known."""
    team = facts.as_of(ticket, "team", at) or facts.latest(ticket, "team")
    return brief(str(team), 40)
