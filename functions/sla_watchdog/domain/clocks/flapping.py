"""A status that goes back and forth: automatic replies that answer each other, two systems that
disagree. Nobody works like that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.seconds import DAY

TIMES = 5
"""So often in WITHIN seconds it comes back to one group of statuses."""

WITHIN = 3600

QUIET = DAY
"""Seconds without any, after which it counts as another time."""


@frozen
class Episode:
    """`times` is how often it came back to `group` before it was quiet again; `last_at` is the last
    time.
    """

    group: str
    times: int
    last_at: int

    @property
    def until(self) -> int:
        """When it is over, if it does not come back sooner."""
        return self.last_at + QUIET


def episodes(ticket: Ticket) -> list[Episode]:
    """Oldest first."""
    found: list[Episode] = []
    for at, group in sorted(_flaps(_returns(ticket))):
        last = found[-1] if found else None
        if last is None or at >= last.until:
            found.append(Episode(group, TIMES, at))
        elif group == last.group:
            found[-1] = Episode(group, last.times + 1, at)
        else:
            found[-1] = Episode(last.group, last.times, at)
    return found


def _returns(ticket: Ticket) -> Iterator[tuple[str, list[int]]]:
    """When it came back to each group in which it had been before."""
    entered: dict[str, list[int]] = {}
    for span in ticket.spans:
        entered.setdefault(span.group, []).append(span.start)
    for group, instants in entered.items():
        yield group, instants[1:]


def _flaps(returns: Iterable[tuple[str, list[int]]]) -> Iterator[tuple[int, str]]:
    """Each return that is one too many within the hour."""
    for group, instants in returns:
        for first, last in zip(instants, instants[TIMES - 1 :], strict=False):
            if last - first <= WITHIN:
                yield last, group
