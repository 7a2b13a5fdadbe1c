"""Clocks that no target and no signal of the policy asks for: the age of a matter, and a pause that
lasted too long.
"""

from __future__ import annotations

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.pauses import Overrun
from sla_watchdog.domain.policy.model import Age, Ladder, Level, Metric, Open, Policy
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.spans import Span
from sla_watchdog.domain.time.instants import earliest


def age_clock(matter: LinkedTickets, policy: Policy) -> Clock:
    """The matter's age: wall time from the earliest creation, which no pause, priority or calendar
    stops (semantics B6).
    """
    start, stopped = matter.created_at, matter.ended_at
    triggers = [level.trigger for level in policy.ceilings.levels]
    levels = tuple(start + trigger.seconds for trigger in triggers if isinstance(trigger, Age))
    first = levels[0]
    ended_before = stopped is not None and stopped < first
    return Clock(
        subject=matter.id,
        metric=Metric.AGE,
        cycle=1,
        rule="ceilings",
        target=first - start,
        calendar="",
        ladder=policy.ceilings,
        started_at=start,
        running=(Span(start, stopped, "open"),),
        due_at=first,
        breach_at=None if ended_before else first,
        stopped_at=stopped,
        levels=levels,
    )


def pause_clock(clock: Clock, number: int, overrun: Overrun, policy: Policy) -> Clock:
    """The alert that a pause lasted too long and the clock runs on; to the clock's own first level
    unless the policy names others.
    """
    tell = policy.pauses.tell or clock.ladder.levels[0].tell
    stopped = earliest(overrun.end, clock.stopped_at)
    return Clock(
        subject=clock.subject,
        metric=Metric.PAUSE,
        cycle=number,
        rule=clock.rule,
        target=overrun.limit,
        calendar=clock.calendar,
        ladder=Ladder("pauses", (Level(Open(overrun.limit), tell),)),
        started_at=overrun.at,
        running=(Span(overrun.at, stopped, "open"),),
        due_at=overrun.at,
        breach_at=overrun.at,
        stopped_at=stopped,
        levels=(overrun.at,),
    )
