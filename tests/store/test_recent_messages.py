"""How many messages each destination got within a day, on every engine."""

from __future__ import annotations

from collections.abc import Mapping

from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META
from sla_watchdog.domain.escalation.recent_messages import RecentMessages
from store.samples import NOW, Store

HOUR = 3600


def note(store: Store, messages: Mapping[str, int], now: int) -> None:
    recent = store.watch.recent_messages
    recent.keep(recent.read().with_sent(messages, now))


def test_messages_add_up_over_the_ticks_of_a_day(store: Store) -> None:
    messages = store.watch.recent_messages
    assert messages.read() == RecentMessages()
    note(store, {"owner": 3, "owner--kim": 1}, NOW)
    note(store, {"owner": 2}, NOW + 60)
    note(store, {"owner": 1, "manager": 4}, NOW + 2 * HOUR)
    recent = messages.read()
    assert recent.count("owner", NOW + 2 * HOUR) == 6
    assert recent.count("owner--kim", NOW + 2 * HOUR) == 1
    assert recent.count("executive", NOW + 2 * HOUR) == 0
    assert store.watch.silences.context().recent == recent, "every judgement reads it"


def test_what_is_older_than_a_day_is_forgotten(store: Store) -> None:
    note(store, {"owner": 3}, NOW)
    note(store, {"manager": 1}, NOW + 25 * HOUR)
    assert set(store.watch.recent_messages.read().by_hour) == {"manager"}


def test_what_is_no_count_counts_nothing(store: Store) -> None:
    """Whatever stands there, nothing waits for it and the next tick counts on."""
    messages = store.watch.recent_messages
    for damaged in ("text", {"owner": "text"}, {"owner": {"noon": 3}}, {"owner": {"7": "many"}}):
        store.watch.items.update(META, "messages", Expression().set("sent", to=damaged))
        assert messages.read().count("owner", NOW) == 0
        assert store.watch.silences.context().recent.count("owner", NOW) == 0
        note(store, {"owner": 2}, NOW)
        assert messages.read().count("owner", NOW) == 2
