"""Why an alert is due, in the words that are stored and audited."""

from __future__ import annotations

DUE = "due"

REOPENED = "it was reopened"
"""How the reason of an alert begins that a reopening made due; the ticket's own reopenings by
persons follow.
"""

REMINDER = "reminder"
"""How the reason of an alert begins whose recipient was told of the same level before."""

NO_OWNER = "it has no owner"
"""Why the next audience up hears of a level that is an owner's."""


def reminder(before: int | None, only_waits: bool) -> str:
    """`before` is how many messages of the level its recipient had; None where nobody counted.
    `only_waits`: it was resolved, and the customer wrote since.
    """
    number = REMINDER if before is None else f"{REMINDER} {before}"
    return f"{number}: still unanswered" if only_waits else f"{number}: still unresolved"


def reopened(times: int) -> str:
    return f"{REOPENED} (once)" if times == 1 else f"{REOPENED} ({times} times)"


def unreachable(recipient: str) -> str:
    return f"{recipient} cannot be reached"


def passed(level: int) -> str:
    """`level` counts from 0."""
    return f"passed: level {level + 1} was due"


def silenced(by: str, why: str) -> str:
    return f"silenced by {by or 'somebody'}: {why}"


def promised(by: str) -> str:
    return f"acknowledged by {by or 'somebody'}, who promised an update"


def outside_hours(audience: str) -> str:
    return f"outside the hours of {audience}"
