"""make local: the deployed stack on this machine, in real time, until Ctrl-C.

Its schedules fire and its stream is read as on AWS. The inbox page shows what each recipient would
get, and `sam`, `aws` and `sla-watchdog` find this AWS through the environment that is printed.
"""

import argparse
import re
import shlex
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from local_stack.deploy import deploy
from local_stack.inbox import Inbox, NotSubscribed
from local_stack.ministack import LocalAws
from local_stack.server import ROOT, LocalAwsError, free_port
from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.tools.cli.stack.deployed import samconfig
from sla_watchdog.tools.simulation.help_desk import iso

ENVIRONMENT = ROOT / ".local" / "env"
TOOLS = (".venv", ".venv-sam")
"""Where `sla-watchdog` and `sam` are."""

STACK, REGION = "sla-watchdog", "eu-central-1"
"""Where samconfig.toml names none. What it names is taken: `sam deploy` goes there, and an edited
policy comes here by the same two commands as on AWS.
"""

NEW_TOPICS_SECONDS = 5.0

BY_PHONE = {"channel": "phone", "priority": "P1", "team": "Accounts", "assignee": "Sam Okafor"}
SAMPLE = (
    ("SAMPLE-1", 1, {**BY_PHONE, "subject": "An urgent call of an hour ago"}),
    ("SAMPLE-2", 7, {**BY_PHONE, "subject": "Three quarters of its time are gone"}),
    ("SAMPLE-3", 9, {**BY_PHONE, "subject": "An hour too late"}),
    (
        "SAMPLE-4",
        400,
        {
            "team": "Listings",
            "customer_tier": "government",
            "subject": "A city waits for two weeks",
        },
    ),
)
"""Ticket, its age in hours, and what else is said of it, in words that the shipped policy knows."""


def main(argv: list[str]) -> int:
    """Ends with Ctrl-C, and that is no failure."""
    try:
        _run(_arguments(argv))
    except KeyboardInterrupt:
        print("\nstopped")
    return 0


def _run(arguments: argparse.Namespace) -> NoReturn:
    if other := running(ENVIRONMENT):
        raise LocalAwsError(
            f"a local stack of this checkout is running already, at {other}: "
            "use it (`. .local/env`), or end it first"
        )
    with LocalAws(port=free_port(arguments.port), region=arguments.region) as aws:
        print(f"MiniStack answers at {aws.endpoint}; deploying")
        outputs = deploy(aws, stack=arguments.stack, parameters={"Mode": arguments.mode})
        with Inbox(aws, arguments.stack, port=free_port(arguments.inbox_port)) as inbox:
            inbox.subscribe()
            write_environment(ENVIRONMENT, aws.env | {"SLA_STACK": arguments.stack})
            _tick(aws, outputs["WatchFunction"])
            if arguments.sample:
                put_sample(aws, outputs["TicketsTable"], int(time.time()))
            print(_welcome(inbox.url, outputs, arguments.stack))
            try:
                _listen(inbox)
            finally:
                ENVIRONMENT.unlink(missing_ok=True)


def running(environment: Path) -> str:
    """Where the stack answers that wrote this file; '' where none does."""
    text = environment.read_text() if environment.exists() else ""
    found = re.search(r"AWS_ENDPOINT_URL='?(http://[0-9.]+:[0-9]+)", text)
    if not found:
        return ""
    host, _, port = found[1].removeprefix("http://").partition(":")
    with socket.socket() as probe:
        probe.settimeout(2)
        return found[1] if probe.connect_ex((host, int(port))) == 0 else ""


def _tick(aws: LocalAws, function: str) -> None:
    """The first one decides the mode; a `sam deploy` in the minute before it would have another
    say.
    """
    aws.client("lambda").invoke(FunctionName=function, Payload=b"{}")


def put_sample(aws: LocalAws, table: str, now: int) -> None:
    """Four tickets, three of which somebody is told of by the next tick."""
    client = aws.client("dynamodb")
    for ticket, hours, attributes in SAMPLE:
        record = {
            "ticket_id": ticket,
            "created_at": iso(now - hours * 3600),
            "status": "Open",
            **attributes,
        }
        client.put_item(TableName=table, Item=typed(record))


def write_environment(file: Path, variables: Mapping[str, str]) -> None:
    """A file for the shell to source."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    tools = ":".join(str(ROOT / folder / "bin") for folder in TOOLS)
    lines.append(f'export PATH={shlex.quote(tools)}:"$PATH"')
    file.write_text("\n".join([*lines, "unset AWS_PROFILE AWS_SESSION_TOKEN", ""]))


def _listen(inbox: Inbox) -> NoReturn:
    """For ever; topics that are made meanwhile are heard too."""
    while True:
        time.sleep(NEW_TOPICS_SECONDS)
        try:
            inbox.subscribe()
        except NotSubscribed as error:
            print(error)


def _arguments(argv: list[str]) -> argparse.Namespace:
    wanted = {"stack_name": STACK, "region": REGION} | samconfig()
    parser = argparse.ArgumentParser(
        prog="make local", description="the deployed stack on this machine"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="of the local AWS, if it is free (a random one)"
    )
    parser.add_argument(
        "--inbox-port", type=int, default=0, help="of the inbox page, if it is free (a random one)"
    )
    parser.add_argument(
        "--stack", default=wanted["stack_name"], help="its name (as samconfig.toml has it)"
    )
    parser.add_argument("--region", default=wanted["region"], help="(as samconfig.toml has it)")
    parser.add_argument(
        "--mode",
        default="live",
        choices=["live", "observe"],
        help="what a deploy to AWS calls Mode",
    )
    parser.add_argument(
        "--sample", action="store_true", help="put a few tickets that somebody must be told of"
    )
    return parser.parse_args(argv)


def _welcome(inbox: str, outputs: Mapping[str, str], stack: str) -> str:
    return f"""
The watchdog is running: a tick every minute, a sweep every hour.

  inbox        {inbox}
  environment  . {ENVIRONMENT.relative_to(ROOT)}      then `sam` and `sla-watchdog` find this stack

  to try       sla-watchdog status
               sla-watchdog import docs/example-events.jsonl     and watch the inbox
               sla-watchdog test-alert --all
               sam build && sam deploy     after an edit of functions/policy.yaml
               sam logs --stack-name {stack} --name WatchFunction
               sam remote invoke SweepFunction --stack-name {stack} --event '{{}}'

The tickets are in the table {outputs["TicketsTable"]}.
Ctrl-C stops it; nothing of it stays.
"""
