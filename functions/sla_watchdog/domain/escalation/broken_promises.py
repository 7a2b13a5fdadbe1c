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
from sla_watchdog.domain.clocks.promises import Promise, highest_due
from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.escalation.case import Alert, Recipient
from sla_watchdog.domain.escalation.levels import NOT_NOTIFIED, EvaluationContext
from sla_watchdog.domain.policy.model import Age, Ladder, Level, Metric
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.spans import Span

CLOCKS = frozenset(metric.value for metric in Metric)


def unkept(
    evaluation: EvaluationContext,
    matter: LinkedTickets,
    made: Sequence[Promise],
    clocks: Iterable[Clock],
    due: Iterable[Alert],
) -> Clock | None:
    """The clock of the last promise about the matter that was broken by now, while nobody far
    enough up knows of it.

    `made` are all its promises, `clocks` and `due` what runs and what is to be told, of the
    whole case.
    """
    broken = [(number, each) for number, each in enumerate(made, 1) if each.broken(evaluation.now)]
    if not broken or not matter.unresolved:
        return None
    number, promise = broken[-1]
    if any(at > promise.until for each in matter.tickets for at in each.reopenings):
        return None  # it was about what was resolved since
    names = {each.id for each in matter.tickets}
    mine = [clock for clock in clocks if clock.subject in names]
    theirs = [alert.recipient for alert in due if alert.subject in names and alert.clock in CLOCKS]
    return _Unkept(evaluation, matter, number, promise, mine).clock(theirs)


@frozen
class _Unkept:
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
        rank, above = self.evaluation.policy.rank, self._above()
        hear = [*self._notified_since(), *self._on_its_way(), *due]
        wanted = rank(above[0][0])
        return None if any(rank(each.audience) >= wanted for each in hear) else self._clock(above)

    def _above(self) -> list[tuple[str, ...]]:
        """The audiences above all who were notified before, the nearest first; where there are
        none, the top.
        """
        policy, highest = self.evaluation.policy, self._highest_before()
        facts, now = self.evaluation.case.facts, self.evaluation.now
        rules = [rule_at(each.id, facts, policy, now) for each in self.matter.open_tickets]
        by_rank = [
            tuple(names) for _, names in groupby(policy.within_reach(rules), key=policy.rank)
        ]
        above = [names for names in by_rank if policy.rank(names[0]) > highest]
        return above or by_rank[-1:]

    def _highest_before(self) -> int:
        """Also by what had come due, since of what is told again and again only the last time is
        known.
        """
        rank = self.evaluation.policy.rank
        notified = [rank(each.audience) for at, each in self._notified() if at < self.promise.until]
        return max([*notified, highest_due(self.clocks, self.promise, self.evaluation.policy)])

    def _notified_since(self) -> Iterator[Recipient]:
        return (each for at, each in self._notified() if at >= self.promise.until)

    def _notified(self) -> Iterator[tuple[int, Recipient]]:
        """Whoever was notified by a clock of the matter, and when last."""
        subjects = {each.id for each in self.matter.tickets}
        for (key, recipient), reached in self.evaluation.case.reached.items():
            subject, metric, _ = key.rsplit("/", 2)
            if subject in subjects and metric in CLOCKS and reached.outcome not in NOT_NOTIFIED:
                yield reached.at, self._recipient(recipient)

    def _on_its_way(self) -> Iterator[Recipient]:
        for entry in self.evaluation.case.outbox.values():
            if entry.until > self.evaluation.now and entry.alerts[0].clock in CLOCKS:
                yield entry.alerts[0].recipient

    def _recipient(self, key: str) -> Recipient:
        return Recipient.of_key(key, self.evaluation.policy.audiences)

    def _clock(self, tells: Sequence[tuple[str, ...]]) -> Clock:
        """Its further levels never come due: they hear where those before them cannot be reached."""
        made = self.promise
        trigger = Age(made.until - made.at)
        return Clock(
            subject=self.matter.id,
            metric=Metric.PROMISE,
            cycle=self.number,
            rule="promises",
            target=trigger.seconds,
            calendar="",
            ladder=Ladder("promises", tuple(Level(trigger, names) for names in tells)),
            started_at=made.at,
            running=(Span(made.at, None, "open"),),
            due_at=made.until,
            breach_at=made.until,
            stopped_at=None,
            levels=(made.until, *(None for _ in tells[1:])),
        )
