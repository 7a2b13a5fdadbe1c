"""How far up a customer who comes back is heard: above whoever was notified (semantics D9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.clock_key import FINDING, ClockKey, is_good_news
from sla_watchdog.domain.escalation.case import NOTIFIED, LastNotified, Recipient
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.policy.model import Level, Metric


def with_return(evaluation: EvaluationContext, clock: Clock, clocks: Iterable[Clock]) -> Clock:
    """At the n-th coming back the level above the highest audience that was notified of anything of
    the matter before is due at once, too. Where there is none, the top is.

    What people were notified of by this very coming back stays due, whatever comes later.
    """
    if clock.metric is not Metric.AGAIN or clock.due_at is None:
        return clock
    by_count = sum(at is not None for at in clock.levels) - 1
    returned = _Return(evaluation, clock, {other.key: other for other in clocks})
    top = max(by_count, returned.above_highest(), returned.notified_level)
    at = clock.started_at
    levels = tuple(at if number <= top else None for number in range(len(clock.levels)))
    return evolve(clock, levels=levels)


@frozen
class _Return:
    evaluation: EvaluationContext
    clock: Clock
    clocks: Mapping[str, Clock]

    @property
    def notified_level(self) -> int:
        """The highest level that anybody was notified of; -1 for none."""
        cycles = self.evaluation.notifications.of(self.clock.subject)
        notified = cycles.get(self.clock.metric.value, {}).get(self.clock.cycle, {})
        return max((last.level for last in notified.values()), default=-1)

    def above_highest(self) -> int:
        """-1 where nobody was notified before."""
        highest = self._highest()
        levels = self.clock.ladder.levels
        if highest < 0:
            return -1
        for number, level in enumerate(levels):
            if self._rank(level) > highest:
                return number
        return len(levels) - 1

    def _rank(self, level: Level) -> int:
        return max(map(self.evaluation.policy.rank, level.tell), default=-1)

    def _highest(self) -> int:
        """How far up people were notified before the customer came back."""
        policy = self.evaluation.policy
        highest = -1
        for to in self._notified_before():
            recipient = Recipient.of_key(to, policy.audiences)
            highest = max(highest, policy.rank(recipient.audience))
        return highest

    def _notified_before(self) -> Iterator[str]:
        """The keys of their recipients."""
        tickets = self._tickets()
        for (text, to), last in self.evaluation.case.reached.items():
            key = ClockKey.of_text(text)
            if key.subject not in tickets or last.outcome not in NOTIFIED:
                continue
            is_alert = not is_good_news(key.clock) and not key.clock.startswith(FINDING)
            if is_alert and self._was_before(key, last):
                yield to

    def _tickets(self) -> frozenset[str]:
        for matter in self.evaluation.matters:
            if matter.id == self.clock.subject:
                return matter.ticket_ids
        return frozenset()

    def _was_before(self, key: ClockKey, last: LastNotified) -> bool:
        """Strictly before that instant. Where nobody kept when the first notification was, that of
        a level that repeats is dated back by how many there were, until people are notified of
        this coming back: from then on it climbs no further by what is only estimated.
        """
        at = self.clock.started_at
        if last.at < at:
            return True
        if last.first_at is not None:
            return last.first_at < at
        if self.notified_level >= 0:
            return False
        clock = self.clocks.get(key.text)
        before = 1 if last.received is None else last.received - 1
        if clock is None or not 1 <= before <= last.repetition:
            return False
        first_at = _repetition_at(clock, last.repetition - before)
        return first_at is not None and first_at < at


def _repetition_at(clock: Clock, number: int) -> int | None:
    """When the top of its ladder came for the n-th time again."""
    top, repeat = clock.levels[-1], clock.ladder.levels[-1].repeat
    if top is None or repeat is None:
        return None
    return top + repeat.offset(number)
