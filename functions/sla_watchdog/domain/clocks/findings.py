"""What a person must mend about a ticket's data, as far as the facts show it now."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from attrs import define, evolve, field, frozen

from sla_watchdog.domain.clocks.data_problems import (
    AsWritten,
    DataProblem,
    DeletedUnresolved,
    Downgraded,
    LooksAlike,
    NoDeadline,
    TooManyTickets,
    UnknownPriority,
    UnknownStatus,
)
from sla_watchdog.domain.clocks.deadlines_set_elsewhere import deadline, instant_of
from sla_watchdog.domain.clocks.rules_in_force import rule_changes, rules_over_time
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import Metric, Policy, Rule, Target
from sla_watchdog.domain.tickets.facts import UNREADABLE, Facts
from sla_watchdog.domain.tickets.links import APART, MOST_TICKETS
from sla_watchdog.domain.tickets.lookalikes import SAME_MATTER, answer_about, is_strong, noted
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket
from sla_watchdog.domain.tickets.ticket_fields import LINKS
from sla_watchdog.domain.tickets.ties import named_by
from sla_watchdog.domain.time.seconds import DAY

DELETED = "deleted"

SHORTLY = 75
"""Percent of the target after which a change to a longer one is reported (semantics D1)."""


@frozen
class Finding:
    """Something about the data that a person must mend. `kind` names it once per ticket; `time`
    counts how often it came back.
    """

    ticket: str
    kind: str
    reason: DataProblem
    time: int = 1


def of_ticket(ticket: Ticket, facts: Facts, policy: Policy) -> Iterator[Finding]:
    if ticket.gone_at is not None:
        yield from _deleted(ticket, facts)
        return
    yield from _unreadable(ticket.id, facts)
    yield from _unknown_words(ticket.id, facts, policy)
    yield from _deadlines(ticket, facts, policy)
    yield from _refused_links(ticket.id, facts)
    if ticket.unresolved:
        yield from _same_matter(ticket.id, facts)
        yield from _downgraded(ticket, facts, policy)


def _deleted(ticket: Ticket, facts: Facts) -> Iterator[Finding]:
    """The only finding of a deleted record. There is none where the ticket was resolved, or where
    the record never was a ticket. A customer who wrote after the end and waits keeps it unresolved.
    """
    if facts.latest(ticket.id, f"{UNREADABLE}ticket_id"):
        return
    if ticket.group not in ENDED or evolve(ticket, gone_at=None).unresolved:
        yield Finding(ticket.id, DELETED, DeletedUnresolved())


def _unreadable(ticket: str, facts: Facts) -> Iterator[Finding]:
    for name in facts.fields(ticket):
        if not name.startswith(UNREADABLE):
            continue
        reason = str(facts.latest(ticket, name))
        if reason:
            field_name = name.removeprefix(UNREADABLE)
            times = sum(bool(fact.value) for fact in facts.changes(ticket, name))
            yield Finding(ticket, field_name, AsWritten(reason), times)


def _refused_links(ticket: str, facts: Facts) -> Iterator[Finding]:
    """It still says that it is linked with a case that takes no more tickets."""
    refused = {fact.value for fact in facts.of_field(ticket, APART)}
    for link in LINKS:
        name = facts.latest(ticket, link)
        if not name:
            continue
        case = named_by(link, str(name))
        if name in refused or case in refused:
            problem = TooManyTickets(link, name, MOST_TICKETS)
            times = len(facts.changes(ticket, link))
            yield Finding(ticket, link, problem, times)


def _unknown_words(ticket: str, facts: Facts, policy: Policy) -> Iterator[Finding]:
    status = str(facts.latest(ticket, "status"))
    if status and status.casefold() not in policy.statuses:
        yield Finding(ticket, "status", UnknownStatus(status))
    if not policy.priorities:
        return
    priority = str(facts.latest(ticket, "priority"))
    if priority and priority.casefold() not in policy.priorities:
        yield Finding(ticket, "priority", UnknownPriority(priority))


def _deadlines(ticket: Ticket, facts: Facts, policy: Policy) -> Iterator[Finding]:
    """A deadline that another system should have set and did not, or that is no time."""
    if not policy.deadlines:
        return
    _, rule = rules_over_time(ticket, facts, policy)[-1]
    for target in rule.targets:
        if target.due is None:
            continue
        value = facts.latest(ticket.id, target.due)
        if instant_of(value, policy) is not None:
            continue
        earlier = deadline(ticket.id, target.due, facts, policy)
        without = target.metric if earlier is None else None
        problem = NoDeadline(target.due, value or None, without)
        times = len(facts.changes(ticket.id, target.due))
        yield Finding(ticket.id, target.due, problem, max(1, times))


def _same_matter(ticket: str, facts: Facts) -> Iterator[Finding]:
    """What looks alike and is not joined, until a person says whether it is one matter. The finding
    belongs to the younger (semantics D6).
    """
    last = noted(ticket, facts)
    if last is None or last.older in facts.tickets():
        return
    if answer_about(facts, ticket, last.older) is not None:
        return
    refused = {fact.value for fact in facts.of_field(ticket, APART)}
    if is_strong(last.kind) and last.older not in refused:
        return  # joined as soon as both can be
    days = (last.at - last.created_at) // DAY
    problem = LooksAlike(ticket, last.older, max(0, days), last.kind)
    yield Finding(ticket, SAME_MATTER, problem)


# ------------------------------------------------------------------ a change to a longer target


def _downgraded(ticket: Ticket, facts: Facts, policy: Policy) -> Iterator[Finding]:
    """A change to a longer target shortly before the deadline of the shorter one."""
    if not rule_changes(ticket.id, facts, policy):
        return
    elapsed = _Elapsed(ticket, policy)
    for (_, before), (at, after) in pairwise(rules_over_time(ticket, facts, policy)):
        for target in _lengthened(before, after):
            used = 100 * elapsed.under(before, target, at)
            if SHORTLY * target.within <= used <= 100 * target.within:
                yield Finding(ticket.id, "downgrade", Downgraded(target.metric, after.name))
                return


def _lengthened(before: Rule, after: Rule) -> Iterator[Target]:
    """The targets of a resolution for which `after` allows more time."""
    allowed = max((target.within for target in _resolutions(after)), default=0)
    for target in _resolutions(before):
        if target.within < allowed:
            yield target


def _resolutions(rule: Rule) -> Iterator[Target]:
    for target in rule.targets:
        if target.metric is Metric.RESOLUTION:
            yield target


@define
class _Elapsed:
    """How much of a target had elapsed, pauses counted out; one timeline for each rule."""

    ticket: Ticket
    policy: Policy
    timelines: dict[str, Timeline] = field(factory=dict)

    def under(self, rule: Rule, target: Target, at: int) -> int:
        timeline = self.timelines.get(rule.name)
        if timeline is None:
            running = self.ticket.outside(ENDED | target.pauses_in)
            calendar = self.policy.calendars[rule.calendar]
            timeline = Timeline(running, (), calendar)
            self.timelines[rule.name] = timeline
        return timeline.elapsed(at)
