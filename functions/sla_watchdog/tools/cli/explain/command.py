"""`explain`: why a ticket stands where it stands, from its creation to each deadline."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen
from rich.console import Console

from sla_watchdog.domain.clocks.evidence import Evidence
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.presentation.view.explanation import Explanation, explanation
from sla_watchdog.tools.cli import FINDINGS, FINE, UsageError
from sla_watchdog.tools.cli.options import OWN_POLICY, add_stack_command
from sla_watchdog.tools.cli.output import formatter
from sla_watchdog.tools.cli.stack.silenced import MatchingSilence, due_now, held_by, upcoming
from sla_watchdog.tools.cli.times import time, zone
from sla_watchdog.tools.imports.events import BrokenEventFile, Event, lines_of, parse
from sla_watchdog.tools.simulation.evidence import evidence_of
from sla_watchdog.tools.simulation.history import Chronicler, by_ticket, components
from sla_watchdog.tools.simulation.replay import replay

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.evaluation import CaseEvaluator
    from sla_watchdog.tools.cli.stack.stack import Stack

MOST_REPLAYED = 5_000
"""Facts of one case up to which its notifications are replayed. The time that takes grows with the
square.
"""


@frozen
class ShownExplanation:
    """What `explain` shows. `held` are the silences that the case, or some of its tickets,
    match.
    """

    explanation: Explanation
    held: tuple[MatchingSilence, ...]


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Shows the way of a ticket from its creation to each deadline: the rule that "
        "judges it and why not the earlier ones, what counted and what paused, the levels "
        "passed and who was notified, and what comes next. "
        "Exit code 1 when something in its data needs attention.",
        example="  sla-watchdog explain T-4711\n"
        "  sla-watchdog explain EX-1 --events docs/example-events.jsonl --at 2026-01-06T12:00Z",
    )
    parser.add_argument("ticket", metavar="TICKET")
    parser.add_argument(
        "--at", metavar="TIME", help="as of then; default: now, of a file the last event"
    )
    parser.add_argument(
        "--events", type=Path, metavar="FILE", help="from an event file, without AWS"
    )
    parser.add_argument(
        "--timezone", metavar="ZONE", help="of times without an offset; default: the policy's"
    )


def run(args: argparse.Namespace) -> int:
    if args.events is not None:
        return _show(args, _of_events(args))
    from sla_watchdog.tools.cli.stack.stack import on_stack

    return on_stack(lambda given, stack: _show(given, _of_stack(given, stack)), args)


def _show(args: argparse.Namespace, answer: ShownExplanation) -> int:
    from sla_watchdog.tools.cli.explain.as_json import as_json
    from sla_watchdog.tools.cli.explain.text import print_explanation

    explained, held = answer.explanation, answer.held
    formatter(args).show(
        lambda console: print_explanation(console, explained, held, args.ticket),
        lambda: as_json(explained, held),
    )
    return FINDINGS if explained.findings else FINE


def _at(args: argparse.Namespace, policy: Policy, default: int) -> int:
    if args.at is None:
        return default
    return time(args.at, "--at", _zone(args, policy))


def _zone(args: argparse.Namespace, policy: Policy) -> str | None:
    """Of times without an offset."""
    return zone(args.timezone) or policy.timezone


# ------------------------------------------------------------------ from the store


def _of_stack(args: argparse.Namespace, stack: Stack) -> ShownExplanation:
    from sla_watchdog.tools.cli.stack.evaluation import as_deployed

    evaluator = as_deployed(stack)
    at = _at(args, stack.policy, evaluator.now)
    case = _case_with_records(stack, evaluator, args.ticket)
    return _explained(args.ticket, case, evaluator.at(at))


def _case_with_records(stack: Stack, evaluator: CaseEvaluator, ticket: str) -> Case:
    """The case as stored, with what its tickets' records show beyond that."""
    from sla_watchdog.domain.escalation.case import DamagedItem

    reading = stack.evaluator(live=evaluator.live)
    outcome = reading.evaluate([ticket], evaluator.now).get(ticket)
    if outcome is None:
        raise UsageError(f"there is no ticket {ticket} in the stack {stack.title}")
    if isinstance(outcome, DamagedItem):
        raise UsageError(f"the case of {ticket} cannot be judged: {outcome.reason}")
    return evolve(outcome.case, facts=outcome.facts)


def _explained(ticket: str, case: Case, evaluator: CaseEvaluator) -> ShownExplanation:
    policy, at = evaluator.policy, evaluator.now
    case = as_of(case.as_notified(evaluator.live), at)
    if ticket not in case.facts.tickets():
        raise UsageError(f"nothing was known of the ticket {ticket} by then")
    evaluated = evaluator.evaluate(case)
    silences = held_by(case, evaluated, policy, evaluator.context.silences, at)
    explained = explanation(case, evaluated, policy, at)
    ahead = due_now(evaluated, at) + upcoming(evaluated, silences)
    return ShownExplanation(evolve(explained, upcoming=ahead), silences)


def as_of(case: Case, at: int) -> Case:
    """The case without its facts and notifications after `at`."""
    facts = Facts.of(fact for fact in case.facts if fact.at <= at)
    reached = {key: last for key, last in case.reached.items() if last.at <= at}
    breached = {name: since for name, since in case.breached.items() if since <= at}
    runs = {key: run for key, run in case.message_runs.items() if run.at <= at}
    return evolve(case, facts=facts, reached=reached, breached=breached, message_runs=runs)


# ------------------------------------------------------------------ from an event file


def _of_events(args: argparse.Namespace) -> ShownExplanation:
    from sla_watchdog.tools.cli.stack.evaluation import CaseEvaluator
    from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy

    path = args.policy or OWN_POLICY
    events = _read(args, compiled_policy(path))
    policy = compiled_policy(path, events[0].at)
    facts = _facts_of_case(args, events, policy)
    at = _at(args, policy, events[-1].at)
    evidence = evidence_of(by_ticket(events), policy, at)
    case = _case(args.ticket, facts, policy, at, evidence)
    context = Context(evidence=evidence)
    return _explained(args.ticket, case, CaseEvaluator(policy, at, context=context))


def _facts_of_case(args: argparse.Namespace, events: Sequence[Event], policy: Policy) -> list[Fact]:
    """Those of the ticket and of all that are linked with it, in the order of time."""
    tickets = by_ticket(events)
    if args.ticket not in tickets:
        raise UsageError(f"there is no ticket {args.ticket} in {args.events}")
    linked = next(names for names in components(tickets) if args.ticket in names)
    chronicler = Chronicler(policy)
    facts: list[Fact] = []
    for name in linked:
        facts += chronicler.facts(tickets[name])
    return sorted(facts, key=attrgetter("at"))


def _case(ticket: str, facts: Sequence[Fact], policy: Policy, at: int, evidence: Evidence) -> Case:
    """With every notification that would have been sent, unless there are so many facts that a
    replay takes minutes.
    """
    if len(facts) > MOST_REPLAYED:
        left_out = "who would have been notified is left out (`backtest` shows it)"
        console = Console(stderr=True, highlight=False)
        console.print(f"{len(facts):,} facts: {left_out}", style="yellow")
        return Case(ticket, Facts.of(facts))
    for ending in replay(facts, policy, at, evidence=evidence).endings:
        if ticket in ending.case.facts.tickets():
            return ending.case
    return Case(ticket)


def _read(args: argparse.Namespace, policy: Policy) -> tuple[Event, ...]:
    try:
        return parse(lines_of(args.events), _zone(args, policy))
    except BrokenEventFile as error:
        raise UsageError(f"{args.events} cannot be read:\n{error}") from error
    except OSError as error:
        raise UsageError(f"{args.events} cannot be read: {error.strerror}") from error
