"""When the customer first asked, and who of several tickets merged into one waits the longest
(semantics B2, D6).
"""

from __future__ import annotations

from sla_watchdog.domain.tickets.spans import from_to
from sla_watchdog.domain.tickets.ticket import Ticket

Request = tuple[int, int | None]
"""When the customer asked, and the first public answer by a person; None while there is none."""


def first_request(ticket: Ticket) -> Request:
    """A survivor of merges takes the request that waits the longest for its first answer, of all
    its tickets.
    """
    requests = [(ticket.born_at, _first(ticket.answered))]
    requests += [_of_absorbed(absorbed, ticket) for absorbed in ticket.absorbed]
    unanswered = [start for start, answered in requests if answered is None]
    if unanswered:
        return min(unanswered), None
    return max(requests, key=_waited)


def _of_absorbed(absorbed: Ticket, survivor: Ticket) -> Request:
    """After the merge its answers are those of the survivor."""
    start, answered = first_request(absorbed)
    if answered is None and absorbed.merged_at is not None:
        answered = _first(from_to(survivor.answered, absorbed.merged_at, None))
    return start, answered


def _first(instants: tuple[int, ...]) -> int | None:
    return instants[0] if instants else None


def _waited(request: Request) -> int:
    start, answered = request
    return (answered or 0) - start
