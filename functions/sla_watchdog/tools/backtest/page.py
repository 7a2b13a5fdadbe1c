"""The bones of the page: its style, its sections, its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TypeAlias

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

HEAD = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Backtest</title>
<style>{STYLE}</style>
</head>
"""


def section(title: str, text: str, *parts: str) -> str:
    """`parts` are HTML already, each wide enough to need room of its own."""
    wide = "".join(f'<div class="wide">{part}</div>\n' for part in parts)
    return f"<section>\n<h2>{escape(title)}</h2>\n<p>{escape(text)}</p>\n{wide}</section>\n"


def figures(shown: Mapping[str, str]) -> str:
    cells = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in shown.items()
    )
    return f"<dl>{''.join(cells)}</dl>\n"


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
