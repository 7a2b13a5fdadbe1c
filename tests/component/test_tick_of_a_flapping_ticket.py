"""The two machines of unit/test_back_and_forth.py by the deployed path: the stream brings each record,
a tick every minute sends what is due (semantics D5, E9 and E12).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve
from moto import mock_aws

from building import HOUR, MON, at, iso, policy, resolution, rule
from desk import NEW, Desk
from sla_watchdog.domain.escalation.alert_id import AlertId
from sla_watchdog.domain.escalation.case import MessageRun, Outcome, Severity
from sla_watchdog.domain.policy.model import After, Ladder, Level, Metric, Target
from sla_watchdog.tools.imports.events import parse
from sla_watchdog.tools.simulation.help_desk import apply
from unit.test_back_and_forth import LOOP, shipped


def messages_of(desk: Desk) -> Counter[str]:
    return Counter(topic for topic, _ in desk.sent())


@pytest.mark.skipif(not LOOP.exists(), reason="no ../shared/cases/auto-reply-loop.jsonl")
def test_two_machines_that_thank_each_other_cost_nobody_more_than_three_messages() -> None:
    events = parse(LOOP.read_bytes().splitlines(), "UTC")
    record: dict[str, Any] = {}
    with mock_aws():
        desk = Desk(shipped())
        minute = events[0].at
        desk.tick(iso(minute))
        for event in events:
            record = apply(event, record)
            while minute <= event.at:
                desk.tick(iso(minute + 30))
                minute += 60
            desk.put(iso(event.at), event.ticket, **{**record, "ticket_id": event.ticket})
        for _ in range(5):
            desk.tick(iso(minute + 30))
            minute += 60
        sent = desk.sent()
    counts = Counter(topic for topic, _ in sent)
    told = "\n".join(f"{topic:20} {count}" for topic, count in counts.items())
    assert max(counts.values()) <= 3, told
    assert Counter(map(clock_of, sent))["finding:flapping"] == 1, told
    findings = {clock_of(message) for message in sent if message[0] == "operations"}
    assert findings == {"finding:flapping", "finding:replier"}, told


def clock_of(message: tuple[str, dict[str, Any]]) -> str:
    _, body = message
    return AlertId.of_text(body["alerts"][0]["id"]).clock.clock


# ------------------------------------------------------------------ what is stored


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        desk = Desk(policy(rule("r", resolution(8 * HOUR))))
        desk.tick(f"{MON}T00:00")
        yield desk


def test_a_message_is_counted_with_the_case_when_it_was_sent(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.tick(f"{MON}T06:00")
    desk.tick(f"{MON}T08:01")
    warned, told = at(f"{MON}T06:00"), at(f"{MON}T08:01")
    assert desk.case().message_runs == {
        "owner": MessageRun(warned, told, 2, Severity.CRITICAL),
        "owner-urgent": MessageRun(told, told, 1, Severity.CRITICAL),
        "team-lead": MessageRun(told, told, 1, Severity.CRITICAL),
        "team-lead-urgent": MessageRun(told, told, 1, Severity.CRITICAL),
    }


def test_what_was_only_observed_is_no_message_once_it_is_live() -> None:
    with mock_aws():
        desk = Desk(policy(rule("r", resolution(8 * HOUR))), mode="observe")
        desk.tick(f"{MON}T00:00")
        desk.put(f"{MON}T00:00", **NEW)
        desk.tick(f"{MON}T08:01")
        assert desk.case().message_runs["owner"].observed
        assert not desk.case().as_notified(live=True).message_runs
        desk.parts = evolve(desk.parts, settings=evolve(desk.parts.settings, mode="live"))
        desk.put(f"{MON}T08:02", **NEW, team="A", updated_at=f"{MON}T08:02:00Z")
        desk.tick(f"{MON}T08:02")
        run = desk.case().message_runs["owner"]
        assert (run.count, run.observed) == (1, False)


def test_an_item_of_before_knows_no_messages_and_the_next_is_a_first_one(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.tick(f"{MON}T08:01")
    item = {k: v for k, v in stored(desk).items() if k != "message_runs"}
    desk.dynamodb.put_item(TableName=desk.parts.settings.watch_table, Item=item)
    assert desk.case().message_runs == {}
    desk.tick(f"{MON}T12:01")
    assert set(desk.case().message_runs) == {"manager"}


def stored(desk: Desk) -> dict[str, Any]:
    return dict(desk.parts.watch.items.read("C#T-1", "W") or {})


def test_what_is_held_is_on_record_with_its_reason_and_comes_when_it_may(desk: Desk) -> None:
    """Two exchanges in one hour, each late by a minute."""
    asked = Target(Metric.NEXT_RESPONSE, 5 * 60, Ladder("reply", (Level(After(0), ("owner",)),)))
    desk.with_policy(policy(rule("r", asked)))
    record = {**NEW, "created_at": f"{MON}T09:00:00Z"}
    for number, minute in enumerate((0, 7, 14)):
        record["last_customer_reply_at"] = f"{MON}T09:{minute:02}:00Z"
        record["updated_at"] = record["last_customer_reply_at"]
        desk.put(f"{MON}T09:{minute:02}", **record)
        desk.tick(f"{MON}T09:{minute + 5:02}:30")
        assert messages_of(desk)["owner"] == (number == 0)
        if number < 2:
            record["last_agent_reply_at"] = f"{MON}T09:{minute + 6:02}:00Z"
            desk.put(f"{MON}T09:{minute + 6:02}", **record)
    (held,) = [item for item in desk.audit() if item.alert_id.startswith("T-1/next_response/3")]
    assert held.outcome is Outcome.DEFERRED
    assert held.reason.startswith("a message about this case came shortly before; waits until ")
    assert desk.case().next_at == at(f"{MON}T09:20:30")
    desk.tick(f"{MON}T09:20:30")
    assert messages_of(desk)["owner"] == 1
