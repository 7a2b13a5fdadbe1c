"""A help desk and its watchdog in one process, on any engine: records in, ticks at any time,
messages out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from attrs import asdict, define, evolve, field
from botocore import UNSIGNED
from botocore.config import Config

from building import MON, at, policy
from sla_watchdog.adapters.channels.registered import channels
from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.dynamodb.audit import AuditTable
from sla_watchdog.adapters.dynamodb.tickets import TicketsTable
from sla_watchdog.adapters.dynamodb.watch import WatchStores
from sla_watchdog.adapters.s3 import Reports
from sla_watchdog.adapters.sqs import SegmentsQueue, segment_of
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.handlers.bootstrap import Parts
from sla_watchdog.handlers.settings import Settings
from sla_watchdog.usecases.sweep.invariants import SweepResult
from sla_watchdog.usecases.track.change import Change
from sla_watchdog.usecases.track.track import Tracked
from sla_watchdog.usecases.watch.result import TickResult

REGION = "eu-central-1"
ONCE = Config(
    retries={"total_max_attempts": 1}, signature_version=UNSIGNED, user_agent=f"region/{REGION}"
)
"""botocore makes no call again, and moto asks nobody for a signature: it reads the region here."""
AUDIENCES = ("owner", "team-lead", "manager", "executive")
TOPICS = (*AUDIENCES, *(f"{name}-urgent" for name in AUDIENCES), "operations")
NEW = {"created_at": f"{MON}T00:00:00Z", "status": "New"}
"""The least that a record says."""


def client_of_moto(service: str) -> Any:
    return boto3.client(service, region_name=REGION, config=ONCE)


def bucket_of_reports() -> Any:
    """A client of S3, where the bucket is from now on: of the few tests that need it."""
    signed = Config(retries={"total_max_attempts": 1})  # a bucket is read by nobody unknown
    s3 = boto3.client("s3", region_name=REGION, config=signed)
    s3.create_bucket(Bucket="reports", CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


@define
class Desk:
    """Made inside `mock_aws()`, where all is moto's; or with a `client` of other engines. Times are
    ISO texts, UTC.
    """

    policy: Policy = field(factory=policy)
    mode: str = "live"
    topics: tuple[str, ...] = TOPICS
    client: Callable[[str], Any] = client_of_moto
    dynamodb: Any = field(init=False)
    sns: Any = field(init=False)
    parts: Parts = field(init=False)
    time_left: float = 100.0
    _sequence: int = 0
    _read: dict[str, int] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        from local_stack.template import create_tables

        self.dynamodb, self.sns, sqs = map(self.client, ("dynamodb", "sns", "sqs"))
        tables = create_tables(self.dynamodb)
        for name in self.topics:
            arn = self.sns.create_topic(Name=f"sla-{name}")["TopicArn"]
            self.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=f"{name}@example.org")
        queue = sqs.create_queue(QueueName="segments")["QueueUrl"]
        settings = Settings(
            stack="sla",
            tickets_table=tables["tickets"],
            watch_table=tables["watch"],
            audit_table=tables["audit"],
            topic_prefix=arn.removesuffix(name),
            segments_queue=queue,
            segments=2,
            reports_bucket="reports",
            mode=self.mode,
            clock="table",
            policy_path=Path("policy.json"),
        )
        self.parts = Parts(
            settings=settings,
            policy=self.policy,
            tickets=TicketsTable(self.dynamodb, tables["tickets"], self.policy.source),
            watch=WatchStores.of(self.dynamodb, self.dynamodb, tables["watch"], tables["audit"]),
            audit=AuditTable(self.dynamodb, tables["audit"]),
            channels=channels(
                sns_reads=self.sns,
                sns_writes=self.sns,
                topic_prefix=settings.topic_prefix,
                clock=count().__next__,
            ),
            queue=SegmentsQueue(sqs, queue),
            reports=Reports(bucket_of_reports, "reports"),
        )

    def put(self, now: str, ticket: str = "T-1", **fields: object) -> Tracked:
        """The desk writes the record, and the stream brings it."""
        record = {"ticket_id": ticket, **fields}
        self.write(**record)
        return self.deliver(now, ticket, record)

    def write(self, **record: object) -> None:
        """The desk writes the record, and no stream brings it."""
        item = typed({name: value for name, value in record.items() if value is not None})
        self.dynamodb.put_item(TableName=self.parts.settings.tickets_table, Item=item)

    def delete(self, now: str, ticket: str = "T-1", streamed: bool = True) -> None:
        self.dynamodb.delete_item(
            TableName=self.parts.settings.tickets_table, Key={"ticket_id": {"S": ticket}}
        )
        if streamed:
            self.deliver(now, ticket, None)

    def deliver(self, now: str, ticket: str, record: Mapping[str, object] | None) -> Tracked:
        self._sequence += 1
        change = Change(
            {"ticket_id": ticket}, record, at(now), str(self._sequence), removed=record is None
        )
        self.parts.watch.state.set_simulated_now(at(now))
        return self.parts.tracker(at(now)).track([change], at(now))

    def tick(self, now: str, time_left: float | None = None) -> TickResult:
        left = self.time_left if time_left is None else time_left
        result = self.parts.tick(at(now), lambda: left).run()
        assert result is not None, "no other tick runs"
        return result

    def sweep(self, now: str) -> SweepResult:
        """A whole sweep, its segments taken one by one from the queue."""
        total = SweepResult()
        client, url = self.parts.queue.client, self.parts.queue.url
        while asked := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in asked:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.parts.ask_for_sweep()
        while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                sweeper, segment = self.parts.sweeper(at(now)), segment_of(message["Body"])
                part = asdict(sweeper.sweep(segment, at(now), lambda: self.time_left))
                del part["whole"]
                for name, seen in part.items():
                    setattr(total, name, getattr(total, name) + seen)
        return total

    def asked_for_sweeps(self) -> int:
        """Segments of sweeps that wait to be swept."""
        queue = self.parts.queue
        known = queue.client.get_queue_attributes(
            QueueUrl=queue.url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(known["Attributes"]["ApproximateNumberOfMessages"])

    def case(self, name: str = "T-1") -> Case:
        found = self.parts.watch.cases.read([name])[name]
        assert isinstance(found, Case)
        return found

    def audit(self, name: str = "T-1") -> list[AuditItem]:
        return self.parts.audit.of_case(name)

    def outcomes(self, name: str = "T-1") -> list[tuple[str, str]]:
        """(alert id without the ticket, outcome), oldest first."""
        return [
            (item.alert_id.removeprefix(f"{name}/"), item.outcome.value)
            for item in self.audit(name)
        ]

    def sent(self) -> list[tuple[str, dict[str, Any]]]:
        """(topic without prefix, structured body) of every message since the last call."""
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.sns import sns_backends

        found = []
        for arn, topic in sns_backends[DEFAULT_ACCOUNT_ID][REGION].topics.items():
            name = arn.rpartition(":")[2].removeprefix("sla-")
            fresh = topic.sent_notifications[self._read.get(arn, 0) :]
            self._read[arn] = len(topic.sent_notifications)
            found += [(name, json.loads(json.loads(note[1])["default"])) for note in fresh]
        return found

    def sent_to(self) -> list[str]:
        return [topic for topic, _ in self.sent()]

    def with_policy(self, changed: Policy) -> Desk:
        """The same desk after a deploy of another policy."""
        tickets = TicketsTable(self.dynamodb, self.parts.settings.tickets_table, changed.source)
        self.parts = evolve(self.parts, policy=changed, tickets=tickets)
        return self
