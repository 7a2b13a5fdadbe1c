"""What commands have in common on the command line: a description with an example, and which stack
is meant, judged by which policy file.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable
from pathlib import Path

OWN_POLICY = Path(__file__).parents[3] / "policy.yaml"

Run = Callable[[argparse.Namespace], int]


def add_command(
    parser: argparse.ArgumentParser, run: Run, *, description: str, example: str
) -> None:
    """What `--help` of the command says; `example` is shown below the options as it is typed."""
    parser.description = textwrap.fill(description, 78)
    parser.epilog = f"example:\n{example}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(run=run)


def add_stack_command(
    parser: argparse.ArgumentParser, run: Run, *, description: str, example: str
) -> None:
    """The same, with the options of every command about a deployed stack."""
    add_command(parser, run, description=description, example=example)
    stack = add_stack(parser)
    stack.add_argument(
        "--policy", type=Path, metavar="FILE", help="default: the project's own policy.yaml"
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def shown(args: argparse.Namespace, default: int) -> int:
    """Lines to show, by `--limit`; 0 is all of them."""
    if args.limit is None:
        return default
    return int(args.limit)


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
