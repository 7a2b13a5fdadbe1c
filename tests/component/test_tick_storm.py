"""Many at once: urgent ones first, five a second to a topic, digests beyond that, and nothing lost
when time is up.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import define, evolve, field
from moto import mock_aws

from building import MON, policy
from desk import Desk
from sla_watchdog.adapters.channels.channels import Channels
from sla_watchdog.adapters.channels.sns.channel import SnsChannel
from sla_watchdog.adapters.channels.sns.pacer import MOST_A_SECOND, Pacer
from sla_watchdog.adapters.channels.sns.publisher import Publisher
from sla_watchdog.adapters.channels.sns.subscriptions import Subscriptions
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.usecases.watch import compose
from sla_watchdog.usecases.watch.pace import LAST_SECONDS, MIN_TIME_LEFT

EARLY = {"created_at": f"{MON}T00:00:00Z", "status": "New"}  # breached at 08:01
URGENT, CALM = 30, 5
SLOW = {"UpdateItem": 0.02, "TransactWriteItems": 0.06}
"""Seconds of a write; a settlement takes longer than a claim."""
LATER = {"created_at": f"{MON}T02:00:00Z", "status": "New"}  # 75 % at 08:00


@define
class Wall:
    """A clock that only sleeping and publishing move."""

    seconds: float = 0.0
    published: list[tuple[float, str, dict[str, Any]]] = field(factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def note(self, params: dict[str, Any], **_: object) -> None:
        self.seconds += 0.02
        topic = params["TopicArn"].rpartition(":")[2].removeprefix("sla-")
        self.published.append(
            (self.seconds, topic, json.loads(json.loads(params["Message"])["default"]))
        )

    def ids(self) -> Counter[str]:
        return Counter(alert["id"] for _, _, body in self.published for alert in body["alerts"])


def storming(digest_after: int = 10) -> tuple[Desk, Wall]:
    desk, wall = Desk(policy(digest_after=digest_after)), Wall()
    publisher = Publisher(desk.sns, desk.parts.settings.topic_prefix, Pacer(wall.now, wall.sleep))
    sns = SnsChannel(publisher, Subscriptions(desk.sns))
    desk.parts = evolve(desk.parts, channels=Channels((sns,)))
    desk.sns.meta.events.register("provide-client-params.sns.Publish", wall.note)
    desk.tick(f"{MON}T00:00")
    return desk, wall


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def test_urgent_ones_beyond_the_limit_become_an_urgent_digest_before_anything_calm() -> None:
    desk, wall = storming()
    for number in range(30):
        desk.put(f"{MON}T00:00", f"U-{number}", **EARLY)
    for number in range(15):
        desk.put(f"{MON}T02:00", f"C-{number}", **LATER)
    desk.tick(f"{MON}T08:01")
    to_owner = [body for _, topic, body in wall.published if topic == "owner"]
    assert [len(body["alerts"]) for body in to_owner] == [1] * 10 + [20, 15]
    severities = [{alert["severity"] for alert in body["alerts"]} for body in to_owner]
    assert severities == [{"critical"}] * 11 + [{"warning"}]
    urgent = [
        any(alert["severity"] == "critical" for alert in body["alerts"])
        for _, _, body in wall.published
    ]
    assert urgent == sorted(urgent, reverse=True), "urgent ones first, whatever the topic"


def test_no_topic_gets_more_than_five_in_any_second() -> None:
    desk, wall = storming(digest_after=60)
    for number in range(16):
        desk.put(f"{MON}T00:00", f"T-{number}", **EARLY)
    desk.tick(f"{MON}T08:01")
    times: dict[str, list[float]] = defaultdict(list)
    for at, topic, _ in wall.published:
        times[topic].append(at)
    assert {topic: len(each) for topic, each in times.items()} == dict.fromkeys(
        ("owner", "owner-urgent", "team-lead", "team-lead-urgent"), 16
    )
    for each in times.values():
        assert all(
            later - first >= 0.95 for first, later in zip(each, each[MOST_A_SECOND:], strict=False)
        )
    assert wall.seconds < 10, "topics do not wait for each other"


def test_a_tick_that_runs_into_its_limit_starts_nothing_more_and_the_next_ones_finish_it() -> None:
    desk, wall = storming(digest_after=100)
    for number in range(20):
        desk.put(f"{MON}T00:00", f"T-{number}", **EARLY)
    minute = 1
    while True:
        begun = wall.seconds
        result = desk.parts.tick(_at(minute), lambda begun=begun: 22 - (wall.seconds - begun)).run()  # type: ignore[misc]
        assert result is not None
        assert all(
            at - begun <= 22 - MIN_TIME_LEFT + 1.1 for at, *_ in wall.published if at > begun
        )
        if not result.left_due:
            break
        minute += 1
    assert minute > 1
    assert set(wall.ids().values()) == {1}, "none twice"
    assert len(wall.ids()) == 20 * 4, "none missed"
    assert all(desk.case(f"T-{number}").outbox == {} for number in range(20))


def test_no_more_is_claimed_than_there_is_time_to_send_and_settle() -> None:
    desk, wall = storming()
    for number in range(URGENT):
        desk.put(f"{MON}T00:00", f"T-{number}", **EARLY)
    for number in range(CALM):
        desk.put(f"{MON}T02:00", f"C-{number}", **LATER)

    def slow(model: Any, **_: object) -> None:
        wall.seconds += SLOW.get(model.name, 0)

    desk.dynamodb.meta.events.register("provide-client-params.dynamodb.*", slow)
    limit, minute = MIN_TIME_LEFT + 5, 1
    while True:
        begun = wall.seconds
        result = desk.parts.tick(
            _at(minute), lambda begun=begun: limit - (wall.seconds - begun)
        ).run()  # type: ignore[misc]
        assert result is not None
        assert limit - (wall.seconds - begun) > MIN_TIME_LEFT - 2, "it ends in time"
        waiting = [name for name in _names() if desk.case(name).outbox]
        assert waiting == [], "what was claimed was sent"
        if not result.left_due:
            break
        minute += 1
    assert 2 <= minute <= 4
    assert set(wall.ids().values()) == {1}, "none twice"
    assert len(wall.ids()) == URGENT * 4 + CALM, "none missed"
    urgent = [
        any(alert["severity"] == "critical" for alert in body["alerts"])
        for _, _, body in wall.published
    ]
    assert urgent == sorted(urgent, reverse=True), "urgent ones first, over all ticks"


def _names() -> list[str]:
    return [
        *(f"T-{number}" for number in range(URGENT)),
        *(f"C-{number}" for number in range(CALM)),
    ]


def test_with_seconds_left_nothing_is_given_back_and_the_claims_lapse() -> None:
    desk, wall = storming()
    for number in range(3):
        desk.put(f"{MON}T00:00", f"T-{number}", **EARLY)
    left = [100.0]
    desk.sns.meta.events.register(
        "provide-client-params.sns.Publish", lambda **_: left.__setitem__(0, LAST_SECONDS - 1)
    )
    result = desk.parts.tick(_at(1), lambda: left[0]).run()
    assert result is not None
    assert result.sent == 1
    assert result.left_due == 11
    assert sum(len(desk.case(f"T-{number}").outbox) for number in range(3)) == 11
    left[0] = 100.0
    desk.sns.meta.events.unregister("provide-client-params.sns.Publish")
    desk.tick(f"{MON}T08:02")
    assert len(wall.ids()) == 1, "held still"
    desk.tick(f"{MON}T08:04")
    assert sum(len(desk.case(f"T-{number}").outbox) for number in range(3)) == 0


def test_a_digest_sent_in_the_last_seconds_is_settled_by_a_later_tick_and_not_sent_again() -> None:
    desk, wall = storming()
    for number in range(12):
        desk.put(f"{MON}T00:00", f"T-{number}", **EARLY)
    left = [100.0]
    event = "provide-client-params.sns.Publish"
    desk.sns.meta.events.register(event, lambda **_: left.__setitem__(0, LAST_SECONDS - 1), "late")
    result = desk.parts.tick(_at(-119), lambda: left[0]).run()  # 06:01, three quarters of the time
    assert result is not None
    assert (result.digested, result.left_due) == (12, 12), "sent, and not one of them settled"
    left[0] = 100.0
    desk.sns.meta.events.unregister(event, unique_id="late")
    desk.tick(f"{MON}T06:04")
    assert [len(body["alerts"]) for _, _, body in wall.published] == [12]
    assert {tuple(desk.outcomes(f"T-{number}")) for number in range(12)} == {
        (("resolution/1/0/0/owner", "in_digest"),)
    }


def _at(minute: int) -> int:
    from building import at

    return at(f"{MON}T08:00") + 60 * minute


def test_one_of_which_no_message_can_be_made_is_not_taken_for_told_by_the_digest_sent_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk, wall = storming()
    for number in range(12):
        desk.put(f"{MON}T00:00", f"T-{number}", **EARLY)
    worded = compose.notice

    def broken(case: Case, *rest: object) -> object:
        if case.id == "T-3":
            raise ValueError("no words")
        return worded(case, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(compose, "notice", broken)
    result = desk.tick(f"{MON}T06:00")
    assert (result.digested, result.retried) == (11, 1)
    monkeypatch.undo()
    desk.tick(f"{MON}T06:01")
    assert desk.outcomes("T-3") == [("resolution/1/0/0/owner", "sent")]
    assert set(wall.ids().values()) == {1}
    assert len(wall.ids()) == 12


def test_a_digest_has_one_item_one_send_one_mark_and_its_members_settled_one_by_one() -> None:
    desk, _ = storming()
    for number in range(12):
        desk.put(f"{MON}T00:00", f"T-{number}", **EARLY)
    calls: list[str] = []
    for client in (desk.dynamodb, desk.sns):
        client.meta.events.register(
            "provide-client-params.*.*",
            lambda params, model, **_: calls.append(_call(params, model)),
        )
    desk.tick(f"{MON}T06:00")
    notified = [call for call in calls if call in ("D#", "Publish", "TransactWriteItems")]
    assert notified == ["D#", "Publish", "D#", *["TransactWriteItems"] * 12]


def _call(params: dict[str, Any], model: Any) -> str:
    key = params.get("Key", {}).get("pk", {}).get("S", "")
    return "D#" if model.name == "UpdateItem" and key.startswith("D#") else str(model.name)
