"""What a sweep read before the stream brought it, what a stream brings late, and streams that begin
anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import evolve
from moto import mock_aws

from building import DAY, HOUR, MON, at, iso, policy, resolution, rule
from desk import Desk
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.policy.model import Source
from sla_watchdog.domain.tickets.ticket_of_facts import ticket
from sla_watchdog.usecases.sweep.ports import Segment
from sla_watchdog.usecases.track.change import Change

T0 = at(f"{MON}T10:00")
ONLY = Source({"ticket_id": "{ticket_id}"}, only={"entity": frozenset({"Ticket"})})


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        yield Desk()


def status(case: Case) -> list[tuple[int, object]]:
    return [(fact.at - T0, fact.value) for fact in case.facts.changes("T-1", "status")]


def reopened(desk: Desk) -> int:
    return len(ticket("T-1", desk.case().facts, desk.policy).reopenings)


CHANGES = {
    "two in a minute": ((0, "New"), (40, "Resolved")),
    "two in some minutes": ((0, "New"), (200, "Resolved")),
    "three in a minute": ((0, "New"), (20, "Waiting"), (40, "Resolved")),
    "reopened at once": ((0, "New"), (20, "Resolved"), (40, "Open")),
    "a pause between": ((0, "New"), (30, "Waiting"), (900, "Open"), (930, "Resolved")),
}


@pytest.mark.parametrize("stamped", [True, False], ids=["with updated_at", "without"])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=list(CHANGES))
def test_a_sweep_before_a_late_stream_leaves_the_history_that_the_stream_alone_tells(
    desk: Desk, changes: tuple[tuple[int, str], ...], stamped: bool
) -> None:
    records = [
        (
            T0 + after,
            {"created_at": T0, "status": name, **({"updated_at": T0 + after} if stamped else {})},
        )
        for after, name in changes
    ]
    desk.write(ticket_id="T-1", **records[-1][1])
    desk.sweep(iso(records[-1][0] + 5))
    for seconds, record in records:
        desk.deliver(iso(seconds), "T-1", {"ticket_id": "T-1", **record})
    assert status(desk.case()) == list(changes)


def test_a_late_stream_of_whole_minutes_invents_no_reopening(desk: Desk) -> None:
    records = [(5, "New"), (40, "Resolved")]
    desk.write(ticket_id="T-1", created_at=T0, status="Resolved", updated_at=T0)
    desk.sweep(iso(T0 + 45))
    for after, name in records:
        desk.deliver(iso(T0 + after), "T-1", {"created_at": T0, "status": name, "updated_at": T0})
    assert reopened(desk) == 0


def test_after_a_sweep_the_stream_goes_on_in_order_of_arrival(desk: Desk) -> None:
    desk.write(ticket_id="T-1", created_at=T0, status="New", updated_at=T0)
    desk.sweep(iso(T0 + 10))
    for after, name in ((20, "Waiting"), (30, "Open"), (40, "Resolved")):
        desk.deliver(iso(T0 + after), "T-1", {"created_at": T0, "status": name, "updated_at": T0})
    assert [value for _, value in status(desk.case())] == ["New", "Waiting", "Open", "Resolved"]


def sweep_that_began(desk: Desk, began: int, elapsed: float = 0.0) -> None:
    for number in (0, 1):
        sweeper = evolve(desk.parts.sweeper(began), elapsed=lambda: elapsed)
        sweeper.sweep(Segment("run", number, 2), began, lambda: 100.0)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([(80, "Resolved")], id="resolved"),
        pytest.param([(65, "Open"), (100, "Resolved")], id="opened and resolved"),
        pytest.param([(80, "Waiting")], id="paused"),
    ],
)
def test_a_sweep_that_began_earlier_adds_nothing_to_what_the_stream_told_meanwhile(
    desk: Desk, changes: list[tuple[int, str]]
) -> None:
    desk.put(iso(T0 - HOUR), created_at=T0 - HOUR, status="New")
    for after, name in changes:
        desk.put(iso(T0 + after), created_at=T0 - HOUR, status=name)
    before = desk.case().facts
    sweep_that_began(desk, T0)
    assert desk.case().facts == before


def test_what_a_long_sweep_reads_is_dated_when_it_was_read() -> None:
    with mock_aws():
        desk = Desk(policy(rule("r", resolution(HOUR))))
        desk.put(iso(T0 - HOUR), created_at=T0 - HOUR, status="New")
        desk.write(ticket_id="T-1", created_at=T0 - HOUR, status="Resolved")
        sweep_that_began(desk, T0, elapsed=95.0)
        assert status(desk.case())[-1] == (95, "Resolved")


def test_an_unreadable_value_that_the_stream_told_ends_for_a_sweep_that_began_earlier(
    desk: Desk,
) -> None:
    desk.put(iso(T0 - HOUR), created_at=T0 - HOUR, status="New")
    desk.put(iso(T0 + 80), created_at=T0 - HOUR, status=None)
    assert desk.case().facts.latest("T-1", "unreadable:status")
    desk.write(ticket_id="T-1", created_at=T0 - HOUR, status="New")
    sweep_that_began(desk, T0)
    assert not desk.case().facts.latest("T-1", "unreadable:status")


# ---------------------------------------------------------------- a stream of keys only


def keys_only(desk: Desk, seconds: int, now: int, sequence: int, removed: bool = False) -> None:
    change = Change({"ticket_id": "T-1"}, None, seconds, str(sequence), removed)
    desk.parts.tracker(now).track([change], now)


@pytest.mark.parametrize("stamped", [True, False], ids=["with updated_at", "without"])
@pytest.mark.parametrize("batches", [True, False], ids=["in one batch", "one by one"])
def test_keys_that_are_read_late_date_nothing_before_it_happened(
    desk: Desk, stamped: bool, batches: bool
) -> None:
    def record(seconds: int, name: str) -> dict[str, object]:
        return {"created_at": T0, "status": name, **({"updated_at": seconds} if stamped else {})}

    desk.write(ticket_id="T-1", **record(T0, "New"))
    keys_only(desk, T0, T0, 1)
    desk.write(ticket_id="T-1", last_agent_reply_at=T0 + 4900, **record(T0 + 5000, "Resolved"))
    changes = [Change({"ticket_id": "T-1"}, None, T0 + each, str(each)) for each in (1800, 5000)]
    for some in [changes] if batches else [[each] for each in changes]:
        desk.parts.tracker(T0 + 2 * HOUR).track(some, T0 + 2 * HOUR)
    assert status(desk.case())[-1] == (5000 if stamped else 2 * HOUR, "Resolved")
    assert not [
        fact for fact in desk.case().facts if fact.field.startswith("unreadable:") and fact.value
    ]


def test_keys_that_are_read_at_once_date_the_change_by_the_stream(desk: Desk) -> None:
    desk.write(ticket_id="T-1", created_at=T0, status="New")
    keys_only(desk, T0, T0 + 2, 1)
    desk.write(ticket_id="T-1", created_at=T0, status="Waiting")
    keys_only(desk, T0 + HOUR, T0 + HOUR + 2, 2)
    assert status(desk.case()) == [(0, "New"), (HOUR, "Waiting")]


def test_a_desk_that_never_touches_updated_at_backdates_nothing_by_keys_alone(desk: Desk) -> None:
    desk.write(ticket_id="T-1", created_at=T0 - 9 * DAY, status="New", updated_at=T0 - 9 * DAY)
    keys_only(desk, T0, T0, 1)
    desk.write(ticket_id="T-1", created_at=T0 - 9 * DAY, status="Waiting", updated_at=T0 - 9 * DAY)
    keys_only(desk, T0 + HOUR, T0 + HOUR, 2)
    assert status(desk.case())[-1] == (HOUR, "Waiting")


def test_a_record_that_is_gone_when_its_key_is_read_is_gone_since_the_stream_says_so(
    desk: Desk,
) -> None:
    desk.put(iso(T0), created_at=T0, status="New")
    desk.delete(iso(T0), streamed=False)
    changes = [
        Change({"ticket_id": "T-1"}, None, T0 + 60, "8"),
        Change({"ticket_id": "T-1"}, None, T0 + 90, "9", True),
    ]
    desk.parts.tracker(T0 + HOUR).track(changes, T0 + HOUR)
    assert [fact.at - T0 for fact in desk.case().facts.of_field("T-1", "gone")] == [90]


# ---------------------------------------------------------------- other entities of a shared table


@pytest.mark.parametrize("image", [True, False], ids=["with images", "keys only"])
@pytest.mark.parametrize(
    "source",
    [
        pytest.param(ONLY, id="keys like a ticket's"),
        pytest.param(evolve(ONLY, key={"ticket_id": "TICKET#{ticket_id}"}), id="keys of their own"),
    ],
)
def test_other_entities_of_a_shared_table_are_passed_over(source: Source, image: bool) -> None:
    with mock_aws():
        desk = Desk(policy(source=source))
        record = {"ticket_id": "USER#7", "entity": "User", "created_at": T0, "status": "New"}
        desk.write(**record)
        tracker = desk.parts.tracker(T0)
        done = tracker.track(
            [Change({"ticket_id": "USER#7"}, record if image else None, T0, "1")], T0
        )
        tracker.track([Change({"ticket_id": "USER#7"}, None, T0 + 9, "2", removed=True)], T0 + 9)
        assert (done.kept, done.findings) == (0, 0)
        items = desk.dynamodb.scan(TableName="watch")["Items"]
        assert not [item for item in items if item["pk"]["S"].startswith("C#")]


def test_a_ticket_of_a_shared_table_is_taken_in_by_its_key_alone() -> None:
    with mock_aws():
        desk = Desk(policy(source=ONLY))
        desk.write(ticket_id="T-1", entity="Ticket", created_at=T0, status="New")
        keys_only(desk, T0, T0, 1)
        assert status(desk.case()) == [(0, "New")]


# ---------------------------------------------------------------- a stream that begins anew


def test_a_new_stream_with_lower_sequence_numbers_is_taken_in(desk: Desk) -> None:
    desk._sequence = 49_600_000_000_000_000_000
    desk.put(iso(T0), created_at=T0, status="New")
    desk._sequence = 100
    for hours, name in enumerate(("Waiting", "Open", "Resolved"), 1):
        assert desk.put(iso(T0 + hours * HOUR), created_at=T0, status=name).kept == 1
    assert [value for _, value in status(desk.case())] == ["New", "Waiting", "Open", "Resolved"]


def test_a_new_stream_is_taken_in_by_cases_stored_before_its_times_were_kept(desk: Desk) -> None:
    desk._sequence = 49_600_000_000_000_000_000
    desk.put(iso(T0), created_at=T0, status="New")
    desk.dynamodb.update_item(
        TableName="watch",
        Key={"pk": {"S": "C#T-1"}, "sk": {"S": "W"}},
        UpdateExpression="REMOVE seen_at",
    )
    desk._sequence = 100
    desk.put(iso(T0 + 2 * DAY), created_at=T0, status="Waiting")
    assert status(desk.case())[-1] == (2 * DAY, "Waiting")


def test_a_batch_that_the_stream_brings_again_tells_nothing_new(desk: Desk) -> None:
    changes = [
        Change(
            {"ticket_id": "T-1"},
            {"ticket_id": "T-1", "created_at": T0, "status": name},
            T0 + n,
            str(n),
        )
        for n, name in enumerate(("New", "Waiting", "Open", "Resolved"), 1)
    ]
    desk.parts.tracker(T0 + 5).track(changes, T0 + 5)
    before = desk.case()
    for again in (changes, changes[:2], changes[1:]):
        desk.parts.tracker(T0 + HOUR).track(again, T0 + HOUR)
    assert desk.case() == before
