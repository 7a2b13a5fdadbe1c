"""What the page behind a link needs of the table, and the values that come from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from attrs import frozen

from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.clocks.promises import PromiseKind
from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Case, DamagedItem, Entry


@frozen
class Use:
    """What was answered with a link; `until` is the instant promised, `kind` what was."""

    at: int
    answer: Answer
    by: str = ""
    until: int | None = None
    kind: PromiseKind = PromiseKind.UPDATE


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


class Cases(Protocol):
    def read(self, ids: Iterable[str]) -> Mapping[str, Case | DamagedItem]: ...


class AlertLinks(Protocol):
    def read(self, code: str) -> AlertLink | None: ...
    def decline(self, link: AlertLink, now: int, record: AuditItem) -> bool: ...
    def promise(
        self,
        case: Case,
        findings: Iterable[Finding],
        record: AuditItem,
        link: AlertLink | None,
        use: Use,
    ) -> bool: ...
    def judge(self, case: Case, findings: Iterable[Finding], record: AuditItem) -> bool: ...
