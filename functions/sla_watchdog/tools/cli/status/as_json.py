"""`status` for programs: times are ISO 8601 in UTC, and what the filters leave out is still
counted.
"""

from __future__ import annotations

from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.deletions import Deletions
from sla_watchdog.domain.escalation.upcoming import UpcomingNotification
from sla_watchdog.presentation.text.deletions import missing_text
from sla_watchdog.presentation.times import iso
from sla_watchdog.presentation.view.case_row import CaseRow, LatestNotification, Trouble, phrase
from sla_watchdog.tools.cli.status.look import NeedsAttention, Pending, Quiet, Status


def as_json(status: Status, *, limit: int) -> dict[str, object]:
    return {
        "stack": status.title,
        "now": iso(status.now),
        "mode": {"name": status.mode.name, "since": _iso(status.mode.since or None)},
        "warning": status.warning or None,
        "heartbeat": _heartbeat(status),
        "deletions": status.deletions and _deletions(status.deletions),
        "not_judged": status.unjudged or None,
        "counts": _counts(status),
        "ticks": {"due": status.due, "due_since": _iso(status.due_since)},
        "cases": [_case(row, status) for row in status.chosen[: limit or None]],
        "silences": [_silence(quiet) for quiet in status.quiet],
        "findings": [_finding(finding) for finding in status.findings],
        "pending": [_pending(message) for message in status.pending],
    }


def _heartbeat(status: Status) -> dict[str, str] | None:
    check = status.heartbeat
    if check is None:
        return None
    return {"text": check.in_json.text or check.text, "todo": check.todo}


def _counts(status: Status) -> dict[str, int]:
    counts = {"open": len(status.rows)}
    for trouble in Trouble:
        if trouble is not Trouble.OPEN:
            counts[_key(trouble)] = status.count(trouble)
    return counts


def _finding(finding: NeedsAttention) -> dict[str, str]:
    return {"ticket": finding.ticket, "kind": finding.kind, "reason": finding.reason}


def _deletions(held: Deletions) -> dict[str, object]:
    return {
        "missing": len(held.missing),
        "open_before": held.open_before,
        "held_since": _iso(held.held_since),
        "text": missing_text(held),
        "todo": "sla-watchdog deletions",
    }


def _key(trouble: Trouble) -> str:
    return trouble.value.replace(" ", "_")


def _case(row: CaseRow, status: Status) -> dict[str, object]:
    clock = row.clock
    return {
        "case": row.case,
        "subject": row.subject,
        "state": _key(row.trouble),
        "what": phrase(row, status.now),
        "clock": clock and clock.metric.value,
        "rule": clock and clock.rule,
        "level": row.level,
        "levels": len(clock.levels) if clock else 0,
        "late_seconds": row.late,
        "due_at": _iso(row.due_at),
        "breach_at": _iso(clock.breach_at if clock else None),
        "opened_at": iso(row.opened_at),
        "owner": row.owner or None,
        "team": row.team or None,
        "silenced": row.case in status.silenced,
        "promise": row.promise and _promise(row.promise),
        "told": row.notified and _notified(row.notified),
        "next": row.upcoming and _next(row.upcoming),
    }


def _promise(promise: Promise) -> dict[str, object]:
    return {"by": promise.by, "until": iso(promise.until)}


def _notified(last: LatestNotification) -> dict[str, object]:
    return {
        "at": iso(last.at),
        "recipients": list(last.recipients),
        "outcome": last.outcome.value,
    }


def _next(upcoming: UpcomingNotification) -> dict[str, object]:
    return {
        "at": iso(upcoming.at),
        "recipient": upcoming.recipient.key,
        "level": upcoming.level + 1,
    }


def _iso(at: int | None) -> str | None:
    return None if at is None else iso(at)


def _silence(quiet: Quiet) -> dict[str, object]:
    silence = quiet.silence
    return {
        "silence": silence.id,
        "until": iso(silence.until),
        "by": silence.by,
        "reason": silence.reason,
        "audiences": sorted(silence.audiences) or None,
        "cases": list(quiet.cases),
    }


def _pending(pending: Pending) -> dict[str, object]:
    return {
        "case": pending.case,
        "recipient": pending.recipient,
        "due_at": iso(pending.due_at),
        "until": iso(pending.until),
        "attempts": pending.attempts,
    }
