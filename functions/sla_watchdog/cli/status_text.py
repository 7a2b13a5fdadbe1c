"""`status` in 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sla_watchdog.cli.status import Mend, Pending, Status
from sla_watchdog.domain.case import Outcome
from sla_watchdog.domain.case_row import Row, Trouble, phrase
from sla_watchdog.domain.message.text import brief, columns
from sla_watchdog.domain.message.wording import count_of, duration, instant, who_by_key

LATE_TICK = 180
"""Seconds after which something due should long be taken: a tick comes every minute."""

STYLES = {Trouble.BREACHED: "bold red", Trouble.AT_RISK: "yellow", Trouble.OPEN: "", Trouble.PAUSED: "dim"}
MOST_PENDING = 5
LONGEST_ID, LEVEL = 14, 6
LONGEST_CLOCK = len("first response 23 h 59 m over")


def print_status(status: Status, *, breached: bool, limit: int) -> None:
    console = Console(highlight=False)
    _print_head(console, status)
    shown = status.chosen(breached=breached)
    if shown:
        console.print(_table(shown[: limit or None], status.now, console.width))
    left = len(shown) - limit if limit else 0
    if left > 0:
        console.print(Text(f"and {count_of(left, 'more case')}: --limit 0 shows all", "dim"))
    _print_mends(console, status.mends, limit)
    _print_pending(console, status.pending, status.now)


# ------------------------------------------------------------------ the head


def _print_head(console: Console, status: Status) -> None:
    console.print(Text.assemble((status.title, "bold"), f", {instant(status.now, 'UTC')}"))
    if status.warning:
        console.print(Text(f"Careful: {status.warning}.", "yellow"))
    lines = {"Mode": _mode(status), "Cases": _cases(status), "Ticks": _ticks(status), "To mend": _to_mend(status)}
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column()
    for name, said in lines.items():
        table.add_row(name, said)
    console.print(table)


def _mode(status: Status) -> Text:
    name, since = status.mode.name, status.mode.since
    age = f" for {duration(status.now - since)}" if since else ""
    if name == "live":
        return Text(f"live{age}", "green")
    return Text.assemble((f"observe{age}", "yellow"), ": nobody is told yet; see `sla-watchdog go-live`")


def _cases(status: Status) -> Text:
    breached, at_risk, paused = map(status.count, (Trouble.BREACHED, Trouble.AT_RISK, Trouble.PAUSED))
    return Text.assemble(
        f"{len(status.rows):,} open: ",
        (f"{breached:,} breached", STYLES[Trouble.BREACHED] if breached else "green"),
        ", ",
        (f"{at_risk:,} due within 24 h", STYLES[Trouble.AT_RISK] if at_risk else ""),
        f", {paused:,} paused" if paused else "",
    )


def _ticks(status: Status) -> Text:
    waiting = status.now - status.due_since if status.due_since is not None else 0
    if waiting >= LATE_TICK:
        late = f"{count_of(status.due, 'case')} due for {duration(waiting)} and not taken: does the schedule run?"
        return Text(late, "bold red")
    return Text(f"keeping up: nothing has been due for {LATE_TICK // 60} minutes or more")


def _to_mend(status: Status) -> Text:
    found = len(status.mends)
    return Text(f"{found:,} below", "yellow") if found else Text("nothing", "green")


# ------------------------------------------------------------------ the cases


def _table(rows: Sequence[Row], now: int, width: int) -> Table:
    """Two lines for a case. The case's id and the level take what they need, the other columns share the rest."""
    longest = min(max(len("case"), *(columns(each.case) for each in rows)), LONGEST_ID)
    rest = max(width - longest - LEVEL - 4, 3)
    clock = max(rest * 2 // 5, min(LONGEST_CLOCK, rest // 2))
    widths = {"worst clock, subject": clock, "level": LEVEL, "owner, team": rest // 6}
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("\ncase", width=longest, overflow="fold")
    for name, each_width in {**widths, "last told, next": rest - sum(widths.values()) + LEVEL}.items():
        table.add_column(f"\n{name}", width=each_width, no_wrap=True, overflow="ellipsis")
    for each in rows:
        table.add_row(
            Text(brief(each.case, 3 * LONGEST_ID)),
            Text.assemble((phrase(each, now), STYLES[each.trouble]), "\n", (each.subject, "dim")),
            Text(_level(each)),
            Text.assemble(each.owner or ("nobody", "red"), "\n", (each.team, "dim")),
            Text.assemble(_told(each, now), "\n", (_next(each, now), "dim")),
        )
    return table


def _level(row: Row) -> str:
    return f"{row.level} of {len(row.clock.levels)}" if row.clock and row.level else ""


_UNTOLD = {
    Outcome.OBSERVED: "observed:",
    Outcome.UNDELIVERABLE: "unreachable:",
    Outcome.SUPPRESSED: "nobody there:",
}


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


def _next(row: Row, now: int) -> str:
    coming = row.coming
    return "" if coming is None else f"in {_short(coming.at - now)}: {_name(coming.recipient.key, row)}"


# ------------------------------------------------------------------ what to mend, what is on its way


def _print_mends(console: Console, mends: Sequence[Mend], limit: int) -> None:
    if not mends:
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("\nto mend", max_width=20, overflow="fold")
    table.add_column("\nfinding", no_wrap=True)
    table.add_column("\nreason", ratio=1, overflow="fold")
    for each in mends[: limit or None]:
        table.add_row(
            Text(brief(each.ticket, 60)),
            Text(each.kind, "yellow"),
            Text(brief(each.reason.removeprefix(f"{each.kind}: "), 300)),
        )
    console.print(table)
    if limit and len(mends) > limit:
        console.print(Text(f"and {len(mends) - limit:,} more: --limit 0 shows all", "dim"))


def _print_pending(console: Console, pending: Sequence[Pending], now: int) -> None:
    if not pending:
        return
    oldest = duration(now - pending[0].due_at)
    console.print(f"\n{count_of(len(pending), 'message')} on the way, the oldest due for {oldest}")
    for each in [each for each in pending if each.attempts > 1][:MOST_PENDING]:
        again = f"again in {duration(each.until - now)}" if each.until > now else "to be judged again"
        text = f"  {each.case} to {who_by_key(each.recipient)}: tried {each.attempts} times, {again}"
        console.print(Text(text, "yellow"))
