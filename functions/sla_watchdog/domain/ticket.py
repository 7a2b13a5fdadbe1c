"""A ticket as its facts tell it: when it was created, in which status group it was when, who said something when."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property

from attrs import evolve, frozen

from sla_watchdog.domain.facts import Fact, Facts
from sla_watchdog.domain.policy import Policy

ENDED = frozenset({"resolved", "closed"})
UNKNOWN = "unknown"
"""The group of a status that the policy file does not name. It runs every clock (semantics D8)."""

ASKED = "customer asked"
"""The group of a span that runs although its status would hold or end it: the customer wrote, and waits."""

BOT = "bot"
AGENT = "agent"


@frozen
class Span:
    """The ticket was in `group` for `start <= t < end`; `end` is None for the span that still lasts."""

    start: int
    end: int | None
    group: str


@frozen
class Ticket:
    """`asked` are the customer's messages, `answered` the public ones by persons of the desk, oldest first.

    `absorbed` are the tickets that were merged into this one: it takes over their creation and what they left
    unanswered. `by_agent` is True for one that the desk itself opened. `bot_reopenings` count, but climb no ladder.
    """

    id: str
    created_at: int
    spans: tuple[Span, ...]
    asked: tuple[int, ...] = ()
    answered: tuple[int, ...] = ()
    gone_at: int | None = None
    merged_into: str = ""
    merged_at: int | None = None
    by_agent: bool = False
    bot_reopenings: frozenset[int] = frozenset()
    unknown_until: int | None = None
    """Until then its status is not known (it was first seen late), so pauses before it count as running."""
    absorbed: tuple[Ticket, ...] = ()
    own_created_at: int | None = None
    """When a survivor of a merge was itself created; None for any other ticket."""
    thanks: frozenset[int] = frozenset()
    """Messages after an end that the policy takes as thanks."""
    heard: tuple[int, ...] = ()
    """When the customer wrote of it anywhere: the messages to tickets merged into it, and their creation, too."""

    @property
    def group(self) -> str:
        return self.spans[-1].group

    @property
    def reopenings(self) -> tuple[int, ...]:
        """When it left resolved or closed for anything else."""
        pairs = zip(self.spans, self.spans[1:], strict=False)
        again = (after.start for before, after in pairs if before.group in ENDED and after.group not in ENDED)
        return tuple(at for at in again if at != self.own_created_at)

    @property
    def climbing(self) -> tuple[int, ...]:
        """The reopenings that make its ladder climb: those not by bots (semantics D5)."""
        return tuple(at for at in self.reopenings if at not in self.bot_reopenings)

    @property
    def left_at(self) -> int | None:
        """When it was merged or its record deleted: it has no clock of its own from then on."""
        if self.gone_at is None or self.merged_at is None:
            return self.merged_at if self.gone_at is None else self.gone_at
        return min(self.gone_at, self.merged_at)

    @property
    def unresolved(self) -> bool:
        return self.left_at is None and (self.group not in ENDED or self._waits)

    @property
    def ended_at(self) -> int | None:
        """Since when it is resolved, closed, merged or deleted, and no message of the customer waits for an answer;
        None while it is unresolved.

        From resolved to closed nothing changes any more (semantics B5).
        """
        ended = None if self._waits else self.since(ENDED)
        if ended is not None and self.unheard:
            ended = max(ended, self.unheard[-1].end or ended)
        return min((at for at in (ended, self.left_at) if at is not None), default=None)

    @property
    def _waits(self) -> bool:
        return self.waits_since is not None

    @property
    def waits_since(self) -> int | None:
        """When the customer wrote after the end, and waits; None where nobody does."""
        last = self.unheard[-1] if self.unheard else None
        return last.start if last is not None and last.end is None else None

    @cached_property
    def unheard(self) -> tuple[Span, ...]:
        """When it was over and a message of the customer waited all the same: until an answer or the reopening."""
        waits = (wait for start, end in stretches(self.spans, ENDED) for wait in self._waits_in(start, end))
        return tuple(until(self.left_at, waits))

    def _waits_in(self, start: int, end: int | None) -> Iterator[Span]:
        """Within one stretch of being over; a message in the second of its end counts as later."""
        asked = [(at, ASKED) for at in _from_to(self.asked, start, end) if at not in self.thanks]
        answered = [(at, AGENT) for at in _from_to(self.answered, start, end)] if asked else []
        since: int | None = None
        for at, who in sorted([*asked, *answered]):  # an answer comes before a message of the same second
            if who == ASKED:
                since = at if since is None else since
            elif since is not None:
                yield Span(since, at, ASKED)
                since = None
        if since is not None:
            yield Span(since, end, ASKED)

    @property
    def as_heard(self) -> Ticket:
        """The same, but not over while a message of the customer waits."""
        return evolve(self, spans=tuple(_with(self.spans, self.unheard))) if self.unheard else self

    def since(self, groups: frozenset[str]) -> int | None:
        """Since when it has been in one of `groups` without a break; None where it is in none of them now."""
        start = None
        for span in reversed(self.spans):
            if span.group not in groups:
                break
            start = span.start
        return start

    @property
    def first_request(self) -> tuple[int, int | None]:
        """When the customer first asked, and the first public answer by a person.

        Of a survivor of merges that of the ticket that waits the longest for its first answer (semantics D6).
        """
        created = self.created_at if self.own_created_at is None else self.own_created_at
        requests = [(created, next(iter(self.answered), None))]
        for each in self.absorbed:
            start, answered = each.first_request
            if answered is None:
                answered = next(
                    (at for at in self.answered if each.merged_at is not None and at >= each.merged_at), None
                )
            requests.append((start, answered))
        waiting = [request for request in requests if request[1] is None]
        return min(waiting) if waiting else max(requests, key=lambda request: (request[1] or 0) - request[0])

    def outside(self, groups: frozenset[str]) -> tuple[Span, ...]:
        """The spans in none of `groups`, cut off where the ticket left."""
        return tuple(until(self.left_at, (span for span in self.spans if span.group not in groups)))


def stretches(spans: tuple[Span, ...], groups: frozenset[str]) -> Iterator[tuple[int, int | None]]:
    """(start, end) of each time in which it was in one of these groups without a break."""
    start: int | None = None
    for span in spans:
        if span.group in groups:
            start = span.start if start is None else start
        elif start is not None:
            yield start, span.start
            start = None
    if start is not None:
        yield start, None


def _from_to(instants: tuple[int, ...], start: int, end: int | None) -> tuple[int, ...]:
    last = len(instants) if end is None else bisect_left(instants, end)
    return instants[bisect_left(instants, start) : last]


def _with(spans: Iterable[Span], waits: tuple[Span, ...]) -> Iterator[Span]:
    """The spans, with those of `waits` in place of what they cover."""
    left = list(waits)
    for span in spans:
        start: int | None = span.start
        while start is not None and left and (span.end is None or left[0].start < span.end):
            wait = left[0]
            if start < wait.start:
                yield Span(start, wait.start, span.group)
            stays = wait.end is None or (span.end is not None and span.end < wait.end)
            if stays:
                yield Span(max(start, wait.start), span.end, wait.group)
                start = None
                break
            yield Span(max(start, wait.start), wait.end, wait.group)
            start = wait.end
            left.pop(0)
        if start is not None and (span.end is None or start < span.end):
            yield Span(start, span.end, span.group)


def _thanks(spans: tuple[Span, ...], asked: tuple[int, ...], policy: Policy) -> Iterator[int]:
    """After each end the first message, if it comes so soon that the policy takes it as thanks."""
    for start, end in stretches(spans, ENDED) if policy.thanks is not None else ():
        first = _from_to(asked, start, end)[:1]
        yield from (at for at in first if at - start <= (policy.thanks or 0))


def until(end: int | None, spans: Iterable[Span]) -> Iterator[Span]:
    """The spans cut off at `end`; all of them where it is None."""
    for span in spans:
        if end is None or (span.end is not None and span.end <= end):
            yield span
        elif span.start < end:
            yield Span(span.start, end, span.group)


def ticket(name: str, facts: Facts, policy: Policy) -> Ticket:
    """The ticket by its own facts alone; `sla_watchdog.domain.links` puts several together."""
    created = facts.of_field(name, "created")
    created_at = created[0].at if created else facts.first_seen(name) or 0
    gone = facts.changes(name, "gone")
    status = facts.of_field(name, "status")
    spans = tuple(_spans(created_at, _steps(name, facts, policy)))
    asked = tuple(fact.at for fact in facts.of_field(name, "customer_reply"))
    return Ticket(
        id=name,
        created_at=created_at,
        spans=spans,
        asked=asked,
        thanks=frozenset(_thanks(spans, asked, policy)),
        heard=asked,
        answered=_answers(facts.of_field(name, "agent_reply"), policy, created_at),
        gone_at=gone[-1].at if gone and gone[-1].value else None,
        by_agent=bool(created) and created[0].value == AGENT,
        bot_reopenings=frozenset(f.at for f in facts.of_field(name, "reopened") if _is_bot(f, policy)),
        unknown_until=status[0].at if status and status[0].at - created_at > LATE else None,
    )


LATE = 3600
"""Seconds from the creation to the first known status, above which the time between counts as unknown."""


def _steps(name: str, facts: Facts, policy: Policy) -> list[tuple[int, str]]:
    """(at, group) in order; what ends a ticket counts before a status of the same second that reopens it."""
    ends = [(f.at, 0, f.field) for field in ("resolved", "closed") for f in facts.of_field(name, field)]
    states = [(f.at, 1, policy.statuses.get(str(f.value).casefold(), UNKNOWN)) for f in facts.changes(name, "status")]
    steps = [*ends, *states]
    steps.sort(key=lambda step: step[:2])
    return [(at, group) for at, _, group in steps]


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


def _is_bot(fact: Fact, policy: Policy) -> bool:
    """Bots and automatic replies never answer, and never make a ladder climb (semantics B2, D5)."""
    name = str(fact.value).casefold()
    return name == BOT or name in policy.bots


def _answers(replies: tuple[Fact, ...], policy: Policy, created_at: int) -> tuple[int, ...]:
    return tuple(fact.at for fact in replies if fact.at >= created_at and not _is_bot(fact, policy))
