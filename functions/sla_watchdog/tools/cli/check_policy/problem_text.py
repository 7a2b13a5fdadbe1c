"""Problems of a file as compilers print them: the place, the line with a caret, and a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from sla_watchdog.tools.policy_file import PolicyErrors, Problem

GUTTER = 7
"""Columns before the source line: its number and a bar."""


def print_problems(console: Console, file: str, text: str, problems: tuple[Problem, ...]) -> None:
    lines = text.splitlines()
    for problem in problems:
        place = problem.place
        source = lines[place.line - 1] if place.line <= len(lines) else ""
        _print_message(console, file, problem)
        if place.width:
            _print_source(console, source, problem)
        if problem.path:
            console.print(Text(" " * GUTTER + f"at {problem.path}", "dim"), soft_wrap=True)
        if problem.hint:
            _print_indented(console, "hint: " + problem.hint)
        console.print()


def print_count(console: Console, errors: PolicyErrors) -> None:
    count = sum(not problem.warning for problem in errors.problems)
    console.print(
        Text(f"{count} error{'s' * (count != 1)} in {errors.file}", "bold red"),
        Text("(docs/policy.md explains the file)", "dim"),
        soft_wrap=True,
    )


def _print_message(console: Console, file: str, problem: Problem) -> None:
    kind, style = ("warning", "bold yellow") if problem.warning else ("error", "bold red")
    where = f"{file}:{problem.place.line}:{problem.place.column}: "
    message = Text.assemble((where, "bold"), (f"{kind}: ", style), problem.message)
    # One line where a program may read it, so that `file:line:column: message` can be found.
    console.print(message, soft_wrap=not console.is_terminal)


def _print_indented(console: Console, text: str) -> None:
    for line in Text(text).wrap(console, max(console.width - GUTTER, 20)):
        console.print(Text(" " * GUTTER) + line, soft_wrap=True)


def _print_source(console: Console, source: str, problem: Problem) -> None:
    """The line and a caret below it; of a long line the part around the caret."""
    start = problem.place.column - 1
    width = max(1, min(problem.place.width, len(source) - start))
    room = max(console.width - GUTTER - 1, 20)
    first = 0 if start + width <= room else max(0, start - room // 2)
    shown = ("…" if first else "") + source[first + bool(first) : first + room]
    before = ("…" if first else "") + source[first + bool(first) : start]
    caret = " " * cell_len(before) + "^" * min(cell_len(source[start : start + width]) or 1, room)
    console.print(Text.assemble((f"{problem.place.line:>4} | ", "dim"), shown), soft_wrap=True)
    console.print(Text.assemble(("     | ", "dim"), (caret, "bold green")), soft_wrap=True)
