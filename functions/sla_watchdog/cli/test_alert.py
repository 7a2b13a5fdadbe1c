"""`test-alert`: shows that an alert reaches the people it is for, before one has to."""

from __future__ import annotations

import argparse
import getpass
import json
from typing import TYPE_CHECKING

from attrs import frozen
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sla_watchdog.cli import FINDINGS, FINE, UsageError
from sla_watchdog.cli.options import Subparsers, add_command
from sla_watchdog.cli.subscribe import check_audiences
from sla_watchdog.domain.case import OPERATIONS, Recipient
from sla_watchdog.domain.message import NoTopic, Refused, Sent, render_test
from sla_watchdog.domain.message.absence import confirm
from sla_watchdog.errors import Unavailable

if TYPE_CHECKING:
    from sla_watchdog.cli.stack import Stack
    from sla_watchdog.cli.topics import Subscription


@frozen
class Tried:
    """A test alert to one topic. `message_id` is '' where SNS took none, and `problem` says why."""

    recipient: Recipient
    topic: str
    confirmed: int
    pending: tuple[str, ...]
    message_id: str
    problem: str

    @property
    def reaches_nobody(self) -> bool:
        """Topics of urgent alerts alone may be empty: everything in them is told beside them too."""
        return bool(self.problem) or (not self.confirmed and not self.recipient.urgent)


def register(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    parser = add_command(
        subparsers,
        "test-alert",
        run,
        summary="send a test alert and show whom it reaches",
        description="Sends a test alert to each topic of the audiences, and shows how many are subscribed to it. "
        "Exit code 1 when an audience reaches nobody.",
        example="  sla-watchdog test-alert --all",
    )
    parser.add_argument("audiences", nargs="*", metavar="AUDIENCE", help="of the policy file, or operations")
    parser.add_argument("--all", action="store_true", help="every audience, and operations")


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.cli.stack import on_stack

    return on_stack(_test_alert, args)


def _test_alert(args: argparse.Namespace, stack: Stack) -> int:
    if bool(args.audiences) == args.all:
        raise UsageError(f"name the audiences to test, or say --all; there are {', '.join(stack.audiences)}")
    check_audiences(args.audiences, stack.policy)
    recipients = _recipients(stack, list(dict.fromkeys(args.audiences)) or list(stack.audiences))
    now, sender = stack.now(), _sender()
    with Console(stderr=True).status("Sending test alerts"):
        tried = [_try(stack, each, now, sender) for each in recipients]
    stack.count_subscribers(*(each.topic for each in tried))
    if args.json:
        print(json.dumps([_entry(stack, each) for each in tried], indent=2, ensure_ascii=False))
    else:
        _print(stack, tried)
    return FINDINGS if any(each.reaches_nobody for each in tried) else FINE


def _sender() -> str:
    """Who sends, for the reader of the message; '' where the machine does not know."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return ""


def _recipients(stack: Stack, audiences: list[str]) -> list[Recipient]:
    """The topics an audience must have, and those made for its people and teams."""
    from sla_watchdog.cli.topics import recipient_of

    there = stack.topics.names(audiences)
    found = [recipient_of(topic, frozenset(audiences)) for topic in there]
    needed = [Recipient(name, urgent=urgent) for name in audiences for urgent in (False, True)]
    wanted = {each for each in (*needed, *found) if each and not (each.audience == OPERATIONS and each.urgent)}
    return sorted(wanted, key=lambda each: (audiences.index(each.audience), each.of, each.urgent))


def _try(stack: Stack, recipient: Recipient, now: int, sender: str) -> Tried:
    from sla_watchdog.domain.message.wording import who

    listed = stack.topics.subscriptions(recipient.topic)
    message_id, problem = "", ""
    if listed is not None:
        try:
            answer = stack.publisher.publish(recipient, render_test(who(recipient), now, sender))
        except Unavailable as error:
            answer = Refused(str(error))
        message_id = answer.message_id if isinstance(answer, Sent) else ""
        problem = _problem(answer)
    elif not recipient.urgent:
        problem = "it has no topic"
    return _tried(recipient, listed or [], message_id, problem)


def _tried(recipient: Recipient, listed: list[Subscription], message_id: str, problem: str) -> Tried:
    return Tried(
        recipient=recipient,
        topic=recipient.topic,
        confirmed=sum(each.confirmed for each in listed),
        pending=tuple(each.endpoint for each in listed if each.pending),
        message_id=message_id,
        problem=problem,
    )


def _problem(answer: Sent | NoTopic | Refused) -> str:
    match answer:
        case Sent():
            return ""
        case NoTopic():
            return "it has no topic"
        case Refused(reason):
            return reason


def _entry(stack: Stack, tried: Tried) -> dict[str, object]:
    return {
        "audience": tried.recipient.audience,
        "of": tried.recipient.of,
        "urgent": tried.recipient.urgent,
        "topic": stack.topics.name(tried.topic),
        "confirmed": tried.confirmed,
        "pending": list(tried.pending),
        "message_id": tried.message_id,
        "problem": tried.problem,
        "reaches_nobody": tried.reaches_nobody,
    }


def _print(stack: Stack, tried: list[Tried]) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("topic", overflow="fold", ratio=1)
    table.add_column("reaches", justify="right", no_wrap=True)
    table.add_column("pending", justify="right", no_wrap=True)
    table.add_column("message", no_wrap=True)
    for each in tried:
        reaches = Text(str(each.confirmed), "red" if each.reaches_nobody else "green" if each.confirmed else "dim")
        said = each.message_id or ("not sent" if each.problem else "no topic")
        message = Text(said, "red" if each.problem else "dim")
        table.add_row(stack.topics.name(each.topic), reaches, str(len(each.pending)), message)
    console.print(table)
    silent = [each for each in tried if each.reaches_nobody]
    if silent:
        console.print("\n[bold red]Reached nobody:[/]")
    for each in silent:
        console.print(Text.assemble(f"  {stack.topics.name(each.topic)}: ", _to_do(each)))


def _to_do(tried: Tried) -> str:
    recipient = tried.recipient
    if tried.pending:
        who = " or ".join(tried.pending)
        return (
            f"nobody gets its alerts until {who} confirms. Copy the link that AWS sent, unopened: {confirm(recipient)}"
        )
    if tried.problem and tried.problem != "it has no topic":
        return f"{tried.problem}."
    of = f" --for {recipient.of}" if recipient.of else ""
    return f"nobody is subscribed: sla-watchdog subscribe {recipient.audience}{of} ADDRESS"
