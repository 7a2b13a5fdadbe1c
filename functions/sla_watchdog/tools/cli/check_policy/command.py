"""`check-policy`: everything that is wrong with a policy file, or what it says; and its compiled
form.
"""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sla_watchdog.tools.cli import FINDINGS, FINE, UsageError
from sla_watchdog.tools.cli.check_policy.against import as_json, compare, print_comparison
from sla_watchdog.tools.cli.check_policy.problem_text import print_count, print_problems
from sla_watchdog.tools.cli.check_policy.summary import print_summary, summary
from sla_watchdog.tools.cli.options import OWN_POLICY, add_command, add_stack

if TYPE_CHECKING:
    from datetime import date

    from sla_watchdog.tools.policy_file import Checked, Problem


def register(parser: argparse.ArgumentParser) -> None:
    add_command(
        parser,
        run,
        description="Prints everything that is wrong with the policy file, each with its line and "
        "what would be right; or, if nothing is, what the file says in short. The examples of the "
        "file are run; where the policy does otherwise than they expect, that is an error.",
        example="  sla-watchdog check-policy new.yaml --against functions/policy.yaml",
    )
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="default: the project's own policy.yaml"
    )
    parser.add_argument(
        "--compile", metavar="OUT", type=Path, help="write what Lambda reads to OUT"
    )
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON Schema for editors, and stop"
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    edit = parser.add_argument_group("what a change would do")
    edit.add_argument(
        "--against",
        metavar="OLD",
        type=Path,
        help="how many open tickets move, and who would be notified",
    )
    edit.add_argument(
        "--events",
        metavar="FILE",
        type=Path,
        help="the tickets of an event file instead of a stack's",
    )
    edit.add_argument(
        "--at", metavar="TIME", help="with --events: as of then; default: the last event"
    )
    add_stack(parser)


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.policy_file import PolicyErrors, json_schema

    if args.schema:
        print(json_schema(), end="")
        return FINE
    if (args.events or args.at) and not args.against:
        raise UsageError("--events and --at go with --against OLD")
    path = args.file or Path(os.path.relpath(OWN_POLICY))
    text = _text_of(path)
    today = datetime.now(UTC).date()
    try:
        checked = _checked(text, path, today)
    except PolicyErrors as errors:
        _show_problems(path, text, errors.problems, as_json=args.json)
        if not args.json:
            print_count(_stderr(), errors)
        return FINDINGS
    _show_sound(args, path, text, checked, today)
    return FINE


def _checked(text: str, path: Path, today: date) -> Checked:
    """Raises PolicyErrors, also where an example of the file does not come out as it says."""
    from sla_watchdog.tools.policy_file import read_policy
    from sla_watchdog.tools.policy_file.example_run import check_examples

    checked = read_policy(text, str(path), today)
    check_examples(checked, text, str(path))
    return checked


def _show_sound(
    args: argparse.Namespace, path: Path, text: str, checked: Checked, today: date
) -> None:
    """What a policy file without errors says, or what a change of it would do."""
    from sla_watchdog.tools.policy_file import compile_policy

    if args.compile:
        _write(args.compile, compile_policy(checked.form, today))
    facts = summary(checked.form, today)
    comparison = compare(args, path) if args.against else None
    if args.json:
        answer = _answer(path, checked.warnings) | {"summary": facts}
        if comparison:
            answer["against"] = as_json(comparison)
        print(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    _show_problems(path, text, checked.warnings, as_json=False)
    console = Console(highlight=False)
    if comparison:
        print_comparison(console, args.against, comparison, of_events=args.events is not None)
    else:
        print_summary(console, str(path), facts)


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no file {path}; name the policy file: sla-watchdog check-policy FILE"
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def _stderr() -> Console:
    return Console(stderr=True, highlight=False)


def _show_problems(path: Path, text: str, problems: tuple[Problem, ...], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_answer(path, problems), indent=2, ensure_ascii=False))
    else:
        print_problems(_stderr(), str(path), text, problems)


def _answer(path: Path, problems: tuple[Problem, ...]) -> dict[str, Any]:
    return {
        "file": str(path),
        "ok": all(problem.warning for problem in problems),
        "problems": [
            {
                "severity": "warning" if problem.warning else "error",
                "line": problem.place.line,
                "column": problem.place.column,
                "path": problem.path,
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in problems
        ],
    }
