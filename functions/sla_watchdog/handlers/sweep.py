"""Lambda `sweep`: the schedule asks for a sweep, the queue brings its segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import asdict
from aws_lambda_powertools.utilities.typing import LambdaContext

from sla_watchdog.adapters.sqs import segment_of
from sla_watchdog.handlers.bootstrap import Parts, parts
from sla_watchdog.handlers.observability import count, logger, metrics
from sla_watchdog.usecases.sweep.ports import Segment
from sla_watchdog.usecases.sweep.sweep import begin

MEASURED = ("violations", "cases_open", "cases_at_risk", "cases_breached")
"""What becomes a metric once a whole sweep has ended, so that one segment's zero hides nothing of
another. The rest stands in the log, and in `doctor`.
"""


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Raises ValueError before any segment is swept where one of the messages is none."""
    here = parts().connected_anew()
    messages = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(messages, list):
        return {"run": _begin(here)}
    segments = [segment_of(_body(message)) for message in messages]
    _sweep(here, segments, lambda: context.get_remaining_time_in_millis() / 1000)
    return {}


def _begin(here: Parts) -> str:
    segments = here.settings.segments
    run = begin(here.watch.leases, here.queue, segments, here.tokens.run(), here.now())
    outcome = "sweep asked for" if run else "a sweep is under way"
    logger.info(outcome, run=run, segments=segments)
    return run


def _body(message: object) -> object:
    if not isinstance(message, dict):
        return None
    return message.get("body")


def _sweep(here: Parts, segments: list[Segment], time_left: Callable[[], float]) -> None:
    now = here.now()
    sweeper = here.sweeper(now)
    for segment in segments:
        swept = sweeper.sweep(segment, now, time_left)
        logger.info("swept", run=segment.run, segment=segment.number, **asdict(swept))
        if swept.whole is not None:
            measured = {name: swept.whole[name] for name in MEASURED}
            measured["findings"] = swept.whole["findings_open"]
            count(measured)
