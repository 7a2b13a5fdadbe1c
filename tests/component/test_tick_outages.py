"""SNS out of reach, a key or a right taken away, a topic deleted, for hours: nothing dies, and one
catch-up follows.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Self

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from building import MON, at
from desk import NEW, TOPICS, Desk
from sla_watchdog.usecases.watch.give_back import LONGEST_PAUSE

HIGHEST_OF_ALL = sorted(["owner", "owner-urgent", "team-lead", "team-lead-urgent", "manager"])
SILENT: Exception = ReadTimeoutError(endpoint_url="https://sns")


class Outage:
    """While it lasts, publishes to the topics fail in one way; to `topic` alone, or to all."""

    def __init__(self, desk: Desk, fault: Exception | tuple[int, str], topic: str = "") -> None:
        self.events, self.fault, self.topic = desk.sns.meta.events, fault, topic
        self.tried = 0

    def __enter__(self) -> Self:
        self.events.register("before-call.sns.Publish", self)
        return self

    def __exit__(self, *_: object) -> None:
        self.events.unregister("before-call.sns.Publish", self)

    def __call__(self, params: dict[str, Any], **_: object) -> object:
        arn = str(params["body"]["TopicArn"])
        if self.topic and not arn.endswith(f":sla-{self.topic}"):
            return None
        self.tried += 1
        if isinstance(self.fault, Exception):
            raise self.fault
        status, code = self.fault
        problem = {
            "Error": {"Code": code, "Message": code},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        return SimpleNamespace(status_code=status), problem


FAULTS: dict[str, Exception | tuple[int, str]] = {
    "out-of-reach": EndpointConnectionError(endpoint_url="https://sns"),
    "no-answer": SILENT,
    "internal-error": (500, "InternalError"),
    "permission-removed": (403, "AuthorizationError"),
    "key-grant-revoked": (400, "KMSAccessDenied"),
    "key-disabled": (400, "KMSDisabled"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_after_hours_of_it_each_audience_gets_one_catch_up_at_the_highest_level(
    desk: Desk, fault: Exception | tuple[int, str]
) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    with Outage(desk, fault) as outage:
        tallies = [
            desk.tick(f"{MON}T{minute // 60:02}:{minute % 60:02}")
            for minute in range(6 * 60, 13 * 60, 15)
        ]
        assert {result.sent for result in tallies} == {0}
        assert desk.case().reached == {}, "a level counts as reached only when it was sent"
        assert max(result.oldest_pending_seconds for result in tallies) > 900, (
            "its age is what alarms"
        )
        assert outage.tried > 20
    for minute in (0, LONGEST_PAUSE // 120, LONGEST_PAUSE // 60):
        desk.tick(f"{MON}T13:{minute:02}")
    assert sorted(desk.sent_to()) == HIGHEST_OF_ALL
    assert {reached.level for reached in desk.case().reached.values()} == {2}
    assert desk.case().outbox == {}
    ended = desk.outcomes()
    assert {
        ("resolution/1/0/0/owner", "superseded"),
        ("resolution/1/1/0/owner", "superseded"),
    } < set(ended)
    assert "undeliverable" not in {outcome for _, outcome in ended}


def test_a_topic_that_fails_does_not_hold_up_the_others(desk: Desk) -> None:
    """More of it than would fit a tick, and the first in every tick."""
    for number in range(10):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    with Outage(desk, (403, "AuthorizationError"), topic="owner") as outage:
        desk.tick(f"{MON}T08:01")
        assert outage.tried == 2, "then it is left alone for this tick"
    notified = [topic for topic, _ in desk.sent()]
    assert {name: notified.count(name) for name in set(notified)} == {
        "owner-urgent": 10,
        "team-lead": 10,
        "team-lead-urgent": 10,
    }


def test_when_only_one_audience_is_out_it_alone_is_caught_up(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    with Outage(desk, (400, "KMSAccessDenied"), topic="owner"):
        for time in ("06:00", "08:01", "12:00"):
            desk.tick(f"{MON}T{time}")
    assert sorted(desk.sent_to()) == ["manager", "owner-urgent", "team-lead", "team-lead-urgent"]
    desk.tick(f"{MON}T12:20")
    assert desk.sent_to() == ["owner"]


def test_an_answer_that_was_lost_makes_one_more_with_the_same_id(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    publish = desk.sns.meta.events
    publish.register("after-call.sns.Publish", _lose)
    desk.tick(f"{MON}T06:00")
    publish.unregister("after-call.sns.Publish", _lose)
    desk.tick(f"{MON}T06:01")
    first, second = (body["alerts"][0]["id"] for _, body in desk.sent())
    assert first == second
    assert desk.tick(f"{MON}T06:05").due == 0


def _lose(**_: object) -> None:
    raise SILENT


# ---------------------------------------------------------------- topics that come back


def test_what_reached_nobody_is_told_once_when_somebody_can_be_reached_again(desk: Desk) -> None:
    """A topic deleted and made again: noticed by the sweep's count, one catch-up, nothing else."""
    desk.parts.watch.topic_counts.keep(dict.fromkeys(TOPICS, 1), at(f"{MON}T00:00"))
    desk.put(f"{MON}T00:00", **NEW)
    arn = f"{desk.parts.settings.topic_prefix}owner"
    desk.sns.delete_topic(TopicArn=arn)
    desk.tick(f"{MON}T06:00")
    assert desk.sent_to() == ["team-lead"]
    desk.sweep(f"{MON}T06:30")
    desk.tick(f"{MON}T06:31")
    assert desk.sent_to() == [], "nothing changed"
    desk.sns.create_topic(Name="sla-owner")
    desk.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="owner@example.org")
    desk.sweep(f"{MON}T07:00")
    desk.tick(f"{MON}T07:01")
    desk.sweep(f"{MON}T07:02")
    desk.tick(f"{MON}T07:03")
    assert desk.sent_to() == ["owner"]
    assert [o for a, o in desk.outcomes() if a == "resolution/1/0/0/owner"] == [
        "undeliverable",
        "sent",
    ]
    desk.sweep(f"{MON}T07:30")
    assert desk.tick(f"{MON}T07:31").due == 0


def test_a_topic_gone_and_back_between_two_counts_is_noticed_all_the_same(desk: Desk) -> None:
    desk.parts.watch.topic_counts.keep(dict.fromkeys(TOPICS, 1), at(f"{MON}T00:00"))
    desk.put(f"{MON}T00:00", **NEW)
    arn = f"{desk.parts.settings.topic_prefix}owner"
    desk.sns.delete_topic(TopicArn=arn)
    desk.tick(f"{MON}T06:00")
    desk.sns.create_topic(Name="sla-owner")
    desk.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="owner@example.org")
    desk.sent()
    desk.sweep(f"{MON}T07:00")
    desk.sweep(f"{MON}T07:01")
    desk.tick(f"{MON}T07:02")
    assert desk.sent_to() == ["owner"]


def test_content_that_is_refused_is_not_tried_again_with_every_count(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sla_watchdog.presentation.text import Refused

    desk.parts.watch.topic_counts.keep(dict.fromkeys(TOPICS, 1), at(f"{MON}T00:00"))
    desk.put(f"{MON}T00:00", **NEW)
    monkeypatch.setattr(
        "sla_watchdog.adapters.channels.sns.publisher.Publisher.publish",
        lambda *_: Refused("its words"),
    )
    desk.tick(f"{MON}T06:00")
    desk.sweep(f"{MON}T07:00")
    assert desk.tick(f"{MON}T07:01").due == 0


def test_a_finding_that_reached_nobody_is_told_when_operations_can_be_reached_again(
    desk: Desk,
) -> None:
    desk.parts.watch.topic_counts.keep(dict.fromkeys(TOPICS, 1), at(f"{MON}T00:00"))
    arn = f"{desk.parts.settings.topic_prefix}operations"
    desk.sns.delete_topic(TopicArn=arn)
    desk.put(f"{MON}T00:00", **NEW | {"status": "Nobody knows"})
    desk.tick(f"{MON}T00:01")
    desk.sns.create_topic(Name="sla-operations")
    desk.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="o@example.org")
    desk.sweep(f"{MON}T01:00")
    desk.sweep(f"{MON}T01:01")
    desk.tick(f"{MON}T01:02")
    assert desk.sent_to() == ["operations"]
