"""Digests that are due by themselves: what mode observe noted in a day, and recipients who are
missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from sla_watchdog.domain.escalation.absences import Absence, after_notifying, due_absences
from sla_watchdog.domain.escalation.subscribers import Roster
from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.text import Observed, Sent, render_absence, render_observed
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.operations import FIRST_PUT_BACK, LONGEST_PUT_BACK, Operations
from sla_watchdog.usecases.watch.ports import (
    RECIPIENTS,
    Cases,
    Digests,
    Due,
    Publisher,
    Rosters,
)


@frozen
class ObservedDigests:
    """The daily digest of mode observe, to operations: what would have been sent, and to whom."""

    digests: Digests
    cases: Cases
    operations: Operations
    books: Books

    def send(self, due: Due) -> None:
        digest = self.digests.read(due.digest)
        if digest is None:
            return
        now = self.books.now
        day = digest.id.removeprefix("observe-")
        message = render_observed(Observed(day, digest.lines, digest.count), now)
        sent = self.operations.tell(message)
        if sent is None:
            self._put_back(due)
            return
        self.digests.mark_sent(due.digest, now, sent)
        self.books.result.sent += 1

    def _put_back(self, due: Due) -> None:
        wait = LONGEST_PUT_BACK if self.operations.has_nobody() else FIRST_PUT_BACK
        self.cases.put_back(due, self.books.now + wait, "operations could not be told")
        self.books.result.retried += 1


@frozen
class Published:
    """Absences that SNS took, and why it could not take another ('': it took all, or refused
    some).
    """

    sent: list[Absence]
    problem: str


@frozen
class MissingRecipients:
    """Somebody who should get alerts gets none: the others, the next audience up and operations
    hear of it.
    """

    evaluator: Evaluator
    rosters: Rosters
    cases: Cases
    publisher: Publisher
    operations: Operations
    books: Books

    def notify(self, due: Due) -> None:
        absences = self._absences()
        published = self._publish(absences)
        result = self.books.result
        if published.sent:
            self.rosters.change(lambda roster: self._after(roster, published))
            result.sent += len(published.sent)
        if not published.problem:
            self.rosters.are_notified(due)
            return
        result.retried += len(absences) - len(published.sent)
        result.problem = published.problem
        self.cases.put_back(due, self.books.now + FIRST_PUT_BACK, published.problem)

    def _absences(self) -> Sequence[Absence]:
        evaluator = self.evaluator
        reachable = self.operations.reach.topics or {}
        roster = self.rosters.read()
        return due_absences(roster, reachable, evaluator.policy, self.books.now, evaluator.live)

    def _after(self, roster: Roster, published: Published) -> Roster:
        return after_notifying(roster, published.sent, self.books.now)

    def _publish(self, absences: Sequence[Absence]) -> Published:
        """What SNS refuses comes again with the next sweep."""
        sent, problem = [], ""
        for absence in absences:
            try:
                answer = self.publisher.publish(absence.to, render_absence(absence, self.books.now))
            except Unavailable as error:
                problem = self.books.diagnose(error).description
                continue
            if isinstance(answer, Sent):
                sent.append(absence)
        return Published(sent, problem)


@frozen
class DueDigests:
    observed: ObservedDigests
    missing: MissingRecipients
    books: Books

    def send(self, due: Due) -> None:
        """One that fails stays due, and stops no case."""
        with self.books.guarded(due.pk):
            if due.digest == RECIPIENTS:
                self.missing.notify(due)
            else:
                self.observed.send(due)
            self.books.troubles.worked()
            return
        self.books.waits_since(int(due.next_at))
