"""What the records of a desk were seen to carry: noted once, whoever comes first."""

from __future__ import annotations

import pytest

from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.domain.clocks.evidence import ENOUGH, NO_EVIDENCE, Evidence
from sla_watchdog.domain.policy.model import Carried
from store.samples import NOW, Store

REPLY, OWNER, TEAM = Carried.REPLY, Carried.OWNER, Carried.TEAM
EVERYTHING = frozenset(Carried)


def evidence(store: Store) -> Evidence:
    return store.watch.silences.context().evidence


def asked_for_sweep(store: Store) -> bool:
    return not store.watch.generations.of("A", NOW).swept


def test_before_anything_was_noted_everything_is_judged(store: Store) -> None:
    assert evidence(store) == NO_EVIDENCE


@pytest.mark.parametrize("ended", [0, 1, ENOUGH - 1])
def test_too_few_tickets_prove_nothing(store: Store, ended: int) -> None:
    store.watch.evidence.swept(ended, NOW)
    assert evidence(store) == Evidence(ended)


def test_enough_tickets_prove_what_none_of_them_had(store: Store) -> None:
    store.watch.evidence.note_seen([OWNER], NOW)
    store.watch.evidence.swept(ENOUGH, NOW + 60)
    assert evidence(store) == Evidence(ENOUGH, frozenset({REPLY, TEAM}), {OWNER: NOW})


def test_what_was_missed_and_is_seen_later_is_both_and_the_first_time_stands(store: Store) -> None:
    store.watch.evidence.swept(30, NOW)
    store.watch.evidence.note_seen([REPLY], NOW + 60)
    store.watch.evidence.note_seen([REPLY, TEAM], NOW + 120)
    store.watch.evidence.swept(25, NOW + 180)
    assert evidence(store) == Evidence(30, EVERYTHING, {REPLY: NOW + 60, TEAM: NOW + 120})


def test_a_repetition_changes_nothing(store: Store) -> None:
    for _ in range(2):
        store.watch.evidence.note_seen([TEAM], NOW)
        store.watch.evidence.swept(ENOUGH, NOW)
    once = evidence(store)
    store.watch.evidence.note_seen([TEAM], NOW + 9)
    store.watch.evidence.swept(ENOUGH, NOW + 9)
    assert evidence(store) == once


def test_only_what_had_been_missed_asks_for_a_sweep(store: Store) -> None:
    store.watch.generations.of("A", NOW)
    store.watch.generations.mark_swept(1)
    store.watch.evidence.note_seen([TEAM], NOW)
    store.watch.evidence.swept(ENOUGH, NOW)
    assert not asked_for_sweep(store)
    store.watch.evidence.note_seen([REPLY], NOW)
    assert asked_for_sweep(store)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"missed:reply": "soon"}, id="when it was missed"),
        pytest.param({"seen:reply": None}, id="when it was seen"),
        pytest.param({"seen:reply": {}, "ended": "many"}, id="more of it"),
    ],
)
def test_of_what_cannot_be_read_clocks_are_judged(store: Store, damage: dict[str, object]) -> None:
    item = {"missed:reply": NOW, "missed:owner": NOW, "ended": 30, "of a later version": "x"}
    store.client.put_item(
        TableName=store.names["watch"],
        Item=typed({"pk": "META", "sk": "evidence", **item, **damage}),
    )
    assert evidence(store).missed == {OWNER}
    store.watch.evidence.note_seen([TEAM], NOW)
