"""The good news when it is over: whoever was notified that it burns is notified (semantics E9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from attrs import frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.clock_key import CLEARED, METRICS, ClockKey
from sla_watchdog.domain.escalation.case import NOTIFIED, Alert, LastNotified, Recipient, Severity
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.reasons import Ended, MergedInto, Reason, RecordDeleted
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.reopenings import SHORTEST_END
from sla_watchdog.domain.tickets.ticket import Ticket

OF_TICKETS = frozenset(metric.value for metric in (*TARGETS, Metric.PAUSE))
"""Clocks whose subject is a ticket."""


@frozen
class _End:
    """The end of a matter or of one ticket of it, at `at`.

    `tickets` are those that are over by it. `clocks` are those of which somebody may have been
    notified. `cycle` counts the ends.
    """

    subject: str
    tickets: Collection[str]
    clocks: Collection[str]
    at: int
    cycle: int
    reason: Reason


@frozen
class _Targets:
    """The targets of tickets: one that stops only at closed goes on after resolved."""

    running: Collection[str]
    """The tickets with a target that may still run."""
    stopped_at: Mapping[str, int]
    """When the last target of each ticket stopped."""

    @classmethod
    def of(cls, clocks: Iterable[Clock]) -> _Targets:
        running: set[str] = set()
        stopped_at: dict[str, int] = {}
        for clock in clocks:
            if clock.metric not in TARGETS:
                continue
            if clock.stopped_at is None:
                running.add(clock.subject)
            else:
                latest = stopped_at.get(clock.subject, 0)
                stopped_at[clock.subject] = max(clock.stopped_at, latest)
        return cls(running, stopped_at)

    def ended_at(self, ticket: Ticket) -> int | None:
        """When the ticket ended, and its targets with it; None while any of that goes on."""
        if ticket.ended_at is None or ticket.id in self.running:
            return None
        return max(ticket.ended_at, self.stopped_at.get(ticket.id, 0))


def cleared(evaluation: EvaluationContext, clocks: Iterable[Clock]) -> Iterator[Alert]:
    """One message for the whole matter once it is over; before that, one for every ticket of it
    that is over.
    """
    if not evaluation.case.reached:
        return
    targets = _Targets.of(clocks)
    for matter in evaluation.matters:
        for end in _ends(matter, targets):
            yield from _cleared(evaluation, end)


def lasts_since(alert: Alert) -> int | None:
    """When the end that good news tells of has lasted long enough; a merge is final, and so is a
    deletion, of which nobody may know since when. None for any other alert.
    """
    if alert.clock != CLEARED:
        return None
    if isinstance(alert.reason, MergedInto | RecordDeleted):
        return alert.due_at
    return alert.due_at + SHORTEST_END


def _ends(matter: LinkedTickets, targets: _Targets) -> Iterator[_End]:
    ended = {ticket.id: targets.ended_at(ticket) for ticket in matter.tickets}
    instants = [at for at in ended.values() if at is not None]
    if len(instants) == len(ended):
        yield _end_of_matter(matter, max(instants))
        return
    for ticket in matter.tickets:
        at = ended[ticket.id]
        if at is not None:
            yield _end_of_ticket(ticket, at)


def _end_of_matter(matter: LinkedTickets, at: int) -> _End:
    reopenings = sum(len(ticket.reopenings) for ticket in matter.tickets)
    how = _how(_last(matter))
    return _End(matter.id, matter.ticket_ids, METRICS, at, 1 + reopenings, how)


def _end_of_ticket(ticket: Ticket, at: int) -> _End:
    cycle = 1 + len(ticket.reopenings)
    how = _how(ticket)
    return _End(ticket.id, {ticket.id}, OF_TICKETS, at, cycle, how)


def _last(matter: LinkedTickets) -> Ticket:
    """The ticket whose end was the end of the matter."""
    return max(matter.tickets, key=_place_of_its_end)


def _place_of_its_end(ticket: Ticket) -> tuple[bool, int, str]:
    return not ticket.merged_into, ticket.ended_at or 0, ticket.id


def _how(ticket: Ticket) -> Reason:
    if ticket.merged_into:
        return MergedInto(ticket.merged_into)
    if ticket.gone_at is not None:
        return RecordDeleted()
    return Ended(ticket.group)


def _cleared(evaluation: EvaluationContext, end: _End) -> Iterator[Alert]:
    key = ClockKey(end.subject, CLEARED, end.cycle)
    for name in sorted(_unaware(evaluation, end)):
        recipient = Recipient.of_key(name, evaluation.policy.audiences)
        if not evaluation.on_its_way(recipient):
            yield good_news(evaluation, key, 0, recipient, end.at, end.reason)


def _unaware(evaluation: EvaluationContext, end: _End) -> set[str]:
    """The keys of those who were notified that something burns, and not since that it is over."""
    of_this_end = _cleared_at(evaluation, end.subject)
    unaware = set()
    for ticket in end.tickets:
        of_the_ticket = _cleared_at(evaluation, ticket)
        for recipient, at in _alarmed_at(evaluation, ticket, end.clocks).items():
            heard_at = of_the_ticket.get(recipient, 0)
            this_end_at = of_this_end.get(recipient, 0)
            if this_end_at >= end.at:
                heard_at = max(heard_at, this_end_at)
            if at > heard_at:
                unaware.add(recipient)
    return unaware


def _cleared_at(evaluation: EvaluationContext, subject: str) -> Mapping[str, int]:
    """When each recipient was last notified that it is over, however that ended."""
    return _latest(_notified_of(evaluation, subject, {CLEARED}))


def _alarmed_at(
    evaluation: EvaluationContext, subject: str, clocks: Collection[str]
) -> Mapping[str, int]:
    """When each recipient was last reached by an alert of these clocks. A reminder alone does not
    count.
    """
    alarmed: list[tuple[str, LastNotified]] = []
    for clock, cycles in evaluation.notifications.of(subject).items():
        if clock not in clocks:
            continue
        for notified in cycles.values():
            reached = {to: last for to, last in notified.items() if last.outcome in NOTIFIED}
            alarmed += [(to, last) for to, last in reached.items() if not _reminded(last, reached)]
    return _latest(alarmed)


def _reminded(last: LastNotified, notified: Mapping[str, LastNotified]) -> bool:
    """Whether all that the recipient had was one repetition of what others were notified of before;
    not where nobody counted.
    """
    if not last.repetition or last.received is None or last.received > 1:
        return False
    return any(_was_before(other, last) for other in notified.values())


def _was_before(other: LastNotified, last: LastNotified) -> bool:
    """Whether `other` is of somebody who had the level by an earlier message too."""
    if other.level != last.level:
        return False
    return other.repetition < last.repetition or (other.received or 0) > 1


def _notified_of(
    evaluation: EvaluationContext, subject: str, clocks: Collection[str]
) -> Iterator[tuple[str, LastNotified]]:
    """What each recipient was notified of some clocks of a ticket or matter, cycle by cycle."""
    for clock, cycles in evaluation.notifications.of(subject).items():
        if clock not in clocks:
            continue
        for notified in cycles.values():
            yield from notified.items()


def _latest(notified: Iterable[tuple[str, LastNotified]]) -> Mapping[str, int]:
    latest: dict[str, int] = {}
    for recipient, last in notified:
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
    """Good news that turned out wrong may be sent again, under another id."""
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
