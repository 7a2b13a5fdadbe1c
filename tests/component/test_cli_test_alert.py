"""`test-alert`: which audiences an alert would reach, tried with one."""

from __future__ import annotations

import pytest

from component.cli_desk import ARN, Operator, refusal
from desk import AUDIENCES


def test_every_audience_gets_one_in_each_of_its_topics(operator: Operator) -> None:
    ran = operator("test-alert", "--all")
    assert (ran.code, ran.err) == (0, "")
    messages = dict(operator.desk.sent())
    assert sorted(messages) == sorted(
        [*AUDIENCES, *(f"{name}-urgent" for name in AUDIENCES), "operations"]
    )
    assert messages["owner-urgent"]["audience"] == {"name": "owner (urgent)"}
    assert messages["owner"]["by"] == "kim"
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_topics_of_single_people_and_teams_are_tried_too(operator: Operator) -> None:
    operator("subscribe", "owner", "kim@example.org", "--for", "Kim Lee")
    ran = operator("test-alert", "owner", "--json")
    topics = [each["topic"] for each in ran.json]
    assert topics[:2] == ["sla-owner", "sla-owner-urgent"]
    assert topics[2].startswith("sla-owner--kim-lee-")
    assert sorted(operator.desk.sent_to()) == sorted(topic.removeprefix("sla-") for topic in topics)


def test_json_names_topic_subscribers_and_message(operator: Operator) -> None:
    (mine, _) = operator("test-alert", "manager", "--json").json
    assert mine.pop("message_id")
    assert mine == {
        "audience": "manager",
        "of": "",
        "urgent": False,
        "topic": "sla-manager",
        "confirmed": 1,
        "pending": [],
        "problem": "",
        "reaches_nobody": False,
    }


def test_an_audience_without_a_subscriber_is_a_finding_and_says_what_to_do(
    operator: Operator,
) -> None:
    operator.unsubscribe_all("manager")
    operator.unsubscribe_all("owner-urgent")
    ran = operator("test-alert", "--all")
    assert ran.code == 1
    assert "sla-manager: nobody is subscribed: sla-watchdog subscribe manager ADDRESS" in ran.said
    assert "sla-owner-urgent: nobody" not in ran.said, "its alerts are told beside it too"


def test_an_audience_whose_people_have_not_confirmed_is_a_finding(operator: Operator) -> None:
    operator.nobody_has_confirmed()
    ran = operator("test-alert", "manager")
    assert ran.code == 1
    assert "until manager@example.org confirms" in ran.said
    assert "unopened: sla-watchdog confirm manager 'LINK'" in ran.said


def test_an_audience_without_a_topic_is_a_finding(operator: Operator) -> None:
    operator.desk.sns.delete_topic(TopicArn=f"{ARN}manager")
    operator.desk.sns.delete_topic(TopicArn=f"{ARN}owner-urgent")
    ran = operator("test-alert", "--all")
    assert ran.code == 1
    assert "sla-manager: nobody is subscribed: sla-watchdog subscribe manager ADDRESS" in ran.said
    assert "sla-owner-urgent 0 0 no topic" in ran.said


def test_a_send_that_fails_is_shown_for_its_topic_and_the_others_go_on(operator: Operator) -> None:
    denied = refusal("AuthorizationError", "no")
    operator.answers["sns.Publish"] = lambda call: (
        denied if call["body"]["TopicArn"].endswith("manager") else None
    )
    ran = operator("test-alert", "manager", "executive")
    assert ran.code == 1
    assert "SNS did not take a message for manager: AuthorizationError." in ran.said
    assert sorted(operator.desk.sent_to()) == ["executive", "executive-urgent", "manager-urgent"]


def test_what_it_counted_is_known_to_the_next_tick(operator: Operator) -> None:
    operator.unsubscribe_all("manager")
    operator("test-alert", "manager")
    topics = operator.desk.parts.watch.topic_counts.read()
    assert topics is not None
    assert topics["manager"] == 0


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        pytest.param([], "name the audiences to test, or say --all", id="nobody named"),
        pytest.param(["owner", "--all"], "name the audiences to test, or say --all", id="both"),
        pytest.param(["ownr"], "did you mean owner?", id="misspelt"),
    ],
)
def test_a_wrong_request_sends_nothing(operator: Operator, argv: list[str], said: str) -> None:
    ran = operator("test-alert", *argv)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    assert operator.desk.sent() == []
