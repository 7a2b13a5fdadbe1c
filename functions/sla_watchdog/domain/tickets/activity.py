"""Signs of life of a ticket, from which the quiet of its matter counts (semantics D6)."""

from __future__ import annotations

from sla_watchdog.domain.tickets.spans import stretches
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket


def was_active(ticket: Ticket, since: int, at: int) -> bool:
    """Whether it was unresolved at `at`, or ended, was reopened or written on since `since`."""
    if at < ticket.created_at:
        return False
    ended = _over_since(ticket, at)
    if ended is None or ended >= since:
        return True
    return any(since <= message <= at for message in (*ticket.asked, *ticket.answered))


def _over_since(ticket: Ticket, at: int) -> int | None:
    """Since when it had been over at that time; None where it was not."""
    left = ticket.left_at
    if left is not None and left <= at:
        over = _ended_since(ticket, left)
        return left if over is None else over
    return _ended_since(ticket, at)


def _ended_since(ticket: Ticket, at: int) -> int | None:
    """As far as its statuses say, and messages after the end that wait."""
    for start, end in stretches(ticket.with_waits.spans, ENDED):
        if start <= at and (end is None or at < end):
            return start
    return None
