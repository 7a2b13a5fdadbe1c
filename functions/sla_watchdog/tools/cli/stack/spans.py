"""A span of time as an option takes it: `4h`, `90m`, `2d`."""

from __future__ import annotations

from sla_watchdog.tools.cli import UsageError
from sla_watchdog.tools.policy_file.durations import WALL_TIME
from sla_watchdog.tools.policy_file.problems import Wrong


def span(text: str, option: str) -> int:
    """Seconds of wall time. Raises UsageError, which names the option."""
    try:
        return int(WALL_TIME.parse(text))
    except Wrong as wrong:
        raise UsageError(
            f"{option}: {wrong.message}" + (f"; {wrong.hint}" if wrong.hint else "")
        ) from wrong
