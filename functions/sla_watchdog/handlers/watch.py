"""Lambda `watch`: one tick a minute. Its heartbeat says that every shard was queried and every key
dealt with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import asdict
from aws_lambda_powertools.utilities.typing import LambdaContext

from sla_watchdog.handlers.bootstrap import parts
from sla_watchdog.handlers.observability import count, logger, metrics

MEASURED = (
    "due",
    "sent",
    "digested",
    "suppressed",
    "undeliverable",
    "put_back",
    "left_due",
    "oldest_pending_seconds",
    "lag_seconds",
)
"""What becomes a metric, at 30 cents a month each; the rest stands in the log."""


@metrics.log_metrics
@logger.inject_lambda_context
def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    here = parts().connected_anew()
    now = here.now()
    tick = here.tick(now, lambda: context.get_remaining_time_in_millis() / 1000)
    result = tick.run()
    if result is None:
        logger.info("another tick is running")
        return {"due": 0, "left_due": 0, "skipped": True}
    done = asdict(result)
    logger.info("ticked", **done)
    live_since = tick.live_since if tick.evaluator.live else None
    try:
        here.watch.pulse.beat(now, done, live_since)
    except Exception as error:  # noqa: BLE001 - it is for `doctor`; the tick did finish
        logger.warning("the beat could not be kept", problem=str(error))
    count(measured(done))
    return done


def measured(done: Mapping[str, Any]) -> dict[str, int]:
    """A tick sees the findings of the cases that it judges, so it never says that there are none: a
    sweep does.
    """
    counts = {name: done[name] for name in MEASURED}
    if done["findings"]:
        counts["findings"] = done["findings"]
    counts["heartbeat"] = 1
    return counts
