"""Who can be reached: counted by each sweep, which also finds whoever should be reached and is
not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen

from sla_watchdog.domain.escalation.absences import due_absences
from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.escalation.subscribers import (
    DEAF,
    Roster,
    Seat,
    SubscriptionState,
    observed,
)
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.errors import Unavailable
from sla_watchdog.usecases.sweep.ports import Channels, Listed, ListenerStores
from sla_watchdog.usecases.sweep.result import SweepResult

SMS = "sms"


@frozen
class Listeners:
    """Nothing here writes an address into a log: `swept.noticed` is logged."""

    policy: Policy
    stores: ListenerStores
    channels: Channels
    live: bool

    def count(self, now: int, swept: SweepResult) -> None:
        """Every audience's topics, and those of single people and teams that are known; wakes a
        tick where somebody is to be notified of who is missing.
        """
        before = self.stores.topic_counts.read() or {}
        listed, unlisted = self.channels.listed(sorted(self._names(before)))
        for name, problem in unlisted.items():
            swept.violated(f"topic {name}", problem)
        roster = self._take_down(listed, unlisted, now, swept)
        topics = {name: before[name] for name in unlisted if name in before}
        for name, subscriptions in listed.items():
            topics[name] = _listeners_among(subscriptions, roster)
        self.stores.topic_counts.keep(topics, now)
        for name in unreachable(self.policy, topics):
            swept.violated(f"audience {name}", "nobody has confirmed a subscription")
        if due_absences(roster, topics, self.policy, now, self.live):
            self.stores.rosters.wake(now)

    def _names(self, before: Iterable[str]) -> set[str]:
        names = {*before}
        for audience in (*self.policy.audiences, OPERATIONS):
            names.add(Recipient(audience).name)
            names.add(Recipient(audience, urgent=True).name)
        names.update(seat.recipient for seat in self.stores.rosters.read().subscribers)
        return names

    def _take_down(
        self,
        listed: Mapping[str, list[Listed]],
        unlisted: Iterable[str],
        now: int,
        swept: SweepResult,
    ) -> Roster:
        seen: dict[Seat, SubscriptionState] = {}
        for subscriptions in listed.values():
            seen |= {subscription.seat: subscription.state for subscription in subscriptions}
        phones = self._phones(seen, swept)

        def as_seen(before: Roster) -> Roster:
            return observed(before, with_phones(seen, phones, before), unlisted, now)

        roster = self.stores.rosters.change(as_seen)
        for absent in roster.missing(self.policy, now):
            swept.misses(absent.seat.recipient, absent.state.replace("_", " "))
        return roster

    def _phones(
        self, seen: Mapping[Seat, SubscriptionState], swept: SweepResult
    ) -> Mapping[str, SubscriptionState] | None:
        """None where SNS does not say: nobody is missed for that, nor well again."""
        try:
            return self.channels.phone_states(numbers_in(seen))
        except Unavailable as problem:
            swept.violated(SMS, str(problem))
            return None


def unreachable(policy: Policy, topics: Mapping[str, int]) -> list[str]:
    """The audiences of the policy, and operations, of which nobody can be reached by any topic of
    theirs.
    """
    listening = [topic for topic, count in topics.items() if count]
    audiences = (*policy.audiences, OPERATIONS)
    return [audience for audience in audiences if not _is_among(audience, listening)]


def _is_among(audience: str, topics: Iterable[str]) -> bool:
    """Whether one of the topics is the audience's, or of a person or team of it."""
    part_of_it = f"{audience}--"
    return any(topic == audience or topic.startswith(part_of_it) for topic in topics)


def numbers_in(seen: Mapping[Seat, SubscriptionState]) -> set[str]:
    """Phone numbers that SNS lists as confirmed."""
    return {seat.endpoint for seat, state in seen.items() if _is_confirmed_phone(seat, state)}


def _is_confirmed_phone(seat: Seat, state: SubscriptionState) -> bool:
    return seat.protocol == SMS and state is SubscriptionState.CONFIRMED


def with_phones(
    seen: Mapping[Seat, SubscriptionState],
    phones: Mapping[str, SubscriptionState] | None,
    before: Roster,
) -> dict[Seat, SubscriptionState]:
    """What SNS lists as confirmed, with what it says of the numbers; as before where it says
    nothing of them.
    """
    states = dict(seen)
    for seat, state in seen.items():
        if not _is_confirmed_phone(seat, state):
            continue
        if phones is not None:
            states[seat] = phones[seat.endpoint]
        elif _is_deaf(seat, before):
            states[seat] = before.subscribers[seat].state
    return states


def _is_deaf(seat: Seat, roster: Roster) -> bool:
    subscriber = roster.subscribers.get(seat)
    return subscriber is not None and subscriber.state in DEAF


def _listeners_among(subscriptions: Iterable[Listed], roster: Roster) -> int:
    """Those that are confirmed, without whoever gets nothing all the same."""
    listeners = 0
    for subscription in subscriptions:
        if subscription.confirmed and not _is_deaf(subscription.seat, roster):
            listeners += 1
    return listeners
