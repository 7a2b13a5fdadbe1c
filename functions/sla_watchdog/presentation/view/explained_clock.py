"""Why one clock is where it is: its elapsed time, its levels and who was notified of them."""

from __future__ import annotations

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.activity import TicketActivity
from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.elapsed import ElapsedBreakdown, elapsed_breakdown
from sla_watchdog.domain.clocks.evidence import NotJudged
from sla_watchdog.domain.escalation.case import Case, LastNotified, Recipient
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.model import COUNTED, TARGETS, Metric, Policy, Target, Trigger
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.years import TimeOutOfRange
from sla_watchdog.presentation.view.lateness import Cause, cause
from sla_watchdog.presentation.view.rulings import brought_by

MOST_EVENTS = 50
"""Events of a signal that are named, the last ones."""


@frozen
class RecipientNotified:
    """A recipient of a level, and the last level of this clock they were notified of; None for
    none.
    """

    recipient: Recipient
    reached: LastNotified | None


@frozen
class ExplainedLevel:
    """One level, counted from 1; `at` is None while its clock stands still and it cannot come."""

    number: int
    trigger: Trigger
    at: int | None
    urgent: bool
    recipients: tuple[RecipientNotified, ...]


@frozen
class Explained:
    """One clock. `elapsed_breakdown` is None for a clock of wall time or of counts; `events` are
    what a counting one counted.
    """

    subject: str
    metric: Metric
    cycle: int
    rule: str
    calendar: str
    target: int
    due_field: str
    """The ticket's field from which the deadline was taken; '' for a target of open time."""
    pauses_in: tuple[str, ...]
    state: State
    started_at: int
    due_at: int | None
    breach_at: int | None
    cause: Cause
    stopped_at: int | None
    elapsed_breakdown: ElapsedBreakdown | None
    events: tuple[int, ...]
    steps: tuple[ExplainedLevel, ...]
    unknown_until: int | None
    """Before it the ticket's status is not known, so that time counts as running."""
    count: int = 0
    """How many events a counting one counts; the record itself may report more than were seen."""
    needs: str = ""
    """What no record carries, of a clock that cannot be judged without it; '' of any other."""
    rule_of: str = ""
    """The other ticket of the same case whose rule judges it; '' where it is the ticket's own."""

    @property
    def reported(self) -> bool:
        """Whether the record itself counts more of them than were seen."""
        return min(self.count, MOST_EVENTS) > len(self.events)


def explained(clock: Clock, case: Case, plan: Plan, policy: Policy, now: int) -> Explained:
    """One clock of the plan. It has no breakdown where that cannot be computed any more."""
    evaluation = EvaluationContext(case, policy, now, plan.tickets, plan.matters)
    target = _target(clock, policy)
    return Explained(
        subject=clock.subject,
        metric=clock.metric,
        cycle=clock.cycle,
        rule=clock.rule,
        calendar=clock.calendar,
        target=clock.target,
        due_field=clock.due_field,
        pauses_in=() if target is None else tuple(sorted(target.pauses_in)),
        state=clock.state(now),
        started_at=clock.started_at,
        due_at=clock.due_at,
        breach_at=clock.breach_at,
        cause=cause(clock, case, policy, plan.tickets),
        stopped_at=clock.stopped_at,
        elapsed_breakdown=_elapsed(clock, case.facts, policy, now),
        events=events(clock, plan, case.facts, policy),
        steps=tuple(_step(number, evaluation, clock) for number in range(len(clock.levels))),
        unknown_until=_unknown_until(clock, plan, policy),
        count=clock.seen,
        rule_of=_rule_of(clock, case.facts, plan, policy, now),
    )


def not_judged(unjudged: NotJudged, case: Case, plan: Plan, policy: Policy, now: int) -> Explained:
    """Without what would follow if it were judged."""
    return evolve(
        explained(unjudged.clock, case, plan, policy, now),
        state=State.NOT_JUDGED,
        due_at=None,
        breach_at=None,
        cause=Cause.DEADLINE,
        elapsed_breakdown=None,
        steps=(),
        needs=unjudged.needs.value,
    )


def _rule_of(clock: Clock, facts: Facts, plan: Plan, policy: Policy, now: int) -> str:
    if clock.metric not in TARGETS:
        return ""
    at = now if clock.stopped_at is None else clock.stopped_at
    for ticket in plan.tickets:
        if ticket.id == clock.subject:
            return brought_by(ticket, clock.rule, facts, policy, at)
    return ""


def is_of_ticket(clock: Clock) -> bool:
    """Whether its subject is a ticket, and no matter of one or more."""
    return clock.metric in TARGETS or clock.metric is Metric.PAUSE


def _target(clock: Clock, policy: Policy) -> Target | None:
    """As its policy has it now; None for what is no target, or has none any more."""
    for rule in policy.rules:
        if rule.name == clock.rule:
            return next((target for target in rule.targets if target.metric is clock.metric), None)
    return None


def _elapsed(clock: Clock, facts: Facts, policy: Policy, now: int) -> ElapsedBreakdown | None:
    if clock.timeline is None:
        return None
    try:
        return elapsed_breakdown(clock, policy.calendars[clock.calendar], facts, now)
    except (NoWorkingTime, TimeOutOfRange):
        return None


def events(clock: Clock, plan: Plan, facts: Facts, policy: Policy) -> tuple[int, ...]:
    """When those events happened that a counting signal saw: the last MOST_EVENTS, oldest first."""
    if clock.metric not in COUNTED:
        return ()
    matter = _matter(clock.subject, plan)
    if matter is None:
        return ()
    instants = TicketActivity(matter, facts, policy).instants(clock.metric)
    return tuple(instants[-MOST_EVENTS:])


def _matter(subject: str, plan: Plan) -> LinkedTickets | None:
    return next((matter for matter in plan.matters if matter.id == subject), None)


def _step(index: int, evaluation: EvaluationContext, clock: Clock) -> ExplainedLevel:
    level = clock.ladder.levels[index]
    recipients = tuple(
        RecipientNotified(recipient, evaluation.notifications.last(clock, recipient))
        for recipient in evaluation.addressing.recipients(level, clock)
    )
    return ExplainedLevel(index + 1, level.trigger, clock.levels[index], level.urgent, recipients)


def _unknown_until(clock: Clock, plan: Plan, policy: Policy) -> int | None:
    """Where the clock counts time in which the ticket's status is not known."""
    until = _status_unknown_until(clock, plan)
    if until is None or clock.started_at >= until:
        return None
    try:
        unknown = policy.calendars[clock.calendar].between(clock.started_at, until)
    except TimeOutOfRange:
        return None
    return until if unknown else None


def _status_unknown_until(clock: Clock, plan: Plan) -> int | None:
    if not is_of_ticket(clock):
        return None
    for ticket in plan.tickets:
        if ticket.id == clock.subject:
            return ticket.unknown_until
    return None
