"""What the records of a whole history carry, looked up beforehand: a stack learns it of its desk
ticket by ticket (semantics B10).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from attrs import define, field

from sla_watchdog.domain.clocks.evidence import ENOUGH, Evidence, first_carried
from sla_watchdog.domain.policy.model import Carried, Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.spans import stretches
from sla_watchdog.domain.tickets.ticket import ENDED
from sla_watchdog.domain.tickets.ticket_of_facts import ticket
from sla_watchdog.tools.imports.events import Event
from sla_watchdog.tools.simulation.history import Chronicler


def evidence_of(tickets: Mapping[str, Sequence[Event]], policy: Policy, until: int) -> Evidence:
    """Of the events by ticket, up to `until`. Missed is what enough tickets had ended without
    before it was first seen.
    """
    chronicler = Chronicler(policy)
    looked = _Looked(policy)
    for name, events in tickets.items():
        facts = Facts.of(fact for fact in chronicler.facts(events) if fact.at <= until)
        if facts.tickets():
            looked.look(name, facts)
    return looked.evidence()


@define
class _Looked:
    policy: Policy
    ended: list[int] = field(factory=list)
    """When each ticket that ended first did."""
    seen: dict[Carried, int] = field(factory=dict)

    def look(self, name: str, facts: Facts) -> None:
        for carried, at in first_carried(name, facts, self.policy).items():
            self.seen[carried] = min(at, self.seen.get(carried, at))
        ends = stretches(ticket(name, facts, self.policy).spans, ENDED)
        self.ended += [at for at, _ in ends][:1]

    def evidence(self) -> Evidence:
        self.ended.sort()
        missed = frozenset(self._missed(Carried))
        return Evidence(len(self.ended), missed, self.seen)

    def _missed(self, every: Iterable[Carried]) -> Iterable[Carried]:
        for carried in every:
            ended_before = len(self.ended)
            if carried in self.seen:
                ended_before = bisect_left(self.ended, self.seen[carried])
            if ended_before >= ENOUGH:
                yield carried
