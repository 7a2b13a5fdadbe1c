"""The lines of clocks.csv and alerts.csv: one for each clock that ever ran, one for each alert that
was told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.tools.loudness.alerts import AlertsByRecipient, Cause, CountedAlert
from sla_watchdog.tools.simulation.replay import Notification, SimulatedEnding

SHOWN = frozenset({*TARGETS, Metric.AGE})
"""What has a verdict. Signals and pauses that lasted too long have none: they are among the
alerts.
"""


class ClockRow(NamedTuple):
    """`business_seconds` is what counted towards the target (of `age`, wall time), `paused_seconds`
    what did not.
    """

    ticket: str
    case: str
    clock: str
    cycle: int
    policy: str
    started_at: str
    due_at: str
    stopped_at: str
    verdict: str
    business_seconds: int
    paused_seconds: int


class AlertRow(NamedTuple):
    """`level` counts from 1, as in the messages; `audience` names the one of `each: team` or `each:
    assignee` too.
    """

    at: str
    ticket: str
    clock: str
    level: int
    audience: str
    reason: str


class BacktestMessage(NamedTuple):
    """An alert, and what the report asks of it besides: `audience` without its one of each, whether
    it is the copy for urgent topics, how many levels it passed; its second, whether it is a
    repetition, whether it waits for nothing, and whether it waited for a digest.
    """

    row: AlertRow
    case: str
    policy: str
    audience: str
    urgent: bool
    passed: int
    second: int
    repeated: bool
    waits_for_nothing: bool
    in_digest: bool

    @property
    def recipient(self) -> Recipient:
        """Of one that is no copy."""
        return Recipient(self.audience, self.row.audience.partition(":")[2])

    @property
    def counted(self) -> CountedAlert:
        cause = Cause(self.policy, self.row.clock, self.row.level - 1, self.repeated)
        return CountedAlert(self.second, self.case, cause, self.waits_for_nothing, self.in_digest)


def message(notification: Notification) -> BacktestMessage:
    alert = notification.alert
    row = AlertRow(
        utc(notification.at),
        alert.subject,
        alert.clock,
        alert.level + 1,
        alert.recipient.key,
        worded(alert.reason),
    )
    recipient = alert.recipient
    return BacktestMessage(
        row,
        notification.case,
        notification.rule,
        recipient.audience,
        recipient.urgent,
        len(notification.passed),
        notification.at,
        alert.repetition > 0,
        alert.urgent,
        notification.in_digest,
    )


def by_recipient(messages: Iterable[BacktestMessage]) -> AlertsByRecipient:
    """Without the copies for urgent topics."""
    alerts: AlertsByRecipient = defaultdict(list)
    for sent in messages:
        if not sent.urgent:
            alerts[sent.recipient].append(sent.counted)
    return dict(alerts)


def clock_rows(ending: SimulatedEnding, until: int) -> Iterator[tuple[ClockRow, int]]:
    """Each with its target in seconds."""
    verdicts = [(clock, clock.state(until).value) for clock in ending.plan.clocks]
    verdicts += [(unjudged.clock, State.NOT_JUDGED.value) for unjudged in ending.plan.not_judged]
    for clock, verdict in verdicts:
        if clock.metric in SHOWN and clock.started_at <= until:
            row = ClockRow(
                ticket=clock.subject,
                case=ending.case.id,
                clock=clock.metric.value,
                cycle=clock.cycle,
                policy=clock.rule,
                started_at=utc(clock.started_at),
                due_at=utc(clock.due_at),
                stopped_at=utc(clock.stopped_at),
                verdict=verdict,
                business_seconds=clock.elapsed(until),
                paused_seconds=_paused(clock, until),
            )
            yield row, clock.target


def _paused(clock: Clock, until: int) -> int:
    if clock.timeline is None or not clock.paused:
        return 0
    calendar = clock.timeline.calendar
    end = until if clock.stopped_at is None else min(until, clock.stopped_at)
    seconds = 0
    for span in clock.paused:
        stop = end if span.end is None else min(span.end, end)
        if span.start < stop:
            seconds += calendar.between(span.start, stop)
    return seconds


def utc(at: int | None) -> str:
    """ISO 8601 in UTC; empty for None."""
    if at is None:
        return ""
    day, second = divmod(at, DAY)
    return f"{_date(day)}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


@lru_cache(1 << 12)
def _date(day: int) -> str:
    """Of a day counted from 1970-01-01; many rows tell of the same few."""
    return str(date(1970, 1, 1) + timedelta(day))
