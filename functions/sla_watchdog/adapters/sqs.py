"""The queue of the sweep's segments: SQS, one message a segment of the Tickets table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from operator import index
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen
from botocore.exceptions import BotoCoreError, ClientError

from sla_watchdog.errors import Unavailable
from sla_watchdog.usecases.sweep.ports import CASES, TICKETS, Segment

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


RUN = re.compile(r"[0-9a-z]{1,32}")
MOST = 10**12
"""More than any sweep counts, and a number that any table holds."""


def body_of(segment: Segment) -> str:
    return json.dumps(asdict(segment), sort_keys=True)


def segment_of(body: object) -> Segment:
    """Raises ValueError for a message that is no segment; the queue's dead-letter queue takes
    it.
    """
    try:
        segment = _segment(json.loads(str(body)))
        problem = _problem(segment)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(f"not a segment of a sweep: {str(body)[:200]!r}") from error
    if problem:
        raise ValueError(f"not a segment of a sweep: {problem}")
    return segment


def _segment(content: Mapping[str, Any]) -> Segment:
    counts = content.get("counts", {})
    return Segment(
        run=str(content["run"]),
        number=index(content["number"]),
        of=index(content["of"]),
        start=str(content["start"]),
        table=str(content.get("table", TICKETS)),
        counts={str(name): index(count) for name, count in counts.items()},
    )


def _problem(segment: Segment) -> str:
    """What keeps it from being swept; '' for nothing. Raises where `start` is no JSON of a key's
    form.
    """
    if not RUN.fullmatch(segment.run):
        return f"{segment.run[:20]!r} is the name of no run"
    if segment.table not in (TICKETS, CASES):
        return f"there is no table of {segment.table[:20]!r} to sweep"
    if not 0 <= segment.number < segment.of <= 1_000_000:
        return f"segment {segment.number} of {segment.of} does not exist"
    if segment.start and not _is_key(json.loads(segment.start)):
        return "it starts at no key"
    if not all(0 <= count <= MOST for count in segment.counts.values()):
        return "it counted what cannot be counted"
    return ""


def _is_key(start: Mapping[str, Mapping[str, str]]) -> bool:
    """Whose names are the table's own, DynamoDB says when it is asked to go on from there."""
    for attribute in start.values():
        [(kind, value)] = attribute.items()
        if kind not in ("S", "N") or not isinstance(value, str):
            return False
    return bool(start)


@frozen
class SegmentsQueue:
    client: SQSClient
    url: str

    def put(self, segment: Segment) -> None:
        """Safe to repeat: a segment swept twice finds nothing the second time. Raises
        Unavailable.
        """
        try:
            self.client.send_message(QueueUrl=self.url, MessageBody=body_of(segment))
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(f"the queue takes no segment of a sweep: {error}") from error
