"""What a person must mend about the tickets of a case together: merges that leave nobody
responsible, and deadlines after the last known holiday.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.data_problems import (
    BeyondHolidays,
    MergedInCircle,
    MergedIntoEnded,
    MergedIntoItself,
    MergedIntoUnseen,
)
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.policy.model import TARGETS, Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.merges import merges
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.seconds import DAY


def of_merges(tickets: Iterable[Ticket], facts: Facts) -> Iterator[Finding]:
    """Merged into a ticket that was over by then, or is deleted: it counts as open, or nobody would
    be responsible.
    """
    by_name = {ticket.id: ticket for ticket in tickets}
    for ticket in by_name.values():
        into = facts.latest(ticket.id, "merged_into")
        survivor = by_name.get(str(into))
        if survivor is None or survivor.unresolved:
            continue
        if ticket.unresolved:
            times = len(facts.changes(ticket.id, "merged_into"))
            yield Finding(ticket.id, "merged_into", MergedIntoEnded(survivor.id), times)


def in_circles(facts: Facts, unseen: frozenset[str]) -> Iterator[Finding]:
    """Tickets merged into each other, or into an `unseen` one: nobody would be responsible."""
    _, circular = merges(facts)
    for name in sorted(circular):
        survivor = str(facts.latest(name, "merged_into"))
        yield Finding(name, "merged_into", MergedInCircle(survivor))
    for name in facts.tickets():
        survivor = str(facts.latest(name, "merged_into"))
        if survivor == name:
            yield Finding(name, "merged_into", MergedIntoItself())
        elif survivor in unseen:
            yield Finding(name, "merged_into", MergedIntoUnseen(survivor))


def beyond_holidays(clocks: Iterable[Clock], policy: Policy) -> Iterator[Finding]:
    """A deadline after the last holiday that its calendar knows may be wrong (semantics A7).

    One finding for the case is enough.
    """
    for clock in clocks:
        if not _holidays_move(clock) or clock.due_at is None:
            continue
        last = _last_year_listed(clock.calendar, clock.due_at, policy)
        if last is not None:
            yield Finding(clock.subject, "holidays", BeyondHolidays(last, clock.calendar))
            return


def _holidays_move(clock: Clock) -> bool:
    """Whether a holiday can move its deadline. No holiday moves a deadline set by another system,
    or that of a clock that has stopped.
    """
    return clock.metric in TARGETS and not clock.due_field and clock.stopped_at is None


def _last_year_listed(name: str, due_at: int, policy: Policy) -> int | None:
    """The last year whose holidays the calendar lists, where the deadline lies after it; else None.

    A list in the policy file may end early. Nobody can know whether more holidays were meant,
    unless no build could know more.
    """
    if due_at < policy.holidays_end - DAY:  # no zone's new year is further from that of UTC
        return None
    calendar = policy.calendars[name]
    years = {day.year for day in calendar.holidays}
    if not years:
        return None
    last = date.fromisoformat(policy.holidays_until).year
    while last + 1 in years:
        last += 1
    due = datetime.fromtimestamp(due_at, calendar.zone)
    if due.year <= last:
        return None
    return min(last, max(years))
