"""Records that do not say who replied (semantics B2): reported once for the whole deployment."""

from __future__ import annotations

from attrs import evolve

from building import MON
from component.test_requests import counting
from desk import Desk

ANSWERED = {
    "created_at": f"{MON}T00:00:00Z",
    "status": "New",
    "first_response_at": f"{MON}T01:00:00Z",
}


def kinds(desk: Desk) -> list[tuple[str, str]]:
    return [(finding.ticket, finding.kind) for finding in desk.parts.watch.cases.findings()]


def test_the_first_reply_by_nobody_knows_whom_is_reported_once_and_never_again(desk: Desk) -> None:
    for number in range(3):
        desk.put(f"{MON}T01:00", f"T-{number}", **ANSWERED)
    assert kinds(desk) == [("?replier", "replier")]
    desk.tick(f"{MON}T01:01")
    desk.tick(f"{MON}T23:00")
    assert [topic for topic in desk.sent_to() if topic == "operations"] == ["operations"]


def test_another_process_reports_nothing_again(desk: Desk) -> None:
    desk.put(f"{MON}T01:00", "T-1", **ANSWERED)
    rev = desk.case("?replier").rev
    desk.parts = evolve(desk.parts, said=set())
    desk.put(f"{MON}T01:00", "T-2", **ANSWERED)
    assert (desk.case("?replier").rev, len(kinds(desk))) == (rev, 1)


def test_once_reported_it_costs_no_request(desk: Desk) -> None:
    desk.put(f"{MON}T01:00", "T-1", **ANSWERED)
    calls = counting(desk)
    desk.put(f"{MON}T01:00", "T-2", **ANSWERED)
    assert calls == {"PutItem": 1, "UpdateItem": 2, "GetItem": calls["GetItem"], "BatchGetItem": 3}


def test_nobody_waits_for_the_stand_in(desk: Desk) -> None:
    desk.put(
        f"{MON}T01:00", "T-1", **ANSWERED | {"status": "Closed", "closed_at": f"{MON}T01:00:00Z"}
    )
    desk.tick(f"{MON}T01:01")
    desk.tick("2026-05-02T00:00")
    assert set(desk.sent_to()) == {"operations"}
    assert desk.case("?replier").next_at is None


def test_a_ticket_that_nobody_answered_says_nothing_about_replies(desk: Desk) -> None:
    desk.put(f"{MON}T01:00", "T-1", **ANSWERED | {"first_response_at": None})
    assert kinds(desk) == []
