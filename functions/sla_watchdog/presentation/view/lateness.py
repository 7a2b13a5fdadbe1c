"""Why a clock is late, and which deadline was missed: the limit may have changed since, or may
itself have made it late.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.rules_in_force import rule_changes
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.policy.model import TARGETS, Policy
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.years import TimeOutOfRange

A_TICK = 120
"""Seconds by which a breach may be recorded late: a deploy just after it counts it as its own."""


class Cause(StrEnum):
    """What made the breach: the deadline itself, an earlier limit, or a change that made it late at
    once.
    """

    DEADLINE = "deadline"
    EARLIER_LIMIT = "earlier limit"
    CHANGE = "change"


def cause(clock: Clock, case: Case, policy: Policy, tickets: Iterable[Ticket]) -> Cause:
    """DEADLINE also where nothing was breached."""
    if clock.breach_at is None or clock.timeline is None or clock.metric not in TARGETS:
        return Cause.DEADLINE
    own = own_breach(clock)
    if own is not None and own <= clock.breach_at <= own + A_TICK:
        return Cause.DEADLINE
    if clock.breach_at in _changes(clock, case, policy, tickets):
        return Cause.CHANGE
    return Cause.EARLIER_LIMIT


def seconds_late(clock: Clock, now: int) -> int | None:
    """Of wall time since the breach, or since the deadline where there is none; negative before
    it. None without a deadline.
    """
    if clock.breach_at is not None:
        return now - (clock.breach_at - 1)  # the breach is the first second too late
    if clock.due_at is None:
        return None
    return now - clock.due_at


def own_breach(clock: Clock) -> int | None:
    """The first instant too late by the limit of now."""
    if clock.due_field:
        return _breach_of_deadline(clock)
    if clock.timeline is None:
        return clock.breach_at
    return clock.timeline.reaches(clock.target + 1)


def _breach_of_deadline(clock: Clock) -> int | None:
    """Of a clock whose deadline another system sets."""
    if clock.due_at is None:
        return None
    return max(clock.due_at + 1, clock.started_at)


def _changes(clock: Clock, case: Case, policy: Policy, tickets: Iterable[Ticket]) -> set[int]:
    """When its limit changed, as far as that is known. Of the edits of the policy only the last one
    is.
    """
    changes = rule_changes(clock.subject, case.facts, policy)
    for ticket in tickets:
        if ticket.id == clock.subject:
            changes.update(since for since, _ in ticket.others)
    if clock.due_field:
        later = case.facts.changes(clock.subject, clock.due_field)[1:]
        changes |= {fact.at for fact in later}
    if case.edited_at is None:
        return changes
    return changes | {case.edited_at}


def missed_deadline(clock: Clock, why: Cause, policy: Policy) -> int | None:
    """The deadline that was missed; of a clock that is not breached, the one to come.

    None where none was missed: a change made it late at once.
    """
    if clock.breach_at is None or why is Cause.DEADLINE:
        return clock.due_at
    if why is Cause.CHANGE:
        return None
    own = own_breach(clock)
    if own is not None and own < clock.breach_at:
        return None
    return _last_in_time(clock, clock.breach_at, policy)


def _last_in_time(clock: Clock, breach_at: int, policy: Policy) -> int:
    """The earliest instant with as much open time as the second before the breach: closing, not the
    next opening.
    """
    before = breach_at - 1
    if clock.due_field:
        return before
    calendar = policy.calendars[clock.calendar]
    try:
        was_open = calendar.between(before, breach_at) == 1
        if not was_open:
            return before
        return calendar.add(calendar.subtract(breach_at, 2), 1)
    except (NoWorkingTime, TimeOutOfRange):
        return before
