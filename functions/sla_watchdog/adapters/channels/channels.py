"""The channels together: each recipient is reached by one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from attrs import frozen

from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.subscribers import SubscriptionState
from sla_watchdog.presentation.text import Message, NoTopic, Refused, Sent
from sla_watchdog.usecases.sweep.ports import Listed

Answer = Sent | NoTopic | Refused

Listing = tuple[Mapping[str, list[Listed]], Mapping[str, str]]
"""Who listens, by the names of recipients; and for names that cannot be listed now, why."""


class Channel(Protocol):
    def carries(self, recipient: Recipient) -> bool:
        """Whether messages to the recipient go this way."""
        ...

    def publish(self, recipient: Recipient, message: Message) -> Answer:
        """One send, never repeated by itself. Raises Unavailable: it may have arrived or not."""
        ...

    def listed(self, names: Iterable[str]) -> Listing:
        """Names that this channel does not know are in neither."""
        ...

    def phone_states(self, numbers: Iterable[str]) -> Mapping[str, SubscriptionState]:
        """Whether the numbers that it sends SMS to get them. Raises Unavailable."""
        ...


@frozen
class Channels:
    """In the order in which they are asked; the first that carries a recipient does."""

    registered: tuple[Channel, ...]

    def publish(self, recipient: Recipient, message: Message) -> Answer:
        for channel in self.registered:
            if channel.carries(recipient):
                return channel.publish(recipient, message)
        return NoTopic(recipient.name)

    def listed(self, names: Iterable[str]) -> Listing:
        """All who listen by any channel; a name of which one channel cannot tell is unlisted."""
        asked = list(names)
        listed: dict[str, list[Listed]] = {}
        unlisted: dict[str, str] = {}
        for channel in self.registered:
            by_this_channel, unknown = channel.listed(asked)
            for name, listeners in by_this_channel.items():
                listed.setdefault(name, []).extend(listeners)
            unlisted |= unknown
        for name in unlisted:
            listed.pop(name, None)
        return listed, unlisted

    def phone_states(self, numbers: Iterable[str]) -> Mapping[str, SubscriptionState]:
        asked = list(numbers)
        states: dict[str, SubscriptionState] = {}
        for channel in self.registered:
            states |= channel.phone_states(asked)
        return states
