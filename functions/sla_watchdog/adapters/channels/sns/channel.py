"""SNS as a channel: every recipient may have a topic, which is named as the recipient is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from sla_watchdog.adapters.channels.channels import Answer, Listing
from sla_watchdog.adapters.channels.sns.pacer import Pacer
from sla_watchdog.adapters.channels.sns.publisher import Publisher
from sla_watchdog.adapters.channels.sns.subscriptions import Subscriptions
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.subscribers import SubscriptionState
from sla_watchdog.presentation.text import Message

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


@frozen
class SnsChannel:
    """Carries all that no other channel does."""

    publisher: Publisher
    subscriptions: Subscriptions

    @classmethod
    def of(
        cls, reads: SNSClient, writes: SNSClient, topic_prefix: str, clock: Callable[[], float]
    ) -> SnsChannel:
        return cls(Publisher(writes, topic_prefix, Pacer(clock)), Subscriptions(reads))

    def carries(self, _recipient: Recipient) -> bool:
        return True

    def publish(self, recipient: Recipient, message: Message) -> Answer:
        return self.publisher.publish(recipient, message)

    def listed(self, names: Iterable[str]) -> Listing:
        return self.subscriptions.listed(self.publisher.topic_prefix, names)

    def phone_states(self, numbers: Iterable[str]) -> Mapping[str, SubscriptionState]:
        return self.subscriptions.phone_states(numbers)
