"""template.yaml as a whole: what no linter sees.

Each check is a function from a template to the problems it finds. It must find none in the real
template, and must find the one that a row of MUTATIONS puts there.
"""

import copy
import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.server import ROOT
from local_stack.template import template
from sla_watchdog.handlers.settings import settings

Template = dict[str, Any]
Problems = list[str]


def of_type(stack: Template, kind: str) -> dict[str, Any]:
    found = {name: entry for name, entry in stack["Resources"].items() if entry["Type"] == kind}
    assert found, f"no {kind} in the template: the check would check nothing"
    return {name: entry["Properties"] for name, entry in found.items()}


def functions(stack: Template) -> dict[str, Any]:
    return of_type(stack, "AWS::Serverless::Function")


def schedules(stack: Template) -> dict[str, Any]:
    found = {
        f"{name}.{event}": entry["Properties"]
        for name, function in functions(stack).items()
        for event, entry in function.get("Events", {}).items()
        if entry["Type"] == "ScheduleV2"
    }
    assert found
    return found


def statements(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements of a policy; of one that depends on a condition, both."""
    for statement in document["Statement"]:
        for branch in statement["Fn::If"][1:] if "Fn::If" in statement else [statement]:
            if "Effect" in branch:
                yield branch


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def names_in(value: Any) -> set[str]:
    """Every resource that a value refers to, however deep."""
    if isinstance(value, dict):
        named = {value["Ref"]} if "Ref" in value else set()
        if "Fn::GetAtt" in value:
            named.add(value["Fn::GetAtt"].split(".")[0])
        return named.union(*(names_in(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(names_in(inner) for inner in value))
    return set()


# ---------------------------------------------------------------------------- functions and roles


def handlers_that_do_not_import(stack: Template) -> Problems:
    problems = []
    for name, function in functions(stack).items():
        module, _, attribute = function["Handler"].rpartition(".")
        try:
            handler = getattr(importlib.import_module(module), attribute)
            inspect.signature(handler).bind({}, None)
        except (ImportError, AttributeError, TypeError) as error:
            problems.append(f"{name}: {error}")
    return problems


def build_targets_that_are_missing(stack: Template) -> Problems:
    makefile = (ROOT / "functions" / "Makefile").read_text()
    return [name for name in functions(stack) if f"build-{name}" not in makefile]


def roles_that_are_shared(stack: Template) -> Problems:
    roles = [json.dumps(function["Role"]) for function in functions(stack).values()]
    return [role for role in roles if roles.count(role) > 1]


WITHOUT_A_RESOURCE = {
    "sns:CheckIfPhoneNumberIsOptedOut",
    "sns:GetSMSSandboxAccountStatus",
    "sns:ListSMSSandboxPhoneNumbers",
}
"""AWS documents no type of resource for these questions; they change nothing."""


def grants_that_name_no_arn(stack: Template) -> Problems:
    return [
        f"{name}: {statement['Sid']}"
        for name, role in of_type(stack, "AWS::IAM::Role").items()
        for policy in role["Policies"]
        for statement in statements(policy["PolicyDocument"])
        for resource in as_list(statement["Resource"])
        if resource == "*" and not WITHOUT_A_RESOURCE.issuperset(as_list(statement["Action"]))
    ]


def grants_of_more_than_an_action(stack: Template) -> Problems:
    allowed = {
        "kms:GenerateDataKey*"
    }  # AWS documents it so: which of the two is asked for is theirs
    return [
        f"{name}: {action}"
        for name, role in of_type(stack, "AWS::IAM::Role").items()
        for policy in role["Policies"]
        for statement in statements(policy["PolicyDocument"])
        for action in as_list(statement["Action"])
        if "*" in action and action not in allowed
    ]


def roles_without_the_boundary(stack: Template) -> Problems:
    roles = of_type(stack, "AWS::IAM::Role") | schedules(stack)
    return [name for name, role in roles.items() if "PermissionsBoundary" not in role]


# ------------------------------------------------------------------------------- alarms


SECOND_WAYS = {"HeartbeatMissing": ["ExecutiveTopic"], "OldestPending": ["ExecutiveTopic"]}
"""Where alarms go beside operations, whose last address may be gone: to the top audience."""


def alarms_with_one_way_out(stack: Template) -> Problems:
    alarms = of_type(stack, "AWS::CloudWatch::Alarm")
    return [
        f"{name}: {kind} do not go to {topic}"
        for name, topics in SECOND_WAYS.items()
        for kind in ("AlarmActions", "OKActions")
        for topic in ("OperationsTopic", *topics)
        if topic not in names_in(alarms[name].get(kind, []))
    ]


def alarms_on_what_they_watch(stack: Template) -> Problems:
    """An alarm about messages that do not arrive must not go the way of these messages, and only
    operations hear it.

    That nobody is told anything the top audience hears too, lest it reach nobody.
    """
    problems = []
    for name, alarm in of_type(stack, "AWS::CloudWatch::Alarm").items():
        for kind in ("AlarmActions", "OKActions", "InsufficientDataActions"):
            wanted = {"OperationsTopic", *SECOND_WAYS.get(name, ())}
            others = names_in(alarm.get(kind, [])) - wanted
            problems += [f"{name}: {kind} go to {other}" for other in sorted(others)]
        if names_in(alarm["Dimensions"]) & names_in(alarm["AlarmActions"]):
            problems.append(f"{name} watches the topic that it goes to")
    return problems


def alarms_that_miss_what_is_tried_seldom(stack: Template) -> Problems:
    """A message that fails is tried every `LONGEST_PAUSE` at last, and only then its age is a
    metric.
    """
    from sla_watchdog.usecases.watch.give_back import LONGEST_PAUSE

    return [
        name
        for name, alarm in of_type(stack, "AWS::CloudWatch::Alarm").items()
        if alarm["MetricName"] == "OldestPendingSeconds"
        and (alarm["Period"] < LONGEST_PAUSE + 2 * 60 or alarm["EvaluationPeriods"] > 1)
    ]


def alarms_without_a_page(stack: Template) -> Problems:
    """The runbook has a section for each alarm, under its name without the stack's."""
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    names = [a["AlarmName"]["Fn::Sub"] for a in of_type(stack, "AWS::CloudWatch::Alarm").values()]
    wanted = {name.removeprefix("${AWS::StackName}-") for name in names}
    described = {
        line.removeprefix("## ").strip() for line in runbook.splitlines() if line.startswith("## ")
    }
    return sorted(wanted - described)


def dead_letters_without_a_way_back(stack: Template) -> Problems:
    """`doctor` finds each by an output, and the runbook says how to re-drive it."""
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    outputs = set().union(*(names_in(entry["Value"]) for entry in stack["Outputs"].values()))
    queues = failure_destinations(stack)
    return [f"{name}: no output" for name in sorted(queues - outputs)] + [
        f"{name}: not in the runbook"
        for name in sorted(queues)
        if f"Re-drive {name}" not in runbook
    ]


def alarms_that_tell_nobody(stack: Template) -> Problems:
    """From each alarm to its topic, the topic's policy, its key and the key's policy."""
    topics = of_type(stack, "AWS::SNS::Topic")
    problems = []
    for name, alarm in of_type(stack, "AWS::CloudWatch::Alarm").items():
        actions = names_in(alarm.get("AlarmActions", []))
        if not actions:
            problems.append(f"{name} has no action")
        for action in actions:
            if not _cloudwatch_may_publish(stack, action):
                problems.append(f"{name}: CloudWatch may not publish to {action}")
            keys = names_in(topics[action].get("KmsMasterKeyId", {}))
            closed = [key for key in keys if not _cloudwatch_may_use(stack, key)]
            problems += [f"{name}: CloudWatch may not use {key} of {action}" for key in closed]
    return problems


def _cloudwatch_may_publish(stack: Template, topic: str) -> bool:
    return any(
        "sns:Publish" in as_list(statement["Action"])
        for policy in of_type(stack, "AWS::SNS::TopicPolicy").values()
        if topic in names_in(policy["Topics"])
        for statement in _of_cloudwatch(policy["PolicyDocument"])
    )


def _cloudwatch_may_use(stack: Template, key: str) -> bool:
    granted = {
        action
        for statement in _of_cloudwatch(stack["Resources"][key]["Properties"]["KeyPolicy"])
        for action in as_list(statement["Action"])
    }
    return {"kms:Decrypt", "kms:GenerateDataKey*"} <= granted


def _of_cloudwatch(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for statement in statements(document):
        if statement["Effect"] == "Allow" and statement["Principal"] == {
            "Service": "cloudwatch.amazonaws.com"
        }:
            yield statement


def failures_that_ring_no_alarm(stack: Template) -> Problems:
    """Whatever is a destination of failures has an alarm on its messages."""
    watched = {
        resource
        for alarm in of_type(stack, "AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        for resource in names_in(alarm["Dimensions"])
    }
    return sorted(failure_destinations(stack) - watched)


def failure_destinations(stack: Template) -> set[str]:
    targets: set[str] = set()
    for key in ("deadLetterTargetArn", "DeadLetterConfig", "OnFailure"):
        targets |= set().union(*(names_in(found) for found in _values_of(key, stack)))
    assert targets
    return targets


def _values_of(key: str, value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        for inner in value.values():
            yield from _values_of(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values_of(key, inner)


def functions_without_alarms(stack: Template) -> Problems:
    watched = {
        (alarm["MetricName"], resource)
        for alarm in of_type(stack, "AWS::CloudWatch::Alarm").values()
        for resource in names_in(alarm["Dimensions"])
    }
    needed = {(metric, name) for name in functions(stack) for metric in ("Errors", "Throttles")}
    return [f"{name}: {metric}" for metric, name in sorted(needed - watched)]


def a_silent_watchdog(stack: Template) -> Problems:
    """No heartbeat at all is the alarm, not missing data."""
    heartbeats = [
        alarm
        for alarm in of_type(stack, "AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "Heartbeat" and alarm["TreatMissingData"] == "breaching"
    ]
    return [] if heartbeats else ["no alarm rings when the heartbeat stops"]


# ------------------------------------------------------------------------------- the rest


def schedules_that_collide_or_give_up(stack: Template) -> Problems:
    problems = []
    for name, schedule in schedules(stack).items():
        if not schedule.get("Name", {}).get("Fn::Sub", "").startswith("${AWS::StackName}-"):
            problems.append(f"{name}: two stacks would share its name")
        problems += [
            f"{name}: no {part}"
            for part in ("RetryPolicy", "DeadLetterConfig")
            if part not in schedule
        ]
    return problems


def tables_that_can_be_lost(stack: Template) -> Problems:
    problems = []
    for name, table in of_type(stack, "AWS::DynamoDB::Table").items():
        resource = stack["Resources"][name]
        kept = [resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")] == [
            "Retain",
            "Retain",
        ]
        backed_up = table.get("PointInTimeRecoverySpecification") == {
            "PointInTimeRecoveryEnabled": True
        }
        if not (kept and backed_up and table.get("DeletionProtectionEnabled")):
            problems.append(name)
    return problems


def topics_in_the_clear(stack: Template) -> Problems:
    keys = set(of_type(stack, "AWS::KMS::Key"))
    topics = of_type(stack, "AWS::SNS::Topic")
    return [
        name for name, topic in topics.items() if not names_in(topic.get("KmsMasterKeyId")) & keys
    ]


def topics_without_a_policy(stack: Template) -> Problems:
    policies = of_type(stack, "AWS::SNS::TopicPolicy").values()
    covered = set().union(*(names_in(policy["Topics"]) for policy in policies))
    return sorted(set(of_type(stack, "AWS::SNS::Topic")) - covered)


def audiences_without_topics(stack: Template) -> Problems:
    """The audiences of the policy that is shipped, urgent or not, and operations."""
    policy = yaml.safe_load((ROOT / "functions" / "policy.yaml").read_text())
    wanted = {"operations"} | {
        f"{name}{urgent}" for name in policy["audiences"] for urgent in ("", "-urgent")
    }
    topics = of_type(stack, "AWS::SNS::Topic").values()
    made = {topic["TopicName"]["Fn::Sub"].removeprefix("${AWS::StackName}-") for topic in topics}
    return sorted(wanted ^ made)


CHECKS: list[Callable[[Template], Problems]] = [
    handlers_that_do_not_import,
    build_targets_that_are_missing,
    roles_that_are_shared,
    grants_that_name_no_arn,
    grants_of_more_than_an_action,
    roles_without_the_boundary,
    alarms_that_tell_nobody,
    alarms_on_what_they_watch,
    alarms_with_one_way_out,
    alarms_that_miss_what_is_tried_seldom,
    alarms_without_a_page,
    dead_letters_without_a_way_back,
    failures_that_ring_no_alarm,
    functions_without_alarms,
    a_silent_watchdog,
    schedules_that_collide_or_give_up,
    tables_that_can_be_lost,
    topics_in_the_clear,
    topics_without_a_policy,
    audiences_without_topics,
]


@pytest.fixture(scope="module")
def real() -> Template:
    return template()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_template_has_none_of(check: Callable[[Template], Problems], real: Template) -> None:
    assert check(real) == []


def put(path: str, value: Any) -> Callable[[Template], None]:
    """A mutation that puts a value at a path of keys and indexes under Resources; None takes it
    out.
    """

    def mutate(stack: Template) -> None:
        *way, last = path.split("/")
        place = stack["Resources"]
        for step in way:
            place = place[int(step) if step.isdigit() else step]
        last_step: Any = int(last) if last.isdigit() else last
        if value is None:
            del place[last_step]
        else:
            place[last_step] = value

    return mutate


FIRST_GRANT = "WatchRole/Properties/Policies/0/PolicyDocument/Statement/0"
MUTATIONS = {
    "a handler of another name": (
        handlers_that_do_not_import,
        put("TrackFunction/Properties/Handler", "sla_watchdog.handlers.track.hander"),
    ),
    "a handler of no module": (
        handlers_that_do_not_import,
        put("TrackFunction/Properties/Handler", "sla_watchdog.handlers.trakc.handler"),
    ),
    "a function the Makefile does not know": (
        build_targets_that_are_missing,
        lambda stack: stack["Resources"].update(NewFunction=stack["Resources"]["TrackFunction"]),
    ),
    "one role for two functions": (
        roles_that_are_shared,
        put("TrackFunction/Properties/Role", {"Fn::GetAtt": "WatchRole.Arn"}),
    ),
    "a grant on everything": (grants_that_name_no_arn, put(f"{FIRST_GRANT}/Resource", "*")),
    "a grant on everything beside a question without a resource": (
        grants_that_name_no_arn,
        put("SweepRole/Properties/Policies/0/PolicyDocument/Statement/5/Action/0", "sns:Publish"),
    ),
    "a grant of every action": (
        grants_of_more_than_an_action,
        put(f"{FIRST_GRANT}/Action", ["dynamodb:*"]),
    ),
    "a role outside the boundary": (
        roles_without_the_boundary,
        put("WatchRole/Properties/PermissionsBoundary", None),
    ),
    "an alarm without an action": (
        alarms_that_tell_nobody,
        put("LeftDue/Properties/AlarmActions", []),
    ),
    "an alarm on a topic closed to CloudWatch": (
        alarms_that_tell_nobody,
        put("LeftDue/Properties/AlarmActions", [{"Ref": "OwnerTopic"}]),
    ),
    "an alarm that also goes to those who wait for alerts": (
        alarms_on_what_they_watch,
        put("OldestPending/Properties/OKActions", [{"Ref": "ManagerTopic"}]),
    ),
    "an alarm of which nobody hears once operations have no address": (
        alarms_with_one_way_out,
        put("HeartbeatMissing/Properties/AlarmActions", [{"Ref": "OperationsTopic"}]),
    ),
    "an alarm whose end only operations hear": (
        alarms_with_one_way_out,
        put("OldestPending/Properties/OKActions", [{"Ref": "OperationsTopic"}]),
    ),
    "an alarm about anything else that disturbs the top audience": (
        alarms_on_what_they_watch,
        put(
            "LeftDue/Properties/AlarmActions",
            [{"Ref": "OperationsTopic"}, {"Ref": "ExecutiveTopic"}],
        ),
    ),
    "an alarm that wants to see a rare try thrice": (
        alarms_that_miss_what_is_tried_seldom,
        put("OldestPending/Properties/EvaluationPeriods", 3),
    ),
    "an alarm of which no page says what to do": (
        alarms_without_a_page,
        put("LeftDue/Properties/AlarmName", {"Fn::Sub": "${AWS::StackName}-left"}),
    ),
    "a dead-letter queue that nobody finds": (
        dead_letters_without_a_way_back,
        lambda stack: stack["Outputs"].pop("StreamDeadLetters"),
    ),
    "a key closed to CloudWatch": (
        alarms_that_tell_nobody,
        put("TopicsKey/Properties/KeyPolicy/Statement/1", None),
    ),
    "a dead-letter queue nobody watches": (
        failures_that_ring_no_alarm,
        put("StreamDeadLettersWaiting", None),
    ),
    "a function whose errors ring nowhere": (functions_without_alarms, put("SweepErrors", None)),
    "a heartbeat that may be missing": (
        a_silent_watchdog,
        put("HeartbeatMissing/Properties/TreatMissingData", "notBreaching"),
    ),
    "a schedule of a fixed name": (
        schedules_that_collide_or_give_up,
        put("WatchFunction/Properties/Events/EveryMinute/Properties/Name", {"Fn::Sub": "watch"}),
    ),
    "a schedule that loses what failed": (
        schedules_that_collide_or_give_up,
        put("WatchFunction/Properties/Events/EveryMinute/Properties/DeadLetterConfig", None),
    ),
    "a table that goes with its stack": (
        tables_that_can_be_lost,
        put("AuditTable/DeletionPolicy", "Delete"),
    ),
    "a topic in the clear": (
        topics_in_the_clear,
        put("OwnerTopic/Properties/KmsMasterKeyId", None),
    ),
    "a topic under the default policy": (
        topics_without_a_policy,
        put("AudienceTopicsPolicy/Properties/Topics/0", None),
    ),
    "an audience without its urgent topic": (
        audiences_without_topics,
        put("OwnerUrgentTopic", None),
    ),
}


@pytest.mark.parametrize(("check", "mutate"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_it_would_notice(
    check: Callable[[Template], Problems], mutate: Callable[[Template], None], real: Template
) -> None:
    broken = copy.deepcopy(real)
    mutate(broken)
    assert check(broken) != []


def test_every_check_is_shown_to_notice_something() -> None:
    assert {check for check, _ in MUTATIONS.values()} == set(CHECKS)


def test_the_environment_of_a_function_is_all_that_the_settings_ask_for(
    real: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = real["Globals"]["Function"]["Environment"]["Variables"]
    for name in variables:
        monkeypatch.setenv(
            name, {"CLOCK": "system", "SWEEP_SEGMENTS": "3"}.get(name, f"the {name}")
        )
    read = settings()
    assert (read.stack, read.tickets_table, read.segments) == (
        "the STACK_NAME",
        "the TICKETS_TABLE",
        3,
    )
    assert read.policy_path == Path("the POLICY_PATH")


def test_a_claim_outlives_the_function_that_took_it(real: Template) -> None:
    """Else a lease could end while its holder still sends."""
    from sla_watchdog.usecases.lease import LEASE

    assert functions(real)["WatchFunction"]["Timeout"] < LEASE


def test_every_parameter_and_output_is_described(real: Template) -> None:
    described = [*real["Parameters"].items(), *real["Outputs"].items()]
    assert [name for name, entry in described if not entry.get("Description")] == []


RECIPIENTS = [
    ("an address", "boss@example.org", True),
    ("a word for nobody, said on purpose", "none", True),
    ("nothing", "", False),
    ("blanks", "  ", False),
    ("another word", "nobody", False),
    ("the word with more behind it", "none of us", False),
    ("an address with a blank in it", "boss @example.org", False),
    ("two addresses", "a@example.org, b@example.org", False),
]


@pytest.mark.parametrize(
    ("given", "is_taken"), [row[1:] for row in RECIPIENTS], ids=[row[0] for row in RECIPIENTS]
)
def test_the_first_recipient_is_somebody_or_nobody_on_purpose(
    given: str, is_taken: bool, real: Template
) -> None:
    parameter = real["Parameters"]["FirstRecipient"]
    assert (re.fullmatch(parameter["AllowedPattern"], given) is not None) == is_taken
    assert "Default" not in parameter


def test_whoever_is_not_passed_over_on_purpose_is_subscribed(real: Template) -> None:
    assert real["Conditions"]["HasFirstRecipient"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "FirstRecipient"}, "none"]}]
    }
