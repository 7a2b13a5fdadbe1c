"""The good news when it is over: who was told that it burns is told (semantics E9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from attrs import frozen

from sla_watchdog.domain.clocks.clock_key import CLEARED, METRICS, ClockKey
from sla_watchdog.domain.escalation.case import NOTIFIED, Alert, LastNotified, Recipient, Severity
from sla_watchdog.domain.escalation.evaluation import EvaluationContext
from sla_watchdog.domain.escalation.reasons import Ended, MergedInto, Reason, RecordDeleted
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import Ticket

OF_TICKETS = frozenset(metric.value for metric in (*TARGETS, Metric.PAUSE))
"""Clocks whose subject is a ticket."""


@frozen
class _End:
    """The end of a matter or of one ticket of it, at `at`.

    `tickets` are those that are over by it, `clocks` those that may have been told of. `cycle`
    counts the ends.
    """

    subject: str
    tickets: Collection[str]
    clocks: Collection[str]
    at: int
    cycle: int
    reason: Reason


def cleared(evaluation: EvaluationContext, running: Collection[str]) -> Iterator[Alert]:
    """One message for the whole matter once it is over; while it is not, for a ticket of it that
    is.

    `running` are the tickets with a target that may still run: one that stops only at closed
    goes on after resolved.
    """
    if not evaluation.case.reached:
        return
    for matter in evaluation.matters:
        for end in _ends(matter, running):
            yield from _cleared(evaluation, end)


def _ends(matter: LinkedTickets, running: Collection[str]) -> Iterator[_End]:
    if matter.ended_at is not None and matter.ticket_ids.isdisjoint(running):
        yield _end_of_matter(matter, matter.ended_at)
        return
    for ticket in matter.tickets:
        if ticket.ended_at is not None and ticket.id not in running:
            yield _end_of_ticket(ticket, ticket.ended_at)


def _end_of_matter(matter: LinkedTickets, at: int) -> _End:
    reopenings = sum(len(ticket.reopenings) for ticket in matter.tickets)
    how = _how(_last(matter))
    return _End(matter.id, matter.ticket_ids, METRICS, at, 1 + reopenings, how)


def _end_of_ticket(ticket: Ticket, at: int) -> _End:
    cycle = 1 + len(ticket.reopenings)
    return _End(ticket.id, {ticket.id}, OF_TICKETS, at, cycle, _how(ticket))


def _last(matter: LinkedTickets) -> Ticket:
    """The ticket whose end was the end of the matter."""
    return max(
        matter.tickets,
        key=lambda ticket: (not ticket.merged_into, ticket.ended_at or 0, ticket.id),
    )


def _how(ticket: Ticket) -> Reason:
    if ticket.merged_into:
        return MergedInto(ticket.merged_into)
    return RecordDeleted() if ticket.gone_at is not None else Ended(ticket.group)


def _cleared(evaluation: EvaluationContext, end: _End) -> Iterator[Alert]:
    key = ClockKey(end.subject, CLEARED, end.cycle)
    for name in sorted(_unaware(evaluation, end)):
        recipient = Recipient.of_key(name, evaluation.policy.audiences)
        if not evaluation.on_its_way(recipient):
            yield good_news(evaluation, key, 0, recipient, end.at, end.reason)


def _unaware(evaluation: EvaluationContext, end: _End) -> set[str]:
    """The keys of those who were told that something burns, and not since that it is over."""
    told_of_this_end = {
        recipient: at
        for recipient, at in _last_told(evaluation, end.subject, {CLEARED}).items()
        if at >= end.at
    }
    unaware = set()
    for ticket in end.tickets:
        over = _last_told(evaluation, ticket, {CLEARED})
        for recipient, at in _last_reached(evaluation, ticket, end.clocks).items():
            heard_at = max(over.get(recipient, 0), told_of_this_end.get(recipient, 0))
            if at > heard_at:
                unaware.add(recipient)
    return unaware


def _last_told(
    evaluation: EvaluationContext, subject: str, clocks: Collection[str]
) -> Mapping[str, int]:
    """When each recipient was last told of these clocks, however that ended."""
    return _latest(_told(evaluation, subject, clocks))


def _last_reached(
    evaluation: EvaluationContext, subject: str, clocks: Collection[str]
) -> Mapping[str, int]:
    """When each recipient was last really told of these clocks."""
    told = _told(evaluation, subject, clocks)
    return _latest((recipient, last) for recipient, last in told if last.outcome in NOTIFIED)


def _told(
    evaluation: EvaluationContext, subject: str, clocks: Collection[str]
) -> Iterator[tuple[str, LastNotified]]:
    """What each recipient was told of some clocks of a ticket or matter, cycle by cycle."""
    for clock, cycles in evaluation.notifications.of(subject).items():
        if clock in clocks:
            for notified in cycles.values():
                yield from notified.items()


def _latest(told: Iterable[tuple[str, LastNotified]]) -> Mapping[str, int]:
    latest: dict[str, int] = {}
    for recipient, last in told:
        latest[recipient] = max(last.at, latest.get(recipient, 0))
    return latest


def good_news(
    evaluation: EvaluationContext,
    key: ClockKey,
    level: int,
    recipient: Recipient,
    due_at: int,
    reason: Reason,
) -> Alert:
    """What turned out wrong may be told again, under another id."""
    before = evaluation.case.notified(key.text, recipient)
    return Alert(
        subject=key.subject,
        clock=key.clock,
        cycle=key.cycle,
        level=level,
        repetition=0 if before is None else before.repetition + 1,
        recipient=recipient,
        severity=Severity.WARNING,
        due_at=due_at,
        reason=reason,
    )
