"""Links that were sent with alerts, in the Watch table: by the hash of their code, which is stored
nowhere.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

from attrs import frozen
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.audit import AuditItem, audit_item
from sla_watchdog.adapters.dynamodb.case_item import entry_in, entry_map
from sla_watchdog.adapters.dynamodb.cases import Cases
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.facts_text import DamageError
from sla_watchdog.adapters.dynamodb.outbox import Outbox
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.escalation.case import Case, Entry

LINK = "L#"
SORT_KEY = "W"

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Of the codes: 32 signs, 5 bits each, none that is read as another."""

CODE_LENGTH = 16
"""80 random bits."""

REMEMBERED_SECONDS = 60 * 86_400
"""How long a link is known after it expired, so that its page can say so; then the table forgets
it.
"""


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def is_code(text: str) -> bool:
    return len(text) == CODE_LENGTH and not set(text).difference(ALPHABET)


@frozen
class Use:
    """What was answered with a link; `until` is the instant promised."""

    at: int
    answer: Answer
    by: str = ""
    until: int | None = None


@frozen
class AlertLink:
    """A link of one message: whom it was sent to and about what stands in `entry`. It answers until
    `expires_at`.
    """

    hash: str
    case: str
    entry: Entry
    expires_at: int
    used: Use | None = None


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


class AlertLinks(Outbox, Cases):
    def put_alert_link(self, code: str, case: str, entry: Entry, expires_at: int) -> bool:
        """Stores the hash of `code`, before the code is sent to anybody. A repetition writes the
        same.

        False where the table does not take it now.
        """
        change = (
            Expression()
            .set("case", to=case)
            .set("entry", to=entry_map(entry))
            .set("until", to=expires_at)
        )
        change.set("expires_at", to=expires_at + REMEMBERED_SECONDS)  # the table's TTL
        try:
            return self._update(f"{LINK}{_hash(code)}", SORT_KEY, change) is None
        except (ClientError, HTTPClientError, NoConnectionError):
            return False

    def alert_link(self, code: str) -> AlertLink | None:
        """By a consistent read; None for a code that was never sent, or was forgotten, or cannot be
        read.
        """
        stored = self._read(f"{LINK}{_hash(code)}", SORT_KEY)
        try:
            return _link(_hash(code), plain(stored)) if stored else None
        except (DamageError, KeyError, TypeError, ValueError):
            return None

    def decline_alert_link(self, link: AlertLink, now: int, record: AuditItem) -> bool:
        """That one of those who have it said that it is not theirs; it goes on answering for the
        others. The first time alone is recorded; else, and for a link that was used, False.
        """
        change = Expression().set("declined_at", to=now)
        change.require(
            f"{change.present('pk')} AND {change.absent('used_at')} AND {change.absent('declined_at')}"
        )
        return (
            self._update_with(f"{LINK}{link.hash}", SORT_KEY, change, [self._audited(record)])
            is None
        )

    def promise(
        self,
        case: Case,
        findings: Iterable[Finding],
        record: AuditItem,
        link: AlertLink | None,
        use: Use,
    ) -> bool:
        """Writes the case with the promise among its facts, uses the link and records it, in one
        transaction.

        Under the conditions of `keep`, and only with a link that was not used before; else
        False: read again.
        """
        used = (
            [{"Update": self._request(f"{LINK}{link.hash}", SORT_KEY, _using(use))}] if link else []
        )
        return self.keep(case, findings, [*used, self._audited(record)])

    def _audited(self, record: AuditItem) -> dict[str, Any]:
        return {"Put": {"TableName": self._audit_table, "Item": audit_item(record)}}


def _using(use: Use) -> Expression:
    change = Expression().set("used_at", to=use.at).set("answer", to=use.answer.value)
    change.set_or_remove("by", use.by).set_or_remove("promised", use.until)
    return change.require(f"{change.present('pk')} AND {change.absent('used_at')}")


def _link(name: str, stored: dict[str, Any]) -> AlertLink:
    used = None
    if "used_at" in stored:
        until = int(stored["promised"]) if "promised" in stored else None
        used = Use(
            int(stored["used_at"]), Answer(stored["answer"]), str(stored.get("by", "")), until
        )
    return AlertLink(
        name, str(stored["case"]), entry_in(stored["entry"]), int(stored["until"]), used
    )
