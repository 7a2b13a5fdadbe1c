"""Why a case stands where it stands: each rule, clock, pause and level from the creation on, as
plain values.

The one source of what `explain` prints and of the section WHY in an e-mail.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from sla_watchdog.domain.clocks.activity import TicketActivity
from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.elapsed import ElapsedBreakdown, elapsed_breakdown
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.clocks.promises import Promise, promises
from sla_watchdog.domain.clocks.rules_in_force import holds, rules_over_time, value_at
from sla_watchdog.domain.escalation.case import Case, LastNotified, Recipient
from sla_watchdog.domain.escalation.levels import EvaluationContext
from sla_watchdog.domain.escalation.plan import Plan, UpcomingNotification
from sla_watchdog.domain.policy.model import (
    COUNTED,
    TARGETS,
    Condition,
    Metric,
    Policy,
    Rule,
    Trigger,
    Truth,
)
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.links import LINKS, as_written
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.business_time import NoWorkingTime, TimeOutOfRange
from sla_watchdog.presentation.view.lateness import Cause, cause

MOST_EVENTS = 50
"""Events of a signal that are named, the last ones."""


@frozen
class Refusal:
    """An earlier rule and the first condition of it that did not hold; `had` is what the ticket
    said, '' for nothing.

    `readable` is False where the value could not be read: then the strictest rule that may match
    counts.
    """

    rule: str
    condition: Condition
    had: tuple[str, ...]
    readable: bool


@frozen
class Ruling:
    """`rule` judged the ticket from `since` on. `zone` is that of its calendar."""

    since: int
    rule: str
    calendar: str
    zone: str
    refused: tuple[Refusal, ...]


@frozen
class RecipientNotified:
    """A recipient of a level, and how far they were told on this clock; None where they were not."""

    recipient: Recipient
    reached: LastNotified | None


@frozen
class Step:
    """One level, counted from 1; `at` is None while it cannot come, since its clock stands still."""

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
    steps: tuple[Step, ...]
    unknown_until: int | None
    """Before it the ticket's status is not known, so that time counts as running."""
    count: int = 0
    """How many events a counting one counts; the record itself may report more than were seen."""

    @property
    def reported(self) -> bool:
        """Whether the record itself counts more of them than were seen."""
        return min(self.count, MOST_EVENTS) > len(self.events)


@frozen
class TicketExplained:
    """`links` are (field, name); `absorbed` the tickets that were merged into it."""

    id: str
    subject: str
    status: str
    owner: str
    created_at: int
    ended_at: int | None
    unknown_until: int | None
    rulings: tuple[Ruling, ...]
    clocks: tuple[Explained, ...]
    links: tuple[tuple[str, str], ...]
    absorbed: tuple[str, ...]


@frozen
class MatterExplained:
    """The tickets that are one matter; `earlier` is the ticket of an old one that it followed too
    late to belong to.
    """

    id: str
    created_at: int
    ended_at: int | None
    earlier: str
    promises: tuple[Promise, ...]
    clocks: tuple[Explained, ...]
    tickets: tuple[TicketExplained, ...]


@frozen
class Explanation:
    """`pending_links` are names that the case is linked to and of which no ticket is known."""

    case: str
    at: int
    zone: str
    matters: tuple[MatterExplained, ...]
    upcoming: tuple[UpcomingNotification, ...]
    findings: tuple[Finding, ...]
    pending_links: tuple[str, ...]


def explanation(case: Case, plan: Plan, policy: Policy, now: int) -> Explanation:
    """`plan` must be the judgement of `case` under `policy` at `now`."""
    calendars = [
        policy.calendars[clock.calendar].timezone for clock in plan.clocks if clock.calendar
    ]
    return Explanation(
        case=case.id,
        at=now,
        zone=calendars[0] if calendars else "UTC",
        matters=tuple(_matter(each, case, plan, policy, now) for each in plan.matters),
        upcoming=plan.upcoming,
        findings=plan.findings,
        pending_links=tuple(
            sorted({as_written(name) for name in (*plan.pending_links, *case.members)})
        ),
    )


def _matter(
    matter: LinkedTickets, case: Case, plan: Plan, policy: Policy, now: int
) -> MatterExplained:
    own = {each.id for each in matter.tickets}
    of_matter = [c for c in plan.clocks if c.subject == matter.id and not _of_ticket(c)]
    return MatterExplained(
        id=matter.id,
        created_at=matter.created_at,
        ended_at=matter.ended_at,
        earlier=matter.earlier,
        promises=promised(matter, case.facts, policy),
        clocks=tuple(explained(clock, case, plan, policy, now) for clock in of_matter),
        tickets=tuple(
            _ticket(each, case, plan, policy, now) for each in plan.tickets if each.id in own
        ),
    )


def _of_ticket(clock: Clock) -> bool:
    return clock.metric in (*TARGETS, Metric.PAUSE)


def promised(matter: LinkedTickets, facts: Facts, policy: Policy) -> tuple[Promise, ...]:
    """What was promised about it; nothing where that cannot be judged, of which a finding tells."""
    try:
        return promises(matter, facts, policy)
    except (NoWorkingTime, TimeOutOfRange):
        return ()


def _ticket(ticket: Ticket, case: Case, plan: Plan, policy: Policy, now: int) -> TicketExplained:
    facts = case.facts
    mine = [clock for clock in plan.clocks if clock.subject == ticket.id and _of_ticket(clock)]
    owner = str(facts.latest(ticket.id, "assignee"))
    linked = ((name, str(facts.latest(ticket.id, name))) for name in LINKS)
    return TicketExplained(
        id=ticket.id,
        subject=str(facts.latest(ticket.id, "subject")),
        status=str(facts.latest(ticket.id, "status")),
        owner="" if owner.casefold() in policy.shared else owner,
        created_at=ticket.created_at,
        ended_at=ticket.ended_at,
        unknown_until=ticket.unknown_until,
        rulings=rulings(ticket, facts, policy),
        clocks=tuple(explained(clock, case, plan, policy, now) for clock in mine),
        links=tuple((name, to) for name, to in linked if to),
        absorbed=tuple(each.id for each in ticket.absorbed),
    )


# ------------------------------------------------------------------ rules


def rulings(ticket: Ticket, facts: Facts, policy: Policy) -> tuple[Ruling, ...]:
    """Which rule judged it since when, and what kept each earlier one from it."""
    return tuple(
        Ruling(
            since=since,
            rule=rule.name,
            calendar=rule.calendar,
            zone=policy.calendars[rule.calendar].timezone,
            refused=tuple(_refusals(rule, ticket, facts, policy, since)),
        )
        for since, rule in rules_over_time(ticket, facts, policy)
    )


def _refusals(
    matched: Rule, ticket: Ticket, facts: Facts, policy: Policy, at: int
) -> Iterator[Refusal]:
    for rule in policy.rules:
        if rule is matched:
            return
        truths = [(holds(each, ticket.id, facts, policy, at), each) for each in rule.when]
        failed = next((each for truth, each in truths if truth is Truth.NO), None)
        unread = next((each for truth, each in truths if truth is Truth.UNKNOWN), None)
        condition = failed or unread
        if condition is not None:
            had = _had(condition.field, ticket.id, facts, at)
            yield Refusal(rule.name, condition, had, readable=failed is not None)


def _had(name: str, ticket: str, facts: Facts, at: int) -> tuple[str, ...]:
    """What the ticket said at `at`, as the rules were matched with it."""
    value = value_at(name, ticket, facts, at)
    return tuple(filter(None, (value,) if isinstance(value, str) else value))


# ------------------------------------------------------------------ clocks


def explained(clock: Clock, case: Case, plan: Plan, policy: Policy, now: int) -> Explained:
    """One clock of the plan. Where its walk cannot be told any more, it has none."""
    evaluation = EvaluationContext(case, policy, now, plan.tickets, plan.matters)
    rule = next((each for each in policy.rules if each.name == clock.rule), None)
    target = (
        next((each for each in rule.targets if each.metric is clock.metric), None) if rule else None
    )
    return Explained(
        subject=clock.subject,
        metric=clock.metric,
        cycle=clock.cycle,
        rule=clock.rule,
        calendar=clock.calendar,
        target=clock.target,
        due_field=clock.due_field,
        pauses_in=tuple(sorted(target.pauses_in)) if target else (),
        state=clock.state(now),
        started_at=clock.started_at,
        due_at=clock.due_at,
        breach_at=clock.breach_at,
        cause=cause(clock, case, policy),
        stopped_at=clock.stopped_at,
        elapsed_breakdown=_walk(clock, case.facts, policy, now),
        events=events(clock, plan, case.facts, policy),
        steps=tuple(_step(number, evaluation, clock) for number in range(len(clock.levels))),
        unknown_until=_unknown_until(clock, plan, policy),
        count=clock.seen,
    )


def _walk(clock: Clock, facts: Facts, policy: Policy, now: int) -> ElapsedBreakdown | None:
    if clock.timeline is None:
        return None
    try:
        return elapsed_breakdown(clock, policy.calendars[clock.calendar], facts, now)
    except (NoWorkingTime, TimeOutOfRange):
        return None


def events(clock: Clock, plan: Plan, facts: Facts, policy: Policy) -> tuple[int, ...]:
    """When those events happened that a counting signal saw: the last `MOST_EVENTS`, oldest first."""
    matter = next((each for each in plan.matters if each.id == clock.subject), None)
    if clock.metric not in COUNTED or matter is None or not matter.unresolved:
        return ()
    return tuple(TicketActivity(matter, facts, policy).instants(clock.metric)[-MOST_EVENTS:])


def _step(index: int, evaluation: EvaluationContext, clock: Clock) -> Step:
    level = clock.ladder.levels[index]
    recipients = (
        RecipientNotified(each, evaluation.notified(clock, each))
        for each in evaluation.recipients(level, clock)
    )
    return Step(index + 1, level.trigger, clock.levels[index], level.urgent, tuple(recipients))


def _unknown_until(clock: Clock, plan: Plan, policy: Policy) -> int | None:
    """Where the clock counts time in which the ticket's status is not known."""
    ticket = next((each for each in plan.tickets if each.id == clock.subject), None)
    until = ticket.unknown_until if ticket and _of_ticket(clock) else None
    if until is None or clock.started_at >= until:
        return None
    try:
        unknown = policy.calendars[clock.calendar].between(clock.started_at, until)
    except TimeOutOfRange:
        return None
    return until if unknown else None
