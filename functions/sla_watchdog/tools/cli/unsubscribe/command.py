"""`unsubscribe`: takes an address out of an audience again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import frozen
from rich.console import Console
from rich.text import Text

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.escalation.subscribers import Seat, SubscriptionState
from sla_watchdog.tools.cli import FINDINGS, FINE, UsageError
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.recipients import add_recipient, recipient
from sla_watchdog.tools.cli.stack.addresses import Address, address

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.sns_topics import Subscription
    from sla_watchdog.tools.cli.stack.stack import Stack


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Ends the subscription of an address to the topic of an audience. A topic made "
        "for one person or team goes with its last subscriber: their alerts reach the whole "
        "audience again. Of an address that is gone already it says that this is wanted, and the "
        "reminders end.",
        example="  sla-watchdog unsubscribe owner --for kim kim@example.org",
    )
    add_recipient(parser)


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    where = address(args.address)
    return on_stack(
        lambda args, stack: _unsubscribe(stack, recipient(args, stack.policy), where, args), args
    )


@frozen
class Unsubscribed:
    """`gone` says that the address was not subscribed any more. `ended` are its subscriptions that
    were ended, `left` are all that remain.
    """

    topic: str
    endpoint: str
    gone: bool
    ended: Sequence[Subscription]
    left: Sequence[Subscription]
    topic_deleted: bool

    @property
    def confirmed_left(self) -> int:
        return sum(subscription.confirmed for subscription in self.left)


def _unsubscribe(stack: Stack, who: Recipient, where: Address, args: argparse.Namespace) -> int:
    subscribed = stack.topics.subscriptions(who.name)
    seat = Seat.of(who.name, where.protocol, where.endpoint)
    _refuse_a_stranger(stack, seat, where, subscribed)
    stack.note(seat, SubscriptionState.ENDED)  # before it ends, so that no sweep takes it for lost
    outcome = _end(stack, who, where, subscribed or [])
    if not outcome.gone:
        stack.count_subscribers(who.name)
    if args.json:
        print(json.dumps(_as_json(outcome), indent=2))
    else:
        _print(who, outcome)
    return FINE if outcome.gone or outcome.ended else FINDINGS


def _refuse_a_stranger(
    stack: Stack, seat: Seat, where: Address, subscribed: list[Subscription] | None
) -> None:
    """Raises UsageError for an address that neither is subscribed nor should be."""
    if any(subscription.is_of(where) for subscription in subscribed or ()):
        return
    if seat in stack.watch.rosters.read().subscribers:
        return
    topic = stack.topics.name(seat.recipient)
    if subscribed is None:
        raise UsageError(f"there is no topic {topic}")
    others = ", ".join(sorted(subscription.endpoint for subscription in subscribed))
    there = f"subscribed is {others}" if others else "nobody is"
    raise UsageError(f"{where.endpoint} is not subscribed to {topic}; {there}")


def _end(stack: Stack, who: Recipient, where: Address, listed: list[Subscription]) -> Unsubscribed:
    """Ends the confirmed subscriptions of the address. A topic of one person goes with its last
    one.
    """
    theirs = [subscription for subscription in listed if subscription.is_of(where)]
    ended = list(_end_confirmed(stack, theirs))
    left = [subscription for subscription in listed if subscription not in ended]
    last_of_a_person = bool(ended and who.of and not left)
    if last_of_a_person:
        stack.topics.delete(who.name)
    return Unsubscribed(
        topic=stack.topics.name(who.name),
        endpoint=where.endpoint,
        gone=not theirs,
        ended=ended,
        left=left,
        topic_deleted=last_of_a_person,
    )


def _end_confirmed(stack: Stack, theirs: Sequence[Subscription]) -> Iterator[Subscription]:
    for subscription in theirs:
        if subscription.confirmed:
            stack.topics.unsubscribe(subscription)
            yield subscription


def _as_json(outcome: Unsubscribed) -> dict[str, object]:
    return {
        "topic": outcome.topic,
        "endpoint": outcome.endpoint,
        "ended": bool(outcome.ended),
        "confirmed_left": outcome.confirmed_left,
        "topic_deleted": outcome.topic_deleted,
    }


def _print(who: Recipient, outcome: Unsubscribed) -> None:
    console = Console(highlight=False)
    topic, endpoint = outcome.topic, outcome.endpoint
    if outcome.gone:
        gone = f"{endpoint} was not subscribed to {topic} any more"
        console.print(Text(f"{gone}; nobody is reminded of it from now on.", "green"))
        return
    if not outcome.ended:
        never = f"{endpoint} never confirmed, so there is nothing to end"
        forgets = "SNS forgets it 2 days after it was subscribed."
        console.print(Text(f"{never}: {forgets}", "yellow"))
        return
    console.print(Text(f"{endpoint} gets nothing from {topic} any more.", "green"))
    if outcome.topic_deleted:
        whole = f"{who.of} is notified with all of {who.audience}"
        console.print(Text(f"It was the last one, so the topic is gone: {whole}."))
    elif not outcome.confirmed_left:
        console.print(Text(f"Nobody is left in {topic}: {_then(who)}.", "bold yellow"))


def _then(who: Recipient) -> str:
    if who.urgent:
        return "urgent alerts reach the audience's other topic alone"
    if who.audience == OPERATIONS:
        return "findings and alarms of the watchdog itself reach nobody"
    return "the next level is notified instead"
