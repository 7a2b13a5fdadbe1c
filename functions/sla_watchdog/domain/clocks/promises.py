"""Acknowledgements: a person and a promised time. They hold alerts back, stop no clock and pass no
ceiling.

An update is a public message of a person at the desk; it keeps a promise of an update, and none of
an end, which only the end of the ticket keeps. A promise that was not kept is broken when its time
is over: that makes the next level due at that instant, at the top a repetition (semantics E7). The
case goes up, not all of its clocks. Of those that still have a level for somebody who was not
notified, the one that leads goes up. Where no clock has such a level, see
`sla_watchdog.domain.escalation.broken_promises`.

Promises in a row are those with no progress between them (semantics B7). Only the first so many of
a row hold alerts back; the others are noted, kept or broken all the same. Of these others only the
first that is broken takes the case up, where none of its row was broken before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from operator import attrgetter

from attrs import Factory, define, evolve, field, frozen

from sla_watchdog.domain.clocks.activity import TicketActivity
from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.limits import NEVER
from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.policy.model import Level, Metric, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.reopenings import lasting_reopenings
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket
from sla_watchdog.domain.time.instants import earliest

ACKNOWLEDGED = "acknowledged"
"""The field of an acknowledgement; its value is the instant promised (epoch seconds) and the
person's name; of a promise of an end that word comes third.
"""


class PromiseKind(StrEnum):
    """What is promised by the time."""

    UPDATE = "update"
    END = "end"


@frozen
class Promise:
    """`by` promised at `at` an update, or the end, by `until`; `kept` where it came, or something
    ended the promise before.
    """

    at: int
    until: int
    by: str
    kept: bool = False
    kind: PromiseKind = PromiseKind.UPDATE
    in_a_row: int = 1
    """Its place among the promises with no progress between them."""
    held_until: int = Factory(lambda self: self.until, takes_self=True)
    """Until then it holds alerts back: `at` where it holds back nothing."""
    put_off: bool = False
    """Whether another took its place before its time."""
    ticket: str = ""
    climbs: bool = True
    """Whether it takes the case up once it is broken: it is one of those of its row that hold
    alerts back, or none of its row was broken before.
    """

    def holds(self, now: int) -> bool:
        """Whether somebody has the case by it now."""
        return self.at <= now < self.until

    def holds_back(self, now: int) -> bool:
        return self.at <= now < self.held_until

    def broken(self, now: int) -> bool:
        return self.until <= now and not self.kept

    def takes_up(self, now: int) -> bool:
        """Whether it was broken, and takes the case up by that."""
        return self.climbs and self.broken(now)

    @property
    def notified_up_to(self) -> int:
        """Whatever came due by then was not held back by it when its time was over."""
        if self.held_until < self.until:
            return self.until - 1
        return self.at


def acknowledged(
    ticket: str, at: int, until: int, by: str, kind: PromiseKind = PromiseKind.UPDATE
) -> Fact:
    """The fact that somebody takes the case and promises an update, or its end, by `until`."""
    value = (str(until), by)
    if kind is PromiseKind.UPDATE:
        return Fact(ticket, ACKNOWLEDGED, at, value)
    return Fact(ticket, ACKNOWLEDGED, at, (*value, kind.value))


def promises(matter: LinkedTickets, facts: Facts, policy: Policy) -> tuple[Promise, ...]:
    """Every promise made, oldest first. None is longer than the policy allows. Raises what its
    calendar raises.
    """
    made: list[Fact] = []
    for ticket in matter.tickets:
        made += facts.of_field(ticket.id, ACKNOWLEDGED)
    if not made:
        return ()
    promised = sorted(_promised(made, matter, facts, policy), key=_in_order)
    progress = TicketActivity(matter, facts, policy).progress
    row = _Row(matter, progress, policy.acknowledge.in_a_row)
    for promise in promised:
        row.add(promise)
    ended = map(row.ended, row.made)
    return tuple(_with_climbs(ended, policy.acknowledge.in_a_row))


def _with_climbs(made: Iterable[Promise], most: int) -> Iterator[Promise]:
    """`most` of a row hold alerts back."""
    was_broken = False
    for promise in made:
        if promise.in_a_row == 1:
            was_broken = False
        climbs = promise.in_a_row <= most or not was_broken
        yield evolve(promise, climbs=climbs)
        was_broken = was_broken or not promise.kept


_in_order = attrgetter("at", "until", "by", "ticket")


def in_a_row(made: Sequence[Promise], progress: Sequence[int], now: int) -> int:
    """The place in its row of a promise made at `now`, after those that were `made`."""
    if not made:
        return 1
    last = made[-1]
    if any(last.at < at <= now for at in progress):
        return 1
    return last.in_a_row + 1


def _promised(
    made: Sequence[Fact], matter: LinkedTickets, facts: Facts, policy: Policy
) -> Iterator[Promise]:
    tickets = {ticket.id: ticket for ticket in matter.tickets}
    for fact in made:
        if not isinstance(fact.value, tuple) or len(fact.value) not in (2, 3):
            continue
        text, by, *kind = fact.value
        if not text.isdigit():
            continue
        rule = rule_at(tickets[fact.ticket], facts, policy, fact.at)
        calendar = policy.calendars[rule.calendar]
        longest = policy.acknowledge.reach.after(fact.at, calendar)
        until = min(int(text), longest)
        if until > fact.at:
            yield Promise(fact.at, until, by, kind=_kind(kind), ticket=fact.ticket)


def _kind(said: Sequence[str]) -> PromiseKind:
    if PromiseKind.END.value in said:
        return PromiseKind.END
    return PromiseKind.UPDATE


@define
class _Row:
    """Takes in the promises about a matter one after the other, each with what the next and the
    reopenings make of it.

    A promise takes the place of one that still holds. The reopening of a ticket ends one of an
    update, since that was about something else; after it none made before holds anything back. A
    promise that was kept still holds to its end.
    """

    matter: LinkedTickets
    progress: Sequence[int]
    most: int
    made: list[Promise] = field(factory=list)

    def add(self, promise: Promise) -> None:
        place = in_a_row(self.made, self.progress, promise.at)
        before = self.made[-1] if self.made else None
        held_until = promise.at
        if before is not None and before.holds(promise.at):
            self.made[-1] = _put_off(before, promise.at)
            promise = self._in_place_of(before, promise)
            held_until = max(held_until, min(before.held_until, promise.until))
        if place <= self.most:
            held_until = promise.until
        promise = evolve(promise, in_a_row=place, held_until=held_until)
        self.made.append(self._reopened(promise))

    def _in_place_of(self, before: Promise, promise: Promise) -> Promise:
        """Whoever puts off the promise of an end promises an end."""
        is_due = before.kind is PromiseKind.END and not self._is_over(before, promise.at)
        if is_due:
            return evolve(promise, kind=PromiseKind.END)
        return promise

    def _reopened(self, promise: Promise) -> Promise:
        reopenings: list[int] = []
        for ticket in self.matter.tickets:
            reopenings += lasting_reopenings(ticket)
        at = _first_within(promise, reopenings)
        if at is None:
            return promise
        held_until = min(at, promise.held_until)
        if promise.kind is PromiseKind.END:
            return evolve(promise, held_until=held_until)
        return evolve(promise, until=at, held_until=held_until, kept=True)

    def ended(self, promise: Promise) -> Promise:
        """With whether it was kept."""
        if promise.kept:
            return promise
        kept = self._is_over(promise, promise.until) or self._is_updated(promise)
        return evolve(promise, kept=kept)

    def _is_updated(self, promise: Promise) -> bool:
        if promise.kind is PromiseKind.END:
            return False
        updates: list[int] = []
        for ticket in self.matter.tickets:
            updates += ticket.answered
        return _first_within(promise, updates) is not None

    def _is_over(self, promise: Promise, at: int) -> bool:
        """Whether the ticket that it was about stood resolved or closed then."""
        tickets = {ticket.id: ticket for ticket in self.matter.tickets}
        ticket = tickets.get(promise.ticket)
        if ticket is None:
            return False
        survivor = tickets.get(ticket.merged_into, ticket)
        return _stands_over(survivor, at)


def _put_off(promise: Promise, at: int) -> Promise:
    held_until = min(at, promise.held_until)
    return evolve(promise, until=at, held_until=held_until, kept=True, put_off=True)


def _stands_over(ticket: Ticket, at: int) -> bool:
    """Not while a message of the customer waits."""
    if ticket.left_at is not None and ticket.left_at <= at:
        return True
    for span in ticket.with_waits.spans:
        if span.covers(at):
            return span.group in ENDED
    return False


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
        if not promise.takes_up(now):
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
        end = promise.notified_up_to if is_held else promise.until - 1
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
    """The level above those that were due when it was promised, or came due since and were not
    held back; None at the top.
    """
    due = clock.levels_due(promise.notified_up_to)
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
    """For every one of these promises, the level above those that nothing held back is due when it
    was broken.
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
        if promise.notified_up_to < top:
            continue
        when_made = repeat.latest(promise.notified_up_to - top)
        when_broken = repeat.latest(promise.until - top)
        extra += when_broken == when_made
    return extra
