"""Repetitions of one case to one recipient come together, at the pace of the leading clock
(semantics E5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sla_watchdog.domain.escalation.case import Alert, Recipient
from sla_watchdog.domain.escalation.evaluation import EvaluationContext
from sla_watchdog.domain.escalation.levels import Climb


def without_stray_repeats(
    evaluation: EvaluationContext, due: Iterable[Alert], climbs: Mapping[str, Climb]
) -> Iterator[Alert]:
    """The alerts `due`, less the repetitions of clocks that do not lead; `climbs` are by clock."""
    by_recipient: dict[Recipient, list[Alert]] = {}
    for alert in due:
        by_recipient.setdefault(alert.recipient, []).append(alert)
    for recipient, alerts in by_recipient.items():
        if _are_led(evaluation, recipient, alerts, climbs):
            yield from alerts
            continue
        for alert in alerts:
            if not _is_repeat(evaluation, alert, climbs[alert.clock_key]):
                yield alert


def _are_led(
    evaluation: EvaluationContext,
    recipient: Recipient,
    alerts: Iterable[Alert],
    climbs: Mapping[str, Climb],
) -> bool:
    """Whether all of them may go: none repeats, or the leading clock is among them."""
    if not any(alert.repetition for alert in alerts):
        return True
    lead = _lead(evaluation, recipient, climbs.values())
    return lead is None or any(alert.clock_key == lead.clock.key for alert in alerts)


def _lead(
    evaluation: EvaluationContext, recipient: Recipient, climbs: Iterable[Climb]
) -> Climb | None:
    """Whose repetitions the recipient gets: of the clocks at the top of their ladders, the highest,
    then oldest.
    """
    repeating = [climbed for climbed in climbs if _repeats_to(evaluation, climbed, recipient)]
    return min(repeating, key=_precedence, default=None)


def _precedence(climbed: Climb) -> tuple[int, int, str]:
    return -climbed.level, climbed.clock.breach_at or 0, climbed.clock.key


def _repeats_to(evaluation: EvaluationContext, climbed: Climb, recipient: Recipient) -> bool:
    """Whether it is at a top that repeats, which tells that recipient, and did."""
    top = climbed.clock.ladder.levels[-1]
    if not climbed.at_top or top.repeat is None:
        return False
    last = evaluation.notifications.last(climbed.clock, recipient)
    if last is None or last.level != climbed.level:
        return False
    return recipient in evaluation.addressing.recipients(top, climbed.clock)


def _is_repeat(evaluation: EvaluationContext, alert: Alert, climbed: Climb) -> bool:
    if not alert.repetition:
        return False
    last = evaluation.notifications.last(climbed.clock, alert.recipient)
    return last is not None and last.level == alert.level
