"""`explain`: why a ticket stands where it stands, from its creation to each deadline."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from attrs import evolve, frozen
from rich.console import Console

from sla_watchdog.cli import FINDINGS, FINE, UsageError
from sla_watchdog.cli.options import OWN_POLICY, Subparsers, add_command
from sla_watchdog.cli.silenced import Held, coming, due_now, held_by
from sla_watchdog.domain.case import Case
from sla_watchdog.domain.escalation import plan
from sla_watchdog.domain.explanation import Explanation, explanation
from sla_watchdog.domain.facts import Fact, Facts
from sla_watchdog.domain.policy import Policy
from sla_watchdog.domain.record import Unreadable, seconds_of
from sla_watchdog.domain.replay import replay
from sla_watchdog.domain.surroundings import Surroundings
from sla_watchdog.events import BrokenEventFile, Event, lines_of, parse
from sla_watchdog.history import Chronicler, by_ticket, components

if TYPE_CHECKING:
    from sla_watchdog.cli.stack import Stack

MOST_REPLAYED = 5_000
"""Facts of one case up to which everything that would have been told is played through, which takes its square."""


@frozen
class Answer:
    """What `explain` shows. `held` are the silences that the case, or some of its tickets, match."""

    explanation: Explanation
    held: tuple[Held, ...]


def register(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    parser = add_command(
        subparsers,
        "explain",
        run,
        summary="why a ticket stands where it stands, step by step",
        description="Shows the way of a ticket from its creation to each deadline: the rule that judges it and why "
        "not the earlier ones, what counted and what paused, the levels passed and who was told, and what comes next. "
        "Exit code 1 when there is something to mend in its data.",
        example="  sla-watchdog explain T-4711\n"
        "  sla-watchdog explain EX-1 --events docs/example-events.jsonl --at 2026-01-06T12:00Z",
    )
    parser.add_argument("ticket", metavar="TICKET")
    parser.add_argument("--at", metavar="TIME", help="as of then; default: now, of a file the last event")
    parser.add_argument("--events", type=Path, metavar="FILE", help="from an event file, without AWS")
    parser.add_argument("--timezone", metavar="ZONE", help="of times without an offset; default: the policy's")


def run(args: argparse.Namespace) -> int:
    if args.events is not None:
        return _show(args, _of_events(args))
    from sla_watchdog.cli.stack import on_stack

    return on_stack(lambda given, stack: _show(given, _of_stack(given, stack)), args)


def _show(args: argparse.Namespace, answer: Answer) -> int:
    from sla_watchdog.cli.explain_json import as_json
    from sla_watchdog.cli.explain_text import print_explanation

    if args.json:
        print(as_json(answer.explanation, answer.held))
    else:
        print_explanation(Console(highlight=False), answer.explanation, answer.held, args.ticket)
    return FINDINGS if answer.explanation.findings else FINE


def _at(args: argparse.Namespace, policy: Policy) -> int | None:
    if args.at is None:
        return None
    try:
        return seconds_of(args.at, _zone(args, policy))
    except Unreadable as problem:
        raise UsageError(f"--at: {problem}") from problem


def _zone(args: argparse.Namespace, policy: Policy) -> str | None:
    """Of times without an offset."""
    if args.timezone is not None and args.timezone not in available_timezones():
        raise UsageError(f"--timezone: there is no time zone {args.timezone!r}; write an IANA name, like Europe/Berlin")
    return args.timezone or policy.timezone


# ------------------------------------------------------------------ from the store


def _of_stack(args: argparse.Namespace, stack: Stack) -> Answer:
    from sla_watchdog.adapters.watch import DamagedItem

    now, asked = stack.now(), _at(args, stack.policy)
    judge = evolve(stack.judge(), live=stack.mode().name == "live")
    found = judge.judge([args.ticket], now).get(args.ticket)
    if found is None:
        raise UsageError(f"there is no ticket {args.ticket} in the stack {stack.title}")
    if isinstance(found, DamagedItem):
        raise UsageError(f"the case of {args.ticket} cannot be judged: {found.reason}")
    case = evolve(found.case.as_heard(judge.live), facts=found.facts)
    around = stack.watch.surroundings()
    return _explained(args, case, stack.policy, now if asked is None else asked, around)


def _explained(
    args: argparse.Namespace, case: Case, policy: Policy, at: int, around: Surroundings | None = None
) -> Answer:
    around = around or Surroundings()
    known = as_of(case, at)
    if args.ticket not in known.facts.tickets():
        raise UsageError(f"nothing was known of the ticket {args.ticket} by then")
    judged = plan(known, policy, at, around=around)
    held = held_by(known, judged, policy, around.silences, at)
    ahead = (*due_now(judged, at), *coming(judged, held))
    return Answer(evolve(explanation(known, judged, policy, at), coming=ahead), held)


def as_of(case: Case, at: int) -> Case:
    """The case without what happened, or was told, after `at`."""
    return evolve(
        case,
        facts=Facts.of(fact for fact in case.facts if fact.at <= at),
        reached={key: told for key, told in case.reached.items() if told.at <= at},
        breached={name: since for name, since in case.breached.items() if since <= at},
    )


# ------------------------------------------------------------------ from an event file


def _of_events(args: argparse.Namespace) -> Answer:
    from sla_watchdog.cli.policy_in_memory import compiled_policy

    policy = compiled_policy(args.policy or OWN_POLICY)
    events = _read(args, policy)
    policy = compiled_policy(args.policy or OWN_POLICY, events[0].at)
    tickets = by_ticket(events)
    names = next((names for names in components(tickets) if args.ticket in names), None)
    if names is None or args.ticket not in tickets:
        raise UsageError(f"there is no ticket {args.ticket} in {args.events}")
    asked = _at(args, policy)
    at = events[-1].at if asked is None else asked
    chronicler = Chronicler(policy)
    facts = [fact for name in names if name in tickets for fact in chronicler.facts(tickets[name])]
    return _explained(args, _case(args.ticket, facts, policy, at), policy, at)


def _case(ticket: str, facts: Sequence[Fact], policy: Policy, at: int) -> Case:
    """With everything that would have been told, unless there are so many facts that finding out takes minutes."""
    if len(facts) > MOST_REPLAYED:
        said = f"{len(facts):,} facts: who would have been told is left out (`backtest` tells it)"
        Console(stderr=True, highlight=False).print(said, style="yellow")
        return Case(ticket, Facts.of(facts))
    endings = (each.case for each in replay(sorted(facts, key=attrgetter("at")), policy, at).endings)
    return next((each for each in endings if ticket in each.facts.tickets()), Case(ticket))


def _read(args: argparse.Namespace, policy: Policy) -> tuple[Event, ...]:
    try:
        return parse(lines_of(args.events), _zone(args, policy))
    except BrokenEventFile as error:
        raise UsageError(f"{args.events} cannot be read:\n{error}") from error
    except OSError as error:
        raise UsageError(f"{args.events} cannot be read: {error.strerror}") from error
