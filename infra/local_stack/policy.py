"""A policy file on the developer's machine: checked, compiled, and put in force on
a local stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from attrs import frozen
from rich.console import Console

from local_stack.ministack import LocalAws
from sla_watchdog.domain.policy.compiled import load
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.tools.cli.check_policy.problem_text import print_problems
from sla_watchdog.tools.policy_file import PolicyErrors, compile_policy, read_policy

FUNCTIONS = ("TrackFunction", "WatchFunction", "RespondFunction", "SweepFunction")


class BadPolicyError(Exception):
    """The policy file has errors; the message shows each."""


@frozen
class CompiledPolicy:
    """What Lambda reads, and what it means."""

    text: str
    policy: Policy

    @classmethod
    def of_file(cls, file: Path) -> CompiledPolicy:
        """Raises BadPolicyError. Compiled as of today, as `sam build` does."""
        text, today = file.read_text(encoding="utf-8-sig"), datetime.now(UTC).date()
        try:
            compiled = compile_policy(read_policy(text, str(file), today).form, today)
        except PolicyErrors as errors:
            shown = StringIO()
            print_problems(Console(file=shown, width=110), str(file), text, errors.problems)
            raise BadPolicyError(shown.getvalue()) from errors
        return cls(compiled, load(compiled))


def use_policy(
    aws: LocalAws, outputs: Mapping[str, str], policy: CompiledPolicy, folder: str
) -> None:
    """Another policy than the built one, without another build: local functions can read any file.

    `folder` must last as long as the stack.
    """
    compiled = Path(folder) / "policy.json"
    compiled.write_text(policy.text, encoding="utf-8")
    client = aws.client("lambda")
    for name in FUNCTIONS:
        function = outputs[name]
        variables = client.get_function_configuration(FunctionName=function)["Environment"][
            "Variables"
        ]
        changed = {"Variables": {**variables, "POLICY_PATH": str(compiled)}}
        client.update_function_configuration(FunctionName=function, Environment=changed)
