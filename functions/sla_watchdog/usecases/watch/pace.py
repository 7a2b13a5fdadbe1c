"""How fast a tick gets on, and so how much more it may take on before its time is up."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

MIN_TIME_LEFT = 20.0
"""No claim and no publish is started with fewer seconds left than this."""

LAST_SECONDS = 5.0
"""With fewer seconds left nothing is written any more: a claim that is not given back lapses by
itself.
"""

CAUTION = 4
"""How many claims' time one settlement is taken for until the first was made: it is a transaction,
and sent before.
"""


@define
class Stage:
    """A part of the work that comes again and again, as a context: how often so far, and the
    seconds that it took.
    """

    time_left: Callable[[], float]
    count: int = 0
    _seconds: float = 0.0
    _entered: float | None = None
    """The time left when it was entered last; None outside."""

    def __enter__(self) -> None:
        self._entered = self.time_left()

    def __exit__(self, *_: object) -> None:
        self._seconds = self._so_far()
        self._entered = None

    def average(self) -> float:
        """Seconds that one takes, that which is under way included."""
        return self._so_far() / max(1, self.count)

    def _so_far(self) -> float:
        if self._entered is None:
            return self._seconds
        since_entered = self._entered - self.time_left()
        return self._seconds + since_entered


@define
class TickPace:
    """`time_left` says how many seconds the function still has. Both stages count writes: claims,
    and settlements.
    """

    time_left: Callable[[], float]
    claiming: Stage = field(init=False)
    sending: Stage = field(init=False)

    @claiming.default
    def _no_claims(self) -> Stage:
        return Stage(self.time_left)

    @sending.default
    def _no_settlements(self) -> Stage:
        return Stage(self.time_left)

    def has_time(self) -> bool:
        return self.time_left() >= MIN_TIME_LEFT

    def has_time_for(self, settlements: int) -> bool:
        """Whether so many can be sent and settled, at the pace of those before."""
        if self.sending.count:
            seconds = self.sending.average()
        else:
            seconds = CAUTION * self.claiming.average()
        return self.time_left() - settlements * seconds >= MIN_TIME_LEFT

    def is_over(self) -> bool:
        return self.time_left() < LAST_SECONDS
