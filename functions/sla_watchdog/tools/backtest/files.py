"""Writes what a backtest found into a folder. Each file is written beside its place and then
renamed: never half.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from sla_watchdog.tools.backtest.rows import AlertRow, BacktestMessage, ClockRow


def write_all(folder: Path, texts: Mapping[str, str]) -> None:
    """Writes every text beside its place first, and renames only when all of them are there. Raises
    OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backtest-", dir=folder) as beside:
        for name, text in texts.items():
            (Path(beside) / name).write_text(text, encoding="utf-8", newline="")
        for name in texts:
            (Path(beside) / name).replace(folder / name)


def clocks_csv(rows: Iterable[ClockRow]) -> str:
    return _csv(ClockRow._fields, rows)


def alerts_csv(messages: Iterable[BacktestMessage]) -> str:
    return _csv(AlertRow._fields, (message.row for message in messages))


def _csv(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(map(_harmless, rows))
    return text.getvalue()


TEMPTING = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet makes a formula of a cell that begins so. Whoever may name a ticket could write
one.
"""


def _harmless(row: Iterable[object]) -> Iterable[object]:
    """The very row where no cell is tempting, which is the rule."""
    if not any(map(_is_tempting, row)):
        return row
    return [f"'{cell}" if _is_tempting(cell) else cell for cell in row]


def _is_tempting(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith(TEMPTING)


def json_text(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
