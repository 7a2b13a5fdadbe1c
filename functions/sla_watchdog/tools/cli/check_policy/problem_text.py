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
    noun = "error" if count == 1 else "errors"
    heading = Text(f"{count} {noun} in {errors.file}", "bold red")
    see = Text("(docs/policy.md explains the file)", "dim")
    console.print(heading, see, soft_wrap=True)


def _print_message(console: Console, file: str, problem: Problem) -> None:
    kind, style = "error", "bold red"
    if problem.warning:
        kind, style = "warning", "bold yellow"
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
    wrong = source[start : start + width]
    capacity = max(console.width - GUTTER - 1, 20)
    before, shown = source[:start], source[:capacity]
    first = max(0, start - capacity // 2)
    if start + width > capacity and first:
        before = "…" + source[first + 1 : start]
        shown = "…" + source[first + 1 : first + capacity]
    carets = min(cell_len(wrong) or 1, capacity)
    line = f"{problem.place.line:>4} | "
    caret = " " * cell_len(before) + "^" * carets
    console.print(Text.assemble((line, "dim"), shown), soft_wrap=True)
    console.print(Text.assemble(("     | ", "dim"), (caret, "bold green")), soft_wrap=True)
