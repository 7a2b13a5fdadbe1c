"""The Lambda functions, given the events that AWS sends, as they stand in events/."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from moto import mock_aws

from desk import Desk, bucket_of_reports
from sla_watchdog.domain.policy.compiled import DamagedPolicy, load
from sla_watchdog.handlers import bootstrap, report, sweep, track, watch
from sla_watchdog.handlers.observability import metrics
from sla_watchdog.handlers.settings import BadSettings
from sla_watchdog.tools.policy_file import compile_policy, read_policy

HERE = Path(__file__).parent
POLICY = HERE.parents[1] / "functions" / "policy.yaml"


@frozen
class Context:
    function_name: str = "watch"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:watch"
    aws_request_id: str = "1"

    def get_remaining_time_in_millis(self) -> int:
        return 100_000


CONTEXT: Any = Context()


def event(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((HERE / "events" / f"{name}.json").read_text())
    return content


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    """The shipped policy, compiled as the build does it, and the environment as the template sets
    it.
    """
    today = date(2026, 3, 1)
    compiled = compile_policy(read_policy(POLICY.read_text(), str(POLICY), today).form, today)
    (tmp_path / "policy.json").write_text(compiled)
    with mock_aws():
        desk = Desk(load(compiled))
        here = desk.parts.settings
        for name, value in {
            "STACK_NAME": here.stack,
            "TICKETS_TABLE": here.tickets_table,
            "WATCH_TABLE": here.watch_table,
            "AUDIT_TABLE": here.audit_table,
            "TOPIC_PREFIX": here.topic_prefix,
            "SEGMENTS_QUEUE_URL": here.segments_queue,
            "REPORTS_BUCKET": here.reports_bucket,
            "SWEEP_SEGMENTS": "1",
            "MODE": "live",
            "CLOCK": "table",
            "AWS_ENDPOINT_URL": "",
            "POLICY_PATH": str(tmp_path / "policy.json"),
            "AWS_DEFAULT_REGION": "eu-central-1",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sla_watchdog.handlers.settings.LOOPBACK", frozenset({None}))
        metrics.provider.namespace, metrics.provider.service = "SlaWatchdog", "sla"
        metrics.provider.clear_metrics()
        desk.parts.watch.state.set_simulated_now(1772438400)
        bootstrap.parts.cache_clear()
        yield desk
        bootstrap.parts.cache_clear()


def test_track_takes_in_a_batch_of_the_stream(desk: Desk) -> None:
    track.handler(event("stream_new_image"), CONTEXT)
    case = desk.case("T-1")
    assert [fact.value for fact in case.facts.changes("T-1", "status")] == ["New", "Active"]
    assert case.facts.latest("T-1", "assignee") == "Kim"
    assert case.next_at is not None


def test_track_reads_the_record_where_the_stream_brings_keys_only(desk: Desk) -> None:
    desk.write(ticket_id="T-2", created_at="2026-03-02T08:00:00Z", status="Active")
    track.handler(event("stream_keys_only"), CONTEXT)
    assert desk.case("T-2").facts.latest("T-2", "status") == "Active"


def test_a_batch_delivered_twice_writes_once(desk: Desk) -> None:
    track.handler(event("stream_new_image"), CONTEXT)
    rev = desk.case("T-1").rev
    track.handler(event("stream_new_image"), CONTEXT)
    assert desk.case("T-1").rev == rev


def test_a_removed_record_ends_its_clocks(desk: Desk) -> None:
    track.handler(event("stream_new_image"), CONTEXT)
    track.handler(event("stream_remove"), CONTEXT)
    assert desk.case("T-1").facts.latest("T-1", "gone") == "deleted"


def test_bad_records_become_findings_due_now_and_the_good_one_beside_them_is_kept(
    desk: Desk,
) -> None:
    track.handler(event("stream_bad_records"), CONTEXT)
    assert desk.case("T-3").facts.latest("T-3", "status") == "New"
    found = {(finding.ticket[:1], finding.kind) for finding in desk.parts.watch.cases.findings()}
    assert found >= {("?", "ticket_id"), ("4", "created_at"), ("4", "status")}
    assert desk.case("4711").next_at == 1772438400


def test_a_record_of_another_shape_is_one_finding_and_keeps_no_other_back(desk: Desk) -> None:
    records = [None, {"dynamodb": {}}, *event("stream_new_image")["Records"]]
    for _ in range(2):
        track.handler({"Records": records}, CONTEXT)
    assert desk.case("T-1").facts.latest("T-1", "assignee") == "Kim"
    watch.handler(event("schedule"), CONTEXT)
    notified = [
        alert["id"]
        for topic, body in desk.sent()
        if topic == "operations"
        for alert in body["alerts"]
    ]
    assert [name for name in notified if name.startswith("?stream/")] == [
        "?stream/finding:stream/1/0/0/operations"
    ]


@pytest.mark.parametrize(
    "change", [{"start": "{}"}, {"start": '"x"'}, {"run": "x" * 40}, {"number": float("inf")}]
)
def test_a_segment_with_something_wrong_in_it_is_refused_before_anything_is_written(
    desk: Desk, change: dict[str, object]
) -> None:
    body = json.dumps({**json.loads(event("segment")["Records"][0]["body"]), **change})
    with pytest.raises(ValueError, match="not a segment of a sweep"):
        sweep.handler({"Records": [{"body": body}]}, CONTEXT)
    assert desk.parts.watch.topic_counts.read() is None


def test_watch_answers_with_what_it_did_and_beats(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    track.handler(event("stream_new_image"), CONTEXT)
    desk.parts.watch.state.set_simulated_now(1772438400 + 30 * 86400)
    answer = watch.handler(event("schedule"), CONTEXT)
    assert answer["due"] == 1
    printed = [
        json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")
    ]
    (metrics,) = [line for line in printed if "Heartbeat" in line]
    assert metrics["Heartbeat"] == [1.0]
    assert metrics["LeftDue"] == [0.0]
    assert "OldestPendingSeconds" in metrics


def test_no_log_line_holds_a_tickets_text(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write(
        ticket_id="T-2", created_at="2024-03-02T08:00:00Z", status="Odd", subject="SECRET WORDS"
    )
    track.handler(event("stream_keys_only"), CONTEXT)
    watch.handler(event("schedule"), CONTEXT)
    sweep.handler(event("segment"), CONTEXT)
    assert "SECRET WORDS" not in capsys.readouterr().out


def test_a_tick_that_fails_has_no_heartbeat(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.dynamodb.delete_table(TableName=desk.parts.settings.watch_table)
    with pytest.raises(Exception, match="ResourceNotFound"):
        watch.handler(event("schedule"), CONTEXT)
    assert "Heartbeat" not in capsys.readouterr().out


def test_sweep_is_asked_for_by_the_schedule_and_done_by_the_queue(desk: Desk) -> None:
    desk.write(ticket_id="T-9", created_at="2026-03-02T08:00:00Z", status="Active")
    assert "run" in sweep.handler(event("schedule"), CONTEXT)
    sweep.handler(event("segment"), CONTEXT)
    assert desk.case("T-9").next_at is not None


def test_report_tells_once_an_hour_what_was_not_told_yet(desk: Desk) -> None:
    track.handler(event("stream_new_image"), CONTEXT)
    bucket_of_reports()
    first = report.handler({}, CONTEXT)
    assert (first["pages"], first["sent"], first["failed"]) == (2, 4, 0)
    assert report.handler({}, CONTEXT)["sent"] == 0
    desk.parts.watch.leases.take("another", 1772438400, 1772438400 + 930, run="report-lease")
    assert report.handler({}, CONTEXT) == {"skipped": True}


def test_a_damaged_segment_fails_so_that_its_dead_letter_queue_takes_it(desk: Desk) -> None:
    with pytest.raises(ValueError, match="not a segment"):
        sweep.handler(event("segment_damaged"), CONTEXT)


def test_a_damaged_policy_fails_loudly(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text('{"form": 1}')
    bootstrap.parts.cache_clear()
    with pytest.raises(DamagedPolicy):
        watch.handler(event("schedule"), CONTEXT)


def test_a_missing_variable_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCH_TABLE")
    bootstrap.parts.cache_clear()
    with pytest.raises(BadSettings, match="WATCH_TABLE"):
        watch.handler(event("schedule"), CONTEXT)


def test_simulated_time_is_refused_outside_the_local_stack(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sla_watchdog.handlers.settings.LOOPBACK", frozenset({"127.0.0.1"}))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://dynamodb.eu-central-1.amazonaws.com")
    bootstrap.parts.cache_clear()
    with pytest.raises(BadSettings, match="CLOCK=table"):
        watch.handler(event("schedule"), CONTEXT)
