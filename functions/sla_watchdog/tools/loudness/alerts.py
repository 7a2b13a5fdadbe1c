"""Alerts as they are counted: to whom, of which case, and by which rule of the policy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.tools.simulation.replay import Notification


class Cause(NamedTuple):
    """The rule that made an alert: one level of one clock. `level` counts from 0.

    `repeated` is whether it is one of the level's repetitions. `policy` is empty for what no rule
    asks for: findings, and that it is over.
    """

    policy: str
    clock: str
    level: int
    repeated: bool


class CountedAlert(NamedTuple):
    """`urgent` is whether it waits for nothing, `in_digest` whether it waited for a digest."""

    at: int
    case: str
    cause: Cause
    urgent: bool
    in_digest: bool = False


AlertsByRecipient: TypeAlias = dict[Recipient, list[CountedAlert]]


def counted(notification: Notification) -> CountedAlert:
    alert = notification.alert
    cause = Cause(notification.rule, alert.clock, alert.level, alert.repetition > 0)
    return CountedAlert(
        notification.at, notification.case, cause, alert.urgent, notification.in_digest
    )


def by_recipient(notifications: Iterable[Notification]) -> AlertsByRecipient:
    """Without the copies of urgent alerts for a topic of their own: who gets a copy gets the alert
    too.
    """
    alerts: AlertsByRecipient = defaultdict(list)
    for notification in notifications:
        recipient = notification.alert.recipient
        if not recipient.urgent:
            alerts[recipient].append(counted(notification))
    return dict(alerts)
