"""What a person must mend about a ticket's data or the set-up, as far as the facts show it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import pairwise

from attrs import evolve, frozen

from sla_watchdog.domain.clocks import Clock
from sla_watchdog.domain.course import Course
from sla_watchdog.domain.facts import UNREADABLE, Facts
from sla_watchdog.domain.limits import deadline, instant_of
from sla_watchdog.domain.links import APART, LINKS, MOST_TICKETS, merges, named_by
from sla_watchdog.domain.matching import rule_changes, rules_over_time
from sla_watchdog.domain.policy import TARGETS, Metric, Policy, Rule
from sla_watchdog.domain.ticket import ENDED, Ticket

SAME_MATTER = "same_matter"
"""The field that names another open ticket of the same customer that looks like the same matter."""

DELETED = "deleted"

SHORTLY = 75
"""Percent of the target after which a change to a longer one is reported (semantics D1)."""

A_DAY = 86_400
"""No zone's new year is further from that of UTC."""


@frozen
class Finding:
    """Something about the data that a person must mend; `kind` names it once per ticket, `time` each time anew."""

    ticket: str
    kind: str
    reason: str
    time: int = 1


def of_ticket(each: Ticket, facts: Facts, policy: Policy) -> Iterator[Finding]:
    if each.gone_at is not None:
        yield from _deleted(each, facts)
        return
    yield from _unreadable(each.id, facts)
    yield from _unknown_words(each.id, facts, policy)
    yield from _deadlines(each, facts, policy)
    yield from _apart(each, facts)
    if each.unresolved:
        yield from _same_matter(each, facts)
        yield from _downgraded(each, facts, policy)


def _deleted(each: Ticket, facts: Facts) -> Iterator[Finding]:
    """Of a deleted record only this is left to say; nothing, where it was resolved or never was a ticket. A customer
    who wrote after the end and waits keeps it unresolved.
    """
    still = each.group not in ENDED or evolve(each, gone_at=None).unresolved
    if still and not facts.latest(each.id, f"{UNREADABLE}ticket_id"):
        yield Finding(each.id, DELETED, "the record was deleted while the ticket was unresolved")


def _unreadable(ticket: str, facts: Facts) -> Iterator[Finding]:
    for field in facts.fields(ticket):
        if field.startswith(UNREADABLE) and (reason := str(facts.latest(ticket, field))):
            times = sum(bool(fact.value) for fact in facts.changes(ticket, field))
            yield Finding(ticket, field.removeprefix(UNREADABLE), reason, times)


def _apart(each: Ticket, facts: Facts) -> Iterator[Finding]:
    """Linked, as it says still, with a case that takes no more."""
    refused = {fact.value for fact in facts.of_field(each.id, APART)}
    for link in LINKS:
        name = facts.latest(each.id, link)
        if name and refused.intersection((name, named_by(link, str(name)))):
            reason = f"{link} {name!r} names a case of {MOST_TICKETS} tickets already; this one is judged by itself"
            yield Finding(each.id, link, reason, len(facts.changes(each.id, link)))


def _unknown_words(ticket: str, facts: Facts, policy: Policy) -> Iterator[Finding]:
    status = str(facts.latest(ticket, "status"))
    if status and status.casefold() not in policy.statuses:
        yield Finding(ticket, "status", f"status {status!r} is in no group of the policy file")
    priority = str(facts.latest(ticket, "priority"))
    if priority and policy.priorities and priority.casefold() not in policy.priorities:
        yield Finding(ticket, "priority", f"priority {priority!r} is not in the policy file")


def _deadlines(each: Ticket, facts: Facts, policy: Policy) -> Iterator[Finding]:
    """A deadline that another system should have set and did not, or that is no time."""
    if not policy.deadlines:
        return
    for target in _rule(each, facts, policy).targets:
        if target.due is None:
            continue
        value = facts.latest(each.id, target.due)
        if instant_of(value, policy) is None:
            what = f"{value!r} is no deadline" if value else "missing"
            known = deadline(each.id, target.due, facts, policy)
            so = f"{target.metric.value} has none" if known is None else "the one before counts on"
            count = len(facts.changes(each.id, target.due))
            yield Finding(each.id, target.due, f"{target.due}: {what}, so {so}", max(1, count))


def _rule(each: Ticket, facts: Facts, policy: Policy) -> Rule:
    return rules_over_time(each, facts, policy)[-1][1]


def _same_matter(each: Ticket, facts: Facts) -> Iterator[Finding]:
    """Of two open tickets of one customer, the younger says so (semantics D6)."""
    said = facts.of_field(each.id, SAME_MATTER)[-1:]
    for at, value in ((fact.at, fact.value) for fact in said):
        if not isinstance(value, tuple) or len(value) != 3:
            continue
        other, created_at, what = value
        if other in facts.tickets():
            continue  # linked since
        days = (at - int(created_at)) // 86_400
        age = "less than a day" if days < 1 else "1 day" if days == 1 else f"{days} days"
        reason = f"{each.id} looks like {other}, open for {age}: same customer, same {what}"
        yield Finding(each.id, SAME_MATTER, reason)


def _downgraded(each: Ticket, facts: Facts, policy: Policy) -> Iterator[Finding]:
    """A change to a longer target shortly before the deadline of the shorter one."""
    if not rule_changes(each.id, facts, policy):
        return
    history = rules_over_time(each, facts, policy)
    lived: dict[str, Course] = {}
    for (_, before), (at, after) in pairwise(history):
        for target in before.targets:
            longer = next((t for t in after.targets if t.metric is target.metric and t.within > target.within), None)
            if longer is None or target.metric is not Metric.RESOLUTION:
                continue
            if before.name not in lived:
                calendar = policy.calendars[before.calendar]
                lived[before.name] = Course(each.outside(ENDED | target.pauses_in), (), calendar)
            if SHORTLY * target.within <= 100 * lived[before.name].elapsed(at) <= 100 * target.within:
                reason = f"{target.metric.value}: moved to the policy {after.name!r} shortly before its deadline"
                yield Finding(each.id, "downgrade", reason)
                return


def of_merges(tickets: Iterable[Ticket], facts: Facts) -> Iterator[Finding]:
    """Merged into a ticket that was over by then, or is deleted: it counts as open, or nobody would be responsible."""
    known = {each.id: each for each in tickets}
    for each in known.values():
        survivor = known.get(str(facts.latest(each.id, "merged_into")))
        if survivor is not None and survivor is not each and each.unresolved and not survivor.unresolved:
            reason = f"merged into {survivor.id}, which is over or deleted; it counts as open"
            yield Finding(each.id, "merged_into", reason, len(facts.changes(each.id, "merged_into")))


def in_circles(facts: Facts, unseen: frozenset[str]) -> Iterator[Finding]:
    """Tickets merged into each other, or into an `unseen` one: nobody would be responsible."""
    _, circular = merges(facts)
    for name in sorted(circular):
        yield Finding(name, "merged_into", f"merged in a circle (into {facts.latest(name, 'merged_into')})")
    for name in facts.tickets():
        survivor = str(facts.latest(name, "merged_into"))
        if survivor == name:
            yield Finding(name, "merged_into", "merged into itself")
        elif survivor in unseen:
            yield Finding(name, "merged_into", f"merged into {survivor}, which was never seen; it counts as open")


def beyond_holidays(clocks: Iterable[Clock], policy: Policy) -> Iterator[Finding]:
    """A deadline after the last holiday that its calendar knows may be wrong (semantics A7).

    Not where no holiday moves it: of a calendar without any, set by another system, or of a clock that has stopped.
    """
    for clock in clocks:
        if clock.metric not in TARGETS or clock.due_field or clock.stopped_at is not None or clock.due_at is None:
            continue
        if clock.due_at >= policy.holidays_end - A_DAY and (last := _last_year_listed(clock, policy)) is not None:
            until = f"{last}-12-31"
            reason = f"due after {until}, up to which the holidays of the calendar {clock.calendar!r} are known"
            yield Finding(clock.subject, "holidays", f"{reason}; deploy again, or list later ones in the policy file")
            return


def _last_year_listed(clock: Clock, policy: Policy) -> int | None:
    """Of the calendar's holidays, where the deadline lies beyond it; None where it does not, or there are none.

    A list in the policy file may end early: nobody can know whether more were meant, until no build could know more.
    """
    calendar = policy.calendars[clock.calendar]
    years = {day.year for day in calendar.holidays}
    if not years or clock.due_at is None:
        return None
    last = date.fromisoformat(policy.holidays_until).year
    while last + 1 in years:
        last += 1
    return min(last, max(years)) if datetime.fromtimestamp(clock.due_at, calendar.zone).year > last else None
