"""Who listens to an audience, and who did.

SNS tells nobody that a subscription ended: a link in each of its mails ends it, and a mail
scanner opens links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import evolve, field, frozen

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.time.seconds import DAY

LONG_PENDING = DAY
"""Seconds for which an address may wait to be confirmed; SNS drops it after two days."""

LIST_LAG = 300
"""Seconds in which the list of SNS may not show yet what `subscribe` did."""

VACANCY = OPERATIONS
"""What the notifications that operations have nobody are kept under, beside the keys of
subscribers.
"""


class SubscriptionState(StrEnum):
    """`ended` was asked for by `unsubscribe`; `suspended` was confirmed once and must be again;
    `lapsed` never was.

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


DEAF = frozenset({SubscriptionState.OPTED_OUT, SubscriptionState.UNVERIFIED})
"""States of numbers that SNS lists as confirmed, and sends nothing to."""

_WELL = frozenset({SubscriptionState.CONFIRMED, SubscriptionState.PENDING, SubscriptionState.ENDED})

_WAS_CONFIRMED = DEAF | {SubscriptionState.CONFIRMED, SubscriptionState.SUSPENDED}


def _as_compared(protocol: str, endpoint: str) -> str:
    if protocol == "email":
        return endpoint.casefold()
    return endpoint


@frozen(order=True)
class Seat:
    """One address that listens to a recipient, which is given by its name. `protocol` is as the
    channel has it.
    """

    recipient: str
    protocol: str
    endpoint: str

    @classmethod
    def of(cls, recipient: str, protocol: str, endpoint: str) -> Seat:
        """As it is compared: e-mail addresses in any case are one."""
        return cls(recipient, protocol, _as_compared(protocol, endpoint))

    @property
    def key(self) -> str:
        return f"{self.recipient} {self.protocol} {self.endpoint}"

    @property
    def shown(self) -> str:
        """For other readers than whoever runs the watchdog: the path of a web hook is often its
        password.
        """
        if self.protocol not in ("http", "https"):
            return self.endpoint
        scheme = f"{self.protocol}://"
        authority, _, path = self.endpoint.removeprefix(scheme).partition("/")
        _, _, host = authority.rpartition("@")
        rest = "/..." if path else ""
        return f"{scheme}{host}{rest}"

    @classmethod
    def of_key(cls, key: str) -> Seat:
        """Raises ValueError where it is none."""
        recipient, protocol, endpoint = key.split(" ", 2)
        return cls(recipient, protocol, endpoint)


@frozen
class Subscriber:
    """In this state `since` that epoch second, as far as a sweep or a command saw it."""

    state: SubscriptionState
    since: int

    def needs_attention(self, now: int) -> bool:
        waits_long = self.state is SubscriptionState.PENDING and now - self.since >= LONG_PENDING
        return waits_long or self.state not in _WELL


@frozen
class Roster:
    """Everybody who is or was subscribed and was not taken out on purpose. `notified` holds, by
    seat or VACANCY, when which recipient was last notified of it.
    """

    subscribers: Mapping[Seat, Subscriber] = field(factory=dict)
    notified: Mapping[str, Mapping[str, int]] = field(factory=dict)

    def missing(self, policy: Policy, now: int) -> tuple[Missing, ...]:
        """Who gets nothing and should, of the audiences that the policy still has."""
        missing = []
        for seat in sorted(self.subscribers):
            subscriber = self.subscribers[seat]
            whose = recipient_of(seat.recipient, {*policy.audiences, OPERATIONS})
            if whose is not None and subscriber.needs_attention(now):
                missing.append(Missing(seat, whose, subscriber.state, subscriber.since))
        return tuple(missing)

    def deaf_in(self, recipient: str) -> int:
        """How many the channel counts as confirmed for the recipient and sends nothing to."""
        deaf = [seat for seat, subscriber in self.subscribers.items() if subscriber.state in DEAF]
        return sum(seat.recipient == recipient for seat in deaf)

    @property
    def operations_confirmed(self) -> bool:
        """Whether anybody is subscribed to operations for good."""
        for seat, subscriber in self.subscribers.items():
            if seat.recipient == OPERATIONS and subscriber.state is SubscriptionState.CONFIRMED:
                return True
        return False

    def with_notified(self, now: int) -> Roster:
        """Without the notifications of those who are well again: should they go once more, people
        are notified anew.
        """
        lost = set()
        for seat, subscriber in self.subscribers.items():
            if subscriber.needs_attention(now):
                lost.add(seat.key)
        if not self.operations_confirmed:
            lost.add(VACANCY)
        notified = {key: times for key, times in self.notified.items() if key in lost}
        return evolve(self, notified=notified)


@frozen
class Missing:
    """Somebody who should get the alerts of `whose` and does not."""

    seat: Seat
    whose: Recipient
    state: SubscriptionState
    since: int


def recipient_of(name: str, audiences: Iterable[str]) -> Recipient | None:
    """Who has this name; of one person or team as much as it tells. None for no audience's."""
    names = frozenset(audiences)
    urgent = name.endswith("-urgent") and name not in names
    audience, _, of = (name.removesuffix("-urgent") if urgent else name).partition("--")
    return Recipient(audience, of, urgent) if audience in names else None


# ------------------------------------------------------------------ what a look changes


def observed(
    roster: Roster, seen: Mapping[Seat, SubscriptionState], unlisted: Iterable[str], now: int
) -> Roster:
    """The roster after channels listed `seen`; of the recipients `unlisted` nothing is known now,
    and all stays as it was.
    """
    unknown = frozenset(unlisted)
    after: dict[Seat, Subscriber] = {}
    for seat in {**roster.subscribers, **seen}:
        subscriber = roster.subscribers.get(seat)
        if seat.recipient not in unknown:
            subscriber = _following(subscriber, seen.get(seat), now)
        if subscriber is not None:
            after[seat] = subscriber
    return Roster(after, roster.notified).with_notified(now)


def _following(
    before: Subscriber | None, seen: SubscriptionState | None, now: int
) -> Subscriber | None:
    """None where there is no more to know."""
    state = seen if before is None else _next_state(before, seen, now)
    if state is None:
        return None
    if before is not None and before.state is state:
        return before
    return Subscriber(state, now)


def _next_state(
    before: Subscriber, seen: SubscriptionState | None, now: int
) -> SubscriptionState | None:
    if before.state is SubscriptionState.ENDED:
        return _after_the_end(before, seen, now)
    if seen is None:
        return _unlisted(before, now)
    if seen is SubscriptionState.PENDING and before.state in _WAS_CONFIRMED:
        return SubscriptionState.SUSPENDED
    return seen


def _after_the_end(
    before: Subscriber, seen: SubscriptionState | None, now: int
) -> SubscriptionState | None:
    """Forgotten once SNS lists it no more; a subscriber again where SNS lists it as confirmed a day
    later.
    """
    if seen is None:
        return None
    came_back = seen is not SubscriptionState.PENDING and now - before.since >= DAY
    return seen if came_back else SubscriptionState.ENDED


def _unlisted(before: Subscriber, now: int) -> SubscriptionState:
    if (
        before.state in (SubscriptionState.GONE, SubscriptionState.LAPSED)
        or now - before.since < LIST_LAG
    ):
        return before.state
    if before.state is SubscriptionState.PENDING:
        return SubscriptionState.LAPSED
    return SubscriptionState.GONE


def noted(roster: Roster, seat: Seat, state: SubscriptionState, now: int) -> Roster:
    """The roster after a command subscribed, confirmed or unsubscribed somebody on purpose."""
    subscribers = {**roster.subscribers, seat: Subscriber(state, now)}
    return evolve(roster, subscribers=subscribers).with_notified(now)
