"""`doctor` in 80 columns, and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sla_watchdog.domain.text.display import brief
from sla_watchdog.presentation.times import count_of, instant, iso
from sla_watchdog.tools.cli.doctor.checks import Check, CheckState

STYLES = {
    CheckState.FINE: ("fine", "green"),
    CheckState.NEEDS_ATTENTION: ("NEEDS ATTENTION", "bold red"),
    CheckState.UNKNOWN: ("?", "yellow"),
}
LONGEST_TEXT = 500


def print_checks(console: Console, title: str, checks: Sequence[Check], now: int) -> None:
    console.print(Text.assemble((title, "bold"), f", {instant(now, 'UTC')}"))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for check in checks:
        table.add_row(Text(*STYLES[check.state]), check.name, _said(check))
    console.print(table)
    console.print(_sum(checks))


def _said(check: Check) -> Text:
    text = Text(brief(check.text, LONGEST_TEXT))
    if check.todo:
        text.append(f"\n→ {check.todo}", "bold")
    return text


def _sum(checks: Sequence[Check]) -> Text:
    states = Counter(check.state for check in checks)
    wrong, unknown = states[CheckState.NEEDS_ATTENTION], states[CheckState.UNKNOWN]
    text = Text()
    if wrong:
        verb = "needs" if wrong == 1 else "need"
        text.append(f"{count_of(wrong, 'thing')} {verb} attention", "bold red")
    else:
        text.append("nothing needs attention", "green")
    if unknown:
        text.append(f", {unknown} could not be asked", "yellow")
    return text


def as_json(title: str, checks: Sequence[Check], now: int) -> dict[str, object]:
    return {"stack": title, "now": iso(now), "checks": [_entry(check) for check in checks]}


def _entry(check: Check) -> dict[str, str | None]:
    in_json = check.in_json
    return {
        "check": in_json.name or check.name,
        "state": check.state.value,
        "text": in_json.text or check.text,
        "todo": in_json.todo or check.todo or None,
    }
