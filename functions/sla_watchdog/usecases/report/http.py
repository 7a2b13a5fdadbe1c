"""A request to the page of a report behind the link in a mail. Reading it is all that there is, as
often as wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.html.report_page import HEADERS, notice
from sla_watchdog.usecases.codes import is_code
from sla_watchdog.usecases.report.ports import Pages, ReportLinks
from sla_watchdog.usecases.report.report import LINK_DAYS, PATH

NOT_KNOWN = (
    "This link is not known",
    "It may be cut off: open it again, whole. The newest report has a link that works.",
)
EXPIRED = (
    "This link has expired",
    f"It opened its report for {LINK_DAYS} days. The newest report has a link that works.",
)
NOT_NOW = "This report cannot be shown now", "Please try again in a few minutes."


def is_report(event: Mapping[str, Any]) -> bool:
    return _path(event)[-2:-1] == [PATH]


def report_answer(
    event: Mapping[str, Any], links: ReportLinks, pages: Pages, now: int
) -> dict[str, Any]:
    """The answer to one event of an HTTP API (payload 2.0). It changes nothing."""
    code = _path(event)[-1].lower()
    link = links.link(code) if is_code(code) else None
    if link is None:
        return _answer(404, notice(*NOT_KNOWN))
    key, until = link
    if now >= until:
        return _answer(410, notice(*EXPIRED))
    try:
        return _answer(200, pages.read(key))
    except Unavailable:
        return _answer(503, notice(*NOT_NOW))


def _path(event: Mapping[str, Any]) -> list[str]:
    return str(event.get("rawPath") or "").split("/")


def _answer(status: int, body: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": dict(HEADERS),
        "body": body,
        "case": "",
    }
