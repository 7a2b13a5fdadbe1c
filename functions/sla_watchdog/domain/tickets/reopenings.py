"""Reopenings: which of them followed a real end, and which make a ladder climb (semantics D5)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from sla_watchdog.domain.tickets.spans import Span, from_to
from sla_watchdog.domain.tickets.ticket import Ticket

SHORTEST_END = 1800
"""Seconds that an end has to last: a shorter one neither clears nor begins anything anew."""


def lasted(start: int, end: int | None) -> bool:
    """Whether an end that was over from `start` to `end` was one; as long as it lasts it is."""
    return end is None or end - start >= SHORTEST_END


def lasting_reopenings(ticket: Ticket) -> tuple[int, ...]:
    """Those after an end that lasted: before any other, it was never really over."""
    return tuple(end for start, end in ticket.ends_reopened if lasted(start, end))


def climbing_reopenings(ticket: Ticket) -> tuple[int, ...]:
    """Those that make its ladder climb: after an end that lasted, by a person, or once a person had
    written.
    """
    return tuple(end for start, end in ticket.ends_reopened if _climbs(ticket, start, end))


def cycle_since(ticket: Ticket, reopened_at: int) -> int:
    """The number of the cycle that this reopening began: the first began with the creation."""
    return 2 + bisect_left(ticket.reopenings, reopened_at)


def without_short_ends(ticket: Ticket) -> Iterator[Span]:
    """The spans of the ticket but those of an end that was none."""
    short = [(start, end) for start, end in ticket.ends_reopened if not lasted(start, end)]
    starts = [start for start, _ in short]
    for span in ticket.spans:
        number = bisect_left(starts, span.start + 1) - 1
        if number < 0 or span.start >= short[number][1]:
            yield span


def _climbs(ticket: Ticket, ended_at: int, reopened_at: int) -> bool:
    if not lasted(ended_at, reopened_at) or reopened_at in ticket.bot_reopenings:
        return False
    if ticket.own_created_at is not None and reopened_at < ticket.own_created_at:
        return any(reopened_at in climbing_reopenings(other) for other in ticket.absorbed)
    if reopened_at in ticket.named_reopenings:
        return True
    return _may_have_message(ticket, ended_at, reopened_at)


def _may_have_message(ticket: Ticket, ended_at: int, reopened_at: int) -> bool:
    """Whether a person wrote after the end, or nobody can know. A message of the customer in its
    very second is later, an answer of the desk came with it.
    """
    if ticket.first_message_at is None or ticket.first_message_at > reopened_at:
        return True
    from_customer = from_to(ticket.asked, ended_at, reopened_at + 1)
    from_desk = from_to(ticket.answered, ended_at + 1, reopened_at + 1)
    return bool(from_customer or from_desk)
