"""When a case is to be looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Wakeup(NamedTuple):
    """At which epoch second, None for never; and whether what is due then is urgent."""

    at: int | None
    urgent: bool = False


NEVER = Wakeup(None)


def earliest(wakeups: Sequence[Wakeup]) -> Wakeup:
    """The first of them. It is urgent where any wake-up at that instant is."""
    instants = [wakeup.at for wakeup in wakeups if wakeup.at is not None]
    if not instants:
        return NEVER
    first = min(instants)
    urgent = Wakeup(first, urgent=True) in wakeups
    return Wakeup(first, urgent)
