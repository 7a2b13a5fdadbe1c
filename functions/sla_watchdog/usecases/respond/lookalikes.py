"""Whether two tickets that look alike are one matter: what is shown of them, and what is noted of
the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.seen_tickets import seen
from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Alert, Case
from sla_watchdog.domain.escalation.proposals import PROPOSAL, Proposal
from sla_watchdog.domain.tickets.lookalikes import answered
from sla_watchdog.usecases.judging import Evaluated, Evaluator
from sla_watchdog.usecases.respond.ports import AlertLink, AlertLinks


@frozen
class LookalikeAnswers:
    evaluator: Evaluator
    links: AlertLinks

    def as_they_stand(self, proposals: Iterable[Proposal]) -> Iterator[Proposal]:
        """With the older ticket as it stands now, where its case can be read."""
        for proposal in proposals:
            name = proposal.name_of_older
            case = self.evaluator.stores.cases.read([name]).get(name)
            stands = None
            if isinstance(case, Case):
                stands = seen(name, case.facts, self.evaluator.policy)
            yield evolve(proposal, older=stands or proposal.older)

    def note(
        self, evaluated: Evaluated, asked: Proposal, same: bool, link: AlertLink, now: int
    ) -> bool:
        alert = _alert_about(asked, link)
        by = alert.recipient.key
        fact = answered(asked.younger.id, now, asked.name_of_older, same, by)
        before = evaluated.case
        case, plan = self.evaluator.surely_timed(evolve(before, facts=before.facts | [fact]), now)
        record = _judged(case.id, asked, alert, same, now)
        return self.links.judge(case, plan.findings, record)


def _alert_about(asked: Proposal, link: AlertLink) -> Alert:
    alerts = link.entry.alerts
    for alert in alerts:
        if alert.clock == PROPOSAL and alert.subject == asked.younger.id:
            return alert
    return alerts[0]


def _judged(case: str, asked: Proposal, alert: Alert, same: bool, now: int) -> AuditItem:
    answer = Answer.SAME_MATTER if same else Answer.NOT_SAME_MATTER
    verdict = "are one matter" if same else "are not one matter"
    recipient = alert.recipient.key
    return AuditItem(
        case=case,
        at=now,
        alert_id=f"{alert.id}/{answer.value}",
        outcome=answer,
        reason=f"{asked.younger.id} and {asked.name_of_older} {verdict}, said {recipient}",
        extra={"ref": alert.ref, "recipient": recipient, "other": asked.name_of_older},
    )
