"""`check-policy --against`: what a changed policy file would do to the tickets that are open
now.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

from attrs import Factory, define, evolve, frozen
from rich.console import Console
from rich.table import Table

from sla_watchdog.domain.clocks.evidence import Evidence
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.escalation.policy_edit import Effect, Moved, effect
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.lookalikes import SAME_MATTER
from sla_watchdog.domain.tickets.record import Unreadable, seconds_of
from sla_watchdog.presentation.text.evidence import cannot_be_judged
from sla_watchdog.presentation.times import count_of
from sla_watchdog.tools.cli import UsageError
from sla_watchdog.tools.imports.events import BrokenEventFile, Event, lines_of, parse
from sla_watchdog.tools.loudness.ahead import Foresight
from sla_watchdog.tools.loudness.alerts import by_recipient
from sla_watchdog.tools.loudness.as_json import ahead_as_json
from sla_watchdog.tools.loudness.as_json import as_json as loudness_as_json
from sla_watchdog.tools.loudness.days import Days, zone_of_days
from sla_watchdog.tools.loudness.loads import Loudness, loudness
from sla_watchdog.tools.loudness.text import print_loudness_change
from sla_watchdog.tools.simulation.evidence import evidence_of
from sla_watchdog.tools.simulation.history import Chronicler, by_ticket, components
from sla_watchdog.tools.simulation.replay import Notification, Outcomes, replay

SHOWN = 20
NEVER = 2**62


@frozen
class PolicyComparison:
    """The effects on every case that has an open ticket. `unread` are fields that only the new
    policy reads. `unjudged` says what of the new policy cannot be judged.

    `loudness` is how loud it is under the old policy and under the new: over the days of a history,
    or where there is none (`is_ahead`) over the next days.
    """

    effects: tuple[Effect, ...]
    tickets: int
    now: int
    loudness: tuple[Loudness, Loudness]
    unread: tuple[str, ...] = ()
    is_ahead: bool = False
    unjudged: str = ""

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

    def edited(self, now: int) -> Case:
        """As the new policy meets it."""
        return evolve(self.after, breached=self.plan.breached, edited_at=now)


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


def _effects(
    cases: Iterable[OpenCase], before: Policy, after: Policy, now: int, evidence: Evidence
) -> tuple[tuple[Effect, ...], int]:
    """And how many tickets are open."""
    effects: list[Effect] = []
    tickets = 0
    for case in cases:
        if case.plan.unresolved:
            tickets += sum(ticket.unresolved for ticket in case.plan.tickets)
            effects.append(effect(case.before, before, after, now, case.after, evidence))
    return tuple(effects), tickets


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
    now, context = evaluator.now, evaluator.context
    effects, tickets = _effects(cases, before, after, now, context.evidence)
    old = Foresight(before, now, context).loudness(case.before for case in cases)
    new = Foresight(after, now, context).loudness(case.edited(now) for case in cases)
    return PolicyComparison(
        effects,
        tickets,
        now,
        loudness=(old, new),
        unread=tuple(sorted(after.fields - before.fields)),
        is_ahead=True,
        unjudged=cannot_be_judged(context.evidence, after),
    )


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
    start = min(events[0].at, now)
    tickets = by_ticket(events)
    evidence = evidence_of(tickets, before, now)
    old = _Replays(tickets, before, now, evidence)
    new = _Replays(tickets, after, now, evidence)
    effects, open_tickets = _effects(_played(old, new), before, after, now, evidence)
    for _ in new.outcomes():
        pass
    loudness = old.loudness(start), new.loudness(start)
    unjudged = cannot_be_judged(evidence, after)
    return PolicyComparison(effects, open_tickets, now, loudness, unjudged=unjudged)


@define
class _Replays:
    """The cases of a file replayed under a policy, up to `now`; `notified` grows on the way."""

    tickets: Mapping[str, Sequence[Event]]
    policy: Policy
    now: int
    evidence: Evidence
    notified: list[Notification] = Factory(list)

    @cached_property
    def chronicler(self) -> Chronicler:
        return Chronicler(self.policy)

    def outcomes(self) -> Iterator[Outcomes]:
        for names in components(self.tickets):
            facts = sorted(self.facts(names), key=attrgetter("at"))
            outcomes = replay(facts, self.policy, self.now, evidence=self.evidence)
            self.notified += outcomes.notified
            yield outcomes

    def facts(self, names: Iterable[str]) -> Iterator[Fact]:
        """Of those that have events; others are only named by a link."""
        for name in names:
            if name in self.tickets:
                yield from self.chronicler.facts(self.tickets[name])

    def loudness(self, start: int) -> Loudness:
        days = Days.between(start, self.now, zone_of_days(self.policy))
        return loudness(by_recipient(self.notified), self.policy, days)


def _played(old: _Replays, new: _Replays) -> Iterator[OpenCase]:
    """The cases of a file as the old policy leaves them."""
    for outcomes in old.outcomes():
        for ending in outcomes.endings:
            case = ending.case
            read_by_new = new.facts(case.facts.tickets())
            facts_by_now = Facts.of(fact for fact in read_by_new if fact.at <= old.now)
            facts_by_now |= [fact for fact in case.facts if fact.field == SAME_MATTER]
            yield OpenCase(case, evolve(case, facts=facts_by_now), ending.plan)


# ------------------------------------------------------------------ in words


def as_json(comparison: PolicyComparison) -> dict[str, Any]:
    return {
        "at": _utc(comparison.now),
        "open_tickets": comparison.tickets,
        "moved": comparison.moving,
        "become_overdue": comparison.overdue,
        "told_at_once": dict(sorted(comparison.notified.items())),
        "fields_not_known_yet": list(comparison.unread),
        "not_judged": comparison.unjudged or None,
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
        "loudness": _loudness(comparison),
    }


def _loudness(comparison: PolicyComparison) -> dict[str, Any]:
    before, after = comparison.loudness
    shown = ahead_as_json if comparison.is_ahead else loudness_as_json
    return {"before": shown(before), "after": shown(after)}


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
    if comparison.unjudged:
        console.print(f"  {comparison.unjudged}", markup=False, soft_wrap=True)
    if comparison.moved:
        console.print(_table(comparison.moved[:SHOWN]))
    hidden = len(comparison.moved) - SHOWN
    if hidden > 0:
        console.print(f"  and {hidden:,} more; --json has them all")
    print_loudness_change(console, *comparison.loudness, ahead=comparison.is_ahead)


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
