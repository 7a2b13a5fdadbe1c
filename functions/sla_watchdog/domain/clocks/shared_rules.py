"""The strictest promise of a matter holds: which rules of the other tickets judge a ticket, too,
and since when (semantics D10).

A customer who was promised something keeps the promise when the desk goes on in another ticket. A
rule of another ticket counts from the instant at which both belong together: both exist, and the
link between them is known. A deadline that another system set is of its own ticket alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, product
from operator import itemgetter

from attrs import define, evolve, field, frozen

from sla_watchdog.domain.clocks.rules_in_force import (
    Candidates,
    at_first_sight,
    own_candidates_over_time,
)
from sla_watchdog.domain.policy.model import Policy, Rule
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.lookalikes import ANSWERED, SAME_MATTER
from sla_watchdog.domain.tickets.ticket import OthersRules, SharedRule, Ticket, by_age
from sla_watchdog.domain.tickets.ticket_fields import LINKS
from sla_watchdog.domain.tickets.ties import name_tied_by


def with_shared_rules(
    matters: tuple[LinkedTickets, ...], facts: Facts, policy: Policy
) -> tuple[LinkedTickets, ...]:
    """The matters, each of its tickets with the rules of the others. One ticket alone is left as it
    is.
    """
    return tuple(_shared(matter, facts, policy) for matter in matters)


def tickets_in(matters: Iterable[LinkedTickets]) -> tuple[Ticket, ...]:
    """All of them, the oldest first."""
    tickets: list[Ticket] = []
    for matter in matters:
        tickets += matter.tickets
    return tuple(sorted(tickets, key=by_age))


def _shared(matter: LinkedTickets, facts: Facts, policy: Policy) -> LinkedTickets:
    if len(matter.tickets) == 1:
        return matter
    own = {ticket.id: own_candidates_over_time(ticket, facts, policy) for ticket in matter.tickets}
    if len(_names(own.values())) == 1:
        return matter
    together = together_since(matter.tickets, facts)
    sharing = _Sharing(matter.tickets, own, together, policy)
    others = {ticket.id: sharing.others_of(ticket) for ticket in matter.tickets}
    return evolve(matter, tickets=tuple(_with(ticket, others) for ticket in matter.tickets))


def _with(ticket: Ticket, others: Mapping[str, OthersRules]) -> Ticket:
    """Those merged into it, too, for what became of them before."""
    absorbed = tuple(_with(merged, others) for merged in ticket.absorbed)
    return evolve(ticket, absorbed=absorbed, others=others[ticket.id])


def _names(histories: Iterable[Candidates]) -> set[str]:
    return {rule.name for history in histories for _, rules in history for rule in rules}


# ------------------------------------------------------------------ whose rules, since when


@frozen
class _Sharing:
    """`own` are the rules of each ticket by its own facts."""

    tickets: tuple[Ticket, ...]
    own: Mapping[str, Candidates]
    together: Mapping[tuple[str, str], int]
    policy: Policy
    _places: Mapping[str, int] = field(init=False)
    """Of rules in the policy file."""

    @_places.default
    def _placed(self) -> Mapping[str, int]:
        return {rule.name: place for place, rule in enumerate(self.policy.rules)}

    def others_of(self, ticket: Ticket) -> OthersRules:
        """Nothing where the others never bring a rule that is not its own all the time."""
        own = self.own[ticket.id]
        history = tuple(self._history(ticket))
        brought = {shared.rule.name for _, rules in history for shared in rules}
        if len(own) == 1 and brought <= _names([own]):
            return ()
        return history

    def _history(self, ticket: Ticket) -> Iterator[tuple[int, tuple[SharedRule, ...]]]:
        """Whenever another set of rules is brought."""
        current: dict[str, tuple[Rule, ...]] = {}
        names: set[str] = set()
        steps = sorted(self._steps(ticket), key=itemgetter(0))
        for at, of_that_second in groupby(steps, key=itemgetter(0)):
            new = {other: rules for _, other, rules in of_that_second}
            adds_nothing = current.keys().isdisjoint(new) and _rule_names(new) <= names
            current |= new
            if adds_nothing:
                continue
            now = _rule_names(current)
            if now != names:
                names = now
                yield at, tuple(self._brought(current))

    def _steps(self, ticket: Ticket) -> Iterator[tuple[int, str, tuple[Rule, ...]]]:
        """(at, other ticket, its rules from then on)."""
        for other in self.tickets:
            if other.id == ticket.id:
                continue
            since = max(ticket.born_at, other.born_at, self.together.get((ticket.id, other.id), 0))
            for at, rules in self.own[other.id]:
                yield max(at, since), other.id, rules

    def _brought(self, current: Mapping[str, tuple[Rule, ...]]) -> list[SharedRule]:
        """Each rule once, of the oldest ticket that has it; in the order of the policy file."""
        brought: dict[str, SharedRule] = {}
        for ticket in self.tickets:
            for rule in current.get(ticket.id, ()):
                brought.setdefault(rule.name, SharedRule(_limits_of(rule), ticket.id))
        return sorted(brought.values(), key=lambda shared: self._places[shared.rule.name])


def _rule_names(rules_of: Mapping[str, tuple[Rule, ...]]) -> set[str]:
    return {rule.name for rules in rules_of.values() for rule in rules}


def _limits_of(rule: Rule) -> Rule:
    """Without deadlines that another system set for one ticket."""
    targets = tuple(target for target in rule.targets if target.due is None)
    return rule if len(targets) == len(rule.targets) else evolve(rule, targets=targets)


# ------------------------------------------------------------------ since when they belong together


def together_since(tickets: Sequence[Ticket], facts: Facts) -> Mapping[tuple[str, str], int]:
    """For each two tickets that links tie together when the last link between them was known, by
    the way that was complete first. Two of which no link says so are not in it.
    """
    chains = _Chains.of(tickets)
    links: list[tuple[int, str, str]] = []
    for ticket in tickets:
        links += _links(ticket, facts)
    for at, one, other in sorted(links):
        chains.tie(one, other, at)
    return chains.since


def _links(ticket: Ticket, facts: Facts) -> Iterator[tuple[int, str, str]]:
    """(since when it is known, the ticket, the name that it is linked to)."""
    for field_name in (*LINKS, SAME_MATTER, ANSWERED):
        for fact in facts.of_field(ticket.id, field_name):
            name = name_tied_by(fact)
            if name:
                yield _known_since(fact, ticket, facts), ticket.id, name


def _known_since(fact: Fact, ticket: Ticket, facts: Facts) -> int:
    """What the first record said held from the creation on."""
    first = facts.of_field(fact.ticket, fact.field)[0]
    if fact is first and at_first_sight(fact, facts):
        return ticket.born_at
    return fact.at


@define
class _Chains:
    """Names that are tied together so far."""

    members: dict[str, set[str]]
    """By name: all that it is tied to, itself too."""
    tickets: frozenset[str]
    since: dict[tuple[str, str], int] = field(factory=dict)

    @classmethod
    def of(cls, tickets: Iterable[Ticket]) -> _Chains:
        return cls({}, frozenset(ticket.id for ticket in tickets))

    def tie(self, name: str, other: str, at: int) -> None:
        one, two = self._tied(name), self._tied(other)
        if one is two:
            return
        for left, right in product(one & self.tickets, two & self.tickets):
            self.since[left, right] = self.since[right, left] = at
        one |= two
        for member in two:
            self.members[member] = one

    def _tied(self, name: str) -> set[str]:
        return self.members.setdefault(name, {name})
