"""The queue of the sweep's segments: SQS, one message a segment of the Tickets table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from operator import index
from typing import TYPE_CHECKING

from attrs import asdict, field, frozen
from botocore.exceptions import BotoCoreError, ClientError

from sla_watchdog.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


RUN = re.compile(r"[0-9a-z]{1,32}")
MOST = 10**12
"""More than any sweep counts, and a number that any table holds."""


@frozen
class Segment:
    """`number` of `of` of the sweep `run`. Where an earlier call ran out of time, `start` is the
    last key that its scan of `table` (tickets first, then cases) gave, and `counts` what it saw
    until then.
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
    def of_body(cls, body: object) -> Segment:
        """Raises ValueError for a message that is no segment; the queue's dead-letter queue takes
        it.
        """
        try:
            content = json.loads(str(body))
            segment = cls(
                run=str(content["run"]),
                number=index(content["number"]),
                of=index(content["of"]),
                start=str(content["start"]),
                table=str(content.get("table", "tickets")),
                counts={
                    str(name): index(count) for name, count in content.get("counts", {}).items()
                },
            )
            problem = segment._problem()
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise ValueError(f"not a segment of a sweep: {str(body)[:200]!r}") from error
        if problem:
            raise ValueError(f"not a segment of a sweep: {problem}")
        return segment

    def _problem(self) -> str:
        """What keeps it from being swept; '' for nothing. Raises where `start` is no JSON of a
        key's form.
        """
        if not RUN.fullmatch(self.run):
            return f"{self.run[:20]!r} is the name of no run"
        if self.table not in ("tickets", "cases"):
            return f"there is no table of {self.table[:20]!r} to sweep"
        if not 0 <= self.number < self.of <= 1_000_000:
            return f"segment {self.number} of {self.of} does not exist"
        if self.start and not _is_key(json.loads(self.start)):
            return "it starts at no key"
        return (
            ""
            if all(0 <= count <= MOST for count in self.counts.values())
            else "it counted what cannot be counted"
        )


def _is_key(start: Mapping[str, Mapping[str, str]]) -> bool:
    """Whose names are the table's own, DynamoDB says when it is asked to go on from there."""
    typed = [pair for attribute in start.values() for [pair] in [attribute.items()]]
    return bool(typed) and all(
        kind in ("S", "N") and isinstance(value, str) for kind, value in typed
    )


@frozen
class SegmentsQueue:
    client: SQSClient
    url: str

    def put(self, segment: Segment) -> None:
        """Safe to repeat: a segment swept twice finds nothing the second time. Raises Unavailable."""
        try:
            self.client.send_message(QueueUrl=self.url, MessageBody=segment.body())
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(f"the queue takes no segment of a sweep: {error}") from error
