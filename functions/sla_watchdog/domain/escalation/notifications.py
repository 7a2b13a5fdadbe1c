"""What each recipient of a case was notified of, under every name that the same thing had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TypeAlias

from attrs import frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.clock_key import CLEARED, ClockKey, is_good_news
from sla_watchdog.domain.escalation.case import (
    NOTIFIED,
    Alert,
    Case,
    LastNotified,
    Outcome,
    Recipient,
)
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import Ticket

NOT_NOTIFIED = frozenset({Outcome.UNDELIVERABLE, Outcome.SUPPRESSED})
"""How levels end that reached nobody."""

Cycles: TypeAlias = Mapping[int, Mapping[str, LastNotified]]
"""Cycle of a clock -> key of a recipient -> the last that it was notified of."""


@frozen
class NotificationHistory:
    """`reachable_since` is as in Context."""

    case: Case
    tickets: tuple[Ticket, ...]
    matters: tuple[LinkedTickets, ...]
    reachable_since: Mapping[str, int]

    @cached_property
    def _by_subject(self) -> Mapping[str, Mapping[str, Cycles]]:
        return _by_subject(self.case.reached)

    def of(self, subject: str) -> Mapping[str, Cycles]:
        """What anybody was notified of it, by the name of the clock."""
        return self._by_subject.get(subject, {})

    # ------------------------------------------------------------------ of one recipient

    def last(self, clock: Clock, recipient: Recipient) -> LastNotified | None:
        """The highest level that the recipient was notified of: under this clock, or under that of
        a ticket joined to it.

        What was withdrawn since does not count; nor does what reached nobody, once somebody can
        be reached again.
        """
        notified = self._under_each_name(clock, recipient)
        if self.reachable_since:
            notified = [last for last in notified if not self.hears_next_time(last, recipient)]
        return max(notified, key=_height, default=None)

    def received(self, clock: Clock, level: int, recipient: Recipient) -> int | None:
        """How many messages of this level reached the recipient so far; None where that was not
        counted.
        """
        most = 0
        for last in self._under_each_name(clock, recipient):
            if last.level != level:
                continue
            count = _received(last)
            if count is None:
                return None
            most = max(most, count)
        return most

    def withdrawals(self, clock: Clock, recipient: Recipient) -> int:
        """How often a warning of this clock was withdrawn from the recipient."""
        key = clock.clock_key.withdrawal
        last = self.case.reached.get((key.text, recipient.key))
        if last is None:
            return 0
        return last.repetition + 1

    def hears_next_time(self, last: LastNotified, recipient: Recipient) -> bool:
        """Whether it reached nobody, and now somebody would be."""
        if last.outcome not in NOT_NOTIFIED:
            return False
        names = (recipient.name, recipient.everyone.name)
        return any(self.reachable_since.get(name, 0) > last.at for name in names)

    def _under_each_name(self, clock: Clock, recipient: Recipient) -> list[LastNotified]:
        """What the recipient was notified of it, unless that was withdrawn since."""
        if not self.case.reached:
            return []
        notified = []
        own = self._under_its_own(clock, recipient.key)
        if own is not None:
            notified.append(own)
        for name in self._other_names(clock):
            newest = self._newest(name, clock.metric.value, recipient.key)
            if newest is not None and not _is_of_an_earlier_time(newest, clock):
                notified.append(newest)
        return notified

    def _under_its_own(self, clock: Clock, recipient: str) -> LastNotified | None:
        """Nothing, where the recipient was notified since that the ticket is over."""
        own = self._not_withdrawn(clock.clock_key, recipient)
        if own is None or clock.metric not in TARGETS:
            return own
        if own.at <= self._cleared_at(clock.subject, recipient):
            return None
        return own

    def _newest(self, subject: str, clock: str, recipient: str) -> LastNotified | None:
        """Of the last cycle that has anything."""
        cycles = self.of(subject).get(clock, {})
        for cycle in sorted(cycles, reverse=True):
            key = ClockKey(subject, clock, cycle)
            last = self._not_withdrawn(key, recipient)
            if last is not None:
                return last
        return None

    def _not_withdrawn(self, key: ClockKey, recipient: str) -> LastNotified | None:
        """The last notification under one name, unless it was withdrawn since."""
        last = self.case.reached.get((key.text, recipient))
        if last is None:
            return None
        withdrawal = self.case.reached.get((key.withdrawal.text, recipient))
        if withdrawal is not None and withdrawal.at >= last.at:
            return None
        return last

    def _cleared_at(self, subject: str, recipient: str) -> int:
        """When the recipient was last notified that it is over; 0 for never."""
        latest = 0
        for notified in self.of(subject).get(CLEARED, {}).values():
            if recipient in notified:
                latest = max(latest, notified[recipient].at)
        return latest

    def _other_names(self, clock: Clock) -> tuple[str, ...]:
        """Subjects under which people were notified of the same before: tickets merged into one,
        and those of one matter.
        """
        if len(self.tickets) < 2:
            return ()
        names = self._absorbed if clock.metric in TARGETS else self._of_matter
        return names.get(clock.subject, ())

    @cached_property
    def _absorbed(self) -> Mapping[str, tuple[str, ...]]:
        return {ticket.id: _ids(ticket.absorbed) for ticket in self.tickets}

    @cached_property
    def _of_matter(self) -> Mapping[str, tuple[str, ...]]:
        return {matter.id: _ids(matter.tickets[1:]) for matter in self.matters}

    # ------------------------------------------------------------------ of anybody

    @cached_property
    def anybody_missed(self) -> bool:
        """Whether any level could not be delivered."""
        return any(last.outcome is Outcome.UNDELIVERABLE for last in self.case.reached.values())

    def levels_before(self, clock: Clock, before: int) -> int:
        """How many levels of the metric anybody was notified of, in the cycles before that one."""
        levels = 0
        cycles = self.of(clock.subject).get(clock.metric.value, {})
        for cycle, notified in cycles.items():
            if cycle >= before:
                continue
            for last in notified.values():
                levels = max(levels, last.level + 1)
        return levels


def _by_subject(
    reached: Mapping[tuple[str, str], LastNotified],
) -> Mapping[str, Mapping[str, Cycles]]:
    cycles: dict[str, dict[str, LastNotified]] = {}
    for (clock_key, recipient), last in reached.items():
        cycles.setdefault(clock_key, {})[recipient] = last
    subjects: dict[str, dict[str, dict[int, dict[str, LastNotified]]]] = {}
    for text, by_recipient in cycles.items():
        key = ClockKey.of_text(text)
        clocks = subjects.setdefault(key.subject, {})
        clocks.setdefault(key.clock, {})[key.cycle] = by_recipient
    return subjects


_NEWS_EACH_TIME = frozenset({Metric.AGAIN, Metric.UNOWNED})


def _is_of_an_earlier_time(last: LastNotified, clock: Clock) -> bool:
    """Each coming back of the customer is news, by whatever name the one before went, and so is
    each spell without an owner.
    """
    return clock.metric in _NEWS_EACH_TIME and last.at < clock.started_at


def _ids(tickets: tuple[Ticket, ...]) -> tuple[str, ...]:
    return tuple(ticket.id for ticket in tickets)


def _height(last: LastNotified) -> tuple[int, int]:
    return last.level, last.repetition


def _received(last: LastNotified) -> int | None:
    """An older version counted nothing; then a level that was not repeated reached its recipient
    once, if at all.
    """
    if last.received is not None:
        return last.received
    if last.repetition:
        return None
    return int(last.outcome in NOTIFIED)


def notified_at(case: Case, alert: Alert, now: int) -> int:
    """When the recipient is notified: `now`; just after the notification that this one answers,
    where a clock ahead of ours set that later.

    The last notification counts. Were good news newer than the alert that follows it, the alert
    would come every minute.
    """
    latest = now
    good_news = is_good_news(alert.clock)
    for at, answers_good_news in _answered(case, alert.recipient.key):
        if answers_good_news is not good_news:
            latest = max(latest, at + answers_good_news)
    return latest


def _answered(case: Case, recipient: str) -> Iterator[tuple[int, bool]]:
    """When that recipient was notified of something, and whether it was good news."""
    for (text, to), last in case.reached.items():
        if to == recipient:
            yield last.at, is_good_news(ClockKey.of_text(text).clock)
