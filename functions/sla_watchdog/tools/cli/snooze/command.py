"""`snooze`: put off the promise that holds for a case; as often as the policy allows."""

from __future__ import annotations

import argparse

from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.tools.cli.ack.command import add_promise, promise
from sla_watchdog.tools.cli.options import add_stack_command


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Moves the next update that was promised for a case to a later time. The "
        "policy says how often (acknowledge.snoozes) and how far ahead (acknowledge.longest); the "
        "age of the case goes on being watched. It is in the audit, and cannot be taken back.",
        example="  sla-watchdog snooze T-4711 --by 'Kim Larsen' --until 2026-03-02T17:00+01:00",
    )
    add_promise(parser)


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    return on_stack(lambda given, stack: promise(given, stack, Answer.SNOOZED), args)
