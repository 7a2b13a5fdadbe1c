"""What happened in a matter, over all its tickets: progress, and the events that signals count."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field, frozen

from sla_watchdog.domain.clocks.answerers import first_answers
from sla_watchdog.domain.clocks.coming_back import askings
from sla_watchdog.domain.clocks.ownership import is_named
from sla_watchdog.domain.clocks.progress import TicketProgress
from sla_watchdog.domain.policy.model import REPORTED, Metric, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.reopenings import lasting_reopenings
from sla_watchdog.domain.tickets.ticket import Ticket


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
        progress = TicketProgress(self.facts, self.policy)
        instants: set[int] = set()
        for ticket in self.matter.tickets:
            instants.update(progress.of(ticket))
        return tuple(sorted(instants))

    @property
    def idle_since(self) -> int:
        """The last progress; a reopening after an end that lasted begins anew, and so does the
        creation.

        How a ticket stood when it was first seen, late, is no progress: nobody knows since when.
        """
        progress = TicketProgress(self.facts, self.policy)
        latest = self.matter.created_at
        for ticket in self.matter.tickets:
            latest = max([latest, *lasting_reopenings(ticket)])
            first_look = progress.first_look(ticket)
            for at in progress.of(ticket):
                if at != first_look:
                    latest = max(latest, at)
        return latest

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
            case Metric.AGAIN:
                return list(self.asked[1:])
            case Metric.ANSWERERS:
                return first_answers(self.matter, self.facts, self.policy)
            case _:
                return self._bounces

    @property
    def asked(self) -> tuple[int, ...]:
        """When the customer asked: the first time, and each coming back."""
        return askings(self.matter, self.facts)

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
        """When a team or an owner took over from another. If both change on one ticket at once,
        that is one handover.
        """
        instants: list[int] = []
        for ticket in self.matter.tickets:
            teams = self.facts.changes(ticket.id, "team")[1:]
            owners = self._owners(ticket)[1:]
            instants += {fact.at for fact in (*teams, *owners) if fact.value}
        return sorted(instants)

    def _owners(self, ticket: Ticket) -> list[Fact]:
        """One after another; nobody is none of them."""
        changes = self.facts.changes(ticket.id, "assignee")
        return [fact for fact in changes if is_named(fact, self.policy)]

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


def _number(report: Fact) -> int:
    """What a record counted; 0 where that is no number, or absurd."""
    text = str(report.value)
    is_number = text.isascii() and text.isdigit()
    if not is_number or len(text) >= 10:
        return 0
    return int(text)
