"""Findings: something about the data that a person must mend. Operations are notified once."""

from __future__ import annotations

from sla_watchdog.presentation.text.layout import whole

_ADVICE = {
    "status": (
        "Name this status in the policy file (statuses), or correct the ticket. Until then every "
        "clock runs."
    ),
    "priority": (
        "Name this priority in the policy file (priorities), or correct the ticket. Until then the "
        "case is judged by the strictest policy that could apply."
    ),
    "deleted": (
        "Find out who deleted the record, and whether the customer was helped. Its clocks have "
        "stopped."
    ),
    "deletions": (
        "Find out whether they were meant to be deleted. If they were, run "
        f"{whole('`sla-watchdog deletions --accept`')}. Else restore the records; it then ends by "
        "itself (docs/runbook.md, deletions)."
    ),
    "stream": (
        "Look whether something other than the stream of the Tickets table invokes track. No "
        "ticket is lost: the sweep looks at each."
    ),
    "replier": (
        "Nothing, if only persons reply. Else let the desk write who replied into each record "
        "(docs/event-files.md), and name bots and automatic replies in the policy file (people). "
        "This is told once."
    ),
    "flapping": (
        "Find out what writes the status: two automatic replies that answer each other, or a rule "
        "or an integration that changes it back. Stop it there; name automatic senders in the "
        "policy file (people.bots). Until then an end shorter than 30 minutes counts as none. "
        "You hear of it again only after a quiet day."
    ),
    "same_matter": "Say whether both are one matter. Until then each is a case of its own.",
    "calendar": (
        "Give the calendar in the policy file an opening; until then this clock cannot run."
    ),
}

_FIELD = (
    "Correct the field in the ticket record, or say in the policy file where it is found (fields). "
    "Until then the case is judged by the strictest policy that could apply."
)


OF_THE_SET_UP = frozenset({"finding:deletions", "finding:replier", "finding:stream"})
"""Clock names of findings that are about the set-up and no ticket."""


def advice(clock: str) -> str:
    """What to do about the finding with the clock name `finding:<kind>`."""
    return _ADVICE.get(clock.removeprefix("finding:"), _FIELD)
