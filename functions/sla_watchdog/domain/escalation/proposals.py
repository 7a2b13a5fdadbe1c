"""Two tickets that may be one matter: proposed to the leads of their teams, who say whether they
are (semantics D6).
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from sla_watchdog.domain.clocks.clock_key import FINDING, ClockKey
from sla_watchdog.domain.clocks.data_problems import LooksAlike
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.clocks.seen_tickets import SeenTicket, seen, seen_before
from sla_watchdog.domain.escalation.case import OPERATIONS, Alert, Outcome, Recipient
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.lookalikes import SAME_MATTER, answer_about, noted

PROPOSAL = FINDING + SAME_MATTER
"""The clock of an alert that proposes it."""


@frozen
class Proposal:
    """`what` is the kind of evidence; `older` is as it was seen last, None where that is not known.
    `answer` is what a person said last.
    """

    younger: SeenTicket
    name_of_older: str
    older: SeenTicket | None
    what: str
    answer: bool | None = None


def proposal(alert: Alert, facts: Facts, policy: Policy) -> Proposal | None:
    """What the alert proposes, by the facts of its case; None where it is no proposal."""
    if alert.clock != PROPOSAL:
        return None
    younger = seen(alert.subject, facts, policy)
    older, what = _older(alert, facts)
    if younger is None or not older:
        return None
    return Proposal(
        younger=younger,
        name_of_older=older,
        older=seen(older, facts, policy) or seen_before(younger.id, older, facts),
        what=what,
        answer=answer_about(facts, younger.id, older),
    )


def _older(alert: Alert, facts: Facts) -> tuple[str, str]:
    """What the alert itself names, since another may have been noted meanwhile."""
    if isinstance(alert.reason, LooksAlike):
        return alert.reason.other, alert.reason.what
    last = noted(alert.subject, facts)
    return (last.older, last.kind) if last else ("", "")


def hearers(finding: Finding, evaluation: EvaluationContext) -> tuple[Recipient, ...]:
    """Who is notified of a finding: operations, and of a proposal the leads of both teams. Where a
    ticket has no team, or no message reached its lead, operations stand in.
    """
    if finding.kind != SAME_MATTER or not isinstance(finding.reason, LooksAlike):
        return (Recipient(OPERATIONS),)
    leads = dict.fromkeys(_of_both(finding, finding.reason, evaluation))
    missed = [lead for lead in leads if _is_missed(lead, finding, evaluation)]
    if missed:
        leads[Recipient(OPERATIONS)] = None
    return tuple(leads)


def due_at(finding: Finding, evaluation: EvaluationContext) -> int:
    """When it was noted that both look alike; of any other finding now."""
    last = noted(finding.ticket, evaluation.case.facts)
    if finding.kind != SAME_MATTER or last is None:
        return evaluation.now
    return min(last.at, evaluation.now)


def _of_both(
    finding: Finding, reason: LooksAlike, evaluation: EvaluationContext
) -> Iterator[Recipient]:
    facts, policy = evaluation.case.facts, evaluation.policy
    younger = seen(finding.ticket, facts, policy)
    older = seen_before(finding.ticket, reason.other, facts)
    for ticket in (younger, older):
        yield from _leads(ticket.team if ticket else "", policy)


def _leads(team: str, policy: Policy) -> Iterator[Recipient]:
    audiences = [name for name, audience in policy.audiences.items() if audience.each == "team"]
    if not team or not audiences:
        yield Recipient(OPERATIONS)
        return
    for name in audiences:
        yield Recipient(name, team)


def _is_missed(lead: Recipient, finding: Finding, evaluation: EvaluationContext) -> bool:
    key = ClockKey(finding.ticket, PROPOSAL, finding.time)
    last = evaluation.case.notified(key.text, lead)
    return last is not None and last.outcome is Outcome.UNDELIVERABLE
