"""`confirm`: confirms a subscription so that no link in a mail can end it."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from attrs import frozen
from botocore.exceptions import ClientError
from rich.console import Console
from rich.text import Text

from sla_watchdog.adapters.dynamodb.table import code_of
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.subscribers import SubscriptionState
from sla_watchdog.tools.cli import FINDINGS, FINE, UsageError
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.recipients import add_audience, recipient

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.sns_topics import Subscription
    from sla_watchdog.tools.cli.stack.stack import Stack

_TOKEN = re.compile(r"[\w-]{20,}")
"""A token by itself, without the link around it."""

MOST_WRAPPED = 5
"""Links in links that are unwrapped: mail gateways put a link into one of their own."""

STALE = (
    "SNS does not take this link: it is older than 2 days or was replaced by a newer one. "
    "`sla-watchdog subscribe` sends a new one."
)
STALE_CODES = frozenset(
    {"InvalidParameter", "InvalidParameterException", "NotFound", "NotFoundException"}
)

OPENED = (
    "its link was opened before, by somebody or by a mail scanner, so that the links in its "
    "mails end it. Better: "
    "`sla-watchdog unsubscribe` it, `subscribe` it again, and confirm by the new link, unopened."
)


@frozen
class Link:
    """`topic_arn` is '' where the link names none."""

    topic_arn: str
    token: str


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Confirms a subscription by the link in the mail of AWS (or the SubscribeURL "
        "that a web hook or a queue got), which nobody needs to open. Opened in a browser, the "
        "link confirms too, but then every mail has a link that ends the subscription, and mail "
        "scanners open links. Confirmed by this command, only somebody with rights in the AWS "
        "account can end it.",
        example="  sla-watchdog confirm manager 'LINK'",
    )
    add_audience(parser)
    parser.add_argument("link", metavar="LINK", help="the whole link, in quotes, or its Token")


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    link = link_in(args.link)
    return on_stack(
        lambda args, stack: _confirm(stack, _topic(args, stack, link), link, args), args
    )


def link_in(text: str) -> Link:
    """As it was copied from a mail, a gateway's link around it or not; raises UsageError where no
    token is in it.
    """
    text = unescape(text.strip().strip("<>\"'"))
    if _TOKEN.fullmatch(text):
        return Link("", text)
    for queried in _unwrapped(text):
        token = queried.get("Token", [""])[0].strip()
        if token:
            return Link(queried.get("TopicArn", [""])[0].strip(), token)
    raise UsageError(
        "LINK has no Token in it; copy the whole link of the mail, and put it in quotes"
    )


def _unwrapped(text: str) -> Iterator[dict[str, list[str]]]:
    """The query of the link, and of each link that stands in it."""
    waiting = [text]
    for _ in range(MOST_WRAPPED):
        if not waiting:
            return
        try:
            queried = parse_qs(urlsplit(waiting.pop(0)).query)
        except ValueError:
            continue
        yield queried
        for values in queried.values():
            waiting += [value for value in values if "://" in value]


def _topic(args: argparse.Namespace, stack: Stack, link: Link) -> Recipient:
    """Whose topic the link is of, which must be one of AUDIENCE's; raises UsageError."""
    from sla_watchdog.tools.cli.stack.sns_topics import recipient_of

    asked = recipient(args, stack.policy)
    if not link.topic_arn:
        return asked
    whose = None
    prefix = stack.outputs["TopicPrefix"]
    if link.topic_arn.startswith(prefix):
        topic = link.topic_arn.removeprefix(prefix)
        whose = recipient_of(topic, frozenset(stack.audiences))
    if whose is None or whose.audience != asked.audience:
        name = link.topic_arn.rpartition(":")[2]
        raise UsageError(f"this link is for {name}, which is no topic of {args.audience}")
    one_is_named = args.of or args.urgent
    if one_is_named and whose.name != asked.name:
        name, other = stack.topics.name(whose.name), stack.topics.name(asked.name)
        raise UsageError(f"this link is for {name}, not for {other}")
    return whose


@frozen
class Confirmed:
    """`endpoint` is None where SNS does not list the subscription yet. It is `safe` where only the
    account that owns it can end it.
    """

    topic: str
    arn: str
    endpoint: str | None
    safe: bool


def _confirm(stack: Stack, who: Recipient, link: Link, args: argparse.Namespace) -> int:
    arn = _confirmed(stack, who.name, link.token)
    subscription = _subscription(stack, who.name, arn)
    if subscription is not None:
        stack.note(subscription.seat(who.name), SubscriptionState.CONFIRMED)
    stack.count_subscribers(who.name)
    outcome = Confirmed(
        topic=stack.topics.name(who.name),
        arn=arn,
        endpoint=None if subscription is None else subscription.endpoint,
        safe=stack.topics.ends_by_the_account_alone(arn),
    )
    if args.json:
        print(json.dumps(_as_json(outcome), indent=2))
    else:
        _print(who, outcome)
    return FINE if outcome.safe else FINDINGS


def _confirmed(stack: Stack, topic: str, token: str) -> str:
    """The ARN of the subscription; raises UsageError for a link that SNS does not take."""
    try:
        return stack.topics.confirm(topic, token)
    except ClientError as error:
        if code_of(error) in STALE_CODES:
            raise UsageError(STALE) from error
        raise


def _subscription(stack: Stack, topic: str, arn: str) -> Subscription | None:
    for subscription in stack.topics.subscriptions(topic) or ():
        if subscription.arn == arn:
            return subscription
    return None


def _as_json(outcome: Confirmed) -> dict[str, object]:
    return {
        "topic": outcome.topic,
        "subscription_arn": outcome.arn,
        "endpoint": outcome.endpoint,
        "state": "confirmed",
        "unsubscribe_needs_credentials": outcome.safe,
    }


def _print(who: Recipient, outcome: Confirmed) -> None:
    console = Console(highlight=False)
    confirmed = f"{outcome.endpoint or 'The address'} is confirmed for {outcome.topic}"
    if outcome.safe:
        console.print(Text(f"{confirmed}; no link in a mail ends that.", "green"), soft_wrap=True)
    else:
        console.print(Text(f"{confirmed}, but {OPENED}", "yellow"), soft_wrap=True)
    console.print(Text(f"Then try it: sla-watchdog test-alert {who.audience}", "dim"))
