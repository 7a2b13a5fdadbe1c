"""Lambda `report`: once an hour it sends what is due of the day, the week and the month."""

from __future__ import annotations

from typing import Any

from attrs import asdict
from aws_lambda_powertools.utilities.typing import LambdaContext

from sla_watchdog.handlers.bootstrap import parts
from sla_watchdog.handlers.observability import logger


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    here = parts().connected_anew()
    reported = here.reporter(here.now()).run()
    if reported is None:
        logger.info("another report is running")
        return {"skipped": True}
    done = asdict(reported)
    logger.info("reported", **done)
    return done
