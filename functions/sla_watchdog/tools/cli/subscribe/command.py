"""`subscribe`: notifies an audience at one more address."""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING

from attrs import frozen
from rich.console import Console
from rich.text import Text

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.escalation.subscribers import Seat, SubscriptionState
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

    def subscribe(args: argparse.Namespace, stack: Stack) -> int:
        who = recipient(args, stack.policy)
        return _subscribe(Subscribing(stack, who, where), args)

    return on_stack(subscribe, args)


@frozen
class Subscribing:
    """An address that is to get what a recipient gets."""

    stack: Stack
    who: Recipient
    where: Address

    def make_topic(self) -> bool:
        """False where there is one already."""
        missing = self.stack.topics.subscriptions(self.who.name) is None
        if missing:
            self.stack.topics.make(self.who.name)
        return missing

    def subscribe(self) -> None:
        self.stack.topics.subscribe(self.who.name, self.where)

    def state(self) -> str:
        """`confirmed`, `pending`, or '' where the address is not subscribed. The list of SNS may
        lag a moment behind.
        """
        subscriptions = self.stack.topics.subscriptions(self.who.name) or ()
        theirs = [one for one in subscriptions if one.is_of(self.where)]
        if any(one.confirmed for one in theirs):
            return "confirmed"
        return "pending" if theirs else ""

    def note(self, state: str) -> None:
        seat = Seat.of(self.who.name, self.where.protocol, self.where.endpoint)
        self.stack.note(
            seat, SubscriptionState.CONFIRMED if state == "confirmed" else SubscriptionState.PENDING
        )

    def wait(self) -> str:
        """The state in the end: `confirmed`, unless it took too long."""
        until = time.monotonic() + WAIT_SECONDS
        text = f"Waiting until {self.where.endpoint} is confirmed (Ctrl-C ends the wait alone)"
        with Console(stderr=True).status(text):
            while True:
                state = self.state()
                if state == "confirmed" or time.monotonic() >= until:
                    return state
                time.sleep(POLL_SECONDS)


@frozen
class Subscribed:
    """What came of it. `made` says that the topic is new, `already` that nothing had to be done."""

    state: str
    made: bool
    already: bool

    @property
    def confirmed(self) -> bool:
        return self.state == "confirmed"


def _subscribe(subscribing: Subscribing, args: argparse.Namespace) -> int:
    made = subscribing.make_topic()
    already = subscribing.state() == "confirmed"
    if not already:
        subscribing.subscribe()
    state = subscribing.state()
    subscribing.note(state)
    if args.wait:
        state = subscribing.wait()
        subscribing.note(state)
    subscribing.stack.count_subscribers(subscribing.who.name)
    outcome = Subscribed(state, made, already)
    if args.json:
        print(json.dumps(_as_json(subscribing, outcome), indent=2))
    else:
        _print(subscribing, outcome)
    return FINDINGS if args.wait and not outcome.confirmed else FINE


def _as_json(subscribing: Subscribing, outcome: Subscribed) -> dict[str, object]:
    topics, topic, where = subscribing.stack.topics, subscribing.who.name, subscribing.where
    return {
        "topic": topics.name(topic),
        "topic_arn": topics.arn(topic),
        "topic_made": outcome.made,
        "protocol": where.protocol,
        "endpoint": where.endpoint,
        "state": outcome.state or "pending",
    }


def _print(subscribing: Subscribing, outcome: Subscribed) -> None:
    stack, who, where = subscribing.stack, subscribing.who, subscribing.where
    console = Console(highlight=False)
    topic = stack.topics.name(who.name)
    if outcome.made:
        console.print(f"Topic {topic} made.", soft_wrap=True, markup=False)
    if outcome.confirmed:
        verb = "is already subscribed" if outcome.already else "is subscribed"
        console.print(Text(f"{where.endpoint} {verb} to {topic}.", "green"))
    else:
        console.print(Text(AFTERWARDS[where.protocol].format(endpoint=where.endpoint), "yellow"))
        console.print(Text(_how_to_confirm(who), "yellow"), soft_wrap=True)
    arn = stack.topics.arn(who.name)
    for warning in _warnings(stack, who, where):
        console.print(Text(warning.format(arn=arn), "yellow"))
    console.print(Text(f"Then try it: sla-watchdog test-alert {who.audience}", "dim"))


def _how_to_confirm(who: Recipient) -> str:
    return (
        "Copy its link unopened, then no link in a mail can end the subscription:\n"
        f"  sla-watchdog confirm {who.audience} 'LINK'"
    )


def _warnings(stack: Stack, who: Recipient, where: Address) -> list[str]:
    warnings = list(WARNINGS.get(where.protocol, ()))
    could_be_urgent_alone = not who.urgent and who.audience != OPERATIONS
    if where.protocol == "sms" and could_be_urgent_alone:
        warnings.insert(
            0, "This number gets every alert. With --urgent it would get the urgent ones alone."
        )
    if who.of:
        each = stack.policy.audiences[who.audience].each
        warnings.append(
            f"It is notified of tickets whose {each} is {who.of!r}, written exactly so; "
            "nobody else's."
        )
    return warnings
