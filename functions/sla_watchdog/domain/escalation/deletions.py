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
"""These are too many at once: half of the open tickets (not one alone), ten that are a quarter of
them, and a thousand of however many.
"""


@frozen
class Deletions:
    """`missing` are the open tickets whose records went missing lately, each with when that was
    noticed; `open_before` are the open tickets before, None where nobody has counted them yet.

    `went` are the most that were missing at once before some came back.

    Since `held_since` deletions are not believed; until `accepted_until` they are, since
    somebody said that they are meant. `reported_at` is when operations were last notified.
    """

    missing: Mapping[str, int] = field(factory=dict)
    open_before: int | None = None
    went: int = 0
    held_since: int | None = None
    accepted_until: int = 0
    reported_at: int = 0

    @property
    def are_too_many(self) -> bool:
        return too_many(len(self.missing), self.open_before)

    @property
    def are_few_again(self) -> bool:
        """As far as the tickets counted here tell; only a sweep knows of more than those."""
        went = max(self.went, len(self.missing))
        return went < MOST and few_left(len(self.missing), went, self.open_before)


def too_many(missing: int, open_before: int | None) -> bool:
    if open_before is None:
        return missing >= MANY
    most_of_them = missing >= FEWEST and 2 * missing >= open_before
    many_of_them = missing >= MANY and PART * missing >= open_before
    return most_of_them or many_of_them or missing >= MOST


def few_left(missing: int, went: int, open_before: int | None) -> bool:
    """Whether a hold may end. Records come back one by one, and the first of them proves nothing
    about the others.
    """
    most_are_back = 2 * missing <= went or not too_many(went, open_before)
    return most_are_back and not too_many(missing, open_before)


def without_deletions(facts: Facts, since: int | None) -> Facts:
    """The facts as if no record had gone missing since then, so that every clock runs on."""
    if since is None:
        return facts
    has_held = any(_has_held(name, facts, since) for name in facts.tickets())
    if not has_held:
        return facts
    return Facts.of(fact for fact in facts if not _is_held(fact, since))


def missing_since(ticket: str, facts: Facts, since: int) -> bool:
    """Whether its record is missing, and was there until then."""
    gone = _gone(ticket, facts)
    return gone is not None and gone.at >= since


def was_meant(ticket: str, facts: Facts, accepted_until: int) -> bool:
    """Whether its record went missing by then, up to when somebody said that deletions are
    meant.
    """
    gone = _gone(ticket, facts)
    return gone is not None and gone.at <= accepted_until


def _has_held(ticket: str, facts: Facts, since: int) -> bool:
    return any(_is_held(fact, since) for fact in facts.of_field(ticket, "gone"))


def _gone(ticket: str, facts: Facts) -> Fact | None:
    """The fact that its record is missing now."""
    series = facts.of_field(ticket, "gone")
    if not series or not series[-1].value:
        return None
    return series[-1]


def _is_held(fact: Fact, since: int) -> bool:
    return fact.field == "gone" and fact.at >= since
