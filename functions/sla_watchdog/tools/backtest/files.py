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

from sla_watchdog.tools.backtest.rows import AlertRow, ClockRow, Message


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


def alerts_csv(messages: Iterable[Message]) -> str:
    return _csv(AlertRow._fields, (message.row for message in messages))


def _csv(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(tuple(map(_plain, row)) if _tempting(row) else row for row in rows)
    return text.getvalue()


TEMPTING = ("=", "+", "-", "@", "\t", "\r")
"""Of a cell that begins so a spreadsheet makes a formula: whoever may name a ticket could write
one.
"""


def _tempting(row: Iterable[object]) -> bool:
    return any(isinstance(cell, str) and cell.startswith(TEMPTING) for cell in row)


def _plain(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(TEMPTING) else cell


def json_text(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
