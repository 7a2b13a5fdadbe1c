"""`status`: what is open, breached and at risk, what needs attention, and whether the watchdog
keeps up.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sla_watchdog.tools.cli import FINDINGS, FINE, UsageError
from sla_watchdog.tools.cli.options import add_stack_command, shown
from sla_watchdog.tools.cli.output import formatter
from sla_watchdog.tools.cli.status.filter import add_filters, filter_of
from sla_watchdog.tools.cli.status.look import look

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack

SHOWN = 20

EVERY, MOST_OFTEN = 60, 5
"""Seconds between two looks of `--watch`: a tick comes every minute."""


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Shows every unresolved case, the worst first, what needs attention, what is "
        "silenced, and whether the watchdog keeps up. Each look reads the whole Watch table once. "
        "Exit code 1 when something needs attention, deletions are held back, or no tick finished "
        "for five minutes.",
        example="  sla-watchdog status --breached --team 'Trust and Safety'\n"
        "  sla-watchdog status --at-risk --owner kim",
    )
    add_filters(parser)
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help=f"cases shown; default {SHOWN}, with --json all; 0 all",
    )
    parser.add_argument(
        "--watch",
        type=int,
        nargs="?",
        const=EVERY,
        metavar="SECONDS",
        help=f"look again and again, every {EVERY} seconds unless said; Ctrl-C ends",
    )


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    if args.limit is not None and args.limit < 0:
        raise UsageError("--limit is a number of cases, or 0 for all of them")
    if args.watch is None:
        return on_stack(_once, args)
    if args.json:
        raise UsageError("--json answers once; leave --watch out")
    if args.watch < MOST_OFTEN:
        raise UsageError(
            f"--watch looks every {MOST_OFTEN} seconds at most; a tick comes every minute"
        )
    return on_stack(_again_and_again, args)


def _once(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.tools.cli.status.as_json import as_json
    from sla_watchdog.tools.cli.status.text import print_status

    status = look(stack, filter_of(args, stack.policy))
    formatter(args).show(
        lambda console: print_status(console, status, limit=shown(args, SHOWN)),
        lambda: as_json(status, limit=shown(args, 0)),
    )
    return FINDINGS if status.needs_attention else FINE


def _again_and_again(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.tools.cli.status.live import follow

    chosen = filter_of(args, stack.policy)
    follow(
        lambda quietly: look(stack, chosen, quietly=quietly),
        every=args.watch,
        limit=shown(args, SHOWN),
    )
    return FINE
