"""The queue of the sweep's segments: SQS, one message a segment of the Tickets table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import asdict, frozen

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@frozen
class Segment:
    """`number` of `of` of the sweep `run`; `start` is the scan's last key where an earlier call ran out of time."""

    run: str
    number: int
    of: int
    start: str = ""

    def body(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def of_body(cls, body: str) -> Segment:
        """Raises ValueError for a message that is no segment; the queue's dead-letter queue takes it."""
        try:
            content = json.loads(body)
            segment = cls(str(content["run"]), int(content["number"]), int(content["of"]), str(content["start"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a segment of a sweep: {body[:200]!r}") from error
        if not 0 <= segment.number < segment.of <= 1_000_000:
            raise ValueError(f"segment {segment.number} of {segment.of} does not exist")
        return segment


@frozen
class SegmentsQueue:
    client: SQSClient
    url: str

    def put(self, segment: Segment) -> None:
        """Safe to repeat: a segment swept twice finds nothing the second time."""
        self.client.send_message(QueueUrl=self.url, MessageBody=segment.body())
