"""Why a case stands where it stands: each rule, clock, pause and level from the creation on, as
plain values.

The one source of what `explain` prints and of the section WHY in an e-mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.coming_back import askings, times_ended
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.clocks.ownership import owner_of
from sla_watchdog.domain.clocks.promises import Promise, promises
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.escalation.upcoming import UpcomingNotification
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.links import as_written
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.tickets.ticket_fields import LINKS
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.years import TimeOutOfRange
from sla_watchdog.presentation.view.explained_clock import (
    Explained,
    explained,
    is_of_ticket,
    not_judged,
)
from sla_watchdog.presentation.view.rulings import Ruling, rulings


@frozen
class TicketExplained:
    """`links` are (field, name); `absorbed` the tickets that were merged into it."""

    id: str
    subject: str
    status: str
    owner: str
    created_at: int
    ended_at: int | None
    unknown_until: int | None
    rulings: tuple[Ruling, ...]
    clocks: tuple[Explained, ...]
    links: tuple[tuple[str, str], ...]
    absorbed: tuple[str, ...]


@frozen
class MatterExplained:
    """The tickets that are one matter; `earlier` is the ticket of an old one that it followed too
    late to belong to.
    """

    id: str
    created_at: int
    ended_at: int | None
    earlier: str
    promises: tuple[Promise, ...]
    clocks: tuple[Explained, ...]
    tickets: tuple[TicketExplained, ...]
    requests: tuple[int, ...] = ()
    """When the customer asked: the first time, and each coming back."""
    ended: int = 0
    """How often a ticket was resolved or closed."""


@frozen
class Explanation:
    """`pending_links` are names that the case is linked to and of which no ticket is known."""

    case: str
    at: int
    zone: str
    matters: tuple[MatterExplained, ...]
    upcoming: tuple[UpcomingNotification, ...]
    findings: tuple[Finding, ...]
    pending_links: tuple[str, ...]


def explanation(case: Case, plan: Plan, policy: Policy, now: int) -> Explanation:
    """`plan` must be the judgement of `case` under `policy` at `now`."""
    names = (*plan.pending_links, *case.members)
    pending_links = {as_written(name) for name in names}
    return Explanation(
        case=case.id,
        at=now,
        zone=zone_of(plan.clocks, policy),
        matters=tuple(_Explaining(case, plan, policy, now).matters()),
        upcoming=plan.upcoming,
        findings=plan.findings,
        pending_links=tuple(sorted(pending_links)),
    )


def zone_of(clocks: Iterable[Clock], policy: Policy) -> str:
    """Of the calendar of the first of them that has one."""
    for clock in clocks:
        if clock.calendar:
            return policy.calendars[clock.calendar].timezone
    return "UTC"


def promised(matter: LinkedTickets, facts: Facts, policy: Policy) -> tuple[Promise, ...]:
    """What was promised about it; nothing where that cannot be judged, of which a finding tells."""
    try:
        return promises(matter, facts, policy)
    except (NoWorkingTime, TimeOutOfRange):
        return ()


@frozen
class _Explaining:
    case: Case
    plan: Plan
    policy: Policy
    now: int

    def matters(self) -> Iterator[MatterExplained]:
        for matter in self.plan.matters:
            yield MatterExplained(
                id=matter.id,
                created_at=matter.created_at,
                ended_at=matter.ended_at,
                earlier=matter.earlier,
                promises=promised(matter, self.case.facts, self.policy),
                clocks=tuple(self._clocks(matter.id, of_ticket=False)),
                tickets=tuple(self._tickets(matter.ticket_ids)),
                requests=askings(matter, self.case.facts),
                ended=times_ended(matter),
            )

    def _tickets(self, of_matter: frozenset[str]) -> Iterator[TicketExplained]:
        for ticket in self.plan.tickets:
            if ticket.id in of_matter:
                yield self._ticket(ticket)

    def _ticket(self, ticket: Ticket) -> TicketExplained:
        facts = self.case.facts
        return TicketExplained(
            id=ticket.id,
            subject=str(facts.latest(ticket.id, "subject")),
            status=str(facts.latest(ticket.id, "status")),
            owner=owner_of(ticket.id, facts, self.policy),
            created_at=ticket.created_at,
            ended_at=ticket.ended_at,
            unknown_until=ticket.unknown_until,
            rulings=rulings(ticket, facts, self.policy),
            clocks=tuple(self._clocks(ticket.id, of_ticket=True)),
            links=tuple(self._links(ticket)),
            absorbed=tuple(merged.id for merged in ticket.absorbed),
        )

    def _links(self, ticket: Ticket) -> Iterator[tuple[str, str]]:
        for field in LINKS:
            name = str(self.case.facts.latest(ticket.id, field))
            if name:
                yield field, name

    def _clocks(self, subject: str, of_ticket: bool) -> Iterator[Explained]:
        """A matter and its oldest ticket have one name, so that says not enough."""
        for clock in self.plan.clocks:
            if clock.subject == subject and is_of_ticket(clock) is of_ticket:
                yield explained(clock, self.case, self.plan, self.policy, self.now)
        for unjudged in self.plan.not_judged:
            clock = unjudged.clock
            if clock.subject == subject and is_of_ticket(clock) is of_ticket:
                yield not_judged(unjudged, self.case, self.plan, self.policy, self.now)
