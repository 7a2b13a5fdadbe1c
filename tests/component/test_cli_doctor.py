"""`doctor`: one line for each thing that may fail, what to do about it, and nothing hidden."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from building import MON, at
from component.cli_desk import ARN, NEW, Operator, refusal, sit_down
from sla_watchdog.adapters.dynamodb.watch import Due
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Outcome
from sla_watchdog.handlers import watch
from sla_watchdog.handlers.observability import metrics
from sla_watchdog.tools.cli.doctor.asks import QUEUES


@pytest.fixture
def operator(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Operator]:
    """A whole stack, a minute after its first tick and sweep."""
    with mock_aws():
        operator = sit_down(monkeypatch, capsys)
        sqs = boto3.client("sqs")
        for name in QUEUES:
            sqs.create_queue(QueueName=f"sla-{name}")
            operator.outputs[name] = f"arn:aws:sqs:eu-central-1:123456789012:sla-{name}"
        ring(operator, "heartbeat-missing", "OK")
        operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:00"))
        beat(operator, f"{MON}T00:01")
        operator.desk.sweep(f"{MON}T00:01")
        operator.now = f"{MON}T00:02"
        yield operator


def beat(operator: Operator, now: str, **done: Any) -> None:
    quiet = {
        "oldest_pending_seconds": 0,
        "left_due": 0,
        "put_back": 0,
        "problem": "",
        "sent": 0,
        "lag_seconds": 0,
    }
    operator.now = now
    operator.desk.parts.watch.pulse.beat(at(now), quiet | done)


def ring(operator: Operator, name: str, state: str = "ALARM") -> None:
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=f"sla-{name}",
        Namespace="SlaWatchdog",
        MetricName="Heartbeat",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="LessThanThreshold",
        AlarmActions=[operator.outputs["OperationsTopic"]],
    )
    cloudwatch.set_alarm_state(AlarmName=f"sla-{name}", StateValue=state, StateReason="a test")


def needs_attention(operator: Operator) -> dict[str, str]:
    answer = operator("doctor", "--json").json
    return {
        each["check"]: f"{each['text']} → {each['todo']}"
        for each in answer["checks"]
        if each["state"] != "fine"
    }


def test_a_stack_that_is_well_has_one_line_for_each_check(operator: Operator) -> None:
    ran = operator("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert "nothing needs attention" in ran.said
    lines = [line for line in ran.out.splitlines() if line.startswith("fine")]
    assert [line.split()[1] for line in lines] == [
        *(
            "heartbeat",
            "due",
            "lag",
            "pending",
            "undeliverable",
            "retrying",
            "findings",
            "sweep",
            "mode",
        ),
        *("recipients", "SMS", "messages", "queues", "alarms"),
    ]
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_json_keeps_its_words_where_the_screen_has_newer_ones(operator: Operator) -> None:
    shown = operator("doctor").said
    assert "0 cases brought up to date, 0 repaired" in shown
    assert "somebody could be notified of every level that was due" in shown
    texts = {each["check"]: each["text"] for each in operator("doctor", "--json").json["checks"]}
    assert texts["sweep"].endswith("0 cases brought up to date, 0 put right")
    assert texts["undeliverable"] == "every level that was due could be told to somebody"
    assert texts["put back"] == "every case can be judged"


def test_wrong_usage_is_exit_code_2(operator: Operator) -> None:
    assert operator("doctor", "--stack", "nowhere").code == 2
    assert operator("doctor", "--odd").code == 2


def test_a_heart_that_stopped(operator: Operator) -> None:
    operator.now = f"{MON}T00:13"
    ran = operator("doctor")
    assert ran.code == 1
    assert "no tick finished for 12 m: nobody is being notified" in ran.said
    assert (
        "→ see docs/runbook.md, heartbeat-missing: aws logs tail /aws/lambda/sla-watch" in ran.said
    )
    assert "1 thing needs attention" in ran.said


def test_the_tick_of_the_function_beats(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Context:
        function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = (
            "watch",
            512,
            "arn",
            "1",
        )

        def get_remaining_time_in_millis(self) -> int:
            return 100_000

    operator.desk.put(f"{MON}T00:00", **NEW)
    monkeypatch.setattr(watch, "parts", lambda: operator.desk.parts)
    monkeypatch.setattr(metrics.provider, "namespace", "SlaWatchdog")
    monkeypatch.setattr(metrics.provider, "service", "sla")
    operator.desk.parts.watch.state.set_simulated_now(at(f"{MON}T06:00") + 42)
    context: Any = Context()
    watch.handler({}, context)
    last = operator.desk.parts.watch.pulse.last_beat()
    assert last is not None
    assert (last.at, last.sent_at, last.lag_seconds) == (
        at(f"{MON}T06:00") + 42,
        at(f"{MON}T06:00") + 42,
        42,
    )
    assert last.first == at(f"{MON}T00:00")


def test_a_long_lag_is_said(operator: Operator) -> None:
    beat(operator, f"{MON}T00:02", sent=1, lag_seconds=3600)
    beat(operator, f"{MON}T00:03")
    assert "did so 1 h after it was due, 1 m ago" in needs_attention(operator)["lag"]


def test_what_is_due_and_not_taken(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW)
    beat(operator, f"{MON}T07:00")
    assert "1 case due for 1 h and not taken" in needs_attention(operator)["due"]


def test_a_message_that_is_not_taken_is_said_with_the_answer_of_sns(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW)
    operator.answers["sns.Publish"] = lambda _: refusal("KMSAccessDenied")
    operator.desk.sns.meta.events.register("before-call", operator.answer)
    for minute in range(20):
        result = operator.tick(f"{MON}T06:{minute:02d}")
    beat(
        operator,
        f"{MON}T06:20",
        problem=result.problem or "SNS did not take a message for owner: KMSAccessDenied",
    )
    assert "fix what it says; nothing is lost" in operator("doctor").said
    said = needs_attention(operator)["pending"]
    assert "mend what it says; nothing is lost" in said
    assert "1 message tried again; the oldest, to team-lead, has been due 20 m" in said
    assert "KMSAccessDenied" in said


def test_who_could_not_be_told(operator: Operator) -> None:
    operator.unsubscribe_all("team-lead")
    operator.desk.put(f"{MON}T00:00", **NEW)
    operator.desk.sweep(f"{MON}T05:59")
    operator.tick(f"{MON}T06:00")
    beat(operator, f"{MON}T06:01")
    found = needs_attention(operator)
    assert "could not be notified: team-lead (1 case)" in operator("doctor").said
    assert "could not be told: team-lead (1 case)" in found["undeliverable"]
    assert "team-lead: nobody → `sla-watchdog subscribe team-lead ADDRESS`" in found["recipients"]
    assert "audience team-lead: nobody has confirmed a subscription" in found["violations"]


def test_an_address_that_nobody_confirmed_is_to_be_confirmed_without_opening_the_link(
    operator: Operator,
) -> None:
    operator.nobody_has_confirmed()
    said = needs_attention(operator)["recipients"]
    assert "has not confirmed the subscription" in said
    assert "unopened: `sla-watchdog confirm " in said
    assert "open it" not in said


def test_what_was_put_back_and_what_is_found(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **{**NEW, "status": "Weird"})
    due = Due("T-1", "C#T-1", operator.desk.case().next_at or 0)
    assert operator.desk.parts.watch.cases.put_back(
        due, at(f"{MON}T07:00"), "its record could not be read"
    )
    found = needs_attention(operator)
    assert "NEEDS ATTENTION retrying T-1: its record could not be read" in operator("doctor").said
    assert "T-1: its record could not be read" in found["put back"]
    assert "1 finding about tickets or settings" in found["findings"]


def test_a_sweep_that_ended_long_ago(operator: Operator) -> None:
    beat(operator, "2026-03-03T12:00")
    assert "the last ended 1 d 11 h ago" in needs_attention(operator)["sweep"]


def test_observing_for_long_is_said(operator: Operator) -> None:
    operator.desk.parts.watch.state.set_mode("observe", at(f"{MON}T00:00"))
    beat(operator, "2026-03-03T00:00")
    assert "mode" not in needs_attention(operator)
    beat(operator, "2026-03-10T00:00")
    assert (
        "observe for 8 d: nobody is told of anything yet → `sla-watchdog go-live`"
        in needs_attention(operator)["mode"]
    )
    assert "observe for 8 d: nobody is notified of anything yet" in operator("doctor").said


@pytest.mark.parametrize(("limit", "wrong"), [("1", True), ("50", False)])
def test_the_limit_of_sms(operator: Operator, limit: str, wrong: bool) -> None:
    operator.desk.sns.subscribe(
        TopicArn=f"{ARN}owner-urgent", Protocol="sms", Endpoint="+4915112345678"
    )
    operator.desk.sns.set_sms_attributes(attributes={"MonthlySpendLimit": limit})
    assert ("SMS" in needs_attention(operator)) is wrong
    assert f"1 number, at most ${limit} a month" in operator("doctor").said


def test_the_audience_that_gets_too_much_and_the_rule_that_causes_it(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW)

    def notified(number: int, message: str, hour: str = "01:00") -> AuditItem:
        alert = f"T-1/resolution/1/1/{number}/manager"
        return AuditItem(
            "T-1", at(f"{MON}T{hour}") + number, alert, Outcome.SENT, "", {"message_id": message}
        )

    operator.desk.parts.audit.put([notified(n, f"m{n}") for n in range(20)])
    beat(operator, f"{MON}T02:00")
    assert "messages" not in needs_attention(operator)
    operator.desk.parts.audit.put([notified(1, "m20", "01:30")])
    said = needs_attention(operator)["messages"]
    assert "manager: 21 in 24 h, 21 of them by resolution of policy everything, level 2" in said
    beat(operator, "2026-03-03T02:00")
    assert "messages" not in needs_attention(operator)


def test_a_digest_counts_once(operator: Operator) -> None:
    items = [
        AuditItem(
            f"T-{n}",
            at(f"{MON}T00:01"),
            f"T-{n}/resolution/1/1/0/manager",
            Outcome.IN_DIGEST,
            "",
            {"message_id": "m"},
        )
        for n in range(40)
    ]
    operator.desk.parts.audit.put(items)
    assert "at most 1 to one audience in 24 h (manager)" in operator("doctor").said


@pytest.mark.parametrize("name", QUEUES)
def test_each_dead_letter_queue_that_is_not_empty(operator: Operator, name: str) -> None:
    sqs = boto3.client("sqs")
    sqs.send_message(
        QueueUrl=sqs.get_queue_url(QueueName=f"sla-{name}")["QueueUrl"], MessageBody="x"
    )
    assert (
        f"{name} holds 1 message → see docs/runbook.md, {QUEUES[name]}"
        in needs_attention(operator)["queues"]
    )


def test_an_alarm_that_rings_and_one_of_another_stack_that_does(operator: Operator) -> None:
    ring(operator, "left-due")
    assert needs_attention(operator)["alarms"].startswith("left-due rings")


@pytest.mark.parametrize(
    ("call", "check"),
    [
        ("sns.ListSubscriptionsByTopic", "recipients"),
        ("sqs.GetQueueUrl", "queues"),
        ("cloudwatch.DescribeAlarms", "alarms"),
    ],
)
def test_what_cannot_be_asked_is_said_and_hides_nothing_else(
    operator: Operator, call: str, check: str
) -> None:
    operator.answers[call] = lambda _: refusal("AccessDenied", "not for you")
    ran = operator("doctor")
    assert ran.code == 0
    assert (
        f"? {check} could not be asked: you may not do {call.partition('.')[2]}: not for you"
        in ran.said
    )
    assert "could not be asked" in ran.out.splitlines()[-1]


def deleted(operator: Operator, count: int) -> None:
    """So many open tickets, whose records are all gone by now."""
    for number in range(count):
        operator.desk.put(f"{MON}T00:02", f"T-{number}", **NEW)
    operator.desk.sweep(f"{MON}T00:03")
    for number in range(count):
        operator.desk.delete(f"{MON}T01:00", f"T-{number}")
    beat(operator, f"{MON}T01:01")


def test_deletions_that_are_held_are_said_with_the_command_that_shows_them(
    operator: Operator,
) -> None:
    deleted(operator, 4)
    found = needs_attention(operator)
    assert "4 of 4 open tickets have no record in the Tickets table any more." in found["deletions"]
    assert found["deletions"].endswith("→ `sla-watchdog deletions`")
    assert "findings" not in found, "nobody has to find out who deleted what is held to be there"


def test_doctor_counts_the_findings_that_status_lists(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:02", "T-odd", **{**NEW, "status": "Weird"})
    deleted(operator, 4)
    listed = operator("status", "--json").json["findings"]
    assert [each["ticket"] for each in listed] == ["T-odd"]
    assert "1 finding about tickets or settings" in needs_attention(operator)["findings"]


def swept(operator: Operator, violations: int) -> None:
    operator.desk.parts.watch.pulse.swept(
        at(f"{MON}T00:01"), {"tickets": 9, "violations": violations}
    )


def test_the_violations_of_the_last_sweep_are_said_once_each_and_no_missing_recipient(
    operator: Operator,
) -> None:
    pulse = operator.desk.parts.watch.pulse
    pulse.notice(["T-8: owed for 9 h"], ["T-8: owed for 9 h"])
    missing = [f"topic manager-{number}: a recipient gets nothing: gone" for number in range(60)]
    wrong = [
        "T-1: damaged, and cannot be rebuilt",
        "T-1: damaged, and cannot be rebuilt",
        "sms: SNS is silent",
    ]
    pulse.notice([*missing, "T-2: damaged: put right", *wrong], wrong)
    swept(operator, violations=3)
    assert "3 that it could not repair: T-1: damaged" in operator("doctor").said
    said = needs_attention(operator)["violations"]
    assert said.startswith(
        "3 that it could not put right: T-1: damaged, and cannot be rebuilt; sms: SNS is silent →"
    ), "neither what was put right, nor who is missing, nor what an earlier sweep found"


def test_a_sweep_with_many_missing_recipients_still_names_its_violation(operator: Operator) -> None:
    for number in range(60):
        operator.desk.sns.subscribe(
            TopicArn=ARN + "manager",
            Protocol="email",
            Endpoint=f"m{number}@example.org",
            ReturnSubscriptionArn=True,
        )
    operator.desk.sweep(f"{MON}T00:03")
    operator.unsubscribe_all("manager")
    operator.desk.sweep(f"{MON}T02:03")
    beat(operator, f"{MON}T02:04")
    said = needs_attention(operator)["violations"]
    assert "audience manager: nobody has confirmed a subscription" in said
    assert "a recipient gets nothing" not in said


def test_more_violations_than_are_named_are_counted(operator: Operator) -> None:
    wrong = [f"T-{number}: owed for 9 h" for number in range(5)]
    operator.desk.parts.watch.pulse.notice(wrong, wrong)
    swept(operator, violations=5)
    said = needs_attention(operator)["violations"]
    assert "T-0: owed for 9 h; T-1: owed for 9 h; T-2: owed for 9 h; and 2 more" in said


def test_what_an_earlier_version_stored_of_a_sweep_is_still_read(operator: Operator) -> None:
    stored = [
        "topic manager: a recipient gets nothing: gone",
        "T-2: damaged: put right",
        "T-1: owed for 9 h",
    ]
    item = {
        "pk": {"S": "META"},
        "sk": {"S": "noticed"},
        "noticed": {"L": [{"S": text} for text in stored]},
    }
    operator.desk.dynamodb.put_item(TableName=operator.outputs["WatchTable"], Item=item)
    swept(operator, violations=1)
    assert needs_attention(operator)["violations"].startswith(
        "1 that it could not put right: T-1: owed for 9 h →"
    )
