"""The arrows between packages: handlers → use cases → domain; adapters → domain; bootstrap → all."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.server import ROOT

PACKAGE = ROOT / "functions" / "sla_watchdog"
DOMAIN = sorted((PACKAGE / "domain").rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("file", DOMAIN, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_domain_imports_the_standard_library_attrs_and_itself(file: Path) -> None:
    allowed = sys.stdlib_module_names | {"attrs", "tzdata"}  # tzdata is data: which version judged is a fact
    own = ("sla_watchdog.domain.", "sla_watchdog.errors.")  # errors.py is the root of exceptions, and pure
    foreign = [name for name in imported(file) if name.split(".")[0] not in allowed and not name.startswith(own)]
    assert foreign == []


def complaints(where: str, line: str) -> str:
    """What ruff says about one line in a file of that name."""
    ruff = [str(Path(sys.executable).with_name("ruff")), "check", "--select", "TID251", "--no-cache"]
    done = subprocess.run(
        [*ruff, "--output-format", "concise", "--stdin-filename", str(PACKAGE / where), "-"],
        input=f"{line}\n",
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


FORBIDDEN = [
    ("domain/clocks.py", "import boto3"),
    ("domain/clocks.py", "import os"),
    ("domain/clocks.py", "from time import time"),
    ("domain/clocks.py", "import aws_lambda_powertools"),
    ("domain/clocks.py", "from sla_watchdog.adapters import sns"),
    ("domain/clocks.py", "from sla_watchdog.handlers.settings import settings"),
    ("domain/message/email.py", "from sla_watchdog.usecases.watch.tick import Tick"),
    ("adapters/sns.py", "from sla_watchdog.handlers.bootstrap import parts"),
    ("adapters/sns.py", "import yaml"),
    ("handlers/watch.py", "import boto3"),
    ("handlers/watch.py", "from sla_watchdog.tools.cli import main"),
    ("watch.py", "import boto3"),
    ("watch.py", "from botocore.exceptions import ClientError"),
    ("watch.py", "from sla_watchdog.handlers.watch import handler"),
    ("watch.py", "from sla_watchdog.handlers.bootstrap import parts"),
    ("watch.py", "import time; time.time()"),
    ("watch.py", "import os; os.environ['MODE']"),
]
ALLOWED = [
    ("domain/clocks.py", "from attrs import frozen"),
    ("domain/clocks.py", "from sla_watchdog.domain.tickets.facts import Facts"),
    ("adapters/sns.py", "import boto3"),
    ("handlers/watch.py", "from sla_watchdog.handlers.bootstrap import parts"),
    ("watch.py", "from sla_watchdog.domain.escalation.case import Case"),
    ("bootstrap.py", "import boto3"),
    ("settings.py", "import os; os.environ['MODE']"),
]


@pytest.mark.parametrize(("where", "line"), FORBIDDEN, ids=[f"{where}: {line}" for where, line in FORBIDDEN])
def test_make_check_refuses(where: str, line: str) -> None:
    assert "TID251" in complaints(where, line)


@pytest.mark.parametrize(("where", "line"), ALLOWED, ids=[f"{where}: {line}" for where, line in ALLOWED])
def test_make_check_allows(where: str, line: str) -> None:
    assert "TID251" not in complaints(where, line)
