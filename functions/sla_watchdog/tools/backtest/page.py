"""The bones of the page: its style, its wide sections, its tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TypeAlias

from sla_watchdog.presentation.html.shell import document, section

Cell: TypeAlias = str | int | float

STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1d1d1f; font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 760px; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .2rem; }
p { margin: .2rem 0 .8rem; color: #48484d; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); \
gap: .6rem; margin: 1rem 0; }
dl div { border-top: 2px solid #1d1d1f; padding-top: .3rem; }
dt { font-size: .8rem; color: #48484d; }
dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; margin: .4rem 0 1rem; }
.wide svg { display: block; width: 100%; min-width: 560px; height: auto; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; \
font-variant-numeric: tabular-nums; }
th { text-align: left; border-bottom: 1px solid #1d1d1f; font-weight: 600; vertical-align: bottom; }
td { border-bottom: 1px solid #d9d9de; }
th, td { padding: .25rem .8rem .25rem 0; }
td { max-width: 22rem; overflow-wrap: break-word; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
@page { margin: 15mm; }
@media print {
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .wide { overflow: visible; }
  .wide svg { min-width: 0; }
  h2 { break-after: avoid; }
  svg, tr, dl { break-inside: avoid; }
  thead { display: table-header-group; }
}
"""


def page(body: str) -> str:
    return document("Backtest", STYLE, body)


def wide_section(title: str, explained: str, *parts: str) -> str:
    """`parts` are HTML already, each wide enough to need room of its own."""
    wide = "".join(f'<div class="wide">{part}</div>\n' for part in parts)
    return section(title, explained, wide)


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Columns of numbers (and of texts that begin like one) stand to the right."""
    lines = [list(row) for row in rows]
    right = [
        bool(lines) and all(_is_number(line[place]) for line in lines) for place in range(len(head))
    ]
    header = "".join(_cell("th", name, number) for name, number in zip(head, right, strict=True))
    body = "".join(
        "<tr>"
        + "".join(_cell("td", cell, number) for cell, number in zip(line, right, strict=True))
        + "</tr>\n"
        for line in lines
    )
    return f"<table>\n<thead><tr>{header}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"


def _is_number(cell: Cell) -> bool:
    return (
        not isinstance(cell, str)
        or cell.endswith((" %", " h", " m"))
        or cell[:1] in ("+", "\N{MINUS SIGN}")
    )


def _cell(tag: str, cell: Cell, number: bool) -> str:
    kind = ' class="number"' if number else ""
    text = cell if isinstance(cell, str) else f"{cell:,}"
    return f"<{tag}{kind}>{escape(text)}</{tag}>"
