"""`go-live`: shows who would be notified now, then switches to mode live; `--undo` goes back to
mode observe.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sla_watchdog.domain.escalation.case import Case, Outcome
from sla_watchdog.tools.cli import FINDINGS, FINE
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.output import agreed, formatter, refuse_to_ask_in_json, say

if TYPE_CHECKING:
    from sla_watchdog.adapters.dynamodb.watch import Mode
    from sla_watchdog.tools.cli.go_live.preview import Preview
    from sla_watchdog.tools.cli.stack.overview import EvaluatedCase
    from sla_watchdog.tools.cli.stack.stack import Stack

TRIES = 5
"""How often a case that somebody else writes meanwhile is read again."""

WRITERS, WOKEN_A_SECOND = 8, 100


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="A new stack only observes. This shows each audience's first message, asks, "
        "and switches to mode live; what came due before reaches each audience as one digest. Exit "
        "code 1 when somebody who would be notified cannot be reached.",
        example="  sla-watchdog go-live --dry-run\n  sla-watchdog go-live",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show who would be notified, and change nothing"
    )
    parser.add_argument("--full", action="store_true", help="show the messages whole")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--force", action="store_true", help="go live although somebody cannot be reached"
    )
    parser.add_argument(
        "--undo", action="store_true", help="back to mode observe: nobody is notified any more"
    )


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    refuse_to_ask_in_json(args)
    command = _observe if args.undo else _go_live
    return on_stack(command, args)


def _go_live(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.tools.cli.go_live.text import print_switched

    now, mode = stack.now(), stack.mode()
    live = mode.name == "live"
    subscribers = stack.subscribers()
    upcoming = _preview(stack, subscribers, live=live)
    _show(args, stack, mode, upcoming, now)
    if upcoming.unreachable and not args.force and not live:
        return FINDINGS
    if args.dry_run:
        return FINE
    if not live and not _allowed(args, "Notify them now?"):
        return FINE
    stack.watch.topic_counts.keep(subscribers, now)
    left = _switch(stack, _to_wake(upcoming, live=live), now)
    if not args.json:
        print_switched(mode, left)
    return FINE


def _to_wake(upcoming: Preview, *, live: bool) -> Sequence[EvaluatedCase]:
    """Of a stack that is live already only what somebody is to be notified of."""
    if not live:
        return upcoming.observed
    return [case for case in upcoming.observed if case.plan.alerts]


def _show(args: argparse.Namespace, stack: Stack, mode: Mode, upcoming: Preview, now: int) -> None:
    from sla_watchdog.tools.cli.go_live.text import as_json, print_preview

    formatter(args).show(
        lambda console: print_preview(console, stack, mode, upcoming, now, full=args.full),
        lambda: as_json(stack, mode, upcoming, now),
    )


def _allowed(args: argparse.Namespace, question: str) -> bool:
    """Asks, unless `--yes` said so already; a no is answered."""
    if args.yes or agreed(question):
        return True
    say("Nothing was changed.")
    return False


def _preview(stack: Stack, subscribers: Mapping[str, int], *, live: bool) -> Preview:
    """Judged as in mode live, where an observed level counts as not notified."""
    from sla_watchdog.presentation.text.evidence import cannot_be_judged
    from sla_watchdog.tools.cli.go_live.preview import preview
    from sla_watchdog.tools.cli.stack.evaluation import as_deployed
    from sla_watchdog.tools.cli.stack.overview import overview
    from sla_watchdog.tools.loudness.ahead import Foresight

    evaluator = as_deployed(stack, live=True)
    seen = overview(stack, evaluator)
    foresight = Foresight(evaluator.policy, evaluator.now, evaluator.context, goes_live=not live)
    cases = [evaluated.case.as_notified(live=True) for evaluated in seen.evaluated]
    ahead = foresight.loudness(cases)
    unjudged = cannot_be_judged(evaluator.context.evidence, stack.policy)
    return preview(seen.evaluated, stack.policy, subscribers, evaluator.now, ahead, unjudged)


def _switch(stack: Stack, observed: Sequence[EvaluatedCase], now: int) -> int:
    """How many cases could not be woken. Safe to repeat, so safe to break off.

    The mode comes first: a case that wakes before it would be observed once more.
    """
    stack.watch.state.set_mode("live", now)
    return sum(not woken for woken in _wake_all(stack, observed, now))


def _wake_all(stack: Stack, observed: Sequence[EvaluatedCase], now: int) -> Iterator[bool]:
    """All of them are due at one instant, when the last one is written: so that one tick makes one
    digest of them.
    """
    from sla_watchdog.tools.cli.stack.overview import progress

    at = now + len(observed) // WOKEN_A_SECOND

    def wake(waiting: EvaluatedCase) -> bool:
        return _wake(stack, waiting.case, waiting.plan.urgent, at)

    with ThreadPoolExecutor(WRITERS) as writers, progress() as bar:
        task = bar.add_task("Waking the observed cases", total=len(observed))
        for woken in writers.map(wake, observed):
            bar.update(task, advance=1)
            yield woken


def _wake(stack: Stack, case: Case, urgent: bool, at: int) -> bool:
    """Due at `at` at the latest, if the case is as it was read; else it is read again. False where
    it never was.
    """
    for _ in range(TRIES):
        if not _sleeps_longer(case, at):
            return True
        woken = stack.watch.outbox.claim(case, {}, at, urgent)
        if woken is not None:
            return True
        stored = stack.watch.cases.read([case.id]).get(case.id)
        if not isinstance(stored, Case):
            return True
        case = stored
    return False


def _sleeps_longer(case: Case, at: int) -> bool:
    observed = any(reached.outcome is Outcome.OBSERVED for reached in case.reached.values())
    return observed and case.next_at is not None and case.next_at > at


def _observe(args: argparse.Namespace, stack: Stack) -> int:
    before = stack.mode()
    if before.name == "observe":
        _answer(args, "observe", "The stack only observes as it is; nothing was changed.")
        return FINE
    if args.dry_run:
        would = "would only observe: nobody but operations would be notified of any case."
        _answer(args, "live", f"{stack.title} {would}")
        return FINE
    if not _allowed(args, f"{stack.title} is live. Shall nobody be notified of any case any more?"):
        return FINE
    stack.watch.state.set_mode("observe", stack.now())
    observes = "cases are judged and audited, and nobody but operations is notified."
    _answer(args, "observe", f"Mode observe: {observes}")
    return FINE


def _answer(args: argparse.Namespace, mode: str, text: str) -> None:
    if args.json:
        print(json.dumps({"mode": mode}))
    else:
        say(text)
