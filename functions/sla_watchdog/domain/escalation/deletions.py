"""Records that are missing: a deleted one is over; many at once are a table that was emptied,
renamed or restored.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from sla_watchdog.domain.tickets.facts import Fact, Facts

AT_ONCE = 24 * 3600
"""Seconds within which missing records count together: a table may be cleared slowly."""

FEWEST, MANY, PART, MOST = 2, 10, 4, 1000
"""One missing record was deleted. Half of the open tickets are too many, so are ten that are a
quarter of them, and a thousand of however many.
"""


@frozen
class Deletions:
    """`missing` are the open tickets whose records went missing lately, each with when that was
    noticed; `open_before` are the open tickets before, None where nobody has counted them yet.

    Since `held_since` deletions are not believed; until `accepted_until` they are, since
    somebody said that they are meant. `reported_at` is when operations were last notified.
    """

    missing: Mapping[str, int] = field(factory=dict)
    open_before: int | None = None
    held_since: int | None = None
    accepted_until: int = 0
    reported_at: int = 0

    @property
    def are_too_many(self) -> bool:
        return too_many(len(self.missing), self.open_before)


def too_many(missing: int, open_before: int | None) -> bool:
    if open_before is None:
        return missing >= MANY
    most_of_them = missing >= FEWEST and 2 * missing >= open_before
    many_of_them = missing >= MANY and PART * missing >= open_before
    return most_of_them or many_of_them or missing >= MOST


def missing_text(known: Deletions) -> str:
    return f"{_how_many(known)} open tickets have no record in the Tickets table any more."


def _how_many(known: Deletions) -> str:
    if not known.missing:
        return "Many"
    if not known.open_before:
        return str(len(known.missing))
    return f"{len(known.missing)} of {known.open_before}"


def held_text(known: Deletions) -> str:
    """What operations need to know, and how it ends; the command first, since long texts are cut."""
    return (
        f"{missing_text(known)} Meant? Run: sla-watchdog deletions --accept. "
        "Not meant? Put the records back. Until then their clocks keep running and nobody hears that they are over."
    )


def without_deletions(facts: Facts, since: int | None) -> Facts:
    """The facts as if no record had gone missing since then, so that every clock runs on."""
    if since is None or not any(_has_held(name, facts, since) for name in facts.tickets()):
        return facts
    return Facts.of(fact for fact in facts if not _is_held(fact, since))


def missing_since(ticket: str, facts: Facts, since: int) -> bool:
    """Whether its record is missing, and was there until then."""
    last = _gone(ticket, facts)[-1:]
    return any(bool(fact.value) and _is_held(fact, since) for fact in last)


def _has_held(ticket: str, facts: Facts, since: int) -> bool:
    return any(_is_held(fact, since) for fact in _gone(ticket, facts))


def _gone(ticket: str, facts: Facts) -> tuple[Fact, ...]:
    return facts.of_field(ticket, "gone")


def _is_held(fact: Fact, since: int) -> bool:
    return fact.field == "gone" and fact.at >= since
