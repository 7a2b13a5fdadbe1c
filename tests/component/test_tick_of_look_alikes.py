"""The same matter twice: noticed by `track`, joined where the evidence is strong, else a finding of
the younger ticket, told once; and what it costs.
"""

from __future__ import annotations

from itertools import permutations

import pytest
from attrs import evolve

from building import MON, at
from component.test_requests import counting
from desk import Desk
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.tickets.lookalikes import SAME_MATTER, answered
from sla_watchdog.presentation.text.reason import worded

CITY = {
    "created_at": f"{MON}T00:00:00Z",
    "status": "New",
    "customer_id": "city",
    "subject": "City page still online",
}
AGAIN = {**CITY, "created_at": f"{MON}T02:00:00Z", "subject": "RE: City page still online!"}
ORDER = {**CITY, "subject": "Order 4711008 is late"}
ORDER_AGAIN = {**AGAIN, "subject": "What about 4711008?"}


def found(desk: Desk) -> dict[str, str]:
    return {
        finding.ticket: worded(finding.reason)
        for finding in desk.parts.watch.cases.findings()
        if finding.kind == SAME_MATTER
    }


@pytest.mark.parametrize("order", [("T-1", "T-2"), ("T-2", "T-1")], ids="-".join)
def test_the_younger_of_two_says_so_whichever_is_seen_first(
    desk: Desk, order: tuple[str, str]
) -> None:
    records = {"T-1": ORDER, "T-2": ORDER_AGAIN}
    for name in order:
        desk.put(f"{MON}T02:00", name, **records[name])
    assert found(desk) == {
        "T-2": "T-2 looks like T-1, less than a day old: same customer, same reference"
    }
    desk.tick(f"{MON}T02:01")
    assert desk.sent_to() == ["operations"]


@pytest.mark.parametrize("order", [("T-1", "T-2"), ("T-2", "T-1")], ids="-".join)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({}, {}, id="the same subject"),
        pytest.param({"status": "Resolved"}, {}, id="the older is resolved"),
        pytest.param({}, {"status": "Closed"}, id="the younger is closed"),
        pytest.param({}, {"subject": "Where are you? See T-1 please"}, id="quoted"),
        pytest.param({}, {"subject": "still broken (t-1)"}, id="quoted in small letters"),
        pytest.param({}, {"subject": "Nothing!", "case_id": "T-1"}, id="id as its case"),
    ],
)
def test_strong_evidence_joins_whichever_is_seen_first(
    desk: Desk, first: dict[str, str], second: dict[str, str], order: tuple[str, str]
) -> None:
    records = {"T-1": CITY | first, "T-2": AGAIN | second}
    for name in order:
        desk.put(f"{MON}T02:00", name, **records[name])
    assert desk.case("T-2").facts.tickets() == ("T-1", "T-2")
    assert found(desk) == {}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"customer_id": "other"}, {}, id="another customer"),
        pytest.param({"subject": "Something else entirely"}, {}, id="another subject"),
        pytest.param({"customer_id": "0"}, {"customer_id": "0"}, id="nobody"),
        pytest.param(
            {
                "created_at": "2025-12-01T00:00:00Z",
                "status": "Closed",
                "closed_at": "2025-12-02T00:00:00Z",
            },
            {},
            id="quiet for long",
        ),
        pytest.param(
            {"customer_id": "a", "subject": "Order 4711008"}, {"customer_id": "b"}, id="nothing"
        ),
    ],
)
def test_what_is_not_alike_is_neither_joined_nor_a_finding(
    desk: Desk, first: dict[str, str], second: dict[str, str]
) -> None:
    desk.put(f"{MON}T00:00", "T-1", **CITY | first)
    desk.put(f"{MON}T02:00", "T-2", **AGAIN | second)
    assert desk.case("T-2").facts.tickets() == ("T-2",)
    assert found(desk) == {}


@pytest.mark.parametrize("order", list(permutations(["T-1", "T-2", "T-3"])), ids="-".join)
def test_the_third_of_one_short_subject_joins_whichever_is_seen_first(
    desk: Desk, order: tuple[str, ...]
) -> None:
    short = {**CITY, "subject": "Login fails"}
    first, second, third = order
    for name in (first, second):
        desk.put(f"{MON}T03:00", name, **short | {"created_at": f"{MON}T0{name[2:]}:00:00Z"})
    younger = max(first, second)
    older = min(first, second)
    looks = f"{younger} looks like {older}, less than a day old: same customer, same short subject"
    assert found(desk) == {younger: looks}
    desk.put(f"{MON}T03:00", third, **short | {"created_at": f"{MON}T0{third[2:]}:00:00Z"})
    assert desk.case("T-3").facts.tickets() == ("T-1", "T-2", "T-3")
    assert found(desk) == {}


@pytest.mark.parametrize("order", [("1000", "1001"), ("1001", "1000")], ids="-".join)
def test_a_short_number_after_a_hash_joins_whichever_is_seen_first(
    desk: Desk, order: tuple[str, str]
) -> None:
    records = {"1000": CITY, "1001": {**AGAIN, "subject": "Re: #1000 is broken still"}}
    for name in order:
        desk.put(f"{MON}T02:00", name, **records[name])
    assert desk.case("1001").facts.tickets() == ("1000", "1001")


def test_an_id_that_another_customer_quotes_is_a_finding(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **CITY)
    agency = {**AGAIN, "customer_id": "agency", "subject": "@you your ticket T-1"}
    desk.put(f"{MON}T02:00", "T-2", **agency)
    assert found(desk) == {
        "T-2": "T-2 of another customer quotes the id of T-1, less than a day old"
    }


def test_a_person_who_says_so_joins_and_one_who_denies_it_takes_apart(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **ORDER)
    desk.put(f"{MON}T02:00", "T-2", **ORDER_AGAIN)
    said(desk, f"{MON}T02:01", same=True)
    desk.tick(f"{MON}T02:02")
    desk.tick(f"{MON}T02:03")
    assert [m.id for m in judged(desk, f"{MON}T02:04").matters] == ["T-1"]
    said(desk, f"{MON}T02:05", same=False)
    assert [m.id for m in judged(desk, f"{MON}T02:06").matters] == ["T-1", "T-2"]
    desk.put(f"{MON}T02:07", "T-2", **ORDER_AGAIN | {"subject": "4711008, once more"})
    assert found(desk) == {}


def said(desk: Desk, now: str, same: bool) -> None:
    case = desk.case("T-2")
    with_it = case.facts | [answered("T-2", at(now), "T-1", same, "kim")]
    assert desk.parts.watch.cases.keep(evolve(case, facts=with_it, next_at=at(now)), [])


def judged(desk: Desk, now: str) -> Plan:
    return plan(desk.case("T-2"), desk.policy, at(now))


def test_a_reference_or_a_url_is_enough(desk: Desk) -> None:
    desk.put(
        f"{MON}T00:00",
        "T-1",
        **CITY | {"subject": "Order 4711008 is late", "url": "https://example.org/a"},
    )
    desk.put(f"{MON}T02:00", "T-2", **AGAIN | {"subject": "What about 4711008?"})
    desk.put(
        f"{MON}T03:00", "T-3", **AGAIN | {"subject": "Hello", "url": "http://www.example.org/a/"}
    )
    assert {name: reason.rpartition("same ")[2] for name, reason in found(desk).items()} == {
        "T-2": "reference",
        "T-3": "URL",
    }


def test_a_ticket_that_is_reopened_is_compared_then(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **CITY | {"status": "Resolved"})
    desk.put(f"{MON}T02:00", "T-2", **AGAIN)
    desk.put(f"{MON}T03:00", "T-1", **CITY | {"status": "New", "updated_at": f"{MON}T03:00:00Z"})
    assert desk.case("T-2").facts.tickets() == ("T-1", "T-2")


def test_a_sweep_notices_what_no_stream_reported(desk: Desk) -> None:
    desk.write(ticket_id="T-1", **ORDER)
    desk.write(ticket_id="T-2", **ORDER_AGAIN)
    desk.write(ticket_id="T-3", **CITY | {"status": "Closed"})
    desk.write(ticket_id="T-4", **AGAIN)
    desk.sweep(f"{MON}T03:00")
    assert set(found(desk)) == {"T-2"}
    assert desk.case("T-4").facts.tickets() == ("T-3", "T-4")


def test_records_that_the_stream_brings_again_are_noticed_then(desk: Desk) -> None:
    """A function that died between keeping the facts and noticing is followed by a delivery of the
    same batch.
    """
    desk.put(f"{MON}T00:00", "T-1", **ORDER)
    desk.put(f"{MON}T02:00", "T-2", **ORDER_AGAIN)
    case = desk.case("T-2")
    table = desk.parts.settings.watch_table
    for item in desk.dynamodb.scan(TableName=table)["Items"]:
        if item["pk"]["S"].startswith("K#") or item["pk"]["S"] == "C#T-2":
            desk.dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
    without = [fact for fact in case.facts if fact.field != SAME_MATTER]
    assert desk.parts.watch.cases.keep(Case("T-2", case.facts.of(without), seen=case.seen), [])
    for name, record in (("T-1", ORDER), ("T-2", ORDER_AGAIN)):
        desk._sequence = int(desk.case(name).seen[name]) - 1
        desk.deliver(f"{MON}T02:05", name, {"ticket_id": name, **record})
    assert set(found(desk)) == {"T-2"}


def test_at_most_twenty_tickets_are_remembered_under_a_key(desk: Desk) -> None:
    for number in range(25):
        seen = desk.parts.watch.lookalikes.remember("key", f"T-{number}", 1000 + number)
    assert len(seen) == 21
    assert set(desk.parts.watch.lookalikes.remember("key", "T-24", 1024)) == {
        f"T-{number}" for number in range(5, 25)
    }


def test_what_may_be_the_same_matter_costs_one_write_a_key_of_a_new_ticket(desk: Desk) -> None:
    calls = counting(desk)
    desk.put(f"{MON}T00:00", "T-1", **CITY)
    assert calls["UpdateItem"] - 1 - 1 == 1, (
        "beside its own and the simulated time one for the subject"
    )
    calls.clear()
    desk.put(
        f"{MON}T01:00", "T-1", **CITY | {"status": "Waiting", "updated_at": f"{MON}T01:00:00Z"}
    )
    assert calls["UpdateItem"] - 1 == 1, "the same keys again cost nothing"
    calls.clear()
    desk.put(f"{MON}T02:00", "T-2", **AGAIN)
    assert calls["UpdateItem"] - 1 == 3, "its own, the key, and the evidence"


def test_what_is_linked_later_is_no_finding_any_more(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **ORDER)
    desk.put(f"{MON}T02:00", "T-2", **ORDER_AGAIN)
    desk.put(
        f"{MON}T03:00", "T-2", **ORDER_AGAIN, follow_up_of="T-1", updated_at=f"{MON}T04:00:00Z"
    )
    assert found(desk) == {}


def repeatedly(desk: Desk, count: int, status: str) -> None:
    """So many tickets that look like CITY, opened once and then in `status`."""
    for number in range(count):
        name, created = f"M-{number}", f"{MON}T01:{number:02}:00Z"
        record = {**CITY, "created_at": created, "updated_at": created}
        desk.put(f"{MON}T01:{number:02}", name, **record)
        if status != CITY["status"]:
            later = f"{MON}T02:{number:02}:00Z"
            desk.put(
                f"{MON}T02:{number:02}", name, **{**record, "status": status, "updated_at": later}
            )


@pytest.mark.parametrize("status", ["Closed", CITY["status"]], ids=["closed since", "open still"])
def test_an_old_open_ticket_is_found_after_more_look_alikes_than_are_remembered(
    desk: Desk, status: str
) -> None:
    desk.put(f"{MON}T00:00", "OLD", **CITY)
    repeatedly(desk, 25, status)
    desk.put(f"{MON}T05:00", "NEW", **{**CITY, "created_at": f"{MON}T05:00:00Z"})
    found = desk.case("NEW").facts.latest("NEW", "same_matter")
    assert found[:1] == ("OLD",)


def test_a_sweep_remembers_an_open_ticket_that_closed_ones_had_displaced(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "OLD", **CITY)
    repeatedly(desk, 20, "Closed")
    for item in desk.dynamodb.scan(TableName="watch")["Items"]:
        if "t:OLD" in item:
            key = {name: item[name] for name in ("pk", "sk")}
            desk.dynamodb.update_item(
                TableName="watch",
                Key=key,
                UpdateExpression="REMOVE #old",
                ExpressionAttributeNames={"#old": "t:OLD"},
            )
    desk.sweep(f"{MON}T04:00")
    desk.put(f"{MON}T05:00", "NEW", **{**CITY, "created_at": f"{MON}T05:00:00Z"})
    assert desk.case("NEW").facts.latest("NEW", "same_matter")[:1] == ("OLD",)


def test_sweeps_of_more_open_look_alikes_than_are_remembered_are_content(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "OLD", **CITY)
    repeatedly(desk, 25, str(CITY["status"]))
    for name in ("OLD", *(f"M-{number}" for number in range(25))):
        desk.write(ticket_id=name, **CITY)
    desk.sweep(f"{MON}T04:00")
    assert not desk.sweep(f"{MON}T05:00").healed
