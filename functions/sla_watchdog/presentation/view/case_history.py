"""What became of a case so far, in a few numbers: for somebody who hears of it first now."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter

from attrs import Factory, field, frozen

from sla_watchdog.domain.clocks.activity import TicketActivity
from sla_watchdog.domain.clocks.coming_back import times_ended
from sla_watchdog.domain.policy.model import Metric, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import Ticket


@frozen
class CaseHistory:
    """Over all tickets of the case. `teams` are those that had it, in the order in which they got
    it. `handovers` counts changes of team or assignee.

    `reopened` is how often it was reopened. `reopenings` are the times that were seen; a record may
    report more. `replies` are those of persons at the desk, `asked` the messages of the customer,
    both as instants, oldest first. `idle_since` is the last progress, or the creation (semantics
    B6). `requests` is when the customer asked, the first time and at each coming back (semantics
    D9), and `ended` how often a ticket was resolved or closed.
    """

    opened_as: str
    by_agent: bool
    teams: tuple[str, ...]
    handovers: int
    reopenings: tuple[int, ...]
    replies: tuple[int, ...]
    asked: tuple[int, ...]
    idle_since: int
    reopened: int = field(default=Factory(lambda self: len(self.reopenings), takes_self=True))
    requests: tuple[int, ...] = ()
    ended: int = 0


def past(tickets: Sequence[Ticket], facts: Facts, policy: Policy) -> CaseHistory | None:
    """Of these tickets, the oldest first; None of none."""
    if not tickets:
        return None
    matter = LinkedTickets(tuple(tickets))
    activity = TicketActivity(matter, facts, policy)
    return CaseHistory(
        opened_as=tickets[0].id,
        by_agent=tickets[0].by_agent,
        teams=_teams(tickets, facts),
        handovers=activity.count(Metric.REASSIGNED),
        reopenings=tuple(activity.reopenings),
        replies=tuple(sorted(chain.from_iterable(ticket.answered for ticket in tickets))),
        asked=tuple(sorted(chain.from_iterable(ticket.asked for ticket in tickets))),
        idle_since=activity.idle_since,
        reopened=activity.count(Metric.REOPENED),
        requests=activity.asked,
        ended=times_ended(matter),
    )


def _teams(tickets: Sequence[Ticket], facts: Facts) -> tuple[str, ...]:
    """Each once, in the order in which they got it."""
    changes: list[Fact] = []
    for ticket in tickets:
        changes += facts.changes(ticket.id, "team")
    changes.sort(key=attrgetter("at"))
    teams = dict.fromkeys(str(change.value) for change in changes)
    teams.pop("", None)
    return tuple(teams)
