"""Since when something due waits: the instant from which the next digest is counted.

It stands still while newer repetitions come due, so that these put no digest off.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from sla_watchdog.domain.escalation.case import Alert, LastNotified, Recipient
from sla_watchdog.domain.escalation.evaluated_clocks import EvaluatedClocks
from sla_watchdog.domain.escalation.levels import Climb
from sla_watchdog.domain.escalation.repetitions import leading


@frozen
class WaitingSince:
    evaluated: EvaluatedClocks

    def of(self, alert: Alert) -> int:
        """When the first level or repetition of its clock came due that its recipient was not
        notified of; repetitions come with those of the leading clock (semantics E5).
        """
        climbs = self.evaluated.climbs
        climbed = climbs.get(alert.clock_key)
        if climbed is None:
            return alert.due_at
        due_at = self._first(climbed, alert.recipient)
        last = self._last(climbed, alert.recipient)
        if last is None or last.level < alert.level:
            return due_at
        lead = leading(self.evaluated.evaluation, climbs, alert.recipient)
        if lead is None:
            return due_at
        return max(due_at, self._first(lead, alert.recipient))

    def _last(self, climbed: Climb, recipient: Recipient) -> LastNotified | None:
        return self.evaluated.evaluation.notifications.last(climbed.clock, recipient)

    def _first(self, climbed: Climb, recipient: Recipient) -> int:
        """When the first level or repetition of the clock came due that the recipient was not
        notified of. Somebody who stands in for others is notified of the highest alone.
        """
        instants = self._instants(climbed, recipient)
        return min(instants, default=_came_due(climbed, climbed.level, self._now))

    @property
    def _now(self) -> int:
        return self.evaluated.evaluation.now

    def _instants(self, climbed: Climb, recipient: Recipient) -> Iterator[int]:
        last = self._last(climbed, recipient)
        addressing = self.evaluated.evaluation.addressing
        for number, level in enumerate(climbed.due):
            if recipient not in addressing.recipients(level, climbed.clock):
                continue
            if last is None or number > last.level:
                yield _came_due(climbed, number, self._now)
            elif number == last.level and climbed.repetition > last.repetition:
                yield self._repeated(climbed, last)

    def _repeated(self, climbed: Climb, last: LastNotified) -> int:
        """When the repetition after the last one came due: by itself, or because a promise was
        broken.
        """
        top_due_at = climbed.clock.levels[-1]
        repeat = climbed.clock.ladder.levels[-1].repeat
        if top_due_at is None or repeat is None:
            return climbed.due_at
        regular = repeat.latest(self._now - top_due_at)
        extra = climbed.repetition - regular
        following = max(1, last.repetition + 1 - extra)
        if following <= regular:
            return top_due_at + repeat.offset(following)
        broken = self.evaluated.broken_of(climbed.clock)
        return max((promise.until for promise in broken), default=climbed.due_at)


def _came_due(climbed: Climb, number: int, now: int) -> int:
    """A level that is passed is due when the first above it is, at the latest."""
    above = climbed.clock.levels[number : climbed.level + 1]
    return min((at for at in above if at is not None and at <= now), default=climbed.due_at)
