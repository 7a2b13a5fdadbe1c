"""One Publish for one message to one recipient's topic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from sla_watchdog.adapters.channels.sns.codes import NOT_FOUND, REFUSED, code_of
from sla_watchdog.adapters.channels.sns.pacer import Pacer
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.text import Message, NoTopic, Refused, Sent

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


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
        answer: Sent | NoTopic | Refused = NoTopic(recipient.name)
        for whose in dict.fromkeys((recipient, recipient.everyone)):
            answer = self._in_some_form(whose.name, message)
            if not isinstance(answer, NoTopic):
                return answer
        return answer

    def _in_some_form(self, topic: str, message: Message) -> Sent | NoTopic | Refused:
        """The fullest form that SNS takes."""
        answer: Sent | NoTopic | Refused = Refused("")
        for form, content in _forms(message):
            answer = self._publish(topic, content, form)
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
    plain = message.plain()
    if plain != message:
        yield "ascii", plain
    yield "minimal", message.minimal()


def _answer(topic: str, error: ClientError) -> NoTopic | Refused:
    code = code_of(error)
    if code in NOT_FOUND:
        return NoTopic(topic)
    if code in REFUSED:
        return Refused(error.response.get("Error", {}).get("Message", code))
    raise Unavailable(f"SNS did not take a message for {topic}: {code}") from error
