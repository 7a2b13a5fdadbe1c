"""Acknowledgements: a person and a promised time. They hold alerts back, stop no clock and pass no
ceiling.

An update is a public message of a person at the desk. A promise without one is broken when its
time is over: that makes the next level due at that instant, at the top a repetition (semantics
E7). The case goes up, not all of its clocks. Of those that still have a level for somebody who was
not notified, the one that leads goes up. Where no clock has such a level, see
`sla_watchdog.domain.escalation.broken_promises`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.limits import NEVER
from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.policy.model import Level, Metric, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.reopenings import lasting_reopenings
from sla_watchdog.domain.time.instants import earliest

ACKNOWLEDGED = "acknowledged"
"""The field of an acknowledgement; its value is the instant promised (epoch seconds) and the
person's name.
"""


@frozen
class Promise:
    """`by` promised at `at` an update by `until`; `kept` where it came, or something ended the
    promise before.
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
    """Every promise made, oldest first. None is longer than the policy allows. Raises what its
    calendar raises.
    """
    made: list[Fact] = []
    for ticket in matter.tickets:
        made += facts.of_field(ticket.id, ACKNOWLEDGED)
    made.sort(key=lambda fact: fact.at)
    promised = list(_promised(made, facts, policy))
    return tuple(_ended(promised, matter))


def _promised(made: Sequence[Fact], facts: Facts, policy: Policy) -> Iterator[Promise]:
    for fact in made:
        if not isinstance(fact.value, tuple) or len(fact.value) != 2:
            continue
        text, by = fact.value
        if not text.isdigit():
            continue
        rule = rule_at(fact.ticket, facts, policy, fact.at)
        calendar = policy.calendars[rule.calendar]
        longest = policy.acknowledge.reach.after(fact.at, calendar)
        until = min(int(text), longest)
        if until > fact.at:
            yield Promise(fact.at, until, by)


def _ended(made: list[Promise], matter: LinkedTickets) -> Iterator[Promise]:
    """The next promise takes the place of the one before. A reopening ends a promise, since that
    was about something else. A promise that was kept still holds to its end.
    """
    reopenings: list[int] = []
    updates: list[int] = []
    for ticket in matter.tickets:
        reopenings += lasting_reopenings(ticket)
        updates += ticket.answered
    for promise, following in zip_longest(made, made[1:]):
        ends = reopenings if following is None else [*reopenings, following.at]
        end = _first_within(promise, ends)
        if end is not None:
            yield evolve(promise, until=end, kept=True)
        elif _first_within(promise, updates) is not None:
            yield evolve(promise, kept=True)
        else:
            yield promise


def _first_within(promise: Promise, instants: Iterable[int]) -> int | None:
    """The first instant after it was made, up to its end."""
    within = [at for at in instants if promise.at < at <= promise.until]
    return min(within, default=None)


# ------------------------------------------------------------------ broken promises


def raised_by(
    made: Sequence[Promise], clocks: Sequence[Clock], now: int, policy: Policy
) -> Mapping[str, tuple[Promise, ...]]:
    """The broken promises that take a clock a level up, by clock. A promise takes up only one of
    the clocks that run on the matter.
    """
    raised: dict[str, tuple[Promise, ...]] = {}
    by_key = {clock.key: clock for clock in clocks}
    for promise in made:
        if not promise.broken(now):
            continue
        leading = _leading(list(by_key.values()), promise, policy)
        if leading is None:
            continue
        key = leading.key
        raised[key] = (*raised.get(key, ()), promise)
        by_key[key] = with_broken(leading, (promise,))
    return raised


def _leading(clocks: Sequence[Clock], promise: Promise, policy: Policy) -> Clock | None:
    """The clock that a broken promise takes up.

    Its next level goes above everybody who was notified of what came due. Among such clocks it is
    the furthest up its ladder or, where nothing came due, the next to come. Where there is none, it
    is the one at its top, which repeats.
    """
    running = [clock for clock in clocks if _takes_part(clock, promise)]
    begun = [clock for clock in running if clock.levels_due(promise.until)]
    highest = highest_due(clocks, promise, policy)
    candidates = list(_above(highest, begun or running, promise, policy))
    if not candidates:
        candidates = [clock for clock in running if _next(clock, promise) is None]
    return min(candidates, key=lambda clock: _order(clock, promise.until), default=None)


def _above(
    highest: int, clocks: Sequence[Clock], promise: Promise, policy: Policy
) -> Iterator[Clock]:
    """The clocks whose next level goes further up than `highest`."""
    for clock in clocks:
        if _next_rank(clock, promise, policy) > highest:
            yield clock


def _takes_part(clock: Clock, promise: Promise) -> bool:
    """No promise moves a ceiling."""
    if clock.metric is Metric.AGE:
        return False
    return clock.stopped_at is None or clock.stopped_at > promise.until


def highest_due(clocks: Sequence[Clock], promise: Promise, policy: Policy) -> int:
    """How far up the audiences are whose levels had come due before the promise was broken, and
    were not held by it; -1 where nothing had.
    """
    highest = -1
    for clock in clocks:
        is_held = clock.metric is not Metric.AGE
        end = promise.at if is_held else promise.until - 1
        for number, _ in clock.levels_due(end):
            level = clock.ladder.levels[number]
            highest = max(highest, _rank(level, policy))
    return highest


def _rank(level: Level, policy: Policy) -> int:
    """How far up the level goes."""
    return max(map(policy.rank, level.tell), default=-1)


def _next_rank(clock: Clock, promise: Promise, policy: Policy) -> int:
    """How far up its next level goes; -1 at the top."""
    above = _next(clock, promise)
    if above is None:
        return -1
    return _rank(clock.ladder.levels[above], policy)


def _next(clock: Clock, promise: Promise) -> int | None:
    """The level above those that were due when it was promised; None at the top."""
    due = clock.levels_due(promise.at)
    if not due:
        return 0
    highest, _ = due[-1]
    if highest == len(clock.levels) - 1:
        return None
    return highest + 1


def _order(clock: Clock, now: int) -> tuple[int, int, str]:
    """The most levels due first, then the earliest of these, or of those to come."""
    due = [at for _, at in clock.levels_due(now)]
    to_come = [at for at in clock.levels if at is not None]
    first = min(due or to_come, default=NEVER)
    return -len(due), first, clock.key


def with_broken(clock: Clock, broken: Sequence[Promise]) -> Clock:
    """For every one of these promises, the level above those that were due when it was made is due
    when it was broken.
    """
    for promise in broken:
        above = _next(clock, promise)
        if above is None:
            continue
        levels = list(clock.levels)
        levels[above] = earliest(levels[above], promise.until)
        clock = evolve(clock, levels=tuple(levels))
    return clock


def extra_repetitions(clock: Clock, broken: Sequence[Promise]) -> int:
    """Repetitions due beside the regular ones: a promise broken at the top before any of these came
    due again.
    """
    top = clock.levels[-1]
    repeat = clock.ladder.levels[-1].repeat
    if top is None or repeat is None:
        return 0
    extra = 0
    for promise in broken:
        if promise.at < top:
            continue
        when_made = repeat.latest(promise.at - top)
        when_broken = repeat.latest(promise.until - top)
        extra += when_broken == when_made
    return extra
