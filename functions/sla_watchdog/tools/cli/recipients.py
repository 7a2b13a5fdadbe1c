"""Who is meant on the command line: an audience, all of it or one of its people or teams."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.tools.cli import UsageError
from sla_watchdog.tools.cli.stack.addresses import EXAMPLES


def add_recipient(parser: argparse.ArgumentParser) -> None:
    add_audience(parser)
    parser.add_argument("address", metavar="ADDRESS", help=f"such as {EXAMPLES}")


def add_audience(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "audience", metavar="AUDIENCE", help="an audience of the policy file, or operations"
    )
    parser.add_argument(
        "--for",
        dest="of",
        metavar="NAME",
        default="",
        help="alerts of this assignee or team alone, written exactly as the help desk writes it",
    )
    parser.add_argument(
        "--urgent", action="store_true", help="urgent alerts alone; the thing for SMS"
    )


def recipient(args: argparse.Namespace, policy: Policy) -> Recipient:
    """Who is meant by AUDIENCE, --for and --urgent; raises UsageError for who does not exist."""
    check_audiences([args.audience], policy)
    if args.of:
        _check_divided(args.audience, policy)
    if args.urgent and args.audience == OPERATIONS:
        raise UsageError("operations have one topic; leave --urgent out")
    return Recipient(args.audience, args.of.strip(), args.urgent)


def _check_divided(name: str, policy: Policy) -> None:
    """Only an audience with a topic for each person or team can be named with `--for`."""
    divided = {
        audience.name: f"{audience.name} (each {audience.each})"
        for audience in policy.audiences.values()
        if audience.each
    }
    if name not in divided:
        others = " and ".join(divided.values()) or "no audience"
        raise UsageError(f"{name} is notified as a whole; --for goes with {others}")


def check_audiences(names: Sequence[str], policy: Policy) -> None:
    audiences = [*policy.audiences, OPERATIONS]
    for name in names:
        if name not in audiences:
            hint = _meant(name, audiences)
            raise UsageError(f"there is no audience {name!r}; {hint}")


def _meant(name: str, audiences: Sequence[str]) -> str:
    close = get_close_matches(name.casefold(), audiences, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are {', '.join(audiences)}"
