"""`unsubscribe`: takes an address out of an audience again."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.escalation.subscribers import Seat, State
from sla_watchdog.tools.cli import FINDINGS, FINE, UsageError
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.stack.addresses import Address, address
from sla_watchdog.tools.cli.subscribe.command import add_recipient, recipient

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack
    from sla_watchdog.tools.cli.stack.topics import Subscription


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Ends the subscription of an address to the topic of an audience. A topic made for one person "
        "or team goes with its last subscriber: their alerts reach the whole audience again. Of an address that is "
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


def _unsubscribe(stack: Stack, who: Recipient, where: Address, args: argparse.Namespace) -> int:
    topic, seat = stack.topics.name(who.topic), Seat.of(who.topic, where.protocol, where.endpoint)
    missed = seat in stack.watch.rosters.read().subscribers
    listed = stack.topics.subscriptions(who.topic)
    if listed is None and not missed:
        raise UsageError(f"there is no topic {topic}")
    listed = listed or []
    theirs = [each for each in listed if each.is_of(where)]
    if not theirs and not missed:
        raise UsageError(f"{where.endpoint} is not subscribed to {topic}; {_subscribed(listed)}")
    stack.note(seat, State.ENDED)  # before it ends, so that no sweep takes it for lost
    if not theirs:
        return _not_missed_any_more(topic, where, listed, args)
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


def _not_missed_any_more(
    topic: str, where: Address, listed: list[Subscription], args: argparse.Namespace
) -> int:
    if args.json:
        print(json.dumps(_answer(topic, where, [], listed, gone=False), indent=2))
    else:
        text = f"{where.endpoint} was not subscribed to {topic} any more; nobody is reminded of it from now on."
        Console(highlight=False).print(Text(text, "green"))
    return FINE


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
    topic: str,
    who: Recipient,
    where: Address,
    ended: list[Subscription],
    left: list[Subscription],
    *,
    gone: bool,
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
        console.print(
            Text(
                f"It was the last one, so the topic is gone: {who.of} is told with all of {who.audience}."
            )
        )
    elif not any(each.confirmed for each in left):
        console.print(Text(f"Nobody is left in {topic}: {_then(who)}.", "bold yellow"))


def _then(who: Recipient) -> str:
    if who.urgent:
        return "urgent alerts reach the audience's other topic alone"
    if who.audience == OPERATIONS:
        return "findings and alarms of the watchdog itself reach nobody"
    return "what it would hear is told to the next level instead"
