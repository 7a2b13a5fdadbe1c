"""Claims of a tick that died: what must be put right before the case is claimed again."""

from __future__ import annotations

from collections.abc import Collection

from attrs import frozen

from sla_watchdog.domain.escalation.case import Entry, Outcome
from sla_watchdog.usecases.judging import Evaluated
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.ports import Digests
from sla_watchdog.usecases.watch.settle import Ending, Settler


@frozen
class LapsedClaims:
    digests: Digests
    settler: Settler
    books: Books

    def is_done_with(self, evaluated: Evaluated) -> bool:
        """Whether nothing is to be claimed of the case: it is judged again in this tick, or stays
        due for the next.
        """
        with self.books.guarded(evaluated.case.id):
            return self._settle_all(evaluated)
        for entry in evaluated.case.outbox.values():
            self.books.waits_since(entry.alerts[0].due_at)
        return True

    def _settle_all(self, evaluated: Evaluated) -> bool:
        self.books.cases[evaluated.case.id] = evaluated.case
        due = {alert.recipient.key for alert in evaluated.plan.alerts}
        has_settled = False
        for entry in evaluated.case.outbox.values():
            is_lapsed = entry.until <= self.books.now
            if is_lapsed and self._settle(evaluated, entry, due):
                has_settled = True
        if has_settled:
            self.books.again.add(evaluated.case.id)
        return has_settled

    def _settle(self, evaluated: Evaluated, entry: Entry, due: Collection[str]) -> bool:
        """Whether it is over: its digest carried it, or nothing is due for it now. Else it is to be
        sent again.
        """
        if entry.digest and self.digests.is_sent(entry.digest, entry.token):
            sent = Ending(Outcome.IN_DIGEST, "its digest was sent", {"digest": entry.digest})
            self.settler.settle(evaluated, entry, sent)
            return True
        if entry.key not in due:
            reason = "no longer due when its claim was judged again"
            self.settler.settle(evaluated, entry, Ending(Outcome.WITHDRAWN, reason))
            self.books.result.withdrawn += 1
            return True
        self.books.waits_since(entry.alerts[0].due_at)
        return False
