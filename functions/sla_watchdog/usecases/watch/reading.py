"""Cases read and judged together, so that one that cannot be read keeps no other back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from attrs import field, frozen

from sla_watchdog.domain.escalation.case import DamagedItem
from sla_watchdog.usecases.judging import Evaluated
from sla_watchdog.usecases.watch.troubles import Troubles

T = TypeVar("T")

PARTS = 10
"""Into how many parts a read that failed is divided, until the one that fails is alone."""


class Evaluates(Protocol):
    def evaluate(self, ids: Iterable[str], now: int) -> dict[str, Evaluated | DamagedItem]: ...


@frozen
class Read:
    """Cases read and judged, and those that could not be read now: nothing is known of them."""

    evaluated: dict[str, Evaluated | DamagedItem] = field(factory=dict)
    unread: set[str] = field(factory=set)


def read_apart(evaluator: Evaluates, ids: Iterable[str], now: int, troubles: Troubles) -> Read:
    """All that can be read; what cannot is searched for in ever smaller parts."""
    read = Read()
    _read(evaluator, list(ids), now, troubles, read)
    return read


def _read(
    evaluator: Evaluates, ids: Sequence[str], now: int, troubles: Troubles, read: Read
) -> None:
    if len(ids) > 1:
        try:
            read.evaluated.update(evaluator.evaluate(ids, now))
        except Exception:  # noqa: BLE001 - the one that is at fault is searched for, and noted alone
            size = max(1, len(ids) // PARTS)
            for part in in_parts(ids, size):
                _read(evaluator, part, now, troubles, read)
            return
        troubles.worked()
        return
    subject = ids[0] if ids else "a read"
    with troubles.guarded(subject):
        read.evaluated.update(evaluator.evaluate(ids, now))
        troubles.worked()
        return
    read.unread.update(ids)


def in_parts(members: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(members), size):
        yield list(members[start : start + size])
