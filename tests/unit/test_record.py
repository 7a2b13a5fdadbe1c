"""From a ticket record to facts: the record may be anything, and nothing of it is lost or believed
too easily.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from building import DAY, HOUR, at, facts, policy, rule
from sla_watchdog.domain.policy.model import Condition, Source
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.observation import EarlierObservations, observed, vanished
from sla_watchdog.domain.tickets.record import (
    Unreadable,
    is_ticket,
    seconds_of,
    text_of,
    ticket_id,
    ticket_key,
)

NOW = at("2026-03-02T12:00")
GOOD = {
    "ticket_id": "T-1",
    "created_at": "2026-03-02T09:00:00Z",
    "status": "New",
    "priority": "2 - High",
}


def said(
    record: dict[str, Any], known: Facts | None = None, now: int = NOW, **more: Any
) -> set[tuple[str, int, Any]]:
    new = observed("T-1", record, more.pop("rules", policy()), known or Facts(), now, **more)
    return {(fact.field, fact.at, fact.value) for fact in new}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("2026-03-02T09:00:00Z", at("2026-03-02T09:00"), id="utc"),
        pytest.param("2026-03-02T09:00:00+01:00", at("2026-03-02T08:00"), id="offset"),
        pytest.param("2026-03-02T09:00:00.750Z", at("2026-03-02T09:00"), id="fraction-is-cut"),
        pytest.param("2026-03-02", at("2026-03-01T23:00"), id="a-date-is-its-midnight-in-the-zone"),
        pytest.param("2026-03-29T02:30:00", at("2026-03-29T01:30"), id="in-the-gap-of-spring"),
        pytest.param(
            "2026-10-25T02:30:00", at("2026-10-25T00:30"), id="in-the-fold-of-autumn-the-first"
        ),
        pytest.param(1772442000, 1772442000, id="epoch-seconds"),
        pytest.param(Decimal("1772442000.9"), 1772442000, id="epoch-decimal"),
        pytest.param("1772442000", 1772442000, id="epoch-as-text"),
        pytest.param(1772442000123, 1772442000, id="epoch-milliseconds"),
    ],
)
def test_every_form_of_time_is_read_as_epoch_seconds(value: object, seconds: int) -> None:
    assert seconds_of(value, "Europe/Berlin") == seconds


@pytest.mark.parametrize(
    "value",
    [
        "banana",
        "2026-13-01",
        True,
        {"a": 1},
        b"2026",
        [],
        "NaN",
        Decimal("Infinity"),
        10**20,
        "0001-01-01T00:00:00",
    ],
)
def test_what_is_no_time_is_refused_with_a_reason(value: object) -> None:
    with pytest.raises(Unreadable):
        seconds_of(value, "Asia/Tokyo")


def test_a_time_without_an_offset_needs_the_zone_of_the_policy_file() -> None:
    with pytest.raises(Unreadable, match="names no timezone"):
        seconds_of("2026-03-02T09:00:00", None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(Decimal("3.00"), "3", id="decimal"),
        pytest.param(Decimal("1E+3"), "1000", id="decimal-exponent"),
        pytest.param(True, "true", id="bool"),
        pytest.param(None, "", id="null"),
        pytest.param("  a\n\tb ", "a b", id="white-space-folds"),
        pytest.param({"b", "a"}, ("a", "b"), id="set"),
        pytest.param([Decimal(1), "x", None], ("1", "x"), id="list"),
    ],
)
def test_values_become_text(value: object, text: object) -> None:
    assert text_of(value) == text


def test_a_huge_description_costs_nothing() -> None:
    assert len(str(text_of("x" * 300_000))) == 250


def test_a_first_sight_says_all_that_the_record_says() -> None:
    assert said(GOOD) >= {
        ("created", at("2026-03-02T09:00"), ""),
        ("status", NOW, "New"),
        ("priority", NOW, "2 - High"),
    }


def test_a_record_seen_twice_says_nothing_the_second_time() -> None:
    known = Facts.of(observed("T-1", GOOD, policy(), Facts(), NOW))
    assert said(GOOD, known, NOW + HOUR) == set()


def test_a_change_counts_from_the_records_own_time() -> None:
    known = facts(("created", "2026-03-02T09:00"), ("status", "2026-03-02T09:00", "New"))
    record = {**GOOD, "priority": "", "status": "Waiting", "updated_at": "2026-03-02T11:58:00Z"}
    assert said(record, known, streamed=True) == {("status", at("2026-03-02T11:58"), "Waiting")}


@pytest.mark.parametrize(
    ("updated", "reason"),
    [
        pytest.param("2026-02-27T11:58:00Z", "more than 24 hours", id="too-old-for-a-stream"),
        pytest.param("2026-03-02T12:06:00Z", "in the future", id="too-new"),
        pytest.param(
            "2026-03-02T09:30:00Z", "earlier than what was seen", id="before-the-last-seen"
        ),
        pytest.param("banana", "not a date", id="no-date"),
    ],
)
def test_an_implausible_time_gives_way_to_the_streams_with_a_finding(
    updated: str, reason: str
) -> None:
    known = facts(("created", "2026-03-02T09:00"), ("status", "2026-03-02T10:00", "New"))
    new = said(
        {**GOOD, "priority": "", "status": "Waiting", "updated_at": updated}, known, streamed=True
    )
    assert ("status", NOW, "Waiting") in new
    (problem,) = [value for field, _, value in new if field == "unreadable:updated_at"]
    assert reason in problem


def test_a_desk_that_never_touches_updated_at_cannot_backdate_a_pause() -> None:
    known = facts(("created", "2026-01-02T09:00"), ("status", "2026-01-02T09:00", "New"))
    record = {
        **GOOD,
        "created_at": "2026-01-02T09:00:00Z",
        "status": "Waiting",
        "updated_at": "2026-01-02T09:00:00Z",
    }
    assert ("status", NOW, "Waiting") in said(record, known, streamed=True)


def test_a_record_read_years_later_keeps_its_own_time() -> None:
    record = {
        **GOOD,
        "status": "Waiting",
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-02T00:00:00Z",
    }
    assert ("status", at("2024-01-02T00:00"), "Waiting") in said(record)


def test_changes_in_one_minute_keep_the_order_in_which_they_came() -> None:
    known = Facts.of(
        observed("T-1", {**GOOD, "updated_at": "2026-03-02T12:00:00Z"}, policy(), Facts(), NOW)
    )
    for status in ("Waiting", "Open", "Waiting", "Resolved"):
        record = {**GOOD, "status": status, "updated_at": "2026-03-02T12:00:00Z"}
        known |= observed("T-1", record, policy(), known, NOW, streamed=True)
    changes = [fact.value for fact in known.changes("T-1", "status")]
    assert changes == ["New", "Waiting", "Open", "Waiting", "Resolved"]


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        pytest.param({**GOOD, "created_at": None}, "created_at", "missing", id="no-creation"),
        pytest.param(
            {**GOOD, "created_at": "soon"}, "created_at", "not a date", id="creation-no-date"
        ),
        pytest.param(
            {**GOOD, "created_at": "2027-01-01T00:00:00Z"}, "created_at", "future", id="future"
        ),
        pytest.param({**GOOD, "status": None}, "status", "missing", id="no-status"),
        pytest.param({**GOOD, "status": {"name": "New"}}, "status", "dict", id="status-is-a-map"),
        pytest.param({**GOOD, "priority": b"\x00"}, "priority", "bytes", id="priority-is-binary"),
        pytest.param(
            {**GOOD, "last_agent_reply_at": "x"},
            "last_agent_reply_at",
            "not a date",
            id="reply-no-date",
        ),
    ],
)
def test_what_cannot_be_read_becomes_a_finding_and_a_ticket_still_begins(
    record: dict[str, Any], field: str, reason: str
) -> None:
    new = said(record)
    (problem,) = [value for name, _, value in new if name == f"unreadable:{field}"]
    assert reason in problem
    assert any(name == "created" for name, _, _ in new)


def test_a_finding_ends_when_the_record_is_mended() -> None:
    known = Facts.of(observed("T-1", {**GOOD, "created_at": "soon"}, policy(), Facts(), NOW))
    known |= observed("T-1", GOOD, policy(), known, NOW + 60)
    assert known.latest("T-1", "unreadable:created_at") == ""
    assert known.of_field("T-1", "created")[0].at == at("2026-03-02T09:00")


def test_an_end_counts_only_while_the_ticket_says_that_it_has_ended() -> None:
    stale = {**GOOD, "status": "Open", "resolved_at": "2026-03-02T10:00:00Z"}
    assert not any(field == "resolved" for field, _, _ in said(stale))
    assert ("resolved", at("2026-03-02T10:00"), "") in said({**stale, "status": "Resolved"})


def test_replies_are_events_of_their_own_time() -> None:
    record = {
        **GOOD,
        "first_response_at": "2026-03-02T10:00:00Z",
        "last_customer_reply_at": "2026-03-02T11:00:00Z",
    }
    assert said(record) >= {
        ("agent_reply", at("2026-03-02T10:00"), ""),
        ("customer_reply", at("2026-03-02T11:00"), ""),
    }


def test_fields_that_conditions_read_are_kept_under_their_mapped_path() -> None:
    rules = policy(
        rule("a", when=(Condition("plan", frozenset({"gold"})),)),
        source=Source({"ticket_id": "{ticket_id}"}, fields={"plan": "requester.org.plan"}),
    )
    assert ("plan", NOW, "Gold") in said(
        {**GOOD, "requester": {"org": {"plan": "Gold"}}}, rules=rules
    )


def test_a_deleted_record_is_gone_once_and_back_when_it_is_back() -> None:
    known = Facts.of(observed("T-1", GOOD, policy(), Facts(), NOW))
    known |= vanished("T-1", known, NOW + DAY)
    assert vanished("T-1", known, NOW + 2 * DAY) == frozenset()
    assert said(GOOD, known, NOW + 3 * DAY) == {("gone", NOW + 3 * DAY, "")}


COMPOSITE = Source(
    {"pk": "TICKET#{ticket_id}", "sk": "META"}, only={"entity": frozenset({"Ticket"})}
)


def test_composite_keys_give_the_id_and_take_it() -> None:
    assert ticket_id({"pk": "TICKET#7", "sk": "META"}, COMPOSITE) == "7"
    assert ticket_key("7", COMPOSITE) == {"pk": "TICKET#7", "sk": "META"}


@pytest.mark.parametrize(
    "key", [{"pk": "USER#7"}, {"pk": ""}, {"pk": None}, {}, {"pk": b"TICKET#7"}]
)
def test_a_key_of_another_form_is_no_ticket_id(key: dict[str, object]) -> None:
    assert ticket_id(key, COMPOSITE) == ""


def test_a_numeric_key_is_an_id_too() -> None:
    assert ticket_id({"ticket_id": Decimal(4711)}, Source({"ticket_id": "{ticket_id}"})) == "4711"


def test_other_entity_types_of_a_shared_table_are_no_tickets() -> None:
    assert is_ticket({"entity": "Ticket"}, COMPOSITE)
    assert not is_ticket({"entity": "User"}, COMPOSITE)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=True, allow_infinity=True)
    | st.text()
    | st.binary()
    | st.sampled_from(
        ["New", "Resolved", "2026-03-02T09:00:00Z", "0000-00-00", "9999-12-31T23:59:59-23:59"]
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.frozensets(st.text()),
    max_leaves=8,
)
FIELDS = [*GOOD, "updated_at", "resolved_at", "last_agent_reply_at", "tags", "assignee", "url"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # the machine is shared
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), anything), max_size=4), st.booleans())
def test_no_record_whatever_breaks_the_reading(
    records: list[dict[str, Any]], streamed: bool
) -> None:
    known = Facts()
    for step, record in enumerate(records):
        known |= observed("T-1", record, policy(), known, NOW + step, streamed)
        assert known.of_field("T-1", "created")


@given(st.permutations([Fact("T-1", "status", NOW + i % 3, str(i % 4)) for i in range(6)]))
def test_facts_are_a_set_whatever_the_order_of_their_arrival(order: list[Fact]) -> None:
    known = Facts()
    for fact in order:
        known = known | [fact] | [fact]
    assert list(known) == list(Facts.of(order))


def test_an_id_is_kept_to_the_letter_and_a_blank_or_endless_one_is_none() -> None:
    plain = Source({"ticket_id": "{ticket_id}"})
    assert ticket_id({"ticket_id": " T-2"}, plain) == " T-2"
    assert ticket_id({"ticket_id": "  "}, plain) == ""
    assert ticket_id({"ticket_id": "x" * 1_001}, plain) == ""


IMPORTED = {
    **GOOD,
    "created_at": "2025-01-01T09:00:00Z",
    "updated_at": "2025-06-01T09:00:00Z",
    "region": "north",
}
BY_REGION = policy(rule("north", when=(Condition("region", frozenset({"north"})),)))


def imported() -> Facts:
    """A year old when the stream brought it."""
    return Facts.of(observed("T-1", IMPORTED, policy(), Facts(), NOW, streamed=True))


@pytest.mark.parametrize("status", ["New", "Closed"])
def test_what_a_changed_policy_reads_anew_says_nothing_against_updated_at(status: str) -> None:
    edited = EarlierObservations(edited_at=NOW + DAY)
    new = said({**IMPORTED, "status": status}, imported(), NOW + DAY, rules=BY_REGION, past=edited)
    assert ("region", NOW + DAY, "north") in new
    assert not [field for field, _, _ in new if field.startswith("unreadable:")]


def test_updated_at_that_stands_still_is_reported_after_a_change_of_the_policy_too() -> None:
    edited = EarlierObservations(edited_at=NOW + DAY)
    known = imported() | observed("T-1", IMPORTED, BY_REGION, imported(), NOW + DAY, past=edited)
    new = said(
        {**IMPORTED, "status": "Waiting"}, known, NOW + 2 * DAY, rules=BY_REGION, past=edited
    )
    assert "unreadable:updated_at" in {field for field, _, _ in new}


def test_a_false_finding_about_updated_at_ends_when_the_policy_changes_again() -> None:
    known = imported() | observed("T-1", IMPORTED, BY_REGION, imported(), NOW + DAY)
    assert known.latest("T-1", "unreadable:updated_at")
    edited = EarlierObservations(edited_at=NOW + 3 * DAY)
    assert ("unreadable:updated_at", NOW + 3 * DAY, "") in said(
        IMPORTED, known, NOW + 3 * DAY, rules=BY_REGION, past=edited
    )
