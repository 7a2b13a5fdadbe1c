"""What commands print: their answer, in words for people or in JSON for programs, and a
question.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Protocol

from rich.console import Console
from rich.text import Text

from sla_watchdog.tools.cli import UsageError

Words = Callable[[Console], None]
Values = Callable[[], object]


class Formatter(Protocol):
    def show(self, words: Words, values: Values) -> None:
        """Print the answer: `words` prints it for people, `values` is what JSON is made of."""


class TextFormatter:
    def show(self, words: Words, values: Values) -> None:  # noqa: ARG002 # a Formatter
        words(Console(highlight=False))


class JsonFormatter:
    def show(self, words: Words, values: Values) -> None:  # noqa: ARG002 # a Formatter
        print(json.dumps(values(), indent=2, ensure_ascii=False))


def formatter(args: argparse.Namespace) -> Formatter:
    """As `--json` asks for it."""
    if args.json:
        return JsonFormatter()
    return TextFormatter()


def refuse_to_ask_in_json(args: argparse.Namespace) -> None:
    """Raises UsageError where a program would meet a question."""
    if args.json and not args.yes and not args.dry_run:
        raise UsageError("--json cannot ask: add --dry-run or --yes")


def say(text: str) -> None:
    Console(highlight=False).print(Text(text))


def agreed(question: str) -> bool:
    """Asks on the terminal; raises UsageError where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on; say --yes, or --dry-run to look only")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip()
    return answer.casefold() in ("y", "yes")
