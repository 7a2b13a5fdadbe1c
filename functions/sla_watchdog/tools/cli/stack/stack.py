"""The deployed stack as the operator's commands see it: found by its name, reached with the
operator's own rights.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import frozen

from sla_watchdog.adapters.channels.channels import Channels
from sla_watchdog.adapters.channels.registered import channels
from sla_watchdog.adapters.dynamodb.attributes import plain, typed
from sla_watchdog.adapters.dynamodb.items import META
from sla_watchdog.adapters.dynamodb.tickets import TicketsTable
from sla_watchdog.adapters.dynamodb.watch import Mode, WatchStores
from sla_watchdog.domain.escalation.case import OPERATIONS
from sla_watchdog.domain.escalation.subscribers import Seat, SubscriptionState, noted
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.handlers.bootstrap import READS, WRITES
from sla_watchdog.handlers.settings import LOOPBACK
from sla_watchdog.tools.cli.options import OWN_POLICY
from sla_watchdog.tools.cli.stack.aws_errors import plain_errors
from sla_watchdog.tools.cli.stack.deployed import named, outputs_of
from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy
from sla_watchdog.tools.cli.stack.sns_topics import Topics
from sla_watchdog.usecases.judging import Evaluator

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient


@frozen
class Stack:
    """One deployed stack. `reads` may repeat by itself; what `watch` writes and `publisher` sends
    never does.
    """

    name: str
    region: str
    outputs: Mapping[str, str]
    policy: Policy
    policy_path: Path
    local: bool
    reads: DynamoDBClient
    watch: WatchStores
    topics: Topics
    publisher: Channels

    @property
    def title(self) -> str:
        return f"{self.name} in {self.region}"

    def now(self) -> int:
        """The time of the stack: the clock's, or the simulated one of the local stack."""
        simulated = None
        if self.local:
            simulated = self.watch.state.simulated_now()
        if simulated is None:
            return int(time())
        return simulated

    def mode(self) -> Mode:
        """What `go-live` decided; since 0 while nobody has, and the template's parameter counts."""
        decided = self.watch.state.mode()
        if decided.since:
            return decided
        return Mode(self.outputs["Mode"], 0)

    @property
    def audiences(self) -> tuple[str, ...]:
        return *self.policy.audiences, OPERATIONS

    def count_subscribers(self, *changed: str) -> None:
        """Let the functions know at once who can be reached by the topics `changed`; by all, where
        none was counted yet.
        """
        counts = self.watch.topic_counts.read()
        names: Iterable[str] = changed
        if counts is None:
            names = self.topics.names(self.audiences)
        after = {topic: count for topic, count in (counts or {}).items() if topic not in changed}
        roster = self.watch.rosters.read()
        for topic, confirmed in self.topics.confirmed(names):
            after[topic] = confirmed - roster.deaf_in(topic)
        self.watch.topic_counts.keep(after, self.now())

    def note(self, seat: Seat, state: SubscriptionState) -> None:
        """Somebody was subscribed, confirmed or unsubscribed on purpose: from now on that is what
        should be so.
        """
        now = self.now()
        self.watch.rosters.change(lambda roster: noted(roster, seat, state, now))

    def subscribers(self) -> Mapping[str, int]:
        """Confirmed subscriptions of every topic that there is."""
        return dict(self.topics.confirmed(self.topics.names(self.audiences)))

    def evaluator(self, *, live: bool) -> Evaluator:
        """Judges one case by its tickets' records too; `live` as the mode is to be taken."""
        tickets = TicketsTable(self.reads, self.outputs["TicketsTable"], self.policy.source)
        return Evaluator(self.policy, tickets, self.watch, live=live, clock=monotonic)

    def other_policy(self) -> str:
        """Why what is shown here may differ from what the functions do; '' where it does not."""
        key: Any = typed({"pk": META, "sk": "generation"})
        answer = self.reads.get_item(TableName=self.outputs["WatchTable"], Key=key)
        deployed = plain(answer.get("Item") or {}).get("hash")
        if deployed in (None, self.policy.hash):
            return ""
        return (
            f"the stack runs another policy than {self.policy_path}: deploy it, or name that "
            "one with --policy"
        )


def on_stack(command: Callable[[argparse.Namespace, Stack], int], args: argparse.Namespace) -> int:
    """Run `command` on the stack that `args` name. What AWS refuses becomes one sentence."""
    with plain_errors():
        return command(args, find(args))


def find(args: argparse.Namespace) -> Stack:
    """The stack, with its policy. Raises UsageError where there is no such stack, or it is not
    whole.
    """
    path = args.policy or Path(os.path.relpath(OWN_POLICY))
    policy = compiled_policy(path)
    name, session = named(args)
    outputs = outputs_of(name, session)
    reads = session.client("dynamodb", config=READS)
    writes = session.client("dynamodb", config=WRITES)
    sns_reads: SNSClient = session.client("sns", config=READS)
    sns_writes: SNSClient = session.client("sns", config=WRITES)
    return Stack(
        name=name,
        region=session.region_name,
        outputs=outputs,
        policy=policy,
        policy_path=path,
        local=urlsplit(reads.meta.endpoint_url).hostname in LOOPBACK,
        reads=reads,
        watch=WatchStores.of(reads, writes, outputs["WatchTable"], outputs["AuditTable"]),
        topics=Topics(sns_reads, sns_writes, outputs),
        publisher=channels(
            sns_reads=sns_reads, sns_writes=sns_writes, topic_prefix=outputs["TopicPrefix"]
        ),
    )
