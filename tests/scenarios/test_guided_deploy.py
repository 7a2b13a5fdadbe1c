"""`sam deploy --guided`, and the `sam build && sam deploy` of later days: to the same stack, with
the same answers.
"""

from __future__ import annotations

import shutil
import subprocess
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from checkout import checkout
from local_stack.ministack import LocalAws
from local_stack.server import ROOT
from local_stack.template import template

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

STACK, RECIPIENT, TABLE = "our-own-name", "lead@example.org", "Desk"
BUILT_STACKS = "aws-sam-cli-managed-default"
"""The one that SAM CLI makes beside every other, for its bucket."""


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws() as started:
        yield started


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, aws: LocalAws) -> Path:
    """A clone in which `sam build` has been run."""
    copy = checkout(tmp_path_factory.mktemp("built") / "clone")
    (copy / ".venv").symlink_to(ROOT / ".venv")
    made = sam(copy, aws, "build")
    assert made.returncode == 0, made.stdout
    return copy


@pytest.fixture
def clone(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "clone", symlinks=True))


@pytest.fixture(autouse=True)
def _nothing_before(aws: LocalAws) -> None:
    urllib.request.urlopen(
        urllib.request.Request(f"{aws.endpoint}/_ministack/reset", method="POST"), timeout=30
    )


def sam(
    clone: Path, aws: LocalAws, *command: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / ".venv-sam" / "bin" / "sam", *command],
        cwd=clone,
        env=aws.child_env({"HOME": str(clone.parent), "SAM_CLI_POLL_DELAY": "0.2"}),
        input=typed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )


def guide(region: str, answers: Mapping[str, str]) -> str:
    """What a person types: nothing where the default will do."""
    asked = [answers.get(name, "") for name in template()["Parameters"]]
    confirm_changes, allow_roles, disable_rollback, keep, file, environment = (
        "n",
        "y",
        "n",
        "y",
        "",
        "",
    )
    lines = [
        STACK,
        region,
        *asked,
        confirm_changes,
        allow_roles,
        disable_rollback,
        keep,
        file,
        environment,
    ]
    return "\n".join([*lines, ""])


def stacks(aws: LocalAws) -> dict[str, dict[str, str]]:
    """Each stack's parameters."""
    found = aws.client("cloudformation").describe_stacks()["Stacks"]
    return {
        each["StackName"]: {
            p["ParameterKey"]: p["ParameterValue"] for p in each.get("Parameters", [])
        }
        for each in found
        if each["StackName"] != BUILT_STACKS
    }


def recipients(aws: LocalAws) -> list[str]:
    found = aws.client("sns").list_subscriptions()["Subscriptions"]
    return [each["Endpoint"] for each in found if each["Protocol"] == "email"]


def test_the_answers_of_the_guide_survive_the_next_build_and_are_used_by_the_next_deploy(
    clone: Path, aws: LocalAws
) -> None:
    table = aws.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "ticket_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "ticket_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    answers = {
        "FirstRecipient": RECIPIENT,
        "TicketsTableName": TABLE,
        "TicketsStreamArn": table["LatestStreamArn"],
        "SweepRate": "rate(2 hours)",
    }
    first = sam(clone, aws, "deploy", "--guided", typed=guide(aws.region, answers))
    assert first.returncode == 0, first.stdout
    kept = tomllib.loads((clone / "samconfig.toml").read_text())["default"]["deploy"]["parameters"]
    assert kept["stack_name"] == STACK
    deployed = stacks(aws)
    assert answers.items() <= deployed[STACK].items()
    assert recipients(aws) == [RECIPIENT] * 5

    policy = clone / "functions" / "policy.yaml"
    policy.write_text(
        policy.read_text().replace("\ndigest_after: ", "\n# changed\ndigest_after: 7")
    )
    assert sam(clone, aws, "build").returncode == 0
    again = sam(clone, aws, "deploy", typed="y\n")
    assert again.returncode == 0, again.stdout
    assert f"Successfully created/updated stack - {STACK} in {aws.region}" in again.stdout
    assert stacks(aws) == deployed
    assert recipients(aws) == [RECIPIENT] * 5


def test_the_guide_deploys_nothing_where_the_first_recipient_is_passed_over(
    clone: Path, aws: LocalAws
) -> None:
    refused = sam(clone, aws, "deploy", "--guided", typed=guide(aws.region, {}))
    assert refused.returncode != 0
    assert "alarms and alerts would reach nobody" in " ".join(refused.stdout.split())
    assert not recipients(aws)
    assert STACK not in stacks(aws)


def test_without_a_guide_a_first_recipient_must_be_named_too(clone: Path, aws: LocalAws) -> None:
    refused = sam(clone, aws, "deploy", "--no-confirm-changeset")
    assert refused.returncode != 0
    assert "FirstRecipient" in refused.stdout
    assert stacks(aws) == {}
    named = sam(
        clone,
        aws,
        "deploy",
        "--no-confirm-changeset",
        "--parameter-overrides",
        "FirstRecipient=none",
    )
    assert named.returncode == 0, named.stdout
    assert recipients(aws) == []


def test_what_no_build_made_is_not_deployed(clone: Path, aws: LocalAws) -> None:
    shutil.rmtree(clone / ".aws-sam")
    for options in ([], ["--guided"]):
        refused = sam(
            clone, aws, "deploy", *options, typed=guide(aws.region, {"FirstRecipient": RECIPIENT})
        )
        assert refused.returncode != 0
        assert "Template file not found" in refused.stdout
    assert stacks(aws) == {}
