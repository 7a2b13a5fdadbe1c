"""Tickets of one customer that look like the same matter: noticed when the second of them becomes
known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.lookalikes import SAME_MATTER, LookalikeKey, keys, looks_alike
from sla_watchdog.domain.tickets.merges import tickets_of
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.errors import Unstorable
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.track.ports import MOST_LOOKALIKES, TrackStores

TRIES = 8


@frozen
class Lookalikes:
    evaluator: Evaluator
    stores: TrackStores

    def notice(self, name: str, before: Facts, after: Facts, now: int) -> None:
        """Once the ticket is kept: remembers what is new of its keys, and says which of two that
        share one is younger.

        Of two tickets at once, whoever is remembered second finds the other kept.
        """
        has = keys(name, after)
        mine = self._open(name, after) if has else None
        if mine is None:
            return
        new = has - self._remembered(name, before)
        kinds = self._sharing(mine, new)
        if not kinds:
            return
        cases = self.stores.cases.read([name, *kinds])
        own = cases.get(name)
        if isinstance(own, Case):
            self._compare(mine, self._open_others(own, kinds, cases), kinds, now)

    def _remembered(self, name: str, before: Facts) -> frozenset[LookalikeKey]:
        """The keys that were remembered under the facts of before: none of a ticket that was not
        open.
        """
        had = keys(name, before)
        if had and self._open(name, before):
            return had
        return frozenset()

    def _open(self, name: str, facts: Facts) -> Ticket | None:
        if name not in facts.tickets():
            return None
        for ticket in tickets_of(facts, self.evaluator.policy):
            if ticket.id == name and ticket.unresolved:
                return ticket
        return None

    def _sharing(self, mine: Ticket, new: frozenset[LookalikeKey]) -> dict[str, str]:
        """Other tickets that have one of the keys, with its kind."""
        kinds: dict[str, str] = {}
        for key in sorted(new):
            remembered = self.stores.lookalikes.remember(
                key.hash, mine.id, mine.created_at, self._needless
            )
            for other in remembered:
                if other != mine.id:
                    kinds.setdefault(other, key.kind)
        return kinds

    def _needless(self, remembered: Mapping[str, int]) -> list[str]:
        """Those that are over; of more open ones than are kept, the newest: the oldest is the one
        that is named.
        """
        opened = self._still_open(remembered)
        oldest_first = sorted(opened, key=lambda name: (remembered[name], name))
        return sorted(set(remembered).difference(oldest_first[:MOST_LOOKALIKES]))

    def full(self, remembered: Mapping[str, Mapping[str, int]]) -> frozenset[str]:
        """The keys, by hash, under which there is no room for another open ticket."""
        return frozenset(key for key, names in remembered.items() if self._is_full(names))

    def _is_full(self, names: Mapping[str, int]) -> bool:
        if len(names) < MOST_LOOKALIKES:
            return False
        return len(self._still_open(names)) >= MOST_LOOKALIKES

    def _still_open(self, names: Iterable[str]) -> list[str]:
        """Without those that are over; one that cannot be read may be open."""
        asked = list(names)
        cases = self.stores.cases.read(asked)
        return [name for name in asked if self._may_be_open(name, cases.get(name))]

    def _may_be_open(self, name: str, case: Case | DamagedItem | None) -> bool:
        if not isinstance(case, Case):
            return case is not None
        return self._open(name, case.facts) is not None

    def _open_others(
        self, own: Case, names: Iterable[str], cases: Mapping[str, Case | DamagedItem]
    ) -> list[Ticket]:
        """The open tickets of these names that are of another case."""
        others = []
        for name in names:
            case = cases.get(name)
            if not isinstance(case, Case) or case.id == own.id:
                continue
            other = self._open(name, case.facts)
            if other is not None:
                others.append(other)
        return others

    def _compare(
        self, mine: Ticket, others: list[Ticket], kinds: Mapping[str, str], now: int
    ) -> None:
        """Says it of this ticket and the oldest before it, and of each that is younger."""
        older = [other for other in others if _age(other) < _age(mine)]
        younger = [other for other in others if _age(other) > _age(mine)]
        if older:
            oldest = min(older, key=_age)
            kind = kinds[oldest.id]
            self._say(looks_alike(mine.id, now, oldest.id, oldest.created_at, kind), now)
        for other in younger:
            kind = kinds[other.id]
            self._say(looks_alike(other.id, now, mine.id, mine.created_at, kind), now)

    def _say(self, fact: Fact, now: int) -> None:
        """Once: of a ticket that looks like an older one already, no other is noted."""
        for _ in range(TRIES):
            case = self.stores.cases.read([fact.ticket]).get(fact.ticket)
            if not isinstance(case, Case) or case.facts.latest(fact.ticket, SAME_MATTER):
                return
            with_it = evolve(case, facts=case.facts | [fact])
            timed, evaluated = self.evaluator.surely_timed(with_it, now)
            with suppress(Unstorable):
                if self.stores.cases.keep(timed, evaluated.findings):
                    return


def _age(ticket: Ticket) -> tuple[int, str]:
    return ticket.created_at, ticket.id
