"""`doctor`: whether the watchdog itself is well, one line for each thing that may fail, and what to
do about it.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sla_watchdog.tools.cli import FINDINGS, FINE, UsageError
from sla_watchdog.tools.cli.doctor.checks import Check, CheckState
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.output import formatter
from sla_watchdog.tools.cli.stack.aws_errors import plain_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sla_watchdog.tools.cli.stack.stack import Stack


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Checks that ticks finish, that what is due is sent and reaches somebody, and "
        "that what failed was looked after. Reads the Watch and the Audit table once. Exit code 1 "
        "when there is something that needs attention; what could not be asked is shown as "
        "unknown.",
        example="  sla-watchdog doctor --json",
    )


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    return on_stack(_doctor, args)


def _doctor(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.tools.cli.doctor.text import as_json, print_checks

    now = stack.now()
    checks = list(_checks(args, stack, now))
    formatter(args).show(
        lambda console: print_checks(console, stack.title, checks, now),
        lambda: as_json(stack.title, checks, now),
    )
    return FINDINGS if any(check.state is CheckState.NEEDS_ATTENTION for check in checks) else FINE


def _checks(args: argparse.Namespace, stack: Stack, now: int) -> Iterator[Check]:
    from sla_watchdog.tools.cli.doctor import asks
    from sla_watchdog.tools.cli.doctor import checks as about
    from sla_watchdog.tools.cli.stack.deployed import named
    from sla_watchdog.tools.cli.stack.evaluation import as_deployed
    from sla_watchdog.tools.cli.stack.overview import overview

    _, session = named(args)
    beat = stack.watch.pulse.last_beat()
    mode = stack.mode()
    evaluator = as_deployed(stack, live=mode.name == "live")
    seen = overview(stack, evaluator)
    operations = stack.outputs["OperationsTopic"]
    yield about.heartbeat(beat, stack.name, now)
    yield about.due(seen, now)
    yield about.lag(beat, now)
    yield about.pending(seen, beat, now)
    yield about.undeliverable(seen)
    yield about.retrying(seen)
    yield about.findings(seen, now)
    yield from about.deletions(stack.watch.deletions.read(now))
    yield from about.evidence(evaluator.context.evidence, stack.policy)
    yield from about.sweep(stack.watch.pulse.last_sweep(), beat, now)
    yield about.observing(mode, beat, now)
    if warning := stack.other_policy():
        yield about.needs_attention(
            "policy", warning, "the checks above judge by this file, not by what runs"
        )
    yield from _asked("recipients", lambda: asks.recipients(stack, asks.subscriptions(stack), now))
    yield from _asked("SMS", lambda: [asks.sms(session, asks.subscriptions(stack), now)])
    yield from _asked("messages", lambda: asks.messages(stack, seen, now))
    yield from _asked("queues", lambda: asks.dead_letters(session, stack.outputs))
    yield from _asked("alarms", lambda: [asks.alarms(session, stack.name, operations)])


def _asked(name: str, ask: Callable[[], Iterable[Check]]) -> list[Check]:
    """What cannot be asked is said, and hides nothing else."""
    try:
        with plain_errors():
            return list(ask())
    except UsageError as problem:
        return [Check(name, CheckState.UNKNOWN, f"could not be asked: {problem}")]
