"""What the facts of a case come to under a policy, whatever the time is: its tickets, clocks and
findings.

Everything that needs a `now`, or what was told before, is left to
`sla_watchdog.domain.escalation.plan`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import define, field, frozen

from sla_watchdog.domain.clocks import findings, findings_of_case
from sla_watchdog.domain.clocks.case_clocks import age_clock, pause_clock
from sla_watchdog.domain.clocks.clock import Clock, Recorded
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.clocks.pauses import Overrun
from sla_watchdog.domain.clocks.promises import Promise, promises
from sla_watchdog.domain.clocks.signals import signals
from sla_watchdog.domain.clocks.targets import clocks
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets, matters
from sla_watchdog.domain.tickets.links import linked_names
from sla_watchdog.domain.tickets.merges import tickets_of
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.business_time import NoWorkingTime, TimeOutOfRange


@frozen
class Assessment:
    """`promises` are by subject; `linked_names` are the names that any ticket of the case was ever
    linked to.
    """

    tickets: tuple[Ticket, ...]
    matters: tuple[LinkedTickets, ...]
    clocks: tuple[Clock, ...]
    findings: tuple[Finding, ...]
    promises: Mapping[str, tuple[Promise, ...]]
    linked_names: frozenset[str]


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
    tickets = tickets_of(facts, policy)
    work = _Work(facts, policy, recorded or Recorded(), whole)
    for each in tickets:
        work.ticket(each)
    found = matters(tickets, facts, policy)
    for matter in found:
        work.matter(matter)
    names = linked_names(facts)
    if names or len(tickets) > 1:
        work.findings += findings_of_case.in_circles(facts, unseen)
        work.findings += findings_of_case.of_merges(tickets, facts)
    work.findings += findings_of_case.beyond_holidays(work.clocks, policy)
    return Assessment(
        tickets, found, tuple(work.clocks), tuple(work.findings), work.promises, names
    )


@define
class _Work:
    facts: Facts
    policy: Policy
    recorded: Recorded
    whole: bool
    clocks: list[Clock] = field(factory=list)
    findings: list[Finding] = field(factory=list)
    promises: dict[str, tuple[Promise, ...]] = field(factory=dict)

    def ticket(self, each: Ticket) -> None:
        self.findings += findings.of_ticket(each, self.facts, self.policy)
        try:
            evaluated = clocks(each, self.facts, self.policy, self.recorded, self.whole)
        except (NoWorkingTime, TimeOutOfRange) as error:
            self.findings.append(Finding(each.id, "calendar", str(error)))
            return
        self.clocks += evaluated.clocks
        self.clocks += self._overruns(evaluated.overruns)

    def _overruns(self, overruns: Mapping[int, tuple[Clock, Overrun]]) -> Iterator[Clock]:
        """The pauses of one ticket that lasted too long, each told once however many clocks it
        held.
        """
        for number, (clock, overrun) in overruns.items():
            yield pause_clock(clock, number, overrun, self.policy)

    def matter(self, matter: LinkedTickets) -> None:
        self.clocks.append(age_clock(matter, self.policy))
        try:
            self.clocks += signals(matter, self.facts, self.policy)
            made = promises(matter, self.facts, self.policy)
        except (NoWorkingTime, TimeOutOfRange) as error:
            self.findings.append(Finding(matter.id, "calendar", str(error)))
            return
        if made:
            self.promises |= dict.fromkeys((each.id for each in matter.tickets), made)
