"""When the levels of a ladder come due on a clock."""

from __future__ import annotations

from bisect import bisect_left

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import After, Before, Ladder, Percent, Trigger
from sla_watchdog.domain.tickets.reopenings import (
    climbing_reopenings,
    cycle_since,
    lasted,
    lasting_reopenings,
)
from sla_watchdog.domain.tickets.spans import stretches
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket
from sla_watchdog.domain.time.duration import Duration

Instants = tuple[int | None, ...]
"""One for each level; None for a level that cannot come while the clock stands still."""


@frozen
class LevelInstants:
    """When the levels of a clock with `target` seconds of open time come due. `set_elsewhere`:
    another system set its deadline.
    """

    timeline: Timeline
    target: int
    due_at: int | None
    breach_at: int | None
    set_elsewhere: bool

    def of(self, ladder: Ladder) -> Instants:
        return tuple(self._instant(level.trigger) for level in ladder.levels)

    def _instant(self, trigger: Trigger) -> int | None:
        match trigger:
            case Percent(percent):
                rounded_up = -(-percent * self.target // 100)
                return self.timeline.reaches(max(1, rounded_up))
            case Before(seconds):
                return self.timeline.leads(seconds, self.target, self.due_at)
            case After(0):
                return self.breach_at
            case After(length=length):
                return self._after(length)
            case _:
                return None

    def _after(self, length: Duration) -> int | None:
        """Counted from the deadline; from the breach where a change of target made it (semantics
        A11, D1).
        """
        breach_at = self.breach_at
        if breach_at is None:
            return None
        counted_from = breach_at
        if self.due_at is not None and breach_at == self._passes(self.due_at):
            counted_from = self.due_at
        at = length.after(counted_from, self.timeline.calendar)
        return max(breach_at, at)

    def _passes(self, due_at: int) -> int | None:
        """When the clock passes its own deadline."""
        if self.set_elsewhere:
            return due_at + 1
        return self.timeline.reaches(self.target + 1)


def climbing(ticket: Ticket, stops: frozenset[str]) -> tuple[int, ...]:
    """The reopenings that make a ladder climb (semantics D5): those out of the groups that end its
    clock.
    """
    return _out_of(stops, climbing_reopenings(ticket), ticket)


def last_cycle(ticket: Ticket, stops: frozenset[str]) -> int:
    """Which cycle of its clock lasts: the one that the last lasting reopening began."""
    reopenings = _out_of(stops, lasting_reopenings(ticket), ticket)
    if not reopenings:
        return 1
    return cycle_since(ticket, reopenings[-1])


def _out_of(stops: frozenset[str], reopenings: tuple[int, ...], ticket: Ticket) -> tuple[int, ...]:
    """Those after which the clock had stood still for long enough."""
    if stops is ENDED:
        return reopenings
    left = set()
    for start, end in stretches(ticket.spans, stops):
        if end is not None and lasted(start, end):
            left.add(end)
    return tuple(at for at in reopenings if at in left)


def reopened(clock: Clock, ticket: Ticket, stops: frozenset[str]) -> Clock:
    """Time resolved is excluded, and its ladder goes on from where it was: after the n-th reopening
    that makes it climb the level above what was reached, at least the n-th, is due at once
    (semantics D5).
    """
    levels = clock.levels
    ends = [span.start for span in ticket.spans if span.group in ENDED]
    climbed: tuple[int, int] | None = None
    for number, at in enumerate(climbing(ticket, stops), 1):
        earlier_ends = bisect_left(ends, at)
        ended = ends[earlier_ends - 1] if earlier_ends else at
        reached = sum(instant is not None and instant < ended for instant in levels)
        top = max(reached, number - 1)
        levels = _climbed(levels, top, at)
        climbed = at, cycle_since(ticket, at)
    return evolve(clock, cycle=last_cycle(ticket, stops), levels=levels, climbed=climbed)


def _climbed(levels: Instants, top: int, at: int) -> Instants:
    """Up to the level `top` (the last one at most) due at `at`, the others not before."""
    climbed: list[int | None] = []
    for number, instant in enumerate(levels):
        if number <= top:
            climbed.append(at)
        elif instant is None:
            climbed.append(None)
        else:
            climbed.append(max(at, instant))
    return tuple(climbed)
