"""Plays a history under a policy, one group of linked tickets at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter

from attrs import Factory, define, frozen

from sla_watchdog.domain.clocks.clock import State
from sla_watchdog.domain.clocks.evidence import NO_EVIDENCE, Evidence
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.tools.backtest.rows import (
    BacktestMessage,
    ClockRow,
    by_recipient,
    clock_rows,
    message,
)
from sla_watchdog.tools.backtest.summary import TicketsByVerdict, attainment
from sla_watchdog.tools.imports.events import Event
from sla_watchdog.tools.loudness.days import Days, zone_of_days
from sla_watchdog.tools.loudness.loads import Loudness, loudness
from sla_watchdog.tools.simulation.evaluation_skips import EvaluationSkips
from sla_watchdog.tools.simulation.evidence import evidence_of
from sla_watchdog.tools.simulation.history import Chronicler, by_ticket, components
from sla_watchdog.tools.simulation.replay import SimulatedEnding, replay

_when = attrgetter("at")


@frozen
class History:
    """The events of a file by ticket, in order; `groups` are the tickets that links tie
    together.
    """

    tickets: Mapping[str, Sequence[Event]]
    groups: Sequence[tuple[str, ...]]
    events: int
    first: int
    last: int

    @classmethod
    def of(cls, events: Sequence[Event]) -> History:
        """Of the events in order, each once; at least one."""
        tickets = by_ticket(events)
        return cls(tickets, components(tickets), len(events), events[0].at, events[-1].at)


@define
class PlayedPart:
    """What the play of some groups gave; `over` is by how many seconds each breached clock ran past
    its target.
    """

    clocks: list[ClockRow] = Factory(list)
    messages: list[BacktestMessage] = Factory(list)
    over: dict[ClockRow, int] = Factory(dict)
    tickets: int = 0
    cases: int = 0
    unresolved: int = 0

    def add(self, other: PlayedPart) -> None:
        self.clocks += other.clocks
        self.messages += other.messages
        self.over |= other.over
        self.tickets += other.tickets
        self.cases += other.cases
        self.unresolved += other.unresolved

    def take(self, ending: SimulatedEnding, until: int) -> None:
        for row, target in clock_rows(ending, until):
            self.clocks.append(row)
            if row.verdict == State.BREACHED.value:
                self.over[row] = row.business_seconds - target
        self.cases += 1
        self.unresolved += ending.plan.unresolved


@frozen
class Played:
    """Every clock and every message, in an order that depends on nothing but what happened."""

    policy: Policy
    first: int
    until: int
    evidence: Evidence
    clocks: Sequence[ClockRow]
    messages: Sequence[BacktestMessage]
    over: Mapping[ClockRow, int]
    cases: int
    unresolved: int

    @cached_property
    def attainment(self) -> list[TicketsByVerdict]:
        return attainment(self.clocks)

    @cached_property
    def loudness(self) -> Loudness:
        """Over all days from the first event to the end of the play, in the policy's zone."""
        start = min(self.first, self.until)
        days = Days.between(start, self.until, zone_of_days(self.policy))
        return loudness(by_recipient(self.messages), self.policy, days)


@frozen
class Play:
    """A history about to be played under a policy."""

    history: History
    policy: Policy
    until: int
    evidence: Evidence = NO_EVIDENCE

    def part(self, groups: Iterable[tuple[str, ...]]) -> PlayedPart:
        part = PlayedPart()
        chronicler = Chronicler(self.policy)
        skips = EvaluationSkips(self.policy)
        for names in groups:
            facts = [
                fact for name in names for fact in chronicler.facts(self.history.tickets[name])
            ]
            in_order = sorted(facts, key=_when)
            outcomes = replay(in_order, self.policy, self.until, skips, self.evidence)
            part.messages += map(message, outcomes.notified)
            for ending in outcomes.endings:
                part.take(ending, self.until)
            part.tickets += len(names)
        return part

    def parts(self, count: int) -> list[Sequence[tuple[str, ...]]]:
        """The groups in at most so many parts of about the same size. Neighbours stay together:
        what several processes read of one page of memory is copied for each.
        """
        size = -(-len(self.history.groups) // count)
        return [
            self.history.groups[start : start + size]
            for start in range(0, len(self.history.groups), size)
        ]

    def whole(
        self, parts: Iterable[PlayedPart], done: Callable[[int], object] = lambda _: None
    ) -> Played:
        """`done` is called after each part with the number of its tickets."""
        whole = PlayedPart()
        for part in parts:
            whole.add(part)
            done(part.tickets)
        clocks, messages = sorted(whole.clocks), sorted(whole.messages)
        return Played(
            policy=self.policy,
            first=self.history.first,
            until=self.until,
            evidence=self.evidence,
            clocks=clocks,
            messages=messages,
            over=whole.over,
            cases=whole.cases,
            unresolved=whole.unresolved,
        )


def play(history: History, policy: Policy, until: int) -> Played:
    it = Play(history, policy, until, evidence_of(history.tickets, policy, until))
    return it.whole([it.part(history.groups)])
