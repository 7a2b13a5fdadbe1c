"""`deletions`: the records that are missing from the Tickets table, and whether they were meant to
be deleted.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from sla_watchdog.domain.escalation.deletions import Deletions
from sla_watchdog.presentation.text.deletions import missing_text
from sla_watchdog.tools.cli import FINDINGS, FINE
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.user import who_asks

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="When many open tickets lose their records at once, or half of the table, "
        "nobody is notified that they are over, and their clocks keep running. It ends by itself "
        "when the records are back. With --accept you say that they were meant to be deleted, "
        "those of the next 24 hours included. Exit code 1 while deletions are held back.",
        example="  sla-watchdog deletions\n  sla-watchdog deletions --accept --by 'Kim Larsen'",
    )
    parser.add_argument(
        "--accept", action="store_true", help="the records were meant to be deleted"
    )
    parser.add_argument(
        "--by", metavar="NAME", default="", help="who says so; default: your user name"
    )


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    return on_stack(_deletions, args)


def _deletions(args: argparse.Namespace, stack: Stack) -> int:
    now = stack.now()
    deletions = stack.watch.deletions.read(now)
    accepted = False
    if args.accept:
        accepted = stack.watch.deletions.accept(now, who_asks(args.by))
    if args.json:
        print(json.dumps(_as_json(deletions, accepted)))
    else:
        print(_as_text(deletions, accepted))
    still_held = deletions.held_since is not None and not accepted
    return FINDINGS if still_held else FINE


def _as_json(deletions: Deletions, accepted: bool) -> dict[str, object]:
    return {
        "missing": len(deletions.missing),
        "open_before": deletions.open_before,
        "held_since": deletions.held_since,
        "accepted": accepted,
    }


def _as_text(deletions: Deletions, accepted: bool) -> str:
    if deletions.held_since is None:
        return "No deletions are held back."
    if accepted:
        return (
            "Accepted: within minutes, whoever was notified of a deleted ticket is notified that "
            "it is over."
        )
    command = "sla-watchdog deletions --accept"
    return f"{missing_text(deletions)}\nIf they were meant to be deleted: {command}"
