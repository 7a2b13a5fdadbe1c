"""The ticket that facts tell of, by its own facts alone; `merges` puts several together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.spans import Span, from_to, stretches
from sla_watchdog.domain.tickets.ticket import AGENT, ENDED, UNKNOWN, Ticket

LATE = 3600
"""Seconds from the creation to the first known status, above which the time between counts as
unknown.
"""

BOT = "bot"


def ticket(name: str, facts: Facts, policy: Policy) -> Ticket:
    """The ticket of that id; at least one fact tells of it."""
    created_at, by_agent = _creation(name, facts)
    spans = tuple(_spans(created_at, _steps(name, facts, policy)))
    asked = tuple(fact.at for fact in facts.of_field(name, "customer_reply"))
    replies = facts.of_field(name, "agent_reply")
    by_people = [fact for fact in replies if not is_by_bot(fact, policy)]
    answered = [fact.at for fact in by_people if fact.at >= created_at]
    by_bots, by_persons = _reopened_by(facts.of_field(name, "reopened"), policy)
    return Ticket(
        id=name,
        created_at=created_at,
        spans=spans,
        asked=asked,
        thanks=frozenset(_thanks(spans, asked, policy)),
        customer_messages=asked,
        answered=tuple(answered),
        gone_at=_gone_at(name, facts),
        by_agent=by_agent,
        bot_reopenings=by_bots,
        named_reopenings=by_persons,
        first_message_at=min([*asked, *(fact.at for fact in replies)], default=None),
        unknown_until=_unknown_until(name, facts, created_at),
    )


def _reopened_by(reopened: Iterable[Fact], policy: Policy) -> tuple[frozenset[int], frozenset[int]]:
    """When bots reopened it, and when persons did who are named."""
    by_bots = set()
    by_persons = set()
    for fact in reopened:
        if is_by_bot(fact, policy):
            by_bots.add(fact.at)
        elif fact.value:
            by_persons.add(fact.at)
    return frozenset(by_bots), frozenset(by_persons)


def _creation(name: str, facts: Facts) -> tuple[int, bool]:
    """When it was created, and whether by the desk itself."""
    created = facts.of_field(name, "created")
    if not created:
        return facts.first_seen(name) or 0, False
    first = created[0]
    return first.at, first.value == AGENT


def _steps(name: str, facts: Facts, policy: Policy) -> list[tuple[int, str]]:
    """(at, group) in order; what ends a ticket counts before a status of the same second that
    reopens it.
    """
    steps = []
    for end in ("resolved", "closed"):
        steps += [(fact.at, end) for fact in facts.of_field(name, end)]
    for status in facts.changes(name, "status"):
        steps.append((status.at, _group(status, policy)))
    steps.sort(key=lambda step: step[0])
    return steps


def _group(status: Fact, policy: Policy) -> str:
    return policy.statuses.get(str(status.value).casefold(), UNKNOWN)


def _spans(created_at: int, steps: list[tuple[int, str]]) -> Iterator[Span]:
    """One span after another from the creation on; until a status is known the ticket is open."""
    start, group = created_at, "open"
    for at, following in steps:
        if at <= start:
            group = following
        elif following != group:
            yield Span(start, at, group)
            start, group = at, following
    yield Span(start, None, group)


def _thanks(spans: tuple[Span, ...], asked: tuple[int, ...], policy: Policy) -> Iterator[int]:
    """After each end the first message, if it comes so soon that the policy takes it as thanks."""
    if policy.thanks is None:
        return
    for start, end in stretches(spans, ENDED):
        messages = from_to(asked, start, end)
        if messages and messages[0] - start <= policy.thanks:
            yield messages[0]


def is_by_bot(fact: Fact, policy: Policy) -> bool:
    """Bots and automatic replies never answer, and never make a ladder climb (semantics B2, D5)."""
    name = str(fact.value).casefold()
    return name == BOT or name in policy.bots


def _gone_at(name: str, facts: Facts) -> int | None:
    changes = facts.changes(name, "gone")
    if not changes:
        return None
    latest = changes[-1]
    return latest.at if latest.value else None


def _unknown_until(name: str, facts: Facts, created_at: int) -> int | None:
    statuses = facts.of_field(name, "status")
    if not statuses:
        return None
    first = statuses[0].at
    return first if first - created_at > LATE else None
