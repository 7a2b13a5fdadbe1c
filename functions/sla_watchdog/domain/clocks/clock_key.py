"""What a clock is called wherever it is stored, audited or sent."""

from __future__ import annotations

from typing import NamedTuple

from sla_watchdog.domain.policy.model import Metric

CLEARED = "cleared"
"""The clock of an alert that says that a case, or one ticket of it, is over."""

WITHDRAWN = "withdrawn:"
"""What stands before the metric in the clock of an alert that takes a warning back."""

FINDING = "finding:"
"""What stands before the kind in the clock of an alert that notifies operations of a finding."""

METRICS = frozenset(metric.value for metric in Metric)

HOLDABLE = METRICS - {Metric.AGE.value}
"""Clocks whose alerts a promise or a silence holds back: no ceiling, no finding, no good news."""


def is_good_news(clock: str) -> bool:
    return clock == CLEARED or clock.startswith(WITHDRAWN)


class ClockKey(NamedTuple):
    """One cycle of a clock of a ticket or matter, as text `T-1/resolution/2`.

    `clock` is the value of a metric, CLEARED, or what follows WITHDRAWN or FINDING. Cycles count
    from 1; those of a finding are epoch seconds.
    """

    subject: str
    clock: str
    cycle: int

    @property
    def text(self) -> str:
        return f"{self.subject}/{self.clock}/{self.cycle}"

    @classmethod
    def of_text(cls, text: str) -> ClockKey:
        """The key with that text. A subject may contain slashes. Raises ValueError where the text
        is no key.
        """
        subject, clock, cycle = text.rsplit("/", 2)
        return cls(subject, clock, int(cycle))

    @property
    def withdrawal(self) -> ClockKey:
        """The key under which an alert of this clock is taken back."""
        return ClockKey(self.subject, WITHDRAWN + self.clock, self.cycle)

    @property
    def withdrawn(self) -> ClockKey:
        """The key of what a withdrawal takes back; of anything else its own."""
        return ClockKey(self.subject, self.clock.removeprefix(WITHDRAWN), self.cycle)
