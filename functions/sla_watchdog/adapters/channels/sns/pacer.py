"""The pace that SNS allows."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable

from attrs import define, field

MOST_A_SECOND = 5
"""Publishes to one topic; SNS suspends an e-mail subscription that gets more than ten a second."""


@define
class Pacer:
    """Lets at most `MOST_A_SECOND` through for one topic in any second, by waiting. The clock is
    monotonic.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _passed: defaultdict[str, deque[float]] = field(
        init=False, factory=lambda: defaultdict(lambda: deque(maxlen=MOST_A_SECOND))
    )

    def wait(self, topic: str) -> None:
        passed = self._passed[topic]
        if len(passed) == MOST_A_SECOND:
            self._sleep_until(passed[0] + 1)
        passed.append(self.now())

    def _sleep_until(self, instant: float) -> None:
        """A sleep may end a little too soon."""
        left = instant - self.now()
        while left > 0:
            self.sleep(left)
            left = instant - self.now()
