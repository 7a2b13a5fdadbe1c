"""A recipient who vanishes is missed: the sweep finds it, the tick notifies the others, and nothing
counts as sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from building import MON, TUE, at
from desk import Desk
from sla_watchdog.domain.escalation.subscribers import SubscriptionState

NEW = {"created_at": f"{MON}T00:00:00Z", "status": "New", "subject": "Page", "assignee": "Kim"}


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Two members in the top audience, one in every other."""
    with mock_aws():
        desk = Desk()
        subscribe(desk, "executive", "ceo@example.org")
        desk.tick(f"{MON}T00:00")
        assert desk.sweep(f"{MON}T00:01").recipients_missing == 0
        assert (desk.tick(f"{MON}T00:02").sent, desk.sent_to()) == (0, [])
        yield desk


def subscribe(desk: Desk, topic: str, endpoint: str, protocol: str = "email") -> None:
    arn = desk.parts.settings.topic_prefix + topic
    desk.sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)


def open_the_unsubscribe_link(desk: Desk, topic: str, endpoint: str) -> None:
    arn = desk.parts.settings.topic_prefix + topic
    for each in desk.sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
        if each["Endpoint"] == endpoint:
            desk.sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


def list_as(desk: Desk, states: Mapping[str, str]) -> None:
    """SNS lists these addresses with something else than an ARN."""

    def change(parsed: dict[str, Any], **_: Any) -> None:
        for each in parsed.get("Subscriptions", ()):
            each["SubscriptionArn"] = states.get(each["Endpoint"], each["SubscriptionArn"])

    desk.sns.meta.events.register("after-call.sns.ListSubscriptionsByTopic", change)


def answer(desk: Desk, operation: str, given: Mapping[str, Any], status: int = 200) -> list[Any]:
    """SNS answers so; the calls that it answered."""
    calls: list[Any] = []

    def reply(params: dict[str, Any], **_: Any) -> tuple[Any, Mapping[str, Any]]:
        calls.append(params["body"])
        return SimpleNamespace(status_code=status), given

    desk.sns.meta.events.register(f"before-call.sns.{operation}", reply)
    return calls


def test_the_others_hear_that_an_address_is_gone_and_who_it_was(desk: Desk) -> None:
    open_the_unsubscribe_link(desk, "executive", "ceo@example.org")
    swept = desk.sweep(f"{MON}T01:01")
    assert swept.recipients_missing == 1
    assert "ceo@" not in str(swept.noticed), "what is noticed stands in the log"
    assert desk.tick(f"{MON}T01:02").sent == 2
    notified = dict(desk.sent())
    assert set(notified) == {"executive", "operations"}
    assert [each["endpoint"] for each in notified["executive"]["missing"]] == ["ceo@example.org"]
    assert "sla-watchdog subscribe executive ceo@example.org" in notified["operations"]["email"]


def test_they_hear_it_once_then_weekly_until_it_is_mended(desk: Desk) -> None:
    open_the_unsubscribe_link(desk, "executive", "ceo@example.org")
    for hour in range(1, 24):
        desk.sweep(f"{MON}T{hour:02}:01")
        desk.tick(f"{MON}T{hour:02}:02")
    assert sorted(desk.sent_to()) == ["executive", "operations"]
    desk.sweep("2026-03-09T01:01")
    desk.tick("2026-03-09T01:02")
    assert sorted(desk.sent_to()) == ["executive", "operations"]
    subscribe(desk, "executive", "ceo@example.org")
    assert desk.sweep("2026-03-16T01:01").recipients_missing == 0
    desk.tick("2026-03-16T01:02")
    assert desk.sent_to() == []


def test_an_idle_tick_reads_nothing_more_for_it(desk: Desk) -> None:
    open_the_unsubscribe_link(desk, "executive", "ceo@example.org")
    desk.sweep(f"{MON}T01:01")
    assert desk.tick(f"{MON}T01:02").due == 1
    assert desk.tick(f"{MON}T01:03").due == 0


def test_who_is_listed_as_pending_over_a_day_is_missed(desk: Desk) -> None:
    subscribe(desk, "manager", "new@example.org")
    list_as(desk, {"new@example.org": "PendingConfirmation"})
    assert desk.sweep(f"{MON}T02:00").recipients_missing == 0
    assert desk.sweep(f"{TUE}T01:00").recipients_missing == 0
    assert desk.sweep(f"{TUE}T02:00").recipients_missing == 1
    desk.tick(f"{TUE}T02:01")
    assert sorted(desk.sent_to()) == ["executive", "manager", "operations"]


def test_a_subscription_that_sns_suspends_is_missed_at_once(desk: Desk) -> None:
    list_as(desk, {"ceo@example.org": "PendingConfirmation"})
    desk.sweep(f"{MON}T01:01")
    desk.tick(f"{MON}T01:02")
    assert sorted(desk.sent_to()) == ["executive", "operations"]


def test_a_topic_that_is_deleted_takes_its_members_with_it(desk: Desk) -> None:
    desk.sns.delete_topic(TopicArn=desk.parts.settings.topic_prefix + "manager")
    desk.sweep(f"{MON}T01:01")
    desk.tick(f"{MON}T01:02")
    assert sorted(desk.sent_to()) == ["executive", "operations"]


# ------------------------------------------------------------------ SMS


def test_a_number_that_opted_out_is_missed_and_reaches_nobody(desk: Desk) -> None:
    subscribe(desk, "manager-urgent", "+15555550100", "sms")
    answer(desk, "GetSMSSandboxAccountStatus", {"IsInSandbox": False})
    opted_out = {"isOptedOut": False}
    calls = answer(desk, "CheckIfPhoneNumberIsOptedOut", opted_out)
    assert desk.sweep(f"{MON}T01:01").recipients_missing == 0
    assert (len(calls), (desk.parts.watch.topic_counts.read() or {})["manager-urgent"]) == (1, 2)
    opted_out["isOptedOut"] = True
    assert desk.sweep(f"{MON}T02:01").recipients_missing == 1
    assert (desk.parts.watch.topic_counts.read() or {})["manager-urgent"] == 1
    desk.tick(f"{MON}T02:02")
    assert sorted(desk.sent_to()) == ["executive", "manager", "operations"]


def test_an_audience_whose_only_number_opted_out_has_nobody(desk: Desk) -> None:
    open_the_unsubscribe_link(desk, "operations", "operations@example.org")
    subscribe(desk, "operations", "+15555550100", "sms")
    answer(desk, "CheckIfPhoneNumberIsOptedOut", {"isOptedOut": True})
    noticed = desk.sweep(f"{MON}T01:01").noticed
    assert "audience operations: nobody has confirmed a subscription" in noticed
    assert "topic operations: a recipient gets nothing: opted out" in noticed
    desk.tick(f"{MON}T01:02")
    assert desk.sent_to() == ["executive"]


def test_in_the_sms_sandbox_every_number_that_is_not_verified_is_missed(desk: Desk) -> None:
    subscribe(desk, "manager-urgent", "+15555550100", "sms")
    subscribe(desk, "executive-urgent", "+15555550101", "sms")
    answer(desk, "CheckIfPhoneNumberIsOptedOut", {"isOptedOut": False})
    answer(desk, "GetSMSSandboxAccountStatus", {"IsInSandbox": True})
    numbers = [
        {"PhoneNumber": "+15555550100", "Status": "Verified"},
        {"PhoneNumber": "+15555550101", "Status": "Pending"},
    ]
    answer(desk, "ListSMSSandboxPhoneNumbers", {"PhoneNumbers": numbers})
    assert desk.sweep(f"{MON}T01:01").noticed == [
        "topic executive-urgent: a recipient gets nothing: unverified"
    ]


def test_where_sns_does_not_say_who_gets_sms_nobody_is_missed_nor_well_again(desk: Desk) -> None:
    subscribe(desk, "manager-urgent", "+15555550100", "sms")
    answer(desk, "GetSMSSandboxAccountStatus", {"IsInSandbox": False})
    answer(desk, "CheckIfPhoneNumberIsOptedOut", {"isOptedOut": True})
    desk.sweep(f"{MON}T01:01")
    denied = {
        "Error": {"Code": "AuthorizationError", "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": 403},
    }
    handlers = desk.sns.meta.events
    handlers.register_first(
        "before-call.sns.CheckIfPhoneNumberIsOptedOut",
        lambda **_: (SimpleNamespace(status_code=403), denied),
    )
    swept = desk.sweep(f"{MON}T02:01")
    assert "sms: SNS does not say who gets SMS: AuthorizationError" in swept.noticed
    assert "topic manager-urgent: a recipient gets nothing: opted out" in swept.noticed
    assert swept.finished, "the sweep itself went on"


# ------------------------------------------------------------------ operations without anybody


def test_operations_without_anybody_are_told_to_the_top_every_day(desk: Desk) -> None:
    open_the_unsubscribe_link(desk, "operations", "operations@example.org")
    for hour in range(1, 24):
        desk.sweep(f"{MON}T{hour:02}:01")
        desk.tick(f"{MON}T{hour:02}:02")
    (notified,) = desk.sent()
    assert (notified[0], notified[1]["operations_has_nobody"]) == ("executive", True)
    desk.sweep(f"{TUE}T01:01")
    desk.tick(f"{TUE}T01:02")
    assert desk.sent_to() == ["executive"]


def test_what_operations_should_hear_is_undeliverable_while_nobody_is_there_and_comes_when_somebody_is(
    desk: Desk,
) -> None:
    open_the_unsubscribe_link(desk, "operations", "operations@example.org")
    desk.sweep(f"{MON}T01:01")
    desk.tick(f"{MON}T01:02")
    desk.put(f"{MON}T01:10", **{**NEW, "status": "Nonsense"})
    result = desk.tick(f"{MON}T01:11")
    assert (result.sent, result.undeliverable) == (0, 1)
    assert desk.outcomes()[0] == ("finding:status/1/0/0/operations", "undeliverable")
    subscribe(desk, "operations", "oncall@example.org")
    desk.sent()
    desk.sweep(f"{MON}T02:01")
    desk.tick(f"{MON}T02:02")
    desk.sweep(f"{MON}T02:03")
    desk.tick(f"{MON}T02:04")
    assert ("finding:status/1/0/0/operations", "sent") in desk.outcomes()


def test_the_digest_of_mode_observe_waits_for_somebody_in_operations() -> None:
    with mock_aws():
        desk = Desk(mode="observe")
        open_the_unsubscribe_link(desk, "operations", "operations@example.org")
        desk.put(f"{MON}T00:00", **NEW)
        desk.sweep(f"{MON}T00:01")
        desk.tick(f"{MON}T06:00")
        desk.sent()
        result = desk.tick(f"{TUE}T00:00")
        assert (result.sent, result.undeliverable, desk.sent_to()) == (0, 1, [])
        subscribe(desk, "operations", "oncall@example.org")
        desk.sweep(f"{TUE}T00:30")
        assert desk.tick(f"{TUE}T01:00").sent == 1
        assert desk.sent_to() == ["operations"]


def test_a_case_that_cannot_be_judged_is_told_once_somebody_is_in_operations(desk: Desk) -> None:
    desk.put(f"{MON}T00:10", **NEW)
    open_the_unsubscribe_link(desk, "operations", "operations@example.org")
    desk.sweep(f"{MON}T01:01")
    desk.tick(f"{MON}T01:02")
    desk.sent()
    damage(desk)
    result = desk.tick(f"{MON}T06:00")
    assert (result.put_back, result.undeliverable, result.sent) == (1, 1, 0)
    subscribe(desk, "operations", "oncall@example.org")
    desk.parts.watch.topic_counts.keep(
        {**(desk.parts.watch.topic_counts.read() or {}), "operations": 1}, at(f"{MON}T06:01")
    )
    desk.tick(f"{MON}T06:02")
    assert desk.sent_to() == ["operations"]


def damage(desk: Desk) -> None:
    """Nobody can read its facts."""
    desk.dynamodb.update_item(
        TableName=desk.parts.settings.watch_table,
        Key={"pk": {"S": "C#T-1"}, "sk": {"S": "W"}},
        UpdateExpression="SET facts = :bad",
        ExpressionAttributeValues={":bad": {"S": "{"}},
    )


def test_a_report_that_reaches_nobody_is_not_told(desk: Desk) -> None:
    for topic in ("manager", "executive", "operations"):
        for name in (topic, "ceo"):
            open_the_unsubscribe_link(desk, topic, f"{name}@example.org")
    desk.sweep(f"{MON}T01:01")
    reported = desk.parts.reporter(at(f"{MON}T09:00")).run()
    assert reported is not None
    assert (reported.sent, reported.failed > 0) == (0, True)


# ------------------------------------------------------------------ what may go wrong on the way


def test_where_sns_cannot_take_it_a_minute_later_those_left_out_are_notified_and_nobody_twice(
    desk: Desk,
) -> None:
    open_the_unsubscribe_link(desk, "executive", "ceo@example.org")
    desk.sweep(f"{MON}T01:01")
    down = [True]

    def fail(params: dict[str, Any], **_: Any) -> None:
        if down[0] and "sla-operations" in str(params["body"]):
            raise EndpointConnectionError(endpoint_url="https://sns")

    desk.sns.meta.events.register("before-call.sns.Publish", fail)
    result = desk.tick(f"{MON}T01:02")
    assert (result.sent, result.retried, desk.sent_to()) == (1, 1, ["executive"])
    down[0] = False
    assert desk.tick(f"{MON}T01:03").sent == 1
    assert desk.sent_to() == ["operations"]


def test_an_unsubscribe_while_the_sweep_runs_is_not_taken_for_a_loss(desk: Desk) -> None:
    """The command notes it first; the sweep had the roster before, and its write is refused and
    made anew.
    """
    watch = desk.parts.watch
    open_the_unsubscribe_link(desk, "executive", "ceo@example.org")
    seat = next(
        each for each in watch.rosters.read().subscribers if each.endpoint == "ceo@example.org"
    )
    asked: list[int] = []

    def meanwhile(params: dict[str, Any], **_: Any) -> None:
        if '"sk": {"S": "recipients"}' in str(params["body"]) and not asked:
            asked.append(1)
            from sla_watchdog.domain.escalation.subscribers import noted

            watch.rosters.change(
                lambda roster: noted(roster, seat, SubscriptionState.ENDED, at(f"{MON}T01:01"))
            )

    desk.dynamodb.meta.events.register("before-call.dynamodb.UpdateItem", meanwhile)
    assert desk.sweep(f"{MON}T01:01").recipients_missing == 0
    assert asked
    desk.tick(f"{MON}T01:02")
    assert desk.sent_to() == []


def test_what_was_stored_before_rosters_were_kept_is_no_loss_and_damage_stops_no_sweep(
    desk: Desk,
) -> None:
    table = desk.parts.settings.watch_table
    key = {"pk": {"S": "META"}, "sk": {"S": "recipients"}}
    desk.dynamodb.delete_item(TableName=table, Key=key)
    assert desk.sweep(f"{MON}T01:01").recipients_missing == 0
    desk.dynamodb.put_item(
        TableName=table,
        Item={
            **key,
            "rev": {"S": "x"},
            "subscribers": {"M": {"odd": {"S": "x"}}},
            "notified": {"S": "x"},
        },
    )
    assert desk.sweep(f"{MON}T02:01").recipients_missing == 0
    assert len(desk.parts.watch.rosters.read().subscribers) == 10
