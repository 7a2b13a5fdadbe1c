"""What the watchdog would have noted of tickets that look alike, in a replay: as `track` does, with
the same judgement, from keys that are remembered here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import Factory, define, frozen

from sla_watchdog.domain.clocks.seen_tickets import seen, seen_fact
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.likeness import (
    MOST_REMEMBERED,
    KnownTicket,
    is_remembered,
    known_tickets,
    likenesses,
    needless,
)
from sla_watchdog.domain.tickets.lookalikes import (
    LookalikeKey,
    ids_named,
    keys,
    quoted_key,
    three_of,
)

TELLING = frozenset({"created", "subject", "url", "customer_id", "case_id"})
"""Fields that may give a ticket another key."""


@define
class RememberedTickets:
    """Under each key the tickets that have it, with their creation; and the keys of each."""

    tickets: dict[LookalikeKey, dict[str, int]] = Factory(dict)
    keys: dict[str, frozenset[LookalikeKey]] = Factory(dict)


def by_ticket(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    tickets: dict[str, list[Fact]] = {}
    for fact in facts:
        tickets.setdefault(fact.ticket, []).append(fact)
    return tickets


def may_look_alike(
    ticket: str, before: Facts, new: Iterable[Fact], at: int, policy: Policy
) -> bool:
    """Whether the new facts may give it a key, or wake it when its matter was over."""
    last = before.last_seen(ticket)
    if last is None or last < at - policy.matters.quiet:
        return True
    return any(fact.field in TELLING for fact in new)


@frozen
class SimulatedFacts:
    """Of a case: its id, its facts, and all names that belong to it."""

    id: str
    facts: Facts
    names: frozenset[str]


@frozen
class Likenesses:
    """`case_of` gives the case of a ticket; an empty one of what is not known."""

    remembered: RememberedTickets
    policy: Policy
    case_of: Callable[[str], SimulatedFacts]

    def noted(self, facts: Iterable[Fact], now: int) -> Iterator[Fact]:
        """What the watchdog notes of tickets of which these facts became known."""
        new = by_ticket(facts)
        for ticket, its_own in new.items():
            before = self.case_of(ticket).facts
            if may_look_alike(ticket, before, its_own, now, self.policy):
                yield from _Comparing(self, new).noted(ticket, now)


@frozen
class _Comparing:
    """With the tickets of other cases; `new` is what became known now, by ticket."""

    around: Likenesses
    new: Mapping[str, list[Fact]]
    known: dict[str, Mapping[str, KnownTicket]] = Factory(dict)
    """By the id of each case that was looked at."""

    @property
    def policy(self) -> Policy:
        return self.around.policy

    @property
    def remembered(self) -> RememberedTickets:
        return self.around.remembered

    def noted(self, ticket: str, now: int) -> Iterator[Fact]:
        mine = self._known(ticket)
        if mine is None or not is_remembered(mine, now, self.policy.matters):
            return
        others = []
        for name in sorted(self._sharing(mine, now) - self.around.case_of(ticket).names):
            other = self._known(name)
            if other is not None:
                others.append(other)
        for fact in list(likenesses(mine, others, self.policy.matters, now)):
            yield fact
            yield from self._seen(fact, now)

    def _seen(self, fact: Fact, now: int) -> Iterator[Fact]:
        """How the older one stands, as `track` notes it."""
        name, _, _ = three_of(fact.value)
        older = self._known(name)
        stands = seen(name, older.facts, self.policy) if older else None
        if stands is not None:
            yield seen_fact(fact.ticket, now, stands)

    def _known(self, name: str) -> KnownTicket | None:
        case = self.around.case_of(name)
        if case.id not in self.known:
            facts = case.facts
            for member in case.names:
                facts |= self.new.get(member, ())
            self.known[case.id] = known_tickets(facts, self.policy)
        return self.known[case.id].get(name)

    def _sharing(self, mine: KnownTicket, now: int) -> set[str]:
        """Those that share a new key with it, that it quotes, or that quote it."""
        has = keys(mine.id, mine.facts)
        new = has - self.remembered.keys.get(mine.id, frozenset())
        self.remembered.keys[mine.id] = has
        others = set(ids_named(mine.id, mine.facts))
        others |= self.remembered.tickets.get(quoted_key(mine.id), {}).keys()
        for key in new:
            tickets = self.remembered.tickets.setdefault(key, {})
            tickets[mine.id] = mine.ticket.created_at
            others |= tickets.keys()
            if len(tickets) > MOST_REMEMBERED:
                self._forget(tickets, now)
        return others

    def _forget(self, tickets: dict[str, int], now: int) -> None:
        unresolved, ended = self._going_on(tickets, now)
        for name in needless(tickets, unresolved, ended):
            del tickets[name]

    def _going_on(self, tickets: Mapping[str, int], now: int) -> tuple[set[str], set[str]]:
        unresolved, ended = set(), set()
        for name in tickets:
            known = self._known(name)
            if known is not None and known.ticket.unresolved:
                unresolved.add(name)
            elif known is not None and is_remembered(known, now, self.policy.matters):
                ended.add(name)
        return unresolved, ended
