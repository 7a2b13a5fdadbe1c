"""Silences in ticks: filtered at send time, no level lost, one catch-up at the end or when lifted."""

from __future__ import annotations

import pytest

from building import MON, at
from desk import Desk
from sla_watchdog.domain.escalation.silences import Silence

NEW = {"created_at": f"{MON}T00:00:00Z", "status": "New", "customer_id": "City"}


def silence(desk: Desk, made: str, until: str, name: str = "s1", customer: str = "city") -> None:
    asked = Silence(
        name, at(made), at(until), "moving house", "kim", customers=frozenset({customer})
    )
    assert desk.parts.watch.silences.add(asked, at(made))


def test_what_is_silenced_is_on_record_and_told_once_at_the_end(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.put(f"{MON}T00:00", "T-2", **NEW | {"customer_id": "Town"})
    silence(desk, f"{MON}T01:00", f"{MON}T13:00")
    for time in ("06:00", "08:01", "12:00"):
        desk.tick(f"{MON}T{time}")
    assert desk.case().reached == {}, "a level counts as reached only when it was sent"
    assert "T-1" not in {body["case"] for _, body in desk.sent() if "case" in body}
    record = [item for item in desk.audit() if item.alert_id.endswith("/2/0/manager")]
    assert [(item.outcome.value, item.reason) for item in record] == [
        ("deferred", f"silenced by kim: moving house; waits until {at(f'{MON}T13:00')}")
    ]
    desk.tick(f"{MON}T13:00")
    mine = [(topic, body["level"]) for topic, body in desk.sent() if body.get("case") == "T-1"]
    assert sorted(mine) == [
        (name, 3) for name in ("manager", "owner", "owner-urgent", "team-lead", "team-lead-urgent")
    ]
    assert {
        ("resolution/1/0/0/owner", "superseded"),
        ("resolution/1/1/0/owner", "superseded"),
    } < set(desk.outcomes())
    assert desk.tick(f"{MON}T13:01").due == 0


def test_one_that_is_lifted_is_followed_by_the_catch_up(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    silence(desk, f"{MON}T01:00", "2026-03-05T00:00")
    for time in ("06:00", "08:01"):
        desk.tick(f"{MON}T{time}")
    assert desk.sent_to() == []
    assert desk.parts.watch.silences.lift("s1", at(f"{MON}T09:00"), "lee")
    assert not desk.parts.watch.silences.lift("s1", at(f"{MON}T09:01"), "lee")
    desk.tick(f"{MON}T09:01")
    assert desk.asked_for_sweeps() > 0, "the tick asks for the sweep that wakes what was held"
    desk.sweep(f"{MON}T09:02")
    desk.tick(f"{MON}T09:03")
    assert sorted(desk.sent_to()) == ["owner", "owner-urgent", "team-lead", "team-lead-urgent"]


def test_a_sweep_finds_nothing_to_repair_in_what_is_silenced(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    silence(desk, f"{MON}T01:00", "2026-03-05T00:00")
    desk.tick(f"{MON}T08:01")
    assert desk.sweep(f"{MON}T08:02").repaired == 0


def test_a_change_of_what_is_silenced_keeps_it_asleep(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    silence(desk, f"{MON}T01:00", "2026-03-05T00:00")
    desk.tick(f"{MON}T08:01")
    desk.put(f"{MON}T09:00", **NEW, subject="Still online")
    assert desk.case().next_at == at(f"{MON}T12:00")


def test_one_made_after_the_claim_is_heeded_once_the_reads_are_old(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At send time: an alert that waited for its turn is judged again, silences included."""
    desk.put(f"{MON}T00:00", **NEW)
    claim = desk.parts.watch.outbox.claim

    def claiming(*args: object) -> object:
        monkeypatch.setattr("sla_watchdog.usecases.judging.outlook.FRESH", -1.0)
        monkeypatch.setattr("sla_watchdog.usecases.watch.recheck.FRESH", -1.0)
        silence(desk, f"{MON}T06:00", "2026-03-05T00:00")
        return claim(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.parts.watch.outbox, "claim", claiming)
    result = desk.tick(f"{MON}T06:00")
    monkeypatch.undo()
    assert (result.sent, result.withdrawn) == (0, 1)
    assert desk.sent_to() == []
    desk.tick(f"{MON}T06:01")
    assert desk.case().outbox == {}
    desk.tick("2026-03-05T00:00")
    assert "owner" in desk.sent_to()


def test_a_case_resolved_under_a_silence_is_never_heard_of(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    silence(desk, f"{MON}T01:00", f"{MON}T20:00")
    desk.tick(f"{MON}T08:01")
    desk.put(f"{MON}T09:00", **NEW | {"status": "Resolved"}, updated_at=f"{MON}T09:00:00Z")
    desk.tick(f"{MON}T20:00")
    assert desk.sent_to() == []


def test_a_damaged_silence_keeps_nobody_from_being_told(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    silence(desk, f"{MON}T01:00", "2026-03-05T00:00")
    desk.dynamodb.update_item(
        TableName=desk.parts.settings.watch_table,
        Key={"pk": {"S": "META"}, "sk": {"S": "silences"}},
        UpdateExpression="SET #s.#u = :x",
        ExpressionAttributeNames={"#s": "s:s1", "#u": "until"},
        ExpressionAttributeValues={":x": {"S": "for ever"}},
    )
    desk.tick(f"{MON}T06:00")
    assert desk.sent_to() == ["owner"]
