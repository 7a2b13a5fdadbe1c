"""Lambda `respond`: the page behind the link in an alert. A GET changes nothing, a POST answers
once.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sla_watchdog.handlers.bootstrap import parts
from sla_watchdog.handlers.observability import logger
from sla_watchdog.usecases.report.http import is_report, report_answer
from sla_watchdog.usecases.respond.http import answer


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    here = parts().connected_anew()
    now = here.now()
    if is_report(event):
        given = report_answer(event, here.watch.report_marks, here.reports, now)
    else:
        given = answer(event, here.responder(now), now)
    logger.info("answered", status=given["statusCode"], case=given.pop("case"))
    return given
