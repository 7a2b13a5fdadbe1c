"""What the watchdog knows about itself: who runs, which policy is in force, since when, and how far
a sweep is.
"""

from __future__ import annotations

import pytest

from sla_watchdog.adapters.dynamodb.watch import Generation, Mode
from store.samples import NOW, Store

MINUTE = 60


def test_the_run_lease_is_one_owners_until_it_is_over(store: Store) -> None:
    assert store.watch.leases.take("a", NOW, NOW + 150)
    assert not store.watch.leases.take("b", NOW + 149, NOW + 300)
    assert store.watch.leases.take("b", NOW + 150, NOW + 300)
    assert not store.watch.leases.take("a", NOW + 151, NOW + 400)


def test_the_owner_may_ask_again(store: Store) -> None:
    assert store.watch.leases.take("a", NOW, NOW + 150)
    assert store.watch.leases.take("a", NOW, NOW + 150)
    assert not store.watch.leases.take("b", NOW, NOW + 150)


def test_a_lease_released_is_free_at_once(store: Store) -> None:
    assert store.watch.leases.take("a", NOW, NOW + 150)
    assert not store.watch.leases.release("b")
    assert not store.watch.leases.take("b", NOW, NOW + 150)
    assert store.watch.leases.release("a")
    assert store.watch.leases.take("b", NOW, NOW + 150)
    assert not store.watch.leases.release("a")


# ---------------------------------------------------------------- generation


def test_a_policy_is_registered_once(store: Store) -> None:
    assert store.watch.generations.of("A", NOW) == Generation(1, NOW, is_new=True)
    assert store.watch.generations.of("A", NOW + 5) == Generation(1, NOW, is_new=False)
    assert store.watch.generations.of("B", NOW + 9) == Generation(2, NOW + 9, is_new=True)
    assert store.watch.generations.of("B", NOW + 10**6) == Generation(2, NOW + 9, is_new=False)


def test_a_function_not_yet_replaced_never_replaces_the_newer_policy(store: Store) -> None:
    store.watch.generations.of("A", NOW)
    store.watch.generations.of("B", NOW + 9)
    assert store.watch.generations.of("A", NOW + 9 + 899).number == 1
    assert not store.watch.generations.of("A", NOW + 9 + 899).is_new
    assert store.watch.generations.of("B", NOW + 10 + 899) == Generation(2, NOW + 9, is_new=False)


def test_a_policy_that_was_rolled_back_is_a_new_generation(store: Store) -> None:
    store.watch.generations.of("A", NOW)
    store.watch.generations.of("B", NOW + 9)
    assert store.watch.generations.of("A", NOW + 9 + 900) == Generation(3, NOW + 909, is_new=True)
    assert store.watch.generations.of("A", NOW + 9 + 901) == Generation(3, NOW + 909, is_new=False)
    assert store.watch.generations.of("B", NOW + 9 + 902).number == 2


def test_many_policies_are_remembered_but_not_all(store: Store) -> None:
    for number in range(30):
        store.watch.generations.of(f"policy {number}", NOW + number)
    known = store.stored("META", "generation")["numbers"]["M"]
    assert sorted(int(each["N"]) for each in known.values()) == list(range(11, 31))
    assert store.watch.generations.of("policy 29", NOW + 40).number == 30
    assert store.watch.generations.of("policy 20", NOW + 40).number == 21


# ---------------------------------------------------------------- mode, time, topics


def test_the_mode_is_observe_until_somebody_goes_live(store: Store) -> None:
    assert store.watch.state.mode() == Mode("observe", 0)
    assert store.watch.state.set_mode("live", NOW) == Mode("live", NOW)
    assert store.watch.state.mode() == Mode("live", NOW)


def test_going_live_twice_counts_from_the_first_time(store: Store) -> None:
    store.watch.state.set_mode("live", NOW)
    assert (
        store.watch.state.set_mode("live", NOW + 60)
        == store.watch.state.mode()
        == Mode("live", NOW)
    )
    assert (
        store.watch.state.set_mode("observe", NOW + 90)
        == store.watch.state.mode()
        == Mode("observe", NOW + 90)
    )


def test_simulated_time_is_what_the_driver_set_last(store: Store) -> None:
    assert store.watch.state.simulated_now() is None
    for now in (NOW, NOW + 3600, NOW):
        store.watch.state.set_simulated_now(now)
        assert store.watch.state.simulated_now() == now


@pytest.mark.parametrize("topics", [{}, {"owner": 2, "team-lead--x.y": 0}], ids=["none", "some"])
def test_topics_are_as_last_counted(store: Store, topics: dict[str, int]) -> None:
    assert store.watch.topic_counts.read() is None
    store.watch.topic_counts.keep({"gone": 1}, NOW)
    store.watch.topic_counts.keep(topics, NOW)
    assert store.watch.topic_counts.read() == topics


# ---------------------------------------------------------------- sweeps


def test_the_last_segment_done_tells_the_sums(store: Store) -> None:
    sweep = store.watch.sweeps.progress("r1", 3)
    assert sweep.start(NOW)
    assert not sweep.start(NOW + 1)
    assert sweep.segment_done(2, {"tickets": 5}) is None
    assert sweep.segment_done(0, {"tickets": 7, "repaired": 1}) is None
    assert sweep.segment_done(1, {"tickets": 1}) == {"repaired": 1, "tickets": 13}


def test_a_segment_reported_again_changes_nothing(store: Store) -> None:
    sweep = store.watch.sweeps.progress("r1", 2)
    sweep.start(NOW)
    for tickets in (5, 99):
        assert sweep.segment_done(0, {"tickets": tickets}) is None
    for tickets in (9, 99):
        assert sweep.segment_done(1, {"tickets": tickets}) == {"tickets": 14}


def test_sweeps_do_not_meet(store: Store) -> None:
    first, second = store.watch.sweeps.progress("r1", 1), store.watch.sweeps.progress("r2", 1)
    assert first.start(NOW)
    assert second.segment_done(0, {"tickets": 5}) is None
    assert second.start(NOW)
    assert second.segment_done(0, {"tickets": 6}) == {"tickets": 6}
