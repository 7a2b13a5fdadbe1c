"""Delivery in stages: draft, claim, compose, send, settle. What fails of one case puts off that
case and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from attrs import frozen

from sla_watchdog.domain.escalation.case import Outcome
from sla_watchdog.presentation.text import observed_line
from sla_watchdog.usecases.judging import Evaluated
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.claim import Claimer
from sla_watchdog.usecases.watch.compose import Composed, Composer
from sla_watchdog.usecases.watch.digests import DigestPlan, is_only_observed
from sla_watchdog.usecases.watch.drafts import Claim, DraftedCase, drafted, messages_in_order
from sla_watchdog.usecases.watch.give_back import GiveBack
from sla_watchdog.usecases.watch.lapsed import LapsedClaims
from sla_watchdog.usecases.watch.pace import Pace
from sla_watchdog.usecases.watch.ports import Digests
from sla_watchdog.usecases.watch.send import Sender
from sla_watchdog.usecases.watch.settle import Ending, Settler

DAY = 86_400


@frozen
class Delivery:
    live: bool
    digests: Digests
    lapsed: LapsedClaims
    plan: DigestPlan
    claimer: Claimer
    composer: Composer
    sender: Sender
    settler: Settler
    give_back: GiveBack
    pace: Pace
    books: Books

    def deliver(self, evaluated: Iterable[Evaluated]) -> None:
        """Claim what is due and there is time for, then send it: urgent first, then what has been
        due the longest.
        """
        with self.pace.sending:
            open_cases = [case for case in evaluated if not self.lapsed.is_done_with(case)]
        cases = self._drafted(open_cases)
        digest_of = self.plan.digest_of(draft for case in cases for draft in case.drafts)
        with self.pace.claiming:
            claims = self.claimer.claim_in_time(cases, digest_of)
        with self.pace.sending:
            for message in messages_in_order(claims):
                # where what follows a publish fails, the claims lapse
                with self.books.guarded(message[0].case_id):
                    self._send(message)

    def _drafted(self, evaluated: Iterable[Evaluated]) -> list[DraftedCase]:
        cases = []
        for each in evaluated:
            with self.books.guarded(each.case.id) as guard:
                cases.append(drafted(each))
                continue
            self.books.refuse_for_a_fault(each.case.id, guard)
        return cases

    def _send(self, claims: list[Claim]) -> None:
        digest = claims[0].entry.digest
        if digest:
            self._send_digest(digest, claims)
        elif is_only_observed(claims[0].recipient, self.live):
            self._observe(claims[0])
        else:
            self._send_composed(self.composer.single(claims[0]))

    def _send_digest(self, digest: str, claims: list[Claim]) -> None:
        """Many messages to one topic as one: the item first, one send, one mark, then member by
        member.
        """
        self._send_composed(self._composed_digest(digest, claims), digest)

    def _composed_digest(self, digest: str, claims: list[Claim]) -> Composed:
        destination = self.sender.reach.destination(claims[0].recipient)
        names = [claim.name for claim in claims]
        with self.books.guarded(claims[0].case_id):
            self.digests.put(digest, destination, names, self.books.now)
            return self.composer.digest(digest, claims, destination)
        return Composed(failed=claims)

    def _send_composed(self, composed: Composed, digest: str = "") -> None:
        self.give_back.failed(composed.failed)
        for claim in composed.over:
            self._withdraw(claim, "its digest was" if digest else "it was")
        if composed.message is not None:
            self.sender.send(composed.message, composed.claims, digest)

    def _withdraw(self, claim: Claim, what: str) -> None:
        self.books.result.withdrawn += 1
        ending = Ending(Outcome.WITHDRAWN, f"not due any more when {what} to be sent")
        self.settler.settle(claim.evaluated, claim.entry, ending)

    def _observe(self, claim: Claim) -> None:
        """Mode observe: noted for the daily digest and in the audit, sent to nobody."""
        now = self.books.now
        with self.books.guarded(claim.case_id):
            end_of_day = (now // DAY + 1) * DAY
            day = datetime.fromtimestamp(now, UTC).date().isoformat()
            line = observed_line(self.composer.notice(claim.draft))
            self.digests.append_observed(day, line, end_of_day)
            ending = Ending(Outcome.OBSERVED, "mode observe: not sent")
            self.settler.settle(claim.evaluated, claim.entry, ending)
            self.books.result.observed += 1
            return
        self.give_back.failed([claim])
