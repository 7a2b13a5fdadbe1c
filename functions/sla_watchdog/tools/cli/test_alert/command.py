"""`test-alert`: shows that an alert reaches the people it is for, before one has to."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from attrs import frozen
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.errors import Unavailable
from sla_watchdog.presentation.text import NoTopic, Refused, Sent, render_test
from sla_watchdog.presentation.text.absence import confirm
from sla_watchdog.tools.cli import FINDINGS, FINE, UsageError
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.output import formatter
from sla_watchdog.tools.cli.recipients import check_audiences
from sla_watchdog.tools.cli.user import user_name

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack

NO_TOPIC = "it has no topic"


@frozen
class Tried:
    """A test alert to one topic. `message_id` is '' where SNS took none, and `problem` says why."""

    recipient: Recipient
    confirmed: int = 0
    pending: tuple[str, ...] = ()
    message_id: str = ""
    problem: str = ""

    @property
    def topic(self) -> str:
        return self.recipient.name

    @property
    def reaches_nobody(self) -> bool:
        """A topic of urgent alerts may be empty: the audience's other topic gets all of them
        too.
        """
        if self.problem:
            return True
        return not self.confirmed and not self.recipient.urgent


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Sends a test alert to each topic of the audiences, and shows how many are "
        "subscribed to it. Exit code 1 when an audience reaches nobody.",
        example="  sla-watchdog test-alert --all",
    )
    parser.add_argument(
        "audiences", nargs="*", metavar="AUDIENCE", help="of the policy file, or operations"
    )
    parser.add_argument("--all", action="store_true", help="every audience, and operations")


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    return on_stack(_test_alert, args)


def _test_alert(args: argparse.Namespace, stack: Stack) -> int:
    if bool(args.audiences) == args.all:
        raise UsageError(
            f"name the audiences to test, or say --all; there are {', '.join(stack.audiences)}"
        )
    check_audiences(args.audiences, stack.policy)
    audiences = list(dict.fromkeys(args.audiences or stack.audiences))
    recipients = _recipients(stack, audiences)
    now, sender = stack.now(), user_name()
    with Console(stderr=True).status("Sending test alerts"):
        tried = [_try(stack, recipient, now, sender) for recipient in recipients]
    stack.count_subscribers(*(trial.topic for trial in tried))
    formatter(args).show(
        lambda console: _print(console, stack, tried),
        lambda: [_entry(stack, trial) for trial in tried],
    )
    return FINDINGS if any(trial.reaches_nobody for trial in tried) else FINE


def _recipients(stack: Stack, audiences: list[str]) -> list[Recipient]:
    """The topics an audience must have, and those made for its people and teams."""
    from sla_watchdog.tools.cli.stack.sns_topics import recipient_of

    recipients: set[Recipient | None] = set()
    for audience in audiences:
        recipients |= {Recipient(audience), Recipient(audience, urgent=True)}
    for topic in stack.topics.names(audiences):
        recipients.add(recipient_of(topic, frozenset(audiences)))
    return sorted(
        (recipient for recipient in recipients if recipient and not _is_spare(recipient)),
        key=lambda recipient: (audiences.index(recipient.audience), recipient.of, recipient.urgent),
    )


def _is_spare(recipient: Recipient) -> bool:
    """Operations have one topic, for everything."""
    return recipient.audience == OPERATIONS and recipient.urgent


def _try(stack: Stack, recipient: Recipient, now: int, sender: str) -> Tried:
    listed = stack.topics.subscriptions(recipient.name)
    if listed is None:
        problem = "" if recipient.urgent else NO_TOPIC
        return Tried(recipient, problem=problem)
    answer = _publish(stack, recipient, now, sender)
    return Tried(
        recipient=recipient,
        confirmed=sum(subscription.confirmed for subscription in listed),
        pending=tuple(subscription.endpoint for subscription in listed if subscription.pending),
        message_id=answer.message_id if isinstance(answer, Sent) else "",
        problem=_problem(answer),
    )


def _publish(stack: Stack, recipient: Recipient, now: int, sender: str) -> Sent | NoTopic | Refused:
    from sla_watchdog.presentation.text.wording import who

    message = render_test(who(recipient), now, sender)
    try:
        return stack.publisher.publish(recipient, message)
    except Unavailable as error:
        return Refused(str(error))


def _problem(answer: Sent | NoTopic | Refused) -> str:
    match answer:
        case Sent():
            return ""
        case NoTopic():
            return NO_TOPIC
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


def _print(console: Console, stack: Stack, tried: list[Tried]) -> None:
    console.print(_table(stack, tried))
    silent = [trial for trial in tried if trial.reaches_nobody]
    if silent:
        console.print("\n[bold red]Reached nobody:[/]")
    for trial in silent:
        console.print(Text.assemble(f"  {stack.topics.name(trial.topic)}: ", _to_do(trial)))


def _table(stack: Stack, tried: list[Tried]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("topic", overflow="fold", ratio=1)
    table.add_column("reaches", justify="right", no_wrap=True)
    table.add_column("pending", justify="right", no_wrap=True)
    table.add_column("message", no_wrap=True)
    for trial in tried:
        topic, pending = stack.topics.name(trial.topic), str(len(trial.pending))
        table.add_row(topic, _reaches(trial), pending, _message(trial))
    return table


def _reaches(trial: Tried) -> Text:
    style = "green" if trial.confirmed else "dim"
    if trial.reaches_nobody:
        style = "red"
    return Text(str(trial.confirmed), style)


def _message(trial: Tried) -> Text:
    if trial.problem:
        return Text(trial.message_id or "not sent", "red")
    return Text(trial.message_id or "no topic", "dim")


def _to_do(tried: Tried) -> str:
    recipient = tried.recipient
    if tried.pending:
        people = " or ".join(tried.pending)
        return (
            f"nobody gets its alerts until {people} confirms. Copy the link that AWS sent, "
            f"unopened: {confirm(recipient)}"
        )
    if tried.problem not in ("", NO_TOPIC):
        return f"{tried.problem}."
    of = f" --for {recipient.of}" if recipient.of else ""
    return f"nobody is subscribed: sla-watchdog subscribe {recipient.audience}{of} ADDRESS"
