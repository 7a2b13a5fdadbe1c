"""Silences and topics in the Watch table, on every engine."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from sla_watchdog.adapters.dynamodb.silences import MOST
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.silences import LONGEST, Silence
from sla_watchdog.domain.policy.model import Condition
from store.samples import NOW, Store


def a_silence(
    name: str = "s1", made_at: int = NOW, until: int = NOW + 3600, **more: Any
) -> Silence:
    return Silence(name, made_at, until, "moving house", "kim", frozenset({"T-1", "a/b#c"}), **more)


def test_a_silence_is_read_as_it_was_written(store: Store) -> None:
    whole = a_silence(
        customers=frozenset({"city"}),
        policies=frozenset({"everything"}),
        audiences=frozenset({"owner"}),
        when=(
            Condition("team", frozenset({"a", "b"})),
            Condition("tags", frozenset({"x"}), negate=True),
        ),
    )
    assert store.watch.silences.add(whole, NOW)
    assert store.watch.silences.add(whole, NOW), "a repetition writes the same once more"
    assert store.watch.silences.read() == store.watch.silences.context().silences == (whole,)


def test_without_any_there_is_nothing_around(store: Store) -> None:
    assert store.watch.silences.context() == Context()


def test_one_that_is_lifted_is_over_and_says_who_lifted_it(store: Store) -> None:
    store.watch.silences.add(a_silence(), NOW)
    assert store.watch.silences.lift("s1", NOW + 60, "lee")
    assert store.watch.silences.read() == (evolve(a_silence(), until=NOW + 60, lifted_by="lee"),)
    assert not store.watch.silences.lift("s1", NOW + 61, "max"), "the first to lift it stands"
    assert not store.watch.silences.lift("s2", NOW, "max")


def test_the_next_tick_asks_for_a_sweep_once_one_is_lifted(store: Store) -> None:
    store.watch.generations.of("policy", NOW)
    store.watch.generations.mark_swept(1)
    store.watch.silences.add(a_silence(), NOW)
    assert store.watch.generations.of("policy", NOW).swept
    store.watch.silences.lift("s1", NOW + 60, "lee")
    assert not store.watch.generations.of("policy", NOW + 60).swept


def test_what_ended_a_week_ago_is_forgotten_and_there_is_room_for_a_hundred(store: Store) -> None:
    store.watch.silences.add(a_silence("old"), NOW)
    later = NOW + 3600 + LONGEST
    for number in range(MOST):
        assert store.watch.silences.add(a_silence(f"s{number}", later, later + 60), later)
    assert not store.watch.silences.add(a_silence("one more", later, later + 60), later)
    assert {each.id for each in store.watch.silences.read()} == {
        f"s{number}" for number in range(MOST)
    }


def test_one_that_cannot_be_read_is_passed_over(store: Store) -> None:
    store.watch.silences.add(a_silence(), NOW)
    item = store.stored("META", "silences")
    store.put(
        {
            **item,
            "s:none": {"S": "x"},
            "s:endless": {"M": {**item["s:s1"]["M"], "until": {"N": "9" * 12}}},
        }
    )
    assert store.watch.silences.read() == (a_silence(),)


def test_a_topic_is_back_since_the_count_that_found_somebody(store: Store) -> None:
    watch = store.watch
    watch.topic_counts.keep({"owner": 1, "manager": 0}, NOW)
    watch.topic_counts.keep({"owner": 2, "manager": 0}, NOW + 60)
    assert watch.silences.context().reachable_since == {"owner": NOW}
    watch.topic_counts.keep({"owner": 2, "manager": 1}, NOW + 120)
    assert watch.silences.context().reachable_since == {"owner": NOW, "manager": NOW + 120}
    watch.topic_counts.keep({"manager": 1}, NOW + 180)
    watch.topic_counts.keep({"owner": 1, "manager": 1}, NOW + 240)
    assert watch.silences.context().reachable_since == {
        "owner": NOW + 240,
        "manager": NOW + 120,
    }


def test_a_topic_that_sns_says_is_gone_is_back_with_the_next_count(store: Store) -> None:
    watch = store.watch
    watch.topic_counts.keep({"owner": 1}, NOW)
    assert watch.topic_counts.is_gone("owner")
    assert not watch.topic_counts.is_gone("never-counted")
    assert (watch.topic_counts.read(), watch.silences.context().reachable_since) == (
        {"owner": 0},
        {},
    )
    watch.topic_counts.keep({"owner": 1}, NOW + 60)
    assert watch.silences.context().reachable_since == {"owner": NOW + 60}


def test_a_count_that_finds_somebody_again_asks_for_a_sweep_and_the_first_count_does_not(
    store: Store,
) -> None:
    watch = store.watch
    watch.generations.of("policy", NOW)
    watch.generations.mark_swept(1)
    for topics, swept in (
        ({"owner": 1}, True),
        ({"owner": 1}, True),
        ({}, True),
        ({"owner": 1}, False),
    ):
        watch.topic_counts.keep(topics, NOW)
        assert watch.generations.of("policy", NOW).swept is swept
