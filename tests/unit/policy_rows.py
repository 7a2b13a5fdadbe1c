"""Rows that change one place of a good policy file, and the one error that each gives."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sla_watchdog.tools.policy_file import PolicyErrors, Problem, read_policy

TODAY = date(2026, 3, 1)
WHOLE_FILE = ""


class Row(NamedTuple):
    """`line` is a part of the line that the error must point at."""

    id: str
    old: str
    new: str
    line: str
    message: str
    hint: str = ""


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        return read_policy(text, "policy.yaml", TODAY).warnings
    except PolicyErrors as errors:
        return errors.problems


def line_of(text: str, part: str) -> int:
    lines = [number for number, line in enumerate(text.splitlines(), 1) if part in line]
    assert part == WHOLE_FILE or len(lines) == 1, f"{part!r} is on lines {lines}"
    return lines[0]


def gives_one_error(good: str, row: Row) -> None:
    assert good.count(row.old) >= 1
    text = good.replace(row.old, row.new, 1)
    problems = problems_of(text)
    assert [(p.place.line, p.warning) for p in problems] == [(line_of(text, row.line), False)], (
        problems
    )
    assert row.message in problems[0].message
    assert row.hint in problems[0].hint
