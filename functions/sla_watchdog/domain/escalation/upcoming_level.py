"""A level still to come."""

from __future__ import annotations

from typing import NamedTuple

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.policy.model import Level


class UpcomingLevel(NamedTuple):
    """A level still to come, or the next repetition of the last one."""

    at: int
    clock: Clock
    number: int
    """Of the level, from 0."""
    due_at: int
    """Before `at` where a promise holds it until then."""
    is_broken: bool = False
    """Whether it comes because a promise will not have been kept."""

    @property
    def level(self) -> Level:
        return self.clock.ladder.levels[self.number]
