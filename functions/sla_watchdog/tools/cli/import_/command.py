"""`import`: puts the tickets of an event file, or of a CSV export, into the Tickets table."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import frozen
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

from sla_watchdog.domain.policy.model import Policy, Source
from sla_watchdog.domain.tickets.record import Record
from sla_watchdog.presentation.times import count_of
from sla_watchdog.tools.cli import FINE, UsageError
from sla_watchdog.tools.cli.import_.columns import print_columns
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.output import agreed, refuse_to_ask_in_json
from sla_watchdog.tools.imports import csv_tickets
from sla_watchdog.tools.imports.csv_tickets import Column
from sla_watchdog.tools.imports.events import BrokenEventFile, Event, EventKind, lines_of, parse
from sla_watchdog.tools.simulation.help_desk import Words, apply, shaped

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack

WRITERS = 8

LARGEST = 390_000
"""Bytes of a record as JSON, which are a few more than those that DynamoDB counts up to its 400
KB.
"""

T = TypeVar("T")


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Reads the whole file first, and puts nothing if any line of it is broken. "
        "Then puts each ticket as its events leave it, or as its row says, in the shape that the "
        "policy file describes. Of a CSV file it shows first what each column became. A record "
        "that is newer than the file stays as it is, so that an import can be repeated.",
        example="  sla-watchdog import events.jsonl.gz --dry-run\n  sla-watchdog import "
        "tickets.csv --dry-run",
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="JSON lines of events, or .csv; plain or gzip"
    )
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="which column of a CSV file is which field, like created_at=Opened; may be given "
        "again",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="read and check the file, and put nothing"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    return on_stack(_import, args)


def _import(args: argparse.Namespace, stack: Stack) -> int:
    refuse_to_ask_in_json(args)
    tickets = _tickets(args.file, stack.policy, _named(args.column))
    _refuse_too_large(args.file, tickets.records)
    table = stack.outputs["TicketsTable"]
    if tickets.columns and not args.json:
        print_columns(Console(highlight=False), tickets.columns, len(tickets.records))
    if args.dry_run:
        ready = f"{tickets.text} ready for the table {table}; nothing was put."
        return _answer(args, ready, tickets)
    if not args.yes and not agreed(f"Put {tickets.text} into the table {table}?"):
        return _answer(args, "Nothing was put.", tickets)
    done = _put(stack, table, tickets.records)
    put = f"{tickets.text} put into the table {table}"
    if done[False]:
        put = f"{put}, but for {done[False]:,} that may be newer there"
    return _answer(args, f"{put}.", tickets, put=done[True], newer=done[False])


@frozen
class FileContents:
    """What a file holds. `columns` are those of a CSV file, `text` says how many tickets."""

    columns: Sequence[Column]
    records: Sequence[Record]
    text: str


def _named(columns: Iterable[str]) -> dict[str, str]:
    """Our fields by the names of columns."""
    named = {}
    for text in columns:
        field, _, column = text.partition("=")
        if not field.strip() or not column.strip():
            raise UsageError(f"--column {field}: write FIELD=COLUMN, like created_at=Opened")
        named[column.strip()] = field.strip()
    return named


def _tickets(path: Path, policy: Policy, named: Mapping[str, str]) -> FileContents:
    if ".csv" in path.suffixes:
        export = _parsed(path, lambda lines: csv_tickets.read(lines, policy, named))
        return FileContents(export.columns, export.records, count_of(len(export.records), "ticket"))
    if named:
        raise UsageError(
            f"--column is for CSV files; {path} is not called .csv, so it is read as an event file"
        )
    events = _parsed(path, lambda lines: parse(lines, policy.timezone))
    of_desk = [event for event in events if event.kind is not EventKind.ACKNOWLEDGED]
    records = _last_records(of_desk, Words.of(policy))
    text = f"{count_of(len(records), 'ticket')} of {count_of(len(of_desk), 'event')}"
    promises = len(events) - len(of_desk)
    if promises:
        text = f"{text} (without {count_of(promises, 'promise')}: `ack` makes them)"
    return FileContents((), records, text)


def _parsed(path: Path, parsing: Callable[[Iterable[bytes]], T]) -> T:
    columns = (SpinnerColumn(), TextColumn("reading {task.completed:,} lines"))
    try:
        with Progress(*columns, console=_stderr(), transient=True) as progress:
            return parsing(progress.track(lines_of(path), total=None))
    except BrokenEventFile as error:
        raise UsageError(f"{path} cannot be imported, and nothing of it was:\n{error}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _refuse_too_large(path: Path, records: Iterable[Record]) -> None:
    """Before any is put: one that the table refuses must not leave a file imported by half."""
    large = []
    for record in records:
        size = len(json.dumps(record, ensure_ascii=False, default=str).encode())
        if size > LARGEST:
            name = str(record["ticket_id"])[:40]
            large.append(f"ticket {name}: its record has {size:,} bytes")
    if large:
        problems = "\n".join([*large, f"a table takes no more than {LARGEST:,}"])
        raise UsageError(f"{path} cannot be imported, and nothing of it was:\n{problems}")


def _last_records(events: Iterable[Event], words: Words) -> list[Record]:
    records: dict[str, dict[str, object]] = {}
    for event in events:
        records[event.ticket] = apply(event, records.get(event.ticket, {}), words)
    return list(records.values())


def _put(stack: Stack, table: str, records: Sequence[Record]) -> Counter[bool]:
    """How many were put (True), and how many were newer in the table (False)."""
    columns = (
        MofNCompleteColumn(),
        TextColumn("tickets"),
        BarColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with (
        Progress(*columns, console=_stderr(), transient=True) as progress,
        ThreadPoolExecutor(WRITERS) as writers,
    ):
        done = writers.map(lambda record: _put_one(stack, table, record), records)
        return Counter(progress.track(done, total=len(records)))


class Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


def _put_one(stack: Stack, table: str, record: Record) -> bool:
    """Only where there is none yet, or one that says it is not newer; so a repetition changes
    nothing.
    """
    from sla_watchdog.adapters.dynamodb.attributes import typed

    source, client = stack.policy.source, stack.reads
    condition: dict[str, Any] = {
        "ConditionExpression": "attribute_not_exists(#key)",
        "ExpressionAttributeNames": {"#key": next(iter(source.key))},
    }
    if "updated_at" in record:
        names, updated_at = _updated_at(source)
        condition["ConditionExpression"] += (
            f" OR (attribute_type({updated_at}, :text) AND {updated_at} <= :updated_at)"
        )
        condition["ExpressionAttributeNames"] |= names
        condition["ExpressionAttributeValues"] = typed(
            {":updated_at": record["updated_at"], ":text": "S"}
        )
    try:
        client.put_item(TableName=table, Item=typed(shaped(record, source)), **condition)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _updated_at(source: Source) -> tuple[dict[str, str], str]:
    """Where the operator keeps `updated_at`, for an expression."""
    steps = source.fields.get("updated_at", "updated_at").split(".")
    names = {f"#u{place}": step for place, step in enumerate(steps)}
    return names, ".".join(names)


def _answer(args: argparse.Namespace, text: str, tickets: FileContents, **counts: int) -> int:
    if args.json:
        print(json.dumps(_as_json(args, tickets, counts), indent=2))
    else:
        print(text)
    return FINE


def _as_json(
    args: argparse.Namespace, tickets: FileContents, counts: Mapping[str, int]
) -> dict[str, Any]:
    answer: dict[str, Any] = {"file": str(args.file), "dry_run": args.dry_run}
    answer |= {"tickets": len(tickets.records), **counts}
    if tickets.columns:
        answer["columns"] = [
            {"column": column.name, "field": column.field, "filled": column.filled}
            for column in tickets.columns
        ]
    return answer


def _stderr() -> Console:
    return Console(stderr=True, highlight=False)
