"""How loud the next days will be, where only the present state is known: of the cases that are
open, if nothing happens to them. New tickets come on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.tools.loudness.alerts import by_recipient
from sla_watchdog.tools.loudness.days import Days
from sla_watchdog.tools.loudness.loads import Loudness, loudness
from sla_watchdog.tools.simulation.replay import Notification, notifications_until

AHEAD = 7
"""Days that are looked ahead."""


@frozen
class Foresight:
    """From which instant on, under which policy, and what is held back. `goes_live` is whether mode
    live begins now: then what is due by now reaches everybody as one message.
    """

    policy: Policy
    now: int
    context: Context
    goes_live: bool = False

    def loudness(self, cases: Iterable[Case]) -> Loudness:
        """Of the next days, each 24 hours long."""
        days = Days.ahead(self.now, AHEAD)
        alerts = by_recipient(self._notifications(cases))
        together_at = self.now if self.goes_live else None
        return loudness(alerts, self.policy, days, together_at)

    def _notifications(self, cases: Iterable[Case]) -> Iterator[Notification]:
        until = self.now + AHEAD * DAY - 1
        for case in cases:
            yield from notifications_until(case, self.policy, self.now, until, self.context)
