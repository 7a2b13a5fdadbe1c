"""The queue of the sweep's segments: SQS, one message a segment of the Tickets table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import asdict, field, frozen

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@frozen
class Segment:
    """`number` of `of` of the sweep `run`. Where an earlier call ran out of time, `start` is the last key that its
    scan of `table` (tickets first, then cases) gave, and `counts` what it saw until then.
    """

    run: str
    number: int
    of: int
    start: str = ""
    table: str = "tickets"
    counts: Mapping[str, int] = field(factory=dict)

    def body(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def of_body(cls, body: str) -> Segment:
        """Raises ValueError for a message that is no segment; the queue's dead-letter queue takes it."""
        try:
            content = json.loads(body)
            segment = cls(
                run=str(content["run"]),
                number=int(content["number"]),
                of=int(content["of"]),
                start=str(content["start"]),
                table=str(content.get("table", "tickets")),
                counts={str(name): int(count) for name, count in content.get("counts", {}).items()},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a segment of a sweep: {body[:200]!r}") from error
        if segment.table not in ("tickets", "cases"):
            raise ValueError(f"there is no table of {segment.table[:20]!r} to sweep")
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
