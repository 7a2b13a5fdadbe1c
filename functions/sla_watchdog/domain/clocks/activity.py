"""What happened in a matter, over all its tickets: progress, and the events that signals count."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field, frozen

from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.policy.model import REPORTED, Metric, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.tickets.ticket_fields import STATES


@frozen
class TicketActivity:
    """All instants are epoch seconds."""

    matter: LinkedTickets
    facts: Facts
    policy: Policy
    progress: tuple[int, ...] = field(init=False)
    """When anything moved forward, each instant once, oldest first."""

    @progress.default
    def _progressed(self) -> tuple[int, ...]:
        instants: set[int] = set()
        for ticket in self.matter.tickets:
            instants.update(self._progress_of(ticket))
        return tuple(sorted(instants))

    # ------------------------------------------------------------------ progress

    @property
    def idle_since(self) -> int:
        """The last progress; a reopening begins anew, and so does the creation.

        How a ticket stood when it was first seen, late, is no progress: nobody knows since when.
        """
        latest = max([self.matter.created_at, *self.reopenings])
        for ticket in self.matter.tickets:
            first_look = self._first_look(ticket)
            for at in self._progress_of(ticket):
                if at != first_look:
                    latest = max(latest, at)
        return latest

    def _first_look(self, ticket: Ticket) -> int | None:
        """When it was first seen, where that was long after its creation."""
        firsts = []
        for name in STATES:
            series = self.facts.of_field(ticket.id, name)
            if series:
                firsts.append(series[0].at)
        if not firsts or min(firsts) != ticket.unknown_until:
            return None
        return ticket.unknown_until

    def _progress_of(self, ticket: Ticket) -> Iterator[int]:
        """A named owner took it, its status moved forward, or it was resolved; a promise of
        progress is none.
        """
        for fact in self.facts.changes(ticket.id, "assignee"):
            if is_named(fact, self.policy):
                yield fact.at
        yield from self._moved_forward(ticket)

    def _moved_forward(self, ticket: Ticket) -> Iterator[int]:
        """Into a group further down the list than any since it was created or reopened, unless it
        pauses there.
        """
        order = {group: place for place, group in enumerate(self.policy.groups)}
        pausing = self._pausing(ticket)
        reopenings = frozenset(ticket.reopenings)
        furthest = -1
        for span in ticket.spans:
            place = order.get(span.group, -1)
            if span.start in reopenings:
                furthest = place
            elif place > furthest and span.group not in pausing:
                if furthest >= 0:
                    yield span.start
                furthest = place

    def _pausing(self, ticket: Ticket) -> frozenset[str]:
        rule = rule_at(ticket.id, self.facts, self.policy, ticket.created_at)
        groups: set[str] = set()
        for target in rule.targets:
            groups |= target.pauses_in
        return frozenset(groups)

    # ------------------------------------------------------------------ events that are counted

    def count(self, metric: Metric) -> int:
        """How many events there were: as many as were seen, or as a record itself reports, if that
        is more.
        """
        most = len(self.instants(metric))
        for ticket in self.matter.tickets:
            for fact in self._reports(ticket, metric):
                most = max(most, _number(fact))
        return most

    def nth(self, metric: Metric, number: int) -> int | None:
        """When the n-th event happened, by what was seen, or by the count that a record itself
        keeps, whichever came first; None where it has not.
        """
        instants = self.instants(metric)
        candidates = instants[number - 1 : number]
        for ticket in self.matter.tickets:
            for report in self._reports(ticket, metric):
                if _number(report) >= number:
                    candidates.append(report.at)
                    break
        return min(candidates, default=None)

    def _reports(self, ticket: Ticket, metric: Metric) -> tuple[Fact, ...]:
        """What the ticket's own record counted, oldest first."""
        if metric not in REPORTED:
            return ()
        return self.facts.of_field(ticket.id, REPORTED[metric])

    def instants(self, metric: Metric) -> list[int]:
        """When those events happened that were seen, oldest first."""
        match metric:
            case Metric.REOPENED:
                return self.reopenings
            case Metric.TOUCHES:
                return self._touches
            case Metric.REASSIGNED:
                return self._handovers
            case _:
                return self._bounces

    @property
    def reopenings(self) -> list[int]:
        instants: list[int] = []
        for ticket in self.matter.tickets:
            instants += ticket.reopenings
        return sorted(instants)

    @property
    def _touches(self) -> list[int]:
        idle_since = self.idle_since
        touches: list[int] = []
        for ticket in self.matter.tickets:
            touches += [at for at in ticket.answered if at > idle_since]
        return sorted(touches)

    @property
    def _handovers(self) -> list[int]:
        """Changes of team or of assignee where somebody else had it before; of one ticket, both at
        once are one.
        """
        instants: list[int] = []
        for ticket in self.matter.tickets:
            teams = self.facts.changes(ticket.id, "team")[1:]
            assignees = self.facts.changes(ticket.id, "assignee")[1:]
            instants += {fact.at for fact in (*teams, *assignees) if fact.value}
        return sorted(instants)

    @property
    def _bounces(self) -> list[int]:
        bounces: list[int] = []
        for ticket in self.matter.tickets:
            bounces += self._bounced(ticket)
        return sorted(bounces)

    def _bounced(self, ticket: Ticket) -> Iterator[int]:
        """Back to a team that had had it."""
        had: set[str] = set()
        for fact in self.facts.changes(ticket.id, "team"):
            team = str(fact.value).casefold()
            if team in had:
                yield fact.at
            if team:
                had.add(team)


def is_named(assignee: Fact, policy: Policy) -> bool:
    """Whether the owner is a person, not a queue that several share."""
    owner = str(assignee.value)
    return bool(owner) and owner.casefold() not in policy.shared


def _number(report: Fact) -> int:
    """What a record counted; 0 where that is no number, or absurd."""
    text = str(report.value)
    is_number = text.isascii() and text.isdigit()
    if not is_number or len(text) >= 10:
        return 0
    return int(text)
