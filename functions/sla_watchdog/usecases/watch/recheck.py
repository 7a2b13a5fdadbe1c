"""Judge again: what was read too long ago is looked at once more before it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, field, frozen

from sla_watchdog.domain.escalation.case import DamagedItem
from sla_watchdog.usecases.judging import Evaluated, Evaluator
from sla_watchdog.usecases.judging.outlook import FRESH
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.drafts import Claim, Draft
from sla_watchdog.usecases.watch.reading import read_apart


@frozen
class Rechecked:
    """Claims as they were read last: `due` with the alerts that still are, `over` where none is,
    `failed` where that cannot be judged.
    """

    due: list[Claim] = field(factory=list)
    over: list[Claim] = field(factory=list)
    failed: list[Claim] = field(factory=list)


@frozen
class Recheck:
    evaluator: Evaluator
    books: Books

    def one(self, claim: Claim) -> Claim | None:
        """None where it is not due any more. Raises where it cannot be judged."""
        if self._is_fresh(claim):
            return claim
        case = claim.case_id
        evaluated = self.evaluator.evaluate([case], self.books.now)
        return self._still_due(claim, evaluated[case])

    def many(self, claims: Sequence[Claim]) -> Rechecked:
        """All by reads at most `FRESH` seconds old."""
        if all(self._is_fresh(claim) for claim in claims):
            return Rechecked(due=list(claims))
        cases = dict.fromkeys(claim.case_id for claim in claims)
        read = read_apart(self.evaluator, cases, self.books.now, self.books.troubles)
        rechecked = Rechecked()
        for claim in claims:
            if claim.case_id in read.unread:
                rechecked.failed.append(claim)
            else:
                self._sort_in(rechecked, claim, read.evaluated)
        return rechecked

    def _sort_in(
        self, rechecked: Rechecked, claim: Claim, evaluated: dict[str, Evaluated | DamagedItem]
    ) -> None:
        with self.books.guarded(claim.case_id):
            still_due = self._still_due(claim, evaluated[claim.case_id])
            if still_due is None:
                rechecked.over.append(claim)
            else:
                rechecked.due.append(still_due)
            return
        rechecked.failed.append(claim)

    def _is_fresh(self, claim: Claim) -> bool:
        return self.evaluator.clock() - claim.evaluated.read_at <= FRESH

    def _still_due(self, claim: Claim, evaluated: Evaluated | DamagedItem) -> Claim | None:
        """The claim under the new judgement, made as if its own entry were not there."""
        if isinstance(evaluated, DamagedItem):
            return None
        outbox = dict(evaluated.case.outbox)
        outbox.pop(claim.recipient.key, None)
        without_it = evolve(evaluated.case, outbox=outbox)
        plan = self.evaluator.plan(without_it, evaluated.facts, self.books.now)
        due = {alert.id for alert in plan.alerts}
        alerts = tuple(alert for alert in claim.draft.alerts if alert.id in due)
        if not alerts:
            return None
        draft = Draft(evolve(evaluated, plan=plan), alerts)
        return evolve(claim, draft=draft)
