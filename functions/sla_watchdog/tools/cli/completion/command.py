"""`completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import argparse
import textwrap

from sla_watchdog.tools.cli import FINE
from sla_watchdog.tools.cli.options import Subparsers

SHELLS = ("bash", "zsh", "tcsh")


def register(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "completion",
        help="what a shell needs to complete commands and options",
        description=textwrap.fill(
            "Prints a script for the shell that completes the commands and their options.", 78
        ),
        epilog="example:\n  sla-watchdog completion bash > ~/.local/share/bash-completion/completions/sla-watchdog",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import shtab

    from sla_watchdog.tools.cli import commands

    print(shtab.complete(commands(), args.shell))
    return FINE
