"""How the commands find the stack, and what they say when AWS does not let them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.exceptions import (
    BotoCoreError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ProfileNotFound,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)

from component.cli_desk import Operator, refusal
from sla_watchdog.tools.cli import UsageError
from sla_watchdog.tools.cli.stack.aws_errors import plain_errors

SAMCONFIG = """
version = 0.1
[default.global.parameters]
stack_name = "{of_all}"
[default.deploy.parameters]
{of_deploy}
region = "eu-central-1"
"""


def test_a_stack_that_is_not_there_names_the_one_that_is(operator: Operator) -> None:
    ran = operator("status", "--stack", "other")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no stack other in eu-central-1" in ran.err
    assert "there is sla: say --stack NAME" in " ".join(ran.err.split())


def test_without_any_stack_the_error_says_how_to_deploy_one(operator: Operator) -> None:
    operator.answers["cloudformation.DescribeStacks"] = lambda _: refusal(
        "ValidationError", "does not exist"
    )
    assert "deploy it with `sam deploy`" in " ".join(operator("status").err.split())


@pytest.mark.parametrize("missing", ["WatchTable", "TopicPrefix", "Mode"])
def test_a_stack_of_another_program_or_version_is_refused(operator: Operator, missing: str) -> None:
    del operator.outputs[missing]
    ran = operator("status")
    assert ran.code == 2
    assert f"has no output {missing}" in " ".join(ran.err.split())


NAMED = [
    ("the option", ["--stack", "sla"], "wrong", {"of_all": "wrong", "of_deploy": ""}),
    ("the environment", [], "sla", {"of_all": "wrong", "of_deploy": ""}),
    ("samconfig.toml, for all commands", [], "", {"of_all": "sla", "of_deploy": ""}),
    ("samconfig.toml, for deploy", [], "", {"of_all": "wrong", "of_deploy": 'stack_name = "sla"'}),
]


@pytest.mark.parametrize(
    ("option", "variable", "config"),
    [row[1:] for row in NAMED],
    ids=[f"by {row[0]}" for row in NAMED],
)
def test_the_stack_is_named_by_the_nearest_who_says_so(
    operator: Operator,
    option: list[str],
    variable: str,
    config: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "samconfig.toml").write_text(SAMCONFIG.format(**config))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLA_STACK", variable)
    assert (
        operator(
            "status", *option, policy=Path(__file__).parent / "policy_files" / "operator.yaml"
        ).code
        == 0
    )


def test_the_region_of_samconfig_counts_where_aws_names_none(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "samconfig.toml").write_text(SAMCONFIG.format(of_all="sla", of_deploy=""))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    policy = Path(__file__).parent / "policy_files" / "operator.yaml"
    assert operator("status", "--json", policy=policy).json["stack"] == "sla in eu-central-1"
    assert (
        "in us-east-1"
        in operator("status", "--stack", "x", "--region", "us-east-1", policy=policy).err
    )


def test_a_broken_samconfig_is_named(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "samconfig.toml").write_text("[default\n")
    monkeypatch.chdir(tmp_path)
    assert "samconfig.toml cannot be read" in operator("status").err


POLICIES = [
    ("one that is not there", None, "No such file"),
    ("one that is not UTF-8", b"\xff\xfe", "it is not UTF-8"),
    ("one with errors", b"form: 1\n", "sla-watchdog check-policy"),
]


@pytest.mark.parametrize(
    ("content", "said"), [row[1:] for row in POLICIES], ids=[row[0] for row in POLICIES]
)
def test_a_policy_file_that_cannot_be_used_is_named(
    operator: Operator, content: bytes | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "policy.yaml"
    if content is not None:
        path.write_bytes(content)
    ran = operator("status", policy=path)
    assert ran.code == 2
    assert "policy.yaml" in "".join(ran.err.split())
    assert said in " ".join(ran.err.split())


REFUSED = [
    ("AccessDeniedException", "you may not do Scan: not authorized"),
    ("ExpiredTokenException", "your AWS credentials have expired"),
    ("UnrecognizedClientException", "AWS does not know your credentials"),
    ("ProvisionedThroughputExceededException", "AWS is busy"),
    ("ResourceNotFoundException", "is the stack deployed whole?"),
    ("Strange", "AWS refused Scan: not authorized (Strange)"),
]


@pytest.mark.parametrize(("code", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_aws_refuses_is_one_sentence_and_no_stack_trace(
    operator: Operator, code: str, said: str
) -> None:
    operator.answers["dynamodb.Scan"] = lambda _: refusal(code, "not authorized")
    ran = operator("status")
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


UNANSWERED: list[tuple[BotoCoreError, str]] = [
    (NoCredentialsError(), "there are no AWS credentials"),
    (NoRegionError(), "say --region"),
    (ProfileNotFound(profile="x"), "see AWS_PROFILE"),
    (CredentialRetrievalError(provider="sso", error_msg="no"), "sign in again"),
    (UnauthorizedSSOTokenError(), "sign in again"),
    (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "AWS does not answer"),
    (ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), "AWS does not answer"),
]


@pytest.mark.parametrize(
    ("error", "said"), UNANSWERED, ids=[type(row[0]).__name__ for row in UNANSWERED]
)
def test_what_keeps_aws_from_being_asked_says_what_to_do(error: BotoCoreError, said: str) -> None:
    with pytest.raises(UsageError, match=said), plain_errors():
        raise error


def test_a_mistake_of_ours_keeps_its_stack_trace() -> None:
    with pytest.raises(ParamValidationError), plain_errors():
        raise ParamValidationError(report="ours")


@pytest.mark.parametrize("command", ["status", "subscribe", "unsubscribe", "test-alert", "go-live"])
def test_each_command_helps_with_an_example_in_eighty_columns(
    operator: Operator, command: str
) -> None:
    ran = operator(command, "--help", policy=None)
    assert ran.code == 0
    assert f"example:\n  sla-watchdog {command}" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_commands_show_no_progress_where_nobody_looks(operator: Operator) -> None:
    assert operator("status").err == ""
    assert json.loads(operator("status", "--json").out)
