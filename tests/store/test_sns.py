"""Publishing: what SNS refuses, what it cannot do now, and that nothing is ever sent twice behind
our back.
"""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from attrs import define, evolve, field
from botocore.config import Config
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from local_stack.ministack import LocalAws
from sla_watchdog.adapters.channels.sns.pacer import Pacer
from sla_watchdog.adapters.channels.sns.publisher import Publisher
from sla_watchdog.adapters.channels.sns.subscriptions import Subscriptions
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.text import NoTopic, Refused, Sent, render
from sns_limits import problem_of_body, problem_of_subject, septets
from store.strict_sns import StrictSns, error
from unit import story
from unit.test_message import NOTICES, NOW
from unit.test_message_text import unhurried

PREFIX = "arn:aws:sns:eu-central-1:123456789012:sla-"
OWNER, KIM, KIM_URGENT = (
    Recipient("owner"),
    Recipient("owner", "kim"),
    Recipient("owner", "kim", urgent=True),
)
ONCE = Config(retries={"total_max_attempts": 1})
MESSAGE = render(story.breached(), NOW)


@define
class Timer:
    """A monotonic clock that only sleeping moves on."""

    at: float = 1_000.0
    slept: list[float] = field(factory=list)

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def strict(*topics: str, **more: Any) -> StrictSns:
    return StrictSns({PREFIX + topic for topic in topics}, **more)


def publisher(sns: Any) -> Publisher:
    timer = Timer()
    return Publisher(sns, PREFIX, Pacer(timer.now, timer.sleep))


# ------------------------------------------------------------------ which topic, which form


def test_a_message_is_published_once_with_a_text_for_each_protocol() -> None:
    sns = strict("owner")
    assert publisher(sns).publish(OWNER, MESSAGE) == Sent("m-1", "owner")
    assert len(sns.calls) == 1
    published = sns.published[0]
    assert (published.topic, published.subject) == (PREFIX + "owner", MESSAGE.subject)
    assert published.bodies["email"] == MESSAGE.email
    assert published.bodies["sms"] == MESSAGE.sms
    assert published.facts["ref"] == MESSAGE.ref


@pytest.mark.parametrize(
    ("topics", "recipient", "answer"),
    [
        pytest.param(
            ["owner--kim", "owner"], KIM, Sent("m-1", "owner--kim"), id="a topic of their own"
        ),
        pytest.param(["owner"], KIM, Sent("m-1", "owner"), id="the whole audience's"),
        pytest.param(
            ["owner-urgent", "owner"],
            KIM_URGENT,
            Sent("m-1", "owner-urgent"),
            id="urgent stays urgent",
        ),
        pytest.param(["owner"], KIM_URGENT, NoTopic("owner-urgent"), id="nobody wants urgent ones"),
        pytest.param([], KIM, NoTopic("owner"), id="none of both"),
        pytest.param([], OWNER, NoTopic("owner"), id="no topic at all"),
    ],
)
def test_who_has_no_topic_is_told_through_the_audiences(
    topics: list[str], recipient: Recipient, answer: Any
) -> None:
    sns = strict(*topics)
    assert publisher(sns).publish(recipient, MESSAGE) == answer
    assert len(sns.calls) <= 2


def refusing(*forms: str) -> StrictSns:
    """Refuses the forms named; the full one has an umlaut, the ASCII one a word of the customer's."""
    signs = {"full": "ö", "ascii": "Stadt", "minimal": "SLA alert"}
    return strict(
        "owner", refuses=lambda call: next((f for f in forms if signs[f] in call["Subject"]), "")
    )


UMLAUT = render(
    evolve(story.breached(), tickets=(evolve(story.PAGE, subject="Stadt löschen"),)), NOW
)


@pytest.mark.parametrize(
    ("refused", "form"),
    [
        pytest.param([], "full", id="nothing refused"),
        pytest.param(["full"], "ascii", id="letters refused"),
        pytest.param(["full", "ascii"], "minimal", id="words refused"),
    ],
)
def test_content_that_sns_refuses_is_tried_in_a_plainer_form(refused: list[str], form: str) -> None:
    sns = refusing(*refused)
    assert publisher(sns).publish(OWNER, UMLAUT) == Sent("m-1", "owner", form)
    assert len(sns.calls) == 1 + len(refused)
    assert UMLAUT.ref in sns.published[0].bodies["email"]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(code, id=code)
        for code in ("InvalidParameter", "ParameterValueInvalid", "ValidationException")
    ],
)
def test_what_is_refused_in_every_form_is_refused_with_its_reason(code: str) -> None:
    sns = strict(
        "owner", faults=[error(code, "first"), error(code, "second"), error(code, "third")]
    )
    assert publisher(sns).publish(OWNER, UMLAUT) == Refused("third")
    assert len({call["Message"] for call in sns.calls}) == 3
    assert sns.published == []


def test_a_form_that_says_the_same_is_not_tried_again() -> None:
    sns = strict("owner", faults=[error("InvalidParameter")])
    assert publisher(sns).publish(OWNER, MESSAGE) == Sent("m-1", "owner", "minimal")
    assert len(sns.calls) == 2


# ------------------------------------------------------------------ not now


@pytest.mark.parametrize(
    "fault",
    [
        *(
            pytest.param(error(code), id=code)
            for code in (
                "Throttling",
                "ThrottledException",
                "InternalError",
                "ServiceUnavailable",
                "AuthorizationError",
                "InvalidSecurity",
                "InvalidClientTokenId",
                "ExpiredToken",
                "KMSAccessDenied",
                "KMSDisabled",
                "KMSInvalidState",
                "KMSNotFound",
                "KMSOptInRequired",
                "KMSThrottling",
            )
        ),
        pytest.param(ReadTimeoutError(endpoint_url="https://sns"), id="no answer in time"),
        pytest.param(ConnectTimeoutError(endpoint_url="https://sns"), id="no connection in time"),
        pytest.param(EndpointConnectionError(endpoint_url="https://sns"), id="no connection"),
        pytest.param(NoCredentialsError(), id="no credentials"),
    ],
)
def test_an_outage_or_a_missing_right_is_no_answer_and_ends_nothing(fault: Exception) -> None:
    sns = strict("owner--kim", "owner", faults=[fault])
    with pytest.raises(Unavailable) as raised:
        publisher(sns).publish(KIM, MESSAGE)
    assert raised.value.__cause__ is fault
    assert len(sns.calls) == 1


def test_a_mistake_of_ours_is_not_taken_for_an_outage() -> None:
    mistake = ParamValidationError(report="Invalid type for parameter Message")
    with pytest.raises(ParamValidationError):
        publisher(strict("owner", faults=[mistake])).publish(OWNER, MESSAGE)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(Config(), id="the default"),
        pytest.param(Config(retries={"mode": "standard"}), id="standard"),
        pytest.param(Config(retries={"max_attempts": 1}), id="one retry is two attempts"),
    ],
)
def test_a_client_that_repeats_by_itself_is_not_accepted(config: Config) -> None:
    with pytest.raises(ValueError, match="total_max_attempts"):
        Publisher(boto3.client("sns", region_name="eu-central-1", config=config), PREFIX)


def test_a_client_that_tries_once_is_accepted() -> None:
    assert Publisher(boto3.client("sns", region_name="eu-central-1", config=ONCE), PREFIX)


# ------------------------------------------------------------------ pace


def test_five_a_second_reach_one_topic_and_not_one_more() -> None:
    timer, sent = Timer(), []
    pacer = Pacer(timer.now, timer.sleep)
    for _ in range(23):
        pacer.wait("owner")
        sent.append(timer.now())
    assert all(later - first >= 1 for first, later in zip(sent, sent[5:], strict=False))
    assert timer.at - 1_000 == 4


def test_topics_do_not_wait_for_each_other() -> None:
    timer = Timer()
    pacer = Pacer(timer.now, timer.sleep)
    for topic in ("owner", "team-lead", "manager") * 5:
        pacer.wait(topic)
    assert timer.slept == []


@unhurried
@given(st.lists(st.floats(0, 1.5), min_size=6, max_size=40))
def test_no_second_holds_more_than_five_whenever_they_come(pauses: list[float]) -> None:
    timer, sent = Timer(), []
    pacer = Pacer(timer.now, timer.sleep)
    for pause in pauses:
        timer.at += pause
        pacer.wait("owner")
        sent.append(timer.now())
    assert all(later - first >= 1 - 1e-9 for first, later in zip(sent, sent[5:], strict=False))


def test_every_attempt_is_paced_also_those_that_are_refused() -> None:
    timer = Timer()
    sns = strict("owner", faults=[error("InvalidParameter")] * 6)
    busy = Publisher(sns, PREFIX, Pacer(timer.now, timer.sleep))
    busy.publish(OWNER, UMLAUT)
    busy.publish(OWNER, UMLAUT)
    assert len(sns.calls) == 6
    assert sum(timer.slept) == 1


# ------------------------------------------------------------------ the fake refuses what it should


@pytest.mark.parametrize(
    ("subject", "accepted"),
    [
        pytest.param("[Breach] Größe", True, id="letters of all kinds"),
        pytest.param("", False, id="empty"),
        pytest.param("x" * 99, True, id="99 characters"),
        pytest.param("x" * 100, False, id="100 characters"),
        pytest.param("x" * 98 + "\U0001f468", False, id="99 characters, of which one counts two"),
        pytest.param("a\nb", False, id="line break"),
        pytest.param("a\x7fb", False, id="control"),
        pytest.param(" a", False, id="blank first"),
        pytest.param("Ü", False, id="no ASCII sign first"),
    ],
)
def test_the_strict_sns_knows_the_rules_of_a_subject(subject: str, accepted: bool) -> None:
    assert (problem_of_subject(subject) == "") is accepted


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        pytest.param('{"default":"x"}', True, id="the least"),
        pytest.param('{"email":"x"}', False, id="no default"),
        pytest.param('{"default":{}}', False, id="a default that is no text"),
        pytest.param("no json", False, id="no JSON"),
        pytest.param("", False, id="empty"),
        pytest.param('{"default":"%s"}' % ("é" * 131_065), True, id="at the limit of bytes"),
        pytest.param('{"default":"%s"}' % ("é" * 131_066), False, id="over the limit of bytes"),
    ],
)
def test_the_strict_sns_knows_the_rules_of_a_body(body: str, accepted: bool) -> None:
    assert (problem_of_body(body) == "") is accepted


def test_the_strict_sns_counts_septets_as_the_standard_does() -> None:
    assert (septets("a{€"), septets("é"), septets("ç")) == (5, 1, None)


@unhurried
@given(NOTICES)
def test_whatever_a_customer_typed_is_published_in_full_at_the_first_try(notice: Any) -> None:
    sns = strict("owner")
    assert publisher(sns).publish(OWNER, render(notice, NOW)) == Sent("m-1", "owner")


# ------------------------------------------------------------------ on moto


@pytest.fixture
def moto() -> Iterator[None]:
    with mock_aws():
        yield


def sns_client(config: Config = ONCE) -> Any:
    session = boto3.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name="eu-central-1"
    )
    return session.client("sns", config=config)


def sent_to(arn: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = (
        sns_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].topics[arn].sent_notifications
    )
    return found


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        pytest.param("email", "kim@example.org", id="email"),
        pytest.param("sms", "+15555550100", id="sms"),
        pytest.param("http", "http://127.0.0.1:9/inbox", id="http"),
        pytest.param("sqs", "arn:aws:sqs:eu-central-1:123456789012:machines", id="sqs"),
    ],
)
def test_each_protocol_gets_its_own_text_on_moto(moto: None, protocol: str, endpoint: str) -> None:
    sns = sns_client()
    arn = sns.create_topic(Name="sla-owner")["TopicArn"]
    answer = publisher(sns).publish(OWNER, MESSAGE)
    assert isinstance(answer, Sent)
    [(_, text, subject, *_)] = sent_to(arn)
    sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
    [subscription] = sns_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].list_subscriptions_by_topic(
        topic_arn=arn
    )[0]
    delivered = subscription._parse_message_structure(text, protocol)
    assert subject == MESSAGE.subject
    if protocol in ("email", "sms"):
        assert delivered == {"email": MESSAGE.email, "sms": MESSAGE.sms}[protocol]
    else:
        facts = json.loads(delivered)
        assert (facts["ref"], facts["email"], facts["sms"]) == (
            MESSAGE.ref,
            MESSAGE.email,
            MESSAGE.sms,
        )


def lose_the_answer(sns: Any) -> None:
    """After moto has taken the request; later hooks, such as after-call, come when botocore no
    longer repeats.
    """

    def lose(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://sns")

    sns.meta.events.register_last("before-send", lose)


def test_a_lost_answer_is_not_repeated_behind_our_back(moto: None) -> None:
    sns = sns_client()
    arn = sns.create_topic(Name="sla-owner")["TopicArn"]
    careful = publisher(sns)
    lose_the_answer(sns)
    with pytest.raises(Unavailable):
        careful.publish(OWNER, MESSAGE)
    assert len(sent_to(arn)) == 1


def test_botocore_itself_would_have_sent_it_three_times(
    moto: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test before guards against: without it, it could not fail."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    sns = sns_client(Config())
    arn = sns.create_topic(Name="sla-owner")["TopicArn"]
    lose_the_answer(sns)
    with pytest.raises(ReadTimeoutError):
        sns.publish(TopicArn=arn, Message="x")
    assert len(sent_to(arn)) == 3


def test_a_topic_that_moto_does_not_have_is_no_topic(moto: None) -> None:
    assert publisher(sns_client()).publish(KIM, MESSAGE) == NoTopic("owner")


# ------------------------------------------------------------------ on the embedded AWS


def test_machines_get_the_facts_and_both_texts_on_ministack(ministack: LocalAws) -> None:
    account = "".join(str(9 - int(digit)) for digit in "123456789012")
    sqs = ministack.client("sqs", account=account)
    sns = boto3.client(
        "sns",
        endpoint_url=ministack.endpoint,
        region_name="eu-central-1",
        aws_access_key_id=account,
        aws_secret_access_key="testing",
        config=ONCE,
    )
    arn = sns.create_topic(Name="sla-owner")["TopicArn"]
    url = sqs.create_queue(QueueName="machines")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:*",
        "Resource": queue,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    real = Publisher(sns, arn.removesuffix("owner"))
    answer = real.publish(OWNER, MESSAGE)
    assert isinstance(answer, Sent)
    assert real.publish(Recipient("manager"), MESSAGE) == NoTopic("manager")
    [received] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    envelope = json.loads(received["Body"])
    facts = json.loads(envelope["Message"])
    assert (envelope["MessageId"], envelope["Subject"]) == (answer.message_id, MESSAGE.subject)
    assert (facts["ref"], facts["email"], facts["sms"]) == (MESSAGE.ref, MESSAGE.email, MESSAGE.sms)


# ------------------------------------------------------------------ who is subscribed


def test_confirmed_subscriptions_are_counted_by_topic(moto: None) -> None:
    sns = sns_client()
    owner, lead, _ = (
        sns.create_topic(Name=f"sla-{name}")["TopicArn"]
        for name in ("owner", "team-lead", "manager")
    )
    for n in range(120):
        sns.subscribe(TopicArn=owner, Protocol="sms", Endpoint=f"+1555555{n:04}")
    sns.subscribe(TopicArn=lead, Protocol="email", Endpoint="lead@example.org")
    prefix = owner.removesuffix("owner")
    found = Subscriptions(sns).confirmed(
        prefix, ["owner", "team-lead", "manager", "executive", "owner"]
    )
    assert found == ({"owner": 120, "team-lead": 1, "manager": 0}, {})


def test_who_has_not_confirmed_is_not_counted(moto: None) -> None:
    sns = sns_client()
    arn = sns.create_topic(Name="sla-owner")["TopicArn"]
    for name in ("kim", "ade", "noa"):
        sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=f"{name}@example.org")

    def not_all(parsed: dict[str, Any], **_: Any) -> None:
        for each, state in zip(
            parsed["Subscriptions"], ("PendingConfirmation", "Deleted"), strict=False
        ):
            each["SubscriptionArn"] = state

    sns.meta.events.register("after-call.sns.ListSubscriptionsByTopic", not_all)
    assert Subscriptions(sns).confirmed(arn.removesuffix("owner"), ["owner"]) == ({"owner": 1}, {})


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(error("AuthorizationError"), id="no right to list"),
        pytest.param(EndpointConnectionError(endpoint_url="https://sns"), id="no connection"),
    ],
)
def test_a_list_that_cannot_be_had_is_not_an_empty_one_and_hides_no_other(
    moto: None, fault: Exception
) -> None:
    sns = sns_client()
    arn, _ = (sns.create_topic(Name=f"sla-{name}")["TopicArn"] for name in ("owner", "team-lead"))

    def fail(params: dict[str, Any], **_: Any) -> None:
        if "owner" in str(params["body"]):
            raise fault

    sns.meta.events.register("before-call.sns.ListSubscriptionsByTopic", fail)
    counts, uncounted = Subscriptions(sns).confirmed(
        arn.removesuffix("owner"), ["owner", "team-lead", "manager"]
    )
    assert counts == {"team-lead": 0}
    assert list(uncounted) == ["owner"]
    assert "cannot be listed" in uncounted["owner"]
