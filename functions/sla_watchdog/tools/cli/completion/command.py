"""`completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import argparse

from sla_watchdog.tools.cli import FINE
from sla_watchdog.tools.cli.options import add_command

SHELLS = ("bash", "zsh", "tcsh")


def register(parser: argparse.ArgumentParser) -> None:
    add_command(
        parser,
        run,
        description="Prints a script for the shell that completes the commands and their options.",
        example="  sla-watchdog completion bash > "
        "~/.local/share/bash-completion/completions/sla-watchdog",
    )
    parser.add_argument("shell", choices=SHELLS)


def run(args: argparse.Namespace) -> int:
    import shtab

    from sla_watchdog.tools.cli import commands

    print(shtab.complete(commands(), args.shell))
    return FINE
