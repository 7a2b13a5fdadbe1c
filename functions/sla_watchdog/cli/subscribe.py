"""`subscribe`: makes an audience hear its alerts at one more address."""

from __future__ import annotations

import argparse
import json
import time
from difflib import get_close_matches
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from sla_watchdog.cli import FINDINGS, FINE, UsageError
from sla_watchdog.cli.addresses import AFTERWARDS, EXAMPLES, WARNINGS, Address, address
from sla_watchdog.cli.options import Subparsers, add_command
from sla_watchdog.domain.case import OPERATIONS, Recipient
from sla_watchdog.domain.policy import Policy
from sla_watchdog.domain.subscribers import Seat, State

if TYPE_CHECKING:
    from sla_watchdog.cli.stack import Stack

WAIT_SECONDS = 15 * 60
POLL_SECONDS = 3.0


def register(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    parser = add_command(
        subparsers,
        "subscribe",
        run,
        summary="make an audience hear its alerts at an address",
        description="Subscribes an address to the topic of an audience, and makes the topic where there is none yet.",
        example="  sla-watchdog subscribe manager grace@example.org\n"
        "  sla-watchdog subscribe owner --for kim kim@example.org --wait\n"
        "  sla-watchdog subscribe executive --urgent +4915112345678",
    )
    add_recipient(parser)
    parser.add_argument("--wait", action="store_true", help="wait until the address is confirmed, 15 minutes at most")


def add_recipient(parser: argparse.ArgumentParser) -> None:
    add_audience(parser)
    parser.add_argument("address", metavar="ADDRESS", help=f"such as {EXAMPLES}")


def add_audience(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("audience", metavar="AUDIENCE", help="an audience of the policy file, or operations")
    parser.add_argument(
        "--for",
        dest="of",
        metavar="NAME",
        default="",
        help="alerts of this assignee or team alone, written exactly as the help desk writes it",
    )
    parser.add_argument("--urgent", action="store_true", help="urgent alerts alone; the thing for SMS")


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.cli.stack import on_stack

    where = address(args.address)
    return on_stack(lambda args, stack: _subscribe(stack, recipient(args, stack.policy), where, args), args)


def recipient(args: argparse.Namespace, policy: Policy) -> Recipient:
    """Who is meant by AUDIENCE, --for and --urgent; raises UsageError for who does not exist."""
    check_audiences([args.audience], policy)
    audience = policy.audiences.get(args.audience)
    if args.of and (audience is None or audience.each is None):
        divided = [f"{each.name} (each {each.each})" for each in policy.audiences.values() if each.each]
        raise UsageError(
            f"{args.audience} is told as a whole; --for goes with {' and '.join(divided) or 'no audience'}"
        )
    if args.urgent and args.audience == OPERATIONS:
        raise UsageError("operations have one topic; leave --urgent out")
    return Recipient(args.audience, args.of.strip(), args.urgent)


def check_audiences(names: list[str], policy: Policy) -> None:
    known = [*policy.audiences, OPERATIONS]
    for name in names:
        if name not in known:
            close = get_close_matches(name.casefold(), known, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise UsageError(f"there is no audience {name!r}; {hint}")


def _subscribe(stack: Stack, who: Recipient, where: Address, args: argparse.Namespace) -> int:
    made = stack.topics.subscriptions(who.topic) is None
    if made:
        stack.topics.make(who.topic)
    before = _state(stack, who, where)
    if before != "confirmed":
        stack.topics.subscribe(who.topic, where)
    _note(stack, who, where, _state(stack, who, where))
    state = _wait(stack, who, where) if args.wait else _state(stack, who, where)
    if args.wait:
        _note(stack, who, where, state)
    stack.count_subscribers(who.topic)
    if args.json:
        print(json.dumps(_answer(stack, who, where, state, made=made), indent=2))
    else:
        _tell(stack, who, where, state, made=made, known=before == "confirmed")
    return FINDINGS if args.wait and state != "confirmed" else FINE


def _state(stack: Stack, who: Recipient, where: Address) -> str:
    """`confirmed`, `pending`, or '' where the address is not subscribed; the list may lag a moment behind."""
    theirs = [each for each in stack.topics.subscriptions(who.topic) or () if each.is_of(where)]
    if any(each.confirmed for each in theirs):
        return "confirmed"
    return "pending" if theirs else ""


def _note(stack: Stack, who: Recipient, where: Address, state: str) -> None:
    seat = Seat.of(who.topic, where.protocol, where.endpoint)
    stack.note(seat, State.CONFIRMED if state == "confirmed" else State.PENDING)


def _wait(stack: Stack, who: Recipient, where: Address) -> str:
    until = time.monotonic() + WAIT_SECONDS
    with Console(stderr=True).status(f"Waiting until {where.endpoint} is confirmed (Ctrl-C ends the wait alone)"):
        while (state := _state(stack, who, where)) != "confirmed" and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
    return state


def _answer(stack: Stack, who: Recipient, where: Address, state: str, *, made: bool) -> dict[str, object]:
    return {
        "topic": stack.topics.name(who.topic),
        "topic_arn": stack.topics.arn(who.topic),
        "topic_made": made,
        "protocol": where.protocol,
        "endpoint": where.endpoint,
        "state": state or "pending",
    }


def _tell(stack: Stack, who: Recipient, where: Address, state: str, *, made: bool, known: bool) -> None:
    console, topic = Console(highlight=False), stack.topics.name(who.topic)
    if made:
        console.print(f"Topic {topic} made.", soft_wrap=True, markup=False)
    if state == "confirmed":
        verb = "is already subscribed" if known else "is subscribed"
        console.print(Text(f"{where.endpoint} {verb} to {topic}.", "green"))
    else:
        console.print(Text(AFTERWARDS[where.protocol].format(endpoint=where.endpoint), "yellow"))
        console.print(Text(_how_to_confirm(who), "yellow"), soft_wrap=True)
    for warning in _warnings(stack, who, where):
        console.print(Text(warning.format(arn=stack.topics.arn(who.topic)), "yellow"))
    console.print(Text(f"Then try it: sla-watchdog test-alert {who.audience}", "dim"))


def _how_to_confirm(who: Recipient) -> str:
    return (
        "Copy its link unopened, then no link in a mail can end the subscription:\n"
        f"  sla-watchdog confirm {who.audience} 'LINK'"
    )


def _warnings(stack: Stack, who: Recipient, where: Address) -> list[str]:
    found = list(WARNINGS.get(where.protocol, ()))
    if where.protocol == "sms" and not who.urgent and who.audience != OPERATIONS:
        found.insert(0, "This number gets every alert. With --urgent it would get the urgent ones alone.")
    if who.of:
        each = stack.policy.audiences[who.audience].each
        found.append(f"It hears of tickets whose {each} is {who.of!r}, written exactly so; nobody else's.")
    return found
