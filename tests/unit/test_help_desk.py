"""The record that a help desk has after each event."""

from collections.abc import Mapping

import pytest
from attrs import evolve

from sla_watchdog.domain.policy.model import Source
from sla_watchdog.tools.imports.events import Event, EventKind
from sla_watchdog.tools.simulation.help_desk import Words, apply, shaped

T0 = 1772442000
NEW = {
    "ticket_id": "T-1",
    "created_at": "2026-03-02T09:00:00Z",
    "updated_at": "2026-03-02T09:00:00Z",
    "status": "New",
}


def event(kind: EventKind, at: int = T0, by: str = "", **attributes: object) -> Event:
    return Event("T-1", at, kind, by, attributes)


def after(*events: Event, record: Mapping[str, object] | None = None) -> Mapping[str, object]:
    for each in events:
        record = apply(each, record or {})
    return record or {}


def test_a_creation_makes_a_record() -> None:
    assert after(event(EventKind.CREATED)) == NEW


def test_a_creation_keeps_what_it_says_itself() -> None:
    record = after(
        event(EventKind.CREATED, status="Active", priority="high", customer_tier="government")
    )
    assert record == {**NEW, "status": "Active", "priority": "high", "customer_tier": "government"}


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        pytest.param(event(EventKind.STATUS, status="Active"), {"status": "Active"}, id="status"),
        pytest.param(event(EventKind.PRIORITY, priority="low"), {"priority": "low"}, id="priority"),
        pytest.param(event(EventKind.NOTE), {}, id="a note answers nobody"),
        pytest.param(event(EventKind.REPLY, by="bot"), {}, id="a bot answers nobody"),
        pytest.param(event(EventKind.UPDATED, tags=["a"]), {"tags": ["a"]}, id="any attribute"),
        pytest.param(event(EventKind.LINKED, case_id="T-0"), {"case_id": "T-0"}, id="linked"),
        pytest.param(
            event(EventKind.REPLY, by="customer"),
            {"last_customer_reply_at": "2026-03-02T10:00:00Z"},
            id="the customer writes",
        ),
        pytest.param(
            event(EventKind.REPLY, by="agent"),
            {
                "last_agent_reply_at": "2026-03-02T10:00:00Z",
                "first_response_at": "2026-03-02T10:00:00Z",
            },
            id="an agent answers",
        ),
        pytest.param(
            event(EventKind.RESOLVED),
            {"status": "Resolved", "resolved_at": "2026-03-02T10:00:00Z"},
            id="resolved",
        ),
        pytest.param(
            event(EventKind.CLOSED, status="Cancelled"),
            {"status": "Cancelled", "closed_at": "2026-03-02T10:00:00Z"},
            id="closed in the desk's own word",
        ),
        pytest.param(
            event(EventKind.ASSIGNED, team="Web", assignee="Kim"),
            {"team": "Web", "assignee": "Kim", "reassigned_count": 0},
            id="the first owner is no reassignment",
        ),
    ],
)
def test_an_event_changes_its_own_fields_and_no_other(
    change: Event, difference: Mapping[str, object]
) -> None:
    record = apply(evolve(change, at=T0 + 3600), NEW)
    assert record == {**NEW, "updated_at": "2026-03-02T10:00:00Z", **difference}


def test_only_the_first_answer_is_the_first_response() -> None:
    record = after(
        event(EventKind.CREATED),
        event(EventKind.REPLY, T0 + 60, "agent"),
        event(EventKind.REPLY, T0 + 120, "agent"),
    )
    assert record["first_response_at"] == "2026-03-02T09:01:00Z"
    assert record["last_agent_reply_at"] == "2026-03-02T09:02:00Z"


def test_reopening_empties_both_ends_and_is_counted() -> None:
    ended = (event(EventKind.RESOLVED), event(EventKind.CLOSED), event(EventKind.REOPENED))
    record = after(event(EventKind.CREATED), *ended, *ended)
    assert record["reopened_count"] == 2
    assert record["status"] == "Open"
    assert not {"resolved_at", "closed_at"} & set(record)


def test_a_status_alone_leaves_the_end_where_it_was_as_many_desks_do() -> None:
    record = after(
        event(EventKind.CREATED),
        event(EventKind.RESOLVED),
        event(EventKind.STATUS, status="Active"),
    )
    assert (record["status"], record["resolved_at"]) == ("Active", "2026-03-02T09:00:00Z")


def test_reassignments_are_counted_by_owner_unless_the_log_counts_them() -> None:
    to_kim = event(EventKind.ASSIGNED, assignee="Kim")
    to_lee = event(EventKind.ASSIGNED, assignee="Lee")
    assert after(to_kim, to_kim, to_lee, to_kim)["reassigned_count"] == 2
    notified = event(EventKind.ASSIGNED, assignee="Lee", reassigned_count=7)
    assert after(to_kim, notified)["reassigned_count"] == 7


def test_the_first_assignee_of_a_teams_ticket_is_no_reassignment_nor_is_giving_it_back() -> None:
    team, to_kim = event(EventKind.CREATED, team="A"), event(EventKind.ASSIGNED, assignee="Kim")
    assert after(team, to_kim)["reassigned_count"] == 0
    assert after(team, to_kim, event(EventKind.ASSIGNED, assignee=None))["reassigned_count"] == 0
    assert after(team, to_kim, event(EventKind.ASSIGNED, team="B"))["reassigned_count"] == 1
    assert (
        after(team, to_kim, event(EventKind.ASSIGNED, team="B", assignee="Lee"))["reassigned_count"]
        == 1
    )


def test_null_takes_a_field_away() -> None:
    record = after(
        event(EventKind.ASSIGNED, assignee="Kim"), event(EventKind.ASSIGNED, assignee=None)
    )
    assert "assignee" not in record


def test_what_a_log_tells_before_the_creation_stays() -> None:
    record = after(event(EventKind.STATUS, T0 - 60, status="Active"), event(EventKind.CREATED))
    assert record == {**NEW, "status": "Active"}


def test_a_desk_with_other_words_writes_its_own() -> None:
    words = Words(new="Neu", resolved="Gelöst")
    record = apply(event(EventKind.CREATED), {}, words)
    assert record["status"] == "Neu"
    assert apply(event(EventKind.RESOLVED), record, words)["status"] == "Gelöst"


def test_a_record_takes_the_operators_own_shape() -> None:
    source = Source(
        key={"pk": "TICKET#{ticket_id}", "sk": "META"},
        only={"entity": frozenset({"Ticket"})},
        fields={"created_at": "opened", "customer_tier": "requester.org.tier", "status": "state"},
    )
    record = {"ticket_id": "T-1", "created_at": "c", "customer_tier": "gold", "status": "New"}
    assert shaped(record, source) == {
        "pk": "TICKET#T-1",
        "sk": "META",
        "entity": "Ticket",
        "opened": "c",
        "requester": {"org": {"tier": "gold"}},
        "state": "New",
    }
