"""The cases in the table of `status`: two lines each, as wide as the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from sla_watchdog.domain.escalation.case import Outcome
from sla_watchdog.domain.text.display import brief, columns
from sla_watchdog.domain.text.times import duration
from sla_watchdog.presentation.text.wording import who_by_key
from sla_watchdog.presentation.view.case_row import Row, Trouble, phrase
from sla_watchdog.tools.cli.status.command import Status

STYLES = {
    Trouble.BREACHED: "bold red",
    Trouble.AT_RISK: "yellow",
    Trouble.OPEN: "",
    Trouble.PAUSED: "dim",
}
SILENCED = "silenced"
LONGEST_ID, LEVEL = 14, 6
LONGEST_CLOCK = len("first response 23 h 59 m over")

_UNTOLD = {
    Outcome.OBSERVED: "observed:",
    Outcome.UNDELIVERABLE: "unreachable:",
    Outcome.SUPPRESSED: "nobody there:",
}


def cases_table(rows: Sequence[Row], status: Status, width: int) -> Table:
    """The case's id and the level take what they need, the other columns share the rest."""
    ids = [columns(row.case) for row in rows] + [
        len(SILENCED) for row in rows if row.case in status.silenced
    ]
    longest = min(max(len("case"), *ids), LONGEST_ID)
    rest = max(width - longest - LEVEL - 4, 3)
    clock = max(rest * 2 // 5, min(LONGEST_CLOCK, rest // 2))
    widths = {"worst clock, subject": clock, "level": LEVEL, "owner, team": rest // 6}
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("\ncase", width=longest, overflow="fold")
    for name, each_width in {
        **widths,
        "last told, next": rest - sum(widths.values()) + LEVEL,
    }.items():
        table.add_column(f"\n{name}", width=each_width, no_wrap=True, overflow="ellipsis")
    for row in rows:
        quiet = f"\n{SILENCED}" if row.case in status.silenced else ""
        table.add_row(
            Text.assemble(brief(row.case, 3 * LONGEST_ID), (quiet, "cyan")),
            Text.assemble(
                (phrase(row, status.now), STYLES[row.trouble]), "\n", (row.subject, "dim")
            ),
            Text(_level(row)),
            Text.assemble(row.owner or _nobody(row), "\n", (row.team, "dim")),
            Text.assemble(
                _told(row, status.now),
                (_promised(row), "cyan"),
                "\n",
                (_next(row, status.now), "dim"),
            ),
        )
    return table


def _nobody(row: Row) -> tuple[str, str]:
    """The desk shows no assignee; who took it stands beside."""
    return ("no assignee", "cyan") if row.promise else ("nobody", "red")


def _level(row: Row) -> str:
    return f"{row.level} of {len(row.clock.levels)}" if row.clock and row.level else ""


def _told(row: Row, now: int) -> str:
    if row.notified is None:
        return "nobody yet"
    names = dict.fromkeys(_name(key, row) for key in row.notified.recipients)
    how = _UNTOLD.get(row.notified.outcome) or f"{_short(now - row.notified.at)} ago:"
    return f"{how} {', '.join(names)}"


def _short(seconds: int) -> str:
    """In the largest unit alone: `6 h`, `3 d`."""
    return "1 m" if seconds < 120 else " ".join(duration(seconds).split()[:2])


def _name(key: str, row: Row) -> str:
    """The audience alone where it is the case's own owner or team that was told."""
    return who_by_key(
        key.partition(":")[0] if key.partition(":")[2] in (row.owner, row.team) else key
    )


def _promised(row: Row) -> str:
    return f"\ntaken by {brief(row.promise.by, 40) or 'somebody'}" if row.promise else ""


def _next(row: Row, now: int) -> str:
    upcoming = row.upcoming
    if upcoming is None:
        return ""
    when = "now" if upcoming.at <= now else f"in {_short(upcoming.at - now)}"
    return f"{when}: {_name(upcoming.recipient.key, row)}"
