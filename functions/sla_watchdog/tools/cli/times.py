"""Times as they are typed: spans, instants and time zones. What cannot be read is a UsageError that
names the option.
"""

from __future__ import annotations

import argparse
from zoneinfo import available_timezones

from sla_watchdog.domain.tickets.record import Unreadable, seconds_of
from sla_watchdog.tools.cli import UsageError
from sla_watchdog.tools.policy_file.durations import WALL_TIME
from sla_watchdog.tools.policy_file.problems import Wrong


def span(text: str, option: str) -> int:
    """Seconds of wall time."""
    try:
        return int(WALL_TIME.parse(text))
    except Wrong as wrong:
        problem = wrong.message
        if wrong.hint:
            problem = f"{problem}; {wrong.hint}"
        raise UsageError(f"{option}: {problem}") from wrong


def time(text: str, option: str, zone: str | None, hint: str = "") -> int:
    """Epoch seconds; a time without an offset is of `zone`."""
    try:
        return seconds_of(text, zone)
    except Unreadable as problem:
        raise UsageError(f"{option}: {problem}{hint}") from problem


def end(args: argparse.Namespace, zone: str | None, now: int) -> int:
    """Of what is asked for by `--for SPAN` or `--until TIME`."""
    for_a_span = args.span is not None and not args.until
    if for_a_span:
        return now + span(args.span, "--for")
    return time(args.until, "--until", zone, "; a time looks like 2026-03-31T17:00+02:00")


def zone(name: str | None) -> str | None:
    """The zone of `--timezone`; None where it was not given."""
    if name is not None and name not in available_timezones():
        raise UsageError(
            f"--timezone: there is no time zone {name!r}; write an IANA name, like Europe/Berlin"
        )
    return name
