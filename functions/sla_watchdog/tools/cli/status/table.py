"""The cases in the table of `status`: two lines each, as wide as the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from sla_watchdog.domain.escalation.case import Outcome
from sla_watchdog.domain.text.display import brief, columns
from sla_watchdog.presentation.text.wording import who_by_key
from sla_watchdog.presentation.times import duration
from sla_watchdog.presentation.view.case_row import CaseRow, Trouble, phrase
from sla_watchdog.tools.cli.status.look import Status

STYLES = {
    Trouble.BREACHED: "bold red",
    Trouble.AT_RISK: "yellow",
    Trouble.OPEN: "",
    Trouble.PAUSED: "dim",
}
SILENCED = "silenced"
LONGEST_ID, LEVEL = 14, 6
LONGEST_CLOCK = len("first response 23 h 59 m over")

_NOT_NOTIFIED = {
    Outcome.OBSERVED: "observed:",
    Outcome.UNDELIVERABLE: "unreachable:",
    Outcome.SUPPRESSED: "nobody there:",
}


def cases_table(rows: Sequence[CaseRow], status: Status, width: int) -> Table:
    """The case's id and the level take what they need, the other columns share the rest."""
    longest = _longest_id(rows, status)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("\ncase", width=longest, overflow="fold")
    for name, column_width in _widths(width - longest).items():
        table.add_column(f"\n{name}", width=column_width, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(
            _case(row, status),
            _clock(row, status.now),
            Text(_level(row)),
            _owner(row),
            _notified(row, status.now),
        )
    return table


def _longest_id(rows: Sequence[CaseRow], status: Status) -> int:
    longest = len("case")
    for row in rows:
        longest = max(longest, columns(row.case))
        if row.case in status.silenced:
            longest = max(longest, len(SILENCED))
    return min(longest, LONGEST_ID)


def _widths(beside_the_id: int) -> dict[str, int]:
    """Of the columns, by name."""
    rest = max(beside_the_id - LEVEL - 4, 3)
    clock = max(rest * 2 // 5, min(LONGEST_CLOCK, rest // 2))
    owner = rest // 6
    return {
        "worst clock, subject": clock,
        "level": LEVEL,
        "owner, team": owner,
        "last notified, next": rest - clock - owner,
    }


def _case(row: CaseRow, status: Status) -> Text:
    text = Text(brief(row.case, 3 * LONGEST_ID))
    if row.case in status.silenced:
        text.append(f"\n{SILENCED}", "cyan")
    return text


def _clock(row: CaseRow, now: int) -> Text:
    return Text.assemble((phrase(row, now), STYLES[row.trouble]), "\n", (row.subject, "dim"))


def _owner(row: CaseRow) -> Text:
    return Text.assemble(row.owner or _nobody(row), "\n", (row.team, "dim"))


def _notified(row: CaseRow, now: int) -> Text:
    text = Text(_last_notified(row, now))
    if row.promise:
        text.append(f"\ntaken by {brief(row.promise.by, 40) or 'somebody'}", "cyan")
    return text.append("\n").append(_next(row, now), "dim")


def _nobody(row: CaseRow) -> tuple[str, str]:
    """The desk shows no assignee; who took it stands beside."""
    if row.promise:
        return "no assignee", "cyan"
    return "nobody", "red"


def _level(row: CaseRow) -> str:
    if row.clock is None or not row.level:
        return ""
    return f"{row.level} of {len(row.clock.levels)}"


def _last_notified(row: CaseRow, now: int) -> str:
    last = row.notified
    if last is None:
        return "nobody yet"
    names = dict.fromkeys(_name(key, row) for key in last.recipients)
    how = _NOT_NOTIFIED.get(last.outcome) or f"{_short(now - last.at)} ago:"
    return f"{how} {', '.join(names)}"


def _short(seconds: int) -> str:
    """In the largest unit alone: `6 h`, `3 d`."""
    if seconds < 120:
        return "1 m"
    number, unit, *_ = duration(seconds).split()
    return f"{number} {unit}"


def _name(key: str, row: CaseRow) -> str:
    """The audience alone where its member is the case's own owner or team."""
    audience, _, member = key.partition(":")
    if member in (row.owner, row.team):
        return who_by_key(audience)
    return who_by_key(key)


def _next(row: CaseRow, now: int) -> str:
    upcoming = row.upcoming
    if upcoming is None:
        return ""
    when = "now" if upcoming.at <= now else f"in {_short(upcoming.at - now)}"
    return f"{when}: {_name(upcoming.recipient.key, row)}"
