"""Which reports went where, the links to their pages, and a look through all cases for them.

pk META      sk reports   {<report>/<where>: <period>}   the last period of each that arrived there
pk L#<hash>  sk W         {report, until}                a link to a page, by the hash of its code
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from sla_watchdog.adapters.dynamodb.alert_links import LINK, REMEMBERED_SECONDS
from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.dynamodb.case_item import CASE, DamagedItem
from sla_watchdog.adapters.dynamodb.case_reads import SORT_KEY, CaseReads
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.state import META
from sla_watchdog.domain.escalation.case import Case

ROOM_OF_MARKS = "reports"


class ReportMarks(CaseReads):
    def reports_done(self) -> Mapping[str, str]:
        """The last period of each report, by `<report>/<where>`; by a consistent read."""
        return {
            name: str(period)
            for name, period in self._plain(META, ROOM_OF_MARKS).items()
            if "/" in name
        }

    def report_done(self, name: str, period: str) -> bool:
        """After it was sent. Only when it was not marked so before: a repetition changes nothing
        and says so.
        """
        change = Expression().set(name, to=period)
        is_other = f"{change.path(name)} <> {change.value(period)}"
        return (
            self._update(
                META, ROOM_OF_MARKS, change.require(f"{change.absent(name)} OR {is_other}")
            )
            is None
        )

    def put_report_link(self, code: str, key: str, until: int) -> None:
        """Before the code is sent to anybody; only its hash is stored. A repetition writes the
        same.
        """
        change = Expression().set("report", to=key).set("until", to=until)
        change.set("expires_at", to=until + REMEMBERED_SECONDS)  # the table's TTL
        self._update(_link(code), SORT_KEY, change)

    def report_link(self, code: str) -> tuple[str, int] | None:
        """The key of the page and until when the link opens it; None for a code that is no such
        link.
        """
        stored = self._plain(_link(code), SORT_KEY)
        return (str(stored["report"]), int(stored["until"])) if "report" in stored else None

    def every_case(self, over: bool) -> Iterator[Case | DamagedItem]:
        """Reads the whole table once, not consistently; with `over` also cases for which nothing is
        to come.
        """
        wanted = "begins_with(pk, :case) AND sk = :room AND attribute_not_exists(moved_to)"
        values: Any = typed({":case": CASE, ":room": SORT_KEY})
        pages = self._reads.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression=wanted if over else f"{wanted} AND attribute_exists(next_at)",
            ExpressionAttributeValues=values,
        )
        for page in pages:
            yield from self._whole({item["pk"]["S"]: item for item in page["Items"]}).values()


def _link(code: str) -> str:
    return f"{LINK}{hashlib.sha256(code.encode()).hexdigest()}"
