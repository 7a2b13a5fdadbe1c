"""The policy file as Lambda would see it, compiled in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.tools.cli import UsageError


def compiled_policy(path: Path, first: int | None = None) -> Policy:
    """Raises UsageError for a file that is not there, or has errors.

    `first` is the first instant of a history, whose years' holidays count; without it, those of
    today on.
    """
    from sla_watchdog.tools.policy_file import PolicyErrors, policy_of, read_policy

    today = (datetime.now(UTC) if first is None else datetime.fromtimestamp(first, UTC)).date()
    try:
        return policy_of(
            read_policy(path.read_text(encoding="utf-8-sig"), str(path), today).form, today
        )
    except PolicyErrors as error:
        wrong = f"the policy file {path} has {len(error.problems)} problems"
        raise UsageError(f"{wrong}: `sla-watchdog check-policy {path}` shows them") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the policy file {path} cannot be read ({_why(error)}); name one with --policy"
        ) from error


def _why(error: OSError | UnicodeDecodeError) -> str:
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror)
