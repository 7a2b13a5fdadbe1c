"""What each column of a CSV file became, in 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sla_watchdog.domain.text.display import brief
from sla_watchdog.tools.imports.csv_tickets import Column

MOST_UNKNOWN = 3


def print_columns(console: Console, columns: Sequence[Column], rows: int) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("column", no_wrap=True, max_width=24, overflow="ellipsis")
    table.add_column("became", no_wrap=True)
    table.add_column("filled", justify="right", no_wrap=True)
    table.add_column("first value", ratio=1, no_wrap=True, overflow="ellipsis")
    for column in columns:
        name, sample = brief(column.name, 60), brief(column.sample, 60)
        filled = f"{100 * column.filled // rows} %" if rows else ""
        table.add_row(Text(name), _became(column), filled, Text(sample))
    console.print(table)
    for column in columns:
        if column.unknown:
            _print_unknown(console, sorted(column.unknown))
    console.print()


def _became(column: Column) -> Text:
    if column.field:
        return Text(column.field, "green")
    return Text("kept as it is", "dim")


def _print_unknown(console: Console, statuses: Sequence[str]) -> None:
    named = ", ".join(statuses[:MOST_UNKNOWN])
    hidden = len(statuses) - MOST_UNKNOWN
    if hidden > 0:
        named = f"{named} and {hidden} more"
    unknown = f"statuses that the policy does not know: {named}; name them in `statuses`"
    console.print(Text(unknown, "yellow"))
