"""What may be promised about a case: by a person with a name, for a time not too far ahead, and put
off only so often.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from attrs import frozen

from sla_watchdog.domain.clocks.activity import TicketActivity
from sla_watchdog.domain.clocks.promises import Promise, PromiseKind, acknowledged, in_a_row
from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.escalation.not_promised import NotPromised, PromiseRefusal, TooFarAway
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.text.display import tidy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.seconds import HOUR

LONGEST_NAME = 60
"""Characters of the name of whoever acknowledges."""

OFFERED = (HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR)
"""Seconds of open time after which an update is commonly promised; the longest that the policy
allows comes last.
"""


class Answer(StrEnum):
    """What somebody did who was notified."""

    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    DECLINED = "declined"
    SAME_MATTER = "same_matter"
    NOT_SAME_MATTER = "not_same_matter"


@frozen
class Promising:
    """What may be promised now about the matter of `ticket`. `held` is the promise that holds now,
    if one does.

    `offers` are instants to choose from, soonest first; none lies after `latest`. `snoozes_left`
    is how often a promise may still be put off before it is over. `in_a_row` is the place that a
    promise made now has among those with no progress between them; `holds_back` says whether it
    holds alerts back.
    """

    ticket: str
    calendar: Calendar
    now: int
    latest: int
    offers: tuple[int, ...]
    held: Promise | None
    snoozes_left: int
    in_a_row: int = 1
    holds_back: bool = True

    @property
    def kinds(self) -> tuple[PromiseKind, ...]:
        """What can be promised: the promise of an end is only put off by another."""
        if self.held and self.held.kind is PromiseKind.END:
            return (PromiseKind.END,)
        return tuple(PromiseKind)

    @property
    def answer(self) -> Answer:
        """What a promise made now would be."""
        return Answer.SNOOZED if self.held else Answer.ACKNOWLEDGED

    def promise(self, by: str, until: int, kind: PromiseKind = PromiseKind.UPDATE) -> Promise:
        """That promise, as it stands while nothing else happens. Raises NotPromised."""
        name = _name(by)
        self._check(until)
        if kind not in self.kinds:
            kind = self.kinds[0]
        held_until = until if self.holds_back else self.now
        return Promise(
            self.now,
            until,
            name,
            kind=kind,
            in_a_row=self.in_a_row,
            held_until=held_until,
            ticket=self.ticket,
        )

    def fact(self, promise: Promise) -> Fact:
        return acknowledged(self.ticket, promise.at, promise.until, promise.by, promise.kind)

    def _check(self, until: int) -> None:
        if until <= self.now:
            raise NotPromised(PromiseRefusal.TIME_IS_PAST)
        if until > self.latest:
            raise NotPromised(TooFarAway(self.latest, self.calendar.timezone))
        if self.held and until <= self.held.until:
            raise NotPromised(PromiseRefusal.NOT_LATER)
        if self.held and not self.snoozes_left:
            raise NotPromised(PromiseRefusal.NO_SNOOZE_LEFT)


def _name(by: str) -> str:
    name = tidy(by)
    if not name:
        raise NotPromised(PromiseRefusal.NO_NAME)
    if len(name) > LONGEST_NAME:
        raise NotPromised(PromiseRefusal.NAME_TOO_LONG)
    return name


def promising(subject: str, facts: Facts, plan: Plan, policy: Policy, now: int) -> Promising | None:
    """What may be promised about the matter of `subject`, a ticket or a matter's own name; None
    once it is over.

    Raises NoWorkingTime or TimeOutOfRange where its calendar has no hours ahead.
    """
    matter = _matter(subject, plan)
    if matter is None or matter.ended_at is not None:
        return None
    ticket = _ticket(subject, matter)
    rule = rule_at(ticket, facts, policy, now)
    calendar = policy.calendars[rule.calendar]
    latest = policy.acknowledge.reach.after(now, calendar)
    made = _made(matter, plan)
    place = in_a_row(made, TicketActivity(matter, facts, policy).progress, now)
    snoozes_left = policy.acknowledge.snoozes - _put_off(made)
    return Promising(
        ticket=ticket.id,
        calendar=calendar,
        now=now,
        latest=latest,
        offers=tuple(_offers(calendar, now, latest)),
        held=_holding(made, now),
        snoozes_left=max(0, snoozes_left),
        in_a_row=place,
        holds_back=place <= policy.acknowledge.in_a_row,
    )


def _matter(subject: str, plan: Plan) -> LinkedTickets | None:
    for matter in plan.matters:
        if subject == matter.id or subject in matter.ticket_ids:
            return matter
    return None


def _ticket(subject: str, matter: LinkedTickets) -> Ticket:
    """The one of that name, or the oldest, by which a matter goes."""
    for ticket in matter.tickets:
        if ticket.id == subject:
            return ticket
    return matter.tickets[0]


def _made(matter: LinkedTickets, plan: Plan) -> Sequence[Promise]:
    if plan.assessment is None:
        return ()
    return plan.assessment.promises.get(matter.tickets[0].id, ())


def _holding(made: Sequence[Promise], now: int) -> Promise | None:
    for promise in made:
        if promise.holds(now):
            return promise
    return None


def _offers(calendar: Calendar, now: int, latest: int) -> Iterator[int]:
    for seconds in OFFERED:
        at = calendar.add(now, seconds)
        if at < latest:
            yield at
    yield latest


def _put_off(made: Sequence[Promise]) -> int:
    """How many promises were made while the one before still held."""
    return sum(promise.put_off for promise in made)
