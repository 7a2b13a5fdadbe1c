"""How a command starts: with what it needs itself, and nothing that another command needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sla_watchdog.tools.cli import COMMANDS, name_of

FUNCTIONS = Path(__file__).parents[2] / "functions"
LOADED = """
import contextlib, os, sys
from sla_watchdog.tools.cli import main

with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
    with contextlib.suppress(SystemExit):
        main(sys.argv[1:])
print(*sys.modules)
"""
"""Runs one command, and prints the modules that it has loaded."""


def loaded(*argv: str) -> frozenset[str]:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *argv],
        env={"PYTHONPATH": str(FUNCTIONS)},
        capture_output=True,
        check=True,
        text=True,
    )
    return frozenset(ran.stdout.split())


def test_the_list_of_commands_loads_no_command_and_no_library() -> None:
    modules = loaded("--help")
    libraries = {"yaml", "holidays", "boto3", "botocore", "attrs", "rich", "matplotlib", "shtab"}
    assert not libraries & modules
    assert not [name for name in modules if name.endswith(".command")]
    assert len([name for name in modules if name.startswith("sla_watchdog")]) < 30


@pytest.mark.parametrize("folder", ["doctor", "silence", "go_live"])
def test_help_of_one_command_loads_that_command_alone(folder: str) -> None:
    modules = loaded(name_of(folder), "--help")
    commands = {f"sla_watchdog.tools.cli.{name}.command" for name in COMMANDS} & modules
    assert f"sla_watchdog.tools.cli.{folder}.command" in commands
    assert len(commands) == 1
    assert not {"boto3", "matplotlib", "shtab"} & modules
