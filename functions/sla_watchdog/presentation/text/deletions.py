"""Records that went missing from the Tickets table: what operations and operators are told."""

from __future__ import annotations

from sla_watchdog.domain.escalation.deletions import MOST, Deletions


def missing_text(deletions: Deletions) -> str:
    return f"{_how_many(deletions)} have no record in the Tickets table any more."


def _count(missing: int) -> str:
    if not missing:
        return "Many"
    if missing >= MOST:
        return f"At least {missing}"
    return str(missing)


def held_text(deletions: Deletions) -> str:
    """What operations need to know, and how it ends; short up to the command, which stands whole
    in an SMS.
    """
    return (
        f"{_how_many(deletions)} have no record. Meant? sla-watchdog deletions --accept. "
        "Not meant? Restore the records. "
        "Until then their clocks keep running, and nobody is notified that they are closed."
    )


def _how_many(deletions: Deletions) -> str:
    count = _count(len(deletions.missing))
    of = f" of {deletions.open_before}" if deletions.missing and deletions.open_before else ""
    return f"{count}{of} open tickets"
