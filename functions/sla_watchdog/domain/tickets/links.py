"""Which tickets are one matter, and what a ticket takes over from those that were merged into it
(semantics D6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve, frozen

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.ticket import ENDED, Span, Ticket, ticket, until

LINKS = ("case_id", "merged_into", "follow_up_of")
"""Fields of a ticket that name what it belongs to: a case of the desk's own, or another ticket."""

OF_THE_DESK = "case_id="
"""What stands before the name of a case of the desk's own, which may read like the id of a ticket
and is none.
"""


APART = "apart"
"""The field that names what a ticket is not linked with, though it says so: that case has
`MOST_TICKETS` already.
"""

MOST_TICKETS = 100
"""Of one case, those not counted that were merged into another. More is a mistake (a desk that
writes the same `case_id` everywhere), and would not fit into an item; each of the rest is judged
by itself.
"""


@frozen
class LinkedTickets:
    """Tickets that are one matter, the oldest first; its id is that of the oldest.

    Age and signals are its own. `earlier` is the ticket that an old, closed matter ended with,
    where this one began as a follow-up of it after more than `cases.gap`.
    """

    tickets: tuple[Ticket, ...]
    earlier: str = ""

    @property
    def id(self) -> str:
        return self.tickets[0].id

    @property
    def created_at(self) -> int:
        return self.tickets[0].created_at

    @property
    def unresolved(self) -> bool:
        return any(each.unresolved for each in self.tickets)

    @property
    def open_tickets(self) -> tuple[Ticket, ...]:
        return tuple(each for each in self.tickets if each.unresolved)

    @property
    def ended_at(self) -> int | None:
        """Since when none of it is unresolved; None while something is."""
        ends = [each.ended_at for each in self.tickets]
        return (
            max((at for at in ends if at is not None), default=None) if None not in ends else None
        )


def named_by(link: str, value: str) -> str:
    """The name under which what a ticket is linked to is known: tickets and cases of the desk share
    none.
    """
    return OF_THE_DESK + value if link == "case_id" else value


def as_written(name: str) -> str:
    """As the desk writes it."""
    return name.removeprefix(OF_THE_DESK)


def linked_names(facts: Facts) -> frozenset[str]:
    """Every name that a ticket was ever linked to: tickets, also such as were never seen, and cases
    of the desk; but none that it stands apart from.
    """
    found = set()
    for name in facts.tickets():
        for link in LINKS:
            values = (fact.value for fact in facts.of_field(name, link))
            targets = {
                named_by(link, value) for value in values if isinstance(value, str) and value
            }
            found |= {
                target
                for target in targets
                if target != name and not _stands_apart(name, target, facts)
            }
    return frozenset(found)


def _stands_apart(ticket: str, target: str, facts: Facts) -> bool:
    """Cases of the desk were once noted as written."""
    return any(fact.value in (target, as_written(target)) for fact in facts.of_field(ticket, APART))


def refused_links(facts: Facts, names: Iterable[str], now: int) -> frozenset[Fact]:
    """The facts by which its tickets stand apart from `names`."""
    wanted = frozenset(names)
    links = (
        (ticket, named_by(link, str(fact.value)))
        for ticket in facts.tickets()
        for link in LINKS
        for fact in facts.of_field(ticket, link)
    )
    return frozenset(Fact(ticket, APART, now, name) for ticket, name in links if name in wanted)


def weight(facts: Facts) -> int:
    """How many of its tickets count towards `MOST_TICKETS`."""
    return sum(not facts.latest(name, "merged_into") for name in facts.tickets())


def merges(facts: Facts) -> tuple[Mapping[str, tuple[str, int]], frozenset[str]]:
    """Who was merged into whom and when, down to the last survivor; and the tickets that run in a
    circle.

    A merge into a ticket that was never seen, or round in a circle, is none: somebody must stay
    responsible.
    """
    into = {name: str(facts.latest(name, "merged_into")) for name in facts.tickets()}
    into = {
        name: survivor for name, survivor in into.items() if survivor in into and survivor != name
    }
    ends: dict[str, tuple[str, int]] = {}
    circular = set()
    for name in into:
        survivor = _last_of(name, into)
        if survivor is None:
            circular.add(name)
        else:
            ends[name] = survivor, facts.changes(name, "merged_into")[-1].at
    return ends, frozenset(circular)


def _last_of(name: str, into: Mapping[str, str]) -> str | None:
    seen = {name}
    while (following := into.get(name)) is not None:
        if following in seen:
            return None
        seen.add(following)
        name = following
    return name


def tickets_of(facts: Facts, policy: Policy) -> tuple[Ticket, ...]:
    """Every ticket of the case, the oldest first, with what the survivors of merges take over."""
    alone = {name: ticket(name, facts, policy) for name in facts.tickets()}
    if len(alone) > 1:
        ends, _ = merges(facts)
        taken = {
            name: (end, since)
            for name, (end, at) in ends.items()
            if (since := _takes_over(alone[end], at))
        }
        for name, (survivor, since) in taken.items():
            alone[name] = evolve(alone[name], merged_into=survivor, merged_at=since)
        for survivor in {survivor for survivor, _ in taken.values()}:
            absorbed = [alone[name] for name, (end, _) in taken.items() if end == survivor]
            alone[survivor] = _taking_over(alone[survivor], absorbed)
    return tuple(sorted(alone.values(), key=_age))


def _takes_over(survivor: Ticket, at: int) -> int | None:
    """Since when the survivor of a merge answers for both; None where it was over, or its record is
    deleted.

    A ticket merged into one that nobody works on stays what it was: somebody must stay responsible.
    """
    if survivor.gone_at is not None:
        return None
    for span in survivor.spans:
        if (span.end is None or span.end > at) and span.group not in ENDED:
            return max(at, span.start)
    return None


def _age(each: Ticket) -> tuple[int, str]:
    return each.created_at, each.id


def _taking_over(survivor: Ticket, absorbed: Iterable[Ticket]) -> Ticket:
    """The survivor from the earliest creation on: before its own, what happened to the oldest
    counts.
    """
    oldest_first = tuple(sorted(absorbed, key=_age))
    oldest = oldest_first[0]
    survivor = _with_messages(survivor, oldest_first)
    if oldest.created_at >= survivor.created_at:
        return survivor
    before = tuple(until(survivor.created_at, oldest.outside(frozenset())))
    return evolve(
        survivor,
        created_at=oldest.created_at,
        by_agent=oldest.by_agent,
        spans=(*_without_hole(before, survivor.created_at), *survivor.spans),
    )


def _with_messages(survivor: Ticket, absorbed: tuple[Ticket, ...]) -> Ticket:
    """What is said on a merged ticket after the merge is said on the survivor; all of it ends its
    pauses.
    """

    def later(each: Ticket, instants: tuple[int, ...]) -> set[int]:
        return {at for at in instants if each.merged_at is not None and at >= each.merged_at}

    written = {at for each in absorbed for at in each.customer_messages}
    created = {each.created_at for each in absorbed if not each.by_agent}
    return evolve(
        survivor,
        asked=tuple(
            sorted({*survivor.asked, *(at for each in absorbed for at in later(each, each.asked))})
        ),
        answered=tuple(
            sorted(
                {
                    *survivor.answered,
                    *(at for each in absorbed for at in later(each, each.answered)),
                }
            )
        ),
        customer_messages=tuple(sorted({*survivor.customer_messages, *written, *created})),
        own_created_at=survivor.created_at,
        absorbed=absorbed,
    )


def _without_hole(spans: tuple[Span, ...], end: int) -> Iterator[Span]:
    """Up to `end` without a gap: a ticket that had left by then counts as open for the rest."""
    yield from spans
    last = spans[-1].end
    if last is not None and last < end:
        yield Span(last, end, "open")


# ------------------------------------------------------------------ matters


def matters(tickets: tuple[Ticket, ...], facts: Facts, policy: Policy) -> tuple[LinkedTickets, ...]:
    """The tickets of a case in matters, the oldest first: one, unless a follow-up came too late to
    belong to it.
    """
    if not tickets:
        return ()
    if len(tickets) == 1:
        return (LinkedTickets(tickets, str(facts.latest(tickets[0].id, "follow_up_of"))),)
    late = {
        each.id: earlier
        for each in tickets
        if (earlier := _late_follow_up(each, tickets, facts, policy))
    }
    if not late:
        return (LinkedTickets(tickets),)
    groups = _connected(tickets, late, facts)
    return tuple(
        LinkedTickets(group, next((late[each.id] for each in group if each.id in late), ""))
        for group in groups
    )


def _late_follow_up(each: Ticket, tickets: tuple[Ticket, ...], facts: Facts, policy: Policy) -> str:
    """The ticket that this one follows after it had been closed for longer than the gap; '' where
    it belongs to it.
    """
    name = facts.latest(each.id, "follow_up_of")
    earlier = next((other for other in tickets if other.id == name and other.id != each.id), None)
    if earlier is None or earlier.ended_at is None:
        return ""
    return earlier.id if each.created_at - earlier.ended_at > policy.gap else ""


def _connected(
    tickets: tuple[Ticket, ...], late: Mapping[str, str], facts: Facts
) -> list[tuple[Ticket, ...]]:
    """Tickets that some link joins, a follow-up that came too late being none."""
    group = {each.id: each.id for each in tickets}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    for each in tickets:
        for field in LINKS:
            for fact in facts.of_field(each.id, field):
                name = named_by(field, str(fact.value)) if fact.value else ""
                if name and not (field == "follow_up_of" and late.get(each.id) == name):
                    group.setdefault(name, name)
                    group[root(each.id)] = root(name)
    found: dict[str, list[Ticket]] = {}
    for each in tickets:
        found.setdefault(root(each.id), []).append(each)
    return [tuple(members) for members in found.values()]
