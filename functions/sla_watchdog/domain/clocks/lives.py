"""From when to when the clocks of one metric ran on a ticket."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from sla_watchdog.domain.clocks.exchanges import Period, exchanges, updates
from sla_watchdog.domain.clocks.limits import InForce, latest_limited
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.tickets.first_request import first_request
from sla_watchdog.domain.tickets.spans import stretches
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.instants import earliest

RESOLUTIONS = frozenset({Metric.FIRST_RESOLUTION, Metric.RESOLUTION})


@frozen
class Life:
    """From when to when one clock ran. `since` is later than its `start` where what waited since
    then was left unanswered by an end: that much of it was an exchange of its own.
    """

    cycle: int
    start: int
    stop: int | None
    since: int


@frozen
class MetricOnTicket:
    """One metric of one ticket, with the limits that were in force for it."""

    ticket: Ticket
    metric: Metric
    periods: tuple[InForce, ...]

    @property
    def latest(self) -> InForce:
        """The latest period with a limit: the one in force, unless the present rule has none."""
        period = latest_limited(self.periods)
        if period is None:
            raise ValueError(f"no rule has a limit for {self.metric}")
        return period

    @property
    def was_born_over(self) -> bool:
        """Whether it was over from the beginning and never anything else (semantics C4)."""
        ticket = self.ticket
        return len(ticket.spans) == 1 and ticket.group in self.latest.stops

    def lives(self) -> Iterator[Life]:
        """One for each clock, oldest first."""
        last_stop: int | None = None
        for cycle, (start, stop) in enumerate(self._spells(), 1):
            since = start if last_stop is None else max(start, last_stop)
            yield Life(cycle, start, stop, since)
            last_stop = stop

    def _spells(self) -> list[Period]:
        stops = self.latest.stops
        match self.metric:
            case Metric.FIRST_RESPONSE:
                return self._first_response(stops)
            case Metric.FIRST_RESOLUTION | Metric.RESOLUTION:
                return [(self.ticket.created_at, self._resolved()[0])]
            case Metric.NEXT_RESPONSE:
                return exchanges(self.ticket, stops)
            case _:
                return updates(self.ticket, self.ticket.since(stops))

    def _first_response(self, stops: frozenset[str]) -> list[Period]:
        """From the creation; for a ticket that the desk opened, from the customer's first message
        (semantics B2).
        """
        ticket = self.ticket
        start, answered = first_request(ticket)
        if ticket.by_agent:
            if not ticket.asked:
                return []
            start = ticket.asked[0]
            answered = next((at for at in ticket.answered if at >= start), None)
        ends = (at for at, _ in stretches(ticket.spans, stops) if at >= start)
        ended = next(ends, None)
        return [(start, earliest(answered, ended, ticket.left_at))]

    @property
    def stopped_by(self) -> InForce:
        """The period whose rule ends the clock."""
        return self._resolved()[1] if self.metric in RESOLUTIONS else self.latest

    def _resolved(self) -> tuple[int | None, InForce]:
        """When a resolution ended, the first or the one that lasts, and by which rule: the one in
        force when it came, or that found it over when it came into force.
        """
        for period in self.periods:
            at = self._resolved_under(period)
            if at is not None:
                return earliest(at, self.ticket.left_at), period
        return self.ticket.left_at, self.latest

    def _resolved_under(self, period: InForce) -> int | None:
        for start, end in stretches(self.ticket.spans, period.stops):
            lasts = end is None
            if not lasts and self.metric is not Metric.FIRST_RESOLUTION:
                continue
            was_over_in_it = end is None or end > period.since or start >= period.since
            if was_over_in_it and period.covers(start):
                return start
        return None

    def first_resolved(self, period: InForce) -> int | None:
        """When the rule of `period` would have ended a first resolution."""
        for start, _ in stretches(self.ticket.spans, period.stops):
            return earliest(start, self.ticket.left_at)
        return self.ticket.left_at
