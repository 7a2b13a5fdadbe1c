"""The budget of one recipient for one case: after a message the next waits, longer each time, and
what waited comes in one (semantics E12).

News waits for nothing: what is worse than all that the recipient was told in this run, a promise
that was broken, a level that has not told them yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen

from sla_watchdog.domain.clocks.clock_key import METRICS
from sla_watchdog.domain.escalation.case import (
    NOTIFIED,
    Alert,
    MessageRun,
    Outcome,
    Recipient,
    Severity,
)
from sla_watchdog.domain.escalation.evaluated_clocks import EvaluatedClocks
from sla_watchdog.domain.escalation.levels import Climb
from sla_watchdog.domain.time.seconds import DAY

GAPS = (15 * 60, 3600, 4 * 3600)
"""Seconds from the first message of a run to the second, from that to the third, and from then on.
"""

RUN_ENDS_AFTER = DAY
"""Seconds without a message after which the next is a first one again."""

TICK = 60
"""Seconds by which a message may come later than it was due: reminders at their own pace do not
fall behind for it.
"""

_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


def is_counted(alert: Alert) -> bool:
    """Good news and findings are free."""
    return alert.clock in METRICS


def worse(severity: Severity, other: Severity) -> bool:
    return _RANKS[severity] > _RANKS[other]


# ------------------------------------------------------------------ what is held


@frozen
class Budget:
    """Of every recipient of a case, at the time of the judgement."""

    evaluated: EvaluatedClocks

    def held(self, due: Iterable[Alert]) -> Mapping[Recipient, int]:
        """Until when what is `due` waits, by recipient. What is news takes the rest with it."""
        free_at: dict[Recipient, int] = {}
        for alert in filter(is_counted, due):
            at = self.free_at(alert)
            recipient = alert.recipient
            free_at[recipient] = min(at, free_at.get(recipient, at))
        now = self.evaluated.evaluation.now
        return {recipient: at for recipient, at in free_at.items() if at > now}

    def free_at(self, alert: Alert) -> int:
        """From when on the alert may be sent: 0 where nothing holds it."""
        run = self.run_of(alert.recipient)
        if run is None or self._is_news(alert, run):
            return 0
        return run.at + self._gap(alert, run)

    def run_of(self, recipient: Recipient) -> MessageRun | None:
        """None where the next message is a first one."""
        evaluation = self.evaluated.evaluation
        run = evaluation.case.message_runs.get(recipient.key)
        if run is None or _is_over(run, evaluation.now):
            return None
        return run

    def _gap(self, alert: Alert, run: MessageRun) -> int:
        gap = GAPS[min(run.count, len(GAPS)) - 1]
        written = self._written_gap(alert)
        if written is None:
            return gap
        return min(gap, max(0, written - TICK))

    def _written_gap(self, alert: Alert) -> int | None:
        """The distance of reminders that the policy asks for; None for what is no reminder."""
        climbed = self.evaluated.climbs.get(alert.clock_key)
        if climbed is None or climbed.level != alert.level or not climbed.at_top:
            return None
        repeat = climbed.clock.ladder.levels[alert.level].repeat
        last = self.evaluated.evaluation.notifications.last(climbed.clock, alert.recipient)
        if repeat is None or last is None or last.level != alert.level:
            return None
        number = max(1, climbed.repetition)
        return repeat.offset(number) - repeat.offset(number - 1)

    # -------------------------------------------------------------- what is news

    def _is_news(self, alert: Alert, run: MessageRun) -> bool:
        if worse(alert.severity, run.worst):
            return True
        if self._was_promise_broken(alert.subject, run.at):
            return True
        return not self._has_told(alert, run)

    def _was_promise_broken(self, subject: str, since: int) -> bool:
        """Whether a promise that takes it up was broken later than that."""
        now = self.evaluated.evaluation.now
        for promise in self.evaluated.assessment.promises.get(subject, ()):
            if promise.until > since and promise.takes_up(now):
                return True
        return False

    def _has_told(self, alert: Alert, run: MessageRun) -> bool:
        """Whether the recipient heard of the level, or of a higher one of that ladder, in this run,
        in whichever cycle.
        """
        level = self._own_level(alert)
        notifications = self.evaluated.evaluation.notifications
        cycles = notifications.of(alert.subject).get(alert.clock, {})
        for notified in cycles.values():
            last = notified.get(alert.recipient.key)
            if last is None or last.outcome not in NOTIFIED:
                continue
            if last.at >= run.since and last.level >= level:
                return True
        return False

    def _own_level(self, alert: Alert) -> int:
        """The highest level up to that of the alert that tells its recipient."""
        climbed = self.evaluated.climbs.get(alert.clock_key)
        if climbed is None:
            return alert.level
        return self._highest_telling(alert.recipient, climbed)

    def _highest_telling(self, recipient: Recipient, climbed: Climb) -> int:
        addressing = self.evaluated.evaluation.addressing
        for number in range(climbed.level, -1, -1):
            level = climbed.clock.ladder.levels[number]
            if recipient in addressing.recipients(level, climbed.clock):
                return number
        return climbed.level


# ------------------------------------------------------------------ what is counted


def runs_after(
    runs: Mapping[str, MessageRun], alerts: Iterable[Alert], outcome: Outcome, at: int
) -> Mapping[str, MessageRun]:
    """The runs of a case once all of that was sent: one message to each recipient."""
    messages: dict[str, list[Alert]] = {}
    for alert in alerts:
        messages.setdefault(alert.recipient.key, []).append(alert)
    for key, message in messages.items():
        run = _run_after(runs.get(key), message, outcome, at)
        if run is not None:
            runs = _with_run(runs, key, run)
    return runs


def _run_after(
    before: MessageRun | None, alerts: Iterable[Alert], outcome: Outcome, at: int
) -> MessageRun | None:
    """The recipient's run once a message with these alerts ended so; None where that does not
    count.
    """
    counted = list(filter(is_counted, alerts))
    if not counted or outcome not in NOTIFIED:
        return None
    observed = outcome is Outcome.OBSERVED
    worst = _worst(alert.severity for alert in counted)
    if before is None or before.observed is not observed or _is_over(before, at):
        return MessageRun(at, at, 1, worst, observed)
    return MessageRun(
        since=before.since,
        at=max(at, before.at),
        count=before.count + 1,
        worst=_worst([worst, before.worst]),
        observed=observed,
    )


def _with_run(
    runs: Mapping[str, MessageRun], key: str, run: MessageRun
) -> Mapping[str, MessageRun]:
    """The runs of a case with that of one recipient; those that are over are forgotten."""
    lasting = {name: other for name, other in runs.items() if not _is_over(other, run.at)}
    return {**lasting, key: run}


def _is_over(run: MessageRun, now: int) -> bool:
    return now >= run.at + RUN_ENDS_AFTER


def _worst(severities: Iterable[Severity]) -> Severity:
    return max(severities, key=_RANKS.__getitem__)
