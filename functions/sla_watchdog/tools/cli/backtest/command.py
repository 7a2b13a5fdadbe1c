"""`backtest`: what a policy would have done with a history: which targets were kept, and who would
have been notified.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from sla_watchdog.tools.cli import FINE, UsageError
from sla_watchdog.tools.cli.options import OWN_POLICY, add_command
from sla_watchdog.tools.cli.times import time, zone
from sla_watchdog.tools.imports.events import BrokenEventFile, Event, each_once, in_order, lines_of

if TYPE_CHECKING:
    from sla_watchdog.tools.backtest.oddities import Odd
    from sla_watchdog.tools.backtest.play import Play, Played
    from sla_watchdog.tools.backtest.result import Result


def register(parser: argparse.ArgumentParser) -> None:
    add_command(
        parser,
        run,
        description="Plays an event file under a policy, without AWS, with the same judgement that "
        "the functions use, and writes clocks.csv, alerts.csv, summary.json and report.html.",
        example="  sla-watchdog backtest events.jsonl.gz --policy new.yaml --against "
        "functions/policy.yaml "
        "--out backtest",
    )
    parser.add_argument(
        "events",
        type=Path,
        metavar="EVENTS",
        help="JSON lines, plain or gzip (docs/event-files.md)",
    )
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="default: the project's own policy.yaml"
    )
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="a policy file to compare with"
    )
    parser.add_argument("--until", metavar="TIME", help="play up to then; default: the last event")
    parser.add_argument(
        "--timezone", metavar="ZONE", help="of times without an offset; default: the policy's"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse a file with odd lines instead of counting them",
    )
    parser.add_argument(
        "--suggest",
        action="store_true",
        help="print limits that 90 %% of what ended in the last half year kept",
    )
    parser.add_argument("--json", action="store_true", help="print summary.json too")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where the files are written"
    )


BYTES_OF_A_TICKET = 100
"""About what a ticket takes of a compressed file, to tell a large one before it is read."""


@contextmanager
def _no_collector() -> Iterator[None]:
    """Values refer to older values only, so what is done with is freed at once; the collector of
    cycles would find nothing, and look for it in the whole history again and again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_no_collector()
def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.backtest.report import report
    from sla_watchdog.tools.backtest.workers import beside, drawing, processors
    from sla_watchdog.tools.cli.backtest.text import print_result
    from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy

    paths = [args.policy or OWN_POLICY]
    if args.against:
        paths.append(args.against)
    policy, *_ = [compiled_policy(path) for path in paths]
    timezone = zone(args.timezone) or policy.timezone
    with drawing(processors(_size(args.events) // BYTES_OF_A_TICKET)) as draw:
        result = _result(args, paths, timezone)
        with beside(result.tables, processors(len(result.history.groups))) as tables_done:
            page = report(result, draw)
            tables = tables_done()
    _write(args.out, {**tables, "report.html": page})
    if args.json:
        print(tables["summary.json"], end="")
    else:
        print_result(Console(highlight=False), result, args.out)
    return FINE


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    from sla_watchdog.tools.backtest.files import write_all

    try:
        write_all(folder, texts)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error


def _size(path: Path) -> int:
    if not path.is_file():
        return 0
    return path.stat().st_size


def _result(args: argparse.Namespace, paths: Sequence[Path], timezone: str | None) -> Result:
    from sla_watchdog.tools.backtest.oddities import counted, oddities
    from sla_watchdog.tools.backtest.play import History, Play
    from sla_watchdog.tools.backtest.result import Result
    from sla_watchdog.tools.backtest.workers import beside, processors
    from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy
    from sla_watchdog.tools.simulation.evidence import evidence_of

    until = None if args.until is None else time(args.until, "--until", timezone)
    events = _read(args.events, timezone)
    with beside(partial(oddities, events), processors(len(events))) as oddities_found:
        history = History.of(list(each_once(events)))
        odd_lines = oddities_found()
    if args.strict:
        _refuse(args.events, odd_lines)
    if until is not None and until < history.first:
        raise UsageError("--until is before the first event")
    policies = [compiled_policy(path, history.first) for path in paths]
    end = until or history.last
    evidence = evidence_of(history.tickets, policies[0], end)
    played, *others = [_play(Play(history, compiled, end, evidence)) for compiled in policies]
    against = others[0] if others else None
    return Result(history, counted(odd_lines), played, against, suggests=args.suggest)


def _refuse(path: Path, odd_lines: Sequence[Odd]) -> None:
    from sla_watchdog.tools.backtest.oddities import refuse

    try:
        refuse(odd_lines)
    except BrokenEventFile as error:
        raise UsageError(f"{path} is refused, because of --strict:\n{error}") from error


def _read(path: Path, timezone: str | None) -> Sequence[Event]:
    columns = (SpinnerColumn(), TextColumn("reading {task.completed:,} lines"))
    try:
        with _progress(*columns) as progress:
            lines: Iterable[bytes] = lines_of(path)
            if not progress.disable:
                lines = progress.track(lines, total=None)
            return in_order(lines, timezone)
    except BrokenEventFile as error:
        raise UsageError(f"{path} cannot be played:\n{error}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _play(play: Play) -> Played:
    from sla_watchdog.tools.backtest.workers import played_parts, processors

    processes = processors(len(play.history.groups))
    columns = (MofNCompleteColumn(), TextColumn("tickets"), BarColumn(), TimeRemainingColumn())
    with played_parts(play, processes) as parts, _progress(*columns) as progress:
        task = progress.add_task("", total=len(play.history.tickets))
        return play.whole(parts, lambda count: progress.advance(task, count))


def _progress(*columns: ProgressColumn) -> Progress:
    """Shown to somebody who waits at a terminal, to nobody else."""
    console = Console(stderr=True, highlight=False)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
