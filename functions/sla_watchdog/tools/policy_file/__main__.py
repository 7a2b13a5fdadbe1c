"""What `sam build` runs: python -m sla_watchdog.tools.policy_file POLICY COMPILED

Checks the policy file, runs its examples, and writes what Lambda reads. It imports what
functions/requirements-build.txt names and nothing else: the build has a small environment of its
own, without boto3 and without what only the commands need.
"""

from __future__ import annotations

import sys
import zoneinfo
from datetime import UTC, date, datetime
from pathlib import Path

from sla_watchdog.tools.policy_file import PolicyErrors, Problem, compile_policy, read_policy
from sla_watchdog.tools.policy_file.example_run import check_examples

FINE, POLICY_IS_WRONG = 0, 3
"""Not 1: with that Python ends a program that crashed, and then the policy is not to blame."""


def main(policy: Path, compiled: Path, today: date) -> int:
    zoneinfo.reset_tzpath(to=())  # the packaged time zones, as in Lambda, whatever the machine has
    try:
        text = policy.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return _refuse(f"{policy}: error: it cannot be read as UTF-8 text: {error}")
    try:
        checked = read_policy(text, str(policy), today)
        check_examples(checked, text, str(policy))
    except PolicyErrors as errors:
        return _refuse(*(shown(problem, str(policy), text) for problem in errors.problems))
    _say(*(shown(warning, str(policy), text) for warning in checked.warnings))
    compiled.write_text(compile_policy(checked.form, today), "utf-8")
    return FINE


def shown(problem: Problem, file: str, text: str) -> str:
    """The problem as compilers print it: the place, the line with a caret, a hint."""
    place, lines = problem.place, text.splitlines()
    kind = "warning" if problem.warning else "error"
    parts = [f"{file}:{place.line}:{place.column}: {kind}: {problem.message}"]
    if place.width and place.line <= len(lines):
        parts.append(f"{place.line:>4} | {lines[place.line - 1]}")
        parts.append(f"     | {' ' * (place.column - 1)}{'^' * place.width}")
    if problem.hint:
        parts.append(f"       hint: {problem.hint}")
    return "\n".join(parts) + "\n"


def _refuse(*problems: str) -> int:
    _say(*problems)
    return POLICY_IS_WRONG


def _say(*problems: str) -> None:
    sys.stderr.writelines(f"{problem}\n" for problem in problems)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC).date()))  # the edge
