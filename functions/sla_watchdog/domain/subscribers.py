"""Who is subscribed to an audience's topics, who was, and who hears that somebody no longer gets anything.

SNS tells nobody that a subscription ended: a link in each of its mails ends it, and a mail scanner opens links.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from attrs import evolve, field, frozen

from sla_watchdog.domain.case import OPERATIONS, Recipient
from sla_watchdog.domain.policy import Ladder, Policy

HOUR, DAY = 3600, 86_400

LONG_PENDING = DAY
"""Seconds for which an address may wait to be confirmed; SNS drops it after two days."""

LIST_LAG = 300
"""Seconds in which the list of SNS may not show yet what `subscribe` did."""

REMINDER, DAILY = 7 * DAY - HOUR, DAY - HOUR
"""Seconds between two notifications of one matter. A sweep looks once an hour, so a day is 23 hours or more."""

VACANCY = OPERATIONS
"""What the notifications that operations have nobody are kept under, beside the keys of subscribers."""


class State(StrEnum):
    """`ended` was asked for by `unsubscribe`; `suspended` was confirmed once and must be again; `lapsed` never was.

    `unverified` is a number that an account in the SMS sandbox may not write to.
    """

    CONFIRMED = "confirmed"
    PENDING = "pending"
    SUSPENDED = "suspended"
    LAPSED = "lapsed"
    GONE = "gone"
    OPTED_OUT = "opted_out"
    UNVERIFIED = "unverified"
    ENDED = "ended"


DEAF = frozenset({State.OPTED_OUT, State.UNVERIFIED})
"""States of numbers that SNS lists as confirmed, and sends nothing to."""

_WELL = frozenset({State.CONFIRMED, State.PENDING, State.ENDED})


def _as_compared(protocol: str, endpoint: str) -> str:
    return endpoint.casefold() if protocol == "email" else endpoint


@frozen(order=True)
class Seat:
    """One address in one topic, which is named without the stack's prefix. `protocol` is as SNS has it."""

    topic: str
    protocol: str
    endpoint: str

    @classmethod
    def of(cls, topic: str, protocol: str, endpoint: str) -> Seat:
        """As it is compared: e-mail addresses in any case are one."""
        return cls(topic, protocol, _as_compared(protocol, endpoint))

    @property
    def key(self) -> str:
        return f"{self.topic} {self.protocol} {self.endpoint}"

    @property
    def shown(self) -> str:
        """For other readers than whoever runs the watchdog: the path of a web hook is often its password."""
        if self.protocol not in ("http", "https"):
            return self.endpoint
        host, _, path = self.endpoint.removeprefix(f"{self.protocol}://").partition("/")
        return f"{self.protocol}://{host.rpartition('@')[2]}{'/...' if path else ''}"

    @classmethod
    def of_key(cls, key: str) -> Seat:
        """Raises ValueError where it is none."""
        topic, protocol, endpoint = key.split(" ", 2)
        return cls(topic, protocol, endpoint)


@frozen
class Subscriber:
    """In this state `since` that epoch second, as far as a sweep or a command saw it."""

    state: State
    since: int

    def needs_attention(self, now: int) -> bool:
        waits_long = self.state is State.PENDING and now - self.since >= LONG_PENDING
        return waits_long or self.state not in _WELL


@frozen
class Roster:
    """Everybody who is or was subscribed and was not taken out on purpose. `notified` holds, by seat or VACANCY, when
    which topic was last notified of it.
    """

    subscribers: Mapping[Seat, Subscriber] = field(factory=dict)
    notified: Mapping[str, Mapping[str, int]] = field(factory=dict)

    def missing(self, policy: Policy, now: int) -> tuple[Missing, ...]:
        """Who gets nothing and should, of the audiences that the policy still has."""
        found = []
        for seat, subscriber in sorted(self.subscribers.items(), key=lambda entry: entry[0]):
            whose = recipient_of(seat.topic, {*policy.audiences, OPERATIONS})
            if whose is not None and subscriber.needs_attention(now):
                found.append(Missing(seat, whose, subscriber.state, subscriber.since))
        return tuple(found)

    def deaf_in(self, topic: str) -> int:
        """How many SNS counts as confirmed in the topic and sends nothing to."""
        return sum(seat.topic == topic and each.state in DEAF for seat, each in self.subscribers.items())


@frozen
class Missing:
    """Somebody who should get the alerts of `whose` and does not."""

    seat: Seat
    whose: Recipient
    state: State
    since: int


def recipient_of(topic: str, audiences: Iterable[str]) -> Recipient | None:
    """Whose topic it is; of one person or team the name as far as the topic tells it. None for no audience's."""
    known = frozenset(audiences)
    whose = topic.removesuffix("-urgent")
    audience, _, of = (topic if topic in known else whose).partition("--")
    if audience not in known:
        return None
    return Recipient(audience, of, urgent=topic not in known and topic != whose)


# ------------------------------------------------------------------ what a look at SNS changes


def observed(roster: Roster, seen: Mapping[Seat, State], unlisted: Iterable[str], now: int) -> Roster:
    """The roster after SNS listed `seen`; of the topics `unlisted` nothing is known now, and all stays as it was."""
    unknown = frozenset(unlisted)
    after: dict[Seat, Subscriber] = {}
    for seat in {**roster.subscribers, **seen}:
        before = roster.subscribers.get(seat)
        following = before if seat.topic in unknown else _following(before, seen.get(seat), now)
        if following is not None:
            after[seat] = following
    return _with_notified(Roster(after, roster.notified), now)


def _with_notified(roster: Roster, now: int) -> Roster:
    """Without what was said of those who are well again: should they go once more, it is said anew."""
    lost = {seat.key for seat, each in roster.subscribers.items() if each.needs_attention(now)}
    if not any(seat.topic == OPERATIONS and each.state is State.CONFIRMED for seat, each in roster.subscribers.items()):
        lost.add(VACANCY)
    kept = {key: told for key, told in roster.notified.items() if key in lost}
    return evolve(roster, notified=kept)


def _following(before: Subscriber | None, seen: State | None, now: int) -> Subscriber | None:
    """None where there is no more to know."""
    state = seen if before is None else _next_state(before, seen, now)
    if state is None:
        return None
    return before if before is not None and before.state is state else Subscriber(state, now)


def _next_state(before: Subscriber, seen: State | None, now: int) -> State | None:
    if before.state is State.ENDED:
        return _after_the_end(before, seen, now)
    if seen is None:
        return _unlisted(before, now)
    if seen is State.PENDING:
        was_confirmed = before.state in DEAF or before.state in (State.CONFIRMED, State.SUSPENDED)
        return State.SUSPENDED if was_confirmed else State.PENDING
    return seen


def _after_the_end(before: Subscriber, seen: State | None, now: int) -> State | None:
    """Forgotten once SNS lists it no more; a subscriber again where SNS lists it as confirmed a day later."""
    if seen is None:
        return None
    came_back = seen is not State.PENDING and now - before.since >= DAY
    return seen if came_back else State.ENDED


def _unlisted(before: Subscriber, now: int) -> State:
    if before.state in (State.GONE, State.LAPSED) or now - before.since < LIST_LAG:
        return before.state
    return State.LAPSED if before.state is State.PENDING else State.GONE


def noted(roster: Roster, seat: Seat, state: State, now: int) -> Roster:
    """The roster after a command subscribed, confirmed or unsubscribed somebody on purpose."""
    subscribers = {**roster.subscribers, seat: Subscriber(state, now)}
    return _with_notified(evolve(roster, subscribers=subscribers), now)


# ------------------------------------------------------------------ who is notified


@frozen
class Absence:
    """One message to one topic: who is missing, and whether operations have nobody at all."""

    to: Recipient
    missing: tuple[Missing, ...]
    vacant: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """What the roster keeps its notifications under."""
        return (*(each.seat.key for each in self.missing), *((VACANCY,) if self.vacant else ()))


def due_absences(
    roster: Roster, reachable: Mapping[str, int], policy: Policy, now: int, live: bool
) -> tuple[Absence, ...]:
    """Who must be notified now, and of what. `reachable` are confirmed subscriptions by topic, without the deaf.

    The remaining members, the next audience up and operations hear of each who is missing; in mode observe operations
    alone. In place of operations without anybody stands whoever is highest and can be reached.
    """
    audiences = _Audiences(policy, reachable)
    matters: dict[str, tuple[Missing | None, tuple[Recipient, ...], int]] = {}
    for each in roster.missing(policy, now):
        pace = REMINDER if audiences.has_somebody(each.whose.audience) else DAILY
        matters[each.seat.key] = (each, tuple(dict.fromkeys(audiences.concerned(each, live))), pace)
    if not audiences.has_somebody(OPERATIONS):
        matters[VACANCY] = (None, tuple(audiences.operations()), DAILY)
    due: dict[Recipient, list[Missing | None]] = {}
    for key, (missing, recipients, pace) in matters.items():
        for to in recipients:
            last = roster.notified.get(key, {}).get(to.topic)
            if last is None or now - last >= pace:
                due.setdefault(to, []).append(missing)
    return tuple(_absence(to, matters) for to, matters in due.items())


def _absence(to: Recipient, matters: Sequence[Missing | None]) -> Absence:
    return Absence(to, tuple(each for each in matters if each is not None), vacant=None in matters)


def after_notifying(roster: Roster, absences: Iterable[Absence], now: int) -> Roster:
    """The roster once these were sent."""
    notified = {key: dict(told) for key, told in roster.notified.items()}
    for each in absences:
        for key in each.keys:
            notified.setdefault(key, {})[each.to.topic] = now
    return _with_notified(evolve(roster, notified=notified), now)


@frozen
class _Audiences:
    policy: Policy
    reachable: Mapping[str, int]

    def has_somebody(self, audience: str) -> bool:
        return self._reaches(Recipient(audience))

    def _reaches(self, recipient: Recipient) -> bool:
        return self.reachable.get(recipient.topic, 0) > 0

    def _whoever(self, audience: str) -> Recipient | None:
        """The audience; where nobody is in its topic, those who are there for urgent alerts alone."""
        both = (Recipient(audience), Recipient(audience, urgent=True))
        return next((each for each in both if self._reaches(each)), None)

    def concerned(self, missing: Missing, live: bool) -> Iterator[Recipient]:
        audience = missing.whose.audience
        if live and audience != OPERATIONS:
            yield from self._members(missing.whose)
            yield from self._next_up(audience)
        yield from self.operations()

    def _members(self, whose: Recipient) -> Iterator[Recipient]:
        """Who is left; those who are there for urgent alerts alone only where nobody else is."""
        everyone = Recipient(whose.audience)
        if self._reaches(everyone):
            yield everyone
        own = evolve(whose, urgent=False) if whose.of else whose
        if own != everyone and self._reaches(own) and not (own.urgent and self._reaches(everyone)):
            yield own

    def _next_up(self, audience: str) -> Iterator[Recipient]:
        """The nearest audience above that has somebody; nobody above the top."""
        passed, higher = {audience}, above(self.policy, audience)
        while higher is not None and higher not in passed:
            if (found := self._whoever(higher)) is not None:
                yield found
                return
            passed.add(higher)
            higher = above(self.policy, higher)

    def operations(self) -> Iterator[Recipient]:
        """Operations, or who stands in for them."""
        for name in (OPERATIONS, *from_the_top(self.policy)):
            if (found := self._whoever(name)) is not None:
                yield found
                return


def _ladders(policy: Policy) -> Iterator[Ladder]:
    for rule in policy.rules:
        yield from (target.ladder for target in rule.targets)
    yield policy.ceilings
    yield from policy.signals.values()


def above(policy: Policy, audience: str) -> str | None:
    """The audience that a ladder tells next after this one; None for the top."""
    for ladder in _ladders(policy):
        told = [level.tell for level in ladder.levels]
        first = next((number for number, names in enumerate(told) if audience in names), len(told))
        higher = [name for names in told[first + 1 :] for name in names if name not in told[first]]
        if higher:
            return higher[0]
    return None


def from_the_top(policy: Policy) -> tuple[str, ...]:
    """Every audience, that of the highest ceiling first."""
    ceilings = [name for level in reversed(policy.ceilings.levels) for name in level.tell]
    return tuple(dict.fromkeys([*ceilings, *reversed(list(policy.audiences))]))
