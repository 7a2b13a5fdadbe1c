"""What the audit says of each level."""

from __future__ import annotations

from collections.abc import Mapping

from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Alert, Outcome


def record_of(
    case: str,
    alert: Alert,
    outcome: Outcome,
    reason: str,
    now: int,
    extra: Mapping[str, str] | None = None,
) -> AuditItem:
    """A level that waits is recorded at the instant it came due, all else as of `now`."""
    at = alert.due_at if outcome is Outcome.DEFERRED else now
    details = {"ref": alert.ref, "severity": alert.severity.value}
    details.update(extra or {})
    return AuditItem(case, at, alert.id, outcome, reason, details)
