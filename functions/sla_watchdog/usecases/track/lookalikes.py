"""Tickets that look like the same matter: noticed when the second of them becomes known, and joined
where the evidence is strong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.seen_tickets import seen, seen_fact
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.policy.model import Matters
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.likeness import (
    KnownTicket,
    is_remembered,
    known_ticket,
    known_tickets,
    likenesses,
    needless,
)
from sla_watchdog.domain.tickets.lookalikes import (
    LookalikeKey,
    evidence,
    ids_named,
    is_strong,
    keys,
    quoted_key,
    three_of,
)
from sla_watchdog.errors import Unstorable
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.track.linking import Linker
from sla_watchdog.usecases.track.ports import MOST_LOOKALIKES, TrackStores

TRIES = 8


@frozen
class Lookalikes:
    evaluator: Evaluator
    stores: TrackStores

    @property
    def allowance(self) -> Matters:
        return self.evaluator.policy.matters

    def notice(self, name: str, before: Facts, after: Facts, now: int) -> None:
        """Once the ticket is kept: remembers what is new of its keys, says which of two that share
        one is younger, and joins what is one matter.

        Of two tickets at once, whoever is remembered second finds the other kept.
        """
        is_new = name not in before.tickets()
        new = keys(name, after) - self._remembered(name, before, now)
        if not new and not is_new:
            return
        mine = self._known(name, after)
        if mine is None or not is_remembered(mine, now, self.allowance):
            return
        others = self._sharing(mine, new, now)
        if is_new:
            others |= self._quoting(name)
        if others:
            self._compare(name, others, now)

    def _remembered(self, name: str, before: Facts, now: int) -> frozenset[LookalikeKey]:
        """The keys that were remembered under the facts of before: none of a ticket whose matter
        was over.
        """
        had = keys(name, before)
        known = self._known(name, before) if had else None
        if known is not None and is_remembered(known, now, self.allowance):
            return had
        return frozenset()

    def _known(self, name: str, facts: Facts) -> KnownTicket | None:
        return known_ticket(name, facts, self.evaluator.policy)

    def _sharing(self, mine: KnownTicket, new: frozenset[LookalikeKey], now: int) -> frozenset[str]:
        """Other tickets that have one of the keys, or that it quotes."""
        others = set(ids_named(mine.id, mine.facts))
        for key in sorted(new):
            others |= self.stores.lookalikes.remember(
                key.hash,
                mine.id,
                mine.ticket.created_at,
                lambda remembered: self._needless(remembered, now),
            ).keys()
        return frozenset(others - {mine.id})

    def _quoting(self, name: str) -> frozenset[str]:
        """The tickets that may have quoted it before it was known."""
        remembered = self.stores.lookalikes.read([quoted_key(name).hash])
        names: set[str] = set()
        return frozenset(names.union(*remembered.values()) - {name})

    def _needless(self, remembered: Mapping[str, int], now: int) -> list[str]:
        unresolved, ended = self._going_on(remembered, now)
        return needless(remembered, unresolved, ended)

    def full(self, remembered: Mapping[str, Mapping[str, int]], now: int) -> frozenset[str]:
        """The keys, by hash, under which there is no room for another open ticket."""
        return frozenset(key for key, names in remembered.items() if self._is_full(names, now))

    def _is_full(self, names: Mapping[str, int], now: int) -> bool:
        if len(names) < MOST_LOOKALIKES:
            return False
        unresolved, _ = self._going_on(names, now)
        return len(unresolved) >= MOST_LOOKALIKES

    def _going_on(self, names: Iterable[str], now: int) -> tuple[set[str], set[str]]:
        """Those that are unresolved, and those that ended and whose matters go on; one that cannot
        be read may be unresolved.
        """
        unresolved, ended = set(), set()
        known: dict[str, Mapping[str, KnownTicket]] = {}
        for name, case in self.stores.cases.read(list(names)).items():
            if isinstance(case, DamagedItem):
                unresolved.add(name)
                continue
            if case.id not in known:
                known[case.id] = known_tickets(case.facts, self.evaluator.policy)
            ticket = known[case.id].get(name)
            if ticket is None:
                continue
            if ticket.ticket.unresolved:
                unresolved.add(name)
            elif is_remembered(ticket, now, self.allowance):
                ended.add(name)
        return unresolved, ended

    def _compare(self, name: str, others: Iterable[str], now: int) -> None:
        cases = self.stores.cases.read([name, *others])
        own = cases.get(name)
        if not isinstance(own, Case):
            return
        mine = self._known(name, own.facts)
        if mine is None:
            return
        known = self._of_other_cases(own, others, cases)
        for fact in list(likenesses(mine, known, self.allowance, now)):
            self._say(fact, now)

    def _of_other_cases(
        self, own: Case, names: Iterable[str], cases: Mapping[str, Case | DamagedItem]
    ) -> list[KnownTicket]:
        others = []
        for name in sorted(names):
            case = cases.get(name)
            if not isinstance(case, Case) or case.id == own.id:
                continue
            known = self._known(name, case.facts)
            if known is not None:
                others.append(known)
        return others

    def _say(self, fact: Fact, now: int) -> None:
        """Once of the same two."""
        older, _, kind = three_of(fact.value)
        for _ in range(TRIES):
            cases = self.stores.cases.read([fact.ticket, older])
            case = cases.get(fact.ticket)
            if not isinstance(case, Case) or _is_said(case.facts, fact.ticket, older, kind):
                return
            said = [fact, *self._seen(fact.ticket, older, cases.get(older), now)]
            with_it = evolve(case, facts=case.facts | said)
            timed, evaluated = self.evaluator.surely_timed(with_it, now)
            with suppress(Unstorable):
                if self.stores.cases.keep(timed, evaluated.findings):
                    break
        if is_strong(kind):
            Linker(self.evaluator, self.stores).link(fact.ticket, now)

    def _seen(
        self, younger: str, older: str, case: Case | DamagedItem | None, now: int
    ) -> Iterator[Fact]:
        """How the older one stands, for whoever is asked whether both are one matter."""
        if isinstance(case, Case):
            stands = seen(older, case.facts, self.evaluator.policy)
            if stands is not None:
                yield seen_fact(younger, now, stands)


def _is_said(facts: Facts, ticket: str, older: str, kind: str) -> bool:
    said = list(evidence(ticket, facts))
    if is_strong(kind):
        return (older, kind) in said
    return bool(said)
