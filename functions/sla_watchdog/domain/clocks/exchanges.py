"""Who waits for whose answer since when: the periods of next_response and update (semantics B3, B4,
D6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import pairwise

from sla_watchdog.domain.tickets.spans import stretches
from sla_watchdog.domain.tickets.ticket import Ticket

Period = tuple[int, int | None]
"""(start, stop), stop None while it lasts."""


class Step(IntEnum):
    """At one second an end and an answer close what was open, then a message or a reopening opens
    anew.
    """

    END = 1
    ANSWERED = 2
    THANKED = 3
    ASKED = 4
    REOPENED = 5


def exchanges(ticket: Ticket, stops: frozenset[str]) -> list[Period]:
    """From the oldest unanswered message of the customer to its answer, or to the end; oldest
    first.

    A message after the end begins one too, unless it was thanks. What was unanswered at an end
    is not answered by it: whatever begins the next exchange, it starts at the oldest message
    that nobody answered (semantics B3).
    """
    ends = [(start, Step.END) for start, _ in stretches(ticket.spans, stops)]
    again = [(at, Step.REOPENED) for at in ticket.reopenings]
    said = [(at, Step.THANKED if at in ticket.thanks else Step.ASKED) for at in ticket.asked]
    said += [(at, Step.ANSWERED) for at in ticket.answered]
    own = _until_left(ticket, _periods(sorted([*ends, *again, *said])))
    return _joined([*own, *_left_unanswered(ticket, stops)]) if ticket.absorbed else own


def _periods(steps: list[tuple[int, Step]]) -> Iterator[Period]:
    opened: int | None = None
    unanswered: int | None = None
    for at, what in steps:
        if what in (Step.ASKED, Step.THANKED):
            unanswered = at if unanswered is None else unanswered
        if opened is None and what in (Step.ASKED, Step.REOPENED):
            opened = at if unanswered is None else unanswered
        elif opened is not None and what in (Step.ANSWERED, Step.END):
            yield opened, at
            opened = None
        if what is Step.ANSWERED:
            unanswered = None
    if opened is not None:
        yield opened, None


def _until_left(ticket: Ticket, periods: Iterable[Period]) -> list[Period]:
    left = ticket.left_at
    return [_cut(period, left) for period in periods if left is None or period[0] < left]


def _cut(period: Period, left: int | None) -> Period:
    start, stop = period
    return period if left is None else (start, left if stop is None else min(stop, left))


def _left_unanswered(survivor: Ticket, stops: frozenset[str]) -> Iterator[Period]:
    """What a merged ticket left unanswered, until the survivor's first answer, or end, after the
    merge.
    """
    ends = [span.start for span in survivor.spans if span.group in stops]
    for each in survivor.absorbed:
        start, stop = _last_period(each, stops)
        if stop is not None and stop == each.merged_at:
            later = [at for at in (*survivor.answered, *ends) if at >= stop]
            yield _cut((start, min(later, default=None)), survivor.left_at)


def _last_period(each: Ticket, stops: frozenset[str]) -> Period:
    """Of a merged ticket; where the customer only ever opened it, from its creation to its first
    answer.
    """
    periods = exchanges(each, stops)
    start, answered = each.first_request
    if not periods and answered is None and not each.by_agent and each.group not in stops:
        return start, each.merged_at
    return periods[-1] if periods else (start, None)


def _joined(periods: list[Period]) -> list[Period]:
    """Periods that overlap as one: the oldest unanswered message counts."""
    joined: list[Period] = []
    for start, stop in sorted(periods, key=lambda period: period[0]):
        last = joined[-1] if joined else None
        if last is None or (last[1] is not None and last[1] <= start):
            joined.append((start, stop))
        elif last[1] is not None:
            joined[-1] = last[0], None if stop is None else max(stop, last[1])
    return joined


def updates(ticket: Ticket, ended_since: int | None) -> list[Period]:
    """From each public message of the desk to the next, or to the end; so none before the first
    response.
    """
    notified = sorted({*ticket.answered, *(at for each in ticket.absorbed for at in each.answered)})
    last = (
        [(notified[-1], ended_since)]
        if notified and (ended_since is None or notified[-1] < ended_since)
        else []
    )
    return _until_left(ticket, [*pairwise(notified), *last])
