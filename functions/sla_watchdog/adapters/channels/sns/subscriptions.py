"""Who is subscribed to the topics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from attrs import frozen
from botocore.exceptions import BotoCoreError, ClientError

from sla_watchdog.adapters.channels.sns.codes import NOT_FOUND, code_of
from sla_watchdog.adapters.channels.sns.phones import Phones
from sla_watchdog.domain.escalation.subscribers import Seat, SubscriptionState
from sla_watchdog.errors import Unavailable
from sla_watchdog.usecases.sweep.ports import Listed

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import SubscriptionTypeDef

_LISTED_AS = ("arn:", "PendingConfirmation")
"""What SNS gives as the ARN of one that gets messages, or will; `Deleted` stands there for a while
after the end.
"""


@frozen
class Subscriptions:
    """Who can be reached. This client may repeat: it only reads."""

    client: SNSClient

    def confirmed(
        self, prefix: str, names: Iterable[str]
    ) -> tuple[Mapping[str, int], Mapping[str, str]]:
        """Confirmed subscriptions by topic name; else as `listed`."""
        listed, unlisted = self.listed(prefix, names)
        counts = {}
        for name, subscriptions in listed.items():
            counts[name] = sum(subscription.confirmed for subscription in subscriptions)
        return counts, unlisted

    def listed(
        self, prefix: str, names: Iterable[str]
    ) -> tuple[Mapping[str, list[Listed]], Mapping[str, str]]:
        """Subscriptions by topic name, and beside them why of the topics that cannot be listed now.

        A topic that does not exist is in neither.
        """
        listed: dict[str, list[Listed]] = {}
        unlisted: dict[str, str] = {}
        for name in dict.fromkeys(names):
            try:
                subscriptions = self._listed(name, prefix + name)
            except Unavailable as problem:
                unlisted[name] = str(problem)
                continue
            if subscriptions is not None:
                listed[name] = subscriptions
        return listed, unlisted

    def phone_states(self, numbers: Iterable[str]) -> Mapping[str, SubscriptionState]:
        """Which numbers get SMS; as `Phones.states`."""
        return Phones(self.client).states(numbers)

    def _listed(self, name: str, arn: str) -> list[Listed] | None:
        pages = self.client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
        subscriptions: list[SubscriptionTypeDef] = []
        try:
            for page in pages:
                subscriptions += page["Subscriptions"]
        except ClientError as error:
            if code_of(error) in NOT_FOUND:
                return None
            raise _unlisted(arn, code_of(error)) from error
        except BotoCoreError as error:
            raise _unlisted(arn, type(error).__name__) from error
        listed = []
        for subscription in subscriptions:
            state = subscription.get("SubscriptionArn", "")
            if state.startswith(_LISTED_AS):
                seat = Seat.of(name, subscription["Protocol"], subscription["Endpoint"])
                listed.append(Listed(seat, confirmed=state.startswith("arn:")))
        return listed


def _unlisted(arn: str, why: str) -> Unavailable:
    return Unavailable(f"the subscriptions of {arn} cannot be listed: {why}")
