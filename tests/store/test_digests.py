"""Digests: written before their members are claimed, marked once, and the daily one of mode
observe.
"""

from __future__ import annotations

import json

from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.dynamodb.watch import SHARDS, Digest, Due
from store.samples import LEAD, NOW, OWNER, Store

MEMBERS = [("T1", OWNER.key), ("T2", OWNER.key)]
MONTH = 30 * 86400
DAY = "2026-11-23"


def test_a_digest_is_written_once(store: Store) -> None:
    assert store.watch.digests.put("d1", OWNER, MEMBERS, NOW)
    assert store.watch.digests.put("d1", OWNER, MEMBERS, NOW + 1)
    assert not store.watch.digests.put("d1", OWNER, MEMBERS[:1], NOW)
    assert not store.watch.digests.put("d1", LEAD, MEMBERS, NOW)
    assert store.watch.digests.read("d1") == Digest("d1", OWNER, tuple(MEMBERS), count=2)
    assert store.stored("D#d1")["expires_at"] == {"N": str(NOW + MONTH)}


def test_a_digest_is_marked_sent_once(store: Store) -> None:
    assert not store.watch.digests.is_sent("d1", "t1")
    assert store.watch.digests.put("d1", OWNER, MEMBERS, NOW)
    assert not store.watch.digests.is_sent("d1", "t1")
    assert store.watch.digests.mark_sent("d1", NOW + 5, "m1", ["t1", "t2"])
    assert store.watch.digests.mark_sent("d1", NOW + 9, "m2", ["t1", "t2", "t3"])
    told = {
        token: store.watch.digests.is_sent("d1", token) for token in ("t1", "t2", "t3", "t", "")
    }
    assert told == {"t1": True, "t2": True, "t3": False, "t": False, "": False}
    digest = store.watch.digests.read("d1")
    assert digest is not None
    assert (digest.sent_at, digest.message_id) == (NOW + 5, "m1")
    assert store.stored("D#d1")["expires_at"] == {"N": str(NOW + 9 + MONTH)}


def test_a_digest_that_an_older_version_marked_told_all_its_members(store: Store) -> None:
    assert store.watch.digests.put("d1", OWNER, MEMBERS, NOW)
    assert store.watch.digests.mark_sent("d1", NOW + 5, "m1")
    assert store.watch.digests.is_sent("d1", "t1")


def test_a_digest_that_is_not_there_is_not_marked(store: Store) -> None:
    assert not store.watch.digests.mark_sent("d1", NOW, "m1")
    assert store.watch.digests.read("d1") is None


def test_a_digest_of_a_whole_backlog_fits_into_an_item(store: Store) -> None:
    members = [(f"INC{n:07d}", "team-lead:second level support") for n in range(20_000)]
    assert store.watch.digests.put("d1", LEAD, members, NOW)
    digest = store.watch.digests.read("d1")
    assert digest is not None
    assert digest.count == 20_000
    assert digest.members == tuple(members[:2000])


# ---------------------------------------------------------------- the daily digest of mode observe


def line(number: int) -> dict[str, object]:
    return {
        "case": f"T{number}",
        "recipients": ["owner"],
        "level": number,
        "subject": "Ünverändert",
    }


def test_lines_of_a_day_become_one_digest_that_is_due(store: Store) -> None:
    for number in range(3):
        assert store.watch.digests.append_observed(DAY, line(number), NOW + 600)
    digest = store.watch.digests.read(f"observe-{DAY}")
    assert digest is not None
    assert (digest.lines, digest.count) == (tuple(map(line, range(3))), 3)
    assert store.due(NOW + 599) == []
    assert store.due(NOW + 600) == [Due("", f"D#observe-{DAY}", NOW + 600)]
    assert store.due(NOW + 600)[0].digest == f"observe-{DAY}"


def test_a_line_appended_twice_is_there_once(store: Store) -> None:
    for _ in range(3):
        assert store.watch.digests.append_observed(DAY, line(1), NOW + 600)
    digest = store.watch.digests.read(f"observe-{DAY}")
    assert digest is not None
    assert (digest.lines, digest.count) == ((line(1),), 1)


def test_past_two_hundred_lines_only_the_number_grows(store: Store) -> None:
    assert store.watch.digests.append_observed(DAY, line(0), NOW + 600)
    full = typed({"lines": [json.dumps(line(number)) for number in range(199)], "count": 199})
    store.put(store.stored(f"D#observe-{DAY}") | full)
    for number in range(199, 205):
        assert store.watch.digests.append_observed(DAY, line(number), NOW + 600)
    digest = store.watch.digests.read(f"observe-{DAY}")
    assert digest is not None
    assert (len(digest.lines), digest.count) == (200, 205)


def test_a_digest_that_was_sent_takes_no_more_lines_and_is_due_no_more(store: Store) -> None:
    assert store.watch.digests.append_observed(DAY, line(1), NOW)
    assert store.watch.digests.mark_sent(f"observe-{DAY}", NOW + 1, "m1")
    assert not store.watch.digests.append_observed(DAY, line(2), NOW)
    assert store.due(NOW + 10**9) == []
    assert store.watch.digests.append_observed("2026-11-24", line(2), NOW)


def test_a_digest_that_cannot_be_sent_is_put_back(store: Store) -> None:
    assert store.watch.digests.append_observed(DAY, line(1), NOW)
    [due] = store.due(NOW)
    assert store.watch.cases.put_back(due, NOW + 60, "no topic")
    assert store.due(NOW + 59) == []
    assert [each.next_at for each in store.due(NOW + 60)] == [NOW + 60]
    assert {shard for shard in SHARDS if list(store.watch.cases.due(shard, NOW + 60))} < set(
        SHARDS[8:]
    )


DAMAGE = {
    "line cut off": {"lines": {"L": [{"S": "{"}]}},
    "line no map": {"lines": {"L": [{"S": "7"}]}},
    "lines a number": {"lines": {"N": "7"}},
    "member uneven": {"members": {"S": "[[1]]"}},
    "members a number": {"members": {"N": "7"}},
    "count a text": {"count": {"S": "many"}},
    "time a map": {"sent_at": {"M": {}}},
}


def test_a_damaged_digest_says_so(store: Store) -> None:
    assert store.watch.digests.append_observed(DAY, line(1), NOW)
    sound = store.stored(f"D#observe-{DAY}")
    for name, damage in DAMAGE.items():
        store.put(sound | damage)
        digest = store.watch.digests.read(f"observe-{DAY}")
        assert digest is not None
        assert digest.damage, name
        assert digest.lines == (), name
