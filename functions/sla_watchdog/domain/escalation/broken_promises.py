"""A promise that was not kept is a message to somebody above all who were notified before
(semantics E7).

Where the clock that it takes up has a level for them, that is the message. Where it has none,
the promise is a clock of its own, whose levels are the audiences further up; once everybody up
there knows, the top hears of it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from attrs import frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.clock_key import METRICS, ClockKey
from sla_watchdog.domain.clocks.promises import Promise, highest_due
from sla_watchdog.domain.escalation.case import Alert, Recipient
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.notifications import NOT_NOTIFIED
from sla_watchdog.domain.policy.model import Age, Ladder, Level, Metric
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.reopenings import lasting_reopenings
from sla_watchdog.domain.tickets.spans import Span


def unkept(
    evaluation: EvaluationContext,
    matter: LinkedTickets,
    made: Sequence[Promise],
    clocks: Iterable[Clock],
    due: Iterable[Alert],
) -> Clock | None:
    """The clock of the last promise about the matter that was broken by now and takes it up, while
    nobody far enough up knows of it.

    `made` are all its promises. `clocks` are the clocks of the whole case, `due` its alerts.
    """
    number = _last_broken(made, evaluation.now)
    if number is None or not matter.unresolved:
        return None
    promise = made[number - 1]
    if _reopened_after(matter, promise.until):
        return None  # it was about what was resolved since
    tickets = matter.ticket_ids
    own_clocks = [clock for clock in clocks if clock.subject in tickets]
    own_alerts = [alert for alert in due if alert.subject in tickets and alert.clock in METRICS]
    broken = _BrokenPromise(evaluation, matter, number, promise, own_clocks)
    return broken.clock([alert.recipient for alert in own_alerts])


def _last_broken(made: Sequence[Promise], now: int) -> int | None:
    """The number of the promise, from 1."""
    broken = None
    for number, promise in enumerate(made, 1):
        if promise.takes_up(now):
            broken = number
    return broken


def _reopened_after(matter: LinkedTickets, at: int) -> bool:
    for ticket in matter.tickets:
        if any(reopened_at > at for reopened_at in lasting_reopenings(ticket)):
            return True
    return False


@frozen
class _BrokenPromise:
    """`number` counts the promises about the matter, from 1; `clocks` are those of the matter."""

    evaluation: EvaluationContext
    matter: LinkedTickets
    number: int
    promise: Promise
    clocks: Sequence[Clock]

    def clock(self, due: Sequence[Recipient]) -> Clock | None:
        """None where somebody who is far enough up was notified since it was broken, is being, or
        is among `due`.
        """
        rank = self.evaluation.policy.rank
        above = self._above()
        nearest = above[0]
        wanted = rank(nearest[0])
        for recipient in (*self._notified_since(), *self._on_its_way(), *due):
            if rank(recipient.audience) >= wanted:
                return None
        return self._clock(above)

    def _above(self) -> list[tuple[str, ...]]:
        """The audiences above all who were notified before, the nearest first; where there are
        none, the top.
        """
        policy = self.evaluation.policy
        rules = [self.evaluation.rule_of(ticket) for ticket in self.matter.open_tickets]
        highest = self._highest_before()
        every: list[tuple[str, ...]] = []
        above: list[tuple[str, ...]] = []
        for rank, names in groupby(policy.within_reach(rules), key=policy.rank):
            audiences = tuple(names)
            every.append(audiences)
            if rank > highest:
                above.append(audiences)
        return above or every[-1:]

    def _highest_before(self) -> int:
        """How far up people were notified before it was broken. Levels that had come due count,
        too: of a level that repeats, only the last notification is known.
        """
        policy = self.evaluation.policy
        highest = highest_due(self.clocks, self.promise, policy)
        for at, recipient in self._notified():
            if at < self.promise.until:
                highest = max(highest, policy.rank(recipient.audience))
        return highest

    def _notified_since(self) -> Iterator[Recipient]:
        for at, recipient in self._notified():
            if at >= self.promise.until:
                yield recipient

    def _notified(self) -> Iterator[tuple[int, Recipient]]:
        """Whoever was notified by a clock of the matter, and when last."""
        tickets = self.matter.ticket_ids
        audiences = self.evaluation.policy.audiences
        for (text, recipient), last in self.evaluation.case.reached.items():
            key = ClockKey.of_text(text)
            of_matter = key.subject in tickets and key.clock in METRICS
            if of_matter and last.outcome not in NOT_NOTIFIED:
                yield last.at, Recipient.of_key(recipient, audiences)

    def _on_its_way(self) -> Iterator[Recipient]:
        for entry in self.evaluation.case.outbox.values():
            first = entry.alerts[0]
            if entry.until > self.evaluation.now and first.clock in METRICS:
                yield first.recipient

    def _clock(self, audiences: Sequence[tuple[str, ...]]) -> Clock:
        """Its further levels never come due: they stand in for those who cannot be reached."""
        made = self.promise
        trigger = Age(made.until - made.at)
        levels = tuple(Level(trigger, names) for names in audiences)
        further_levels = (None,) * (len(levels) - 1)
        return Clock(
            subject=self.matter.id,
            metric=Metric.PROMISE,
            cycle=self.number,
            rule="promises",
            target=trigger.seconds,
            calendar="",
            ladder=Ladder("promises", levels),
            started_at=made.at,
            running=(Span(made.at, None, "open"),),
            due_at=made.until,
            breach_at=made.until,
            stopped_at=None,
            levels=(made.until, *further_levels),
        )
