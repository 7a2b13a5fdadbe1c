"""The parts of a tick, put together."""

from __future__ import annotations

from attrs import frozen

from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.claim import Claimer
from sla_watchdog.usecases.watch.compose import Composer, Links
from sla_watchdog.usecases.watch.delivery import Delivery
from sla_watchdog.usecases.watch.digests import DigestPlan
from sla_watchdog.usecases.watch.drafts import Reach
from sla_watchdog.usecases.watch.due_digests import DueDigests, MissingRecipients, ObservedDigests
from sla_watchdog.usecases.watch.give_back import GiveBack
from sla_watchdog.usecases.watch.lapsed import LapsedClaims
from sla_watchdog.usecases.watch.message_counts import MessageCounts
from sla_watchdog.usecases.watch.operations import Operations, PutBack
from sla_watchdog.usecases.watch.pace import TickPace
from sla_watchdog.usecases.watch.ports import AuditLog, Diagnose, Link, Publisher, Stores, Tokens
from sla_watchdog.usecases.watch.recheck import Recheck
from sla_watchdog.usecases.watch.round import Rounds
from sla_watchdog.usecases.watch.send import Sender
from sla_watchdog.usecases.watch.settle import Settler


@frozen
class Around:
    """What a tick works with beside its stores. `link_base` is where links lead, '' for none."""

    audit: AuditLog
    publisher: Publisher
    tokens: Tokens
    diagnose: Diagnose
    link: Link
    link_base: str = ""


@frozen
class TickParts:
    rounds: Rounds
    operations: Operations
    counts: MessageCounts
    pace: TickPace
    books: Books


@frozen
class TickKit:
    """What the parts of a tick are made of."""

    evaluator: Evaluator
    stores: Stores
    around: Around
    reach: Reach
    pace: TickPace
    books: Books

    def parts(self, live_since: int) -> TickParts:
        books = self.books
        operations = Operations(self.around.publisher, self.reach, books)
        put_back = PutBack(self.stores.cases, operations, books)
        counts = MessageCounts(self.evaluator, self.stores.recent_messages, books)
        delivery = self._delivery(live_since, counts)
        digests = self._due_digests(operations)
        rounds = Rounds(self.evaluator, self.around.link, digests, delivery, put_back, books)
        return TickParts(rounds, operations, counts, self.pace, books)

    def _delivery(self, live_since: int, counts: MessageCounts) -> Delivery:
        stores, books = self.stores, self.books
        settler = Settler(self.evaluator, stores.outbox, self.pace, books)
        give_back = GiveBack(stores.outbox, self.pace, books)
        return Delivery(
            live=self.evaluator.live,
            digests=stores.digests,
            lapsed=LapsedClaims(stores.digests, settler, books),
            plan=self._digest_plan(live_since, counts),
            claimer=self._claimer(),
            composer=self._composer(),
            sender=self._sender(settler, give_back, counts),
            settler=settler,
            give_back=give_back,
            pace=self.pace,
            books=books,
        )

    def _digest_plan(self, live_since: int, counts: MessageCounts) -> DigestPlan:
        return DigestPlan(
            digest_after=self.evaluator.policy.digest_after,
            reach=self.reach,
            live=self.evaluator.live,
            live_since=live_since,
            tokens=self.around.tokens,
            counts=counts,
        )

    def _claimer(self) -> Claimer:
        return Claimer(
            evaluator=self.evaluator,
            outbox=self.stores.outbox,
            audit=self.around.audit,
            tokens=self.around.tokens,
            pace=self.pace,
            books=self.books,
        )

    def _composer(self) -> Composer:
        links = Links(
            store=self.stores.alert_links,
            tokens=self.around.tokens,
            reach=self.reach,
            base=self.around.link_base,
            books=self.books,
        )
        recheck = Recheck(self.evaluator, self.books)
        return Composer(self.evaluator, recheck, links, self.books)

    def _sender(self, settler: Settler, give_back: GiveBack, counts: MessageCounts) -> Sender:
        return Sender(
            publisher=self.around.publisher,
            digests=self.stores.digests,
            topic_counts=self.stores.topic_counts,
            reach=self.reach,
            settler=settler,
            give_back=give_back,
            counts=counts,
            pace=self.pace,
            books=self.books,
        )

    def _due_digests(self, operations: Operations) -> DueDigests:
        stores, books = self.stores, self.books
        observed = ObservedDigests(stores.digests, stores.cases, operations, books)
        missing = MissingRecipients(
            evaluator=self.evaluator,
            rosters=stores.rosters,
            cases=stores.cases,
            publisher=self.around.publisher,
            operations=operations,
            books=books,
        )
        return DueDigests(observed, missing, books)
