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
from sla_watchdog.usecases.watch.pace import TickPace
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
    pace: TickPace
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
        for one in evaluated:
            case = one.case.id
            with self.books.guarded(case) as guard:
                cases.append(drafted(one))
                continue
            self.books.refuse_for_a_fault(case, guard)
        return cases

    def _send(self, claims: list[Claim]) -> None:
        first = claims[0]
        digest = first.entry.digest
        if digest:
            self._send_composed(self._composed_digest(digest, claims), digest)
        elif is_only_observed(first.recipient, self.live):
            self._observe(first)
        else:
            self._send_composed(self.composer.single(first))

    def _composed_digest(self, digest: str, claims: list[Claim]) -> Composed:
        """Many messages to one topic as one: its item is written before it is sent."""
        first = claims[0]
        destination = self.sender.reach.destination(first.recipient)
        names = [claim.name for claim in claims]
        with self.books.guarded(first.case_id):
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
            day = datetime.fromtimestamp(now, UTC).date().isoformat()
            end_of_day = (now // DAY + 1) * DAY
            line = observed_line(self.composer.notice(claim.draft))
            self.digests.append_observed(day, line, end_of_day)
            ending = Ending(Outcome.OBSERVED, "mode observe: not sent")
            self.settler.settle(claim.evaluated, claim.entry, ending)
            self.books.result.observed += 1
            return
        self.give_back.failed([claim])
