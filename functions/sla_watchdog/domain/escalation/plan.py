"""plan: who must be notified of what now, why, and when to look again. Everything uses this one
judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain

from attrs import evolve, field, frozen

from sla_watchdog.domain.clocks.assessment import Assessment, assess
from sla_watchdog.domain.clocks.clock import Clock, Recorded
from sla_watchdog.domain.clocks.clock_key import FINDING, ClockKey
from sla_watchdog.domain.clocks.evidence import NotJudged
from sla_watchdog.domain.clocks.findings import DELETED, Finding
from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.clocks.rules_in_force import candidates_over_time
from sla_watchdog.domain.escalation.case import Alert, Case, Recipient, Severity
from sla_watchdog.domain.escalation.closing import cleared
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.deferral import Decision, to_send_and_deferred
from sla_watchdog.domain.escalation.deletions import was_meant, without_deletions
from sla_watchdog.domain.escalation.evaluated_clocks import EvaluatedClocks
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.level_alerts import alerts, as_critical
from sla_watchdog.domain.escalation.levels import climb
from sla_watchdog.domain.escalation.proposals import due_at, hearers
from sla_watchdog.domain.escalation.reasons import Passed
from sla_watchdog.domain.escalation.repetitions import without_stray_repeats
from sla_watchdog.domain.escalation.silences import Silence
from sla_watchdog.domain.escalation.upcoming import (
    UpcomingNotification,
    levels_ahead,
    notifications_ahead,
)
from sla_watchdog.domain.escalation.upcoming_level import UpcomingLevel
from sla_watchdog.domain.escalation.wakeup import Wakeup, earliest
from sla_watchdog.domain.escalation.withdrawal import withdrawn
from sla_watchdog.domain.policy.model import TARGETS, Metric, Policy
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import Ticket

_LASTING = frozenset({Metric.FIRST_RESPONSE, Metric.FIRST_RESOLUTION, Metric.RESOLUTION})
"""Metrics whose breaches stay recorded."""


@frozen
class Plan:
    """`next_at` is `now` while `alerts` wait to be claimed, else later than `now`, else None:
    nothing is to come.

    `in_digest` are the ids of those alerts that come in a digest. `breached` is what the next
    write of the case must record. `pending_links` are names linked
    to it that neither are tickets of it nor known as such: the case must be joined with theirs.
    `not_judged` are clocks that records say nothing about, which are not among the `clocks`.
    """

    alerts: tuple[Alert, ...]
    decisions: tuple[Decision, ...]
    ahead: tuple[UpcomingLevel, ...]
    next_at: int | None
    urgent: bool
    tickets: tuple[Ticket, ...]
    clocks: tuple[Clock, ...]
    findings: tuple[Finding, ...]
    matters: tuple[LinkedTickets, ...] = ()
    breached: Mapping[str, int] = field(factory=dict)
    pending_links: frozenset[str] = frozenset()
    in_digest: frozenset[str] = frozenset()
    promises: tuple[Promise, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    assessment: Assessment | None = field(default=None, eq=False, repr=False)
    evaluation: EvaluationContext | None = field(default=None, eq=False, repr=False)
    silences: tuple[Silence, ...] = field(default=(), eq=False, repr=False)

    @cached_property
    def upcoming(self) -> tuple[UpcomingNotification, ...]:
        """Who will be notified of what if nothing changes, in order of time."""
        if self.evaluation is None or self.assessment is None:
            return ()
        evaluated = EvaluatedClocks(self.evaluation, self.assessment)
        return notifications_ahead(evaluated, self.decisions, self.ahead, self.silences)

    @property
    def unresolved(self) -> bool:
        return any(ticket.unresolved for ticket in self.tickets)


def plan(
    case: Case,
    policy: Policy,
    now: int,
    whole: bool = False,
    assessment: Assessment | None = None,
    context: Context = Context(),  # noqa: B008 - frozen
) -> Plan:
    """Judge the case at `now` (epoch seconds). With `whole`, exchanges that are over are among its
    clocks.

    `assessment` may be that of the same facts, made at another time. Pure: reads no clock, does no
    I/O, and never fails on a fact.
    """
    case = evolve(case, facts=without_deletions(case.facts, context.deletions_held_since))
    if assessment is None:
        recorded = Recorded(case.breached, case.edited_at)
        assessment = assess(case.facts, policy, recorded, case.members, whole)
    evaluation = EvaluationContext(
        case,
        policy,
        now,
        assessment.tickets,
        assessment.matters,
        context.reachable_since,
        context.evidence,
    )
    return _judged(EvaluatedClocks(evaluation, assessment), context)


def _judged(evaluated: EvaluatedClocks, context: Context) -> Plan:
    evaluation, assessment = evaluated.evaluation, evaluated.assessment
    case = evaluation.case
    burning = _burning(evaluated)
    unkept = tuple(evaluated.unkept(burning))
    findings = tuple(_not_meant(_lasting(assessment.findings, evaluation), case, context))
    due = _due(evaluated, burning, unkept, findings)
    deferred = to_send_and_deferred(due, evaluated, context)
    to_send, decisions = deferred.to_send, deferred.decisions
    ahead = levels_ahead(evaluated)
    wakeup = _wakeup(evaluated, to_send, decisions, ahead)
    return Plan(
        alerts=to_send,
        in_digest=deferred.in_digest,
        decisions=decisions,
        ahead=ahead,
        next_at=wakeup.at,
        urgent=wakeup.urgent,
        tickets=assessment.tickets,
        clocks=(*evaluated.clocks, *unkept),
        findings=findings,
        matters=assessment.matters,
        breached=_breached(evaluated),
        pending_links=assessment.linked_names.difference(case.facts.tickets(), case.members),
        promises=tuple(_promises(assessment)),
        not_judged=evaluated.not_judged,
        assessment=assessment,
        evaluation=evaluation,
        silences=context.silences,
    )


# ------------------------------------------------------------------ what is due


def _burning(evaluated: EvaluatedClocks) -> list[Alert]:
    """The alerts of the levels that are due."""
    evaluation = evaluated.evaluation
    due: list[Alert] = []
    for climbed in evaluated.climbs.values():
        due += alerts(evaluation, climbed)
    return list(without_stray_repeats(evaluation, due, evaluated.climbs))


def _due(
    evaluated: EvaluatedClocks,
    burning: Sequence[Alert],
    unkept: Sequence[Clock],
    findings: Sequence[Finding],
) -> Iterator[Alert]:
    """The levels that are due, promises that were not kept, good news, and findings."""
    evaluation = evaluated.evaluation
    levels = list(burning)
    for clock in unkept:
        climbed = climb(evaluation, clock)
        if climbed is not None:
            levels += alerts(evaluation, climbed)
    yield from _not_falling_on_the_way_up(evaluated, levels)
    for clock in evaluated.live:
        yield from withdrawn(evaluation, clock)
    yield from cleared(evaluation, evaluated.clocks)
    yield from _finding_alerts(findings, evaluation)


def _not_falling_on_the_way_up(evaluated: EvaluatedClocks, due: Sequence[Alert]) -> Iterator[Alert]:
    """What is critical to somebody about one matter is no less to those above, whichever of its
    clocks they are notified of.
    """
    policy = evaluated.evaluation.policy
    matter_of: dict[str, str] = {}
    for matter in evaluated.evaluation.matters:
        matter_of |= dict.fromkeys(matter.ticket_ids, matter.id)
    critical: dict[str, set[str]] = {}
    for climbed in evaluated.climbs.values():
        subject = climbed.clock.subject
        name = matter_of.get(subject, subject)
        critical.setdefault(name, set()).update(climbed.critical_audiences)
    for alert in due:
        name = matter_of.get(alert.subject, alert.subject)
        audiences = critical.get(name, set())
        yield as_critical(alert, audiences, policy)


def _lasting(findings: Iterable[Finding], evaluation: EvaluationContext) -> Iterator[Finding]:
    for finding in findings:
        if finding.lasts(evaluation.now):
            yield finding


def _not_meant(findings: Iterable[Finding], case: Case, context: Context) -> Iterator[Finding]:
    """Nobody has to find out who deleted a record that somebody said was meant to be."""
    until = context.deletions_accepted_until
    for finding in findings:
        if finding.kind != DELETED or not was_meant(finding.ticket, case.facts, until):
            yield finding


def _finding_alerts(findings: Sequence[Finding], evaluation: EvaluationContext) -> Iterator[Alert]:
    """Once; the same outbox carries them."""
    for finding in findings:
        for recipient in hearers(finding, evaluation):
            if not evaluation.on_its_way(recipient):
                yield from _finding_alert(finding, recipient, evaluation)


def _finding_alert(
    finding: Finding, recipient: Recipient, evaluation: EvaluationContext
) -> Iterator[Alert]:
    key = ClockKey(finding.ticket, FINDING + finding.kind, finding.time)
    last = evaluation.case.notified(key.text, recipient)
    if last is not None and not evaluation.notifications.hears_next_time(last, recipient):
        return
    yield Alert(
        subject=key.subject,
        clock=key.clock,
        cycle=key.cycle,
        level=0,
        repetition=0,
        recipient=recipient,
        severity=Severity.WARNING,
        due_at=due_at(finding, evaluation),
        reason=finding.reason,
    )


def superseded(
    case: Case, alert: Alert, clock: Clock, evaluation: EvaluationContext | None = None
) -> Iterator[Alert]:
    """The levels that `alert` passes for its recipient, as the alerts they would have been.

    With the `evaluation` that was judged, these include levels of somebody else in whose place
    the recipient hears.
    """
    last = case.notified(alert.clock_key, alert.recipient)
    lowest = 0 if last is None else last.level + 1
    reason = Passed(alert.level + 1)
    for number in range(lowest, alert.level):
        due_at = clock.levels[number]
        if due_at is not None and _tells(clock, number, alert.recipient, evaluation):
            yield evolve(alert, level=number, repetition=0, due_at=due_at, reason=reason)


def _tells(
    clock: Clock, number: int, recipient: Recipient, evaluation: EvaluationContext | None
) -> bool:
    level = clock.ladder.levels[number]
    fits = level.urgent or not recipient.urgent
    if fits and recipient.audience in level.tell:
        return True
    if evaluation is None:
        return False
    return recipient in evaluation.addressing.recipients(level, clock)


# ------------------------------------------------------------------ when to look again


def _wakeup(
    evaluated: EvaluatedClocks,
    to_send: Sequence[Alert],
    decisions: Sequence[Decision],
    ahead: Sequence[UpcomingLevel],
) -> Wakeup:
    """Now while there is something to send; else at the next change of anything."""
    now = evaluated.evaluation.now
    if to_send:
        urgent = any(alert.urgent for alert in to_send)
        return Wakeup(now, urgent)
    wakeups = [Wakeup(upcoming.at, upcoming.level.urgent) for upcoming in ahead]
    wakeups += [Wakeup(at) for at in _marks(evaluated)]
    to_come = [wakeup for wakeup in wakeups if wakeup.at is not None and wakeup.at > now]
    deferred = [Wakeup(decision.until, decision.alert.urgent) for decision in decisions]
    return earliest([*to_come, *deferred])


def _marks(evaluated: EvaluatedClocks) -> Iterator[int]:
    """Instants at which something changes, though nobody need be notified."""
    for clock in evaluated.live:
        for at in (clock.breach_at, *clock.levels):
            if at is not None:
                yield at
    for promise in _promises(evaluated.assessment):
        yield promise.held_until
        yield promise.until
    for waiting in evaluated.not_judged:
        if waiting.until is not None and waiting.may_come:
            yield waiting.until


def wakeup_for(evaluated: Plan, case: Case) -> Wakeup:
    """The one rule for when the case is looked at again: at the plan's instant, or at the end of
    the earliest lease.
    """
    leases = [Wakeup(entry.until, entry.urgent) for entry in case.outbox.values()]
    return earliest([Wakeup(evaluated.next_at, evaluated.urgent), *leases])


# ------------------------------------------------------------------ what is recorded


def _promises(assessment: Assessment) -> Iterator[Promise]:
    for made in assessment.promises.values():
        yield from made


def _breached(evaluated: EvaluatedClocks) -> Mapping[str, int]:
    """Breaches recorded so far and the new ones; of exchanges only the latest, or a long case would
    never end.

    Those of the survivors of a merge may come from another ticket, and go with it when the merge
    is undone.
    """
    survivors = {ticket.id for ticket in evaluated.assessment.tickets if ticket.absorbed}
    evaluation = evaluated.evaluation
    recorded = evaluation.case.breached
    breached = {name: at for name, at in recorded.items() if _stays(name, at, evaluation)}
    for clock in evaluated.clocks:
        if clock.metric not in TARGETS or clock.subject in survivors:
            continue
        if clock.breach_at and clock.breached(evaluation.now):
            breached[clock.record] = clock.breach_at
    return {**breached, **_not_judged_any_more(evaluated, recorded)}


def _not_judged_any_more(evaluated: EvaluatedClocks, recorded: Mapping[str, int]) -> dict[str, int]:
    """The breaches recorded of clocks that are not judged: they stay, too."""
    names = {unjudged.clock.record for unjudged in evaluated.not_judged}
    return {name: recorded[name] for name in names.intersection(recorded)}


def _stays(name: str, at: int, evaluation: EvaluationContext) -> bool:
    """A breach recorded of an exchange stays, too, while the policy has no target for it: an edit
    erases no breach (semantics D2), and the next edit may bring the target back. There is no
    breach before the ticket's creation.
    """
    exchange, _, last = name.rpartition("/")
    if last in _LASTING:
        return True
    subject, _, metric = exchange.rpartition("/")
    ticket = evaluation.ticket(subject)
    if ticket is None or at < ticket.created_at:
        return False
    _, rules = candidates_over_time(ticket, evaluation.case.facts, evaluation.policy)[-1]
    targets = chain.from_iterable(rule.targets for rule in rules)
    return all(target.metric.value != metric for target in targets)
