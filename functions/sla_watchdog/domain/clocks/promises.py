"""Acknowledgements: a person and a promised time. They hold alerts back, stop no clock and pass no
ceiling.

An update is a public message of a person at the desk. A promise without one is broken when its
time is over: that makes the next level due at that instant, at the top a repetition (semantics
E7). The case goes up, not each of its clocks: the one that leads does, of those that still have
a level for somebody who was not told. What else there is to be told of it is in
`sla_watchdog.domain.escalation.broken_promises`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.clocks.signals import ACKNOWLEDGED
from sla_watchdog.domain.policy.model import Metric, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets


@frozen
class Promise:
    """`by` said at `at` that there will be an update by `until`; `kept` where it came, or something
    ended it before.
    """

    at: int
    until: int
    by: str
    kept: bool = False

    def holds(self, now: int) -> bool:
        return self.at <= now < self.until

    def broken(self, now: int) -> bool:
        return self.until <= now and not self.kept


def acknowledged(ticket: str, at: int, until: int, by: str) -> Fact:
    """The fact that somebody takes the case and promises the next update by `until`."""
    return Fact(ticket, ACKNOWLEDGED, at, (str(until), by))


def promises(matter: LinkedTickets, facts: Facts, policy: Policy) -> tuple[Promise, ...]:
    """Every promise made, oldest first, none longer than the policy allows. Raises as its calendar
    does.
    """
    made = sorted(
        (fact for each in matter.tickets for fact in facts.of_field(each.id, ACKNOWLEDGED)),
        key=lambda fact: fact.at,
    )
    return tuple(_ended(list(_read(made, facts, policy)), matter))


def _read(made: Sequence[Fact], facts: Facts, policy: Policy) -> Iterator[Promise]:
    for fact in made:
        if isinstance(fact.value, tuple) and len(fact.value) == 2 and fact.value[0].isdigit():
            calendar = policy.calendars[rule_at(fact.ticket, facts, policy, fact.at).calendar]
            longest = calendar.add(fact.at, policy.acknowledge.longest)
            until = min(int(fact.value[0]), longest)
            if until > fact.at:
                yield Promise(fact.at, until, fact.value[1])


def _ended(made: list[Promise], matter: LinkedTickets) -> Iterator[Promise]:
    """The next promise takes the place of the one before; a reopening ends it, since it was about
    something else.

    One that was kept holds to its end all the same.
    """
    reopenings = [at for each in matter.tickets for at in each.reopenings]
    updates = [at for each in matter.tickets for at in each.answered]
    for promise, following in zip_longest(made, made[1:]):
        ends = [
            at
            for at in [*reopenings, *([following.at] if following else [])]
            if promise.at < at <= promise.until
        ]
        until = min(ends, default=promise.until)
        kept = bool(ends) or any(promise.at < at <= until for at in updates)
        yield evolve(promise, until=until, kept=kept) if kept else promise


def raised_by(
    made: Sequence[Promise], clocks: Sequence[Clock], now: int, policy: Policy
) -> Mapping[str, tuple[Promise, ...]]:
    """By clock, the broken promises that take it a level up: each takes up one clock, of all that
    run on the matter.
    """
    found: dict[str, tuple[Promise, ...]] = {}
    standing = {clock.key: clock for clock in clocks}
    for promise in made:
        lead = _lead(list(standing.values()), promise, policy) if promise.broken(now) else None
        if lead is not None:
            found[lead.key] = (*found.get(lead.key, ()), promise)
            standing[lead.key] = with_broken(lead, (promise,))
    return found


def _lead(clocks: Sequence[Clock], promise: Promise, policy: Policy) -> Clock | None:
    """The furthest up its ladder of those whose next level tells somebody above all who were told
    by what came due; where nothing has, the next to come. Where there is none, the one at its
    top, which repeats.
    """
    running = [each for each in clocks if _takes_part(each, promise)]
    begun = [each for each in running if _due(each, promise.until)] or running
    highest = highest_due(clocks, promise, policy)
    giving = [each for each in begun if _gives(each, promise, policy) > highest]
    at_top = [each for each in running if _next(each, promise) is None]
    return min(giving or at_top, key=lambda clock: _standing(clock, promise.until), default=None)


def _takes_part(clock: Clock, promise: Promise) -> bool:
    """No promise moves a ceiling."""
    return clock.metric is not Metric.AGE and (
        clock.stopped_at is None or clock.stopped_at > promise.until
    )


def highest_due(clocks: Sequence[Clock], promise: Promise, policy: Policy) -> int:
    """How far up the audiences are whose levels had come due before the promise was broken, and
    were not held by it; -1 where nothing had.
    """
    found = [-1]
    for clock in clocks:
        end = promise.until - 1 if clock.metric is Metric.AGE else promise.at
        found += [
            policy.rank(name)
            for number in _due(clock, end)
            for name in clock.ladder.levels[number].tell
        ]
    return max(found)


def _due(clock: Clock, now: int) -> list[int]:
    return [number for number, at in enumerate(clock.levels) if at is not None and at <= now]


def _next(clock: Clock, promise: Promise) -> int | None:
    """The level above those that were due when it was promised; None at the top."""
    above = max(_due(clock, promise.at), default=-1) + 1
    return above if above < len(clock.levels) else None


def _gives(clock: Clock, promise: Promise, policy: Policy) -> int:
    """How far up its next level goes."""
    above = _next(clock, promise)
    return (
        -1 if above is None else max(policy.rank(name) for name in clock.ladder.levels[above].tell)
    )


def _standing(clock: Clock, now: int) -> tuple[int, int, str]:
    due = [at for at in clock.levels if at is not None and at <= now]
    ahead = [at for at in clock.levels if at is not None and at > now]
    return -len(due), min(due or ahead, default=2**62), clock.key


def with_broken(clock: Clock, broken: Sequence[Promise]) -> Clock:
    """Each of these promises makes the level above those due at the acknowledgement due when it was
    broken.
    """
    if not broken:
        return clock
    for promise in broken:
        above = _next(clock, promise)
        if above is not None:
            levels, own = list(clock.levels), clock.levels[above]
            levels[above] = promise.until if own is None else min(own, promise.until)
            clock = evolve(clock, levels=tuple(levels))
    return clock


def extra_repetitions(clock: Clock, broken: Sequence[Promise]) -> int:
    """Repetitions due beside the regular ones: a promise broken at the top before any of these came
    due again.
    """
    top, repeat = clock.levels[-1], clock.ladder.levels[-1].repeat
    if top is None or repeat is None:
        return 0
    return sum(
        repeat.latest(p.until - top) == repeat.latest(p.at - top) for p in broken if top <= p.at
    )
