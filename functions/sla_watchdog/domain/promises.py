"""Acknowledgements: a person and a promised time. They hold alerts back, stop no clock and pass no ceiling.

An update is a public message of a person at the desk. A promise without one is broken when its time is over: that
makes the next level due at that instant, at the top a repetition (semantics E7). The case goes up, not each of its
clocks: the one that leads does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from attrs import evolve, frozen

from sla_watchdog.domain.clocks import Clock
from sla_watchdog.domain.facts import Fact, Facts
from sla_watchdog.domain.links import Matter
from sla_watchdog.domain.matching import rule_at
from sla_watchdog.domain.policy import Policy
from sla_watchdog.domain.signals import ACKNOWLEDGED


@frozen
class Promise:
    """`by` said at `at` that there will be an update by `until`; `kept` where it came, or something ended it before."""

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


def promises(matter: Matter, facts: Facts, policy: Policy) -> tuple[Promise, ...]:
    """Every promise made, oldest first, none longer than the policy allows. Raises as its calendar does."""
    made = sorted(
        (fact for each in matter.tickets for fact in facts.of_field(each.id, ACKNOWLEDGED)), key=lambda fact: fact.at
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


def _ended(made: list[Promise], matter: Matter) -> Iterator[Promise]:
    """The next promise takes the place of the one before; a reopening ends it, since it was about something else.

    One that was kept holds to its end all the same.
    """
    reopenings = [at for each in matter.tickets for at in each.reopenings]
    updates = [at for each in matter.tickets for at in each.answered]
    for promise, following in zip_longest(made, made[1:]):
        ends = [at for at in [*reopenings, *([following.at] if following else [])] if promise.at < at <= promise.until]
        until = min(ends, default=promise.until)
        kept = bool(ends) or any(promise.at < at <= until for at in updates)
        yield evolve(promise, until=until, kept=kept) if kept else promise


def raised_by(made: Sequence[Promise], clocks: Sequence[Clock], now: int) -> Mapping[str, tuple[Promise, ...]]:
    """By clock, the broken promises that take it a level up: each takes up the one clock that leads by then, of all
    that run on the same matter. That is the one furthest up its ladder; where nothing has come due, the next to.
    """
    found: dict[str, tuple[Promise, ...]] = {}
    for promise in made:
        running = [each for each in clocks if each.stopped_at is None or each.stopped_at > promise.until]
        if promise.broken(now) and running:
            lead = min(running, key=lambda clock: _standing(clock, promise.until))
            found[lead.key] = (*found.get(lead.key, ()), promise)
    return found


def _standing(clock: Clock, now: int) -> tuple[int, int, str]:
    due = [at for at in clock.levels if at is not None and at <= now]
    ahead = [at for at in clock.levels if at is not None and at > now]
    return -len(due), min(due or ahead, default=2**62), clock.key


def with_broken(clock: Clock, broken: Sequence[Promise]) -> Clock:
    """Each of these promises makes the level above those due at the acknowledgement due when it was broken."""
    if not broken:
        return clock
    levels = list(clock.levels)
    for promise in broken:
        due = [i for i, at in enumerate(levels) if at is not None and at <= promise.at]
        above = max(due, default=-1) + 1
        if above < len(levels):
            own = levels[above]
            levels[above] = promise.until if own is None else min(own, promise.until)
    return evolve(clock, levels=tuple(levels))


def extra_repetitions(clock: Clock, broken: Sequence[Promise]) -> int:
    """Repetitions due beside the regular ones: a promise broken at the top before any of these came due again."""
    top, repeat = clock.levels[-1], clock.ladder.levels[-1].repeat
    if top is None or repeat is None:
        return 0
    return sum(repeat.latest(p.until - top) == repeat.latest(p.at - top) for p in broken if top <= p.at)
