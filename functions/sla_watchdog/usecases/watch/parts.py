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
from sla_watchdog.usecases.watch.operations import Operations, PutBack
from sla_watchdog.usecases.watch.pace import Pace
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
    pace: Pace
    books: Books


def parts_of(
    evaluator: Evaluator,
    stores: Stores,
    around: Around,
    reach: Reach,
    live_since: int,
    pace: Pace,
    books: Books,
) -> TickParts:
    operations = Operations(around.publisher, reach, books)
    delivery = _delivery(evaluator, stores, around, reach, live_since, pace, books)
    put_back = PutBack(stores.cases, operations, books)
    digests = _due_digests(evaluator, stores, around, operations, books)
    rounds = Rounds(evaluator, around.link, digests, delivery, put_back, books)
    return TickParts(rounds, operations, pace, books)


def _delivery(
    evaluator: Evaluator,
    stores: Stores,
    around: Around,
    reach: Reach,
    live_since: int,
    pace: Pace,
    books: Books,
) -> Delivery:
    live, tokens = evaluator.live, around.tokens
    settler = Settler(evaluator, stores.outbox, pace, books)
    give_back = GiveBack(stores.outbox, pace, books)
    links = Links(stores.alert_links, tokens, reach, around.link_base, books)
    digest_after = evaluator.policy.digest_after
    topics = stores.topic_counts
    sender = Sender(
        around.publisher, stores.digests, topics, reach, settler, give_back, pace, books
    )
    return Delivery(
        live=live,
        digests=stores.digests,
        lapsed=LapsedClaims(stores.digests, settler, books),
        plan=DigestPlan(digest_after, reach, live, live_since, tokens),
        claimer=Claimer(evaluator, stores.outbox, around.audit, tokens, pace, books),
        composer=Composer(evaluator, Recheck(evaluator, books), links, books),
        sender=sender,
        settler=settler,
        give_back=give_back,
        pace=pace,
        books=books,
    )


def _due_digests(
    evaluator: Evaluator, stores: Stores, around: Around, operations: Operations, books: Books
) -> DueDigests:
    observed = ObservedDigests(stores.digests, stores.cases, operations, books)
    missing = MissingRecipients(
        evaluator, stores.rosters, stores.cases, around.publisher, operations, books
    )
    return DueDigests(observed, missing, books)
