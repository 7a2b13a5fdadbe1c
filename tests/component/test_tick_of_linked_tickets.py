"""Several tickets that are one matter, end to end on in-process stores: however they arrive they
are one case.
"""

from __future__ import annotations

from itertools import permutations

import pytest

from building import HOUR, MON, TUE, at, policy, resolution, rule
from desk import NEW, Desk
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.tickets.facts import Fact
from sla_watchdog.usecases.track.linking import Linker

LATER = {"created_at": f"{MON}T02:00:00Z", "status": "New"}


def stored(desk: Desk, name: str) -> dict[str, object]:
    key = {"pk": {"S": f"C#{name}"}, "sk": {"S": "W"}}
    return dict(
        desk.dynamodb.get_item(TableName=desk.parts.settings.watch_table, Key=key).get("Item", {})
    )


def ids(desk: Desk, *names: str) -> dict[str, str]:
    cases = desk.parts.watch.cases.read(names)
    return {
        name: case.id if isinstance(case, Case) else case.reason for name, case in cases.items()
    }


def test_a_ticket_merged_into_another_is_one_case_with_it_under_the_older_ones_id(
    desk: Desk,
) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.put(f"{MON}T02:00", "T-2", **LATER)
    desk.put(f"{MON}T03:00", "T-2", **LATER, merged_into="T-1", updated_at=f"{MON}T03:00:00Z")
    assert ids(desk, "T-1", "T-2") == {"T-1": "T-1", "T-2": "T-1"}
    assert desk.case("T-2").facts.tickets() == ("T-1", "T-2")
    assert set(stored(desk, "T-2")) == {"pk", "sk", "moved_to", "rev"}


@pytest.mark.parametrize("order", list(permutations(["T-1", "T-2", "T-3"])), ids="-".join)
def test_tickets_of_one_desk_case_are_one_case_in_any_order_of_arrival(
    desk: Desk, order: tuple[str, ...]
) -> None:
    created = {"T-1": "00", "T-2": "01", "T-3": "02"}
    for name in order:
        fields = {
            "created_at": f"{MON}T{created[name]}:00:00Z",
            "status": "New",
            "case_id": "matter 7",
        }
        desk.put(f"{MON}T02:30", name, **fields)
    assert set(ids(desk, "T-1", "T-2", "T-3", "case_id=matter 7").values()) == {
        desk.case(order[0]).id
    }
    assert desk.case("T-3").facts.tickets() == ("T-1", "T-2", "T-3")
    assert desk.case().members == {"case_id=matter 7"}
    assert [case.id for case in {c.id: c for c in all_cases(desk)}.values()] == [desk.case().id]


def all_cases(desk: Desk) -> list[Case]:
    items = desk.dynamodb.scan(TableName=desk.parts.settings.watch_table)["Items"]
    names = [
        item["pk"]["S"][2:]
        for item in items
        if item["pk"]["S"].startswith("C#") and "facts" in item
    ]
    return [case for case in desk.parts.watch.cases.read(names).values() if isinstance(case, Case)]


def test_a_ticket_that_only_was_named_lands_in_the_case_when_it_is_first_seen(desk: Desk) -> None:
    desk.put(f"{MON}T02:00", "T-2", **LATER, follow_up_of="T-1")
    assert desk.case("T-2").members == {"T-1"}
    desk.put(f"{MON}T02:10", "T-1", **NEW)
    assert desk.case("T-1").facts.tickets() == ("T-1", "T-2")
    assert desk.case("T-1").members == frozenset()


def test_a_deleted_ticket_that_only_was_named_is_not_made_up(desk: Desk) -> None:
    desk.put(f"{MON}T02:00", "T-2", **LATER, follow_up_of="T-1")
    desk.deliver(f"{MON}T03:00", "T-1", None)
    assert desk.case("T-1").facts.tickets() == ("T-2",)


def test_many_tickets_of_one_matter_make_one_ladder_for_what_is_the_cases(desk: Desk) -> None:
    for number in range(4):
        desk.put(
            f"{MON}T0{number}:00",
            f"T-{number}",
            created_at=f"{MON}T0{number}:00:00Z",
            status="New",
            case_id="7",
        )
    desk.tick("2026-03-17T00:00")
    ages = [alert for _, body in desk.sent() for alert in body["alerts"] if alert["clock"] == "age"]
    assert len(ages) == 1


def test_a_merged_ticket_is_not_told_any_more_and_its_case_is(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.put(f"{MON}T02:00", "T-2", **LATER)
    desk.put(f"{MON}T03:00", "T-2", **LATER, merged_into="T-1", updated_at=f"{MON}T03:00:00Z")
    desk.tick(f"{TUE}T00:30")
    assert {alert["id"][:3] for _, body in desk.sent() for alert in body["alerts"]} == {"T-1"}


def test_two_due_names_of_one_case_are_told_once(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.put(f"{MON}T00:00", "T-2", **NEW)
    linked = {**NEW, "case_id": "7", "updated_at": f"{MON}T01:00:00Z"}
    desk.put(f"{MON}T01:00", "T-1", **linked)
    desk.put(f"{MON}T01:00", "T-2", **linked)
    evaluated = desk.parts.evaluator(at(f"{MON}T06:00"), live=True).evaluate(
        ["T-1", "T-2"], at(f"{MON}T06:00")
    )
    assert (
        len({id(each.case) for each in evaluated.values() if not isinstance(each, DamagedItem)})
        == 1
    )
    assert desk.tick(f"{MON}T06:00").sent == 1


def test_while_a_message_is_on_its_way_nothing_is_joined_and_later_it_is(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.sns.meta.events.register("before-call.sns.Publish", _die)
    with pytest.raises(KeyboardInterrupt):
        desk.tick(f"{MON}T06:00")
    desk.sns.meta.events.unregister("before-call.sns.Publish", _die)
    desk.put(f"{MON}T06:01", "T-2", created_at=f"{MON}T06:00:00Z", status="New", follow_up_of="T-1")
    assert ids(desk, "T-1", "T-2") == {"T-1": "T-1", "T-2": "T-2"}
    assert desk.case("T-2").next_at == at(f"{MON}T06:03") + 30
    desk.tick(f"{MON}T06:04")
    assert ids(desk, "T-1", "T-2") == {"T-1": "T-1", "T-2": "T-1"}
    assert desk.sent_to() == ["owner"]
    assert desk.case().outbox == {}


def _die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_sweep_links_what_no_stream_reported(desk: Desk) -> None:
    desk.write(ticket_id="T-1", **NEW)
    desk.write(ticket_id="T-2", **LATER, merged_into="T-1")
    desk.write(ticket_id="T-3", **LATER, follow_up_of="T-2")
    desk.sweep(f"{MON}T03:00")
    assert set(ids(desk, "T-1", "T-2", "T-3").values()) == {"T-1"}
    rev = desk.case().rev
    desk.sweep(f"{MON}T04:00")
    assert desk.case().rev == rev, "nothing drifted"


def test_a_tick_links_what_is_found_apart(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    case = desk.case()
    desk.parts.watch.cases.keep(
        _with(case, Fact("T-1", "case_id", case.facts.of_field("T-1", "created")[0].at, "7")), []
    )
    assert ids(desk, "case_id=7") == {}
    desk.tick(f"{MON}T06:00")
    assert ids(desk, "case_id=7") == {"case_id=7": "T-1"}


def _with(case: Case, fact: Fact) -> Case:
    from attrs import evolve

    return evolve(case, facts=case.facts | [fact])


def test_tickets_merged_in_a_circle_are_one_case_with_a_finding(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW, merged_into="T-2")
    desk.put(f"{MON}T02:00", "T-2", **LATER, merged_into="T-1")
    assert set(ids(desk, "T-1", "T-2").values()) == {"T-1"}
    assert {finding.kind for finding in desk.parts.watch.cases.findings()} == {"merged_into"}


def test_a_chain_of_tickets_that_arrive_newest_first_is_a_short_way(desk: Desk) -> None:
    for number in range(40, 0, -1):
        day = f"2026-02-{number % 28 + 1:02d}" if number < 28 else MON
        hour = f"{day}T{number % 24:02d}:00:00Z"
        desk.put(
            f"{MON}T20:00",
            f"T-{number}",
            created_at=hour,
            status="New",
            follow_up_of=f"T-{number - 1}",
        )
    found = ids(desk, *(f"T-{number}" for number in range(41)))
    assert len(set(found.values())) == 1
    assert len(desk.case("T-40").facts.tickets()) == 40


@pytest.mark.parametrize("to", ["T-2", "nowhere"], ids=["circle", "nowhere"])
def test_a_broken_pointer_is_never_silence_and_is_rebuilt_from_the_record(
    desk: Desk, to: str
) -> None:
    table = desk.parts.settings.watch_table
    pointer = {"pk": {"S": "C#T-2"}, "sk": {"S": "W"}, "moved_to": {"S": to}, "rev": {"N": "4"}}
    desk.dynamodb.put_item(TableName=table, Item=pointer)
    assert isinstance(desk.parts.watch.cases.read(["T-2"])["T-2"], DamagedItem)
    desk.write(ticket_id="T-2", **LATER)
    assert desk.put(f"{MON}T02:00", "T-2", **LATER).kept == 0
    assert desk.sweep(f"{MON}T03:00").noticed == ["T-2: damaged: put right"]
    assert desk.case("T-2").id == "T-2"
    assert desk.tick(f"{MON}T03:01").put_back == 0
    assert desk.sent_to() == ["operations"]


def test_what_is_told_stays_told_when_cases_are_joined(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.put(f"{MON}T00:00", "T-2", **NEW)
    desk.tick(f"{MON}T06:00")
    assert sorted(desk.sent_to()) == ["owner", "owner"]
    for name in ("T-1", "T-2"):
        desk.put(f"{MON}T07:00", name, **NEW, case_id="7", updated_at=f"{MON}T07:00:00Z")
    assert {clock for clock, _ in desk.case().reached} == {"T-1/resolution/1", "T-2/resolution/1"}
    assert desk.tick(f"{MON}T07:01").sent == 0


def test_linking_again_changes_nothing(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.put(f"{MON}T02:00", "T-2", **LATER, merged_into="T-1")
    rev = desk.case().rev
    evaluator = desk.parts.evaluator(at(f"{MON}T03:00"), live=True)
    assert Linker(evaluator, desk.parts.watch).link("T-2", at(f"{MON}T03:00")) == frozenset()
    assert desk.case().rev == rev


def test_an_older_function_does_not_link_what_a_newer_policy_wrote(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    old = desk.parts
    desk.with_policy(policy(rule("other", resolution(4 * HOUR)), hash="newer"))
    desk.put(f"{MON}T02:00", "T-1", **NEW, team="pages")
    evaluator = old.evaluator(at(f"{MON}T02:01"), live=True)
    case = desk.case()
    desk.parts.watch.cases.keep(_with(case, Fact("T-1", "case_id", at(f"{MON}T02:00"), "7")), [])
    assert Linker(evaluator, desk.parts.watch).link("T-1", at(f"{MON}T02:01")) == frozenset()
    assert ids(desk, "7") == {}
