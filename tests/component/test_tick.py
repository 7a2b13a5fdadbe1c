"""A tick, end to end on in-process stores: taken, judged, claimed, sent, settled, and accounted
for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from attrs import evolve
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from building import ALWAYS, DAY, HOUR, MON, at, policy, resolution, rule
from desk import TOPICS, Desk
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case, Outcome
from sla_watchdog.domain.policy.model import Audience
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.errors import Unstorable

NEW = {"created_at": f"{MON}T00:00:00Z", "status": "New", "subject": "City page still online"}


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def desk(aws: None) -> Desk:
    desk = Desk()
    desk.tick(f"{MON}T00:00")
    return desk


def test_a_ticket_past_its_target_is_told_to_the_level_it_reached(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    assert desk.tick(f"{MON}T05:59").sent == 0
    desk.tick(f"{MON}T06:00")
    assert desk.sent_to() == ["owner"]
    desk.tick(f"{MON}T08:01")
    assert sorted(desk.sent_to()) == ["owner", "owner-urgent", "team-lead", "team-lead-urgent"]
    desk.tick(f"{MON}T12:00")
    assert desk.sent_to() == ["manager"]
    assert desk.outcomes()[0] == ("resolution/1/0/0/owner", "sent")


def test_nothing_is_told_twice_and_an_idle_tick_does_nothing(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.tick(f"{MON}T06:00")
    rev = desk.case().rev
    assert desk.tick(f"{MON}T06:01").due == 0
    assert desk.case().rev == rev
    assert desk.sent_to() == ["owner"]


def test_a_ticket_resolved_in_time_is_never_heard_of(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.put(f"{MON}T05:00", **{**NEW, "status": "Resolved", "updated_at": f"{MON}T05:00:00Z"})
    assert desk.case().next_at is None
    assert desk.tick(f"{MON}T09:00").due == 0
    assert desk.sent_to() == []


def test_a_resolution_that_the_stream_has_not_brought_yet_stops_the_alert(desk: Desk) -> None:
    """Promise 3: the record is read consistently before a send."""
    desk.put(f"{MON}T00:00", **NEW)
    desk.write(ticket_id="T-1", **{**NEW, "status": "Resolved", "updated_at": f"{MON}T05:00:00Z"})
    assert desk.tick(f"{MON}T09:00").sent == 0
    assert desk.sent_to() == []


def test_an_outage_ends_no_alert_and_one_catch_up_follows(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.sns.meta.events.register("before-call.sns.Publish", _unreachable)
    result = desk.tick(f"{MON}T06:00")
    assert (result.sent, result.retried) == (0, 1)
    assert desk.tick(f"{MON}T06:01").retried == 1
    for minute in ("08:30", "09:30", "12:30"):
        desk.tick(f"{MON}T{minute}")
    assert desk.case().reached == {}, "a level counts as reached only when it was sent"
    desk.sns.meta.events.unregister("before-call.sns.Publish", _unreachable)
    desk.tick(f"{MON}T13:00")
    messages = desk.sent()
    assert sorted(topic for topic, _ in messages) == sorted(
        ["owner", "owner-urgent", "team-lead", "team-lead-urgent", "manager"]
    )
    assert {
        ("resolution/1/0/0/owner", "superseded"),
        ("resolution/1/1/0/owner", "superseded"),
    } < set(desk.outcomes())


def _unreachable(**_: object) -> None:
    raise EndpointConnectionError(endpoint_url="https://sns")


def test_a_claim_whose_holder_died_lapses_and_is_sent_with_the_same_id(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.sns.meta.events.register("before-call.sns.Publish", _die)
    with pytest.raises(KeyboardInterrupt):
        desk.tick(f"{MON}T06:00")
    desk.sns.meta.events.unregister("before-call.sns.Publish", _die)
    (claimed,) = desk.case().outbox.values()
    assert desk.tick(f"{MON}T06:02").due == 0, "the lease still holds"
    desk.tick(f"{MON}T06:03")
    ((topic, body),) = desk.sent()
    assert topic == "owner"
    assert body["alerts"][0]["id"] == claimed.alerts[0].id


def _die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_an_audience_without_a_topic_is_passed_over_to_the_next_level_in_the_same_tick(
    aws: None,
) -> None:
    desk = Desk(topics=tuple(name for name in TOPICS if not name.startswith("owner")))
    desk.tick(f"{MON}T00:00")
    desk.put(f"{MON}T00:00", **NEW)
    result = desk.tick(f"{MON}T06:00")
    assert result.undeliverable == 1
    assert desk.sent_to() == ["team-lead"]
    assert ("resolution/1/0/0/owner", "undeliverable") in desk.outcomes()


def test_where_no_audience_has_a_topic_operations_are_told(aws: None) -> None:
    desk = Desk(topics=("operations",))
    desk.tick(f"{MON}T00:00")
    desk.put(f"{MON}T00:00", **NEW)
    desk.tick(f"{MON}T06:00")
    assert desk.sent_to() == ["operations"]
    desk.tick(f"{MON}T06:01")
    assert desk.sent_to() == []


def test_what_is_not_urgent_waits_for_the_hours_of_its_audience_and_says_so(aws: None) -> None:
    office = Calendar.from_spec({"timezone": "UTC", "hours": {"tue": [["09:00", "17:00"]]}})
    audiences = {**policy().audiences, "manager": Audience("manager", hours="work")}
    desk = Desk(policy(audiences=audiences, calendars={"always": ALWAYS, "work": office}))
    desk.tick(f"{MON}T00:00")
    desk.put(f"{MON}T00:00", **NEW)
    desk.tick(f"{MON}T08:01")
    desk.sent()
    desk.tick(f"{MON}T12:00")
    assert desk.sent_to() == []
    assert ("resolution/1/2/0/manager", "deferred") in desk.outcomes()
    desk.tick("2026-03-03T09:00")
    assert "manager" in desk.sent_to()


def test_more_than_digest_after_for_one_audience_become_one_digest(desk: Desk) -> None:
    for number in range(25):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    result = desk.tick(f"{MON}T06:00")
    ((topic, body),) = desk.sent()
    assert topic == "owner"
    assert result.digested == 25
    assert len(body["alerts"]) == 25
    assert all(
        desk.outcomes(f"T-{n}") == [("resolution/1/0/0/owner", "in_digest")] for n in range(25)
    )
    assert desk.tick(f"{MON}T06:01").due == 0


def test_urgent_ones_come_singly_while_there_is_room(desk: Desk) -> None:
    for number in range(12):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    desk.tick(f"{MON}T08:01")
    to_lead = [body for topic, body in desk.sent() if topic == "team-lead"]
    assert len(to_lead) == 11, "ten of their own and a digest of two"


def test_a_digest_whose_holder_died_after_sending_is_settled_and_not_sent_again(desk: Desk) -> None:
    for number in range(12):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    settle = desk.parts.watch.outbox.settle
    desk.parts.watch.outbox.settle = _die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        desk.tick(f"{MON}T06:00")
    desk.parts.watch.outbox.settle = settle  # type: ignore[method-assign]
    assert len(desk.sent()) == 1
    desk.tick(f"{MON}T06:05")
    assert desk.sent() == []
    assert all(
        desk.outcomes(f"T-{n}") == [("resolution/1/0/0/owner", "in_digest")] for n in range(12)
    )


def test_an_old_backlog_is_one_digest_for_each_audience(aws: None) -> None:
    desk = Desk()
    for number in range(12):
        desk.write(ticket_id=f"T-{number}", **{**NEW, "created_at": "2024-01-01T00:00:00Z"})
    desk.tick(f"{MON}T00:00")
    swept = desk.sweep(f"{MON}T00:01")
    assert (swept.tickets, swept.new_cases) == (12, 12)
    desk.tick(f"{MON}T00:02")
    assert sorted(desk.sent_to()) == sorted(
        ["executive", "manager", "owner", "owner-urgent", "team-lead", "team-lead-urgent"]
    )


def test_mode_observe_sends_only_one_digest_a_day_to_operations(aws: None) -> None:
    desk = Desk(mode="observe")
    desk.put(f"{MON}T00:00", **NEW)
    for hour in ("06:00", "08:01", "12:00", "23:59"):
        desk.tick(f"{MON}T{hour}")
    assert desk.sent_to() == []
    assert {outcome for _, outcome in desk.outcomes()} == {"observed"}
    desk.tick("2026-03-03T00:00")
    (message,) = [body for topic, body in desk.sent() if topic == "operations"]
    assert message
    desk.tick("2026-03-03T00:01")
    assert "operations" not in desk.sent_to()


def test_going_live_tells_each_audience_once_of_what_was_only_observed(aws: None) -> None:
    desk = Desk(mode="observe")
    for number in range(5):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    desk.tick(f"{MON}T09:00")
    desk.parts.watch.state.set_mode("live", at(f"{MON}T10:00"))
    for number in range(5):
        assert Outcome.OBSERVED in {
            reached.outcome for reached in desk.case(f"T-{number}").reached.values()
        }
    desk.tick(f"{MON}T12:00")
    assert sorted(set(desk.sent_to())) == [
        "manager",
        "owner",
        "owner-urgent",
        "team-lead",
        "team-lead-urgent",
    ]


def test_a_tick_short_of_time_starts_no_send_and_leaves_the_rest_due(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    assert desk.tick(f"{MON}T06:00", time_left=10).sent == 0
    assert desk.sent_to() == []
    desk.tick(f"{MON}T06:01")
    assert desk.sent_to() == ["owner"]


def test_a_second_tick_beside_the_first_does_nothing(desk: Desk) -> None:
    assert desk.parts.watch.leases.take("another", at(f"{MON}T06:00"), at(f"{MON}T06:02"))
    assert desk.parts.tick(at(f"{MON}T06:00"), lambda: 100).run() is None


def test_a_damaged_item_is_put_back_told_once_and_stops_nobody(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.put(f"{MON}T00:00", "T-2", **NEW)
    desk.dynamodb.update_item(
        TableName=desk.parts.settings.watch_table,
        Key={"pk": {"S": "C#T-1"}, "sk": {"S": "W"}},
        UpdateExpression="SET facts = :x",
        ExpressionAttributeValues={":x": {"S": "not facts"}},
    )
    result = desk.tick(f"{MON}T06:00")
    assert result.put_back == 1
    assert sorted(desk.sent_to()) == ["operations", "owner"]
    assert desk.tick(f"{MON}T06:00:30").put_back == 0
    assert desk.tick(f"{MON}T06:01").put_back == 1
    assert desk.sent_to() == []


def test_a_new_policy_asks_for_a_sweep_and_re_times_every_case(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.with_policy(policy(rule("all", resolution(2 * HOUR)), hash="stricter"))
    desk.tick(f"{MON}T01:00")
    swept = desk.sweep(f"{MON}T01:00")
    assert swept.repaired == 1
    assert desk.case().next_at == at(f"{MON}T01:30")


def test_a_sweep_of_a_healthy_table_writes_nothing(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    rev = desk.case().rev
    swept = desk.sweep(f"{MON}T01:00")
    assert (swept.tickets, swept.new_cases, swept.repaired) == (1, 0, 0)
    assert desk.case().rev == rev


def test_a_sweep_finds_a_resolution_that_no_stream_brought(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.write(ticket_id="T-1", **{**NEW, "status": "Resolved", "updated_at": f"{MON}T05:00:00Z"})
    assert desk.sweep(f"{MON}T05:30").repaired == 1
    assert desk.case().next_at is None


def test_a_lost_next_at_comes_back_with_the_sweep(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    case = desk.case()
    desk.parts.watch.cases.keep(evolve(case, next_at=None), [])
    assert desk.tick(f"{MON}T06:00").due == 0
    assert desk.sweep(f"{MON}T06:30").repaired == 1
    desk.tick(f"{MON}T06:31")
    assert desk.sent_to() == ["owner"]


def test_every_level_that_came_due_in_two_weeks_has_an_end_in_the_audit(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    start, now = at(f"{MON}T00:00"), at(f"{MON}T00:00")
    from datetime import UTC, datetime

    while now < start + 40 * DAY:
        desk.tick(datetime.fromtimestamp(now, UTC).isoformat())
        following = desk.case().next_at
        assert following is not None
        now = max(following, now + 60)
    ended = {alert for alert, _ in desk.outcomes()}
    assert {
        f"resolution/1/{level}/0/{who}"
        for level, who in [(0, "owner"), (1, "team-lead"), (2, "manager")]
    } < ended
    assert {"age/1/0/0/manager", "age/1/1/0/executive"} < ended
    assert {outcome for _, outcome in desk.outcomes()} <= {"sent", "superseded", "in_digest"}


def test_a_topic_that_nobody_confirmed_counts_as_nobody_and_the_next_level_is_told(
    desk: Desk,
) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.parts.watch.topic_counts.keep({**dict.fromkeys(TOPICS, 1), "owner": 0}, at(f"{MON}T00:00"))
    desk.tick(f"{MON}T06:00")
    assert sorted(desk.sent_to()) == ["owner", "team-lead"], (
        "published all the same: the count may be old"
    )
    assert ("resolution/1/0/0/owner", "undeliverable") in desk.outcomes()


def test_a_sweep_counts_who_is_subscribed(desk: Desk) -> None:
    arn = "arn:aws:sns:eu-central-1:123456789012:sla-manager"
    desk.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="m@example.org")
    desk.sweep(f"{MON}T00:00")
    topics = desk.parts.watch.topic_counts.read()
    assert topics is not None
    assert (topics["manager"], topics["owner"]) == (2, 1)


def test_values_without_a_topic_of_their_own_share_the_digest_of_their_audience(aws: None) -> None:
    audiences = {**policy().audiences, "owner": Audience("owner", each="assignee")}
    desk = Desk(policy(audiences=audiences), topics=(*TOPICS, "owner--kim"))
    desk.tick(f"{MON}T00:00")
    desk.parts.watch.topic_counts.keep(
        dict.fromkeys((*TOPICS, "owner--kim"), 1), at(f"{MON}T00:00")
    )
    desk.put(f"{MON}T00:00", "T-kim", **NEW, assignee="kim")
    for number in range(12):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW, assignee=f"agent {number}")
    desk.tick(f"{MON}T06:00")
    assert sorted(desk.sent_to()) == ["owner", "owner--kim"]


def test_a_damaged_item_does_not_block_the_stream(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.dynamodb.update_item(
        TableName=desk.parts.settings.watch_table,
        Key={"pk": {"S": "C#T-1"}, "sk": {"S": "W"}},
        UpdateExpression="SET facts = :x",
        ExpressionAttributeValues={":x": {"S": "not facts"}},
    )
    assert desk.put(f"{MON}T01:00", **{**NEW, "status": "Waiting"}).kept == 0


def test_a_case_that_cannot_be_judged_is_kept_due_now_and_reported_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("sla_watchdog.usecases.judging.evaluator.plan", broken)
    desk.put(f"{MON}T00:00", **NEW)
    assert desk.case().next_at == at(f"{MON}T00:00")
    assert desk.tick(f"{MON}T00:01").put_back == 1
    assert desk.sent_to() == ["operations"]
    assert desk.tick(f"{MON}T00:03").put_back == 1
    assert desk.sent_to() == []


def test_a_new_policy_asks_for_one_sweep_whichever_function_sees_it_first(desk: Desk) -> None:
    def asked() -> int:
        queue = desk.parts.queue
        attributes = queue.client.get_queue_attributes(
            QueueUrl=queue.url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])

    before = asked()
    desk.with_policy(policy(hash="stricter"))
    desk.put(f"{MON}T00:00", **NEW)
    assert asked() == before, "track sees the policy first, and asks for nothing"
    desk.tick(f"{MON}T00:01")
    desk.tick(f"{MON}T00:02")
    assert asked() == before + desk.parts.settings.segments


def test_a_case_that_no_item_can_hold_is_reported_and_the_stream_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = desk.parts.watch.cases.keep

    def refusing(case: Case, found: Iterable[Finding]) -> bool:
        if case.id == "T-1":
            raise Unstorable("the table refuses case 'T-1'")
        return keep(case, found)

    monkeypatch.setattr(desk.parts.watch.cases, "keep", refusing)
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.put(f"{MON}T00:00", "T-2", **NEW)
    desk.tick(f"{MON}T00:01")
    assert desk.sent_to() == ["operations"]
    desk.tick(f"{MON}T06:00")
    assert desk.sent_to() == ["owner", "owner"], (
        "the stand-in is judged like any ticket that cannot be read"
    )


@pytest.mark.parametrize("ticket", ["K" * 2048, "a/b#c|d e", "\u202e\u0000x", "x" * 1000])
def test_whatever_a_key_can_hold_is_a_ticket_or_a_finding(desk: Desk, ticket: str) -> None:
    desk.put(f"{MON}T00:00", ticket, **NEW)
    desk.put(f"{MON}T00:00", "T-2", **NEW)
    desk.tick(f"{MON}T00:01")
    desk.tick(f"{MON}T06:00")
    notified = desk.sent_to()
    assert notified.count("owner") == 2


def test_a_case_of_which_no_message_can_be_made_is_tried_again_and_keeps_nobody_from_being_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sla_watchdog.usecases.watch import compose

    def broken(case: Case, *rest: object) -> object:
        if case.id == "T-1":
            raise ValueError("no words")
        return worded(case, *rest)  # type: ignore[arg-type]

    worded = compose.notice
    monkeypatch.setattr(compose, "notice", broken)
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.put(f"{MON}T00:00", "T-2", **NEW)
    result = desk.tick(f"{MON}T06:00")
    assert (result.sent, result.retried) == (1, 1)
    assert result.problem.startswith("T-1: ValueError in test_tick.py:")
    assert desk.sent_to() == ["owner"]
    monkeypatch.undo()
    assert desk.tick(f"{MON}T06:05").sent == 1


def test_what_burns_again_is_told_once_by_a_clock_that_is_behind(desk: Desk) -> None:
    """A process five minutes ahead said that it is over; until the others' clocks are there nothing
    is told twice.
    """
    desk.put(f"{MON}T00:00", **NEW)
    desk.tick(f"{MON}T08:01")
    desk.put(f"{MON}T08:30", **NEW | {"status": "Resolved"})
    desk.tick(f"{MON}T09:05")
    desk.put(f"{MON}T09:00", **NEW | {"status": "Open"})
    desk.sent()
    desk.tick(f"{MON}T09:01")
    assert "owner" in desk.sent_to()
    desk.tick(f"{MON}T09:02")
    assert desk.sent() == []


@pytest.mark.parametrize(
    "name",
    [
        "a/b",
        "x#y",
        "T 1",
        "é" * 100,
        "🎫",
        "a\nb",
        "..",
        "/",
        "META",
        "C#x",
        "?x",
        "u" * 900,
        "\u202eabc",
        "null",
    ],
)
def test_an_id_may_be_any_text(desk: Desk, name: str) -> None:
    desk.put(f"{MON}T00:00", name, **NEW)
    desk.tick(f"{MON}T08:01")
    notified = [alert["id"] for _, body in desk.sent() for alert in body["alerts"]]
    assert len(set(notified)) == len(notified) == 4
    assert {each.rpartition("/resolution/")[0] for each in notified} == {name}
    swept = desk.sweep(f"{MON}T08:30")
    assert (swept.violations, swept.healed) == (0, 0)
    desk.put(f"{MON}T09:00", name, **NEW | {"status": "Resolved"})
    desk.tick(f"{MON}T09:30")
    assert {alert["clock"] for _, body in desk.sent() for alert in body["alerts"]} == {"cleared"}
    assert desk.case(name).next_at is None
