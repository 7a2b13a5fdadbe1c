"""`subscribe` and `unsubscribe`: who gets an audience's alerts, and what they must still do for
it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from building import MON, at
from component.cli_desk import ARN, NEW, UNDELIVERED, Operator, refusal
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.subscribers import SubscriptionState
from sla_watchdog.tools.cli.stack.sns_topics import recipient_of
from sla_watchdog.tools.cli.subscribe import command

KIM = Recipient("owner", "Kim").name
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "WatchTells",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:role/watch"},
            "Action": "sns:Publish",
            "Resource": f"{ARN}operations",
        },
        {
            "Sid": "AlarmsOfCloudWatch",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
        },
    ],
}


def attributes(operator: Operator, topic: str) -> dict[str, str]:
    found: dict[str, str] = operator.desk.sns.get_topic_attributes(TopicArn=ARN + topic)[
        "Attributes"
    ]
    return found


def counted(operator: Operator) -> dict[str, int]:
    return dict(operator.desk.parts.watch.topic_counts.read() or {})


def test_an_address_hears_an_audience_and_what_cannot_be_delivered_is_kept(
    operator: Operator,
) -> None:
    ran = operator("subscribe", "manager", "grace@example.org")
    assert ran.code == 0
    assert "grace@example.org is subscribed to sla-manager." in ran.said
    assert operator.subscribed("manager") == ["grace@example.org", "manager@example.org"]
    listed: list[dict[str, Any]] = operator.desk.sns.list_subscriptions_by_topic(
        TopicArn=f"{ARN}manager"
    )["Subscriptions"]
    (mine,) = [
        each["SubscriptionArn"] for each in listed if each["Endpoint"] == "grace@example.org"
    ]
    kept = operator.desk.sns.get_subscription_attributes(SubscriptionArn=mine)["Attributes"][
        "RedrivePolicy"
    ]
    assert json.loads(kept) == {"deadLetterTargetArn": UNDELIVERED}


def test_subscribing_again_changes_nothing_and_says_so(operator: Operator) -> None:
    operator("subscribe", "manager", "grace@example.org")
    ran = operator("subscribe", "manager", "Grace@Example.org")
    assert ran.code == 0
    assert "Grace@Example.org is already subscribed" in ran.said
    assert len(operator.subscribed("manager")) == 2


def test_a_topic_for_one_person_is_made_like_the_templates_own(operator: Operator) -> None:
    operator.desk.sns.set_topic_attributes(
        TopicArn=f"{ARN}operations", AttributeName="KmsMasterKeyId", AttributeValue="key-1"
    )
    operator.desk.sns.set_topic_attributes(
        TopicArn=f"{ARN}operations", AttributeName="Policy", AttributeValue=json.dumps(POLICY)
    )
    ran = operator("subscribe", "owner", "kim@example.org", "--for", "Kim")
    assert f"Topic sla-{KIM} made." in ran.said
    assert "It is notified of tickets whose assignee is 'Kim'" in ran.said
    made = attributes(operator, KIM)
    assert made["KmsMasterKeyId"] == "key-1"
    assert made["DisplayName"] == "SLA watchdog"
    (statement,) = json.loads(made["Policy"])["Statement"]
    assert (statement["Sid"], statement["Resource"]) == ("WatchTells", ARN + KIM)


def test_the_next_tick_tells_the_person_in_their_own_topic(operator: Operator) -> None:
    operator("subscribe", "owner", "kim@example.org", "--for", "Kim")
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:00"))
    operator.desk.put(f"{MON}T00:00", **NEW, assignee="Kim")
    operator.tick(f"{MON}T06:00")
    assert operator.desk.sent_to() == [KIM]


def test_the_first_subscription_counts_every_topic_and_later_ones_their_own(
    operator: Operator,
) -> None:
    operator("subscribe", "owner", "kim@example.org", "--for", "Kim")
    first = counted(operator)
    assert (first["manager"], first["operations"], first[KIM]) == (1, 1, 1)
    operator("subscribe", "manager", "grace@example.org")
    assert counted(operator) == {**first, "manager": 2}


def test_sms_go_to_the_urgent_topic_and_warn_of_the_limits_of_aws(operator: Operator) -> None:
    ran = operator("subscribe", "executive", "--urgent", "+49 151 12345678")
    assert "+4915112345678 is subscribed to sla-executive-urgent." in ran.said
    assert "1 USD by default" in ran.said
    assert "sandbox" in ran.said
    assert "With --urgent" not in ran.said
    assert (
        "With --urgent it would get the urgent ones alone"
        in operator("subscribe", "executive", "+15550100199").said
    )


def test_a_queue_is_told_what_its_policy_must_allow(operator: Operator) -> None:
    queue = operator.desk.parts.queue
    found = queue.client.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])
    ran = operator("subscribe", "manager", found["Attributes"]["QueueArn"])
    assert ran.code == 0
    assert f"aws:SourceArn {ARN}manager" in ran.said


def test_a_pending_address_is_told_what_to_do_and_by_when(operator: Operator) -> None:
    operator("subscribe", "manager", "grace@example.org")
    operator.nobody_has_confirmed()
    ran = operator("subscribe", "manager", "grace@example.org")
    assert ran.code == 0
    assert "AWS Notifications has sent a mail to grace@example.org" in ran.said
    assert "within 2 days" in ran.said
    assert counted(operator)["manager"] == 0
    assert (
        operator("subscribe", "manager", "grace@example.org", "--json").json["state"] == "pending"
    )


def test_waiting_ends_when_the_address_is_confirmed(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator("subscribe", "manager", "grace@example.org")
    operator.nobody_has_confirmed()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            operator.everybody_has_confirmed()

    monkeypatch.setattr(command.time, "sleep", sleep)
    ran = operator("subscribe", "manager", "grace@example.org", "--wait")
    assert (ran.code, len(waits)) == (0, 3)
    assert "is subscribed to sla-manager" in ran.said


def test_waiting_for_nothing_ends_after_a_quarter_of_an_hour(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator("subscribe", "manager", "grace@example.org")
    operator.nobody_has_confirmed()
    clock = [0.0]
    monkeypatch.setattr(command.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(
        command.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds)
    )
    assert operator("subscribe", "manager", "grace@example.org", "--wait").code == 1
    assert clock[0] == pytest.approx(15 * 60, abs=5)


def test_json_says_what_was_made(operator: Operator) -> None:
    assert operator("subscribe", "owner", "kim@example.org", "--for", "Kim", "--json").json == {
        "topic": f"sla-{KIM}",
        "topic_arn": ARN + KIM,
        "topic_made": True,
        "protocol": "email",
        "endpoint": "kim@example.org",
        "state": "confirmed",
    }


WRONG = [
    ("an audience that is misspelt", ["manger", "a@example.org"], "did you mean manager?"),
    (
        "an audience nobody defined",
        ["press", "a@example.org"],
        "there are executive, manager, owner, team-lead",
    ),
    (
        "one person of an audience notified as a whole",
        ["manager", "a@example.org", "--for", "x"],
        "--for goes with owner",
    ),
    (
        "one person of operations",
        ["operations", "a@example.org", "--for", "x"],
        "is notified as a whole",
    ),
    ("urgent operations", ["operations", "a@example.org", "--urgent"], "leave --urgent out"),
    ("no address", ["manager", "grace"], "is no address"),
]


@pytest.mark.parametrize("name", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize(
    ("argv", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_wrong_request_changes_nothing_and_says_what_would_be_right(
    operator: Operator, name: str, argv: list[str], said: str
) -> None:
    before = (
        operator.desk.sns.list_topics()["Topics"],
        operator.desk.sns.list_subscriptions()["Subscriptions"],
    )
    ran = operator(name, *argv)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    after = (
        operator.desk.sns.list_topics()["Topics"],
        operator.desk.sns.list_subscriptions()["Subscriptions"],
    )
    assert after == before


def test_an_unsubscribed_address_hears_nothing_more(operator: Operator) -> None:
    operator("subscribe", "manager", "grace@example.org")
    ran = operator("unsubscribe", "manager", "grace@example.org")
    assert (ran.code, ran.said) == (0, "grace@example.org gets nothing from sla-manager any more.")
    assert operator.subscribed("manager") == ["manager@example.org"]
    assert counted(operator)["manager"] == 1


def test_a_persons_topic_goes_with_its_last_subscriber_so_that_the_audience_is_told(
    operator: Operator,
) -> None:
    operator("subscribe", "owner", "kim@example.org", "--for", "Kim")
    operator("subscribe", "owner", "+15550100199", "--for", "Kim")
    assert (
        "the topic is gone"
        not in operator("unsubscribe", "owner", "+15550100199", "--for", "Kim").said
    )
    assert (
        "the topic is gone"
        in operator("unsubscribe", "owner", "kim@example.org", "--for", "Kim").said
    )
    assert KIM not in counted(operator)
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:00"))
    operator.desk.put(f"{MON}T00:00", **NEW, assignee="Kim")
    operator.tick(f"{MON}T06:00")
    assert operator.desk.sent_to() == ["owner"]


def test_the_last_one_of_an_audience_leaves_with_a_warning_and_its_topic_stays(
    operator: Operator,
) -> None:
    ran = operator("unsubscribe", "manager", "manager@example.org")
    assert "Nobody is left in sla-manager: the next level is notified instead." in ran.said
    assert counted(operator)["manager"] == 0


def test_who_is_not_subscribed_is_answered_with_who_is(operator: Operator) -> None:
    ran = operator("unsubscribe", "manager", "grace@example.org")
    assert ran.code == 2
    assert "subscribed is manager@example.org" in " ".join(ran.err.split())
    assert (
        "there is no topic"
        in operator("unsubscribe", "owner", "kim@example.org", "--for", "Nobody").err
    )


def test_who_never_confirmed_is_not_unsubscribed_but_forgotten(operator: Operator) -> None:
    operator.nobody_has_confirmed()
    ran = operator("unsubscribe", "manager", "manager@example.org")
    assert ran.code == 1
    assert "never confirmed" in ran.said
    assert operator("unsubscribe", "manager", "manager@example.org", "--json").json == {
        "topic": "sla-manager",
        "endpoint": "manager@example.org",
        "ended": False,
        "confirmed_left": 0,
        "topic_deleted": False,
    }


TOPICS = [
    ("owner", Recipient("owner")),
    ("owner-urgent", Recipient("owner", urgent=True)),
    ("owner--kim", Recipient("owner", "kim")),
    ("owner--kim-urgent", Recipient("owner", "kim", urgent=True)),
    ("team-lead", Recipient("team-lead")),
    ("night-urgent", Recipient("night-urgent")),
    ("night-urgent-urgent", Recipient("night-urgent", urgent=True)),
    ("owners", None),
    ("other-owner", None),
    ("", None),
]


@pytest.mark.parametrize(("topic", "whose"), TOPICS, ids=[row[0] or "no name" for row in TOPICS])
def test_a_topic_tells_whose_it_is(topic: str, whose: Recipient | None) -> None:
    assert recipient_of(topic, frozenset({"owner", "team-lead", "night-urgent"})) == whose
    assert whose is None or whose.name == topic


def test_a_subscription_that_was_ended_is_no_subscription(operator: Operator) -> None:
    operator.nobody_has_confirmed(instead="Deleted")
    ran = operator("unsubscribe", "manager", "manager@example.org")
    assert (ran.code, ran.err.endswith("nobody is\n")) == (2, True)


# ------------------------------------------------------------------ who is missed from then on


def roster(operator: Operator) -> dict[tuple[str, str], SubscriptionState]:
    known = operator.desk.parts.watch.rosters.read().subscribers
    return {(seat.recipient, seat.endpoint): each.state for seat, each in known.items()}


def vanish(operator: Operator, topic: str, endpoint: str) -> None:
    """Somebody, or a mail scanner, opens the link in a mail."""
    for each in operator.desk.sns.list_subscriptions_by_topic(TopicArn=ARN + topic)[
        "Subscriptions"
    ]:
        if each["Endpoint"] == endpoint:
            operator.desk.sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


def test_who_is_subscribed_by_the_command_is_missed_even_if_no_sweep_ever_saw_them(
    operator: Operator,
) -> None:
    operator("subscribe", "manager", "Grace@example.org")
    assert roster(operator) == {("manager", "grace@example.org"): SubscriptionState.CONFIRMED}
    vanish(operator, "manager", "Grace@example.org")
    assert operator.desk.sweep(f"{MON}T01:00").recipients_missing == 1


def test_a_deliberate_unsubscribe_is_no_loss(operator: Operator) -> None:
    operator("subscribe", "manager", "grace@example.org")
    operator.desk.sweep(f"{MON}T01:00")
    operator("unsubscribe", "manager", "grace@example.org")
    assert operator.desk.sweep(f"{MON}T02:00").recipients_missing == 0
    assert ("manager", "grace@example.org") not in roster(operator)


def test_an_unsubscribe_that_sns_refuses_ends_nothing_for_long(operator: Operator) -> None:
    operator("subscribe", "manager", "grace@example.org")
    operator.answers["sns.Unsubscribe"] = lambda _: refusal("InternalError")
    assert operator("unsubscribe", "manager", "grace@example.org").code == 2
    del operator.answers["sns.Unsubscribe"]
    operator.desk.sweep("2026-03-03T01:00")
    vanish(operator, "manager", "grace@example.org")
    assert operator.desk.sweep("2026-03-03T02:00").recipients_missing == 1


def test_of_an_address_that_is_gone_unsubscribe_says_that_this_is_wanted(
    operator: Operator,
) -> None:
    operator("subscribe", "manager", "grace@example.org")
    vanish(operator, "manager", "grace@example.org")
    assert operator.desk.sweep(f"{MON}T01:00").recipients_missing == 1
    ran = operator("unsubscribe", "manager", "grace@example.org")
    assert (ran.code, "nobody is reminded of it from now on" in ran.said) == (0, True)
    assert operator.desk.sweep(f"{MON}T02:00").recipients_missing == 0
    assert operator("unsubscribe", "manager", "grace@example.org").code == 2


def test_also_where_its_topic_is_gone(operator: Operator) -> None:
    operator("subscribe", "owner", "kim@example.org", "--for", "Kim")
    operator.desk.sns.delete_topic(TopicArn=ARN + KIM)
    assert operator.desk.sweep(f"{MON}T01:00").recipients_missing == 1
    answer = operator("unsubscribe", "owner", "kim@example.org", "--for", "Kim", "--json").json
    assert (answer["ended"], answer["topic"]) == (False, f"sla-{KIM}")
    assert operator.desk.sweep(f"{MON}T02:00").recipients_missing == 0


def test_a_pending_address_that_is_not_wanted_is_not_missed_when_sns_drops_it(
    operator: Operator,
) -> None:
    operator("subscribe", "manager", "grace@example.org")
    operator.nobody_has_confirmed()
    operator("subscribe", "manager", "grace@example.org")
    assert operator("unsubscribe", "manager", "grace@example.org").code == 1
    operator.everybody_has_confirmed()
    vanish(operator, "manager", "grace@example.org")
    assert operator.desk.sweep("2026-03-05T01:00").recipients_missing == 0


def test_status_and_doctor_name_who_is_missing_and_what_to_do(operator: Operator) -> None:
    operator.desk.sweep(f"{MON}T00:30")
    vanish(operator, "manager", "manager@example.org")
    operator.desk.sweep(f"{MON}T01:00")
    operator.now = f"{MON}T01:01"
    status = operator("status", "--json")
    (finding,) = status.json["findings"]
    assert (status.code, finding["ticket"], finding["kind"]) == (1, "manager", "recipient")
    assert finding["reason"].startswith("manager@example.org is no longer subscribed")
    found = [
        each
        for each in operator("doctor", "--json").json["checks"]
        if each["check"] == "recipients"
    ]
    assert "manager: manager@example.org is no longer subscribed" in found[0]["text"]
    assert "`sla-watchdog subscribe manager manager@example.org`" in found[0]["todo"]
    assert "`sla-watchdog unsubscribe manager manager@example.org`" in found[0]["todo"]


def test_doctor_sees_it_before_the_next_sweep_does(operator: Operator) -> None:
    operator("subscribe", "manager", "grace@example.org")
    vanish(operator, "manager", "grace@example.org")
    operator.now = f"{MON}T00:10"
    found = [
        each
        for each in operator("doctor", "--json").json["checks"]
        if each["check"] == "recipients"
    ]
    assert [each["state"] for each in found] == ["mend"]


def test_status_says_that_operations_have_nobody(operator: Operator) -> None:
    vanish(operator, "operations", "operations@example.org")
    operator.desk.sweep(f"{MON}T01:00")
    assert "operations has no subscriber" in operator("status").said
    assert "operations has no subscriber" not in operator("status", "--owner", "kim").said


def test_a_number_that_opted_out_counts_for_nobody_whatever_the_command_counts(
    operator: Operator,
) -> None:
    """moto takes every number that ends so for one that opted out."""
    operator("subscribe", "operations", "+15550100199")
    operator.desk.sweep(f"{MON}T01:00")
    assert counted(operator)["operations"] == 1
    operator("test-alert", "operations")
    assert counted(operator)["operations"] == 1
