"""Which policy judged a ticket since when, and what kept each earlier one from it."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.rules_in_force import (
    candidates_at,
    candidates_over_time,
    holds,
    rules_over_time,
    shared_by,
    value_at,
)
from sla_watchdog.domain.policy.model import Condition, Policy, Rule, Truth
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.ticket import Ticket


@frozen
class Refusal:
    """An earlier rule and the first condition of it that did not hold; `had` is what the ticket
    said, '' for nothing.

    `readable` is False where the value could not be read: then the strictest rule that may match
    counts.
    """

    rule: str
    condition: Condition
    had: tuple[str, ...]
    readable: bool


@frozen
class Ruling:
    """`rule` judged the ticket from `since` on. `zone` is that of its calendar. `of_ticket` is the
    other ticket of the same case whose rule it is, '' where it is the ticket's own.
    """

    since: int
    rule: str
    calendar: str
    zone: str
    refused: tuple[Refusal, ...]
    of_ticket: str = ""


def rulings(ticket: Ticket, facts: Facts, policy: Policy) -> tuple[Ruling, ...]:
    """The earliest first."""
    return tuple(_rulings(ticket, facts, policy))


def _rulings(ticket: Ticket, facts: Facts, policy: Policy) -> Iterator[Ruling]:
    for since, rule in rules_over_time(ticket, facts, policy):
        yield _ruling(rule, since, ticket, facts, policy)


def _ruling(rule: Rule, since: int, ticket: Ticket, facts: Facts, policy: Policy) -> Ruling:
    other = brought_by(ticket, rule.name, facts, policy, since)
    refusals = () if other else tuple(_refusals(rule, ticket.id, facts, policy, since))
    return Ruling(
        since=since,
        rule=rule.name,
        calendar=rule.calendar,
        zone=policy.calendars[rule.calendar].timezone,
        refused=refusals,
        of_ticket=other,
    )


def ruling_of(clock: Clock, ticket: Ticket, facts: Facts, policy: Policy) -> Ruling:
    """The rule in force; where another one has the limit of the clock, that."""
    since, rules = candidates_over_time(ticket, facts, policy)[-1]
    judging = [rule for rule in rules if rule.name == clock.rule]
    if not judging:
        return rulings(ticket, facts, policy)[-1]
    return _ruling(judging[0], since, ticket, facts, policy)


def brought_by(ticket: Ticket, rule: str, facts: Facts, policy: Policy, at: int) -> str:
    """The other ticket of the case whose rule judges this one; '' where it is its own."""
    if not ticket.others:
        return ""
    own = candidates_at(ticket.id, facts, policy, at)
    if any(candidate.name == rule for candidate in own):
        return ""
    return shared_by(ticket, rule, at)


def _refusals(
    matched: Rule, ticket: str, facts: Facts, policy: Policy, at: int
) -> Iterator[Refusal]:
    for rule in policy.rules:
        if rule is matched:
            return
        refusal = _refusal(rule, ticket, facts, policy, at)
        if refusal is not None:
            yield refusal


def _refusal(rule: Rule, ticket: str, facts: Facts, policy: Policy, at: int) -> Refusal | None:
    """The first condition that did not hold; if none failed, the first that could not be read."""
    truths = {condition: holds(condition, ticket, facts, policy, at) for condition in rule.when}
    for truth in (Truth.NO, Truth.UNKNOWN):
        for condition in rule.when:
            if truths[condition] is truth:
                had = _had(condition.field, ticket, facts, at)
                return Refusal(rule.name, condition, had, readable=truth is Truth.NO)
    return None


def _had(name: str, ticket: str, facts: Facts, at: int) -> tuple[str, ...]:
    """What the ticket said at `at`, as the rules were matched with it."""
    value = value_at(name, ticket, facts, at)
    if isinstance(value, str):
        value = (value,)
    return tuple(filter(None, value))
