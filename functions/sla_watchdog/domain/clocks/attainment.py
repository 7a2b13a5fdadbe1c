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
from datetime import datetime, timedelta
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

    @property
    def decided(self) -> int:
        return self.met + self.breached

    @property
    def percent(self) -> int | None:
        """Rounded down, so that 100 says all; None where nothing was decided."""
        return 100 * self.met // self.decided if self.decided else None


@frozen
class Attainment:
    """`starts` are the instants at which the weeks begin, and at which the last one ended; `weeks`
    the oldest first.
    """

    starts: tuple[int, ...]
    weeks: Mapping[Group, tuple[Kept, ...]]

    @property
    def total(self) -> tuple[Kept, ...]:
        columns = [
            [weeks[place] for weeks in self.weeks.values()] for place in range(len(self.starts) - 1)
        ]
        return tuple(
            Kept(sum(k.met for k in each), sum(k.breached for k in each)) for each in columns
        )


def week_starts(now: int, zone: str) -> tuple[int, ...]:
    """Mondays at midnight in the zone, the last one the latest that is not after `now`."""
    local = datetime.fromtimestamp(now, ZoneInfo(zone))
    monday = (local - timedelta(local.weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0, fold=0
    )
    return tuple(int((monday - timedelta(weeks=n)).timestamp()) for n in range(WEEKS, -1, -1))


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
        for clock in clocks:
            at = clock.stopped_at if clock.breach_at is None else clock.breach_at
            if (
                clock.metric not in TARGETS
                or at is None
                or not self.starts[0] <= at < self.starts[-1]
            ):
                continue
            group = Group(clock.rule, _team(clock.subject, facts, at), clock.metric)
            self._counts[group, bisect_right(self.starts, at) - 1, clock.breach_at is None] += 1

    def attainment(self) -> Attainment:
        groups = sorted({group for group, _, _ in self._counts})
        return Attainment(self.starts, {group: tuple(self._kept(group)) for group in groups})

    def _kept(self, group: Group) -> Iterator[Kept]:
        for week in range(len(self.starts) - 1):
            yield Kept(self._counts[group, week, True], self._counts[group, week, False])


def _team(ticket: str, facts: Facts, at: int) -> str:
    """Who had it when it was decided; for a time before anything was known of that, who has it now."""
    return brief(str(facts.as_of(ticket, "team", at) or facts.latest(ticket, "team")), 40)
