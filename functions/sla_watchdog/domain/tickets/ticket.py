"""A ticket as its facts tell it: when it was created, in which status group it was when, who said
something when.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from operator import attrgetter

from attrs import evolve, field, frozen

from sla_watchdog.domain.policy.model import Rule
from sla_watchdog.domain.tickets.spans import Span, from_to, overlaid, stretches, until
from sla_watchdog.domain.time.instants import earliest

ENDED = frozenset({"resolved", "closed"})
UNKNOWN = "unknown"
"""The group of a status that the policy file does not name. It runs every clock (semantics D8)."""

ASKED = "customer asked"
"""The group of a span that runs although its status would hold or end it: the customer wrote, and
waits.
"""

AGENT = "agent"
"""Who opened a ticket, where the desk itself did."""


@frozen
class SharedRule:
    """A rule that holds for a ticket since it judges another one of the same matter."""

    rule: Rule
    ticket: str
    """The other one."""


OthersRules = tuple[tuple[int, tuple[SharedRule, ...]], ...]
"""(since, rules of other tickets), the oldest first."""


@frozen
class Ticket:
    """All instants are epoch seconds, oldest first."""

    id: str
    created_at: int
    spans: tuple[Span, ...]
    asked: tuple[int, ...] = ()
    """The customer's messages."""
    answered: tuple[int, ...] = ()
    """The public messages by persons of the desk."""
    gone_at: int | None = None
    """When its record was deleted."""
    merged_into: str = ""
    merged_at: int | None = None
    by_agent: bool = False
    """Whether the desk itself opened it."""
    bot_reopenings: frozenset[int] = frozenset()
    """Reopenings that count, but make no ladder climb."""
    named_reopenings: frozenset[int] = frozenset()
    """Reopenings of which the record names the person."""
    first_message_at: int | None = None
    """Since when its record tells of messages, automatic ones too; None where it never does."""
    unknown_until: int | None = None
    """Until then its status is not known (it was first seen late), so pauses before it count as
    running.
    """
    absorbed: tuple[Ticket, ...] = ()
    """Those merged into this one: it takes over their creation and what they left unanswered."""
    own_created_at: int | None = None
    """When a survivor of a merge was itself created; None for any other ticket."""
    thanks: frozenset[int] = frozenset()
    """Messages after an end that the policy takes as thanks."""
    customer_messages: tuple[int, ...] = ()
    """When the customer wrote of it anywhere: the messages to tickets merged into it, and their
    creation, too.
    """
    others: OthersRules = field(default=(), eq=False, repr=False)
    """The rules of the other tickets of its matter, which judge it, too (semantics D10)."""

    @property
    def born_at(self) -> int:
        """When it was itself created, whatever it took over since."""
        return self.created_at if self.own_created_at is None else self.own_created_at

    @property
    def group(self) -> str:
        return self.spans[-1].group

    @property
    def reopenings(self) -> tuple[int, ...]:
        """When it left resolved or closed for anything else."""
        return tuple(end for _, end in self.ends_reopened)

    @cached_property
    def ends_reopened(self) -> tuple[tuple[int, int], ...]:
        """From when to when it was over, for each time that it was reopened."""
        ends: list[tuple[int, int]] = []
        for start, end in stretches(self.spans, ENDED):
            if end is not None and end != self.own_created_at:
                ends.append((start, end))
        return tuple(ends)

    @property
    def left_at(self) -> int | None:
        """When it was merged or its record deleted: it has no clock of its own from then on."""
        if self.gone_at is None:
            return self.merged_at
        if self.merged_at is None:
            return self.gone_at
        return min(self.gone_at, self.merged_at)

    @property
    def unresolved(self) -> bool:
        return self.left_at is None and (self.group not in ENDED or self._waits)

    @property
    def ended_at(self) -> int | None:
        """Since when it is resolved, closed, merged or deleted, and no message of the customer
        waits for an answer; None while it is unresolved.

        From resolved to closed nothing changes any more (semantics B5).
        """
        if self._waits:
            return self.left_at
        ended = self.since(ENDED)
        if ended is not None and self.waits_after_end:
            ended = max(ended, self.waits_after_end[-1].end or ended)
        return earliest(ended, self.left_at)

    @property
    def _waits(self) -> bool:
        return self.waits_since is not None

    @property
    def waits_since(self) -> int | None:
        """When the customer wrote after the end, and waits; None where nobody does."""
        if not self.waits_after_end:
            return None
        last = self.waits_after_end[-1]
        return last.start if last.end is None else None

    @cached_property
    def waits_after_end(self) -> tuple[Span, ...]:
        """When it was over and a message of the customer waited all the same: until an answer or
        the reopening.
        """
        waits: list[Span] = []
        for start, end in stretches(self.spans, ENDED):
            waits += _waits_in(self, start, end)
        return tuple(until(self.left_at, waits))

    @property
    def with_waits(self) -> Ticket:
        """The ticket as if it were not over while a message of the customer waits."""
        if not self.waits_after_end:
            return self
        return evolve(self, spans=tuple(overlaid(self.spans, self.waits_after_end)))

    def since(self, groups: frozenset[str]) -> int | None:
        """Since when it has been in one of `groups` without a break; None where it is in none of
        them.
        """
        start = None
        for span in reversed(self.spans):
            if span.group not in groups:
                break
            start = span.start
        return start

    def outside(self, groups: frozenset[str]) -> tuple[Span, ...]:
        """The spans in none of `groups`, cut off where the ticket left."""
        spans = (span for span in self.spans if span.group not in groups)
        return tuple(until(self.left_at, spans))


def _waits_in(ticket: Ticket, start: int, end: int | None) -> Iterator[Span]:
    """The waits within one stretch in which it was over. A message in the second of the end counts
    as later.
    """
    messages = [at for at in from_to(ticket.asked, start, end) if at not in ticket.thanks]
    if not messages:
        return
    steps = [(at, True) for at in messages]
    steps += [(at, False) for at in from_to(ticket.answered, start, end)]
    steps.sort()
    yield from _waits(steps, end)


def _waits(steps: list[tuple[int, bool]], end: int | None) -> Iterator[Span]:
    """From each first message to its answer, or to `end`, by sorted (at, is_message): an answer
    comes before a message of the same second.
    """
    since: int | None = None
    for at, is_message in steps:
        if is_message and since is None:
            since = at
        elif not is_message and since is not None:
            yield Span(since, at, ASKED)
            since = None
    if since is not None:
        yield Span(since, end, ASKED)


by_age = attrgetter("created_at", "id")
"""The key that sorts tickets, the oldest first."""
