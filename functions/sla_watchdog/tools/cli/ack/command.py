"""`ack`: take a case for somebody, with a promise of the next update; as the link in a message
does.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from attrs import evolve
from rich.console import Console
from rich.text import Text

from sla_watchdog.domain.clocks.promises import Promise, PromiseKind
from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.escalation.not_promised import NotPromised
from sla_watchdog.errors import SlaWatchdogError
from sla_watchdog.presentation.text.not_promised import not_promised
from sla_watchdog.presentation.text.promised import HOW_KEPT, continues, holds_nothing
from sla_watchdog.presentation.times import instant, iso
from sla_watchdog.tools.cli import FINE, UsageError
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.times import end

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack
    from sla_watchdog.usecases.judging import Evaluator

VERBS = {Answer.ACKNOWLEDGED: "takes", Answer.SNOOZED: "puts off"}


class PromiseRefused(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """In the words of NotPromised."""


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Notes who takes the case of a ticket and by when the next update comes. "
        "Repeats and the levels due before then wait; no clock stops, and the age of the case goes "
        "on being watched. Without an update by then the case escalates. It is in the audit, and "
        "cannot be taken back.",
        example="  sla-watchdog ack T-4711 --by 'Kim Larsen' --for 4h",
    )
    add_promise(parser)
    parser.add_argument(
        "--end",
        action="store_true",
        help="promise that it is resolved by then, not only the next update: a reply alone does "
        "not keep it",
    )


def add_promise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ticket", metavar="TICKET")
    parser.add_argument("--by", required=True, metavar="NAME", help="the person who takes it")
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument(
        "--for",
        dest="span",
        metavar="SPAN",
        help="the next update comes within this, like 4h or 90m",
    )
    when.add_argument(
        "--until", metavar="TIME", help="the next update comes by then, like 2026-03-02T17:00+01:00"
    )


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    return on_stack(lambda given, stack: promise(given, stack, Answer.ACKNOWLEDGED), args)


def promise(args: argparse.Namespace, stack: Stack, answer: Answer) -> int:
    from sla_watchdog.usecases.respond.respond import Responder

    now = stack.now()
    until = end(args, stack.policy.timezone, now)
    responder = Responder(_evaluator(stack, now), stack.watch.alert_links)
    is_end = getattr(args, "end", False)
    kind = PromiseKind.END if is_end else PromiseKind.UPDATE
    try:
        promised = responder.promise(args.ticket, args.by, until, now, answer, kind)
    except NotPromised as error:
        raise PromiseRefused(not_promised(error.why)) from error
    if args.json:
        print(json.dumps(_as_json(args.ticket, promised, answer)))
    else:
        _print_promised(args.ticket, promised, answer, stack.policy.timezone or "UTC")
    return FINE


def _as_json(ticket: str, promised: Promise, answer: Answer) -> dict[str, object]:
    return {
        "ticket": ticket,
        "answer": answer.value,
        "by": promised.by,
        "until": iso(promised.until),
        "for": promised.kind.value,
        "in_a_row": promised.in_a_row,
        "holds_back": not holds_nothing(promised),
    }


def _print_promised(ticket: str, promised: Promise, answer: Answer, zone: str) -> None:
    console = Console(highlight=False)
    until = instant(promised.until, zone)
    heading = f"{promised.by} {VERBS[answer]} {ticket}: {_BY[promised.kind]} {until}"
    console.print(Text(heading, "bold"))
    if holds_nothing(promised):
        console.print(Text(continues(promised.in_a_row), "bold"))
    else:
        console.print("Reminders wait until then.")
    console.print(HOW_KEPT[promised.kind])


_BY = {PromiseKind.UPDATE: "next update by", PromiseKind.END: "resolved by"}


def _evaluator(stack: Stack, now: int) -> Evaluator:
    """As the functions judge: what is written must not be of another policy than theirs."""
    if problem := stack.other_policy():
        raise UsageError(problem)
    live = stack.mode().name == "live"
    generation = stack.watch.generations.of(stack.policy.hash, now)
    return evolve(stack.evaluator(live=live), generation=generation)
