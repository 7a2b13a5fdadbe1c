"""What is stored of cases is altered, attribute by attribute; the next sweep notices each, and puts
it right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve
from moto import mock_aws

from building import MON, at
from desk import Desk
from sla_watchdog.adapters.dynamodb.attributes import plain, typed
from sla_watchdog.adapters.dynamodb.case_item import shard_of
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.presentation.text.reason import worded

NEW = {
    "created_at": f"{MON}T00:00:00Z",
    "status": "New",
    "subject": "City page still online",
    "customer_id": "city",
}
SHARD = int(shard_of("T-1", urgent=False)[2:])


@pytest.fixture
def desk() -> Iterator[Desk]:
    """T-1 is two thirds of its way, warned of, odd in one word, and has a second ticket; a sweep
    finds it sound.
    """
    with mock_aws():
        desk = Desk()
        desk.tick(f"{MON}T00:00")
        desk.put(f"{MON}T00:00", **NEW, priority="Odd")
        desk.put(
            f"{MON}T00:01", "T-2", created_at=f"{MON}T00:01:00Z", status="Closed", merged_into="T-1"
        )
        desk.tick(f"{MON}T06:00")
        desk.sent()
        assert sound(desk)
        yield desk


def sound(desk: Desk, now: str = f"{MON}T07:00") -> bool:
    before = everything(desk)
    swept = desk.sweep(now)
    assert (swept.violations, swept.healed, swept.noticed) == (0, 0, [])
    return everything(desk) == before


def items(desk: Desk) -> dict[tuple[str, str], dict[str, Any]]:
    found = desk.dynamodb.scan(TableName=desk.parts.settings.watch_table)["Items"]
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in found}


def everything(desk: Desk) -> dict[tuple[str, str], dict[str, Any]]:
    """All of the Watch table but what it knows about itself."""
    return {key: item for key, item in items(desk).items() if key[0] != "META"}


def without_rev(
    stored: dict[tuple[str, str], dict[str, Any]],
) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        key: {name: v for name, v in item.items() if name != "rev"} for key, item in stored.items()
    }


def alter(desk: Desk, pk: str, change: Callable[[dict[str, Any]], None], sk: str = "W") -> None:
    item: dict[str, Any] = plain(items(desk)[pk, sk])
    change(item)
    desk.dynamodb.put_item(TableName=desk.parts.settings.watch_table, Item=typed(item))


def put(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda item: item.update({name: value})


def drop(*names: str) -> Callable[[dict[str, Any]], None]:
    def change(item: dict[str, Any]) -> None:
        for name in names:
            del item[name]

    return change


def rename_a_level(item: dict[str, Any]) -> None:
    name, level = item["reached"].popitem()
    item["reached"][name[::-1]] = level


ALTERED: dict[str, tuple[str, Callable[[dict[str, Any]], None], str]] = {
    "next_at is later": (
        "C#T-1",
        put("next_at", at("2026-03-09T00:00")),
        "T-1: next_at: put right",
    ),
    "next_at is earlier": ("C#T-1", put("next_at", at(f"{MON}T07:30")), "T-1: next_at: put right"),
    "nothing wakes it": (
        "C#T-1",
        drop("next_at", "due_shard"),
        "T-1: due_shard, next_at: put right",
    ),
    "it is in no index": ("C#T-1", drop("due_shard"), "T-1: due_shard: put right"),
    "another shard": (
        "C#T-1",
        put("due_shard", f"n#{(SHARD + 1) % 8}"),
        "T-1: due_shard: put right",
    ),
    "a shard nobody asks": ("C#T-1", put("due_shard", "n#9"), "T-1: due_shard: put right"),
    "urgent": ("C#T-1", put("due_shard", f"n#{SHARD}"), "T-1: due_shard: put right"),
    "an older generation": ("C#T-1", put("generation", 0), ""),
    "a breach that was none": (
        "C#T-1",
        put("breached", {"T-1/first_response": at(f"{MON}T01:00"), "T-1/next_response/1": 5}),
        "T-1: breached: put right",
    ),
    "no findings": ("C#T-1", drop("findings"), "T-1: findings: put right"),
    "another finding": (
        "C#T-1",
        put("findings", [{"ticket": "T-1", "kind": "status", "reason": "odd"}]),
        "T-1: findings: put right",
    ),
    "a level under another name": ("C#T-1", rename_a_level, "T-1: reached: put right"),
    "a member that is none": ("C#T-1", put("members", ["T-3"]), "T-1: members: put right"),
    "not remembered for its subject": ("K#", drop("t:T-1"), "T-1: look-alike keys: put right"),
    "remembered as older": ("K#", put("t:T-1", 5), "T-1: look-alike keys: put right"),
}


def key_of(desk: Desk, pk: str) -> str:
    return next(key for key, _ in sorted(items(desk)) if key.startswith(pk))


@pytest.mark.parametrize(("pk", "change", "noticed"), ALTERED.values(), ids=ALTERED.keys())
def test_each_derived_field_that_is_altered_is_noticed_and_put_right(
    desk: Desk, pk: str, change: Callable[[dict[str, Any]], None], noticed: str
) -> None:
    before = everything(desk)
    alter(desk, key_of(desk, pk), change)
    assert everything(desk) != before
    swept = desk.sweep(f"{MON}T07:00")
    assert swept.noticed == ([noticed] if noticed else [])
    after = without_rev(everything(desk))
    after["C#T-1", "W"].pop("edited_at", None)  # that of an older generation is edited since
    if "breached" not in noticed:  # what was on record once stays, where it may have been true
        assert after == without_rev(before)
    assert sound(desk, f"{MON}T07:01")


def test_a_lost_way_to_the_case_is_laid_again(desk: Desk) -> None:
    desk.dynamodb.delete_item(
        TableName=desk.parts.settings.watch_table, Key={"pk": {"S": "C#T-2"}, "sk": {"S": "W"}}
    )
    assert desk.sweep(f"{MON}T07:00").new_cases == 1  # by its record, which names the case
    assert desk.case("T-2").id == "T-1"
    assert sound(desk, f"{MON}T07:01")


def test_a_message_under_another_recipients_name_finds_its_own_place_again(desk: Desk) -> None:
    desk.sns.meta.events.register(
        "before-call.sns.Publish", lambda **_: (_Throttled(), {"Error": {"Code": "Throttling"}})
    )
    desk.tick(f"{MON}T08:01")
    assert desk.case().outbox

    def rename(item: dict[str, Any]) -> None:
        _, entry = item["outbox"].popitem()
        item["outbox"]["nobody"] = entry

    alter(desk, "C#T-1", rename)
    assert any("outbox" in each for each in desk.sweep(f"{MON}T08:01").noticed)
    assert all(key == entry.key for key, entry in desk.case().outbox.items())


class _Throttled:
    status_code = 400


def long_history(desk: Desk) -> Case:
    """More facts than one item holds, so that older ones are sealed."""
    case = desk.case()
    more = [Fact("T-1", "agent_reply", at(f"{MON}T00:10") + n, "Kim Öztürk") for n in range(3000)]
    evaluated, plan = desk.parts.evaluator(at(f"{MON}T07:00"), live=True).timed(
        evolve(case, facts=Facts.of([*case.facts, *more])), at(f"{MON}T07:00")
    )
    assert desk.parts.watch.cases.keep(evaluated, plan.findings)
    assert sound(desk, f"{MON}T07:01")
    return desk.case()


@pytest.mark.parametrize(
    "change", [drop("sealed"), put("sealed", {"T-1": 9})], ids=["no sealed items", "too many"]
)
def test_a_wrong_count_of_sealed_items_loses_no_fact(
    desk: Desk, change: Callable[[dict[str, Any]], None]
) -> None:
    facts = set(long_history(desk).facts)
    alter(desk, "C#T-1", change)
    assert desk.sweep(f"{MON}T07:02").healed
    assert facts <= set(desk.case().facts)
    assert sound(desk, f"{MON}T07:03")


DAMAGE: dict[str, Callable[[dict[str, Any]], None]] = {
    "facts": put("facts", "not facts"),
    "no facts": drop("facts"),
    "rev": put("rev", "many"),
    "outbox": put("outbox", {"owner": {"token": 5}}),
    "reached": put("reached", {"x": {"clock": "c"}}),
    "seen": put("seen", ["T-1"]),
    "next_at of another kind": put("breached", {"x": "soon"}),
    "moved nowhere": put("moved_to", "T-99"),
    "failures": put("failures", "often"),
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_case_is_rebuilt_from_its_record_said_once_and_its_bytes_kept(
    desk: Desk, change: Callable[[dict[str, Any]], None]
) -> None:
    alter(desk, "C#T-1", change)
    damaged = items(desk)["C#T-1", "W"]
    swept = desk.sweep(f"{MON}T07:00")
    assert (swept.healed, swept.violations) == (1, 0)
    (copy,) = [item for (pk, _), item in items(desk).items() if pk == "X#T-1"]
    assert copy["item"]["M"] == damaged
    assert desk.case().facts.latest("T-1", "status") == "New"
    (reason,) = [
        worded(finding.reason)
        for finding in desk.parts.watch.cases.findings()
        if finding.kind == "stored"
    ]
    assert reason.endswith("the rest is under X#T-1")
    desk.tick(f"{MON}T07:01")
    assert "operations" in desk.sent_to()
    desk.tick(f"{MON}T08:01")
    assert "owner" in desk.sent_to()


def test_a_damaged_case_without_a_record_is_put_back_and_counted(desk: Desk) -> None:
    desk.delete(f"{MON}T06:30", streamed=False)
    desk.delete(f"{MON}T06:30", "T-2", streamed=False)
    alter(desk, "C#T-1", put("facts", "not facts"))
    assert desk.sweep(f"{MON}T07:00").violations == 2  # and the way of T-2 to it
    assert desk.tick(f"{MON}T08:01").put_back == 2


def test_only_the_case_itself_is_woken(desk: Desk) -> None:
    alter(desk, "C#T-2", lambda item: item.update(next_at=5, due_shard="n#1"))
    assert desk.sweep(f"{MON}T07:00").noticed == ["T-2: next_at: put right"]
    assert "next_at" not in items(desk)["C#T-2", "W"]


def test_a_case_whose_record_is_gone_is_still_looked_at(desk: Desk) -> None:
    desk.delete(f"{MON}T06:30", streamed=False)
    alter(desk, "C#T-1", drop("next_at", "due_shard"))
    assert desk.sweep(f"{MON}T07:00").repaired == 1
    desk.sent()
    desk.tick(f"{MON}T07:01")
    assert "operations" in desk.sent_to(), "it was deleted while unresolved"


def test_a_deletion_that_no_stream_reported_is_kept_by_the_first_sweep_that_meets_it(
    desk: Desk,
) -> None:
    desk.delete(f"{MON}T06:30", streamed=False)
    desk.tick(f"{MON}T08:01")
    assert desk.sent_to().count("operations") == 1
    first, second = desk.sweep(f"{MON}T08:10"), desk.sweep(f"{MON}T09:10")
    assert (first.repaired, first.healed, first.violations) == (1, 0, 0), first.noticed
    assert (second.cases_open, second.cases_at_risk, second.cases_breached) == (0, 0, 0)
    assert (second.repaired, second.healed, second.violations) == (0, 0, 0), second.noticed
    assert desk.case().facts.latest("T-1", "gone")
    assert desk.case().next_at is None


def test_a_sweep_counts_open_cases_by_how_bad_they_are(desk: Desk) -> None:
    desk.put(f"{MON}T07:00", "T-3", created_at=f"{MON}T07:00:00Z", status="Waiting")
    now = [desk.sweep(f"{MON}T{time}") for time in ("07:30", "08:30")]
    assert [(s.cases_open, s.cases_at_risk, s.cases_breached) for s in now] == [
        (2, 1, 0),
        (2, 0, 1),
    ]


def test_what_is_due_and_not_taken_is_noticed(desk: Desk) -> None:
    due = desk.case().next_at
    assert due == at(f"{MON}T08:00:01")
    assert desk.sweep(f"{MON}T08:02").noticed == []
    assert desk.sweep(f"{MON}T08:03").noticed == [f"T-1: due since {due} and not taken"]


def test_a_message_tried_in_vain_for_a_quarter_of_an_hour_is_noticed(desk: Desk) -> None:
    desk.sns.meta.events.register(
        "before-call.sns.Publish", lambda **_: (_Throttled(), {"Error": {"Code": "Throttling"}})
    )
    for minute in range(1, 20):
        desk.tick(f"{MON}T08:{minute:02d}")
    assert any("tried" in each for each in desk.sweep(f"{MON}T08:19").noticed)


def test_an_audience_that_nobody_listens_to_is_noticed_until_somebody_does(desk: Desk) -> None:
    listed = desk.sns.list_subscriptions_by_topic(
        TopicArn="arn:aws:sns:eu-central-1:123456789012:sla-owner"
    )
    for each in listed["Subscriptions"]:
        desk.sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    swept = desk.sweep(f"{MON}T07:00")
    assert swept.noticed == ["audience owner: nobody has confirmed a subscription"]
    desk.sns.subscribe(
        TopicArn=listed["Subscriptions"][0]["TopicArn"],
        Protocol="email",
        Endpoint="kim@example.org",
    )
    assert desk.sweep(f"{MON}T07:05").violations == 0


def test_a_whole_sweep_leaves_its_sums_for_doctor(desk: Desk) -> None:
    alter(desk, "C#T-1", drop("due_shard"))
    desk.sweep(f"{MON}T07:00")
    last = desk.parts.watch.pulse.last_sweep()
    assert last is not None
    assert last.at == at(f"{MON}T07:00")
    assert (last.counts["healed"], last.counts["violations"], last.counts["tickets"]) == (1, 0, 2)
    assert last.noticed == ("T-1: due_shard: put right",)


def test_a_sweep_that_runs_out_of_time_goes_on_and_counts_all(desk: Desk) -> None:
    desk.time_left = 1.0
    desk.sweep(f"{MON}T07:00")
    last = desk.parts.watch.pulse.last_sweep()
    assert last is not None
    assert (last.at, last.counts["tickets"], last.counts["cases"]) == (at(f"{MON}T07:00"), 2, 1)
