"""Links that were sent with alerts, in the Watch table: by the hash of their code, which is stored
nowhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.audit import AuditActions
from sla_watchdog.adapters.dynamodb.case_item import entry_in, entry_map
from sla_watchdog.adapters.dynamodb.cases import CaseStore
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.facts_text import DamageError
from sla_watchdog.adapters.dynamodb.items import SORT_KEY, Items
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.clocks.promises import PromiseKind
from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Case, Entry
from sla_watchdog.usecases.respond.ports import AlertLink, Use

LINK = "L#"

REMEMBERED_SECONDS = 60 * 86_400
"""How long a link is known after it expired, so that its page can say so; then the table forgets
it.
"""


def hash_of(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


class AlertLinkStore:
    def __init__(self, items: Items, audit: AuditActions, cases: CaseStore) -> None:
        self._items = items
        self._audit = audit
        self._cases = cases

    def put(self, code: str, case: str, entry: Entry, expires_at: int) -> bool:
        """Stores the hash of `code`, before the code is sent to anybody. A repetition writes the
        same.

        False where the table does not take it now.
        """
        change = Expression()
        change.set("case", to=case)
        change.set("entry", to=entry_map(entry))
        change.set("until", to=expires_at)
        change.set("expires_at", to=expires_at + REMEMBERED_SECONDS)  # the table's TTL
        try:
            stands = self._items.update(_key(hash_of(code)), SORT_KEY, change)
        except (ClientError, HTTPClientError, NoConnectionError):
            return False
        return stands is None

    def read(self, code: str) -> AlertLink | None:
        """By a consistent read; None for a code that was never sent, or was forgotten, or cannot be
        read.
        """
        hashed = hash_of(code)
        stored = self._items.read(_key(hashed), SORT_KEY)
        if not stored:
            return None
        try:
            return _link(hashed, plain(stored))
        except (DamageError, KeyError, TypeError, ValueError):
            return None

    def decline(self, link: AlertLink, now: int, record: AuditItem) -> bool:
        """That one of those who have it said that it is not theirs; it goes on answering for the
        others. The first time alone is recorded; else, and for a link that was used, False.
        """
        change = Expression().set("declined_at", to=now)
        change.require(change.present("pk"))
        change.require(change.absent("used_at"))
        change.require(change.absent("declined_at"))
        audited = [self._audit.put(record)]
        stands = self._items.update_with(_key(link.hash), SORT_KEY, change, audited)
        return stands is None

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
        also = []
        if link is not None:
            also.append(self._items.update_action(_key(link.hash), SORT_KEY, _using(use)))
        also.append(self._audit.put(record))
        return self._cases.keep(case, findings, also)

    def judge(self, case: Case, findings: Iterable[Finding], record: AuditItem) -> bool:
        """Writes the case with what was said of it among its facts, and records it, in one
        transaction. Under the conditions of `keep`; else False: read again. The link answers on.
        """
        return self._cases.keep(case, findings, [self._audit.put(record)])


def _key(hashed: str) -> str:
    return f"{LINK}{hashed}"


def _using(use: Use) -> Expression:
    change = Expression()
    change.set("used_at", to=use.at)
    change.set("answer", to=use.answer.value)
    change.set_or_remove("by", use.by)
    change.set_or_remove("promised", use.until)
    if use.kind is not PromiseKind.UPDATE:
        change.set("for", to=use.kind.value)
    change.require(change.present("pk"))
    change.require(change.absent("used_at"))
    return change


def _link(hashed: str, stored: dict[str, Any]) -> AlertLink:
    return AlertLink(
        hash=hashed,
        case=str(stored["case"]),
        entry=entry_in(stored["entry"]),
        expires_at=int(stored["until"]),
        used=_use(stored),
    )


def _use(stored: dict[str, Any]) -> Use | None:
    if "used_at" not in stored:
        return None
    promised = None
    if "promised" in stored:
        promised = int(stored["promised"])
    return Use(
        at=int(stored["used_at"]),
        answer=Answer(stored["answer"]),
        by=str(stored.get("by", "")),
        until=promised,
        kind=PromiseKind(stored.get("for", PromiseKind.UPDATE)),
    )
