"""Which rule of the policy judges a ticket, and since when (semantics D4)."""

from __future__ import annotations

from sla_watchdog.domain.facts import UNREADABLE, Facts, Value
from sla_watchdog.domain.policy import Condition, Metric, Policy, Rule, Truth
from sla_watchdog.domain.ticket import Ticket

History = tuple[tuple[int, Rule], ...]
"""(since, rule), the oldest first; the last is the one in force."""


def _value(name: str, ticket: str, facts: Facts, at: int) -> Value:
    """The value of a field at `at`; before anything was said of it, the first that was."""
    series = facts.of_field(ticket, name)
    return facts.as_of(ticket, name, max(at, series[0].at)) if series else ""


def _values(name: str, ticket: str, facts: Facts, at: int) -> set[str]:
    """The same case-folded, of a list each member."""
    value = _value(name, ticket, facts, at)
    return {member.casefold() for member in ((value,) if isinstance(value, str) else value) if member}


def holds(condition: Condition, ticket: str, facts: Facts, policy: Policy, at: int) -> Truth:
    """Whether the ticket met the condition at `at`; UNKNOWN when its value cannot be read."""
    values = _values(condition.field, ticket, facts, at)
    if facts.latest(ticket, UNREADABLE + condition.field):
        return Truth.UNKNOWN
    if condition.field == "priority" and policy.priorities:
        values = {policy.priorities.get(value, "") for value in values}
        if "" in values:
            return Truth.UNKNOWN
    answer = _met(condition, values)
    if answer is Truth.UNKNOWN or not condition.negate:
        return answer
    return Truth.NO if answer is Truth.YES else Truth.YES


def _met(condition: Condition, values: set[str]) -> Truth:
    if condition.missing:
        return Truth.NO if values else Truth.YES
    if condition.at_least is None:
        return Truth.YES if values & condition.any_of else Truth.NO
    try:
        return Truth.YES if any(float(value) >= condition.at_least for value in values) else Truth.NO
    except ValueError:
        return Truth.UNKNOWN


def _strictness(rule: Rule) -> int:
    return min((target.within for target in rule.targets if target.metric is Metric.RESOLUTION), default=2**62)


def rule_at(ticket: str, facts: Facts, policy: Policy, at: int) -> Rule:
    """The first rule that matched at `at`; where a value cannot be read, the strictest of those that may match.

    Strictest is the shortest resolution target (DESIGN.md section 9: the last rule matches everything).
    """
    candidates = []
    for rule in policy.rules:
        truths = [holds(condition, ticket, facts, policy, at) for condition in rule.when]
        if Truth.NO not in truths:
            candidates.append(rule)
            if Truth.UNKNOWN not in truths:
                break
    return candidates[0] if len(candidates) == 1 else min(candidates, key=_strictness)


def rules_over_time(ticket: Ticket, facts: Facts, policy: Policy) -> History:
    """Each rule that judged the ticket, and since when."""
    changes = rule_changes(ticket.id, facts, policy)
    history = [(ticket.created_at, rule_at(ticket.id, facts, policy, ticket.created_at))]
    known: dict[tuple[Value, ...], Rule] = {}
    for at in sorted(change for change in changes if change > ticket.created_at):
        values = tuple(_value(name, ticket.id, facts, at) for name in policy.asked)
        if values not in known:
            known[values] = rule_at(ticket.id, facts, policy, at)
        if known[values] is not history[-1][1]:
            history.append((at, known[values]))
    return tuple(history)


def rule_changes(ticket: str, facts: Facts, policy: Policy) -> set[int]:
    """When a field that some condition asks for changed."""
    series = (facts.of_field(ticket, name) for name in policy.asked)
    return {fact.at for known in series if len(known) > 1 for fact in facts.changes(ticket, known[0].field)[1:]}
