"""Which reports went where, and the links to their pages.

pk META      sk reports   {<report>/<where>: <period>}   the last period of each that arrived there
pk L#<hash>  sk W         {report, until}                a link to a page, by the hash of its code
"""

from __future__ import annotations

from collections.abc import Mapping

from sla_watchdog.adapters.dynamodb.alert_links import LINK, REMEMBERED_SECONDS, hash_of
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META, SORT_KEY, Items

MARKS = "reports"


class ReportMarkStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def done(self) -> Mapping[str, str]:
        """The last period of each report, by `<report>/<where>`; by a consistent read."""
        stored = self._items.plain(META, MARKS)
        return {name: str(period) for name, period in stored.items() if "/" in name}

    def mark(self, name: str, period: str) -> bool:
        """After it was sent. Only when it was not marked so before: a repetition changes nothing
        and says so.
        """
        change = Expression().set(name, to=period)
        change.require_any(change.absent(name), change.compare(name, "<>", period))
        return self._items.update(META, MARKS, change) is None

    def put_link(self, code: str, key: str, until: int) -> None:
        """Before the code is sent to anybody; only its hash is stored. A repetition writes the
        same.
        """
        change = Expression()
        change.set("report", to=key)
        change.set("until", to=until)
        change.set("expires_at", to=until + REMEMBERED_SECONDS)  # the table's TTL
        self._items.update(_link(code), SORT_KEY, change)

    def link(self, code: str) -> tuple[str, int] | None:
        """The key of the page and until when the link opens it; None for a code that is no such
        link.
        """
        stored = self._items.plain(_link(code), SORT_KEY)
        if "report" not in stored:
            return None
        return str(stored["report"]), int(stored["until"])


def _link(code: str) -> str:
    return f"{LINK}{hash_of(code)}"
