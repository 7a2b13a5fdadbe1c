"""The command line: `sla-watchdog COMMAND`, one folder of this package a command.

A folder's `SUMMARY` is its line in `--help`. Its `command.py` has `register(parser)`, which adds
the options and names `run`, and `run(args) -> int`; it is imported only when the command line
names it, so that no command waits for what another one needs. Exit codes: 0 fine, 1 findings,
2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
import zoneinfo
from collections.abc import Container, Sequence
from importlib import import_module

from sla_watchdog.errors import SlaWatchdogError

COMMANDS = (
    "check_policy",
    "backtest",
    "import_",
    "status",
    "doctor",
    "plan",
    "explain",
    "ack",
    "snooze",
    "silence",
    "subscribe",
    "confirm",
    "unsubscribe",
    "test_alert",
    "deletions",
    "go_live",
    "completion",
)
"""Folders of this package, in the order in which `--help` lists them."""

FINE, FINDINGS, USAGE = 0, 1, 2


class UsageError(SlaWatchdogError):
    """The command cannot do what it was asked to; the message says what to do instead."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Errors we raise ourselves become one line, others keep their stack trace."""
    zoneinfo.reset_tzpath(to=())  # the packaged time zones, as in Lambda, whatever the machine has
    words = sys.argv[1:] if argv is None else argv
    parser = commands(words)
    args = parser.parse_args(words)
    if "run" not in args:
        parser.print_help()
        return USAGE
    try:
        return _run(args)
    except UsageError as error:
        return _fail(error, USAGE)
    except SlaWatchdogError as error:
        return _fail(error, FINDINGS)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (`| head`) has gone. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE


def _run(args: argparse.Namespace) -> int:
    code = int(args.run(args))
    sys.stdout.flush()  # while a reader that has gone is still noticed here
    return code


def commands(named: Container[str] | None = None) -> argparse.ArgumentParser:
    """The parser of all commands. Only those `named` know their options; None: all of them."""
    parser = argparse.ArgumentParser(
        prog="sla-watchdog",
        description="Notifies a named person, and then somebody higher up, of every case that "
        "stays unresolved past its limit.",
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for folder in COMMANDS:
        package = f"{__name__}.{folder}"
        name = name_of(folder)
        command = subparsers.add_parser(name, help=import_module(package).SUMMARY)
        if named is None or name in named:
            import_module(f"{package}.command").register(command)
    return parser


def name_of(folder: str) -> str:
    """As it is typed: `go-live`; `import`, whose folder cannot be called so in Python."""
    return folder.rstrip("_").replace("_", "-")


def _fail(error: SlaWatchdogError, code: int) -> int:
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    message = Text.assemble(("sla-watchdog: ", "bold red"), str(error))
    console.print(message, soft_wrap=not console.is_terminal)
    return code
