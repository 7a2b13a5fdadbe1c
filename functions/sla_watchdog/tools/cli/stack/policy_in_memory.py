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

    start = datetime.now(UTC)
    if first is not None:
        start = datetime.fromtimestamp(first, UTC)
    try:
        text = path.read_text(encoding="utf-8-sig")
        checked = read_policy(text, str(path), start.date())
        return policy_of(checked.form, start.date())
    except PolicyErrors as error:
        wrong = f"the policy file {path} has {len(error.problems)} problems"
        raise UsageError(f"{wrong}: `sla-watchdog check-policy {path}` shows them") from error
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is not UTF-8") from error


def _unreadable(path: Path, why: str) -> UsageError:
    return UsageError(f"the policy file {path} cannot be read ({why}); name one with --policy")
