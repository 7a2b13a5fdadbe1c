"""`plan`: who will be told what and when, if nothing changes."""

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
from sla_watchdog.domain.escalation.case import Case, Recipient
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.text.times import count_of, duration, instant, iso
from sla_watchdog.presentation.text.wording import clock_name, who
from sla_watchdog.tools.cli import FINE
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.output import formatter
from sla_watchdog.tools.cli.stack.silenced import MatchingSilence, held_by, upcoming
from sla_watchdog.tools.cli.times import span

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack

SHOWN = 40


@frozen(order=True)
class Telling:
    """One level of one clock that will reach somebody at `at` if nothing changes; `at` is now for
    what waits.
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
    now, silences = evaluator.now, evaluator.context.silences
    tellings: list[Telling] = []
    for evaluated in overview(stack, evaluator).evaluated:
        held = held_by(evaluated.case, evaluated.plan, stack.policy, silences, now)
        tellings += _tellings(evaluated.case, evaluated.plan, held, now, now + ahead)
    tellings.sort()
    limit = SHOWN if args.limit is None else args.limit
    formatter(args).show(
        lambda console: _print(console, stack, tellings, now, ahead, limit),
        lambda: [_json(telling) for telling in tellings],
    )
    return FINE


def _tellings(
    case: Case, evaluated: Plan, held: Iterable[MatchingSilence], now: int, until: int
) -> Iterator[Telling]:
    """What is due now, and what comes due later: nothing before the hours, promise or silence that
    holds it ends.
    """
    subject = _subject(case, evaluated)
    for alert in evaluated.alerts:
        yield Telling(
            now, case.id, alert.recipient, alert.clock, alert.level, alert.urgent, subject
        )
    for ahead in upcoming(evaluated, held):
        if ahead.at <= until:
            yield Telling(
                ahead.at, case.id, ahead.recipient, ahead.clock, ahead.level, ahead.urgent, subject
            )


def _subject(case: Case, evaluated: Plan) -> str:
    """Of the newest ticket that has one."""
    for ticket in reversed(evaluated.tickets):
        subject = str(case.facts.latest(ticket.id, "subject"))
        if subject:
            return subject
    return ""


def _json(telling: Telling) -> dict[str, object]:
    return {
        "at": iso(telling.at),
        "case": telling.case,
        "subject": telling.subject,
        "recipient": telling.recipient.key,
        "clock": telling.clock,
        "level": telling.level + 1,
        "urgent": telling.urgent,
    }


def _print(
    console: Console, stack: Stack, tellings: Sequence[Telling], now: int, ahead: int, limit: int
) -> None:
    zone = stack.policy.timezone or "UTC"
    if warning := stack.other_policy():
        console.print(Text(warning, "yellow"))
    console.print(
        Text.assemble((stack.title, "bold"), f": if nothing changes, the next {duration(ahead)}")
    )
    if stack.mode().name != "live":
        console.print(Text("mode observe: all of it is noted, nobody is told", "yellow"))
    if not tellings:
        console.print(Text("nobody is to be told anything", "green"))
        return
    console.print(_table(tellings[: limit or None], now, zone))
    if limit and len(tellings) > limit:
        console.print(Text(f"and {len(tellings) - limit:,} more: --limit 0 shows all", "dim"))
    per = Counter(telling.recipient.audience for telling in tellings)
    console.print(
        "\n" + ", ".join(f"{name}: {count_of(count, 'alert')}" for name, count in per.most_common())
    )
    console.print(Text(f"times are those of {zone}", "dim"))


def _table(tellings: Sequence[Telling], now: int, zone: str) -> Table:
    """When, who and what are never cut; the case has what room is left."""
    rows = [_cells(telling, now, zone) for telling in tellings]
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    for column, name in enumerate(("\nwhen", "\nwho", "\nwhat")):
        table.add_column(name, no_wrap=True, min_width=max(row[column].cell_len for row in rows))
    table.add_column("\ncase", ratio=1, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*row)
    return table


def _cells(telling: Telling, now: int, zone: str) -> tuple[Text, Text, Text, Text]:
    when = Text("now", "bold") if telling.at <= now else Text(instant(telling.at, zone)[9:])
    return (
        when,
        Text(brief(who(telling.recipient), 24), "red" if telling.urgent else ""),
        Text(_what(telling)),
        Text.assemble(brief(telling.case, 40), (f" {brief(telling.subject, 60)}", "dim")),
    )


def _what(telling: Telling) -> str:
    """`resolution, level 2`; a finding and good news have no level."""
    if telling.clock.startswith(WITHDRAWN):
        return f"{clock_name(telling.clock.removeprefix(WITHDRAWN))} withdrawn"
    name = clock_name(telling.clock).replace(":", ": ", 1)
    return (
        f"{name}, level {telling.level + 1}"
        if telling.clock in HOLDABLE or telling.clock == Metric.AGE.value
        else name
    )
