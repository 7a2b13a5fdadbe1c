"""Claim: what is due for a case is put into its outbox, under tokens and a lease, in one write.

Only a claim that was settled counts as notified. A process that dies in between leaves claims that
lapse and are judged again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import Case, Entry
from sla_watchdog.domain.escalation.wakeup import Wakeup
from sla_watchdog.errors import Unavailable, Unstorable
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.usecases.judging import Evaluated, Evaluator
from sla_watchdog.usecases.lease import LEASE
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.drafts import Claim, Draft, DraftedCase, Name
from sla_watchdog.usecases.watch.pace import TickPace
from sla_watchdog.usecases.watch.ports import AuditLog, Outbox, Tokens
from sla_watchdog.usecases.watch.records import record_of


@frozen
class Claimer:
    evaluator: Evaluator
    outbox: Outbox
    audit: AuditLog
    tokens: Tokens
    pace: TickPace
    books: Books

    def claim_in_time(
        self, cases: Iterable[DraftedCase], digest_of: Mapping[Name, str]
    ) -> list[Claim]:
        """No more than can be sent and settled before the time is up, the most pressing first; the
        rest stays due.
        """
        claims: list[Claim] = []
        waiting = deque(sorted(cases, key=lambda case: case.claim_order))
        while waiting and self.pace.has_time_for(len(claims)):
            claims += self._claim_or_put_off(waiting.popleft(), digest_of)
        self.books.result.left_due += len(waiting)
        return claims

    def _claim_or_put_off(self, case: DraftedCase, digest_of: Mapping[Name, str]) -> list[Claim]:
        """Where a service fails, the case stays due, or its claim lapses; where the program does,
        it is put back.
        """
        with self.books.guarded(case.case_id) as guard:
            claims = self._claim(case, digest_of)
            self.books.troubles.worked()
            return claims
        for draft in case.drafts:
            self.books.waits_since(draft.due_at)
        self.books.refuse_for_a_fault(case.case_id, guard)
        return []

    def _claim(self, drafted: DraftedCase, digest_of: Mapping[Name, str]) -> list[Claim]:
        """The claims of one case; none when the race was lost, or nothing is due."""
        evaluated = drafted.evaluated
        self._put_on_record(evaluated)
        case = self.evaluator.with_breaches(evaluated.case, evaluated.plan)
        entries = self._entries(case, drafted.drafts, digest_of)
        wakeup = self._wakeup(case, entries, evaluated)
        if not entries and self._changes_nothing(case, wakeup, evaluated):
            return []
        if not self._write(drafted, case, entries, wakeup):
            return []
        self.books.result.claimed += len(entries)
        return [Claim(Draft(evaluated, entry.alerts), entry) for entry in entries.values()]

    def _entries(
        self, case: Case, drafts: Iterable[Draft], digest_of: Mapping[Name, str]
    ) -> dict[str, Entry]:
        entries = {}
        for draft in drafts:
            key = draft.recipient.key
            before = case.outbox.get(key)
            tried = before.attempts if before else 0
            entries[key] = Entry(
                token=self.tokens.token(),
                until=self.books.now + LEASE,
                alerts=draft.alerts,
                digest=digest_of[draft.name],
                attempts=tried + 1,
            )
        return entries

    def _wakeup(self, case: Case, entries: Mapping[str, Entry], evaluated: Evaluated) -> Wakeup:
        now = self.books.now
        outbox = {**case.outbox, **entries}
        after = evolve(case, outbox=outbox)
        following = self.evaluator.plan(after, evaluated.facts, now)
        return self.evaluator.wakeup_for(following, after, now)

    def _changes_nothing(self, case: Case, wakeup: Wakeup, evaluated: Evaluated) -> bool:
        if wakeup != Wakeup(case.next_at, case.urgent) or wakeup.at == self.books.now:
            return False
        return case.breached == evaluated.case.breached

    def _write(
        self, drafted: DraftedCase, case: Case, entries: Mapping[str, Entry], wakeup: Wakeup
    ) -> bool:
        self.pace.claiming.count += 1
        try:
            stored = self.outbox.claim(case, entries, wakeup.at, wakeup.urgent)
        except Unstorable as problem:
            self.books.refused[case.id] = str(problem)
            return False
        if drafted.exceeds_claim or stored is None:
            self.books.again.add(case.id)
        if stored is None:
            self.books.result.lost += 1
            return False
        self.books.cases[case.id] = stored
        return True

    def _put_on_record(self, evaluated: Evaluated) -> None:
        """Levels that came due and wait are in the audit with their reason; the same again changes
        nothing.
        """
        case = evaluated.case.id
        now = self.books.now
        records = []
        for decision in evaluated.plan.decisions:
            reason = f"{worded(decision.reason)}; waits until {decision.until}"
            records.append(record_of(case, decision.alert, decision.outcome, reason, now))
        if not records:
            return
        try:
            self.audit.put(records)
        except Unavailable as problem:
            self.books.result.problem = str(problem)
            self.outbox.wait_for_audit(case, records)
        self.books.result.deferred += len(records)
