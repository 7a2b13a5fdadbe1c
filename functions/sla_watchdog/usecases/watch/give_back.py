"""Claims that were not sent are given back: due again at once, or after a pause that grows."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.drafts import Claim
from sla_watchdog.usecases.watch.pace import TickPace
from sla_watchdog.usecases.watch.ports import Outbox

RETRY_PAUSE, LONGEST_PAUSE = 60, 900
"""Seconds to the next try after a failed send: they double up to the longest, for ever."""


@frozen
class GiveBack:
    """When there is no time for that either, the lease of a claim runs out."""

    outbox: Outbox
    pace: TickPace
    books: Books

    def untried(self, claims: Iterable[Claim]) -> None:
        """There was no time for them: due at once."""
        for claim in claims:
            self._give_back(claim, self.books.now)
            self.books.result.left_due += 1

    def failed(self, claims: Iterable[Claim]) -> None:
        """Of those that failed: due after a pause. Why is in the books."""
        for claim in claims:
            pause = pause_after(claim.entry.attempts)
            self._give_back(claim, self.books.now + pause)
            self.books.result.retried += 1

    def _give_back(self, claim: Claim, until: int) -> None:
        self.books.waits_since(claim.draft.due_at)
        if self.pace.is_over():
            return
        case = self.books.cases[claim.case_id]
        entry = claim.entry
        with self.books.guarded(case.id):
            self.outbox.retry_later(case, entry.key, entry.token, until, entry.attempts)
            self.books.troubles.worked()


def pause_after(attempts: int) -> int:
    """Seconds."""
    doublings = min(attempts - 1, 10)
    return min(RETRY_PAUSE << doublings, LONGEST_PAUSE)
