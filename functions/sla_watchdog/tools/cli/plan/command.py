"""`plan`: who will be notified of what and when, if nothing changes."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import frozen
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sla_watchdog.domain.clocks.clock_key import HOLDABLE, WITHDRAWN
from sla_watchdog.domain.escalation.case import Alert, Case, Recipient
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.escalation.upcoming import UpcomingNotification
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.text.display import brief
from sla_watchdog.presentation.text.wording import clock_name, who
from sla_watchdog.presentation.times import count_of, duration, instant, iso
from sla_watchdog.tools.cli import FINE
from sla_watchdog.tools.cli.options import add_stack_command, shown
from sla_watchdog.tools.cli.output import formatter
from sla_watchdog.tools.cli.stack.silenced import held_by, upcoming
from sla_watchdog.tools.cli.times import span

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.evaluation import CaseEvaluator
    from sla_watchdog.tools.cli.stack.overview import EvaluatedCase
    from sla_watchdog.tools.cli.stack.stack import Stack

SHOWN = 40


@frozen(order=True)
class PlannedLevel:
    """One level of one clock that reaches somebody at `at` if nothing changes. What is due already
    is `at` now.
    """

    at: int
    case: str
    recipient: Recipient
    clock: str
    level: int
    urgent: bool
    subject: str


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Shows every level that comes due in the next hours or days, to whom it goes "
        "and about which case, "
        "if nobody does anything. Reads the whole Watch table once, and changes nothing.",
        example="  sla-watchdog plan --next 72h",
    )
    parser.add_argument(
        "--next", dest="span", default="24h", metavar="SPAN", help="how far to look; default 24h"
    )
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help=f"lines shown; default {SHOWN}, with --json all; 0 all",
    )


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    return on_stack(_plan, args)


def _plan(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.tools.cli.stack.evaluation import as_deployed
    from sla_watchdog.tools.cli.stack.overview import overview

    ahead = span(args.span, "--next")
    evaluator = as_deployed(stack)
    now = evaluator.now
    lines: list[PlannedLevel] = []
    for evaluated in overview(stack, evaluator).evaluated:
        lines += _lines(evaluated, evaluator, until=now + ahead)
    lines.sort()
    formatter(args).show(
        lambda console: _print(console, stack, lines, now, ahead, shown(args, SHOWN)),
        lambda: [_json(line) for line in lines],
    )
    return FINE


def _lines(
    evaluated: EvaluatedCase, evaluator: CaseEvaluator, until: int
) -> Iterator[PlannedLevel]:
    """What is due now, and what comes due by `until`: nothing before the hours, promise or silence
    that holds it ends.
    """
    case, plan, now = evaluated.case, evaluated.plan, evaluator.now
    subject = _subject(case, plan)
    for alert in plan.alerts:
        yield _line(now, case, alert, subject)
    held = held_by(case, plan, evaluator.policy, evaluator.context.silences, now)
    for notification in upcoming(plan, held):
        if notification.at <= until:
            yield _line(notification.at, case, notification, subject)


def _line(at: int, case: Case, of: Alert | UpcomingNotification, subject: str) -> PlannedLevel:
    return PlannedLevel(at, case.id, of.recipient, of.clock, of.level, of.urgent, subject)


def _subject(case: Case, plan: Plan) -> str:
    """Of the newest ticket that has one."""
    for ticket in reversed(plan.tickets):
        subject = str(case.facts.latest(ticket.id, "subject"))
        if subject:
            return subject
    return ""


def _json(line: PlannedLevel) -> dict[str, object]:
    return {
        "at": iso(line.at),
        "case": line.case,
        "subject": line.subject,
        "recipient": line.recipient.key,
        "clock": line.clock,
        "level": line.level + 1,
        "urgent": line.urgent,
    }


def _print(
    console: Console, stack: Stack, lines: Sequence[PlannedLevel], now: int, ahead: int, limit: int
) -> None:
    zone = stack.policy.timezone or "UTC"
    if warning := stack.other_policy():
        console.print(Text(warning, "yellow"))
    console.print(
        Text.assemble((stack.title, "bold"), f": if nothing changes, the next {duration(ahead)}")
    )
    if stack.mode().name != "live":
        console.print(Text("mode observe: all of it is noted, nobody is notified", "yellow"))
    if not lines:
        console.print(Text("nobody is to be notified of anything", "green"))
        return
    console.print(_table(lines[: limit or None], now, zone))
    if limit and len(lines) > limit:
        console.print(Text(f"and {len(lines) - limit:,} more: --limit 0 shows all", "dim"))
    console.print(f"\n{_by_audience(lines)}")
    console.print(Text(f"times are those of {zone}", "dim"))


def _by_audience(lines: Iterable[PlannedLevel]) -> str:
    """`manager: 3 alerts, owner: 1 alert`."""
    counts = Counter(line.recipient.audience for line in lines)
    return ", ".join(f"{name}: {count_of(count, 'alert')}" for name, count in counts.most_common())


def _table(lines: Sequence[PlannedLevel], now: int, zone: str) -> Table:
    """When, who and what are never cut; the case has what room is left."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    rows = [_cells(line, now, zone) for line in lines]
    for name, cells in zip(("\nwhen", "\nwho", "\nwhat"), zip(*rows, strict=True), strict=False):
        table.add_column(name, no_wrap=True, min_width=max(cell.cell_len for cell in cells))
    table.add_column("\ncase", ratio=1, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*row)
    return table


def _cells(line: PlannedLevel, now: int, zone: str) -> tuple[Text, Text, Text, Text]:
    when = Text(instant(line.at, zone)[9:])
    if line.at <= now:
        when = Text("now", "bold")
    whom = Text(brief(who(line.recipient), 24), "red" if line.urgent else "")
    subject = f" {brief(line.subject, 60)}"
    case = Text.assemble(brief(line.case, 40), (subject, "dim"))
    return when, whom, Text(_what(line)), case


def _what(line: PlannedLevel) -> str:
    """`resolution, level 2`; a finding and good news have no level."""
    if line.clock.startswith(WITHDRAWN):
        return f"{clock_name(line.clock.removeprefix(WITHDRAWN))} withdrawn"
    name = clock_name(line.clock).replace(":", ": ", 1)
    if line.clock in HOLDABLE or line.clock == Metric.AGE.value:
        return f"{name}, level {line.level + 1}"
    return name
