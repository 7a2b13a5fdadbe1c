"""A ticket as its facts tell it: when it was created, in which status group it was when, who answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from sla_watchdog.domain.facts import UNREADABLE, Fact, Facts
from sla_watchdog.domain.policy import Policy

ENDED = frozenset({"resolved", "closed"})
UNKNOWN = "unknown"
"""The group of a status that the policy file does not name. It runs every clock (semantics D8)."""


@frozen
class Span:
    """The ticket was in `group` for `start <= t < end`; `end` is None for the span that still lasts."""

    start: int
    end: int | None
    group: str


@frozen
class Finding:
    """Something about the data that a person must mend; `kind` names it once per ticket."""

    ticket: str
    kind: str
    reason: str


@frozen
class Ticket:
    id: str
    created_at: int
    spans: tuple[Span, ...]
    first_answer_at: int | None
    gone_at: int | None

    @property
    def group(self) -> str:
        return self.spans[-1].group

    @property
    def reopened(self) -> int:
        """How often it left resolved or closed for anything else."""
        pairs = zip(self.spans, self.spans[1:], strict=False)
        return sum(before.group in ENDED and after.group not in ENDED for before, after in pairs)

    @property
    def unresolved(self) -> bool:
        return self.gone_at is None and self.group not in ENDED

    def outside(self, groups: frozenset[str]) -> tuple[Span, ...]:
        """The spans in none of `groups`, cut off where the record was deleted."""
        return tuple(until(self.gone_at, (span for span in self.spans if span.group not in groups)))


def until(end: int | None, spans: Iterable[Span]) -> Iterator[Span]:
    """The spans cut off at `end`; all of them where it is None."""
    for span in spans:
        if end is None or (span.end is not None and span.end <= end):
            yield span
        elif span.start < end:
            yield Span(span.start, end, span.group)


def ticket(name: str, facts: Facts, policy: Policy) -> Ticket:
    created = facts.of_field(name, "created")
    created_at = created[0].at if created else min((f.at for f in facts if f.ticket == name), default=0)
    gone = facts.changes(name, "gone")
    return Ticket(
        id=name,
        created_at=created_at,
        spans=tuple(_spans(created_at, _steps(name, facts, policy))),
        first_answer_at=_first_answer(facts.of_field(name, "agent_reply"), policy, created_at),
        gone_at=gone[-1].at if gone and gone[-1].value else None,
    )


def _steps(name: str, facts: Facts, policy: Policy) -> list[tuple[int, str]]:
    """(at, group) in order; what ends a ticket counts before a status of the same second that reopens it."""
    ends = [(f.at, f.field) for field in ("resolved", "closed") for f in facts.of_field(name, field)]
    states = [(f.at, policy.statuses.get(str(f.value).casefold(), UNKNOWN)) for f in facts.changes(name, "status")]
    steps = [*((at, 0, group) for at, group in ends), *((at, 1, group) for at, group in states)]
    return [(at, group) for at, _, group in sorted(steps, key=lambda step: step[:2])]


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


def _first_answer(replies: tuple[Fact, ...], policy: Policy, created_at: int) -> int | None:
    """The first public reply by a person; bots and automatic replies never answer (semantics B2)."""
    people = (f.at for f in replies if str(f.value).casefold() not in policy.bots and f.at >= created_at)
    return next(people, None)


def findings(name: str, facts: Facts, policy: Policy) -> Iterator[Finding]:
    """What a person must mend about this ticket's data, as far as its facts show it now."""
    for field in facts.fields(name):
        if field.startswith(UNREADABLE) and (reason := str(facts.latest(name, field))):
            yield Finding(name, field.removeprefix(UNREADABLE), reason)
    status = str(facts.latest(name, "status"))
    if status and status.casefold() not in policy.statuses:
        yield Finding(name, "status", f"status {status!r} is in no group of the policy file")
    priority = str(facts.latest(name, "priority"))
    if priority and policy.priorities and priority.casefold() not in policy.priorities:
        yield Finding(name, "priority", f"priority {priority!r} is not in the policy file")
