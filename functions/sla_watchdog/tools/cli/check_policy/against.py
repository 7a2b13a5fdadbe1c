"""`check-policy --against`: what a changed policy file would do to the tickets that are open
now.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from rich.console import Console
from rich.table import Table

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.escalation.policy_edit import Effect, Moved, effect
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.lookalikes import SAME_MATTER
from sla_watchdog.domain.tickets.record import Unreadable, seconds_of
from sla_watchdog.presentation.times import count_of
from sla_watchdog.tools.cli import UsageError
from sla_watchdog.tools.imports.events import BrokenEventFile, Event, lines_of, parse
from sla_watchdog.tools.simulation.history import Chronicler, by_ticket, components
from sla_watchdog.tools.simulation.replay import replay

SHOWN = 20
NEVER = 2**62


@frozen
class PolicyComparison:
    """The effects on every case that has an open ticket. `unread` are fields that only the new
    policy reads.
    """

    effects: tuple[Effect, ...]
    tickets: int
    now: int
    unread: tuple[str, ...] = ()

    @property
    def moved(self) -> tuple[Moved, ...]:
        """Those that become overdue first, then by how soon they are due."""
        every: list[Moved] = []
        for change in self.effects:
            every += change.moved
        return tuple(sorted(every, key=_soonest_first))

    @property
    def moving(self) -> int:
        return len({moved.ticket for moved in self.moved})

    @property
    def overdue(self) -> int:
        return len({moved.ticket for moved in self.moved if moved.overdue})

    @property
    def notified(self) -> Mapping[str, int]:
        """Cases of which each audience is notified at once."""
        cases: Counter[str] = Counter()
        for change in self.effects:
            cases.update({recipient.audience for recipient in change.notified})
        return cases


def _soonest_first(moved: Moved) -> tuple[bool, int, str, str]:
    return not moved.overdue, moved.due_at or NEVER, moved.ticket, moved.metric


@frozen
class OpenCase:
    """A case with the facts that the old policy reads, and with those that the new one reads.

    `plan` is what the old policy makes of it.
    """

    before: Case
    after: Case
    plan: Plan


def compare(args: argparse.Namespace, path: Path) -> PolicyComparison:
    """The open tickets of the stack, or of an event file, under the old policy and under that of
    `path`.
    """
    from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy

    if args.events is not None:
        return _of_events(args, path)
    before, after = compiled_policy(args.against), compiled_policy(path)
    args.policy = args.against
    return _of_stack(args, before, after)


def _comparison(
    cases: Iterable[OpenCase], before: Policy, after: Policy, now: int
) -> PolicyComparison:
    effects: list[Effect] = []
    tickets = 0
    for case in cases:
        if case.plan.unresolved:
            tickets += sum(ticket.unresolved for ticket in case.plan.tickets)
            effects.append(effect(case.before, before, after, now, case.after))
    return PolicyComparison(tuple(effects), tickets, now)


# ------------------------------------------------------------------ where the cases come from


def _of_stack(args: argparse.Namespace, before: Policy, after: Policy) -> PolicyComparison:
    from sla_watchdog.tools.cli.stack.aws_errors import plain_errors
    from sla_watchdog.tools.cli.stack.evaluation import as_deployed
    from sla_watchdog.tools.cli.stack.overview import overview
    from sla_watchdog.tools.cli.stack.stack import find

    cases = []
    with plain_errors():
        stack = find(args)
        evaluator = as_deployed(stack)
        for evaluated in overview(stack, evaluator).evaluated:
            case = evaluated.case.as_notified(evaluator.live)
            cases.append(OpenCase(case, case, evaluated.plan))
    comparison = _comparison(cases, before, after, evaluator.now)
    return evolve(comparison, unread=tuple(sorted(after.fields - before.fields)))


def _of_events(args: argparse.Namespace, path: Path) -> PolicyComparison:
    from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy

    zone = compiled_policy(args.against).timezone
    try:
        events = parse(lines_of(args.events), zone)
        now = events[-1].at if args.at is None else seconds_of(args.at, zone)
    except BrokenEventFile as error:
        raise UsageError(f"{args.events} cannot be read:\n{error}") from error
    except Unreadable as problem:
        raise UsageError(f"--at: {problem}") from problem
    except OSError as error:
        raise UsageError(f"{args.events} cannot be read: {error.strerror}") from error
    before = compiled_policy(args.against, events[0].at)
    after = compiled_policy(path, events[0].at)
    return _comparison(_played(events, before, after, now), before, after, now)


def _played(events: Sequence[Event], before: Policy, after: Policy, now: int) -> Iterator[OpenCase]:
    """The cases of a file as the old policy leaves them at `now`."""
    tickets = by_ticket(events)
    old, new = Chronicler(before), Chronicler(after)
    for names in components(tickets):
        facts = sorted(_facts(old, tickets, names), key=attrgetter("at"))
        for ending in replay(facts, before, now).endings:
            case = ending.case
            read_by_new = _facts(new, tickets, case.facts.tickets())
            facts_by_now = Facts.of(fact for fact in read_by_new if fact.at <= now)
            facts_by_now |= [fact for fact in case.facts if fact.field == SAME_MATTER]
            yield OpenCase(case, evolve(case, facts=facts_by_now), ending.plan)


def _facts(
    chronicler: Chronicler, tickets: Mapping[str, Sequence[Event]], names: Iterable[str]
) -> Iterator[Fact]:
    """Of those that have events; others are only named by a link."""
    for name in names:
        if name in tickets:
            yield from chronicler.facts(tickets[name])


# ------------------------------------------------------------------ in words


def as_json(comparison: PolicyComparison) -> dict[str, Any]:
    return {
        "at": _utc(comparison.now),
        "open_tickets": comparison.tickets,
        "moved": comparison.moving,
        "become_overdue": comparison.overdue,
        "told_at_once": dict(sorted(comparison.notified.items())),
        "fields_not_known_yet": list(comparison.unread),
        "changes": [
            {
                "ticket": moved.ticket,
                "clock": moved.metric,
                "policy_before": moved.was_rule,
                "policy": moved.rule,
                "due_before": _utc(moved.was_due_at),
                "due": _utc(moved.due_at),
                "becomes_overdue": moved.overdue,
            }
            for moved in comparison.moved
        ],
    }


def _utc(at: int | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def print_comparison(
    console: Console, against: Path, comparison: PolicyComparison, of_events: bool
) -> None:
    tickets = count_of(comparison.tickets, "open ticket")
    overdue = f"{comparison.overdue:,} become overdue by the change alone"
    console.print(f"Against {against}, as of {_utc(comparison.now)}", style="bold", markup=False)
    console.print(f"  {tickets}, of which {comparison.moving:,} move", markup=False)
    console.print(f"  {overdue}; they count from the deploy")
    console.print(f"  notified at once: {_audiences(comparison)}", markup=False, soft_wrap=True)
    if not comparison.tickets:
        hint = "; --at TIME chooses another instant" if of_events else ""
        console.print(f"  no ticket is open then{hint}")
    if comparison.unread:
        unread = ", ".join(comparison.unread)
        console.print(f"  not known before the deploy: {unread}", markup=False)
    if comparison.moved:
        console.print(_table(comparison.moved[:SHOWN]))
    hidden = len(comparison.moved) - SHOWN
    if hidden > 0:
        console.print(f"  and {hidden:,} more; --json has them all")


def _audiences(comparison: PolicyComparison) -> str:
    cases = sorted(comparison.notified.items())
    return ", ".join(f"{name} of {count_of(count, 'case')}" for name, count in cases) or "nobody"


def _table(moved: Iterable[Moved]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("ticket", "clock", "due before", "due", ""):
        table.add_column(heading, overflow="fold")
    for target in moved:
        clock = target.metric.replace("_", " ")
        before, after = _utc(target.was_due_at) or "-", _utc(target.due_at) or "-"
        style = "bold" if target.overdue else ""
        table.add_row(target.ticket, clock, before, after, _note(target), style=style)
    return table


def _note(target: Moved) -> str:
    if target.overdue:
        return "overdue"
    if target.rule == target.was_rule:
        return ""
    return target.rule or "no such target"
