"""`subscribe`: makes an audience hear its alerts at one more address."""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.escalation.subscribers import Seat, State
from sla_watchdog.tools.cli import FINDINGS, FINE
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.recipients import add_recipient, recipient
from sla_watchdog.tools.cli.stack.addresses import AFTERWARDS, WARNINGS, Address, address

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack

WAIT_SECONDS = 15 * 60
POLL_SECONDS = 3.0


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Subscribes an address to the topic of an audience, and makes the topic "
        "where there is none yet.",
        example="  sla-watchdog subscribe manager grace@example.org\n"
        "  sla-watchdog subscribe owner --for kim kim@example.org --wait\n"
        "  sla-watchdog subscribe executive --urgent +4915112345678",
    )
    add_recipient(parser)
    parser.add_argument(
        "--wait",
        action="store_true",
        help="wait until the address is confirmed, 15 minutes at most",
    )


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    where = address(args.address)
    return on_stack(
        lambda args, stack: _subscribe(stack, recipient(args, stack.policy), where, args), args
    )


def _subscribe(stack: Stack, who: Recipient, where: Address, args: argparse.Namespace) -> int:
    made = stack.topics.subscriptions(who.name) is None
    if made:
        stack.topics.make(who.name)
    before = _state(stack, who, where)
    if before != "confirmed":
        stack.topics.subscribe(who.name, where)
    _note(stack, who, where, _state(stack, who, where))
    state = _wait(stack, who, where) if args.wait else _state(stack, who, where)
    if args.wait:
        _note(stack, who, where, state)
    stack.count_subscribers(who.name)
    if args.json:
        print(json.dumps(_answer(stack, who, where, state, made=made), indent=2))
    else:
        _tell(stack, who, where, state, made=made, already=before == "confirmed")
    return FINDINGS if args.wait and state != "confirmed" else FINE


def _state(stack: Stack, who: Recipient, where: Address) -> str:
    """`confirmed`, `pending`, or '' where the address is not subscribed; the list may lag a moment
    behind.
    """
    theirs = [
        subscription
        for subscription in stack.topics.subscriptions(who.name) or ()
        if subscription.is_of(where)
    ]
    if any(subscription.confirmed for subscription in theirs):
        return "confirmed"
    return "pending" if theirs else ""


def _note(stack: Stack, who: Recipient, where: Address, state: str) -> None:
    seat = Seat.of(who.name, where.protocol, where.endpoint)
    stack.note(seat, State.CONFIRMED if state == "confirmed" else State.PENDING)


def _wait(stack: Stack, who: Recipient, where: Address) -> str:
    until = time.monotonic() + WAIT_SECONDS
    with Console(stderr=True).status(
        f"Waiting until {where.endpoint} is confirmed (Ctrl-C ends the wait alone)"
    ):
        while (state := _state(stack, who, where)) != "confirmed" and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
    return state


def _answer(
    stack: Stack, who: Recipient, where: Address, state: str, *, made: bool
) -> dict[str, object]:
    return {
        "topic": stack.topics.name(who.name),
        "topic_arn": stack.topics.arn(who.name),
        "topic_made": made,
        "protocol": where.protocol,
        "endpoint": where.endpoint,
        "state": state or "pending",
    }


def _tell(
    stack: Stack, who: Recipient, where: Address, state: str, *, made: bool, already: bool
) -> None:
    console, topic = Console(highlight=False), stack.topics.name(who.name)
    if made:
        console.print(f"Topic {topic} made.", soft_wrap=True, markup=False)
    if state == "confirmed":
        verb = "is already subscribed" if already else "is subscribed"
        console.print(Text(f"{where.endpoint} {verb} to {topic}.", "green"))
    else:
        console.print(Text(AFTERWARDS[where.protocol].format(endpoint=where.endpoint), "yellow"))
        console.print(Text(_how_to_confirm(who), "yellow"), soft_wrap=True)
    for warning in _warnings(stack, who, where):
        console.print(Text(warning.format(arn=stack.topics.arn(who.name)), "yellow"))
    console.print(Text(f"Then try it: sla-watchdog test-alert {who.audience}", "dim"))


def _how_to_confirm(who: Recipient) -> str:
    return (
        "Copy its link unopened, then no link in a mail can end the subscription:\n"
        f"  sla-watchdog confirm {who.audience} 'LINK'"
    )


def _warnings(stack: Stack, who: Recipient, where: Address) -> list[str]:
    warnings = list(WARNINGS.get(where.protocol, ()))
    if where.protocol == "sms" and not who.urgent and who.audience != OPERATIONS:
        warnings.insert(
            0, "This number gets every alert. With --urgent it would get the urgent ones alone."
        )
    if who.of:
        each = stack.policy.audiences[who.audience].each
        warnings.append(
            f"It hears of tickets whose {each} is {who.of!r}, written exactly so; nobody else's."
        )
    return warnings
