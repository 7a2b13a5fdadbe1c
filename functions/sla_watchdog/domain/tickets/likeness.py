"""Which tickets are one matter though no link says so: one judgement for `track`, sweeps, replay
and backtest (semantics D6).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from attrs import frozen

from sla_watchdog.domain.policy.model import Matters, Policy
from sla_watchdog.domain.tickets.crowds import HANDFUL, is_shortly_before
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets, matters
from sla_watchdog.domain.tickets.lookalikes import (
    NAMED,
    QUOTED,
    QUOTED_BY_ANOTHER,
    REFERENCE,
    REPEATED,
    ROUTINE,
    SHORT,
    SUBJECT,
    URL,
    answer_about,
    customer_of,
    evidence,
    is_strong,
    keys,
    looks_alike,
    quotes,
)
from sla_watchdog.domain.tickets.merges import tickets_of
from sla_watchdog.domain.tickets.subjects import (
    is_routine,
    is_short_number,
    quotable_ids,
    short_subject,
    tag,
)
from sla_watchdog.domain.tickets.ticket import Ticket, by_age

MOST_REMEMBERED = 20
"""Tickets remembered under one key."""

TWICE = 2
"""So often a customer has written a short subject before it joins."""

EACH = (NAMED, QUOTED, REPEATED)
"""Evidence that says itself which ticket is meant: all of it is noted."""

BEST_FIRST = (URL, REFERENCE, QUOTED_BY_ANOTHER, SHORT, ROUTINE)


@frozen
class KnownTicket:
    """A ticket with its matter and the facts of its case."""

    ticket: Ticket
    facts: Facts
    matter: LinkedTickets

    @property
    def id(self) -> str:
        return self.ticket.id

    @property
    def customer(self) -> str:
        return customer_of(self.id, self.facts)

    def value(self, name: str) -> str:
        return str(self.facts.latest(self.id, name))


def known_ticket(name: str, facts: Facts, policy: Policy) -> KnownTicket | None:
    """None where the case knows nothing of it."""
    if name not in facts.tickets():
        return None
    return known_tickets(facts, policy).get(name)


def known_tickets(facts: Facts, policy: Policy) -> Mapping[str, KnownTicket]:
    """All of a case, by id."""
    known = {}
    for matter in matters(tickets_of(facts, policy), facts, policy):
        for ticket in matter.tickets:
            known[ticket.id] = KnownTicket(ticket, facts, matter)
    return known


def is_remembered(known: KnownTicket, now: int, policy: Matters) -> bool:
    """Whether what is new may still belong to its matter."""
    if known.ticket.unresolved:
        return True
    return known.matter.goes_on_at(now, policy.quiet)


def needless(
    created_at: Mapping[str, int], unresolved: Collection[str], ended: Collection[str]
) -> list[str]:
    """Those of one key that are forgotten: all whose matters are over; of the others, where they
    are too many, those that ended first, then the younger: the oldest is the one that is named.
    The few youngest stay, by which a crowd is known.
    """

    def rank(name: str) -> tuple[bool, int, str]:
        return name not in unresolved, created_at[name], name

    going_on = {*unresolved, *ended}
    youngest = sorted(going_on, key=created_at.__getitem__)[-HANDFUL - 1 :]
    others = sorted(going_on.difference(youngest), key=rank)
    kept = [*youngest, *others][:MOST_REMEMBERED]
    return sorted(set(created_at).difference(kept))


def likenesses(
    mine: KnownTicket, others: Sequence[KnownTicket], policy: Matters, now: int
) -> Iterator[Fact]:
    """What is to be noted of a ticket, of which something is new, and of others that may look like
    it: of this one that it looks like older ones, of younger ones that they look like it.

    `others` are of other cases.
    """
    older = [other for other in others if by_age(other.ticket) < by_age(mine.ticket)]
    younger = [other for other in others if by_age(other.ticket) > by_age(mine.ticket)]
    yield from _looks_like(mine, older, others, policy, now)
    for other in younger:
        yield from _looks_like(other, [mine], [mine, *others], policy, now)


def _looks_like(
    younger: KnownTicket,
    older: Iterable[KnownTicket],
    around: Sequence[KnownTicket],
    policy: Matters,
    now: int,
) -> Iterator[Fact]:
    found: dict[str, list[KnownTicket]] = {}
    for other in older:
        kind = _kind(younger, other, around)
        if kind and _may_be_one(younger, other, kind, policy):
            found.setdefault(kind, []).append(other)
    if SHORT in found:
        found |= _of_short(younger, found.pop(SHORT), around, policy)
    for kind, other in _to_note(found):
        if _says_more(younger, other.id, kind):
            yield looks_alike(younger.id, now, other.id, other.ticket.created_at, kind)


def _of_short(
    younger: KnownTicket,
    older: list[KnownTicket],
    around: Sequence[KnownTicket],
    policy: Matters,
) -> Mapping[str, list[KnownTicket]]:
    """A short subject of several words is strong evidence the third time, unless a person said of
    two before that they are not the same. It joins the oldest two as well.
    """
    if " " not in short_subject(younger.value("subject")):
        return {SHORT: older}
    before = [
        other
        for other in around
        if by_age(other.ticket) < by_age(younger.ticket)
        and _kind(younger, other, around) == SHORT
        and _may_be_one(younger, other, SHORT, policy)
    ]
    if len(before) < TWICE:
        return {SHORT: older}
    if any(_are_denied(one, other) for one, other in combinations(before, 2)):
        return {SHORT: older}
    oldest = sorted(before, key=lambda each: by_age(each.ticket))
    return {REPEATED: oldest[:TWICE]}


def _are_denied(one: KnownTicket, other: KnownTicket) -> bool:
    """Whether a person said that they are not the same."""
    answers = {answer_about(each.facts, one.id, other.id) for each in (one, other)}
    return False in answers


def _to_note(found: Mapping[str, list[KnownTicket]]) -> Iterator[tuple[str, KnownTicket]]:
    """Every ticket that is named, and the oldest of the same subject; else one, the oldest with the
    best evidence.
    """
    for kind in EACH:
        for other in found.get(kind, ()):
            yield kind, other
    if SUBJECT in found:
        yield SUBJECT, _oldest(found[SUBJECT])
    if any(map(is_strong, found)):
        return
    for kind in BEST_FIRST:
        if kind in found:
            yield kind, _oldest(found[kind])
            return


def _oldest(known: Iterable[KnownTicket]) -> KnownTicket:
    return min(known, key=lambda each: by_age(each.ticket))


def _says_more(younger: KnownTicket, older: str, kind: str) -> bool:
    """Weak evidence is noted once, of strong evidence each kind once; and nothing of what a person
    answered.
    """
    if answer_about(younger.facts, younger.id, older) is not None:
        return False
    before = list(evidence(younger.id, younger.facts))
    if not is_strong(kind):
        return not before
    if kind == SUBJECT:
        return all(was != SUBJECT for _, was in before)
    return (older, kind) not in before


def _may_be_one(younger: KnownTicket, older: KnownTicket, kind: str, policy: Matters) -> bool:
    """Whether the older one's matter still went on; of routine, only what is open at once."""
    if kind == ROUTINE:
        return younger.ticket.unresolved and older.ticket.unresolved
    allowance = policy.linked if kind == NAMED else policy.quiet
    return older.matter.goes_on_at(younger.ticket.born_at, allowance)


# ------------------------------------------------------------------ the kind of evidence


def _kind(younger: KnownTicket, older: KnownTicket, around: Sequence[KnownTicket]) -> str:
    """The best evidence that two tickets are one matter; '' for none."""
    return next(_kinds(younger, older, around), "")


def _kinds(
    younger: KnownTicket, older: KnownTicket, around: Sequence[KnownTicket]
) -> Iterator[str]:
    """The best first. What comes again and again is routine, by whichever key."""
    if _either(_names_as_case, younger, older):
        yield NAMED
    quoted = _either(_quotes, younger, older)
    if quoted and _are_of_one_customer(younger, older):
        yield QUOTED
    shared = _shared(younger, older)
    for kind in (SUBJECT, URL, REFERENCE, SHORT):
        if kind in shared and not _is_routine(kind, younger, older, around):
            yield kind
    if _either(_quotes_surely, younger, older):
        yield QUOTED_BY_ANOTHER
    if shared - {SHORT}:
        yield ROUTINE


def _either(
    ties: Callable[[KnownTicket, KnownTicket], bool], one: KnownTicket, other: KnownTicket
) -> bool:
    return ties(one, other) or ties(other, one)


def _are_of_one_customer(one: KnownTicket, other: KnownTicket) -> bool:
    return one.customer != "" and one.customer == other.customer


def _shared(one: KnownTicket, other: KnownTicket) -> frozenset[str]:
    """The kinds of the keys that both have."""
    shared = keys(one.id, one.facts) & keys(other.id, other.facts)
    return frozenset(key.kind for key in shared if key.customer)


def _names_as_case(one: KnownTicket, other: KnownTicket) -> bool:
    """Where the other has a case of the desk too, the desk's cases are no tickets."""
    if other.value("case_id"):
        return False
    return other.id in quotable_ids(one.value("case_id"))


def _quotes(one: KnownTicket, other: KnownTicket) -> bool:
    return quotes(one.value("subject"), other.id)


def _quotes_surely(one: KnownTicket, other: KnownTicket) -> bool:
    """Whichever customers they are of."""
    return _quotes(one, other) and not is_short_number(other.id)


def _is_routine(
    kind: str, younger: KnownTicket, older: KnownTicket, around: Iterable[KnownTicket]
) -> bool:
    if kind == SUBJECT and is_routine(younger.value("subject")):
        return True
    if kind in (SUBJECT, SHORT) and _differ(younger, older):
        return True
    return _is_of_crowd(kind, younger, around)


def _differ(one: KnownTicket, other: KnownTicket) -> bool:
    """Whether they say themselves that they are two: by another name of the customer, where one id
    stands for many, or by another id in brackets.
    """
    names = {each.value("customer_name").strip().casefold() for each in (one, other)}
    tags = {tag(each.value("subject")) for each in (one, other)}
    return len(names - {""}) > 1 or len(tags - {""}) > 1


def _is_of_crowd(kind: str, ticket: KnownTicket, around: Iterable[KnownTicket]) -> bool:
    """As `crowds.is_of_crowd`, of tickets in several cases."""
    before = 0
    for other in around:
        if is_shortly_before(other.ticket, ticket.ticket):
            before += kind in _shared(ticket, other)
    return before > HANDFUL
