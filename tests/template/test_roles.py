"""The roles, on the deployed local stack: each function calls what its role grants, and nothing is
granted for nothing.

Calls are those that the embedded AWS recorded while every path of the functions was walked:
tickets from the stream and from a stream of keys, alerts sent singly and in a digest, decisions
recorded without a message, a ticket merged into another, a sweep that finds a ticket which no
stream delivered, the reports with a case of a long history, the page of one, and an answer to a
message.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import frozen

from local_stack.deploy import SIMULATED_TIME, deploy
from local_stack.inbox import Inbox
from local_stack.ministack import LocalAws
from local_stack.recorded import Call, granted, recorded, start_recording
from sla_watchdog.adapters.dynamodb.watch import WatchStores
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Alert, Case, Entry, Outcome, Recipient, Severity
from sla_watchdog.domain.escalation.reasons import LevelDue
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.handlers.tokens import RandomTokens

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("local-stack")]

STACK = "roles"
OF_LAMBDA_ITSELF = {
    "dynamodb:DescribeStream": "reads the stream",
    "dynamodb:GetRecords": "reads the stream",
    "dynamodb:GetShardIterator": "reads the stream",
    "dynamodb:ListStreams": "reads the stream",
    "sqs:ReceiveMessage": "brings the segments",
    "sqs:DeleteMessage": "brings the segments",
    "sqs:GetQueueAttributes": "brings the segments",
    "logs:CreateLogStream": "writes the log",
    "logs:PutLogEvents": "writes the log",
}
"""What Lambda does in a function's name; MiniStack does it in its own."""
OF_AN_ACCOUNT_IN_THE_SANDBOX = {"sns:ListSMSSandboxPhoneNumbers": "asks which numbers may get SMS"}
"""MiniStack knows no SMS sandbox, so nothing more is asked about it."""
OF_SNS_ITSELF = {"kms:Decrypt": "encrypts a message", "kms:GenerateDataKey*": "encrypts a message"}
MORNING = 1_767_693_600  # 2026-01-06T10:00Z, a Tuesday
NIGHT = 1_767_760_200  # 2026-01-07T04:30Z, before midnight in New York
TWELVE_HOURS_BEFORE = "2026-01-06T16:00:00Z"


@frozen
class Walked:
    """The deployed stack after the walk."""

    aws: LocalAws
    outputs: dict[str, str]
    calls: frozenset[Call]
    grants: frozenset[Call]


class Walk:
    def __init__(self, aws: LocalAws, outputs: dict[str, str]) -> None:
        self.dynamodb, self.functions, self.sns = (
            aws.client("dynamodb"),
            aws.client("lambda"),
            aws.client("sns"),
        )
        self.outputs = outputs
        self.watch = WatchStores.of(
            self.dynamodb, self.dynamodb, outputs["WatchTable"], outputs["AuditTable"]
        )
        self.set_time = self.watch.state.set_simulated_now

    def put_tickets(self, *ids: str, created_at: str = "2025-12-01T10:00:00Z", **more: str) -> None:
        """Urgent, and never answered."""
        for name in ids:
            item = {
                "ticket_id": name,
                "created_at": created_at,
                "status": "Open",
                "priority": "Urgent",
                **more,
            }
            self.dynamodb.put_item(
                TableName=self.outputs["TicketsTable"],
                Item={key: {"S": value} for key, value in item.items()},
            )

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        answer = self.functions.invoke(
            FunctionName=self.outputs[function], Payload=json.dumps(event).encode()
        )
        body = answer["Payload"].read()
        assert "FunctionError" not in answer, body
        return json.loads(body)

    def wait_for_case(self, name: str) -> None:
        key = {"pk": {"S": f"C#{name}"}, "sk": {"S": "W"}}
        wait(
            lambda: "Item" in self.dynamodb.get_item(TableName=self.outputs["WatchTable"], Key=key)
        )

    def keep_a_long_case(self) -> None:
        """So long that its older facts are in items of their own."""
        facts = (Fact("long", "agent_reply", MORNING - second) for second in range(5000))
        assert self.watch.cases.keep(
            Case("long", facts=Facts.of([Fact("long", "created", MORNING), *facts])), ()
        )

    def subscribe_a_phone(self) -> None:
        """The sweep asks of each number whether it gets anything."""
        topic = f"{self.outputs['TopicPrefix']}executive-urgent"
        self.sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15555550100")

    def open_the_page_of_a_report(self) -> None:
        code = RandomTokens().code()
        self.watch.report_marks.put_link(code, "daily/2026-01-06.html", NIGHT + 1)
        page = self.invoke("RespondFunction", {"rawPath": f"/report/{code}"})
        assert (page["statusCode"], "overlooked" in page["body"]) == (200, True)

    def answer_a_message(self) -> None:
        """Somebody opens the link of a message, and takes the case."""
        alert = Alert(
            "one", "resolution", 1, 0, 0, Recipient("owner"), Severity.BREACH, MORNING, LevelDue()
        )
        code, until = RandomTokens().code(), str(NIGHT + 600)
        self.watch.alert_links.put(code, "one", Entry("token", 0, (alert,)), NIGHT + 3600)
        post = {"rawPath": f"/{code}", "requestContext": {"http": {"method": "POST"}}}
        page = self.invoke("RespondFunction", {**post, "body": f"answer=take&by=Kim&until={until}"})
        assert (page["statusCode"], "Noted: Kim takes it" in page["body"]) == (200, True)

    def let_a_record_wait(self, case: str) -> None:
        """As while the Audit table cannot be written; the sweep puts it there."""
        record = AuditItem(case, MORNING, f"{case}/resolution/1/0/0/owner", Outcome.SENT, "waited")
        assert self.watch.outbox.wait_for_audit(case, [record])

    def stop_the_stream(self) -> None:
        """From here on the sweep alone finds what is written."""
        arn = self.functions.get_function(FunctionName=self.outputs["TrackFunction"])[
            "Configuration"
        ]["FunctionArn"]
        [mapping] = self.functions.list_event_source_mappings(FunctionName=arn)[
            "EventSourceMappings"
        ]
        self.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def wait(done: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def walked() -> Iterator[Walked]:
    with LocalAws() as aws:
        outputs = deploy(aws, stack=STACK, parameters=SIMULATED_TIME | {"Mode": "live"})
        with Inbox(aws, STACK) as inbox:
            inbox.subscribe()
            start_recording(aws)
            walk_every_path(Walk(aws, outputs))
            yield Walked(aws, outputs, recorded(aws), granted(aws, STACK))


def walk_every_path(walk: Walk) -> None:
    walk.set_time(MORNING)
    walk.invoke("WatchFunction", {})  # the first tick of a policy asks for a sweep
    walk.put_tickets("one")
    walk.wait_for_case("one")
    walk.invoke("WatchFunction", {})
    many = [f"many-{number}" for number in range(15)]
    walk.put_tickets(*many)
    walk.wait_for_case(many[-1])
    walk.invoke("WatchFunction", {})
    walk.invoke("TrackFunction", {"Records": [change_of_keys_only("one")]})
    walk.put_tickets(
        "linked", merged_into="one", customer_id="city", url="https://example.org/page"
    )
    walk.wait_for_case("linked")
    walk.set_time(NIGHT)
    walk.put_tickets(
        "at-night", created_at=TWELVE_HOURS_BEFORE
    )  # the manager's level waits for the office
    walk.wait_for_case("at-night")
    walk.invoke("WatchFunction", {})
    walk.stop_the_stream()
    walk.let_a_record_wait("one")
    walk.put_tickets("overlooked")
    walk.subscribe_a_phone()
    walk.invoke("SweepFunction", {})
    walk.wait_for_case("overlooked")
    walk.keep_a_long_case()
    assert walk.invoke("ReportFunction", {})["failed"] == 0
    walk.open_the_page_of_a_report()
    walk.answer_a_message()


def change_of_keys_only(ticket: str) -> dict[str, Any]:
    change = {
        "Keys": {"ticket_id": {"S": ticket}},
        "ApproximateCreationDateTime": MORNING,
        "SequenceNumber": "9" * 25,
    }
    return {"eventName": "MODIFY", "dynamodb": change}


def test_every_call_is_granted(walked: Walked) -> None:
    assert {call.function for call in walked.calls} == {
        "track",
        "watch",
        "respond",
        "sweep",
        "report",
    }
    assert (
        sorted(
            call for call in walked.calls if not any(grant.covers(call) for grant in walked.grants)
        )
        == []
    )


def test_every_grant_is_used(walked: Walked) -> None:
    by_others = OF_LAMBDA_ITSELF.keys() | OF_SNS_ITSELF.keys() | OF_AN_ACCOUNT_IN_THE_SANDBOX.keys()
    idle = {
        grant
        for grant in walked.grants
        if grant.action not in by_others
        and "DeadLetters" not in grant.arn  # Lambda leaves what failed there
        and not any(grant.covers(call) for call in walked.calls)
    }
    assert sorted(idle) == []


def test_a_call_outside_the_role_is_denied(walked: Walked) -> None:
    """The same stack with one grant taken away: the tick fails, naming the call."""
    iam = walked.aws.client("iam")
    resources = walked.aws.client("cloudformation").describe_stack_resources(StackName=STACK)[
        "StackResources"
    ]
    [role] = [
        entry["PhysicalResourceId"]
        for entry in resources
        if entry["LogicalResourceId"] == "WatchRole"
    ]
    document = iam.get_role_policy(RoleName=role, PolicyName="watch")["PolicyDocument"]
    fewer = [
        statement for statement in document["Statement"] if statement["Sid"] != "FindWhatIsDue"
    ]
    iam.put_role_policy(
        RoleName=role,
        PolicyName="watch",
        PolicyDocument=json.dumps(document | {"Statement": fewer}),
    )
    answer = walked.aws.client("lambda").invoke(
        FunctionName=walked.outputs["WatchFunction"], Payload=b"{}"
    )
    iam.put_role_policy(RoleName=role, PolicyName="watch", PolicyDocument=json.dumps(document))
    assert answer.get("FunctionError")
    assert "not authorized to perform: dynamodb:Query" in answer["Payload"].read().decode()


def test_the_functions_may_not_write_tickets(walked: Walked) -> None:
    writes = {
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
    }
    tickets = walked.outputs["TicketsTable"]
    assert [
        grant for grant in walked.grants if tickets in grant.arn and grant.action in writes
    ] == []
