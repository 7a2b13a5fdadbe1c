"""Cases become one while everybody else goes on: nothing is lost, and in the end there is one case.

Shown on engines that are atomic, and shown to need the conditions.
"""

from __future__ import annotations

import itertools
from time import monotonic
from typing import Any

import pytest
from attrs import evolve

from building import policy
from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.dynamodb.sealing import joined
from sla_watchdog.adapters.dynamodb.watch import Generation, Settled, WatchStores
from sla_watchdog.domain.escalation.case import Case, DamagedItem, Entry, Recipient
from sla_watchdog.domain.tickets.facts import Fact
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.track.linking import Linker
from store.samples import LEASE, NOW, Store, a_case, an_entry, audit_of, reached_by
from store.test_one_winner import THREADS, Race

OLD, YOUNG = "T1", "T2"


def two_of_one_matter(store: Store) -> None:
    """Each its own case; the younger's facts name the older."""
    store.kept(a_case(OLD))
    young = a_case(YOUNG)
    facts = [Fact(YOUNG, "created", NOW - 7000), Fact(YOUNG, "follow_up_of", NOW - 60, OLD)]
    store.kept(evolve(young, facts=young.facts | facts))


def linker(store: Store, watch: WatchStores) -> Linker:
    evaluator = Evaluator(
        policy(),
        store.tickets(),
        watch,
        live=True,
        clock=monotonic,
        generation=Generation(3, NOW - 9000, False),
    )
    return Linker(evaluator, watch)


def learn(watch: WatchStores, name: str, number: int) -> Fact:
    """As `track` does: read, add a fact, keep; again when overtaken."""
    fact = Fact(name, "agent_reply", NOW + number, f"agent {number}")
    for _ in range(40 * THREADS):
        case = watch.cases.read([name])[name]
        assert isinstance(case, Case), case
        seen = {**case.seen, f"{name} of {number}": str(number)}
        if watch.cases.keep(evolve(case, facts=case.facts | [fact], seen=seen), []):
            return fact
    raise AssertionError("overtaken for ever")


def tell(watch: WatchStores, name: str, number: int) -> Entry:
    """As ticks do: read, claim, settle; again when the claim was lost."""
    entry = an_entry(Recipient(f"audience {number}"), token=f"token {number}", until=NOW + LEASE)
    for _ in range(40 * THREADS):
        case = watch.cases.read([name])[name]
        assert isinstance(case, Case), case
        claimed = watch.outbox.claim(case, {entry.key: entry}, NOW + LEASE, urgent=False)
        if claimed is not None:
            audit = audit_of(entry, case.id)
            outcome, _ = watch.outbox.settle(
                claimed, entry.key, entry.token, reached_by(entry), audit, NOW + 60, False, NOW
            )
            assert outcome is not Settled.LOST, "nothing was joined under a message on its way"
            return entry
    raise AssertionError("overtaken for ever")


def work(store: Store, watch: WatchStores, number: int) -> Any:
    """Four link, six learn, six tell; of either ticket."""
    name = (OLD, YOUNG)[number % 2]
    if number < 4:
        return [linker(store, watch).link(YOUNG, NOW) for _ in range(3)]
    return learn(watch, name, number) if number < 10 else tell(watch, name, number)


def test_linkers_beside_track_and_ticks_lose_nothing_and_end_in_one_case(
    atomic_store: Store,
) -> None:
    two_of_one_matter(atomic_store)
    race = Race(atomic_store, conditions=True)
    done = race.run(lambda watch, number: work(atomic_store, watch, number))
    linker(atomic_store, atomic_store.watch).link(YOUNG, NOW)
    case = atomic_store.case()
    assert atomic_store.watch.cases.read([YOUNG])[YOUNG] == case
    assert set(atomic_store.stored(f"C#{YOUNG}")) == {"pk", "sk", "moved_to", "rev"}
    assert set(done[4:10]) <= set(case.facts), "every fact is in"
    assert {f"{(OLD, YOUNG)[n % 2]} of {n}" for n in range(4, 10)} <= set(case.seen)
    levels = [reached_by(entry) for entry in done[10:]]
    assert case.reached == {key: level for each in levels for key, level in each.items()}
    assert case.outbox == {}


@pytest.mark.parametrize("conditions", [True, False], ids=["conditional", "unconditional"])
def test_no_fact_is_lost_between_linkers_and_track(atomic_store: Store, conditions: bool) -> None:
    """Without conditions a case read before it was moved would be written where nobody reads it, or
    over the other.
    """
    two_of_one_matter(atomic_store)
    race = Race(atomic_store, conditions=conditions)

    def act(watch: WatchStores, number: int) -> Any:
        if number < 4:
            return linker(atomic_store, watch).link(YOUNG, NOW)
        return learn(watch, (OLD, YOUNG)[number % 2], number)

    done = race.run(act)
    linker(atomic_store, atomic_store.watch).link(YOUNG, NOW)
    kept = set(atomic_store.case().facts)
    assert (set(done[4:]) <= kept) is conditions


def test_sixteen_names_that_meet_in_one_case_of_the_desk_are_one_case(atomic_store: Store) -> None:
    """Each of sixteen trackers keeps a new ticket and links it, at once."""
    race = Race(atomic_store, conditions=True)

    def act(watch: WatchStores, number: int) -> Any:
        case = a_case(f"T{number}")
        assert watch.cases.keep(
            evolve(case, facts=case.facts | [Fact(case.id, "case_id", NOW, "matter 7")]), []
        )
        return linker(atomic_store, watch).link(case.id, NOW)

    race.run(act)
    for number in range(THREADS):
        linker(atomic_store, atomic_store.watch).link(f"T{number}", NOW)
    found = atomic_store.watch.cases.read(
        [*(f"T{number}" for number in range(THREADS)), "matter 7"]
    )
    assert {case.id for case in found.values() if isinstance(case, Case)} == {found["T0"].id}  # type: ignore[union-attr]
    assert len(atomic_store.case().facts.tickets()) == THREADS


# ---------------------------------------------------------------- one at a time, on every engine


def test_a_joined_case_holds_what_both_knew_and_the_other_points_there(store: Store) -> None:
    old, young = store.kept(a_case(OLD)), store.kept(a_case(YOUNG, next_at=NOW - 5))
    both = evolve(joined(young, old), next_at=NOW + 9)
    assert store.watch.linked_cases.link(both, [young], [])
    assert store.case() == evolve(both, rev=2)
    assert store.stored(f"C#{YOUNG}") == typed({"pk": "C#T2", "sk": "W", "moved_to": OLD, "rev": 2})
    assert [due.case for due in store.due(NOW + 10)] == [OLD]


def test_an_entry_whose_lease_is_over_moves_with_its_case(store: Store) -> None:
    young = store.watch.outbox.claim(
        store.kept(a_case(YOUNG)), {an_entry().key: an_entry()}, NOW, urgent=True
    )
    assert young is not None
    assert store.watch.linked_cases.link(joined(young, store.kept(a_case(OLD))), [young], [])
    assert store.case().outbox == {an_entry().key: an_entry()}


@pytest.mark.parametrize("late", ["keep", "claim", "settle", "put_back"])
def test_who_read_a_case_before_it_was_moved_writes_nothing_over_it(
    store: Store, late: str
) -> None:
    young = store.watch.outbox.claim(
        store.kept(a_case(YOUNG)), {an_entry().key: an_entry()}, NOW, urgent=True
    )
    assert young is not None
    [due] = store.due(NOW)
    assert store.watch.linked_cases.link(joined(young, store.kept(a_case(OLD))), [young], [])
    before = store.stored(f"C#{YOUNG}")
    entry = an_entry()
    writes: dict[str, Any] = {
        "keep": lambda: store.watch.cases.keep(young, []),
        "claim": lambda: store.watch.outbox.claim(young, {}, NOW, False),
        "settle": lambda: (
            store.watch.outbox.settle(young, entry.key, entry.token, {}, [], None, False, NOW)[0]
            is not Settled.LOST
        ),
        "put_back": lambda: store.watch.cases.put_back(due, NOW + 60, "late"),
    }
    assert not writes[late]()
    assert store.stored(f"C#{YOUNG}") == before


@pytest.mark.parametrize("newer", [OLD, YOUNG], ids=["the case", "what is moved"])
def test_nothing_is_linked_over_a_newer_generation(store: Store, newer: str) -> None:
    cases = {
        name: store.kept(evolve(a_case(name), generation=4 if name == newer else 3))
        for name in (OLD, YOUNG)
    }
    both = evolve(joined(cases[OLD], cases[YOUNG]), generation=3)
    assert not store.watch.linked_cases.link(both, [cases[YOUNG]], [])
    assert [store.case(name).id for name in (OLD, YOUNG)] == [OLD, YOUNG]


def test_a_name_of_which_a_case_came_meanwhile_is_not_made_a_pointer(store: Store) -> None:
    old = store.kept(a_case(OLD))
    store.kept(a_case(YOUNG))
    assert not store.watch.linked_cases.link(
        evolve(old, members=frozenset({YOUNG})), [Case(YOUNG)], []
    )
    assert store.case(YOUNG).id == YOUNG


def test_the_way_to_a_case_is_followed_over_many_steps_and_not_for_ever(store: Store) -> None:
    store.kept(a_case("N0"))
    for number, after in itertools.pairwise(range(60)):
        store.put(typed({"pk": f"C#N{after}", "sk": "W", "moved_to": f"N{number}", "rev": 1}))
    found = store.watch.cases.read(["N1", "N20", "N50"])
    assert [getattr(found[name], "id", None) for name in ("N1", "N20")] == ["N0", "N0"]
    assert isinstance(found["N50"], DamagedItem)


@pytest.mark.parametrize(
    "pointer",
    [
        pytest.param({"moved_to": "T9"}, id="to nothing"),
        pytest.param({"moved_to": OLD}, id="to itself"),
        pytest.param({"moved_to": 7}, id="no name"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_damage(store: Store, pointer: dict[str, object]) -> None:
    store.put(typed({"pk": f"C#{OLD}", "sk": "W", "rev": 1, **pointer}))
    found = store.watch.cases.read([OLD])[OLD]
    assert isinstance(found, DamagedItem)
    assert "moved to" in found.reason
