"""Who waits for whose answer since when: the periods of next_response and update (semantics B3, B4,
D6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import pairwise

from sla_watchdog.domain.tickets.first_request import first_request
from sla_watchdog.domain.tickets.reopenings import lasted
from sla_watchdog.domain.tickets.spans import stretches
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.instants import earliest

Period = tuple[int, int | None]
"""(start, stop), stop None while it lasts."""


class Step(IntEnum):
    """In the order in which they count within one second: an end and an answer close what was open,
    then a message or a reopening opens anew.
    """

    END = 1
    ANSWERED = 2
    THANKED = 3
    ASKED = 4
    REOPENED = 5


MESSAGES = frozenset({Step.ASKED, Step.THANKED})
OPENING = frozenset({Step.ASKED, Step.REOPENED})
CLOSING = frozenset({Step.ANSWERED, Step.END})


def exchanges(ticket: Ticket, stops: frozenset[str]) -> list[Period]:
    """From the oldest unanswered message of the customer to its answer, or to the end; oldest
    first.

    A message after the end begins one too, unless it was thanks. What was unanswered at an end
    is not answered by it: whatever begins the next exchange, it starts at the oldest message
    that nobody answered (semantics B3).
    """
    own = _until_left(ticket, _periods(_steps(ticket, stops)))
    if not ticket.absorbed:
        return own
    return _joined([*own, *_left_unanswered(ticket, stops)])


def _steps(ticket: Ticket, stops: frozenset[str]) -> list[tuple[int, Step]]:
    steps = [(start, Step.END) for start in _lasting_ends(ticket, stops)]
    steps += [(at, Step.REOPENED) for at in ticket.reopenings]
    steps += [(at, Step.ANSWERED) for at in ticket.answered]
    for at in ticket.asked:
        step = Step.THANKED if at in ticket.thanks else Step.ASKED
        steps.append((at, step))
    steps.sort()
    return steps


def _lasting_ends(ticket: Ticket, stops: frozenset[str]) -> Iterator[int]:
    """An end that was too short ended no exchange: it goes on, without the time in between."""
    for start, end in stretches(ticket.spans, stops):
        if lasted(start, end):
            yield start


def _periods(steps: list[tuple[int, Step]]) -> Iterator[Period]:
    opened: int | None = None
    unanswered: int | None = None  # the oldest message that nobody answered
    for at, step in steps:
        oldest = at if unanswered is None else unanswered
        if step in MESSAGES:
            unanswered = oldest
        elif step is Step.ANSWERED:
            unanswered = None
        if opened is None:
            opened = oldest if step in OPENING else None
        elif step in CLOSING:
            yield opened, at
            opened = None
    if opened is not None:
        yield opened, None


def _until_left(ticket: Ticket, periods: Iterable[Period]) -> list[Period]:
    """The periods, cut off where the ticket was merged or deleted."""
    left = ticket.left_at
    if left is None:
        return list(periods)
    return [(start, earliest(stop, left)) for start, stop in periods if start < left]


def _left_unanswered(survivor: Ticket, stops: frozenset[str]) -> Iterator[Period]:
    """A period for every message that a merged ticket left unanswered. It lasts until the
    survivor's first answer, or end, after the merge.
    """
    ends = [span.start for span in survivor.spans if span.group in stops]
    for absorbed in survivor.absorbed:
        start, stop = _last_period(absorbed, stops)
        if stop is None or stop != absorbed.merged_at:
            continue
        later = [at for at in (*survivor.answered, *ends) if at >= stop]
        yield start, earliest(*later, survivor.left_at)


def _last_period(absorbed: Ticket, stops: frozenset[str]) -> Period:
    """The last period of a merged ticket. Where the customer only ever opened it, that is from its
    creation to its first answer.
    """
    periods = exchanges(absorbed, stops)
    if periods:
        return periods[-1]
    start, answered = first_request(absorbed)
    if answered is None and not absorbed.by_agent and absorbed.group not in stops:
        return start, absorbed.merged_at
    return start, None


def _joined(periods: list[Period]) -> list[Period]:
    """Periods that overlap as one: the oldest unanswered message counts."""
    joined: list[Period] = []
    for start, stop in sorted(periods, key=lambda period: period[0]):
        if not joined:
            joined.append((start, stop))
            continue
        last_start, last_stop = joined[-1]
        if last_stop is None:
            break
        if last_stop <= start:
            joined.append((start, stop))
        elif stop is None:
            joined[-1] = last_start, None
        else:
            joined[-1] = last_start, max(stop, last_stop)
    return joined


def updates(ticket: Ticket, ended_since: int | None) -> list[Period]:
    """From every public message of the desk to the next, or to the end. So there is none before the
    first response.
    """
    answers = set(ticket.answered)
    for absorbed in ticket.absorbed:
        answers.update(absorbed.answered)
    sent = sorted(answers)
    if not sent:
        return []
    periods: list[Period] = list(pairwise(sent))
    last = sent[-1]
    if ended_since is None or last < ended_since:
        periods.append((last, ended_since))
    return _until_left(ticket, periods)
