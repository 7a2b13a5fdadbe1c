"""What `backtest` prints, in 80 columns: the short of it, and where the rest stands."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sla_watchdog.presentation.text.evidence import of_history
from sla_watchdog.presentation.times import count_of
from sla_watchdog.tools.backtest.result import Result
from sla_watchdog.tools.backtest.rows import utc
from sla_watchdog.tools.backtest.suggestions import KEPT, Suggestions, as_yaml
from sla_watchdog.tools.loudness.text import print_loudness


def print_result(console: Console, result: Result, folder: Path) -> None:
    history, until = result.history, utc(result.played.until)
    tickets, events = count_of(len(history.tickets), "ticket"), count_of(history.events, "event")
    console.print(Text.assemble(("Backtest", "bold"), f" of {tickets}, {events}, until {until}"))
    odd = [f"{count:,} {name.replace('_', ' ')}" for name, count in result.odd.items() if count]
    if odd:
        taken_in = f"Odd lines, taken in: {', '.join(odd)} (--strict refuses them)"
        console.print(Text(taken_in, "yellow"))
    for line in of_history(result.played.evidence, result.played.policy):
        console.print(Text(line, "yellow"))
    console.print(_kept(result))
    console.print()
    print_loudness(console, result.played.loudness)
    console.print()
    if result.suggests:
        _print_suggestions(console, result.suggestions)
    files = "clocks.csv, alerts.csv, summary.json, report.html"
    console.print(f"Written to {folder}: {files}", soft_wrap=True)


def _kept(result: Result) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("policy", overflow="fold")
    table.add_column("clock", overflow="fold")
    for name in ("met", "breached", "kept"):
        table.add_column(name, justify="right")
    before = _kept_before(result)
    if before:
        table.add_column("before", justify="right")
    for row in result.played.attainment:
        kept = _percent(row.kept) or ("not judged" if row.is_only_not_judged else "")
        cells = [row.policy, row.clock, f"{row.met:,}", f"{row.breached:,}", kept]
        if before:
            cells.append(_percent(before.get((row.policy, row.clock))))
        table.add_row(*cells)
    return table


def _kept_before(result: Result) -> dict[tuple[str, str], float | None]:
    """By policy and clock, under the policy that is compared with; empty without one."""
    if result.against is None:
        return {}
    return {(row.policy, row.clock): row.kept for row in result.against.attainment}


def _percent(share: float | None) -> str:
    if share is None:
        return ""
    return f"{share:.1f} %"


def _print_suggestions(console: Console, found: Suggestions) -> None:
    """Not wrapped, so that the lines can be put into a policy file."""
    since, until = utc(found.since)[:10], utc(found.until)[:10]
    heading = f"Limits that {KEPT} % kept of what ended from {since} to {until}"
    console.print(Text(heading, "bold"))
    console.print(Text(as_yaml(found)), soft_wrap=True)
    console.print()
