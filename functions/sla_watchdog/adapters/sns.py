"""SNS: one Publish for one message to one recipient's topic, and who is subscribed to it."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from attrs import define, field, frozen
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.subscribers import Seat, State
from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.text import Message, NoTopic, Refused, Sent
from sla_watchdog.usecases.sweep.ports import Listed

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

__all__ = ["Listed", "NoTopic", "Pacer", "Phones", "Publisher", "Refused", "Sent", "Topics"]

T = TypeVar("T")

NOT_FOUND = frozenset({"NotFound", "NotFoundException"})
REFUSED = frozenset(
    {
        "InvalidParameter",
        "InvalidParameterException",
        "ParameterValueInvalid",
        "ValidationException",
    }
)
"""Codes by which SNS says that the content is wrong. Every other one says that it cannot now, or
that we may not.
"""

UNKNOWN = frozenset(
    {"InvalidAction", "UnknownOperationException", "UnsupportedOperation", "NotImplemented"}
)
"""Codes of an SNS that does not know the operation."""

MOST_A_SECOND = 5
"""Publishes to one topic; SNS suspends an e-mail subscription that gets more than ten a second."""


@define
class Pacer:
    """Lets at most `MOST_A_SECOND` through for one topic in any second, by waiting. The clock is
    monotonic.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _passed: defaultdict[str, deque[float]] = field(
        init=False, factory=lambda: defaultdict(lambda: deque(maxlen=MOST_A_SECOND))
    )

    def wait(self, topic: str) -> None:
        passed = self._passed[topic]
        while len(passed) == MOST_A_SECOND and (left := passed[0] + 1 - self.now()) > 0:
            self.sleep(left)
        passed.append(self.now())


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _tries_once(client: SNSClient) -> bool:
    retries: Mapping[str, object] = client.meta.config.retries or {}  # type: ignore[attr-defined] # its stub lacks it
    return retries.get("total_max_attempts") == 1


@frozen
class Publisher:
    """Publishes through a client that never repeats by itself, so that every send is counted.

    A Publish whose answer is lost may have arrived: botocore would send it up to four times
    more. `topic_prefix` is an ARN up to the recipient's own part:
    `arn:aws:sns:<region>:<account>:<stack>-`.
    """

    client: SNSClient = field()
    topic_prefix: str
    pacer: Pacer = field(factory=Pacer)

    @client.validator
    def _never_repeats(self, _: object, client: SNSClient) -> None:
        if not _tries_once(client):
            raise ValueError(
                "the SNS client that publishes needs Config(retries={'total_max_attempts': 1})"
            )

    def publish(self, recipient: Recipient, message: Message) -> Sent | NoTopic | Refused:
        """To the recipient's topic, else to its whole audience's. Raises Unavailable: it may have
        arrived or not.
        """
        answer: Sent | NoTopic | Refused = NoTopic(recipient.topic)
        for each in dict.fromkeys((recipient, recipient.everyone)):
            answer = self._in_some_form(each.topic, message)
            if not isinstance(answer, NoTopic):
                return answer
        return answer

    def _in_some_form(self, topic: str, message: Message) -> Sent | NoTopic | Refused:
        """The fullest form that SNS takes."""
        answer: Sent | NoTopic | Refused = Refused("")
        for form, said in _forms(message):
            answer = self._publish(topic, said, form)
            if not isinstance(answer, Refused):
                return answer
        return answer

    def _publish(self, topic: str, message: Message, form: str) -> Sent | NoTopic | Refused:
        self.pacer.wait(topic)
        try:
            answer = self.client.publish(
                TopicArn=self.topic_prefix + topic,
                Subject=message.subject,
                Message=message.body(),
                MessageStructure="json",
            )
        except ClientError as error:
            return _answer(topic, error)
        except ParamValidationError:
            raise  # a mistake of ours, which no later try mends
        except BotoCoreError as error:
            raise Unavailable(f"SNS did not answer for {topic}: {type(error).__name__}") from error
        return Sent(answer["MessageId"], topic, form)


def _forms(message: Message) -> Iterator[tuple[str, Message]]:
    """The fullest first; each is made only when the one before was refused."""
    yield "full", message
    if (plain := message.plain()) != message:
        yield "ascii", plain
    yield "minimal", message.minimal()


def _answer(topic: str, error: ClientError) -> NoTopic | Refused:
    code = _code(error)
    if code in NOT_FOUND:
        return NoTopic(topic)
    if code in REFUSED:
        return Refused(error.response.get("Error", {}).get("Message", code))
    raise Unavailable(f"SNS did not take a message for {topic}: {code}") from error


@frozen
class Topics:
    """Who can be reached. This client may repeat: it only reads."""

    client: SNSClient

    def confirmed(
        self, prefix: str, names: Iterable[str]
    ) -> tuple[Mapping[str, int], Mapping[str, str]]:
        """Confirmed subscriptions by topic name; else as `listed`."""
        found, unlisted = self.listed(prefix, names)
        return {
            name: sum(each.confirmed for each in theirs) for name, theirs in found.items()
        }, unlisted

    def listed(
        self, prefix: str, names: Iterable[str]
    ) -> tuple[Mapping[str, list[Listed]], Mapping[str, str]]:
        """Subscriptions by topic name, and beside them why of the topics that cannot be listed now.

        A topic that does not exist is in neither.
        """
        found: dict[str, list[Listed]] = {}
        unlisted: dict[str, str] = {}
        for name in dict.fromkeys(names):
            try:
                theirs = self._listed(name, prefix + name)
            except Unavailable as problem:
                unlisted[name] = str(problem)
                continue
            if theirs is not None:
                found[name] = theirs
        return found, unlisted

    def phone_states(self, numbers: Iterable[str]) -> Mapping[str, State]:
        """Which numbers get SMS; as `Phones.states`."""
        return Phones(self.client).states(numbers)

    def _listed(self, name: str, arn: str) -> list[Listed] | None:
        pages = self.client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
        try:
            theirs = [each for page in pages for each in page["Subscriptions"]]
        except ClientError as error:
            if _code(error) in NOT_FOUND:
                return None
            raise Unavailable(
                f"the subscriptions of {arn} cannot be listed: {_code(error)}"
            ) from error
        except BotoCoreError as error:
            raise Unavailable(
                f"the subscriptions of {arn} cannot be listed: {type(error).__name__}"
            ) from error
        return [
            Listed(
                Seat.of(name, each["Protocol"], each["Endpoint"]),
                each["SubscriptionArn"].startswith("arn:"),
            )
            for each in theirs
            if each.get("SubscriptionArn", "").startswith(_LISTED_AS)
        ]


_LISTED_AS = ("arn:", "PendingConfirmation")
"""What SNS gives as the ARN of one that gets messages, or will; `Deleted` stands there for a while
after the end.
"""


@frozen
class Phones:
    """Which numbers SNS lists as confirmed and sends nothing to. This client may repeat: it only
    reads.
    """

    client: SNSClient

    def states(self, numbers: Iterable[str]) -> Mapping[str, State]:
        """CONFIRMED, OPTED_OUT or UNVERIFIED of each. Raises Unavailable where SNS does not say."""
        found = {number: self._state(number) for number in sorted(set(numbers))}
        asked = [number for number, state in found.items() if state is State.CONFIRMED]
        verified = self._verified() if asked else None
        if verified is None:
            return found
        return {**found, **{number: State.UNVERIFIED for number in asked if number not in verified}}

    def _state(self, number: str) -> State:
        answer = self._asked(
            lambda: self.client.check_if_phone_number_is_opted_out(phoneNumber=number)
        )
        return State.OPTED_OUT if answer is not None and answer["isOptedOut"] else State.CONFIRMED

    def _verified(self) -> frozenset[str] | None:
        """The numbers that may be written to from the SMS sandbox; None where the account is out of
        it.
        """
        account = self._asked(self.client.get_sms_sandbox_account_status)
        if account is None or not account["IsInSandbox"]:
            return None
        return self._asked(self._verified_numbers)

    def _verified_numbers(self) -> frozenset[str]:
        pages = self.client.get_paginator("list_sms_sandbox_phone_numbers").paginate()
        listed = [each for page in pages for each in page["PhoneNumbers"]]
        return frozenset(each["PhoneNumber"] for each in listed if each.get("Status") == "Verified")

    def _asked(self, ask: Callable[[], T]) -> T | None:
        """None where this SNS knows no such question, as an emulator may not."""
        try:
            return ask()
        except NotImplementedError:  # an emulator in this process
            return None
        except ClientError as error:
            if _code(error) in UNKNOWN:
                return None
            raise Unavailable(f"SNS does not say who gets SMS: {_code(error)}") from error
        except BotoCoreError as error:
            raise Unavailable(f"SNS does not say who gets SMS: {type(error).__name__}") from error
