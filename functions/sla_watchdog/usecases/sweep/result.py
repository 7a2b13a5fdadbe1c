"""What a sweep saw and did."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.presentation.view.case_row import Trouble, standing_findings, trouble

NOTICED = 50
"""Texts kept of one call; the counts count all."""


@define
class SweepResult:
    """What the sweep of a segment saw and did. No name here may be one of a log record's own
    (`created`).

    `cases_open` are unresolved; some of them are at risk or breached, as `status` has it.
    `healed` drifted without a cause that is known, and is right again; `violations` are still
    there. `findings` are of what it wrote, `findings_open` all that people are to see to.
    `noticed` says both, with ids and names of attributes alone; `wrong` the violations.
    `recipients_missing` should get alerts and get none: people are notified of them, so the alarm
    on violations is left to what nobody is. `missing` are open tickets without a record, of the
    `cases_held` looked through while deletions are held. `problem` is why a page failed that is
    tried again. `tickets_ended` are resolved or closed. `whole` are the sums of all segments, of
    the last one to finish.
    """

    tickets: int = 0
    cases: int = 0
    cases_open: int = 0
    cases_at_risk: int = 0
    cases_breached: int = 0
    tickets_open: int = 0
    tickets_ended: int = 0
    missing: int = 0
    cases_held: int = 0
    new_cases: int = 0
    repaired: int = 0
    healed: int = 0
    violations: int = 0
    lost: int = 0
    recipients_missing: int = 0
    findings: int = 0
    findings_open: int = 0
    finished: bool = True
    problem: str = ""
    whole: Mapping[str, int] | None = None
    noticed: list[str] = field(factory=list)
    wrong: list[str] = field(factory=list)

    def counts(self, evaluated: Plan, now: int) -> None:
        self.tickets_open += sum(ticket.unresolved for ticket in evaluated.tickets)
        self.findings_open += len(standing_findings(evaluated, now))
        if not evaluated.unresolved:
            return
        how = trouble(evaluated, now)
        self.cases_open += 1
        self.cases_at_risk += how is Trouble.AT_RISK
        self.cases_breached += how is Trouble.BREACHED

    def heals(self, case: str, what: str) -> None:
        self.healed += 1
        _note(self.noticed, f"{case}: {what}: put right")

    def violated(self, case: str, what: str) -> None:
        self.violations += 1
        _note(self.noticed, f"{case}: {what}")
        _note(self.wrong, f"{case}: {what}")

    def misses(self, topic: str, why: str) -> None:
        self.recipients_missing += 1
        _note(self.noticed, f"topic {topic}: a recipient gets nothing: {why}")


def _note(texts: list[str], text: str) -> None:
    if len(texts) < NOTICED:
        texts.append(text)
