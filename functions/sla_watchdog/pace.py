"""How fast a tick gets on, and so how much more it may take on before its time is up."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

MIN_TIME_LEFT = 20.0
"""No claim and no publish is started with fewer seconds left than this."""

LAST_SECONDS = 5.0
"""With fewer seconds left nothing is written any more: a claim that is not given back lapses by itself."""


@define
class Pace:
    """`time_left` says how many seconds the function still has. `writes` counts the claims and settlements so far."""

    time_left: Callable[[], float]
    writes: int = 0
    _at_first: float = field(init=False)

    @_at_first.default
    def _now(self) -> float:
        return self.time_left()

    def has_time(self) -> bool:
        return self.time_left() >= MIN_TIME_LEFT

    def has_time_for(self, settlements: int) -> bool:
        """Whether so many can be sent and settled at the pace so far, all else that a tick does included."""
        left = self.time_left()
        each = (self._at_first - left) / max(1, self.writes)
        return left - settlements * each >= MIN_TIME_LEFT

    def is_over(self) -> bool:
        return self.time_left() < LAST_SECONDS
