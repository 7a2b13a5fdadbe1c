"""Who runs the command, as the machine knows them."""

from __future__ import annotations

import getpass

from sla_watchdog.tools.cli import UsageError


def user_name() -> str:
    """'' where the machine does not know."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return ""


def who_asks(by: str) -> str:
    """`by` where it names somebody, else who runs the command. Raises UsageError for nobody."""
    name = by or user_name()
    if not name:
        raise UsageError("say who asks for it: --by NAME")
    return name
