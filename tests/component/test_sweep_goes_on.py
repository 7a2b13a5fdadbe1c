"""A page that fails loses no place, and one sweep ends before the next begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from building import MON, at
from desk import Desk
from sla_watchdog.adapters.sqs import segment_of
from sla_watchdog.usecases.sweep.ports import Segment
from sla_watchdog.usecases.sweep.sweep import begin

NOW = at(f"{MON}T02:00")
THROTTLED = ClientError(
    {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "x"}}, "Scan"
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        desk = Desk()
        for number in range(6):
            desk.write(ticket_id=f"T-{number}", created_at=f"{MON}T00:00:00Z", status="New")
        yield desk


def of_two_records(desk: Desk, monkeypatch: pytest.MonkeyPatch, failing: set[int]) -> list[int]:
    """Pages of the Tickets table hold two records; those whose number (from 0, over all calls) is
    in `failing` fail.
    """
    scan, asked = desk.dynamodb.scan, []

    def page(**request: Any) -> Any:
        if request["TableName"] != "tickets":
            return scan(**request)
        asked.append(len(asked))
        if asked[-1] in failing:
            raise THROTTLED
        return scan(**request, Limit=2)

    monkeypatch.setattr(desk.dynamodb, "scan", page)
    desk.parts.tickets._pause = lambda seconds: None
    return asked


def waiting(desk: Desk) -> list[Segment]:
    client, url = desk.parts.queue.client, desk.parts.queue.url
    messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [segment_of(message["Body"]) for message in messages]


def test_a_page_that_fails_is_tried_again_from_its_place(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_two_records(desk, monkeypatch, failing=set(range(2, 9)))
    swept = desk.parts.sweeper(NOW).sweep(Segment("run", 0, 1), NOW, lambda: 100.0)
    assert not swept.finished
    assert "ProvisionedThroughputExceeded" in swept.problem
    (rest,) = waiting(desk)
    assert rest.start
    assert rest.counts["tickets"] == 4
    swept = desk.parts.sweeper(NOW).sweep(rest, NOW, lambda: 100.0)
    assert swept.finished
    assert swept.whole is not None
    assert swept.whole["tickets"] == 6


def test_a_page_that_fails_first_is_left_to_the_queue(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_two_records(desk, monkeypatch, failing=set(range(7)))
    with pytest.raises(ClientError):
        desk.parts.sweeper(NOW).sweep(Segment("run", 0, 1), NOW, lambda: 100.0)
    assert not waiting(desk)


def test_a_sweep_that_is_under_way_ends_before_another_begins(desk: Desk) -> None:
    watch, queue = desk.parts.watch, desk.parts.queue
    assert begin(watch.leases, queue, 2, "1", NOW)
    first, second = waiting(desk)
    desk.parts.sweeper(NOW + 900).sweep(first, NOW + 900, lambda: 100.0)
    assert begin(watch.leases, queue, 2, "2", NOW + 2400) == "", "its last sign was 25 minutes ago"
    desk.parts.sweeper(NOW + 2500).sweep(second, NOW + 2500, lambda: 100.0)
    assert begin(watch.leases, queue, 2, "3", NOW + 2501)


def test_a_sweep_that_died_keeps_no_other_from_beginning_for_long(desk: Desk) -> None:
    assert begin(desk.parts.watch.leases, desk.parts.queue, 2, "1", NOW)
    assert begin(desk.parts.watch.leases, desk.parts.queue, 2, "2", NOW + 3600)


def test_a_new_policy_is_swept_at_once_though_a_sweep_is_under_way(desk: Desk) -> None:
    begin(desk.parts.watch.leases, desk.parts.queue, 1, "1", NOW)
    assert len(waiting(desk)) == 1
    desk.tick(f"{MON}T02:01")
    assert len(waiting(desk)) == desk.parts.settings.segments
