"""`unsubscribe`: takes an address out of an audience again."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from sla_watchdog.cli import FINDINGS, FINE, UsageError
from sla_watchdog.cli.addresses import Address, address
from sla_watchdog.cli.options import Subparsers, add_command
from sla_watchdog.cli.subscribe import add_recipient, recipient
from sla_watchdog.domain.case import OPERATIONS, Recipient

if TYPE_CHECKING:
    from sla_watchdog.cli.stack import Stack
    from sla_watchdog.cli.topics import Subscription


def register(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    parser = add_command(
        subparsers,
        "unsubscribe",
        run,
        summary="take an address out of an audience",
        description="Ends the subscription of an address to the topic of an audience. A topic made for one person "
        "or team goes with its last subscriber: their alerts reach the whole audience again.",
        example="  sla-watchdog unsubscribe owner --for kim kim@example.org",
    )
    add_recipient(parser)


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.cli.stack import on_stack

    where = address(args.address)
    return on_stack(lambda args, stack: _unsubscribe(stack, recipient(args, stack.policy), where, args), args)


def _unsubscribe(stack: Stack, who: Recipient, where: Address, args: argparse.Namespace) -> int:
    topic = stack.topics.name(who.topic)
    listed = stack.topics.subscriptions(who.topic)
    if listed is None:
        raise UsageError(f"there is no topic {topic}")
    theirs = [each for each in listed if each.is_of(where)]
    if not theirs:
        raise UsageError(f"{where.endpoint} is not subscribed to {topic}; {_subscribed(listed)}")
    confirmed = [each for each in theirs if each.confirmed]
    for each in confirmed:
        stack.topics.unsubscribe(each)
    left = [each for each in listed if each not in confirmed]
    gone = bool(confirmed and who.of and not left)
    if gone:
        stack.topics.delete(who.topic)
    stack.count_subscribers(who.topic)
    if args.json:
        print(json.dumps(_answer(topic, where, confirmed, left, gone=gone), indent=2))
    else:
        _tell(topic, who, where, confirmed, left, gone=gone)
    return FINE if confirmed else FINDINGS


def _subscribed(listed: list[Subscription]) -> str:
    others = ", ".join(sorted(each.endpoint for each in listed))
    return f"subscribed is {others}" if others else "nobody is"


def _answer(
    topic: str, where: Address, ended: list[Subscription], left: list[Subscription], *, gone: bool
) -> dict[str, object]:
    return {
        "topic": topic,
        "endpoint": where.endpoint,
        "ended": bool(ended),
        "confirmed_left": sum(each.confirmed for each in left),
        "topic_deleted": gone,
    }


def _tell(
    topic: str, who: Recipient, where: Address, ended: list[Subscription], left: list[Subscription], *, gone: bool
) -> None:
    console = Console(highlight=False)
    if not ended:
        console.print(
            Text(
                f"{where.endpoint} never confirmed, so there is nothing to end: SNS forgets it 2 days after it was "
                "subscribed.",
                "yellow",
            )
        )
        return
    console.print(Text(f"{where.endpoint} gets nothing from {topic} any more.", "green"))
    if gone:
        console.print(Text(f"It was the last one, so the topic is gone: {who.of} is told with all of {who.audience}."))
    elif not any(each.confirmed for each in left):
        console.print(Text(f"Nobody is left in {topic}: {_then(who)}.", "bold yellow"))


def _then(who: Recipient) -> str:
    if who.urgent:
        return "urgent alerts reach the audience's other topic alone"
    if who.audience == OPERATIONS:
        return "findings and alarms of the watchdog itself reach nobody"
    return "what it would hear is told to the next level instead"
