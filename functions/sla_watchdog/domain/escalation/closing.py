"""The good news: who was told that it burns is told that it is over, or that the deadline moved
away (semantics E9).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.escalation.broken_promises import CLOCKS
from sla_watchdog.domain.escalation.case import NOTIFIED, Alert, LastNotified, Recipient, Severity
from sla_watchdog.domain.escalation.levels import CLEARED, WITHDRAWN, EvaluationContext
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import Ticket

CHANGING = frozenset({"priority", "customer_tier", "team", "category", "tags", "due_at"})
"""Fields whose change commonly moves a deadline, for the reason in words."""

OF_TICKETS = frozenset(metric.value for metric in (*TARGETS, Metric.PAUSE))


def cleared(evaluation: EvaluationContext, running: set[str]) -> Iterator[Alert]:
    """One message for the whole matter once it is over; while it is not, for a ticket of it that
    is.

    `running` are the tickets with a target that may still run: one that stops only at closed
    goes on after resolved.
    """
    if not evaluation.case.reached:
        return
    for matter in evaluation.matters:
        ended = matter.ended_at
        names = {each.id for each in matter.tickets}
        if ended is not None and not names & running:
            yield from _to_those_told(
                evaluation, matter.id, names, CLOCKS, ended, _cycle(matter), _how(_last(matter))
            )
            continue
        for each in matter.tickets:
            if each.ended_at is not None and each.id not in running:
                cycle = 1 + len(each.reopenings)
                yield from _to_those_told(
                    evaluation, each.id, {each.id}, OF_TICKETS, each.ended_at, cycle, _how(each)
                )


def _cycle(matter: LinkedTickets) -> int:
    return 1 + sum(len(each.reopenings) for each in matter.tickets)


def _last(matter: LinkedTickets) -> Ticket:
    """The ticket whose end was the end of the matter."""
    return max(matter.tickets, key=lambda each: (not each.merged_into, each.ended_at or 0, each.id))


def _how(ticket: Ticket) -> str:
    if ticket.merged_into:
        return f"merged into {ticket.merged_into}"
    return "its record was deleted" if ticket.gone_at is not None else ticket.group


def _to_those_told(
    evaluation: EvaluationContext,
    subject: str,
    names: set[str],
    clocks: frozenset[str],
    ended: int,
    cycle: int,
    reason: str,
) -> Iterator[Alert]:
    whole = {
        key: at for key, at in _latest(_each(evaluation, subject, {CLEARED})).items() if at >= ended
    }
    hot = set()
    for name in names:
        notified = _latest(
            (key, r) for key, r in _each(evaluation, name, clocks) if r.outcome in NOTIFIED
        )
        over = _latest(_each(evaluation, name, {CLEARED}))
        hot |= {
            key for key, at in notified.items() if at > max(over.get(key, 0), whole.get(key, 0))
        }
    for key in sorted(hot):
        recipient = Recipient.of_key(key, evaluation.policy.audiences)
        if not evaluation.on_its_way(recipient):
            again = _next_time(evaluation, f"{subject}/{CLEARED}/{cycle}", key)
            yield Alert(
                subject, CLEARED, cycle, 0, again, recipient, Severity.WARNING, ended, reason
            )


def _each(
    evaluation: EvaluationContext, name: str, clocks: Collection[str]
) -> Iterator[tuple[str, LastNotified]]:
    """What each recipient was told of some clocks of a ticket or matter, cycle by cycle."""
    for clock, cycles in evaluation.reached(name).items():
        if clock in clocks:
            for notified in cycles.values():
                yield from notified.items()


def _latest(notified: Iterable[tuple[str, LastNotified]]) -> dict[str, int]:
    """When each recipient was last told."""
    found: dict[str, int] = {}
    for key, reached in notified:
        found[key] = max(reached.at, found.get(key, 0))
    return found


def withdrawn(evaluation: EvaluationContext, clock: Clock) -> Iterator[Alert]:
    """A warning whose level is not due any more, because an edit or a late fact moved the deadline
    away.
    """
    if not evaluation.case.reached or clock.metric not in TARGETS or clock.breached(evaluation.now):
        return
    for key, reached in _told_of(evaluation, clock).items():
        if reached.outcome not in NOTIFIED or reached.level >= len(clock.levels):
            continue
        at = clock.levels[reached.level]
        recipient = Recipient.of_key(key, evaluation.policy.audiences)
        if (at is not None and at <= evaluation.now) or evaluation.notified(
            clock, recipient
        ) != reached:
            continue
        if not evaluation.on_its_way(recipient):
            yield _withdrawal(evaluation, clock, recipient, reached.level)


def _told_of(evaluation: EvaluationContext, clock: Clock) -> Mapping[str, LastNotified]:
    """By recipient, under this very clock."""
    return evaluation.reached(clock.subject).get(clock.metric.value, {}).get(clock.cycle, {})


def _withdrawal(
    evaluation: EvaluationContext, clock: Clock, recipient: Recipient, level: int
) -> Alert:
    name = WITHDRAWN + clock.metric.value
    again = _next_time(evaluation, f"{clock.subject}/{name}/{clock.cycle}", recipient.key)
    reason = _moved(evaluation, clock)
    return Alert(
        clock.subject,
        name,
        clock.cycle,
        level,
        again,
        recipient,
        Severity.WARNING,
        evaluation.now,
        reason,
    )


def _next_time(evaluation: EvaluationContext, clock_key: str, recipient: str) -> int:
    """Good news that turned out wrong may be told again, under another id."""
    before = evaluation.case.reached.get((clock_key, recipient))
    return before.repetition + 1 if before else 0


def _moved(evaluation: EvaluationContext, clock: Clock) -> str:
    if clock.state(evaluation.now) is State.PAUSED:
        return "it is paused"
    notified = max((reached.at for reached in _told_of(evaluation, clock).values()), default=0)
    if evaluation.case.edited_at is not None and evaluation.case.edited_at >= notified:
        return "the policy was changed"
    return _changed(evaluation.case.facts, clock.subject, notified) or "its history was put right"


def _changed(facts: Facts, ticket: str, since: int) -> str:
    for name in sorted(facts.fields(ticket)):
        changes = facts.changes(ticket, name)[1:]
        if name in CHANGING and changes and changes[-1].at >= since:
            return f"its {name.replace('_', ' ')} was changed"
    return ""
