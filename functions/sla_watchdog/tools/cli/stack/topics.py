"""The stack's SNS topics and who is subscribed to them, for those who look after them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen
from botocore.exceptions import ClientError

from sla_watchdog.adapters.channels.sns.codes import NOT_FOUND
from sla_watchdog.adapters.dynamodb.table import code_of
from sla_watchdog.domain.escalation.subscribers import Seat, recipient_of
from sla_watchdog.tools.cli.stack.addresses import Address

__all__ = ["Subscription", "Topics", "recipient_of"]

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

DISPLAY_NAME = "SLA watchdog"
"""As the template has it: the sender of e-mails, and the first words of every SMS."""

PUBLISHING = "WatchTells"
"""The statement of the operations topic's policy that lets `watch` publish."""


@frozen
class Subscription:
    """`arn` is `PendingConfirmation` until the subscriber confirms, and `Deleted` for a while after
    the end.
    """

    arn: str
    protocol: str
    endpoint: str

    @property
    def confirmed(self) -> bool:
        return self.arn.startswith("arn:")

    @property
    def pending(self) -> bool:
        return self.arn == "PendingConfirmation"

    def is_of(self, address: Address) -> bool:
        same = self.endpoint.casefold() == address.endpoint.casefold()
        return same and self.protocol == address.protocol

    def seat(self, topic: str) -> Seat:
        return Seat.of(topic, self.protocol, self.endpoint)


@frozen
class Topics:
    """`reads` may repeat by itself, `writes` does not. Topics are named without the stack's
    prefix.
    """

    reads: SNSClient
    writes: SNSClient
    outputs: Mapping[str, str]

    def arn(self, topic: str) -> str:
        return self.outputs["TopicPrefix"] + topic

    def name(self, topic: str) -> str:
        """As it is called in SNS."""
        return self.arn(topic).rpartition(":")[2]

    def subscriptions(self, topic: str) -> list[Subscription] | None:
        """Everybody's, also those not confirmed yet; None where there is no such topic."""
        pages = self.reads.get_paginator("list_subscriptions_by_topic").paginate(
            TopicArn=self.arn(topic)
        )
        try:
            listed = [subscription for page in pages for subscription in page["Subscriptions"]]
        except ClientError as error:
            if code_of(error) in NOT_FOUND:
                return None
            raise
        subscriptions = [
            Subscription(s.get("SubscriptionArn", ""), s["Protocol"], s["Endpoint"]) for s in listed
        ]
        return [
            subscription
            for subscription in subscriptions
            if subscription.confirmed or subscription.pending
        ]

    def names(self, audiences: Iterable[str]) -> list[str]:
        """Every topic there is of these audiences."""
        known_audiences, prefix = frozenset(audiences), self.outputs["TopicPrefix"]
        pages = self.reads.get_paginator("list_topics").paginate()
        arns = (topic["TopicArn"] for page in pages for topic in page["Topics"])
        topics = (arn.removeprefix(prefix) for arn in arns if arn.startswith(prefix))
        return sorted(topic for topic in topics if recipient_of(topic, known_audiences))

    def confirmed(self, topics: Iterable[str]) -> Iterator[tuple[str, int]]:
        """(topic, confirmed subscriptions) for each that exists, one call after another."""
        for topic in topics:
            subscriptions = self.subscriptions(topic)
            if subscriptions is not None:
                yield topic, sum(subscription.confirmed for subscription in subscriptions)

    def make(self, topic: str) -> None:
        """A topic like the template's: the same key, and a policy that lets `watch` publish. Safe
        to repeat.
        """
        like = self.reads.get_topic_attributes(TopicArn=self.outputs["OperationsTopic"])[
            "Attributes"
        ]
        arn = self.arn(topic)
        wanted = {
            "DisplayName": DISPLAY_NAME,
            "KmsMasterKeyId": like.get("KmsMasterKeyId", ""),
            "Policy": _policy(like.get("Policy", "{}"), arn),
        }
        attributes = {name: value for name, value in wanted.items() if value}
        self.writes.create_topic(Name=self.name(topic), Attributes=attributes)

    def delete(self, topic: str) -> None:
        self.writes.delete_topic(TopicArn=self.arn(topic))

    def subscribe(self, topic: str, address: Address) -> None:
        """As the template subscribes: what SNS cannot deliver ends in the stack's queue. Safe to
        repeat.
        """
        redrive = json.dumps({"deadLetterTargetArn": self.outputs["UndeliveredMessages"]})
        self.writes.subscribe(
            TopicArn=self.arn(topic),
            Protocol=address.protocol,
            Endpoint=address.endpoint,
            Attributes={"RedrivePolicy": redrive},
            ReturnSubscriptionArn=True,
        )

    def unsubscribe(self, subscription: Subscription) -> None:
        self.writes.unsubscribe(SubscriptionArn=subscription.arn)

    def confirm(self, topic: str, token: str) -> str:
        """The subscription's ARN. From then on only the account that owns it can end it: no link in
        a mail does.
        """
        answer = self.writes.confirm_subscription(
            TopicArn=self.arn(topic), Token=token, AuthenticateOnUnsubscribe="true"
        )
        return answer["SubscriptionArn"]

    def ends_by_the_account_alone(self, arn: str) -> bool:
        """False where SNS says that it was confirmed by opening its link; True where it does not
        say.
        """
        try:
            attributes = self.reads.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        except ClientError as error:
            if code_of(error) in NOT_FOUND:
                return True  # confirmed just now, as was asked, and not to be read yet
            raise
        return attributes.get("ConfirmationWasAuthenticated", "").casefold() != "false"


def _policy(text: str, arn: str) -> str:
    """What the policy of another topic lets `watch` do, for this one; '' where it says nothing of
    it.
    """
    policy: dict[str, Any] = json.loads(text)
    theirs = [
        statement for statement in policy.get("Statement", []) if statement.get("Sid") == PUBLISHING
    ]
    statements = [{**statement, "Resource": arn} for statement in theirs]
    return json.dumps({**policy, "Statement": statements}) if statements else ""
