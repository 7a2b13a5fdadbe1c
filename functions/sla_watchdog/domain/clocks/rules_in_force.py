"""Which rule of the policy judges a ticket, and since when (semantics D4)."""

from __future__ import annotations

from attrs import frozen

from sla_watchdog.domain.policy.model import Condition, Metric, Policy, Rule, Truth
from sla_watchdog.domain.tickets.facts import UNREADABLE, Fact, Facts, Value
from sla_watchdog.domain.tickets.ticket import SharedRule, Ticket

History = tuple[tuple[int, Rule], ...]
"""(since, rule), the oldest first; the last is the one in force."""

Candidates = tuple[tuple[int, tuple[Rule, ...]], ...]
"""The same with every rule that could apply: several where a value cannot be read, or where other
tickets of the matter have another; the strictest first.
"""

NO_TARGET = 2**62
"""Seconds; longer than every target."""


OPPOSITES = {Truth.YES: Truth.NO, Truth.NO: Truth.YES, Truth.UNKNOWN: Truth.UNKNOWN}


def value_at(name: str, ticket: str, facts: Facts, at: int) -> Value:
    """The value of a field at `at`. What the first record said held before it, too; what a later
    one said did not.
    """
    return _TicketAt(ticket, facts, at).value(name)


def holds(condition: Condition, ticket: str, facts: Facts, policy: Policy, at: int) -> Truth:
    """Whether the ticket met the condition at `at`; UNKNOWN when its value cannot be read."""
    return _TicketAt(ticket, facts, at).meets(condition, policy)


@frozen
class _TicketAt:
    """What a ticket said at one instant."""

    ticket: str
    facts: Facts
    at: int

    def value(self, name: str) -> Value:
        series = self.facts.of_field(self.ticket, name)
        if series:
            first = series[0]
            if self.at < first.at and at_first_sight(first, self.facts):
                return first.value
        return self.facts.as_of(self.ticket, name, self.at)

    def is_unreadable(self, name: str) -> bool:
        """Before anything was known of the field, it counts as it was at first."""
        problem = UNREADABLE + name
        problems = self.facts.of_field(self.ticket, problem)
        if not problems:
            return False
        first = problems[0].at
        values = self.facts.of_field(self.ticket, name)
        if values:
            first = min(first, values[0].at)
        reason = self.facts.as_of(self.ticket, problem, max(self.at, first))
        return bool(reason)

    def reading(self, name: str) -> tuple[Value, bool]:
        """The value, and whether it cannot be read."""
        return self.value(name), self.is_unreadable(name)

    def meets(self, condition: Condition, policy: Policy) -> Truth:
        if self.is_unreadable(condition.field):
            return Truth.UNKNOWN
        values = self._values(condition.field)
        if condition.field == "priority" and policy.priorities:
            values = {policy.priorities.get(value, "") for value in values}
            if "" in values:
                return Truth.UNKNOWN
        truth = _met(condition, values)
        return OPPOSITES[truth] if condition.negate else truth

    def _values(self, name: str) -> set[str]:
        """The value case-folded; of a list, every member."""
        value = self.value(name)
        members = (value,) if isinstance(value, str) else value
        return {member.casefold() for member in members if member}


def at_first_sight(first: Fact, facts: Facts) -> bool:
    """Whether it was said with the first status of the ticket, or before any."""
    statuses = facts.of_field(first.ticket, "status")
    return not statuses or first.at <= statuses[0].at


def _met(condition: Condition, values: set[str]) -> Truth:
    if condition.missing:
        return _truth(not values)
    least = condition.at_least
    if least is None:
        return _truth(not values.isdisjoint(condition.any_of))
    try:
        return _truth(any(float(value) >= least for value in values))
    except ValueError:
        return Truth.UNKNOWN


def _truth(answer: bool) -> Truth:
    return Truth.YES if answer else Truth.NO


def _strictness(rule: Rule) -> tuple[int, int]:
    """Its shortest target of a resolution, then its shortest target of all. A deadline that is set
    elsewhere does not count.
    """
    shortest = NO_TARGET
    shortest_resolution = NO_TARGET
    for target in rule.targets:
        if target.due is not None:
            continue
        shortest = min(shortest, target.within)
        if target.metric is Metric.RESOLUTION:
            shortest_resolution = min(shortest_resolution, target.within)
    return shortest_resolution, shortest


def candidates_at(ticket: str, facts: Facts, policy: Policy, at: int) -> tuple[Rule, ...]:
    """The first rule that matched at `at`; where a value cannot be read, all that may match, the
    strictest first.

    Each clock is then judged by the limit that is due first (the last rule matches everything).
    """
    then = _TicketAt(ticket, facts, at)
    candidates = []
    for rule in policy.rules:
        truths = [then.meets(condition, policy) for condition in rule.when]
        if Truth.NO in truths:
            continue
        candidates.append(rule)
        if Truth.UNKNOWN not in truths:
            break
    candidates.sort(key=_strictness)
    return tuple(candidates)


def rule_at(ticket: Ticket, facts: Facts, policy: Policy, at: int) -> Rule:
    """The rule that judged the ticket at `at`: the strictest of its own and of those of the other
    tickets of its matter.
    """
    own = candidates_at(ticket.id, facts, policy, at)
    if not ticket.others:
        return own[0]
    return _with_others(own, _others_at(ticket, at))[0]


def shared_by(ticket: Ticket, rule: str, at: int) -> str:
    """The other ticket of its matter whose rule that is; '' where none brings it."""
    for shared in _others_at(ticket, at):
        if shared.rule.name == rule:
            return shared.ticket
    return ""


def _others_at(ticket: Ticket, at: int) -> tuple[SharedRule, ...]:
    latest: tuple[SharedRule, ...] = ()
    for since, shared in ticket.others:
        if since > at:
            break
        latest = shared
    return latest


def _with_others(own: tuple[Rule, ...], others: tuple[SharedRule, ...]) -> tuple[Rule, ...]:
    """All of them once, the strictest first; of two that are as strict its own."""
    names = {rule.name for rule in own}
    more = [shared.rule for shared in others if shared.rule.name not in names]
    if not more:
        return own
    return tuple(sorted([*own, *more], key=_strictness))


def rules_over_time(ticket: Ticket, facts: Facts, policy: Policy) -> History:
    """The rules that judged the ticket; of several that could apply at a time the strictest."""
    history: list[tuple[int, Rule]] = []
    latest: Rule | None = None
    for since, rules in candidates_over_time(ticket, facts, policy):
        strictest = rules[0]
        if strictest is not latest:
            history.append((since, strictest))
            latest = strictest
    return tuple(history)


def candidates_over_time(ticket: Ticket, facts: Facts, policy: Policy) -> Candidates:
    """The rules that could apply to the ticket, those of the other tickets of its matter too, and
    since when.
    """
    own = own_candidates_over_time(ticket, facts, policy)
    if not ticket.others:
        return own
    starts = {since for since, _ in own}
    starts.update(since for since, _ in ticket.others if since > ticket.created_at)
    history: list[tuple[int, tuple[Rule, ...]]] = []
    for at in sorted(starts):
        of_its_own = [rules for since, rules in own if since <= at][-1]
        rules = _with_others(of_its_own, _others_at(ticket, at))
        if not history or rules != history[-1][1]:
            history.append((at, rules))
    return tuple(history)


def own_candidates_over_time(ticket: Ticket, facts: Facts, policy: Policy) -> Candidates:
    """As `candidates_over_time`, by what is known of the ticket itself."""
    created_at = ticket.created_at
    latest = candidates_at(ticket.id, facts, policy, created_at)
    history = [(created_at, latest)]
    by_readings: dict[tuple[tuple[Value, bool], ...], tuple[Rule, ...]] = {}
    changes = rule_changes(ticket.id, facts, policy)
    for at in sorted(changes):
        if at <= created_at:
            continue
        then = _TicketAt(ticket.id, facts, at)
        readings = tuple(map(then.reading, policy.asked))
        if readings not in by_readings:
            by_readings[readings] = candidates_at(ticket.id, facts, policy, at)
        candidates = by_readings[readings]
        if candidates != latest:
            history.append((at, candidates))
            latest = candidates
    return tuple(history)


def rule_changes(ticket: str, facts: Facts, policy: Policy) -> set[int]:
    """When a field that some condition asks for changed, or whether it can be read."""
    changed: set[int] = set()
    for name in policy.asked:
        values = facts.of_field(ticket, name)
        if values and at_first_sight(values[0], facts):
            values = values[1:]
        problems = facts.of_field(ticket, UNREADABLE + name)
        changed.update(fact.at for fact in (*values, *problems))
    return changed
