"""An operator at a terminal of 80 columns, beside a help desk and its watchdog in one process (see
desk.Desk).

moto has no CloudFormation here, so its one call is answered by hand; so is any other call that a
test wants to fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.handlers
import pytest
from attrs import asdict, define, field, frozen
from botocore.loaders import Loader

from building import MON, at
from desk import Desk
from sla_watchdog.tools.cli import main
from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy

POLICY = Path(__file__).with_name("policy_files") / "operator.yaml"
NEW = {"created_at": f"{MON}T00:00:00Z", "status": "New", "subject": "City page still online"}
ARN = "arn:aws:sns:eu-central-1:123456789012:sla-"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "SLA_STACK": "sla",
    "COLUMNS": "80",
    "USER": "kim",
}
UNDELIVERED = "arn:aws:sqs:eu-central-1:123456789012:undelivered"

Answer = Callable[[Mapping[str, Any]], tuple[int, dict[str, Any]] | None]
"""From a call's parameters to a status and an answer; None lets moto answer."""


def refusal(code: str, message: str = "") -> tuple[int, dict[str, Any]]:
    return 400, {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }


@frozen
class Ran:
    """What one command did. `out` has no styles and no blanks at the ends of lines."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """On one line, whatever was folded."""
        return " ".join(self.out.split())


@define
class Operator:
    """`now` is what the operator's clock shows, and that of every tick."""

    desk: Desk
    outputs: dict[str, str]
    _capsys: pytest.CaptureFixture[str]
    now: str = f"{MON}T00:00"
    answers: dict[str, Answer] = field(factory=dict)

    def __call__(self, *argv: str, policy: Path | None = POLICY) -> Ran:
        named = ["--policy", str(policy)] if policy else []
        try:
            code = main([*argv, *named])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        out, err = self._capsys.readouterr()
        return Ran(code, "\n".join(line.rstrip() for line in out.splitlines()), err)

    def answer(
        self, event_name: str, params: Mapping[str, Any], **_: object
    ) -> tuple[Any, dict[str, Any]] | None:
        """Called by botocore before each call; an answer keeps the call from being made."""
        found = self.answers.get(event_name.partition(".")[2])
        given = found(params) if found else None
        return None if given is None else (SimpleNamespace(status_code=given[0]), given[1])

    def tick(self, now: str) -> Any:
        """One that finishes, and says so as the handler does."""
        self.now = now
        result = self.desk.tick(now)
        self.desk.parts.watch.pulse.beat(at(now), asdict(result))
        return result

    def subscribed(self, topic: str) -> list[str]:
        listed = self.desk.sns.list_subscriptions_by_topic(TopicArn=ARN + topic)["Subscriptions"]
        return sorted(each["Endpoint"] for each in listed)

    def unsubscribe_all(self, topic: str) -> None:
        for each in self.desk.sns.list_subscriptions_by_topic(TopicArn=ARN + topic)[
            "Subscriptions"
        ]:
            self.desk.sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])

    def nobody_has_confirmed(self, instead: str = "PendingConfirmation") -> None:
        """moto confirms every subscription at once; AWS only when the link in its mail is opened.

        `instead` stands in place of the ARN in lists, as it does on AWS.
        """
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.sns import sns_backends

        for subscription in sns_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].subscriptions.values():
            subscription.arn = instead

    def everybody_has_confirmed(self) -> None:
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.sns import sns_backends

        for arn, subscription in sns_backends[DEFAULT_ACCOUNT_ID][
            "eu-central-1"
        ].subscriptions.items():
            subscription.arn = arn


def sit_down(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    """An operator in mode observe, on Monday at midnight; inside `mock_aws()`."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("botocore.session.create_loader", _one_loader)
    desk = Desk(compiled_policy(POLICY), mode="observe")
    settings = desk.parts.settings
    outputs = {
        "TicketsTable": settings.tickets_table,
        "WatchTable": settings.watch_table,
        "AuditTable": settings.audit_table,
        "TopicPrefix": settings.topic_prefix,
        "OperationsTopic": f"{ARN}operations",
        "UndeliveredMessages": UNDELIVERED,
        "Mode": "observe",
    }
    operator = Operator(desk, outputs, capsys)
    operator.answers["cloudformation.DescribeStacks"] = lambda call: _stacks(operator.outputs, call)
    handlers = [*botocore.handlers.BUILTIN_HANDLERS, ("before-call", operator.answer)]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
    monkeypatch.setattr("sla_watchdog.tools.cli.stack.stack.time", lambda: at(operator.now))
    operator.tick(f"{MON}T00:00")
    return operator


def _stacks(outputs: Mapping[str, str], call: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    name = call["body"].get("StackName", "sla")
    if name != "sla":
        return refusal("ValidationError", f"Stack with id {name} does not exist")
    listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    return 200, {
        "Stacks": [{"StackName": "sla", "StackStatus": "CREATE_COMPLETE", "Outputs": listed}]
    }


@cache
def _one_loader(_path: str | None = None) -> Loader:
    """The models of the services are read once, not for every command."""
    return Loader()
