"""Merges: what a ticket takes over from those that were merged into it (semantics D6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import evolve

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.spans import Span, from_to, until
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket, by_age
from sla_watchdog.domain.tickets.ticket_of_facts import ticket as ticket_alone
from sla_watchdog.domain.time.instants import earliest


def merges(facts: Facts) -> tuple[Mapping[str, tuple[str, int]], frozenset[str]]:
    """The last survivor that each ticket was merged into, with when; and the tickets whose merges
    run in a circle.

    A merge into a ticket that was never seen does not count, nor does one in a circle: somebody
    must stay responsible.
    """
    into = dict(_merged_into(facts))
    survivors: dict[str, tuple[str, int]] = {}
    circular = set()
    for name in into:
        survivor = _last_of(name, into)
        if survivor is None:
            circular.add(name)
            continue
        merge = facts.changes(name, "merged_into")[-1]
        survivors[name] = survivor, merge.at
    return survivors, frozenset(circular)


def _merged_into(facts: Facts) -> Iterator[tuple[str, str]]:
    seen = frozenset(facts.tickets())
    for name in facts.tickets():
        survivor = str(facts.latest(name, "merged_into"))
        if survivor in seen and survivor != name:
            yield name, survivor


def _last_of(name: str, into: Mapping[str, str]) -> str | None:
    """The last of the tickets that it was merged into; None where they run in a circle."""
    passed = {name}
    while name in into:
        name = into[name]
        if name in passed:
            return None
        passed.add(name)
    return name


def tickets_of(facts: Facts, policy: Policy) -> tuple[Ticket, ...]:
    """Every ticket of the case, the oldest first, with what the survivors of merges take over."""
    tickets = {name: ticket_alone(name, facts, policy) for name in facts.tickets()}
    if len(tickets) > 1:
        _merge(tickets, facts)
    return tuple(sorted(tickets.values(), key=by_age))


def _merge(tickets: dict[str, Ticket], facts: Facts) -> None:
    survivors, _ = merges(facts)
    absorbed: dict[str, list[str]] = {}
    merged = {}
    for name, (survivor, at) in survivors.items():
        since = _takes_over(tickets[survivor], at)
        if since is not None:
            merged[name] = evolve(tickets[name], merged_into=survivor, merged_at=since)
            absorbed.setdefault(survivor, []).append(name)
    tickets.update(merged)
    for survivor, names in absorbed.items():
        own = tickets[survivor]
        tickets[survivor] = _taking_over(own, [tickets[name] for name in names])


def _takes_over(survivor: Ticket, at: int) -> int | None:
    """Since when the survivor of a merge answers for both; None where it was over, or its record is
    deleted.

    A ticket merged into one that nobody works on stays what it was: somebody must stay responsible.
    """
    if survivor.gone_at is not None:
        return None
    for span in survivor.spans:
        lasts = span.end is None or span.end > at
        if lasts and span.group not in ENDED:
            return max(at, span.start)
    return None


def _taking_over(survivor: Ticket, absorbed: Iterable[Ticket]) -> Ticket:
    """The survivor from the earliest creation on: before its own, what happened to the oldest
    counts.
    """
    oldest_first = tuple(sorted(absorbed, key=by_age))
    oldest = oldest_first[0]
    survivor = _with_messages(survivor, oldest_first)
    own_creation = survivor.created_at
    if oldest.created_at >= own_creation:
        return survivor
    before = tuple(until(own_creation, oldest.outside(frozenset())))
    spans = (*_without_hole(before, own_creation), *survivor.spans)
    return evolve(survivor, created_at=oldest.created_at, by_agent=oldest.by_agent, spans=spans)


def _with_messages(survivor: Ticket, absorbed: tuple[Ticket, ...]) -> Ticket:
    """What is written on a merged ticket after the merge counts as written on the survivor. Every
    message on either ends the survivor's pauses.
    """
    written = set(survivor.customer_messages)
    for ticket in absorbed:
        written.update(ticket.customer_messages)
        if not ticket.by_agent:
            written.add(ticket.created_at)
    first_messages = [ticket.first_message_at for ticket in (survivor, *absorbed)]
    return evolve(
        survivor,
        first_message_at=earliest(*first_messages),
        asked=_with_later(survivor, absorbed, lambda ticket: ticket.asked),
        answered=_with_later(survivor, absorbed, lambda ticket: ticket.answered),
        customer_messages=tuple(sorted(written)),
        own_created_at=survivor.created_at,
        absorbed=absorbed,
    )


def _with_later(
    survivor: Ticket,
    absorbed: tuple[Ticket, ...],
    messages: Callable[[Ticket], tuple[int, ...]],
) -> tuple[int, ...]:
    """The survivor's messages, and those on a merged ticket from its merge on."""
    instants = set(messages(survivor))
    for ticket in absorbed:
        if ticket.merged_at is not None:
            instants.update(from_to(messages(ticket), ticket.merged_at, None))
    return tuple(sorted(instants))


def _without_hole(spans: tuple[Span, ...], end: int) -> Iterator[Span]:
    """Up to `end` without a gap: a ticket that had left by then counts as open for the rest."""
    yield from spans
    last = spans[-1].end
    if last is not None and last < end:
        yield Span(last, end, "open")
