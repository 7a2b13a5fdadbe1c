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
        became = (column.field, "green") if column.field else ("kept as it is", "dim")
        filled = f"{100 * column.filled // rows} %" if rows else ""
        table.add_row(
            Text(brief(column.name, 60)), Text(*became), filled, Text(brief(column.sample, 60))
        )
    console.print(table)
    for status in (column for column in columns if column.unknown):
        names = sorted(status.unknown)
        more = f" and {len(names) - MOST_UNKNOWN} more" if len(names) > MOST_UNKNOWN else ""
        unknown = f"{', '.join(names[:MOST_UNKNOWN])}{more}; name them in `statuses`"
        console.print(Text(f"statuses that the policy does not know: {unknown}", "yellow"))
    console.print()
