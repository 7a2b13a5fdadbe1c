"""Send: one message to one topic, and what became of it for each claim that it carried."""

from __future__ import annotations

from collections import Counter

from attrs import define, field

from sla_watchdog.domain.escalation.case import Outcome, Recipient
from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.text import Message, NoTopic, Refused, Sent
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.drafts import Claim, Reach
from sla_watchdog.usecases.watch.give_back import GiveBack
from sla_watchdog.usecases.watch.message_counts import MessageCounts
from sla_watchdog.usecases.watch.pace import TickPace
from sla_watchdog.usecases.watch.ports import Digests, Publisher, TopicCounts
from sla_watchdog.usecases.watch.settle import Ending, Settler

GIVE_UP_AFTER = 2
"""Failed sends to one topic in a row, after which the rest for it waits for the next tick; other
topics may work.
"""

Answer = Sent | NoTopic | Refused


@define
class Sender:
    """Publishes, and settles what was published. It counts the failures of each topic in a row."""

    publisher: Publisher
    digests: Digests
    topic_counts: TopicCounts
    reach: Reach
    settler: Settler
    give_back: GiveBack
    counts: MessageCounts
    pace: TickPace
    books: Books
    _failures: Counter[Recipient] = field(init=False, factory=Counter)
    _gone: set[str] = field(init=False, factory=set)

    def send(self, message: Message, claims: list[Claim], digest: str = "") -> None:
        """One publish for all claims, which have one destination; `digest` names it where it is
        one.
        """
        destination = self.reach.destination(claims[0].recipient)
        has_failed_enough = self._failures[destination] >= GIVE_UP_AFTER
        if not self.pace.has_time() or has_failed_enough:
            self.give_back.untried(claims)
            return
        answer = self._publish(message, claims, destination)
        if answer is None:
            self.give_back.failed(claims)
            return
        if isinstance(answer, NoTopic):
            self._note_gone(destination)
        if not isinstance(answer, Sent):
            self._not_delivered(claims, destination, str(answer))
            return
        if digest:
            self._mark_sent(digest, answer.message_id, claims)
            self.books.result.digested += len(claims)
        if self.reach.nobody(destination):
            self._not_delivered(claims, destination, "its topic has no confirmed subscription")
            return
        self.books.result.sent += 1
        if not digest and not claims[0].draft.in_digest:
            self.counts.sent(destination)
        self._delivered(claims, answer, digest)

    def _publish(
        self, message: Message, claims: list[Claim], destination: Recipient
    ) -> Answer | None:
        """None where it failed, which may mean that only the answer was lost."""
        with self.books.guarded(claims[0].case_id):
            try:
                answer = self.publisher.publish(destination, message)
            except Unavailable as problem:
                self._failures[destination] += 1
                self.books.result.problem = str(problem)
                return None
            self.books.troubles.worked()
            self._failures[destination] = 0
            return answer
        return None

    # ------------------------------------------------------------ what became of it

    def _delivered(self, claims: list[Claim], answer: Sent, digest: str) -> None:
        extra = {"topic": answer.topic, "message_id": answer.message_id}
        outcome = Outcome.SENT
        if digest:
            extra = {"digest": digest, **extra}
            outcome = Outcome.IN_DIGEST
        result = self.books.result
        for claim in claims:
            if digest and self.pace.is_over():
                # its claim lapses, and the mark on the digest says that it was sent
                result.left_due += 1
                continue
            lag = self.books.now - claim.draft.since
            result.lag_seconds = max(result.lag_seconds, lag)
            alerts = claim.draft.alerts
            self._settle(claim, Ending(outcome, worded(alerts[0].reason), extra, alerts))

    def _not_delivered(self, claims: list[Claim], destination: Recipient, why: str) -> None:
        """Nobody is there. A topic of urgent alerts may be empty; for an audience, the next level
        is notified.
        """
        outcome = Outcome.SUPPRESSED if destination.urgent else Outcome.UNDELIVERABLE
        extra = {"topic": destination.name}
        for claim in claims:
            self._settle(claim, Ending(outcome, why, extra, claim.draft.alerts))
            if destination.urgent:
                self.books.result.suppressed += 1
            else:
                self.books.result.undeliverable += 1
                self.books.again.add(claim.case_id)

    def _settle(self, claim: Claim, ending: Ending) -> None:
        self.settler.settle(claim.evaluated, claim.entry, ending)

    def _mark_sent(self, digest: str, message_id: str, claims: list[Claim]) -> None:
        """For the claims that lapse before they are settled. Where it fails, those alone are sent a
        second time.
        """
        with self.books.guarded(f"digest {digest}"):
            carried = [claim.entry.token for claim in claims]
            self.digests.mark_sent(digest, self.books.now, message_id, carried)

    def _note_gone(self, destination: Recipient) -> None:
        """So that the next count sees that the topic is back: who was not notified meanwhile is
        notified then.
        """
        counted = self.reach.topics or {}
        for topic in (destination.name, destination.everyone.name):
            if not counted.get(topic) or topic in self._gone:
                continue
            self._gone.add(topic)
            with self.books.guarded(f"topic {topic}"):
                self.topic_counts.is_gone(topic)
