"""`import`: puts the tickets of an event file into the Tickets table, each as its events leave it."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from sla_watchdog.cli import FINE, UsageError
from sla_watchdog.cli.options import Subparsers, add_command
from sla_watchdog.domain.message.wording import count_of
from sla_watchdog.domain.policy import Source
from sla_watchdog.domain.record import Record
from sla_watchdog.events import BrokenEventFile, Event, lines_of, parse
from sla_watchdog.help_desk import Words, apply, shaped

if TYPE_CHECKING:
    from sla_watchdog.cli.stack import Stack

WRITERS = 8


def register(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    parser = add_command(
        subparsers,
        "import",
        run,
        summary="put the tickets of an event file into the Tickets table",
        description="Reads the whole event file first, and puts nothing if any line of it is broken. Then puts each "
        "ticket as its events leave it, in the shape that the policy file describes. A record that is newer than the "
        "file stays as it is, so that an import can be repeated.",
        example="  sla-watchdog import events.jsonl.gz --dry-run",
    )
    parser.add_argument("events", type=Path, metavar="EVENTS", help="JSON lines, plain or gzip")
    parser.add_argument("--dry-run", action="store_true", help="read and check the file, and put nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.cli.stack import on_stack

    return on_stack(_import, args)


def _import(args: argparse.Namespace, stack: Stack) -> int:
    if args.json and not (args.yes or args.dry_run):
        raise UsageError("--json cannot ask: add --dry-run or --yes")
    events = _read(args.events, stack.policy.timezone)
    records = _last_records(events, Words.of(stack.policy))
    table = stack.outputs["TicketsTable"]
    said = f"{count_of(len(records), 'ticket')} of {count_of(len(events), 'event')}"
    if args.dry_run:
        return _answer(args, f"{said} ready for the table {table}; nothing was put.", tickets=len(records))
    if not (args.yes or _agreed(f"Put {said} into the table {table}?")):
        return _answer(args, "Nothing was put.", tickets=len(records))
    done = _put(stack, table, records)
    kept = f", but for {done[False]:,} that may be newer there" if done[False] else ""
    put = f"{said} put into the table {table}{kept}."
    return _answer(args, put, tickets=len(records), put=done[True], newer=done[False])


def _read(path: Path, zone: str | None) -> tuple[Event, ...]:
    columns = (SpinnerColumn(), TextColumn("reading {task.completed:,} lines"))
    try:
        with Progress(*columns, console=_stderr(), transient=True) as progress:
            return parse(progress.track(lines_of(path), total=None), zone)
    except BrokenEventFile as error:
        raise UsageError(f"{path} cannot be imported, and nothing of it was:\n{error}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _last_records(events: Iterable[Event], words: Words) -> list[Record]:
    records: dict[str, dict[str, object]] = {}
    for event in events:
        records[event.ticket] = apply(event, records.get(event.ticket, {}), words)
    return list(records.values())


def _put(stack: Stack, table: str, records: list[Record]) -> Counter[bool]:
    """How many were put (True), and how many were newer in the table (False)."""
    columns = (MofNCompleteColumn(), TextColumn("tickets"), BarColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=_stderr(), transient=True) as progress, ThreadPoolExecutor(WRITERS) as writers:
        done = writers.map(lambda record: _put_one(stack, table, record), records)
        return Counter(progress.track(done, total=len(records)))


class Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


def _put_one(stack: Stack, table: str, record: Record) -> bool:
    """Only where there is none yet, or one that says it is not newer; so a repetition changes nothing."""
    from sla_watchdog.adapters.attributes import typed

    source, client = stack.policy.source, stack.reads
    names, updated_at = _updated_at(source)
    names["#key"] = next(iter(source.key))
    try:
        client.put_item(
            TableName=table,
            Item=typed(shaped(record, source)),
            ConditionExpression="attribute_not_exists(#key) OR "
            f"(attribute_type({updated_at}, :text) AND {updated_at} <= :updated_at)",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=typed({":updated_at": record["updated_at"], ":text": "S"}),
        )
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _updated_at(source: Source) -> tuple[dict[str, str], str]:
    """Where the operator keeps `updated_at`, for an expression."""
    steps = source.fields.get("updated_at", "updated_at").split(".")
    names = {f"#u{place}": step for place, step in enumerate(steps)}
    return names, ".".join(names)


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on; say --yes, or --dry-run to look only")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _answer(args: argparse.Namespace, said: str, **counts: int) -> int:
    answer: Mapping[str, Any] = {"file": str(args.events), "dry_run": args.dry_run, **counts}
    print(json.dumps(answer, indent=2) if args.json else said)
    return FINE


def _stderr() -> Console:
    return Console(stderr=True, highlight=False)
