"""Every command that the documents and the help texts show is run; those of other tools are held
against their own.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from io import StringIO
from itertools import chain
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from building import MON
from component.cli_desk import NEW, POLICY, Operator, Ran
from sla_watchdog.tools.cli import commands

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(chain([ROOT / "README.md"], (ROOT / "docs").glob("*.md")))
TOOLS = ("sla-watchdog", "make", "sam", "aws", "pip")
STANDS_FOR = {
    "TICKET": "T-4711",
    "AUDIENCE": "manager",
    "ADDRESS": "boss@example.org",
    "FILE": "docs/example-explain.jsonl",
    "LINK": "https://sns.eu-central-1.amazonaws.com/confirmation.html?Token=2336412f37fb687f5d51e6e2425c464de",
}
"""Words in capitals, by what an operator would write there."""

FINDS_SOMETHING = {
    "doctor": "of a desk without alarms and queues it says that they cannot be asked",
    "doctor --json": "the same",
}
"""Commands that end with 1 where they are run here, and why."""

BEFORE = {
    "snooze T-4711": "ack T-4711 --by 'Kim Larsen' --for 4h",
    "unsubscribe owner": "subscribe owner --for kim kim@example.org",
    "unsubscribe AUDIENCE": "subscribe AUDIENCE ADDRESS",
    "silence --lift": "silence --customer city --for 4h --reason 'moving their mail'",
}
"""What somebody did before who types what begins so."""


NAMES = {"confirm", "explain", "import", "snooze", "unsubscribe"}
"""Commands that are spoken of, and do nothing without arguments."""


def shown(text: str) -> Iterator[str]:
    """The commands in blocks and between backticks, without comments; a name alone is no command."""
    for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            yield from (part.strip() for part in re.sub(r"\s#.*", "", line).split("&&"))
    yield from re.findall(r"`([a-z-]+ [^`\n]+)`", text)


def of(tool: str) -> list[str]:
    found = (command for document in DOCUMENTS for command in shown(document.read_text()))
    return sorted(
        {command.removeprefix(tool).strip() for command in found if command.split()[:1] == [tool]}
    )


def helped() -> list[str]:
    """The examples at the foot of each command's help."""
    (subparsers,) = [
        each for each in commands()._actions if isinstance(each, argparse._SubParsersAction)
    ]
    lines = (
        line.strip()
        for each in subparsers.choices.values()
        for line in (each.epilog or "").splitlines()
    )
    return sorted(
        line.removeprefix("sla-watchdog ") for line in lines if line.startswith("sla-watchdog ")
    )


def words(command: str) -> list[str]:
    return [STANDS_FOR.get(word, word) for word in shlex.split(command)]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def office(operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """The files that the documents speak of, a checkout around them, and the ticket that they speak
    of.
    """
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "functions").mkdir()
    for name in ("new.yaml", "functions/policy.yaml"):
        shutil.copy(POLICY, tmp_path / name)
    events = (ROOT / "docs" / "example-events.jsonl").read_bytes()
    (tmp_path / "events.jsonl").write_bytes(events)
    (tmp_path / "events.jsonl.gz").write_bytes(gzip.compress(events))
    (tmp_path / "tickets.csv").write_text(
        "ticket_id,created_at,status\nT-1,2026-03-01T09:00:00Z,New\n"
    )
    (tmp_path / "export.csv").write_text("Number,Opened,State\nT-2,2026-03-01T09:00:00Z,New\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    operator.desk.put(f"{MON}T00:00", "T-4711", **NEW, customer_id="city", assignee="kim")
    return operator


def run(office: Operator, command: str) -> Ran:
    typed, _, _ = command.partition(" > ")
    judges_itself = {"--policy", "--events"}.intersection(typed.split()) or typed.startswith(
        ("check-", "completion")
    )
    return office(*words(typed), policy=None if judges_itself else POLICY)


@pytest.mark.parametrize("command", sorted({*of("sla-watchdog"), *helped()}))
def test_a_command_that_is_shown_does_what_it_says(command: str, office: Operator) -> None:
    if command in NAMES:
        assert office(command, "--help", policy=None).code == 0
        return
    for beginning, before in BEFORE.items():
        if command.startswith(beginning):
            assert run(office, before).code == 0
    if "1a2b3c4d" in command:
        (silence,) = office("silence", "--list", "--json").json["silences"]
        command = command.replace("1a2b3c4d", silence["id"])
    ran = run(office, command)
    assert ran.code == (1 if command in FINDS_SOMETHING else 0), ran.out + ran.err


@pytest.mark.parametrize("target", of("make"))
def test_a_target_of_make_exists(target: str) -> None:
    name = target.split(maxsplit=1)[0]
    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


CUSTOM = {("logs", "tail"): {"--since"}, ("s3", "cp"): set()}
"""Commands of the AWS CLI that are no operation of a service, with their options."""


def unknown_to_aws(command: str) -> list[str]:
    """What the AWS CLI would not take: the operation, or options that are none of its parameters."""
    service, operation, *rest = command.split()
    options = {word for word in rest if word.startswith("--")}
    if (service, operation) in CUSTOM:
        return sorted(options - CUSTOM[service, operation])
    model = botocore.session.get_session().get_service_model(service)
    known = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in known:
        return [operation]
    shape = model.operation_model(known[operation]).input_shape
    return sorted(
        options - {f"--{xform_name(name, '-')}" for name in (shape.members if shape else ())}
    )


@pytest.mark.parametrize("command", of("aws"))
def test_an_aws_command_names_an_operation_and_its_parameters(command: str) -> None:
    assert unknown_to_aws(command) == []


def test_an_option_that_aws_does_not_have_is_noticed() -> None:
    assert unknown_to_aws("sqs purge-queue --queue-name NAME") == ["--queue-name"]
    assert unknown_to_aws("sqs empty-queue") == ["empty-queue"]


@pytest.mark.parametrize("command", of("sam"))
def test_sam_has_the_command_and_its_options(command: str) -> None:
    sam = ROOT / ".venv-sam" / "bin" / "sam"
    if not sam.exists():
        pytest.skip("the SAM CLI is not here; `make environments` sets it up")
    name, *options = command.split()
    notified = subprocess.run(
        [sam, name, "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert all(option in notified for option in options)


def test_an_option_that_the_product_does_not_have_is_noticed(office: Operator) -> None:
    assert office("status", "--no-such-option").code == 2


def test_the_documents_show_commands_of_each_tool() -> None:
    assert all(of(tool) for tool in TOOLS)
