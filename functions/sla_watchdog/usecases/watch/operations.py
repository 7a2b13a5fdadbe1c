"""What operations learn of the watchdog itself."""

from __future__ import annotations

from attrs import frozen

from sla_watchdog.domain.escalation.case import OPERATIONS, DamagedItem, Recipient
from sla_watchdog.domain.escalation.deletions import Deletions
from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.text import Message, Sent, render
from sla_watchdog.presentation.text.deletions import held_text
from sla_watchdog.presentation.view.notice import Notice, finding_notice
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.drafts import Reach
from sla_watchdog.usecases.watch.ports import Cases, Due, HeldDeletions, Publisher

FIRST_PUT_BACK, LONGEST_PUT_BACK = 60, 3600
"""Seconds for which a case that cannot be judged is put back; doubling up to an hour."""

DAY = 86_400

TOLD_AGAIN_AFTER = 24
"""Failures in a row after which operations are notified once more; by then they are an hour apart.
"""


@frozen
class Operations:
    publisher: Publisher
    reach: Reach
    books: Books

    def has_nobody(self) -> bool:
        return self.reach.nobody(Recipient(OPERATIONS))

    def tell(self, message: Message) -> str | None:
        """The message id, '' where operations have no topic; None while SNS cannot be used or
        nobody is there.
        """
        if self.has_nobody():
            self.books.result.undeliverable += 1
            return None
        try:
            answer = self.publisher.publish(Recipient(OPERATIONS), message)
        except Unavailable:
            return None
        if isinstance(answer, Sent):
            return answer.message_id
        return ""

    def tell_finding(self, finding: Notice) -> bool:
        """Whether they were notified, or have no topic."""
        return self.tell(render(finding, self.books.now)) is not None


@frozen
class PutBack:
    """A case that cannot be read or judged never stops the others: it comes again later, and
    later.
    """

    cases: Cases
    operations: Operations
    books: Books

    def put_back(self, due: Due, damaged: DamagedItem) -> None:
        """Operations are notified the first time, and about once a day while it lasts; before the
        write, since a message too many beats one too few. Where they could not be, the failure
        does not count, and they are notified the next time.
        """
        books = self.books
        with books.guarded(damaged.case):
            counts = self._is_told_already(damaged) or self._tell(damaged)
            until = books.now + wait_after(damaged.failures)
            self.cases.put_back(due, until, damaged.reason, counts=counts)
            books.troubles.worked()
            books.result.put_back += 1
            return
        books.waits_since(int(due.next_at))  # it stays due, and the next tick tries again

    def _is_told_already(self, damaged: DamagedItem) -> bool:
        return damaged.failures % TOLD_AGAIN_AFTER != 0

    def _tell(self, damaged: DamagedItem) -> bool:
        finding = finding_notice(damaged.case, "judgement", damaged.reason, self.books.now)
        return self.operations.tell_finding(finding)


def wait_after(failures: int) -> int:
    """Seconds."""
    doublings = min(failures, 10)
    return min(FIRST_PUT_BACK << doublings, LONGEST_PUT_BACK)


@frozen
class DeletionReport:
    """Operations are notified once deletions are held, and daily while they are."""

    deletions: HeldDeletions
    evaluator: Evaluator
    operations: Operations
    books: Books

    def report(self) -> None:
        """Where that fails the next tick reports it, and no case waits for it."""
        with self.books.guarded("deletions"):
            if self._may_be_due():
                self._report()

    def _may_be_due(self) -> bool:
        """Without a read: what is held asks for a sweep, so a swept tick without cases has nothing
        new.
        """
        if self.evaluator.generation.swept and not self.books.result.due:
            return False
        return self.evaluator.context.deletions_held_since is not None

    def _report(self) -> None:
        now = self.books.now
        deletions = self.deletions.read(now)
        is_reported = now < deletions.reported_at + DAY
        if deletions.held_since is None or is_reported:
            return
        if not self.operations.tell_finding(_held(deletions, deletions.held_since, now)):
            self.books.result.retried += 1
            return
        self.deletions.reported(now)
        self.books.result.sent += 1


def _held(deletions: Deletions, since: int, now: int) -> Notice:
    """Each day's notice has an id of its own, and so has each hold's."""
    day = (now - since) // DAY
    return finding_notice("Tickets table", "deletions", held_text(deletions), now, since, day)
