"""`status`: what is open, breached and at risk, what people must mend, and whether the watchdog keeps up."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from attrs import frozen

from sla_watchdog.cli import FINDINGS, FINE, UsageError
from sla_watchdog.cli.options import Subparsers, add_command
from sla_watchdog.domain.case import Entry
from sla_watchdog.domain.case_row import Row, Trouble, row
from sla_watchdog.domain.escalation import plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sla_watchdog.adapters.watch import Mode
    from sla_watchdog.cli.overview import Judged, Overview
    from sla_watchdog.cli.stack import Stack

SHOWN = 20
ENDED_DAYS = 30
"""For so long a case that is over still shows what was wrong with its data."""


@frozen
class Mend:
    """Something that a person must mend. `ticket` names a case or a digest where no ticket is known."""

    ticket: str
    kind: str
    reason: str


@frozen
class Pending:
    """A message on its way: `due_at` is when it came due, `until` when it is tried again if nothing comes of it."""

    case: str
    recipient: str
    due_at: int
    until: int
    attempts: int


@frozen
class Status:
    """Everything `status` says. `rows` are the unresolved cases, the worst first; `due_since` as in Overview."""

    title: str
    now: int
    mode: Mode
    warning: str
    rows: tuple[Row, ...]
    mends: tuple[Mend, ...]
    pending: tuple[Pending, ...]
    due: int
    due_since: int | None
    read: int

    def count(self, trouble: Trouble) -> int:
        return sum(each.trouble is trouble for each in self.rows)

    def chosen(self, *, breached: bool) -> tuple[Row, ...]:
        return tuple(each for each in self.rows if not breached or each.trouble is Trouble.BREACHED)


def register(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    parser = add_command(
        subparsers,
        "status",
        run,
        summary="what is open, breached and at risk now, and what must be mended",
        description="Shows every unresolved case, the worst first, what people must mend, and whether the watchdog "
        "keeps up. Reads the whole Watch table once. Exit code 1 when there is something to mend.",
        example="  sla-watchdog status --breached --team 'Trust and Safety'",
    )
    parser.add_argument("--team", metavar="NAME", help="cases of this team alone")
    parser.add_argument("--breached", action="store_true", help="breached cases alone")
    parser.add_argument("--limit", type=int, metavar="N", help=f"cases shown; default {SHOWN}, with --json all; 0 all")


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.cli.stack import on_stack

    if args.limit is not None and args.limit < 0:
        raise UsageError("--limit is a number of cases, or 0 for all of them")
    return on_stack(_status, args)


def _status(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.cli.overview import overview
    from sla_watchdog.cli.status_json import as_json
    from sla_watchdog.cli.status_text import print_status

    now, mode = stack.now(), stack.mode()
    seen = overview(stack, lambda case: plan(case.as_heard(mode.name == "live"), stack.policy, now), now)
    status = _of(stack, mode, seen, now, args.team)
    if args.json:
        print(as_json(status, breached=args.breached, limit=args.limit or 0))
    else:
        print_status(status, breached=args.breached, limit=SHOWN if args.limit is None else args.limit)
    return FINDINGS if status.mends else FINE


def _of(stack: Stack, mode: Mode, seen: Overview, now: int, team: str | None) -> Status:
    judged = [each for each in seen.judged if team is None or _team(each) == team.strip().casefold()]
    rows = [row(each.case, each.plan, stack.policy.shared, now) for each in judged if each.plan.unresolved]
    mends = [mend for each in judged for mend in _mends(each, now)]
    if team is None:
        mends += [Mend(each.name, "put back", _tried(each.reason, each.failures)) for each in seen.put_back]
    return Status(
        title=stack.title,
        now=now,
        mode=mode,
        warning=stack.other_policy(),
        rows=tuple(sorted(rows, key=lambda each: each.rank)),
        mends=tuple(mends),
        pending=tuple(sorted(_pending(judged), key=lambda each: each.due_at)),
        due=seen.due,
        due_since=seen.due_since,
        read=seen.read,
    )


def _team(judged: Judged) -> str:
    facts = judged.case.facts
    return next((str(facts.latest(ticket, "team")).casefold() for ticket in facts.tickets()[-1:]), "")


def _mends(judged: Judged, now: int) -> Iterator[Mend]:
    """Findings last as long as their cause; those of a case that is over, 30 days."""
    if judged.problem:
        yield Mend(judged.case.id, "put back", _tried(judged.problem, judged.case.failures))
    ends = (t.gone_at if t.gone_at is not None else t.spans[-1].start for t in judged.plan.tickets)
    if judged.plan.unresolved or now - max(ends, default=now) <= ENDED_DAYS * 86_400:
        yield from (Mend(each.ticket, each.kind, each.reason) for each in judged.plan.findings)


def _tried(reason: str, failures: int) -> str:
    return reason if not failures else f"{reason} (tried {failures} time{'s' * (failures != 1)})"


def _pending(judged: Iterable[Judged]) -> Iterator[Pending]:
    for each in judged:
        for entry in each.case.outbox.values():
            yield _on_its_way(each.case.id, entry)


def _on_its_way(case: str, entry: Entry) -> Pending:
    due_at = min(alert.due_at for alert in entry.alerts)
    return Pending(case, entry.key, due_at, entry.until, entry.attempts)
