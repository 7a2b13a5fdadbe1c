"""Tickets of one customer that look like the same matter: noticed when the second of them becomes
known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from attrs import evolve, frozen

from sla_watchdog.adapters.dynamodb.lookalikes import MOST
from sla_watchdog.adapters.dynamodb.watch import DamagedItem, WatchTable
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.lookalikes import SAME_MATTER, Key, keys, looks_alike
from sla_watchdog.domain.tickets.merges import tickets_of
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.errors import Unstorable
from sla_watchdog.usecases.judging import Evaluator

TRIES = 8


@frozen
class Lookalikes:
    evaluator: Evaluator

    @property
    def watch(self) -> WatchTable:
        return self.evaluator.watch

    def notice(self, name: str, before: Facts, after: Facts, now: int) -> None:
        """Once the ticket is kept: remembers what is new of its keys, and says which of two that
        share one is younger.

        Of two tickets at once, whoever is remembered second finds the other kept.
        """
        new = keys(name, after)
        mine = self._open(name, after) if new else None
        if mine is None:
            return
        known = keys(name, before)
        new -= known if known and self._open(name, before) else frozenset()
        kinds = self._sharing(mine, new)
        if kinds:
            self._compare(mine, kinds, self.watch.cases([name, *kinds]), now)

    def _open(self, name: str, facts: Facts) -> Ticket | None:
        if name not in facts.tickets():
            return None
        found = (
            each
            for each in tickets_of(facts, self.evaluator.policy)
            if each.id == name and each.unresolved
        )
        return next(found, None)

    def _sharing(self, mine: Ticket, new: frozenset[Key]) -> dict[str, str]:
        """Other tickets that have one of the keys, with its kind."""
        kinds: dict[str, str] = {}
        for key in sorted(new):
            for other in self.watch.remember(key.hash, mine.id, mine.created_at, self._needless):
                if other != mine.id:
                    kinds.setdefault(other, key.kind)
        return kinds

    def _needless(self, remembered: Mapping[str, int]) -> list[str]:
        """Those that are over; of more open ones than are kept, the newest: the oldest is the one
        that is named.
        """
        opened = self._still_open(remembered)
        kept = sorted(opened, key=lambda name: (remembered[name], name))[:MOST]
        return sorted(set(remembered).difference(kept))

    def full(self, known: Mapping[str, Mapping[str, int]]) -> frozenset[str]:
        """The keys, by hash, under which there is no room for another open ticket."""
        crowded = {key: names for key, names in known.items() if len(names) >= MOST}
        return frozenset(
            key for key, names in crowded.items() if len(self._still_open(names)) >= MOST
        )

    def _still_open(self, names: Iterable[str]) -> list[str]:
        """Without those that are over; one that cannot be read may be open."""
        asked = list(names)
        cases = self.watch.cases(asked)
        return [name for name in asked if name in cases and not self._is_over(name, cases[name])]

    def _is_over(self, name: str, case: Case | DamagedItem) -> bool:
        return isinstance(case, Case) and self._open(name, case.facts) is None

    def _compare(
        self,
        mine: Ticket,
        kinds: Mapping[str, str],
        cases: Mapping[str, Case | DamagedItem],
        now: int,
    ) -> None:
        own = cases.get(mine.id)
        if not isinstance(own, Case):
            return
        open_ones = [
            other
            for name in kinds
            if isinstance(case := cases.get(name), Case) and case.id != own.id
            if (other := self._open(name, case.facts)) is not None
        ]
        older = [other for other in open_ones if _age(other) < _age(mine)]
        if older:
            oldest = min(older, key=_age)
            self._say(
                looks_alike(mine.id, now, oldest.id, oldest.created_at, kinds[oldest.id]), now
            )
        for other in open_ones:
            if _age(other) > _age(mine):
                self._say(
                    looks_alike(other.id, now, mine.id, mine.created_at, kinds[other.id]), now
                )

    def _say(self, fact: Fact, now: int) -> None:
        """Once: a ticket that looks like an older one already is not told of another."""
        for _ in range(TRIES):
            case = self.watch.cases([fact.ticket]).get(fact.ticket)
            if not isinstance(case, Case) or case.facts.latest(fact.ticket, SAME_MATTER):
                return
            timed, evaluated = self.evaluator.surely_timed(
                evolve(case, facts=case.facts | [fact]), now
            )
            with suppress(Unstorable):
                if self.watch.keep(timed, evaluated.findings):
                    return


def _age(each: Ticket) -> tuple[int, str]:
    return each.created_at, each.id
