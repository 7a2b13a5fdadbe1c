"""What `track` and `sweep` keep, what a tick takes, and what is put back."""

from __future__ import annotations

import pytest
from attrs import evolve

from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.dynamodb.table import write_all
from sla_watchdog.adapters.dynamodb.watch import SHARDS, Due, shard_of
from sla_watchdog.domain.clocks.data_problems import AsWritten
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.tickets.facts import Fact
from store.samples import LEASE, NOW, Store, a_case, an_entry, reached_by

FINDING = Finding("T1", "status", AsWritten("status 'Neu' is in no group of the policy file"))


def test_a_case_is_read_back_as_it_was_kept(store: Store) -> None:
    case = evolve(a_case(), urgent=True)
    assert store.watch.cases.keep(case, [FINDING])
    assert store.case() == evolve(case, rev=1)


def test_absent_cases_and_ids_that_no_key_holds_are_absent(store: Store) -> None:
    store.kept()
    assert set(store.watch.cases.read(["T1", "T2", "x" * 2047, ""])) == {"T1"}


def test_more_cases_than_one_call_takes_are_read(store: Store) -> None:
    store.kept()
    item = store.stored("C#T1")
    names = [f"T{number}" for number in range(230)]
    items = [item | typed({"pk": f"C#{name}"}) for name in names]
    write_all(store.client, store.names["watch"], items, store.pauses.append)
    found = store.watch.cases.read([*names, *names[:5]])
    assert set(found) == set(names)
    assert all(isinstance(case, Case) and case.id == name for name, case in found.items())


def test_keep_refuses_a_case_that_was_written_since_it_was_read(store: Store) -> None:
    read = store.kept()
    more = evolve(read, facts=read.facts | [Fact("T1", "status", NOW, "Open")])
    assert store.watch.cases.keep(more, [])
    assert not store.watch.cases.keep(evolve(read, next_at=None), [])
    assert store.case() == evolve(more, rev=2)


def test_keep_does_not_create_a_case_twice(store: Store) -> None:
    store.kept()
    assert not store.watch.cases.keep(evolve(a_case(), next_at=None), [])
    assert store.case().next_at == NOW


def test_keep_does_not_bring_back_a_case_that_is_gone(store: Store) -> None:
    assert not store.watch.cases.keep(evolve(a_case(), rev=4), [])
    assert store.stored("C#T1") == {}


@pytest.mark.parametrize(
    ("generation", "written"),
    [
        pytest.param(2, False, id="older"),
        pytest.param(3, True, id="same"),
        pytest.param(4, True, id="newer"),
    ],
)
def test_keep_never_writes_over_a_newer_generation(
    store: Store, generation: int, written: bool
) -> None:
    read = store.kept()
    assert (
        store.watch.cases.keep(evolve(read, generation=generation, next_at=NOW + 9), []) is written
    )
    assert (store.case().next_at == NOW + 9) is written


def test_keep_leaves_the_outbox_and_the_levels_reached_alone(store: Store) -> None:
    case = store.claimed()
    entry = next(iter(case.outbox.values()))
    case = store.watch.outbox.settle(
        case, entry.key, entry.token, reached_by(entry), [], NOW + 5, False, NOW
    )[1]
    claimed = store.watch.outbox.claim(case, {entry.key: entry}, NOW + LEASE, urgent=False)
    assert claimed is not None
    assert store.watch.cases.keep(evolve(claimed, outbox={}, reached={}), [])
    assert (store.case().outbox, store.case().reached) == ({entry.key: entry}, reached_by(entry))


def test_findings_are_kept_until_they_are_gone(store: Store) -> None:
    assert store.watch.cases.keep(a_case("T0"), [])
    assert store.watch.cases.keep(a_case(), [FINDING])
    assert list(store.watch.cases.findings()) == [FINDING]
    assert store.watch.cases.keep(store.case(), [])
    assert list(store.watch.cases.findings()) == []
    assert "findings" not in store.stored("C#T1")


# ---------------------------------------------------------------- due


def test_what_is_due_is_found_in_its_shard_oldest_first(store: Store) -> None:
    for name, next_at in (("T1", NOW), ("T2", NOW - 5), ("T3", NOW + 1), ("T4", None)):
        store.kept(a_case(name, next_at=next_at))
    assert sorted(store.due(NOW), key=lambda due: due.next_at) == [
        Due("T2", "C#T2", NOW - 5),
        Due("T1", "C#T1", NOW),
    ]
    same_shard = [f"S{n}" for n in range(200) if shard_of(f"S{n}", urgent=False) == "n#0"][:9]
    for age, name in enumerate(same_shard):
        store.kept(a_case(name, next_at=NOW - 1000 + 7 * (age * 5 % 9)))
    times = [due.next_at for due in store.watch.cases.due("n#0", NOW) if due.case in same_shard]
    assert times == sorted(times)
    assert len(times) == 9


def test_nothing_is_too_old_to_be_due(store: Store) -> None:
    store.kept(a_case(next_at=1))
    assert [due.case for due in store.due(NOW)] == ["T1"]


@pytest.mark.parametrize("urgent", [True, False], ids=["urgent", "ordinary"])
def test_the_urgent_are_in_shards_of_their_own(store: Store, urgent: bool) -> None:
    store.kept(a_case(urgent=urgent))
    [shard] = [shard for shard in SHARDS if list(store.watch.cases.due(shard, NOW))]
    assert shard == shard_of("T1", urgent)
    assert shard.startswith("u#" if urgent else "n#")


def test_the_shard_of_a_case_never_changes() -> None:
    assert [shard_of(name, urgent=True) for name in ("T1", "INC0001", "Ö")] == ["u#5", "u#1", "u#3"]
    assert {shard_of(f"T{number}", urgent=False) for number in range(200)} == set(SHARDS[8:])


def test_a_case_with_nothing_to_come_leaves_the_index(store: Store) -> None:
    read = store.kept(a_case(urgent=True))
    assert store.watch.cases.keep(evolve(read, next_at=None), [])
    assert store.due(NOW + 10**9) == []
    assert not {"next_at", "due_shard"} & set(store.stored("C#T1"))
    assert store.case() == evolve(read, rev=2, next_at=None, urgent=False)


def test_due_reads_to_the_last_page(store: Store) -> None:
    """1,200 keys of 2,000 bytes: more than two pages of a megabyte."""
    names = [f"{number:04d}".ljust(2000, "x") for number in range(1200)]
    items = [
        typed({"pk": f"C#{name}", "sk": "W", "due_shard": "n#3", "next_at": NOW - number})
        for number, name in enumerate(names)
    ]
    write_all(store.client, store.names["watch"], items, store.pauses.append)
    pages: list[object] = []
    store.client.meta.events.register(
        "after-call.dynamodb.Query", lambda parsed, **_: pages.append(len(parsed["Items"]))
    )
    assert [due.case for due in store.watch.cases.due("n#3", NOW)] == names[::-1]
    assert len(pages) > 2
    assert [due.case for due in store.watch.cases.due("n#3", NOW - 1100)] == names[:1099:-1]


# ---------------------------------------------------------------- put back


def test_what_fails_is_put_back_with_its_reason(store: Store) -> None:
    store.kept()
    [due] = store.due(NOW)
    assert store.watch.cases.put_back(due, NOW + 60, "no calendar")
    assert store.due(NOW) == []
    assert store.case().failures == 1
    assert store.stored("C#T1")["problem"] == {"S": "no calendar"}
    [due] = store.due(NOW + 60)
    assert store.watch.cases.put_back(due, NOW + 180, "no calendar")
    assert (store.case().failures, store.case().next_at) == (2, NOW + 180)


def test_putting_back_twice_counts_once(store: Store) -> None:
    store.kept()
    [due] = store.due(NOW)
    assert store.watch.cases.put_back(due, NOW + 60, "first")
    assert not store.watch.cases.put_back(due, NOW + 120, "second")
    assert (store.case().failures, store.case().next_at) == (1, NOW + 60)


def test_nothing_is_put_back_that_is_not_there(store: Store) -> None:
    assert not store.watch.cases.put_back(Due("T9", "C#T9", NOW), NOW + 60, "gone")
    assert store.stored("C#T9") == {}


def test_a_case_judged_again_forgets_its_failures(store: Store) -> None:
    store.kept()
    assert store.watch.cases.put_back(store.due(NOW)[0], NOW + 60, "no calendar")
    claimed = store.watch.outbox.claim(
        store.case(), {an_entry().key: an_entry()}, NOW + LEASE, urgent=False
    )
    assert claimed is not None
    assert claimed.failures == store.case().failures == 0
    assert "problem" not in store.stored("C#T1")


def test_a_long_reason_is_cut(store: Store) -> None:
    store.kept()
    assert store.watch.cases.put_back(store.due(NOW)[0], NOW + 60, "x" * 500_000)
    assert store.stored("C#T1")["problem"] == {"S": "x" * 500}


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"facts": {"S": "{"}}, id="facts"),
        pytest.param({"failures": {"S": "x"}}, id="failures"),
    ],
)
def test_a_damaged_item_is_named_and_put_back_and_stops_no_other(
    store: Store, damage: dict[str, dict[str, object]]
) -> None:
    store.kept(a_case("T0"))
    store.kept()
    store.put(store.stored("C#T1") | damage)
    found = store.watch.cases.read(["T0", "T1"])
    assert isinstance(found["T0"], Case)
    damaged = found["T1"]
    assert isinstance(damaged, DamagedItem)
    assert (damaged.case, damaged.failures) == ("T1", 0)
    [due] = [each for each in store.due(NOW) if each.case == "T1"]
    assert store.watch.cases.put_back(due, NOW + 60, damaged.reason)
    assert [each.case for each in store.due(NOW)] == ["T0"]
    assert store.stored("C#T1")["failures"] == {"N": "1"}


def test_a_damaged_item_still_counts_its_failures(store: Store) -> None:
    store.kept()
    store.put(store.stored("C#T1") | {"facts": {"S": "{"}})
    for times in range(1, 4):
        assert store.watch.cases.put_back(store.due(NOW + 9)[0], NOW + times, "damaged")
    damaged = store.watch.cases.read(["T1"])["T1"]
    assert isinstance(damaged, DamagedItem)
    assert damaged.failures == 3


def test_a_damaged_item_that_nothing_would_wake_is_woken_once(store: Store) -> None:
    store.kept(a_case(next_at=None))
    store.put(store.stored("C#T1") | {"facts": {"S": "{"}})
    assert store.watch.cases.wake("T1", NOW)
    assert not store.watch.cases.wake("T1", NOW + 60)
    assert not store.watch.cases.wake("T2", NOW)
    assert store.due(NOW + 10**9) == [Due("T1", "C#T1", NOW)]
