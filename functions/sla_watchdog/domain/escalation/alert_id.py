"""What tells one alert from every other, wherever it is stored, audited or sent (semantics E4)."""

from __future__ import annotations

import re
from typing import NamedTuple

from sla_watchdog.domain.clocks.clock_key import ClockKey

_WRITTEN = re.compile(
    r"(?P<clock>.+?/[^/]+/\d+)/(?P<level>\d+)/(?P<repetition>\d+)(\+(?P<renewal>\d+))?"
    r"/(?P<recipient>.+)",
    re.DOTALL,
)


class AlertId(NamedTuple):
    """As text `T-1/resolution/2/0/3/owner:kim`: `level` counts from 0, `repetition` is 0 for the
    level itself, `recipient` is as `Recipient.key` writes it. After `renewal` withdrawals it is
    `T-1/resolution/2/0/3+1/owner:kim`.
    """

    clock: ClockKey
    level: int
    repetition: int
    recipient: str
    renewal: int = 0

    @property
    def text(self) -> str:
        renewed = f"+{self.renewal}" if self.renewal else ""
        return f"{self.clock.text}/{self.level}/{self.repetition}{renewed}/{self.recipient}"

    @classmethod
    def of_text(cls, text: str) -> AlertId:
        """The id with that text. Raises ValueError where the text is no id."""
        written = _WRITTEN.fullmatch(text)
        if written is None:
            raise ValueError(f"no id of an alert: {text}")
        clock = ClockKey.of_text(written["clock"])
        level, repetition = int(written["level"]), int(written["repetition"])
        renewal = int(written["renewal"] or 0)
        return cls(clock, level, repetition, written["recipient"], renewal)
