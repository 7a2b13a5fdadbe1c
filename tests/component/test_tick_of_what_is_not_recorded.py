"""A desk whose records never say who replied, or who owns a ticket: the whole way from a record to
silence, and back (semantics B10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from attrs import evolve
from moto import mock_aws

from building import DAILY, DAY, HOUR, MON, TUE, at, first_response, policy, resolution, rule
from component.cli_desk import Operator
from desk import Desk
from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.sqs import segment_of
from sla_watchdog.domain.clocks.evidence import Evidence
from sla_watchdog.domain.policy.model import (
    After,
    Audience,
    Carried,
    Ladder,
    Level,
    Metric,
    Open,
    Policy,
)
from sla_watchdog.usecases.sweep.ports import Segment
from sla_watchdog.usecases.track.change import Change

REPLY = Ladder("reply", (Level(After(0), ("team-lead",), repeat=DAILY),))
NO_OWNER = Ladder("signals", (Level(Open(4 * HOUR), ("team-lead",), repeat=DAILY),))
RULES = policy(
    rule("all", first_response(HOUR, REPLY), resolution(20 * DAY)),
    signals={Metric.UNOWNED: NO_OWNER},
    audiences={name: Audience(name) for name in ("owner", "team-lead", "manager", "executive")},
)
OWNED = evolve(RULES, signals={})
ENDED = {"created_at": f"{MON}T00:00:00Z", "status": "Resolved"}
OPEN = {"created_at": f"{MON}T01:00:00Z", "status": "New", "assignee": "Kim"}


def desk_of(rules: Policy = OWNED, ended: int = 25) -> Desk:
    """After a sweep, and after so many tickets ended."""
    desk = Desk(rules)
    desk.tick(f"{MON}T00:00")
    track(desk, {f"E-{number}": ENDED for number in range(ended)})
    desk.sweep(f"{MON}T00:30")
    desk.sent()
    return desk


def track(desk: Desk, records: Mapping[str, Mapping[str, object]]) -> None:
    """All of them at once, at ten past midnight."""
    now = at(f"{MON}T00:10")
    changes = []
    for sequence, (name, fields) in enumerate(records.items(), 1000):
        record = {"ticket_id": name, **fields}
        desk.write(**record)
        changes.append(Change({"ticket_id": name}, record, now, str(sequence)))
    desk.parts.watch.state.set_simulated_now(now)
    desk.parts.tracker(now).track(changes, now)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        yield desk_of()


def evidence(desk: Desk) -> Evidence:
    return desk.parts.watch.silences.context().evidence


def clocks_told(desk: Desk) -> list[str]:
    """The clocks of the messages to people since the last look."""
    return [body["clock"] for topic, body in desk.sent() if topic != "operations"]


# ---------------------------------------------------------------- until one is seen


def test_of_a_desk_without_replies_nobody_hears_that_there_is_none(desk: Desk) -> None:
    desk.put(f"{MON}T01:00", "T-1", **OPEN)
    for hour in ("02:00", "03:00", "09:00"):
        desk.tick(f"{MON}T{hour}")
    assert clocks_told(desk) == []
    assert desk.case("T-1").next_at == at(f"{MON}T01:00") + 14 * DAY
    assert evidence(desk) == Evidence(25, frozenset(Carried), {Carried.OWNER: at(f"{MON}T01:00")})


@pytest.mark.parametrize("ended", [0, 19])
def test_of_a_small_desk_everybody_hears_as_ever(ended: int) -> None:
    with mock_aws():
        desk = desk_of(ended=ended)
        desk.put(f"{MON}T01:00", "T-1", **OPEN)
        desk.tick(f"{MON}T02:00:01")
        assert clocks_told(desk) == ["first_response"]


def test_a_stack_whose_item_is_lost_or_was_never_written_judges_as_before(desk: Desk) -> None:
    watch = desk.parts.settings.watch_table
    desk.dynamodb.delete_item(TableName=watch, Key=typed({"pk": "META", "sk": "evidence"}))
    desk.put(f"{MON}T01:00", "T-1", **OPEN)
    desk.tick(f"{MON}T02:00:01")
    assert clocks_told(desk) == ["first_response"]


def test_a_policy_can_insist() -> None:
    with mock_aws():
        desk = desk_of(evolve(OWNED, judge_always=frozenset({Carried.REPLY})))
        desk.put(f"{MON}T01:00", "T-1", **OPEN)
        desk.tick(f"{MON}T02:00:01")
        assert clocks_told(desk) == ["first_response"]


def test_a_desk_without_owners_is_not_told_that_nobody_owns_anything() -> None:
    with mock_aws():
        desk = desk_of(RULES)
        desk.put(f"{MON}T01:00", "T-1", **{**OPEN, "assignee": None})
        desk.tick(f"{MON}T06:00")
        assert clocks_told(desk) == []
        desk.put(f"{MON}T07:00", "T-2", **{**OPEN, "assignee": "queue"})
        assert desk.parts.watch.generations.of("test", 0).swept is False
        desk.sweep(f"{MON}T07:01")
        desk.tick(f"{MON}T07:02")
        assert clocks_told(desk) == ["unowned", "unowned"]


# ---------------------------------------------------------------- from the first one on


def test_from_the_first_reply_on_it_is_judged_and_what_is_late_is_late_since_then(
    desk: Desk,
) -> None:
    desk.put(f"{MON}T01:00", "T-1", **OPEN)
    desk.put(f"{MON}T01:00", "T-2", **OPEN)
    desk.tick(f"{MON}T09:00")
    assert clocks_told(desk) == []
    desk.put(f"{MON}T10:00", "T-3", **{**OPEN, "first_response_at": f"{MON}T09:59:00Z"})
    assert evidence(desk).seen[Carried.REPLY] == at(f"{MON}T10:00")
    desk.tick(f"{MON}T10:01")  # it asks for the sweep that wakes them
    assert desk.asked_for_sweeps()
    desk.sweep(f"{MON}T10:02")
    desk.tick(f"{MON}T10:03")
    told = [body for topic, body in desk.sent() if topic != "operations"]
    assert [body["clock"] for body in told] == ["first_response"] * 2
    assert {body["case"] for body in told} == {"T-1", "T-2"}
    assert desk.case("T-1").breached == {"T-1/first_response": at(f"{MON}T10:00")}
    desk.put(f"{MON}T10:04", "T-4", **{**OPEN, "created_at": f"{MON}T10:04:00Z"})
    desk.tick(f"{MON}T11:04:01")
    assert clocks_told(desk) == ["first_response"]


def test_a_crowd_that_is_late_all_at_once_is_one_digest(desk: Desk) -> None:
    for number in range(15):
        desk.put(f"{MON}T01:00", f"T-{number}", **OPEN)
    desk.tick(f"{MON}T09:00")
    desk.put(f"{MON}T10:00", "LAST", **{**OPEN, "first_response_at": f"{MON}T09:59:00Z"})
    desk.sweep(f"{MON}T10:02")
    desk.tick(f"{MON}T10:03")
    (topic, digest), *_ = desk.sent()
    assert (topic, digest["kind"], len(digest["alerts"])) == ("team-lead", "digest", 15)


def test_a_sweep_alone_sees_it_too_where_no_stream_brings_it(desk: Desk) -> None:
    desk.put(f"{MON}T01:00", "T-1", **OPEN)
    desk.write(ticket_id="T-2", **OPEN, first_response_at=f"{MON}T09:59:00Z")
    desk.sweep(f"{MON}T10:00")
    assert evidence(desk).seen[Carried.REPLY] == at(f"{MON}T10:00")
    desk.sweep(f"{MON}T10:02")
    desk.tick(f"{MON}T10:03")
    assert clocks_told(desk) == ["first_response"]


def test_what_was_seen_stays_seen_though_the_record_loses_it(desk: Desk) -> None:
    desk.put(f"{MON}T01:00", "T-1", **OPEN, first_response_at=f"{MON}T01:00:30Z")
    desk.put(f"{MON}T02:00", "T-1", **OPEN)
    desk.delete(f"{MON}T03:00", "T-1")
    desk.sweep(f"{MON}T04:00")
    desk.put(f"{MON}T05:00", "T-5", **{**OPEN, "created_at": f"{MON}T05:00:00Z"})
    desk.tick(f"{MON}T06:00:01")
    assert "first_response" in clocks_told(desk)


def test_a_desk_of_before_with_replies_is_judged_from_its_first_sweep_on() -> None:
    """What is stored of it says so, though nothing was noted while it was taken in."""
    with mock_aws():
        desk = desk_of(ended=0)
        replied = {**ENDED, "first_response_at": f"{MON}T00:05:00Z"}
        track(desk, {**{f"E-{number}": ENDED for number in range(25)}, "R-1": replied})
        watch = desk.parts.settings.watch_table
        desk.dynamodb.delete_item(TableName=watch, Key=typed({"pk": "META", "sk": "evidence"}))
        desk.sweep(f"{MON}T00:30")
        assert Carried.REPLY not in evidence(desk).missed
        desk.put(f"{MON}T01:00", "T-1", **OPEN)
        desk.tick(f"{MON}T02:00:01")
        assert clocks_told(desk) == ["first_response"]


# ---------------------------------------------------------------- what it costs


def test_only_news_is_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    update = desk.dynamodb.update_item

    def noting(**request: object) -> object:
        written.append(str(request["Key"]))
        return update(**request)

    monkeypatch.setattr(desk.dynamodb, "update_item", noting)
    replied = {**OPEN, "first_response_at": f"{MON}T01:00:30Z"}
    for number in range(5):
        desk.put(f"{MON}T01:00", f"T-{number}", **replied)
    assert sum("'evidence'" in key for key in written) == 1


# ---------------------------------------------------------------- segments, and a crash


def segments_of(desk: Desk) -> list[Segment]:
    client, url = desk.parts.queue.client, desk.parts.queue.url
    found = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
        "Messages", []
    ):
        for message in messages:
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found.append(segment_of(message["Body"]))
    return found


def test_the_count_survives_calls_that_run_out_of_time_and_one_that_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """24 tickets in three segments, four records a page and a page a call; one call dies after its
    page, and its message comes again.
    """
    with mock_aws():
        desk = Desk(OWNED)
        desk.tick(f"{MON}T00:00")
        track(desk, {f"E-{number}": ENDED for number in range(24)})
        scan = desk.dynamodb.scan
        monkeypatch.setattr(
            desk.dynamodb, "scan", lambda **request: scan(**{**request, "Limit": 4})
        )
        now = at(f"{MON}T00:30")
        to_do = [Segment("run", number, 3) for number in range(3)]
        calls = 0
        segments_of(desk)
        while to_do:
            segment = to_do.pop(0)
            calls += 1
            desk.parts.sweeper(now).sweep(segment, now, lambda: 0.0)
            if calls == 2:
                segments_of(desk)  # it died before it could say where to go on
                to_do.append(segment)
            else:
                to_do += segments_of(desk)
            assert Carried.REPLY not in evidence(desk).missed or not to_do
        assert calls > 6
        assert evidence(desk).ended == 24
        assert Carried.REPLY in evidence(desk).missed


# ---------------------------------------------------------------- what operators see


@pytest.fixture
def file(tmp_path: Path) -> Path:
    original = Path(__file__).with_name("policy_files") / "operator.yaml"
    text = original.read_text().replace(
        "targets: {resolution:",
        "targets: {first_response: {within: 1h}, resolution:",
    )
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    return path


@pytest.fixture
def shown(operator: Operator, file: Path) -> Operator:
    from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy

    operator.desk.with_policy(compiled_policy(file))
    track(operator.desk, {f"E-{number}": ENDED for number in range(25)})
    operator.desk.sweep(f"{MON}T00:30")
    operator.desk.put(f"{MON}T01:00", "T-1", **OPEN)
    operator.tick(f"{MON}T03:00")
    return operator


SAID = (
    "first_response cannot be judged from these records: none of 25 tickets that ended carries a "
    "reply of the desk."
)


@pytest.mark.parametrize("command", ["status", "doctor", "go-live"])
def test_operators_are_told_once_in_each_place(shown: Operator, file: Path, command: str) -> None:
    argv = [command, "--dry-run"] if command == "go-live" else [command]
    assert shown(*argv, policy=file).said.count(SAID) == 1
    found = shown(*argv, "--json", policy=file).json
    if command == "doctor":
        (check,) = [check for check in found["checks"] if check["check"] == "not judged"]
        assert (check["state"], check["text"]) == ("mend", SAID)
        assert "judge_always: [reply]" in check["todo"]
    else:
        assert found["not_judged"] == SAID


def test_the_ticket_is_explained_without_a_verdict(shown: Operator, file: Path) -> None:
    said = shown("explain", "T-1", policy=file).said
    assert "FIRST RESPONSE not judged" in said
    assert "a reply of the desk: cannot be judged from these records" in said
    (matter,) = shown("explain", "T-1", "--json", policy=file).json["matters"]
    (ticket,) = matter["tickets"]
    clock = next(clock for clock in ticket["clocks"] if clock["metric"] == "first_response")
    assert (clock["state"], clock["needs"], clock["steps"]) == ("not judged", "reply", [])


def test_a_change_of_policy_is_compared_by_what_the_stack_knows(
    shown: Operator, file: Path, tmp_path: Path
) -> None:
    insisting = tmp_path / "insisting.yaml"
    insisting.write_text(file.read_text() + "judge_always: [reply]\n")
    shown.now = f"{MON}T05:00"
    same = shown("check-policy", str(file), "--against", str(file), policy=None)
    assert SAID in same.said
    assert "of which 0 move" in same.said
    changed = shown("check-policy", str(insisting), "--against", str(file), policy=None)
    assert "1 become overdue by the change alone" in changed.said
    assert SAID not in changed.said


def test_it_is_gone_from_all_places_once_one_is_seen(shown: Operator, file: Path) -> None:
    shown.desk.put(f"{TUE}T00:00", "T-2", **OPEN, first_response_at=f"{MON}T02:00:00Z")
    shown.tick(f"{TUE}T00:01")
    assert SAID not in shown("status", policy=file).said
    assert "FIRST RESPONSE breached" in shown("explain", "T-1", policy=file).said
