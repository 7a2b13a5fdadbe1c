"""What lies outside the cases (silences, topics, deletions), read once for a few seconds."""

from __future__ import annotations

from attrs import define

from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.usecases.judging.ports import Clock, Surroundings

FRESH = 5.0
"""Seconds: a publish rests on consistent reads no older than this."""


@define
class Outlook:
    """`read_at` is when the last read began, on the `clock`."""

    source: Surroundings
    clock: Clock
    read_at: float = 0.0
    _context: Context | None = None

    def fresh(self) -> Context:
        """The context by a read at most `FRESH` old."""
        context = self._context
        if context is None or self.clock() - self.read_at >= FRESH:
            self.read_at = self.clock()
            context = self._context = self.source.context()
        return context

    def forget(self) -> None:
        """The next question reads anew."""
        self._context = None
