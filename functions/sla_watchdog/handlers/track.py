"""Lambda `track`: the stream of the Tickets table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sla_watchdog.adapters.tickets import plain
from sla_watchdog.bootstrap import parts
from sla_watchdog.observability import logger
from sla_watchdog.track import Change


def change(record: Mapping[str, Any], simulated: int | None) -> Change:
    """One stream record; in simulated time it happens now, whatever the stream says."""
    data = record["dynamodb"]
    return Change(
        key=plain(data["Keys"]),
        record=plain(data["NewImage"]) if "NewImage" in data else None,
        at=int(data["ApproximateCreationDateTime"]) if simulated is None else simulated,
        sequence=str(data["SequenceNumber"]),
        removed=record["eventName"] == "REMOVE",
    )


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    here = parts()
    now = here.now()
    simulated = now if here.settings.clock == "table" else None
    tracker = here.tracker(now)
    done = tracker.track([change(record, simulated) for record in event["Records"]], now)
    logger.info("tracked", changes=done.changes, kept=done.kept, findings=done.findings)
