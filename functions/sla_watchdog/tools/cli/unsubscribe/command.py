"""`unsubscribe`: takes an address out of an audience again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen
from rich.console import Console
from rich.text import Text

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.escalation.subscribers import Seat, State
from sla_watchdog.tools.cli import FINDINGS, FINE, UsageError
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.recipients import add_recipient, recipient
from sla_watchdog.tools.cli.stack.addresses import Address, address

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack
    from sla_watchdog.tools.cli.stack.topics import Subscription


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Ends the subscription of an address to the topic of an audience. A topic "
        "made for one person "
        "or team goes with its last subscriber: their alerts reach the whole audience again. Of "
        "an address that is "
        "gone already it says that this is wanted, and the reminders end.",
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
    """`ended` are the subscriptions of the address that were ended, `left` those that remain."""

    topic: str
    endpoint: str
    ended: Sequence[Subscription]
    left: Sequence[Subscription]
    topic_deleted: bool = False

    @property
    def confirmed_left(self) -> int:
        return sum(subscription.confirmed for subscription in self.left)


def _unsubscribe(stack: Stack, who: Recipient, where: Address, args: argparse.Namespace) -> int:
    subscribed = stack.topics.subscriptions(who.name)
    listed = subscribed or []
    seat = Seat.of(who.name, where.protocol, where.endpoint)
    theirs = [subscription for subscription in listed if subscription.is_of(where)]
    if not theirs and seat not in stack.watch.rosters.read().subscribers:
        raise UsageError(_not_subscribed(stack.topics.name(who.name), where, subscribed))
    stack.note(seat, State.ENDED)  # before it ends, so that no sweep takes it for lost
    if not theirs:
        return _not_missed_any_more(stack, who, where, listed, args)
    outcome = _end(stack, who, where, listed, theirs)
    stack.count_subscribers(who.name)
    if args.json:
        print(json.dumps(_answer(outcome), indent=2))
    else:
        _tell(who, outcome)
    return FINE if outcome.ended else FINDINGS


def _not_subscribed(topic: str, where: Address, listed: list[Subscription] | None) -> str:
    if listed is None:
        return f"there is no topic {topic}"
    return f"{where.endpoint} is not subscribed to {topic}; {_subscribed(listed)}"


def _end(
    stack: Stack,
    who: Recipient,
    where: Address,
    listed: list[Subscription],
    theirs: list[Subscription],
) -> Unsubscribed:
    """End those of `theirs` that were confirmed. A topic of one person goes with its last one."""
    confirmed = [subscription for subscription in theirs if subscription.confirmed]
    for subscription in confirmed:
        stack.topics.unsubscribe(subscription)
    left = [subscription for subscription in listed if subscription not in confirmed]
    topic_deleted = bool(confirmed and who.of and not left)
    if topic_deleted:
        stack.topics.delete(who.name)
    topic = stack.topics.name(who.name)
    return Unsubscribed(topic, where.endpoint, confirmed, left, topic_deleted)


def _not_missed_any_more(
    stack: Stack,
    who: Recipient,
    where: Address,
    listed: list[Subscription],
    args: argparse.Namespace,
) -> int:
    topic = stack.topics.name(who.name)
    if args.json:
        print(json.dumps(_answer(Unsubscribed(topic, where.endpoint, (), listed)), indent=2))
        return FINE
    text = (
        f"{where.endpoint} was not subscribed to {topic} any more; "
        "nobody is reminded of it from now on."
    )
    Console(highlight=False).print(Text(text, "green"))
    return FINE


def _subscribed(listed: list[Subscription]) -> str:
    others = ", ".join(sorted(subscription.endpoint for subscription in listed))
    return f"subscribed is {others}" if others else "nobody is"


def _answer(outcome: Unsubscribed) -> dict[str, object]:
    return {
        "topic": outcome.topic,
        "endpoint": outcome.endpoint,
        "ended": bool(outcome.ended),
        "confirmed_left": outcome.confirmed_left,
        "topic_deleted": outcome.topic_deleted,
    }


def _tell(who: Recipient, outcome: Unsubscribed) -> None:
    console = Console(highlight=False)
    topic, endpoint = outcome.topic, outcome.endpoint
    if not outcome.ended:
        never = (
            f"{endpoint} never confirmed, so there is nothing to end: "
            "SNS forgets it 2 days after it was subscribed."
        )
        console.print(Text(never, "yellow"))
        return
    console.print(Text(f"{endpoint} gets nothing from {topic} any more.", "green"))
    if outcome.topic_deleted:
        whole = f"{who.of} is told with all of {who.audience}"
        console.print(Text(f"It was the last one, so the topic is gone: {whole}."))
    elif not outcome.confirmed_left:
        console.print(Text(f"Nobody is left in {topic}: {_then(who)}.", "bold yellow"))


def _then(who: Recipient) -> str:
    if who.urgent:
        return "urgent alerts reach the audience's other topic alone"
    if who.audience == OPERATIONS:
        return "findings and alarms of the watchdog itself reach nobody"
    return "what it would hear is told to the next level instead"
