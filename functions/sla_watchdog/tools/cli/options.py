"""What every command about a deployed stack takes: which stack, where, and judged by which policy
file.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable
from pathlib import Path

OWN_POLICY = Path(__file__).parents[3] / "policy.yaml"

Run = Callable[[argparse.Namespace], int]
Subparsers = argparse._SubParsersAction  # noqa: SLF001 # argparse has no public name for what add_subparsers returns


def add_command(
    subparsers: Subparsers[argparse.ArgumentParser],
    name: str,
    run: Run,
    *,
    summary: str,
    description: str,
    example: str,
) -> argparse.ArgumentParser:
    """A parser with the options of every stack command; `example` is shown below them as it is
    typed.
    """
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=textwrap.fill(description, 78),
        epilog=f"example:\n{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    stack = add_stack(parser)
    stack.add_argument(
        "--policy", type=Path, metavar="FILE", help="default: the project's own policy.yaml"
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.set_defaults(run=run)
    return parser


def add_stack(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """The options that name a stack."""
    stack = parser.add_argument_group("which stack")
    stack.add_argument(
        "--stack",
        metavar="NAME",
        help="default: SLA_STACK, else what samconfig.toml says, else sla",
    )
    stack.add_argument(
        "--region", help="default: the one AWS is set up for, else what samconfig.toml says"
    )
    return stack
