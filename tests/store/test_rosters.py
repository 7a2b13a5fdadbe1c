"""Who is and was subscribed: kept whole, changed by one writer at a time, and what wakes a tick for
it.
"""

from __future__ import annotations

from attrs import evolve

from sla_watchdog.adapters.dynamodb.watch import SHARDS, Due
from sla_watchdog.domain.escalation.subscribers import (
    Roster,
    Seat,
    Subscriber,
    SubscriptionState,
    noted,
)
from sla_watchdog.usecases.watch.ports import RECIPIENTS
from store.samples import NOW, Store

KIM = Seat.of("owner--kim", "email", "Kim@example.org")
PHONE = Seat.of("manager-urgent", "sms", "+15555550100")
HOOK = Seat.of("manager", "https", "https://example.org/a b?c=d")
WHOLE = Roster(
    {
        seat: Subscriber(state, NOW)
        for seat, state in zip((KIM, PHONE, HOOK), SubscriptionState, strict=False)
    },
    {KIM.key: {"owner": NOW}, RECIPIENTS: {}},
)


def due(store: Store, now: int = NOW) -> list[Due]:
    return [each for shard in SHARDS for each in store.watch.cases.due(shard, now)]


def test_a_roster_is_read_as_it_was_written(store: Store) -> None:
    assert store.watch.rosters.read() == Roster()
    assert store.watch.rosters.change(lambda _: WHOLE) == WHOLE
    assert store.watch.rosters.read() == WHOLE


def test_a_change_that_changes_nothing_writes_nothing(store: Store) -> None:
    store.watch.rosters.change(lambda _: WHOLE)
    before = store.stored("META", RECIPIENTS)
    store.watch.rosters.change(lambda roster: roster)
    assert store.stored("META", RECIPIENTS) == before


def test_a_change_is_made_anew_of_what_somebody_wrote_meanwhile(atomic_store: Store) -> None:
    asked: list[Roster] = []

    def change(roster: Roster) -> Roster:
        asked.append(roster)
        if len(asked) == 1:
            atomic_store.watch.rosters.change(
                lambda stands: noted(stands, PHONE, SubscriptionState.ENDED, NOW)
            )
        return noted(roster, KIM, SubscriptionState.CONFIRMED, NOW)

    atomic_store.watch.rosters.change(change)
    found = atomic_store.watch.rosters.read().subscribers
    assert (len(asked), found[PHONE].state, found[KIM].state) == (
        2,
        SubscriptionState.ENDED,
        SubscriptionState.CONFIRMED,
    )


def test_a_state_of_a_later_version_is_as_if_never_seen(store: Store) -> None:
    store.watch.rosters.change(lambda _: WHOLE)
    store.client.update_item(
        TableName=store.names["watch"],
        Key={"pk": {"S": "META"}, "sk": {"S": RECIPIENTS}},
        UpdateExpression="SET subscribers.#kim.#state = :odd",
        ExpressionAttributeNames={"#kim": KIM.key, "#state": "state"},
        ExpressionAttributeValues={":odd": {"S": "hovering"}},
    )
    others = {seat: each for seat, each in WHOLE.subscribers.items() if seat != KIM}
    assert store.watch.rosters.read() == evolve(WHOLE, subscribers=others)


def test_a_tick_is_woken_once_and_again_when_a_sweep_says_so(store: Store) -> None:
    store.watch.rosters.wake(NOW)
    store.watch.rosters.wake(NOW)
    (woken,) = due(store)
    assert (woken.digest, woken.case) == (RECIPIENTS, "")
    assert store.watch.rosters.are_notified(woken)
    assert due(store, NOW + 3600) == []
    store.watch.rosters.wake(NOW + 3600)
    assert len(due(store, NOW + 3600)) == 1


def test_what_a_sweep_asked_for_meanwhile_is_not_taken_for_done(store: Store) -> None:
    store.watch.rosters.wake(NOW)
    (woken,) = due(store)
    store.watch.rosters.wake(NOW + 60)
    assert not store.watch.rosters.are_notified(woken)
    assert len(due(store, NOW + 60)) == 1
