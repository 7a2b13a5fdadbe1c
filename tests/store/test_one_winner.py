"""Many at once, one winner: shown on the two engines that are atomic, and shown to need its
condition.

Sixteen threads do the same write at the same time. A barrier stands between what they read and
the first write of any of them, so each has seen the same. With the conditions as they are, one
wins. With conditions that always hold, all else being equal, more than one does: it is the
condition that decides, and the test would notice were it missing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from attrs import evolve, frozen

from sla_watchdog.adapters.dynamodb.sealing import joined
from sla_watchdog.adapters.dynamodb.watch import Settled, WatchStores
from sla_watchdog.domain.escalation.case import Case, Entry
from sla_watchdog.domain.tickets.facts import Fact, Facts
from store.samples import LEASE, NOW, Store, a_case, an_entry, audit_of, reached_by, renewed

THREADS = 16
ROUNDS = 4
WRITES = ("UpdateItem", "TransactWriteItems")


class Race:
    """Clients of the store's account whose first write waits until every thread is about to write."""

    def __init__(self, store: Store, *, conditions: bool) -> None:
        self.store = store
        self._barrier = threading.Barrier(THREADS, timeout=30)
        self._about_to_write = threading.local()
        events = store.client.meta.events
        for name in WRITES:
            if not conditions:
                events.register(f"provide-client-params.dynamodb.{name}", hold_always)
            events.register(f"before-call.dynamodb.{name}", self._wait_for_all)

    def _wait_for_all(self, **_: object) -> None:
        if getattr(self._about_to_write, "waits", False):
            self._about_to_write.waits = False
            self._barrier.wait()

    def run(self, act: Callable[[WatchStores, int], Any]) -> list[Any]:
        """What each thread's `act` answered."""

        def one(number: int) -> Any:
            self._about_to_write.waits = True
            return act(watch, number)

        watch = WatchStores.of(self.store.client, self.store.client, *self._names(), time.sleep)
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(one, range(THREADS)))

    def _names(self) -> tuple[str, str]:
        return self.store.names["watch"], self.store.names["audit"]


def hold_always(params: dict[str, Any], **_: object) -> None:
    """Makes every condition true, and leaves the names and values in it in use."""
    for request in [
        params,
        *(action.get("Update", {}) for action in params.get("TransactItems", [])),
    ]:
        if "ConditionExpression" in request:
            request["ConditionExpression"] += " OR attribute_exists(pk) OR attribute_not_exists(pk)"


@frozen
class Contest:
    """`prepare` a case (or nothing), `act` as one of sixteen, and tell by the answer who `won`."""

    prepare: Callable[[Store, int], Case | None]
    act: Callable[[WatchStores, Case | None, int], Any]
    won: Callable[[Any], bool] = bool


def new_case(number: int) -> Case:
    return a_case(f"T{number}", urgent=bool(number % 2))


def kept(store: Store, number: int) -> Case:
    return store.kept(new_case(number))


def claimed(store: Store, number: int) -> Case:
    case = store.watch.outbox.claim(
        kept(store, number), {an_entry().key: an_entry()}, NOW + LEASE, urgent=True
    )
    assert case is not None
    return case


def mine(number: int) -> Entry:
    return renewed(an_entry(), f"token of {number}")


def settle(watch: WatchStores, case: Case | None, number: int) -> Any:
    """Sixteen who all hold the right token, each with a request of its own."""
    assert case is not None
    [entry] = case.outbox.values()
    audit = [evolve(item, extra={"by": str(number)}) for item in audit_of(entry, case.id)]
    return watch.outbox.settle(
        case, entry.key, entry.token, reached_by(entry), audit, NOW + number, False, NOW
    )


def nothing(store: Store, number: int) -> None:
    """No case is needed; the lease of the round before is over."""


def refused_links(store: Store, number: int) -> Case:
    """A case, and beside it one that is the same matter."""
    store.kept(a_case(f"other of {number}"))
    return kept(store, number)


def link(watch: WatchStores, case: Case | None, number: int) -> bool:
    assert case is not None
    other = evolve(a_case(f"other of {case.id.removeprefix('T')}"), rev=1)
    return watch.linked_cases.link(
        evolve(joined(case, other), rev=1, next_at=NOW + number),
        [max(case, other, key=name_of)],
        [],
    )


def name_of(case: Case) -> str:
    """Both are of one age, so the first name stays."""
    return case.id


LONG = Facts.of(Fact("T", "status", NOW + number, f"status {number}") for number in range(1200))
"""More than a case's own item holds."""

CONTESTS = {
    "keep a new case": Contest(
        lambda _, number: new_case(number),
        lambda watch, case, number: watch.cases.keep(evolve(case, next_at=NOW + number), []),
    ),
    "keep": Contest(
        kept, lambda watch, case, number: watch.cases.keep(evolve(case, next_at=NOW + number), [])
    ),
    "keep what is to be sealed": Contest(
        kept,
        lambda watch, case, number: watch.cases.keep(
            evolve(case, facts=LONG, next_at=NOW + number), []
        ),
    ),
    "claim": Contest(
        kept,
        lambda watch, case, number: watch.outbox.claim(
            case, {mine(number).key: mine(number)}, NOW + LEASE, urgent=True
        ),
    ),
    "settle": Contest(claimed, settle, lambda answer: answer[0] is not Settled.LOST),
    "link": Contest(refused_links, link),
    "put back": Contest(
        kept,
        lambda watch, case, number: watch.cases.put_back(
            due_of(case), NOW + 60 + number, "no calendar"
        ),
    ),
    "run lease": Contest(
        nothing, lambda watch, case, number: watch.leases.take(f"run {number}", NOW, NOW + LEASE)
    ),
    "generation": Contest(
        nothing, lambda watch, case, number: watch.generations.of("a" * 64, NOW).is_new
    ),
    "digest": Contest(
        nothing,
        lambda watch, case, number: watch.digests.put(
            "d1", mine(0).alerts[0].recipient, [("T", str(number))], NOW
        ),
    ),
    "sweep": Contest(
        nothing, lambda watch, case, number: watch.sweeps.progress("s1", 4).start(NOW)
    ),
}


def due_of(case: Case | None) -> Any:
    from sla_watchdog.adapters.dynamodb.watch import Due

    assert case is not None
    assert case.next_at is not None
    return Due(case.id, f"C#{case.id}", case.next_at)


def winners(race: Race, contest: Contest, number: int) -> int:
    case = contest.prepare(race.store, number)
    return sum(map(contest.won, race.run(lambda watch, thread: contest.act(watch, case, thread))))


def forget(store: Store) -> None:
    """Only one item of the kind may ever be there: the next round starts without it."""
    for pk, sk in (("META", "lease"), ("META", "generation"), ("META", "sweep#s1"), ("D#d1", "W")):
        store.client.delete_item(
            TableName=store.names["watch"], Key={"pk": {"S": pk}, "sk": {"S": sk}}
        )


@pytest.mark.parametrize("contest", CONTESTS.values(), ids=CONTESTS)
def test_exactly_one_of_sixteen_wins(atomic_store: Store, contest: Contest) -> None:
    race = Race(atomic_store, conditions=True)
    won = []
    for number in range(ROUNDS):
        won.append(winners(race, contest, number))
        forget(atomic_store)
    assert won == [1] * ROUNDS


@pytest.mark.parametrize("contest", CONTESTS.values(), ids=CONTESTS)
def test_without_its_condition_more_than_one_wins(atomic_store: Store, contest: Contest) -> None:
    assert winners(Race(atomic_store, conditions=False), contest, 0) > 1


# ---------------------------------------------------------------- what the winner's write must hold


def test_the_outbox_holds_the_entry_of_the_one_who_won_the_claim(atomic_store: Store) -> None:
    race = Race(atomic_store, conditions=True)
    case = atomic_store.kept()
    claims = race.run(
        lambda watch, n: (
            watch.outbox.claim(case, {mine(n).key: mine(n)}, NOW + LEASE, urgent=True)
            and mine(n).token
        )
    )
    [token] = [claim for claim in claims if claim]
    assert [entry.token for entry in atomic_store.case().outbox.values()] == [token]
    assert atomic_store.case().rev == case.rev + 1


def test_one_settlement_is_recorded_once(atomic_store: Store) -> None:
    race = Race(atomic_store, conditions=True)
    case = claimed(atomic_store, 1)
    answers = race.run(lambda watch, n: settle(watch, case, n))
    [winner] = [n for n, (outcome, _) in enumerate(answers) if outcome is not Settled.LOST]
    assert {item.extra["by"] for item in atomic_store.audit.of_case("T1")} == {str(winner)}
    stored = atomic_store.case()
    assert (stored.rev, stored.outbox, stored.next_at) == (case.rev + 1, {}, NOW + winner)


def test_every_function_sees_one_generation(atomic_store: Store) -> None:
    race = Race(atomic_store, conditions=True)
    seen = race.run(lambda watch, n: watch.generations.of("a" * 64, NOW))
    assert {(each.number, each.since) for each in seen} == {(1, NOW)}


def learn(watch: WatchStores, name: str, number: int) -> int:
    """As `track` does: read, add a fact, keep; again when overtaken. How often it was overtaken."""
    for overtaken in range(20 * THREADS):
        case = watch.cases.read([name])[name]
        assert isinstance(case, Case)
        fact = Fact(name, "agent_reply", NOW + number, f"agent {number}")
        if watch.cases.keep(evolve(case, facts=case.facts | [fact]), []):
            return overtaken
    raise AssertionError("overtaken for ever")


@pytest.mark.parametrize("conditions", [True, False], ids=["conditional", "unconditional"])
def test_no_fact_is_lost_among_sixteen_writers(atomic_store: Store, conditions: bool) -> None:
    """Without conditions the last of those who read the same case would have the only word."""
    case = atomic_store.kept()
    Race(atomic_store, conditions=conditions).run(lambda watch, n: learn(watch, case.id, n))
    learned = len(atomic_store.case().facts) - len(case.facts)
    assert (learned == THREADS) is conditions


def test_an_alert_is_settled_and_no_fact_is_lost_while_records_keep_coming(
    atomic_store: Store,
) -> None:
    case = claimed(atomic_store, 1)
    [entry] = case.outbox.values()

    def act(watch: WatchStores, number: int) -> Any:
        return learn(watch, "T1", number) if number else settle(watch, case, number)

    outcome, _ = Race(atomic_store, conditions=True).run(act)[0]
    stored = atomic_store.case()
    assert outcome in {Settled.DONE, Settled.OVERTAKEN}
    assert (stored.outbox, stored.reached) == ({}, reached_by(entry))
    assert len(stored.facts) - len(case.facts) == THREADS - 1
    assert len(atomic_store.audit.of_case("T1")) == len(entry.alerts)


def test_lines_of_sixteen_writers_are_all_in_the_daily_digest(atomic_store: Store) -> None:
    race = Race(atomic_store, conditions=True)
    assert all(
        race.run(
            lambda watch, n: watch.digests.append_observed("2026-11-23", {"case": f"T{n}"}, NOW)
        )
    )
    digest = atomic_store.watch.digests.read("observe-2026-11-23")
    assert digest is not None
    assert sorted(str(line["case"]) for line in digest.lines) == sorted(
        f"T{n}" for n in range(THREADS)
    )
    assert digest.count == THREADS
