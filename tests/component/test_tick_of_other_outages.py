"""What a tick needs beside SNS fails, or its own items are damaged: what is due is told, and
nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, Self

import pytest
from attrs import evolve
from botocore.exceptions import ClientError
from moto import mock_aws

from building import MON, at, policy
from desk import NEW, Desk
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.usecases.judging import evaluator
from sla_watchdog.usecases.track.change import Change
from sla_watchdog.usecases.track.track import StillContended


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        desk = Desk()
        desk.tick(f"{MON}T00:00")
        desk.sweep(f"{MON}T00:00")
        yield desk


class Refused:
    """While it lasts, calls of one operation are refused; those about `of` alone, or all."""

    def __init__(self, client: Any, event: str, code: str, of: str = "") -> None:
        self.events, self.event, self.code, self.of = (
            client.meta.events,
            f"before-call.{event}",
            code,
            of,
        )

    def __enter__(self) -> Self:
        self.events.register(self.event, self)
        return self

    def __exit__(self, *_: object) -> None:
        self.events.unregister(self.event, self)

    def __call__(self, params: dict[str, Any], **_: object) -> object:
        if self.of not in str(params["body"]):
            return None
        problem = {
            "Error": {"Code": self.code, "Message": self.code},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        return SimpleNamespace(status_code=400), problem


def notified(desk: Desk) -> Counter[str]:
    return Counter(alert["id"] for _, body in desk.sent() for alert in body["alerts"])


# ------------------------------------------------------------------ the Audit table


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ResourceNotFoundException", "ThrottlingException"]
)
def test_while_the_audit_table_cannot_be_written_each_alert_is_told_once_and_its_record_waits(
    desk: Desk, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.parts.watch.items, "pause", lambda _: None)
    for number in range(3):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    seen: Counter[str] = Counter()
    with (
        Refused(desk.dynamodb, "dynamodb.TransactWriteItems", code),
        Refused(desk.dynamodb, "dynamodb.BatchWriteItem", code),
    ):
        for minute in range(6 * 60, 8 * 60 + 10, 2):
            desk.tick(f"{MON}T{minute // 60:02}:{minute % 60:02}")
            seen += notified(desk)
        assert desk.audit("T-1") == []
        during = desk.sweep(f"{MON}T08:10")
    assert seen == {f"T-{n}/resolution/1/{to}": 1 for n in range(3) for to in NOTIFIED}
    assert during.violations == 3
    assert any("the Audit table cannot be written" in text for text in during.noticed)
    after = desk.sweep(f"{MON}T08:20")
    assert after.violations == 0
    assert sorted(desk.outcomes("T-1")) == sorted((f"resolution/1/{to}", "sent") for to in NOTIFIED)
    key = {"pk": S("C#T-1"), "sk": S("W")}
    assert "unaudited" not in desk.dynamodb.get_item(TableName="watch", Key=key)["Item"]


NOTIFIED = ("0/0/owner", "1/0/owner", "1/0/owner-urgent", "1/0/team-lead", "1/0/team-lead-urgent")


def test_a_level_that_waits_is_on_record_later_where_the_audit_table_cannot_be_written(
    desk: Desk,
) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.put(f"{MON}T00:00", "T-2", **NEW)
    case = desk.case()
    fact = acknowledged("T-1", at(f"{MON}T05:00"), at(f"{MON}T09:00"), "Kim")
    timed, evaluated = desk.parts.evaluator(at(f"{MON}T05:00"), live=True).surely_timed(
        evolve(case, facts=case.facts | [fact]), at(f"{MON}T05:00")
    )
    assert desk.parts.watch.cases.keep(timed, evaluated.findings)
    with Refused(desk.dynamodb, "dynamodb.BatchWriteItem", "AccessDeniedException"):
        assert desk.tick(f"{MON}T06:00").deferred == 1
    assert notified(desk) == {"T-2/resolution/1/0/0/owner": 1}, "the others are told"
    desk.sweep(f"{MON}T07:00")
    assert ("resolution/1/0/0/owner", "deferred") in desk.outcomes()


# ------------------------------------------------------------- the queue, the list of subscribers


def test_a_sweep_that_cannot_be_asked_for_holds_no_alert_back_and_is_asked_for_later(
    desk: Desk,
) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.with_policy(policy(hash="another"))
    with Refused(desk.parts.queue.client, "sqs.SendMessage", "OverLimit"):
        result = desk.tick(f"{MON}T06:00")
    assert (result.sent, "queue takes no segment" in result.problem) == (1, True)
    before = desk.asked_for_sweeps()
    desk.tick(f"{MON}T06:01")
    assert desk.asked_for_sweeps() == before + desk.parts.settings.segments


def test_a_topic_that_cannot_be_counted_keeps_its_count_and_hides_no_record_from_the_sweep(
    desk: Desk,
) -> None:
    for number in range(20):
        desk.write(ticket_id=f"L-{number}", **NEW)
    with Refused(desk.sns, "sns.ListSubscriptionsByTopic", "AuthorizationError", of="sla-manager"):
        swept = desk.sweep(f"{MON}T01:00")
    assert swept.new_cases == 20
    assert any("topic manager" in text for text in swept.noticed)
    counts = desk.parts.watch.topic_counts.read()
    assert counts is not None
    assert counts["manager"] == 1


# ----------------------------------------------------------- what the watchdog knows about itself

S, N = (lambda text: {"S": text}), (lambda number: {"N": str(number)})
DAMAGE: dict[str, tuple[str, dict[str, Any]]] = {
    "a lease until a text": ("lease", {"owner": S("x"), "until": S("soon")}),
    "a lease without an end": ("lease", {"owner": S("x")}),
    "a lease for decades": ("lease", {"owner": S("x"), "until": N(4_102_444_800)}),
    "counts that are no map": ("topics", {"topics": S("x")}),
    "counts that are not there": ("topics", {"other": S("x")}),
    "a count that is none": (
        "topics",
        {"topics": {"M": {"owner": S("one")}}, "since": {"M": {"owner": S("soon")}}},
    ),
    "a mode that is none": ("mode", {"name": S("LIVE "), "since": N(5)}),
    "a mode since a text": ("mode", {"name": S("live"), "since": S("x")}),
    "a generation that is no number": (
        "generation",
        {"number": S("x"), "hash": S("h"), "numbers": S("y")},
    ),
    "a generation swept by a text": (
        "generation",
        {"number": N(1), "hash": S("policy"), "swept": S("x")},
    ),
    "a silence that is none": ("silences", {"s:1": S("x")}),
    "a beat that is none": ("beat", {"at": S("x")}),
}


@pytest.mark.parametrize(("room", "item"), DAMAGE.values(), ids=DAMAGE.keys())
def test_whatever_stands_in_an_item_of_its_own_the_watchdog_goes_on(
    desk: Desk, room: str, item: dict[str, Any]
) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.dynamodb.put_item(TableName="watch", Item={"pk": S("META"), "sk": S(room), **item})
    desk.tick(f"{MON}T06:00")
    desk.put(f"{MON}T06:30", "T-2", **NEW)
    assert desk.sweep(f"{MON}T07:00").finished
    desk.tick(f"{MON}T07:01")
    assert notified(desk) == {f"{name}/resolution/1/0/0/owner": 1 for name in ("T-1", "T-2")}
    assert desk.parts.watch.pulse.last_beat() is None or room == "beat"


def test_a_generation_that_was_lost_begins_beyond_what_the_cases_know_once_a_sweep_has_seen_them(
    desk: Desk,
) -> None:
    for number in range(3):
        desk.with_policy(policy(hash=f"policy {number}"))
        desk.tick(f"{MON}T00:0{number + 1}")
    desk.put(f"{MON}T00:10", **NEW)
    assert desk.case().generation == 4
    desk.dynamodb.delete_item(TableName="watch", Key={"pk": S("META"), "sk": S("generation")})
    desk.put(f"{MON}T00:20", assignee="Kim", **NEW)
    assert desk.case().facts.latest("T-1", "assignee") == "Kim", (
        "what is new of it is kept meanwhile"
    )
    desk.sweep(f"{MON}T01:00")
    desk.sweep(f"{MON}T02:00")
    assert desk.case().generation == 5
    desk.tick(f"{MON}T06:00")
    assert notified(desk) == {"T-1/resolution/1/0/0/owner": 1}


def test_where_the_mode_is_lost_the_last_tick_knows_that_it_was_live() -> None:
    with mock_aws():
        desk = Desk(mode="observe")
        desk.parts.watch.state.set_mode("live", at(f"{MON}T00:00"))
        desk.put(f"{MON}T00:00", **NEW)
        desk.parts.watch.pulse.beat(at(f"{MON}T00:01"), QUIET, at(f"{MON}T00:00"))
        desk.dynamodb.delete_item(TableName="watch", Key={"pk": S("META"), "sk": S("mode")})
        assert desk.tick(f"{MON}T06:00").sent == 1
        mode = desk.parts.watch.state.mode()
        assert (mode.name, mode.since) == ("live", at(f"{MON}T00:00"))
        desk.parts.watch.state.set_mode("observe", at(f"{MON}T07:00"))
        assert desk.tick(f"{MON}T08:01").sent == 0, "undone is undone"


QUIET = {"oldest_pending_seconds": 0, "left_due": 0, "put_back": 0, "problem": "", "sent": 0}


# ------------------------------------------------------------------ one case


def test_operations_are_told_of_a_case_that_cannot_be_judged_though_sns_was_out_at_first_and_daily(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    evaluated = evaluator.plan

    def broken(case: Any, *rest: Any, **more: Any) -> object:
        if case.id == "T-1":
            raise RuntimeError("a fault of ours")
        return evaluated(case, *rest, **more)

    monkeypatch.setattr(evaluator, "plan", broken)
    with Refused(desk.sns, "sns.Publish", "ThrottledException"):
        desk.tick(f"{MON}T06:00")
    messages = 0
    for hour in range(7, 7 + 72):
        desk.tick(f"2026-03-{2 + hour // 24:02}T{hour % 24:02}:00")
        messages += sum(topic == "operations" for topic in desk.sent_to())
    assert messages in (3, 4), "at once, and about once a day"
    swept = desk.sweep("2026-03-06T00:00")
    assert swept.violations == 1
    assert "T-1: cannot be judged: RuntimeError" in swept.noticed


def test_a_case_that_the_table_does_not_take_is_put_back_and_holds_no_other_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    real = desk.parts.watch.items.update

    def too_large(pk: str, sk: str, change: Any) -> Any:
        if pk == "C#T-1" and "outbox" in str(change.request()):
            raise ClientError(
                {"Error": {"Code": "ValidationException", "Message": "Item size"}}, "UpdateItem"
            )
        return real(pk, sk, change)

    monkeypatch.setattr(desk.parts.watch.items, "update", too_large)
    result = desk.tick(f"{MON}T06:00")
    assert (result.sent, result.put_back) == (2, 1)
    sent = desk.sent()
    assert sorted(topic for topic, _ in sent) == ["operations", "owner", "owner"]
    assert desk.case("T-1").failures == 1


def test_a_batch_of_the_stream_is_taken_in_but_for_the_one_case_that_is_contended(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = desk.parts.watch.cases.keep

    def lost(case: Any, *rest: Any) -> bool:
        return case.id != "T-1" and real(case, *rest)

    monkeypatch.setattr(desk.parts.watch.cases, "keep", lost)
    changes = [
        Change({"ticket_id": name}, {"ticket_id": name, **NEW}, at(f"{MON}T00:00"), "7")
        for name in ("T-1", "T-2")
    ]
    with pytest.raises(StillContended):
        desk.parts.tracker(at(f"{MON}T00:00")).track(changes, at(f"{MON}T00:00"))
    assert desk.case("T-2").next_at is not None


def test_a_policy_rolled_back_within_minutes_keeps_no_change_from_being_taken_in() -> None:
    with mock_aws():
        desk = Desk(policy(hash="A"))
        desk.tick(f"{MON}T00:00")
        desk.with_policy(policy(hash="B"))
        desk.tick(f"{MON}T01:00")
        desk.put(f"{MON}T01:00", **NEW)
        desk.with_policy(policy(hash="A"))
        desk.put(f"{MON}T01:02", assignee="Max", **NEW)
        case = desk.case()
        assert (case.facts.latest("T-1", "assignee"), case.generation) == ("Max", 2)
        desk.tick(f"{MON}T06:00")
        assert notified(desk) == {"T-1/resolution/1/0/0/owner": 1}


# ------------------------------------------------------------------ the last look


@pytest.mark.parametrize("count", [1, 12], ids=["alone", "in a digest"])
def test_what_is_over_by_the_time_its_link_is_stored_is_not_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    desk.parts = evolve(
        desk.parts, settings=evolve(desk.parts.settings, link_base="https://alerts.example")
    )
    for number in range(count):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    clock = [0.0]
    desk.parts = evolve(desk.parts, clock=lambda: clock[0])
    stored: Callable[..., bool] = desk.parts.watch.alert_links.put

    def slowly(code: str, case: str, *rest: Any) -> bool:
        if case == "T-0":
            clock[0] += 5.5
            desk.write(
                ticket_id="T-0", **{**NEW, "status": "Resolved", "updated_at": f"{MON}T06:00:00Z"}
            )
        return stored(code, case, *rest)

    monkeypatch.setattr(desk.parts.watch.alert_links, "put", slowly)
    result = desk.tick(f"{MON}T06:00")
    assert notified(desk) == {f"T-{n}/resolution/1/0/0/owner": 1 for n in range(1, count)}
    assert result.withdrawn == 1


# ------------------------------------------------------------------ how late


def test_the_lag_counts_from_when_it_could_be_told(desk: Desk) -> None:
    """What became known late, or was held back, is not late; what was tried before is, and what no
    tick took.
    """
    desk.put(f"{MON}T20:00", created_at="2026-02-01T00:00:00Z", status="New")
    assert desk.tick(f"{MON}T20:01").lag_seconds == 60, "of an old ticket that was brought just now"
    desk.put(
        f"{MON}T20:01",
        created_at="2026-02-01T00:00:00Z",
        status="Resolved",
        resolved_at=f"{MON}T20:01:00Z",
    )
    desk.tick(f"{MON}T20:02")
    desk.tick(f"{MON}T20:31")
    desk.put(f"{MON}T20:00", "T-2", **{**NEW, "created_at": f"{MON}T20:00:00Z"})
    assert desk.tick("2026-03-03T02:10").lag_seconds == 600, "no tick ran for ten minutes"
    with Refused(desk.sns, "sns.Publish", "ThrottledException"):
        desk.tick("2026-03-03T04:01")
    assert desk.tick("2026-03-03T04:31").lag_seconds == 1859, (
        "it was tried in vain half an hour ago"
    )


# ------------------------------------------------------------------ names of topics


def test_no_two_recipients_have_one_topic() -> None:
    names = [
        "network",
        "network-urgent",
        "Network",
        "Network Urgent",
        "kim",
        "Kim!",
        "urgent",
        "-urgent",
    ]
    topics = [
        Recipient("team-lead", name, urgent).name for name in names for urgent in (False, True)
    ]
    assert len(set(topics)) == len(topics)
    assert Recipient("team-lead", "network").name == "team-lead--network"
    again = [
        Recipient("team-lead", topic.removeprefix("team-lead--")).name for topic in topics[::2]
    ]
    assert again == topics[::2], "a topic's name leads back to it"


# ------------------------------------------------------------------ fewer than before


def test_a_sweep_that_sees_less_than_half_of_the_tickets_of_before_says_so_until_it_is_meant(
    desk: Desk,
) -> None:
    for number in range(12):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    desk.sweep(f"{MON}T01:00")
    for number in range(7):
        desk.delete(f"{MON}T01:30", f"T-{number}")
    desk.tick(f"{MON}T01:31")
    desk.sweep(f"{MON}T02:00")
    last = desk.parts.watch.pulse.last_sweep()
    assert last is not None
    assert (last.counts["violations"], "tickets: 5 seen, 12 the time before" in last.noticed) == (
        1,
        True,
    )
    desk.sweep(f"{MON}T03:00")
    last = desk.parts.watch.pulse.last_sweep()
    assert last is not None
    assert last.counts["violations"] == 1
    assert desk.parts.watch.deletions.accept(at(f"{MON}T03:30"), "kim")
    desk.sweep(f"{MON}T04:00")
    last = desk.parts.watch.pulse.last_sweep()
    assert last is not None
    assert last.counts["violations"] == 0
