"""Repetitions of one case to one recipient come together, at the pace of the leading clock
(semantics E5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from sla_watchdog.domain.escalation.case import Alert, Recipient
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.levels import Climb


def without_stray_repeats(
    evaluation: EvaluationContext, due: Iterable[Alert], climbs: Mapping[str, Climb]
) -> Iterator[Alert]:
    """The alerts `due`, less the repetitions of clocks that do not lead; `climbs` are by clock."""
    by_recipient: dict[Recipient, list[Alert]] = {}
    for alert in due:
        by_recipient.setdefault(alert.recipient, []).append(alert)
    for recipient, alerts in by_recipient.items():
        repetitions = _Repetitions(evaluation, climbs, recipient)
        if repetitions.are_led(alerts):
            yield from alerts
            continue
        for alert in alerts:
            if not repetitions.is_repeat(alert):
                yield alert


def leading(
    evaluation: EvaluationContext, climbs: Mapping[str, Climb], recipient: Recipient
) -> Climb | None:
    """The clock whose repetitions the recipient gets, None where none repeats for it yet."""
    return _Repetitions(evaluation, climbs, recipient).lead()


@frozen
class _Repetitions:
    """To one recipient."""

    evaluation: EvaluationContext
    climbs: Mapping[str, Climb]
    recipient: Recipient

    def are_led(self, alerts: Iterable[Alert]) -> bool:
        """Whether all of them may go: none repeats, or the leading clock is among them."""
        if not any(alert.repetition for alert in alerts):
            return True
        lead = self.lead()
        if lead is None:
            return True
        key = lead.clock.key
        return any(alert.clock_key == key for alert in alerts)

    def is_repeat(self, alert: Alert) -> bool:
        if not alert.repetition:
            return False
        climbed = self.climbs[alert.clock_key]
        return self._last_level(climbed) == alert.level

    def lead(self) -> Climb | None:
        """Whose repetitions the recipient gets: of the clocks at the top of their ladders, the
        highest, then the oldest.
        """
        repeating = filter(self._repeats, self.climbs.values())
        return min(repeating, key=_precedence, default=None)

    def _repeats(self, climbed: Climb) -> bool:
        """Whether it is at a top that repeats, which tells that recipient, and did."""
        top = climbed.clock.ladder.levels[-1]
        if not climbed.at_top or top.repeat is None:
            return False
        if self._last_level(climbed) != climbed.level:
            return False
        addressing = self.evaluation.addressing
        return self.recipient in addressing.recipients(top, climbed.clock)

    def _last_level(self, climbed: Climb) -> int | None:
        """The level of that clock that the recipient was last notified of."""
        last = self.evaluation.notifications.last(climbed.clock, self.recipient)
        return None if last is None else last.level


def _precedence(climbed: Climb) -> tuple[int, int, str]:
    return -climbed.level, climbed.clock.breach_at or 0, climbed.clock.key
