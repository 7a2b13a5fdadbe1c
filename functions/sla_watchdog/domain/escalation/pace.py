"""The pace of an audience with a digest: what comes to it at once all the same (semantics E11)."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from sla_watchdog.domain.clocks.clock import EXCHANGES, Clock
from sla_watchdog.domain.escalation.case import OPERATIONS, Alert, LastNotified, Recipient
from sla_watchdog.domain.escalation.evaluated_clocks import EvaluatedClocks
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.upcoming_level import UpcomingLevel
from sla_watchdog.domain.policy.model import (
    SIGNALS,
    TARGETS,
    After,
    AtOnce,
    Audience,
    Metric,
    Policy,
    Trigger,
)

_SIGNALS = frozenset(metric.value for metric in (*SIGNALS, Metric.PAUSE)) - {Metric.AGAIN.value}


@frozen
class Happening:
    """What an alert is about, as far as that decides how soon its recipient hears of it.

    `is_news` is False for a repetition of a level that the recipient was notified of, and for
    good news. `is_breach` is the first that the recipient hears of a breach; `is_broken` is due
    because a promise was broken.
    """

    clock: str
    is_urgent: bool
    is_news: bool
    is_breach: bool
    is_broken: bool

    def comes_at_once(self, audience: Audience) -> bool:
        return not audience.at_once.isdisjoint(self._words())

    def _words(self) -> Iterator[AtOnce]:
        if self.is_urgent:
            yield AtOnce.URGENT
        if self.is_broken:
            yield AtOnce.BROKEN_PROMISE
        if self.is_breach:
            yield AtOnce.BREACH
        if self.is_news:
            yield from _kind_of(self.clock)


def _kind_of(clock: str) -> Iterator[AtOnce]:
    """Of a clock that is no target."""
    if clock == Metric.AGAIN.value:
        yield AtOnce.AGAIN
    if clock == Metric.AGE.value:
        yield AtOnce.CEILING
    if clock in _SIGNALS:
        yield AtOnce.SIGNAL


def paced(policy: Policy, recipient: Recipient) -> Audience | None:
    """The recipient's audience, where it has a digest. Operations have none."""
    audience = policy.audiences.get(recipient.audience)
    if audience is None or audience.digest is None or audience.name == OPERATIONS:
        return None
    return audience


def waits_for_digest(evaluated: EvaluatedClocks, alert: Alert) -> bool:
    """Whether the alert is to come in a digest, now or later."""
    audience = paced(evaluated.evaluation.policy, alert.recipient)
    if audience is None:
        return False
    return not _happening(evaluated, alert).comes_at_once(audience)


def will_wait_for_digest(
    evaluation: EvaluationContext, upcoming: UpcomingLevel, recipient: Recipient
) -> bool:
    """The same of a level that is still to come, if nothing else happens before."""
    audience = paced(evaluation.policy, recipient)
    if audience is None:
        return False
    return not _happening_then(evaluation, upcoming, recipient).comes_at_once(audience)


# ------------------------------------------------------------------ what is due


def _happening(evaluated: EvaluatedClocks, alert: Alert) -> Happening:
    evaluation = evaluated.evaluation
    climbed = evaluated.climbs.get(alert.clock_key)
    if climbed is None:
        is_promise = alert.clock == Metric.PROMISE.value
        return Happening(alert.clock, alert.urgent, False, False, is_promise)
    clock, recipient = climbed.clock, alert.recipient
    last = evaluation.notifications.last(clock, recipient)
    is_news = last is None or last.level < alert.level
    is_breach = is_news and _is_of_breach(clock, alert.level) and clock.breached(evaluation.now)
    return Happening(
        clock=alert.clock,
        is_urgent=alert.urgent,
        is_news=is_news,
        is_breach=is_breach and not _knows_of_breach(evaluation, clock, recipient),
        is_broken=_is_broken(evaluated, alert, clock, last),
    )


def _is_of_breach(clock: Clock, level: int) -> bool:
    """Whether it is a level of a target, at its breach or above."""
    return clock.metric in TARGETS and isinstance(_trigger(clock, level), After)


def _trigger(clock: Clock, level: int) -> Trigger:
    """Of the level, or of the last where the ladder was longer when somebody was notified."""
    levels = clock.ladder.levels
    return levels[min(level, len(levels) - 1)].trigger


def _knows_of_breach(evaluation: EvaluationContext, clock: Clock, recipient: Recipient) -> bool:
    """Whether the recipient was notified of the breach, in this cycle or before a reopening."""
    for last in _notified(evaluation, clock, recipient):
        since_breach = clock.breach_at is not None and last.at >= clock.breach_at
        if since_breach and _is_of_breach(clock, last.level):
            return True
    return False


def _notified(
    evaluation: EvaluationContext, clock: Clock, recipient: Recipient
) -> Iterator[LastNotified]:
    """Of the clock; where the breach of one cycle is that of the others, of all of them."""
    last = evaluation.notifications.last(clock, recipient)
    if last is not None:
        yield last
    if clock.metric in EXCHANGES:
        return
    cycles = evaluation.notifications.of(clock.subject).get(clock.metric.value, {})
    for notified in cycles.values():
        if recipient.key in notified:
            yield notified[recipient.key]


def _is_broken(
    evaluated: EvaluatedClocks, alert: Alert, clock: Clock, last: LastNotified | None
) -> bool:
    """Whether a promise that was broken since the recipient was last notified makes it due."""
    notified_at = 0 if last is None else last.at
    for promise in evaluated.broken_of(clock):
        if promise.until <= notified_at:
            continue
        is_repetition = last is not None and last.level == alert.level
        if is_repetition or promise.until in _instants(evaluated, alert, clock, last):
            return True
    return False


def _instants(
    evaluated: EvaluatedClocks, alert: Alert, clock: Clock, last: LastNotified | None
) -> set[int | None]:
    """When the levels for the recipient came due of which it was not notified. Somebody who stands
    in for others is notified of the highest.
    """
    addressing = evaluated.evaluation.addressing
    lowest = 0 if last is None else last.level + 1
    own = set()
    for number in range(lowest, alert.level + 1):
        level = clock.ladder.levels[number]
        if alert.recipient in addressing.recipients(level, clock):
            own.add(clock.levels[number])
    return own or {clock.levels[alert.level]}


# ------------------------------------------------------------------ what is to come


def _happening_then(
    evaluation: EvaluationContext, upcoming: UpcomingLevel, recipient: Recipient
) -> Happening:
    clock, number = upcoming.clock, upcoming.number
    last = evaluation.notifications.last(clock, recipient)
    is_news = last is None or last.level < number
    is_breach = is_news and _is_of_breach(clock, number)
    return Happening(
        clock=clock.metric.value,
        is_urgent=upcoming.level.urgent,
        is_news=is_news,
        is_breach=is_breach and not _will_know(evaluation, upcoming, recipient),
        is_broken=upcoming.is_broken or clock.metric is Metric.PROMISE,
    )


def _will_know(
    evaluation: EvaluationContext, upcoming: UpcomingLevel, recipient: Recipient
) -> bool:
    """Whether the recipient knows of the breach, or will by a level below this one."""
    clock = upcoming.clock
    if _knows_of_breach(evaluation, clock, recipient):
        return True
    for number in range(upcoming.number):
        level = clock.ladder.levels[number]
        if not _is_of_breach(clock, number) or recipient.audience not in level.tell:
            continue
        if clock.levels[number] is not None:
            return True
    return False
