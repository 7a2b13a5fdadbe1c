"""Which AWS calls each function made, and which its role grants: both as (function, action, ARN).

MiniStack records calls as CloudTrail would; each function names itself in its user agent (the
template's AWS_SDK_UA_APP_ID).
"""

import json
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from attrs import frozen

from local_stack.ministack import LocalAws

APP = "app/sla-watchdog-"
_PAGE = 50
_INNER = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


@frozen(order=True)
class Call:
    """`function` is `track`, `watch` or `sweep`; in a grant, action and ARN may hold `*`."""

    function: str
    action: str
    arn: str

    def covers(self, call: "Call") -> bool:
        """Whether this grant allows that call."""
        return (
            self.function == call.function
            and fnmatchcase(call.action, self.action)
            and fnmatchcase(call.arn, self.arn)
        )


def start_recording(aws: LocalAws) -> None:
    body = json.dumps({"cloudtrail._recording_enabled": "true"}).encode()
    request = urllib.request.Request(f"{aws.endpoint}/_ministack/config", data=body, method="POST")  # noqa: S310 # loopback
    with urllib.request.urlopen(request) as answer:  # noqa: S310 # loopback
        answer.read()


def recorded(aws: LocalAws) -> frozenset[Call]:
    """Every distinct call that a function made since recording started (of the
    last 10,000 calls).
    """
    return frozenset(call for event in _events(aws) for call in _calls(aws, event))


def granted(aws: LocalAws, stack: str) -> frozenset[Call]:
    """What the deployed roles of the stack's functions grant, one action and one ARN each."""
    resources = aws.client("cloudformation").describe_stack_resources(StackName=stack)[
        "StackResources"
    ]
    names = {entry["LogicalResourceId"]: entry["PhysicalResourceId"] for entry in resources}
    return frozenset(
        Call(function, action, arn)
        for function in ("track", "watch", "respond", "sweep", "report")
        for action, arn in _grants(aws, names[f"{function.capitalize()}Role"])
    )


def _grants(aws: LocalAws, role: str) -> Iterator[tuple[str, str]]:
    """MiniStack records no bucket with a call to S3, so none is compared."""
    iam = aws.client("iam")
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            for action in _listed(statement["Action"]):
                for arn in _listed(statement["Resource"]):
                    yield action, "*" if action.startswith("s3:") else arn


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _events(aws: LocalAws) -> Iterator[Mapping[str, Any]]:
    """Newest first. MiniStack gives no more than a page and no token, so each page ends where the
    last began.
    """
    end: dict[str, float] = {}
    cloudtrail = aws.client("cloudtrail")
    cloudtrail.meta.events.register(
        "before-call.cloudtrail.LookupEvents", lambda params, **_: _until(end, params)
    )
    seen: set[str] = set()
    while True:
        page = cloudtrail.lookup_events()["Events"]
        new = [event for event in page if event["EventId"] not in seen]
        yield from (json.loads(event["CloudTrailEvent"]) for event in new)
        if len(page) < _PAGE or not new:
            return
        seen |= {event["EventId"] for event in new}
        end["EndTime"] = page[-1]["EventTime"].timestamp()


def _until(end: Mapping[str, float], params: dict[str, Any]) -> None:
    """botocore would round the time to a second, which may hold more than a page."""
    params["body"] = json.dumps(json.loads(params["body"]) | end).encode()


def _calls(aws: LocalAws, event: Mapping[str, Any]) -> Iterator[Call]:
    agents = [part.removeprefix(APP) for part in event["userAgent"].split() if part.startswith(APP)]
    service = event["eventSource"].split(".")[0]
    wanted = event["requestParameters"] or {}
    for function in agents:
        action = wanted["Action"] if service == "sns" else event["eventName"]
        for name, arn in _resources(aws, service, action, wanted):
            yield Call(function, f"{service}:{name}", arn)


def _resources(
    aws: LocalAws, service: str, action: str, wanted: Mapping[str, Any]
) -> Iterable[tuple[str, str]]:
    if service == "sns":
        return [(action, str(wanted.get("TopicArn", "*")))]
    if service == "sqs":
        queue = str(wanted["QueueUrl"]).rsplit("/", 1)[-1]
        return [(action, f"arn:aws:sqs:{aws.region}:{aws.account}:{queue}")]
    if service == "dynamodb":
        return _tables(f"arn:aws:dynamodb:{aws.region}:{aws.account}:table/", action, wanted)
    return [(action, "*")]


def _tables(prefix: str, action: str, wanted: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if action == "TransactWriteItems":
        for item in wanted["TransactItems"]:
            for kind, inner in item.items():
                yield _INNER[kind], prefix + inner["TableName"]
    elif action.startswith("Batch"):
        for table in wanted["RequestItems"]:
            yield action, prefix + table
    else:
        index = f"/index/{wanted['IndexName']}" if "IndexName" in wanted else ""
        yield action, f"{prefix}{wanted['TableName']}{index}"
