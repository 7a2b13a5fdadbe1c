"""Link: what the facts of a case name becomes part of it, so that one matter is judged as one case."""

from __future__ import annotations

from attrs import evolve, frozen

from sla_watchdog.adapters.dynamodb.linked_cases import MOVED_AT_ONCE
from sla_watchdog.adapters.dynamodb.sealing import joined
from sla_watchdog.adapters.dynamodb.watch import DamagedItem, WatchTable
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.tickets.links import MOST_TICKETS, linked_names, refused_links, weight
from sla_watchdog.errors import Unstorable
from sla_watchdog.usecases.judging import Evaluator

TRIES = 8
"""How often a lost race is run again; each loss means that somebody else's write went through."""

MOST = 200
"""Links made for one case at a time; what is left is made when it is looked at again."""


@frozen
class Linker:
    evaluator: Evaluator

    @property
    def watch(self) -> WatchTable:
        return self.evaluator.watch

    def own(self, name: str, found: Case | DamagedItem | None) -> Case | DamagedItem | None:
        """What is stored of the ticket. A case that was found under its id alone is another's: a
        case of the desk's own was once kept under the name that the desk gave it. The ticket
        begins one of its own.
        """
        if not isinstance(found, Case) or belongs(name, found) or not self.watch.release(name):
            return found
        return self.watch.cases([name]).get(name)

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
            case = self.watch.cases([name]).get(name)
            step = self._step(case, now) if isinstance(case, Case) else None
            if step is None:
                break
            try:
                written = self._write(step, now)
            except Unstorable:
                break
            if not written:
                lost += 1
                continue
            touched |= {step.case.id, *(each.id for each in step.moved)}
            if not pending_links(step.case):
                break
        return frozenset(touched)

    def _step(self, case: Case, now: int) -> _Step | None:
        """The next to be joined, with the names that nothing is known of; None where there is
        nothing to do now.
        """
        newer = case.generation > self.evaluator.generation.number
        names = [] if newer else sorted(pending_links(case))
        found = self.watch.cases(names) if names else {}
        absent = [Case(name) for name in names if name not in found][:MOVED_AT_ONCE]
        mine = [
            name for name, other in found.items() if isinstance(other, Case) and other.id == case.id
        ]
        others = [
            other for other in found.values() if isinstance(other, Case) and other.id != case.id
        ]
        crowded = {
            name
            for name, other in found.items()
            if isinstance(other, Case) and _is_too_much(case, other)
        }
        other = next(
            (o for o in others if not _is_too_much(case, o) and self._may_join(case, o, now)), None
        )
        if not absent and not mine and not crowded and other is None:
            return None
        case = evolve(case, facts=case.facts | refused_links(case.facts, crowded, now))
        known = frozenset([*(each.id for each in absent), *mine])
        both = self._both(case, other) if other else case
        both = evolve(both, members=both.members.union(known).difference(both.facts.tickets()))
        moved = [*absent, *([other if both.id == case.id else case] if other else [])]
        return _Step(both, moved)

    def _both(self, case: Case, other: Case) -> Case:
        return joined(self.evaluator.current(case), self.evaluator.current(other))

    def _may_join(self, case: Case, other: Case, now: int) -> bool:
        entries = [*case.outbox.values(), *other.outbox.values()]
        newest = max(case.generation, other.generation)
        free = (
            all(entry.until <= now for entry in entries)
            and not case.outbox.keys() & other.outbox.keys()
        )
        return free and newest <= self.evaluator.generation.number

    def _write(self, step: _Step, now: int) -> bool:
        timed, evaluated = self.evaluator.surely_timed(step.case, now)
        if not self.watch.link(timed, step.moved, evaluated.findings):
            return False
        for each in step.moved:
            self.watch.repoint(_names(each), each.id, timed.id)
        return True


@frozen
class _Step:
    """`case` as it is to be, and what becomes part of it."""

    case: Case
    moved: list[Case]


def _is_too_much(case: Case, other: Case) -> bool:
    return case.id != other.id and weight(case.facts) + weight(other.facts) > MOST_TICKETS


def belongs(name: str, case: Case) -> bool:
    return name == case.id or name in case.facts.tickets() or name in linked_names(case.facts)


def pending_links(case: Case) -> frozenset[str]:
    return linked_names(case.facts).difference(case.facts.tickets(), case.members)


def _names(case: Case) -> list[str]:
    """What points to the case."""
    return [name for name in (*case.facts.tickets(), *case.members) if name != case.id]
