"""Which rule of the policy judges a ticket, and since when (semantics D4)."""

from __future__ import annotations

from sla_watchdog.domain.policy.model import Condition, Metric, Policy, Rule, Target, Truth
from sla_watchdog.domain.tickets.facts import UNREADABLE, Fact, Facts, Value
from sla_watchdog.domain.tickets.ticket import Ticket

History = tuple[tuple[int, Rule], ...]
"""(since, rule), the oldest first; the last is the one in force."""

Candidates = tuple[tuple[int, tuple[Rule, ...]], ...]
"""The same with every rule that could apply: several where a value cannot be read, the strictest
first.
"""


def value_at(name: str, ticket: str, facts: Facts, at: int) -> Value:
    """The value of a field at `at`. What the first record said held before it, too; what a later
    one said did not.
    """
    series = facts.of_field(ticket, name)
    if series and at < series[0].at and _at_first_sight(series[0], facts):
        return series[0].value
    return facts.as_of(ticket, name, at)


def _at_first_sight(first: Fact, facts: Facts) -> bool:
    """Whether it was said with the first status of the ticket, or before any."""
    statuses = facts.of_field(first.ticket, "status")
    return not statuses or first.at <= statuses[0].at


def _unreadable(name: str, ticket: str, facts: Facts, at: int) -> bool:
    """Whether the field's value at `at` cannot be read; before anything was known of it, as it was
    at first.
    """
    problems = facts.of_field(ticket, UNREADABLE + name)
    if not problems:
        return False
    first = problems[0].at
    values = facts.of_field(ticket, name)
    if values:
        first = min(first, values[0].at)
    return bool(facts.as_of(ticket, UNREADABLE + name, max(at, first)))


def _values(name: str, ticket: str, facts: Facts, at: int) -> set[str]:
    """The same case-folded, of a list each member."""
    value = value_at(name, ticket, facts, at)
    members = (value,) if isinstance(value, str) else value
    return {member.casefold() for member in members if member}


def holds(condition: Condition, ticket: str, facts: Facts, policy: Policy, at: int) -> Truth:
    """Whether the ticket met the condition at `at`; UNKNOWN when its value cannot be read."""
    if _unreadable(condition.field, ticket, facts, at):
        return Truth.UNKNOWN
    values = _values(condition.field, ticket, facts, at)
    if condition.field == "priority" and policy.priorities:
        values = {policy.priorities.get(value, "") for value in values}
        if "" in values:
            return Truth.UNKNOWN
    truth = _met(condition, values)
    return OPPOSITES[truth] if condition.negate else truth


OPPOSITES = {Truth.YES: Truth.NO, Truth.NO: Truth.YES, Truth.UNKNOWN: Truth.UNKNOWN}


def _met(condition: Condition, values: set[str]) -> Truth:
    if condition.missing:
        return _truth(not values)
    if condition.at_least is None:
        return _truth(not values.isdisjoint(condition.any_of))
    try:
        return _truth(any(float(value) >= condition.at_least for value in values))
    except ValueError:
        return Truth.UNKNOWN


def _truth(answer: bool) -> Truth:
    return Truth.YES if answer else Truth.NO


def _strictness(rule: Rule) -> tuple[int, int]:
    """Its shortest target, that of the resolution first; a deadline that is set elsewhere says
    nothing of it.
    """
    own = [target for target in rule.targets if target.due is None]
    resolutions = [target for target in own if target.metric is Metric.RESOLUTION]
    return _shortest(resolutions), _shortest(own)


def _shortest(targets: list[Target]) -> int:
    return min((target.within for target in targets), default=2**62)


def candidates_at(ticket: str, facts: Facts, policy: Policy, at: int) -> tuple[Rule, ...]:
    """The first rule that matched at `at`; where a value cannot be read, all that may match, the
    strictest first.

    Each clock is then judged by the limit that is due first (the last rule matches everything).
    """
    candidates = []
    for rule in policy.rules:
        truths = [holds(condition, ticket, facts, policy, at) for condition in rule.when]
        if Truth.NO not in truths:
            candidates.append(rule)
            if Truth.UNKNOWN not in truths:
                break
    return tuple(sorted(candidates, key=_strictness))


def rule_at(ticket: str, facts: Facts, policy: Policy, at: int) -> Rule:
    """The rule that matched at `at`, or the strictest of those that may."""
    return candidates_at(ticket, facts, policy, at)[0]


def rules_over_time(ticket: Ticket, facts: Facts, policy: Policy) -> History:
    """The rules that judged the ticket; of several that could apply at a time the strictest."""
    history: list[tuple[int, Rule]] = []
    for since, rules in candidates_over_time(ticket, facts, policy):
        if not history or history[-1][1] is not rules[0]:
            history.append((since, rules[0]))
    return tuple(history)


def candidates_over_time(ticket: Ticket, facts: Facts, policy: Policy) -> Candidates:
    """The rules that could apply to the ticket, and since when."""
    changes = rule_changes(ticket.id, facts, policy)
    history = [(ticket.created_at, candidates_at(ticket.id, facts, policy, ticket.created_at))]
    by_values: dict[tuple[tuple[Value, bool], ...], tuple[Rule, ...]] = {}
    for at in sorted(change for change in changes if change > ticket.created_at):
        values = tuple(_read(name, ticket.id, facts, at) for name in policy.asked)
        if values not in by_values:
            by_values[values] = candidates_at(ticket.id, facts, policy, at)
        candidates = by_values[values]
        if candidates != history[-1][1]:
            history.append((at, candidates))
    return tuple(history)


def _read(name: str, ticket: str, facts: Facts, at: int) -> tuple[Value, bool]:
    return value_at(name, ticket, facts, at), _unreadable(name, ticket, facts, at)


def rule_changes(ticket: str, facts: Facts, policy: Policy) -> set[int]:
    """When a field that some condition asks for changed, or whether it can be read."""
    changed: set[int] = set()
    for name in policy.asked:
        values = facts.of_field(ticket, name)
        if values and _at_first_sight(values[0], facts):
            values = values[1:]
        changed.update(fact.at for fact in values)
        changed.update(fact.at for fact in facts.of_field(ticket, UNREADABLE + name))
    return changed
