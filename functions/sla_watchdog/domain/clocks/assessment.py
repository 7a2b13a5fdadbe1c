"""The tickets, clocks and findings that the facts of a case come to under a policy, at any time.

Whatever needs a `now`, or depends on who was notified before, is in
`sla_watchdog.domain.escalation.plan`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import define, field, frozen

from sla_watchdog.domain.clocks import findings, findings_of_case
from sla_watchdog.domain.clocks.case_clocks import age_clock, pause_clock
from sla_watchdog.domain.clocks.clock import Clock, Recorded
from sla_watchdog.domain.clocks.data_problems import AsWritten
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.clocks.pauses import Overrun
from sla_watchdog.domain.clocks.promises import Promise, promises
from sla_watchdog.domain.clocks.shared_rules import tickets_in, with_shared_rules
from sla_watchdog.domain.clocks.signals import signals
from sla_watchdog.domain.clocks.targets import clocks
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets, matters
from sla_watchdog.domain.tickets.links import linked_names
from sla_watchdog.domain.tickets.merges import tickets_of
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.years import TimeOutOfRange


@frozen
class Assessment:
    tickets: tuple[Ticket, ...]
    matters: tuple[LinkedTickets, ...]
    clocks: tuple[Clock, ...]
    findings: tuple[Finding, ...]
    promises: Mapping[str, tuple[Promise, ...]]
    """By ticket."""
    linked_names: frozenset[str]
    """Those that any ticket of the case was ever linked to."""


def assess(
    facts: Facts,
    policy: Policy,
    recorded: Recorded | None = None,
    unseen: frozenset[str] = frozenset(),
    whole: bool = False,
) -> Assessment:
    """Pure, and never fails on a fact. With `whole`, exchanges that are over are among the clocks.

    `unseen` are names linked to the case of which no ticket was seen.
    """
    matters_of_case = matters(tickets_of(facts, policy), facts, policy)
    matters_of_case = with_shared_rules(matters_of_case, facts, policy)
    tickets = tickets_in(matters_of_case)
    work = _Assessing(facts, policy, recorded or Recorded(), whole)
    for ticket in tickets:
        work.add_ticket(ticket)
    for matter in matters_of_case:
        work.add_matter(matter)
    names = linked_names(facts)
    if names or len(tickets) > 1:
        work.add_merges(tickets, unseen)
    work.findings += findings_of_case.beyond_holidays(work.clocks, policy)
    return Assessment(
        tickets=tickets,
        matters=matters_of_case,
        clocks=tuple(work.clocks),
        findings=tuple(work.findings),
        promises=work.promises,
        linked_names=names,
    )


@define
class _Assessing:
    """Takes in the tickets of a case, then its matters."""

    facts: Facts
    policy: Policy
    recorded: Recorded
    whole: bool
    clocks: list[Clock] = field(factory=list)
    findings: list[Finding] = field(factory=list)
    promises: dict[str, tuple[Promise, ...]] = field(factory=dict)

    def add_ticket(self, ticket: Ticket) -> None:
        self.findings += findings.of_ticket(ticket, self.facts, self.policy)
        try:
            evaluated = clocks(ticket, self.facts, self.policy, self.recorded, self.whole)
        except (NoWorkingTime, TimeOutOfRange) as error:
            self._add_problem(ticket.id, error)
            return
        self.clocks += evaluated.clocks
        self.clocks += self._overruns(evaluated.overruns)

    def _overruns(self, overruns: Mapping[int, tuple[Clock, Overrun]]) -> Iterator[Clock]:
        """One clock for every pause of the ticket that lasted too long, however many clocks that
        pause held.
        """
        for number, (clock, overrun) in overruns.items():
            yield pause_clock(clock, number, overrun, self.policy)

    def add_matter(self, matter: LinkedTickets) -> None:
        self.clocks.append(age_clock(matter, self.policy))
        try:
            self.clocks += signals(matter, self.facts, self.policy)
            made = promises(matter, self.facts, self.policy)
        except (NoWorkingTime, TimeOutOfRange) as error:
            self._add_problem(matter.id, error)
            return
        if made:
            self.promises.update((ticket.id, made) for ticket in matter.tickets)

    def _add_problem(self, subject: str, error: NoWorkingTime | TimeOutOfRange) -> None:
        problem = AsWritten(str(error))
        self.findings.append(Finding(subject, "calendar", problem))

    def add_merges(self, tickets: tuple[Ticket, ...], unseen: frozenset[str]) -> None:
        self.findings += findings_of_case.in_circles(self.facts, unseen)
        self.findings += findings_of_case.of_merges(tickets, self.facts)
