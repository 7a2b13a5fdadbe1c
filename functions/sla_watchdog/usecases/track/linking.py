"""Link: what the facts of a case name becomes part of it: one matter is judged as one case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.tickets.links import MOST_TICKETS, linked_names, refused_links, weight
from sla_watchdog.errors import Unstorable
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.track.ports import MOVED_AT_ONCE, TrackStores

TRIES = 8
"""How often a lost race is run again; each loss means that somebody else's write went through."""

MOST = 200
"""Links made for one case at a time; what is left is made when it is looked at again."""


@frozen
class Linker:
    evaluator: Evaluator
    stores: TrackStores

    def own(self, name: str, stored: Case | DamagedItem | None) -> Case | DamagedItem | None:
        """What is stored of the ticket. A case that was found under its id alone is another's: a
        case of the desk's own was once kept under the name that the desk gave it. The ticket
        begins one of its own.
        """
        if not isinstance(stored, Case) or belongs(name, stored):
            return stored
        if not self.stores.linked_cases.release(name):
            return stored
        return self.stores.cases.read([name]).get(name)

    def link(self, name: str, now: int) -> frozenset[str]:
        """Joins the case of `name` with all that its facts name; the ids of the cases that were
        changed.

        While a message of either is on its way nothing is joined: whoever sends it will settle
        it where it was claimed. Nor where the other cannot be read, or a newer policy has
        written. The case is due again soon. With a case that would have too many tickets nothing
        is joined, ever.
        """
        touched: set[str] = set()
        lost = 0
        while lost < TRIES and len(touched) < MOST:
            step = self._next_step(name, now)
            if step is None:
                break
            try:
                written = self._write(step, now)
            except Unstorable:
                break
            if not written:
                lost += 1
                continue
            touched.add(step.case.id)
            touched.update(moved.id for moved in step.moved)
            if not pending_links(step.case):
                break
        return frozenset(touched)

    def _next_step(self, name: str, now: int) -> _Step | None:
        case = self.stores.cases.read([name]).get(name)
        if not isinstance(case, Case):
            return None
        return self._step(case, now)

    def _step(self, case: Case, now: int) -> _Step | None:
        """The next to be joined, with the names that nothing is known of; None where there is
        nothing to do now.
        """
        if case.generation > self.evaluator.generation.number:
            return None
        linked = self._linked(case)
        other = self._first_to_join(case, linked.others, now)
        if linked.is_nothing and other is None:
            return None
        refused = refused_links(case.facts, linked.crowded, now)
        case = evolve(case, facts=case.facts | refused)
        both = case
        moved = [Case(name) for name in linked.absent]
        if other is not None:
            both = self._both(case, other)
            moved.append(other if both.id == case.id else case)
        members = both.members.union(linked.absent, linked.mine)
        ticketless = members.difference(both.facts.tickets())
        return _Step(evolve(both, members=ticketless), moved)

    def _linked(self, case: Case) -> _Linked:
        names = sorted(pending_links(case))
        stored = self.stores.cases.read(names) if names else {}
        return _Linked.of(case, names, stored)

    def _first_to_join(self, case: Case, others: Iterable[Case], now: int) -> Case | None:
        for other in others:
            if not _is_too_much(case, other) and self._may_join(case, other, now):
                return other
        return None

    def _both(self, case: Case, other: Case) -> Case:
        current = self.evaluator.current
        return self.stores.linked_cases.joined(current(case), current(other))

    def _may_join(self, case: Case, other: Case, now: int) -> bool:
        entries = [*case.outbox.values(), *other.outbox.values()]
        if any(entry.until > now for entry in entries):
            return False
        if case.outbox.keys() & other.outbox.keys():
            return False
        return max(case.generation, other.generation) <= self.evaluator.generation.number

    def _write(self, step: _Step, now: int) -> bool:
        timed, evaluated = self.evaluator.surely_timed(step.case, now)
        if not self.stores.linked_cases.link(timed, step.moved, evaluated.findings):
            return False
        for moved in step.moved:
            self.stores.linked_cases.repoint(_names(moved), moved.id, timed.id)
        return True


@frozen
class _Linked:
    """What is stored under the names that a case is to be linked with.

    `absent` are names that nothing is stored of, as many as one write takes; `mine` lead to the
    case already; `others` are other cases; of the `crowded` names the case would get too large.
    """

    absent: list[str]
    mine: list[str]
    others: list[Case]
    crowded: set[str]

    @classmethod
    def of(
        cls, case: Case, names: Iterable[str], stored: Mapping[str, Case | DamagedItem]
    ) -> _Linked:
        absent = [name for name in names if name not in stored]
        linked = cls(absent[:MOVED_AT_ONCE], mine=[], others=[], crowded=set())
        for name, other in stored.items():
            if isinstance(other, Case):
                linked._sort_in(name, other, case)
        return linked

    def _sort_in(self, name: str, other: Case, case: Case) -> None:
        if other.id == case.id:
            self.mine.append(name)
            return
        self.others.append(other)
        if _is_too_much(case, other):
            self.crowded.add(name)

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to write of them, beside a case to join."""
        return not self.absent and not self.mine and not self.crowded


@frozen
class _Step:
    """`case` as it is to be, and what becomes part of it."""

    case: Case
    moved: list[Case]


def _is_too_much(case: Case, other: Case) -> bool:
    return weight(case.facts) + weight(other.facts) > MOST_TICKETS


def belongs(name: str, case: Case) -> bool:
    if name == case.id or name in case.facts.tickets():
        return True
    return name in linked_names(case.facts)


def pending_links(case: Case) -> frozenset[str]:
    return linked_names(case.facts).difference(case.facts.tickets(), case.members)


def _names(case: Case) -> list[str]:
    """What points to the case."""
    return [name for name in (*case.facts.tickets(), *case.members) if name != case.id]
