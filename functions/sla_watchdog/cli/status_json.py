"""`status` for programs: times are ISO 8601 in UTC, and what the filters leave out is still counted."""

from __future__ import annotations

import json

from sla_watchdog.cli.status import Pending, Quiet, Status
from sla_watchdog.domain.case_row import Row, Trouble, phrase
from sla_watchdog.domain.deletions import Deletions, missing_text
from sla_watchdog.domain.message.wording import iso


def as_json(status: Status, *, limit: int) -> str:
    answer = {
        "stack": status.title,
        "now": iso(status.now),
        "mode": {"name": status.mode.name, "since": iso(status.mode.since) if status.mode.since else None},
        "warning": status.warning or None,
        "heartbeat": status.heartbeat and {"text": status.heartbeat.text, "todo": status.heartbeat.todo},
        "deletions": status.deletions and _deletions(status.deletions),
        "counts": {"open": len(status.rows), **{_key(t): status.count(t) for t in Trouble if t is not Trouble.OPEN}},
        "ticks": {"due": status.due, "due_since": None if status.due_since is None else iso(status.due_since)},
        "cases": [_case(each, status) for each in status.chosen[: limit or None]],
        "silences": [_silence(each) for each in status.quiet],
        "findings": [{"ticket": each.ticket, "kind": each.kind, "reason": each.reason} for each in status.mends],
        "pending": [_pending(each) for each in status.pending],
    }
    return json.dumps(answer, indent=2, ensure_ascii=False)


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


def _case(row: Row, status: Status) -> dict[str, object]:
    clock, told, coming = row.clock, row.told, row.coming
    return {
        "case": row.case,
        "subject": row.subject,
        "state": _key(row.trouble),
        "what": phrase(row, status.now),
        "clock": clock.metric.value if clock else None,
        "rule": clock.rule if clock else None,
        "level": row.level,
        "levels": len(clock.levels) if clock else 0,
        "late_seconds": row.late,
        "due_at": _iso(row.due_at),
        "breach_at": _iso(clock.breach_at if clock else None),
        "opened_at": iso(row.opened_at),
        "owner": row.owner or None,
        "team": row.team or None,
        "silenced": row.case in status.silenced,
        "promise": row.promise and {"by": row.promise.by, "until": iso(row.promise.until)},
        "told": told and {"at": iso(told.at), "recipients": list(told.recipients), "outcome": told.outcome.value},
        "next": coming and {"at": iso(coming.at), "recipient": coming.recipient.key, "level": coming.level + 1},
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
