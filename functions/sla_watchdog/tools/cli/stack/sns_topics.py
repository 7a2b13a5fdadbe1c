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
        subscriptions = []
        try:
            for page in pages:
                for listed in page["Subscriptions"]:
                    arn = listed.get("SubscriptionArn", "")
                    subscription = Subscription(arn, listed["Protocol"], listed["Endpoint"])
                    subscriptions.append(subscription)
        except ClientError as error:
            if code_of(error) in NOT_FOUND:
                return None
            raise
        return [one for one in subscriptions if one.confirmed or one.pending]

    def names(self, audiences: Iterable[str]) -> list[str]:
        """Every topic there is of these audiences."""
        audience_names, prefix = frozenset(audiences), self.outputs["TopicPrefix"]
        names = []
        for page in self.reads.get_paginator("list_topics").paginate():
            for topic in page["Topics"]:
                name = topic["TopicArn"].removeprefix(prefix)
                is_ours = topic["TopicArn"].startswith(prefix)
                if is_ours and recipient_of(name, audience_names):
                    names.append(name)
        return sorted(names)

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
        operations = self.reads.get_topic_attributes(TopicArn=self.outputs["OperationsTopic"])
        model = operations["Attributes"]
        wanted = {
            "DisplayName": DISPLAY_NAME,
            "KmsMasterKeyId": model.get("KmsMasterKeyId", ""),
            "Policy": _policy(model.get("Policy", "{}"), self.arn(topic)),
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
    publishing = [one for one in policy.get("Statement", []) if one.get("Sid") == PUBLISHING]
    if not publishing:
        return ""
    statements = [{**statement, "Resource": arn} for statement in publishing]
    return json.dumps({**policy, "Statement": statements})
