"""The cases in the table of `status`: two lines each, as wide as the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from sla_watchdog.cli.status import Status
from sla_watchdog.domain.case import Outcome
from sla_watchdog.domain.case_row import Row, Trouble, phrase
from sla_watchdog.domain.message.text import brief, columns
from sla_watchdog.domain.message.wording import duration, who_by_key

STYLES = {Trouble.BREACHED: "bold red", Trouble.AT_RISK: "yellow", Trouble.OPEN: "", Trouble.PAUSED: "dim"}
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
    ids = [columns(each.case) for each in rows] + [len(SILENCED) for each in rows if each.case in status.silenced]
    longest = min(max(len("case"), *ids), LONGEST_ID)
    rest = max(width - longest - LEVEL - 4, 3)
    clock = max(rest * 2 // 5, min(LONGEST_CLOCK, rest // 2))
    widths = {"worst clock, subject": clock, "level": LEVEL, "owner, team": rest // 6}
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("\ncase", width=longest, overflow="fold")
    for name, each_width in {**widths, "last told, next": rest - sum(widths.values()) + LEVEL}.items():
        table.add_column(f"\n{name}", width=each_width, no_wrap=True, overflow="ellipsis")
    for each in rows:
        quiet = f"\n{SILENCED}" if each.case in status.silenced else ""
        table.add_row(
            Text.assemble(brief(each.case, 3 * LONGEST_ID), (quiet, "cyan")),
            Text.assemble((phrase(each, status.now), STYLES[each.trouble]), "\n", (each.subject, "dim")),
            Text(_level(each)),
            Text.assemble(each.owner or _nobody(each), "\n", (each.team, "dim")),
            Text.assemble(_told(each, status.now), (_promised(each), "cyan"), "\n", (_next(each, status.now), "dim")),
        )
    return table


def _nobody(row: Row) -> tuple[str, str]:
    """The desk shows no assignee; who took it stands beside."""
    return ("no assignee", "cyan") if row.promise else ("nobody", "red")


def _level(row: Row) -> str:
    return f"{row.level} of {len(row.clock.levels)}" if row.clock and row.level else ""


def _told(row: Row, now: int) -> str:
    if row.told is None:
        return "nobody yet"
    names = dict.fromkeys(_name(key, row) for key in row.told.recipients)
    how = _UNTOLD.get(row.told.outcome) or f"{_short(now - row.told.at)} ago:"
    return f"{how} {', '.join(names)}"


def _short(seconds: int) -> str:
    """In the largest unit alone: `6 h`, `3 d`."""
    return "1 m" if seconds < 120 else " ".join(duration(seconds).split()[:2])


def _name(key: str, row: Row) -> str:
    """The audience alone where it is the case's own owner or team that was told."""
    return who_by_key(key.partition(":")[0] if key.partition(":")[2] in (row.owner, row.team) else key)


def _promised(row: Row) -> str:
    return f"\ntaken by {brief(row.promise.by, 40) or 'somebody'}" if row.promise else ""


def _next(row: Row, now: int) -> str:
    coming = row.coming
    if coming is None:
        return ""
    return f"{'now' if coming.at <= now else f'in {_short(coming.at - now)}'}: {_name(coming.recipient.key, row)}"
