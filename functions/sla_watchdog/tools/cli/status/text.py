"""`status` as a page of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from sla_watchdog.domain.escalation.deletions import Deletions
from sla_watchdog.domain.text.display import brief
from sla_watchdog.presentation.text.deletions import missing_text
from sla_watchdog.presentation.text.wording import who_by_key
from sla_watchdog.presentation.times import count_of, duration, instant
from sla_watchdog.presentation.view.case_row import Trouble
from sla_watchdog.tools.cli.doctor.checks import LATE_TICK
from sla_watchdog.tools.cli.stack.silenced import until
from sla_watchdog.tools.cli.status.look import RETRYING, NeedsAttention, Pending, Quiet, Status
from sla_watchdog.tools.cli.status.table import STYLES, cases_table

MOST_PENDING = 5
MOST_NAMED = 12
"""Cases named of one silence."""

KINDS = {RETRYING: "retrying"}
"""Kinds of findings that have another name on the screen."""


def print_status(console: Console, status: Status, *, limit: int) -> None:
    console.print(page(status, limit=limit, width=console.width))


def page(status: Status, *, limit: int, width: int) -> Group:
    """Everything, with `limit` cases and findings at most; 0 is all of them."""
    return Group(
        *_head(status),
        *_cases(status, limit, width),
        *_silences(status.quiet, status.zone),
        *_findings(status.findings, limit),
        *_pending(status.pending, status.now),
    )


# ------------------------------------------------------------------ the head


def _head(status: Status) -> Iterator[RenderableType]:
    yield Text.assemble((status.title, "bold"), f", {instant(status.now, 'UTC')}")
    if status.heartbeat:
        yield Text(f"Careful: {status.heartbeat.text}.\n  {status.heartbeat.todo}", "bold red")
    if status.deletions:
        yield Text(_held_deletions(status.deletions), "bold red")
    if status.warning:
        yield Text(f"Careful: {status.warning}.", "yellow")
    lines = {"Mode": _mode(status), "Only": Text(status.filter.said), "Cases": _counts(status)}
    lines |= {"Ticks": _ticks(status), "Needs attention": _needs_attention(status)}
    lines["Not judged"] = Text(status.unjudged)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column()
    for name, text in lines.items():
        if text:
            table.add_row(name, text)
    yield table


def _held_deletions(held: Deletions) -> str:
    return (
        f"Warning: {missing_text(held)}\n"
        "  Nobody is notified that they are closed, and their clocks keep running.\n"
        "  See: sla-watchdog deletions"
    )


def _mode(status: Status) -> Text:
    name, since = status.mode.name, status.mode.since
    age = f" for {duration(status.now - since)}" if since else ""
    if name == "live":
        return Text(f"live{age}", "green")
    return Text.assemble(
        (f"observe{age}", "yellow"), ": nobody is notified yet; see `sla-watchdog go-live`"
    )


def _counts(status: Status) -> Text:
    breached = status.count(Trouble.BREACHED)
    at_risk = status.count(Trouble.AT_RISK)
    paused = status.count(Trouble.PAUSED)
    text = Text(f"{len(status.rows):,} open: ")
    text.append(f"{breached:,} breached", STYLES[Trouble.BREACHED] if breached else "green")
    text.append(", ")
    text.append(f"{at_risk:,} due within 24 h", STYLES[Trouble.AT_RISK] if at_risk else "")
    if paused:
        text.append(f", {paused:,} paused")
    return text


def _ticks(status: Status) -> Text:
    waiting = status.overdue_for
    if waiting >= LATE_TICK:
        late = f"{count_of(status.due, 'case')} due for {duration(waiting)} and not taken"
        return Text(f"{late}: does the schedule run?", "bold red")
    on_time = f"nothing has been due for {LATE_TICK // 60} minutes or more"
    if status.heartbeat:
        return Text(on_time)
    return Text(f"keeping up: {on_time}")


def _needs_attention(status: Status) -> Text:
    count = len(status.findings)
    if count:
        return Text(f"{count:,} below", "yellow")
    if status.needs_attention:
        return Text("what stands above", "yellow")
    return Text("nothing", "green")


# ------------------------------------------------------------------ cases, silences


def _cases(status: Status, limit: int, width: int) -> Iterator[RenderableType]:
    shown = status.chosen
    if shown:
        yield cases_table(shown[: limit or None], status, width)
    if limit and len(shown) > limit:
        yield Text(f"and {count_of(len(shown) - limit, 'more case')}: --limit 0 shows all", "dim")


def _silences(quiet: Sequence[Quiet], zone: str) -> Iterator[RenderableType]:
    gap = "\n"  # above the first alone
    for silenced in quiet:
        held = f"{until(silenced.silence, zone)}: {_named(silenced.cases)}"
        yield Text.assemble(gap, ("silenced ", "cyan"), held)
        gap = ""


def _named(cases: Sequence[str]) -> str:
    named = ", ".join(cases[:MOST_NAMED])
    more = len(cases) - MOST_NAMED
    return f"{named} and {more:,} more" if more > 0 else named


# ------------------------------------------------- what needs attention, what is on its way


def _findings(findings: Sequence[NeedsAttention], limit: int) -> Iterator[RenderableType]:
    if not findings:
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("\nneeds attention", max_width=20, overflow="fold")
    table.add_column("\nfinding", no_wrap=True)
    table.add_column("\nreason", ratio=1, overflow="fold")
    for finding in findings[: limit or None]:
        ticket = brief(finding.ticket, 60)
        reason = brief(finding.reason.removeprefix(f"{finding.kind}: "), 300)
        table.add_row(
            Text(ticket), Text(KINDS.get(finding.kind, finding.kind), "yellow"), Text(reason)
        )
    yield table
    if limit and len(findings) > limit:
        yield Text(f"and {len(findings) - limit:,} more: --limit 0 shows all", "dim")


def _pending(pending: Sequence[Pending], now: int) -> Iterator[RenderableType]:
    if not pending:
        return
    oldest = duration(now - pending[0].due_at)
    yield Text(f"\n{count_of(len(pending), 'message')} on the way, the oldest due for {oldest}")
    retried = [message for message in pending if message.attempts > 1]
    for message in retried[:MOST_PENDING]:
        yield Text(f"  {_retried(message, now)}", "yellow")


def _retried(message: Pending, now: int) -> str:
    again = "to be judged again"
    if message.until > now:
        again = f"again in {duration(message.until - now)}"
    recipient = who_by_key(message.recipient)
    return f"{message.case} to {recipient}: tried {message.attempts} times, {again}"
