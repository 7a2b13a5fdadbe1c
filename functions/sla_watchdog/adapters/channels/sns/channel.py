"""SNS as a channel: every recipient may have a topic, which is named as the recipient is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen

from sla_watchdog.adapters.channels.channels import Answer, Listing
from sla_watchdog.adapters.channels.sns.publisher import Publisher
from sla_watchdog.adapters.channels.sns.subscriptions import Topics
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.subscribers import State
from sla_watchdog.presentation.text import Message


@frozen
class SnsChannel:
    """Carries all that no other channel does."""

    publisher: Publisher
    topics: Topics

    def carries(self, _recipient: Recipient) -> bool:
        return True

    def publish(self, recipient: Recipient, message: Message) -> Answer:
        return self.publisher.publish(recipient, message)

    def listed(self, names: Iterable[str]) -> Listing:
        return self.topics.listed(self.publisher.topic_prefix, names)

    def phone_states(self, numbers: Iterable[str]) -> Mapping[str, State]:
        return self.topics.phone_states(numbers)
