"""How far up its ladder a clock is: one rule, the highest level due (semantics E3)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.policy.model import Level
from sla_watchdog.domain.time.instants import earliest


@frozen
class Climb:
    """The highest level of a clock that is due, and of the last one the latest repetition."""

    clock: Clock
    level: int
    repetition: int
    due_at: int

    @property
    def at_top(self) -> bool:
        return self.level == len(self.clock.levels) - 1

    @property
    def due(self) -> Sequence[Level]:
        """The levels that are due, the highest last."""
        return self.clock.ladder.levels[: self.level + 1]

    @property
    def critical_audiences(self) -> frozenset[str]:
        """To whom a level that is due was critical."""
        audiences: set[str] = set()
        for level in self.due:
            if level.urgent:
                audiences.update(level.tell)
        return frozenset(audiences)

    def is_above_urgent(self, recipient: Recipient) -> bool:
        """Whether a level up to the recipient's own is urgent: what was critical stays so on its
        way up.
        """
        own = self.level
        for number, level in enumerate(self.due):
            if recipient.audience in level.tell:
                own = number
        return any(level.urgent for level in self.due[: own + 1])

    @property
    def is_only_reopened(self) -> bool:
        """Whether nothing but a reopening made it due: then all levels are due at that instant."""
        if self.clock.climbed is None:
            return False
        due_at = self.clock.levels[: self.level + 1]
        return len(set(due_at)) == 1


def climb(evaluation: EvaluationContext, clock: Clock) -> Climb | None:
    now = evaluation.now
    due = clock.levels_due(now)
    if not due:
        return None
    level, at = due[-1]
    repeat = clock.ladder.levels[level].repeat
    is_top = level == len(clock.levels) - 1
    if not is_top or repeat is None:
        return Climb(clock, level, 0, at)
    repetition = repeat.latest(now - at)
    return Climb(clock, level, repetition, at + repeat.offset(repetition))


def with_floor(evaluation: EvaluationContext, clock: Clock) -> Clock:
    """After a reopening, levels notified under another policy count as reached, too (semantics D2,
    D5).
    """
    if clock.climbed is None:
        return clock
    at, cycle = clock.climbed
    notified = evaluation.notifications.levels_before(clock, cycle)
    top = min(notified, len(clock.levels) - 1)
    if not top:
        return clock
    reached = [earliest(own, at) for own in clock.levels[: top + 1]]
    further = clock.levels[top + 1 :]
    return evolve(clock, levels=(*reached, *further))
