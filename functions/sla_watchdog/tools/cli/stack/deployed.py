"""Which deployed stack is meant: its name and region, and the outputs by which everything of it is
found.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from sla_watchdog.adapters.dynamodb.table import code_of
from sla_watchdog.handlers.bootstrap import READS
from sla_watchdog.tools.cli import UsageError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

NEEDED = (
    "TicketsTable",
    "WatchTable",
    "AuditTable",
    "TopicPrefix",
    "OperationsTopic",
    "UndeliveredMessages",
    "Mode",
)
SAMCONFIG = "samconfig.toml"
OWN_SAMCONFIG = Path(__file__).parents[5] / SAMCONFIG


def named(args: argparse.Namespace) -> tuple[str, boto3.Session]:
    """The stack's name and a session in its region, each by the nearest who says so."""
    wanted = samconfig()
    name = args.stack or os.environ.get("SLA_STACK") or wanted.get("stack_name") or "sla"
    region = (
        args.region
        or os.environ.get("AWS_REGION")
        or boto3.Session().region_name
        or wanted.get("region")
    )
    return name, boto3.Session(region_name=region)


def outputs_of(name: str, session: boto3.Session) -> dict[str, str]:
    """Raises UsageError where there is no such stack, or it is none of ours."""
    clouds = session.client("cloudformation", config=READS)
    try:
        stack = clouds.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if code_of(error) != "ValidationError":
            raise
        raise UsageError(_no_such_stack(clouds, name)) from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    missing = [key for key in NEEDED if not outputs.get(key)]
    if missing:
        state = stack["StackStatus"]
        raise UsageError(
            f"the stack {name} ({state}) has no output {', '.join(missing)}: it is another "
            "program's, not deployed whole, or of an older version. Deploy it with `sam deploy`, "
            "or name another with --stack"
        )
    return outputs


def _no_such_stack(clouds: CloudFormationClient, name: str) -> str:
    there = f"in {clouds.meta.region_name} at {clouds.meta.endpoint_url}"
    others = _watchdogs(clouds)
    if others:
        return (
            f"there is no stack {name} {there}; there is {' and '.join(others)}: say --stack NAME"
        )
    return (
        f"there is no stack {name} {there}; deploy it with `sam deploy`, or say --stack NAME "
        "and --region REGION"
    )


def _watchdogs(clouds: CloudFormationClient) -> list[str]:
    """The stacks that look like this program's; none where they may not be listed."""
    try:
        stacks = clouds.describe_stacks()["Stacks"]
    except (ClientError, BotoCoreError):
        return []
    keys = {
        other["StackName"]: {output["OutputKey"] for output in other.get("Outputs", [])}
        for other in stacks
    }
    return sorted(name for name, theirs in keys.items() if theirs.issuperset(NEEDED))


def samconfig() -> dict[str, str]:
    """What `sam deploy` would take from samconfig.toml of this folder, else of the project: name
    and region.
    """
    path = next((path for path in (Path(SAMCONFIG), OWN_SAMCONFIG) if path.is_file()), None)
    if path is None:
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    default = content.get("default", {})
    tables = [default.get(command, {}).get("parameters", {}) for command in ("global", "deploy")]
    return {
        key: str(table[key]) for table in tables for key in ("stack_name", "region") if key in table
    }
