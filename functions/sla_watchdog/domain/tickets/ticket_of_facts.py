"""The ticket that facts tell of, by its own facts alone; `merges` puts several together."""

from __future__ import annotations

from collections.abc import Iterator

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
    created = facts.of_field(name, "created")
    created_at = created[0].at if created else facts.first_seen(name) or 0
    spans = tuple(_spans(created_at, _steps(name, facts, policy)))
    asked = tuple(fact.at for fact in facts.of_field(name, "customer_reply"))
    answers = (at for at in _by_persons(name, facts, policy) if at >= created_at)
    return Ticket(
        id=name,
        created_at=created_at,
        spans=spans,
        asked=asked,
        thanks=frozenset(_thanks(spans, asked, policy)),
        customer_messages=asked,
        answered=tuple(answers),
        gone_at=_gone_at(name, facts),
        by_agent=bool(created) and created[0].value == AGENT,
        bot_reopenings=frozenset(_bot_reopenings(name, facts, policy)),
        unknown_until=_unknown_until(name, facts, created_at),
    )


def _steps(name: str, facts: Facts, policy: Policy) -> list[tuple[int, str]]:
    """(at, group) in order; what ends a ticket counts before a status of the same second that
    reopens it.
    """
    steps = [(fact.at, fact.field) for fact in facts.of_field(name, "resolved")]
    steps += [(fact.at, fact.field) for fact in facts.of_field(name, "closed")]
    steps += [(fact.at, _group(fact, policy)) for fact in facts.changes(name, "status")]
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
        for at in from_to(asked, start, end)[:1]:
            if at - start <= policy.thanks:
                yield at


def _by_persons(name: str, facts: Facts, policy: Policy) -> Iterator[int]:
    for fact in facts.of_field(name, "agent_reply"):
        if not _is_bot(fact, policy):
            yield fact.at


def _bot_reopenings(name: str, facts: Facts, policy: Policy) -> Iterator[int]:
    for fact in facts.of_field(name, "reopened"):
        if _is_bot(fact, policy):
            yield fact.at


def _is_bot(fact: Fact, policy: Policy) -> bool:
    """Bots and automatic replies never answer, and never make a ladder climb (semantics B2, D5)."""
    name = str(fact.value).casefold()
    return name == BOT or name in policy.bots


def _gone_at(name: str, facts: Facts) -> int | None:
    gone = facts.changes(name, "gone")
    return gone[-1].at if gone and gone[-1].value else None


def _unknown_until(name: str, facts: Facts, created_at: int) -> int | None:
    status = facts.of_field(name, "status")
    return status[0].at if status and status[0].at - created_at > LATE else None
