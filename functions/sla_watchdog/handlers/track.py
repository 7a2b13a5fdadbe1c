"""Lambda `track`: the stream of the Tickets table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sla_watchdog.adapters.dynamodb.tickets import plain
from sla_watchdog.domain.tickets.record import seconds_of
from sla_watchdog.handlers.bootstrap import parts
from sla_watchdog.handlers.observability import logger
from sla_watchdog.usecases.track.change import Change

NO_CHANGE = (
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)
"""What `change` raises for a record that is none of a stream."""


def change(record: Mapping[str, Any], simulated: int | None) -> Change:
    """One stream record; in simulated time it happens now, whatever the stream says. Raises where
    it is none.
    """
    data = record["dynamodb"]
    image = None
    if "NewImage" in data:
        image = plain(data["NewImage"])
    at = simulated
    if at is None:
        at = seconds_of(data["ApproximateCreationDateTime"], None)
    return Change(
        key=plain(data["Keys"]),
        record=image,
        at=at,
        sequence=str(int(data["SequenceNumber"])),
        removed=record["eventName"] == "REMOVE",
    )


def changes(records: list[Any], simulated: int | None) -> Iterator[Change | None]:
    """None for what is no record of a stream: it must not keep back those behind it."""
    for record in records:
        try:
            yield change(record, simulated)
        except NO_CHANGE:
            yield None


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    here = parts().connected_anew()
    now = here.now()
    simulated = now if here.settings.clock == "table" else None
    tracker = here.tracker(now)
    brought = list(changes(event["Records"], simulated))
    read = [change for change in brought if change is not None]
    done = tracker.track(read, now)
    unread = len(brought) - len(read)
    if unread:
        tracker.report_unread(now)
    logger.info(
        "tracked", changes=done.changes, kept=done.kept, findings=done.findings, unread=unread
    )
