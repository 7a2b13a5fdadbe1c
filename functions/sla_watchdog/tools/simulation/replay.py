"""Replay: who would have been notified of a case, and when, had this policy judged it all along.

It judges with the same `plan` as everywhere, under another `now`. It goes through the history in
the order of time: it adds the facts of an instant and judges, and until the next event it jumps
from `next_at` to `next_at`. Every alert counts as sent at the instant it is due, as if each message
arrived at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import groupby
from operator import attrgetter

from attrs import Factory, define, evolve, field, frozen

from sla_watchdog.domain.clocks.evidence import NO_EVIDENCE, Evidence
from sla_watchdog.domain.escalation.budget import runs_after
from sla_watchdog.domain.escalation.case import (
    Alert,
    Case,
    LastNotified,
    MessageRun,
    Outcome,
    join,
)
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan, superseded
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.ticket import ENDED
from sla_watchdog.domain.tickets.ties import name_tied_by
from sla_watchdog.tools.simulation.evaluation_skips import EvaluationSkips
from sla_watchdog.tools.simulation.likenesses import (
    Likenesses,
    RememberedTickets,
    SimulatedFacts,
)


@frozen
class Notification:
    """`passed` are the levels that `alert` superseded for its recipient; `rule` is that of its
    clock, if it has one. `in_digest` is whether it waited for a digest.
    """

    at: int
    alert: Alert
    passed: tuple[Alert, ...]
    case: str = ""
    rule: str = ""
    in_digest: bool = False


@frozen
class SimulatedEnding:
    """A case as it stood in the end, and a judgement of all its facts, with the exchanges that are
    over.
    """

    case: Case
    plan: Plan


@frozen
class Outcomes:
    """Who was notified, in order, and how each case ended."""

    notified: tuple[Notification, ...]
    endings: tuple[SimulatedEnding, ...]


_when = attrgetter("at")


def replay(
    facts: Sequence[Fact],
    policy: Policy,
    until: int,
    skips: EvaluationSkips | None = None,
    evidence: Evidence = NO_EVIDENCE,
) -> Outcomes:
    """`facts`, in order of time, are those of tickets that may belong together; what is later than
    `until` is left. `evidence` is what the records of their whole desk carried.
    """
    tickets = {fact.ticket for fact in facts}
    player = _Player(
        policy,
        skips or EvaluationSkips(policy),
        Context(evidence=evidence),
        have_others=len(tickets) > 1,
    )
    for at, moment in groupby(facts, key=_when):
        if at > until:
            break
        player.notify_of_what_is_due(at - 1)
        player.learn(at, list(moment))
    player.notify_of_what_is_due(until)
    return Outcomes(tuple(player.notified), tuple(player.endings(until)))


@define
class _Play:
    """One case as it goes along; `next_at` is when it must be judged again if nothing happens
    before.
    """

    id: str
    names: list[str]
    """Of its tickets, and what only links name."""
    facts: Facts = field(factory=Facts)
    reached: Mapping[tuple[str, str], LastNotified] = field(factory=dict)
    breached: Mapping[str, int] = field(factory=dict)
    message_runs: Mapping[str, MessageRun] = field(factory=dict)
    learned: list[Fact] = Factory(list)
    """Facts that the case does not hold yet: they are taken over when it is judged."""
    next_at: int | None = None
    climbed: bool = False
    """Whether anybody was notified, or waits to be."""
    calm: bool = False
    """Whether facts that only put off need no judgement."""
    ended: bool = False
    """Whether it was resolved or closed since or at the last judgement."""
    linked: bool = False
    """Whether it may have several tickets: then every change that matters is judged."""
    young_until: int | None = None
    last: Plan | None = None
    """The last judgement; None where something was learned since that may move a time."""

    def case(self) -> Case:
        """With everything that was learned."""
        if self.learned:
            self.facts |= self.learned
            self.learned = []
        return Case(
            self.id,
            self.facts,
            reached=self.reached,
            breached=self.breached,
            message_runs=self.message_runs,
        )


@define
class _Player:
    policy: Policy
    skips: EvaluationSkips
    context: Context
    have_others: bool
    """Whether there is more than one ticket, which may look alike."""
    notified: list[Notification] = Factory(list)
    plays: dict[str, _Play] = Factory(dict)
    belongs: dict[str, str] = Factory(dict)
    """Name of a ticket, or of what a link names -> id of its case in `plays`."""

    due: list[tuple[int, str]] = Factory(list)
    """A heap of when each case must be judged again; what is stale in it is passed over."""
    remembered: RememberedTickets = Factory(RememberedTickets)

    def notify_of_what_is_due(self, until: int) -> None:
        while self.due and self.due[0][0] <= until:
            at, name = heappop(self.due)
            play = self.plays.get(name)
            if play is not None and play.next_at == at:
                self.evaluate(play, at)

    def look_at(self, play: _Play, at: int | None) -> None:
        play.next_at = at
        if at is not None:
            heappush(self.due, (at, play.id))

    # ------------------------------------------------------------------ what became known

    def learn(self, at: int, facts: list[Fact]) -> None:
        """Takes in what became known at one instant, and judges the cases whose times it may
        move.
        """
        for ticket in dict.fromkeys(fact.ticket for fact in facts):
            self.meet(ticket)
        if self.have_others:
            notes = Likenesses(self.remembered, self.policy, self.case_of)
            facts += list(notes.noted(facts, at))
        for fact in facts:
            name = name_tied_by(fact)
            if name and name != fact.ticket:
                self.link(fact.ticket, name)
        for name, of_case in self.by_case(facts):
            self.take_in(self.plays[name], at, of_case)

    def meet(self, ticket: str) -> None:
        """A ticket not seen before is a case of its own, or part of the one whose link named it."""
        if ticket not in self.belongs:
            self.belongs[ticket] = ticket
            self.plays[ticket] = _Play(ticket, [ticket])

    def case_of(self, ticket: str) -> SimulatedFacts:
        if ticket not in self.belongs:
            return SimulatedFacts("", Facts(), frozenset())
        play = self.plays[self.belongs[ticket]]
        return SimulatedFacts(play.id, play.case().facts, frozenset(play.names))

    def by_case(self, facts: list[Fact]) -> Iterable[tuple[str, list[Fact]]]:
        if len(self.plays) == 1:
            return [(next(iter(self.plays)), facts)]
        by_case: dict[str, list[Fact]] = {}
        for fact in facts:
            by_case.setdefault(self.belongs[fact.ticket], []).append(fact)
        return by_case.items()

    def take_in(self, play: _Play, at: int, facts: list[Fact]) -> None:
        new = not play.learned and not play.facts.tickets()
        play.learned += facts
        moves = self.skips.moves(facts)
        if moves:
            play.last = None
        if new and self.begin(play, at):
            return
        matters = moves or (play.climbed and self.skips.readdresses(facts))
        if not matters:
            return
        if not play.calm or not self.spared(play, at, facts):
            self.evaluate(play, at)

    def spared(self, play: _Play, at: int, facts: list[Fact]) -> bool:
        if play.climbed:
            return not play.ended and self.skips.keeps(facts)
        young = play.young_until is not None and at <= play.young_until
        spared = self.skips.only_puts_off(facts, young, play.ended)
        play.ended = play.ended or self.skips.ends(facts)
        return spared

    def begin(self, play: _Play, at: int) -> bool:
        """A new case need not be judged before anything can be due."""
        play.young_until = self.skips.patience(play.learned, at)
        if play.young_until is not None:
            play.calm = True
            self.look_at(play, play.young_until + 1)
            play.ended = self.skips.ends(play.learned)
        return play.calm

    # ------------------------------------------------------------------ what was due

    def evaluate(self, play: _Play, now: int) -> None:
        """Notifies of everything that is due at `now`."""
        same = play.last.assessment if play.last else None
        case = play.case()
        evaluated = plan(case, self.policy, now, assessment=same, context=self.context)
        if evaluated.alerts:
            self.notified += _notifications(case, evaluated, now)
            case = _with_sent(case, evaluated.alerts, now)
            play.reached, play.message_runs = case.reached, case.message_runs
        play.breached = evaluated.breached
        self.look_at(play, _after(evaluated, now))
        play.climbed = bool(play.reached or evaluated.decisions)
        play.calm = not play.linked and self.skips.calm(evaluated.tickets)
        play.ended = all(ticket.group in ENDED for ticket in evaluated.tickets if ticket.unresolved)
        play.young_until = None
        play.last = evaluated

    # ------------------------------------------------------------------ tickets that are one matter

    def link(self, ticket: str, name: str) -> None:
        case = self.belongs[ticket]
        play = self.plays[case]
        play.linked = True
        play.calm = False
        if name not in self.belongs:
            self.belongs[name] = case
            play.names.append(name)
        elif self.belongs[name] != case:
            self.join(case, self.belongs[name])

    def join(self, one: str, other: str) -> None:
        first, second = self.plays.pop(one), self.plays.pop(other)
        both = join(first.case(), second.case())
        names = first.names + second.names
        joined = _Play(both.id, names, both.facts, both.reached, both.breached, linked=True)
        joined.message_runs = both.message_runs
        looks = [play.next_at for play in (first, second) if play.next_at is not None]
        joined.climbed = first.climbed or second.climbed
        self.plays[joined.id] = joined
        self.look_at(joined, min(looks, default=None))
        self.belongs |= dict.fromkeys(names, joined.id)

    def endings(self, until: int) -> Iterator[SimulatedEnding]:
        for play in self.plays.values():
            enough = None if self.skips.exchanges else play.last
            case = play.case()
            yield SimulatedEnding(case, enough or self.judged_whole(case, until))

    def judged_whole(self, case: Case, until: int) -> Plan:
        return plan(case, self.policy, until, whole=True, context=self.context)


def _notifications(case: Case, evaluated: Plan, now: int) -> Iterator[Notification]:
    clocks = {clock.key: clock for clock in evaluated.clocks}
    for alert in evaluated.alerts:
        clock = clocks.get(alert.clock_key)
        in_digest = alert.id in evaluated.in_digest
        if clock is None:
            yield Notification(now, alert, (), case.id, in_digest=in_digest)
        else:
            passed = tuple(superseded(case, alert, clock, evaluated.evaluation))
            yield Notification(now, alert, passed, case.id, clock.rule, in_digest)


def _with_sent(case: Case, alerts: Sequence[Alert], now: int) -> Case:
    """The case as it stands when the alerts have been sent."""
    reached = dict(case.reached)
    for alert in alerts:
        place = alert.clock_key, alert.recipient.key
        reached[place] = LastNotified.by(alert, now, Outcome.SENT, case.reached.get(place))
    runs = runs_after(case.message_runs, alerts, Outcome.SENT, now)
    return evolve(case, reached=reached, message_runs=runs)


def _after(evaluated: Plan, now: int) -> int | None:
    """When to look again once everybody was notified of what is due at `now`."""
    return min((at for at in _instants(evaluated) if at is not None and at > now), default=None)


def _instants(evaluated: Plan) -> Iterator[int | None]:
    """At which something may change by itself."""
    for upcoming in evaluated.ahead:
        yield upcoming.at
    for clock in evaluated.clocks:
        if clock.stopped_at is None:
            yield clock.breach_at
    for decision in evaluated.decisions:
        yield decision.until
    for promise in evaluated.promises:
        yield promise.held_until
        yield promise.until
    for waiting in evaluated.not_judged:
        if waiting.may_come:
            yield waiting.until


# ------------------------------------------------------------------ ahead of a stored case


def notifications_until(
    case: Case, policy: Policy, now: int, until: int, context: Context
) -> Iterator[Notification]:
    """Who will be notified of a stored case from `now` to `until` if nothing more happens to it,
    each at the instant it is due, as a replay would send it. What is on its way counts as not sent
    yet.
    """
    case = evolve(case, outbox={})
    assessment = None
    at: int | None = now
    while at is not None and at <= until:
        evaluated = plan(case, policy, at, assessment=assessment, context=context)
        yield from _notifications(case, evaluated, at)
        case = evolve(_with_sent(case, evaluated.alerts, at), breached=evaluated.breached)
        assessment = evaluated.assessment
        at = _after(evaluated, at)
