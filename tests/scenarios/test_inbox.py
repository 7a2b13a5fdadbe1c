"""The inbox beside a real SNS of the local stack: what it hears, and what it refuses to hear."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from local_stack.inbox import Inbox
from local_stack.ministack import LocalAws

pytestmark = pytest.mark.e2e


@pytest.fixture
def inbox(ministack: LocalAws) -> Iterator[Inbox]:
    with Inbox(ministack, "inbox-test") as opened:
        yield opened


def topic(aws: LocalAws, name: str) -> str:
    return str(
        aws.client("sns").create_topic(Name=name, Attributes={"DisplayName": "The desk"})[
            "TopicArn"
        ]
    )


def request(
    inbox: Inbox, method: str, path: str, body: str = "", **headers: str
) -> tuple[int, str]:
    address = urlsplit(inbox.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    connection.request(method, path, body.encode(), headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_it_hears_every_topic_of_its_stack_and_no_other(ministack: LocalAws, inbox: Inbox) -> None:
    own, other = topic(ministack, "inbox-test-owner"), topic(ministack, "inbox-tests-owner")
    inbox.subscribe()
    for arn in (other, own):
        ministack.client("sns").publish(TopicArn=arn, Subject="Hi", Message="There")
    assert inbox.wait_for(1)
    ((number, name, sender, subject, text),) = [
        (each.number, each.topic, each.sender, each.subject, each.email)
        for each in inbox.deliveries()
    ]
    assert (number, name, sender, subject, text) == (1, "owner", "The desk", "Hi", "There")
    assert "There" in request(inbox, "GET", "/")[1]


def test_a_topic_made_later_is_heard_after_the_next_look(ministack: LocalAws, inbox: Inbox) -> None:
    topic(ministack, "inbox-test-owner")
    inbox.subscribe()
    late = topic(ministack, "inbox-test-owner--kim")
    assert inbox.subscribe() == 1
    assert inbox.subscribe() == 0
    ministack.client("sns").publish(TopicArn=late, Message="There")
    assert inbox.wait_for(1)


def test_a_stranger_cannot_post_a_message(ministack: LocalAws, inbox: Inbox) -> None:
    arn = topic(ministack, "inbox-test-owner")
    inbox.subscribe()
    forged = json.dumps(
        {"Type": "Notification", "MessageId": "1", "TopicArn": arn, "Message": "Forged"}
    )
    assert request(inbox, "POST", "/", forged)[0] == 404
    assert request(inbox, "POST", "/guess", forged)[0] == 404
    assert inbox.deliveries() == ()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(
            '{"Type": "Notification", "TopicArn": "arn:aws:sns:x:y:z"}', 403, id="a topic of others"
        ),
        pytest.param(
            '{"Type": "SubscriptionConfirmation", "TopicArn": "x"}',
            403,
            id="a subscription of others",
        ),
        pytest.param("{", 400, id="no JSON"),
        pytest.param("[]", 403, id="a list"),
        pytest.param("", 413, id="nothing"),
    ],
)
def test_what_is_no_message_of_the_stack_is_refused(inbox: Inbox, body: str, status: int) -> None:
    assert request(inbox, "POST", f"/{inbox._secret}", body)[0] == status
    assert inbox.deliveries() == ()


def test_a_message_delivered_twice_is_one(ministack: LocalAws, inbox: Inbox) -> None:
    arn = topic(ministack, "inbox-test-owner")
    inbox.subscribe()
    notified = json.dumps(
        {"Type": "Notification", "MessageId": "1", "TopicArn": arn, "Message": "Twice"}
    )
    assert [request(inbox, "POST", f"/{inbox._secret}", notified)[0] for _ in range(2)] == [
        200,
        200,
    ]
    assert len(inbox.deliveries()) == 1


def test_another_site_cannot_read_the_page_under_a_name_of_its_own(inbox: Inbox) -> None:
    port = urlsplit(inbox.url).port
    assert request(inbox, "GET", "/", Host=f"localhost:{port}")[0] == 200
    assert request(inbox, "GET", "/", Host=f"evil.example:{port}")[0] == 421
    assert request(inbox, "GET", "/favicon.ico", Host=f"127.0.0.1:{port}")[0] == 404
