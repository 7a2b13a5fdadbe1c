"""A desk that writes the same `case_id` on everything: no case grows beyond what an item holds, and
all are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from moto import mock_aws

from building import MON, at
from desk import Desk
from sla_watchdog.adapters.dynamodb.case_item import outbox_map, reached_map, reached_name
from sla_watchdog.domain.escalation.case import (
    Alert,
    Entry,
    LastNotified,
    Outcome,
    Recipient,
    Severity,
)
from sla_watchdog.domain.tickets.links import MOST_TICKETS
from sla_watchdog.presentation.text.reason import read_reason
from sla_watchdog.usecases.judging import Evaluated
from sla_watchdog.usecases.watch.drafts import MOST_ALERTS

NEW = {"created_at": f"{MON}T00:00:00Z", "status": "New", "case_id": "none"}
COUNT, MOST = 23, 10


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Where ten tickets are as many as one case may have, and four alerts as many as a claim."""
    monkeypatch.setattr("sla_watchdog.usecases.track.linking.MOST_TICKETS", MOST)
    monkeypatch.setattr("sla_watchdog.usecases.watch.drafts.MOST_ALERTS", 4)
    with mock_aws():
        desk = Desk()
        desk.tick(f"{MON}T00:00")
        for number in range(COUNT):
            desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
        yield desk


def cases(desk: Desk) -> list[int]:
    found = {desk.case(f"T-{number}").id: desk.case(f"T-{number}") for number in range(COUNT)}
    return sorted(len(case.facts.tickets()) for case in found.values())


def test_a_case_takes_no_more_tickets_than_it_may_and_the_rest_are_judged_by_themselves(
    desk: Desk,
) -> None:
    assert cases(desk) == [1] * (COUNT - MOST) + [MOST]
    alone = next(
        case for n in range(COUNT) if len((case := desk.case(f"T-{n}")).facts.tickets()) == 1
    )
    assert alone.next_at is not None
    desk.tick(f"{MON}T00:01")
    notified = [
        alert for topic, body in desk.sent() if topic == "operations" for alert in body["alerts"]
    ]
    assert Counter(alert["clock"] for alert in notified) == {"finding:case_id": COUNT - MOST}
    assert desk.tick(f"{MON}T00:05").due == 0, "it is not tried again and again"


def test_every_ticket_of_it_is_told_of_once_though_one_claim_does_not_take_them_all(
    desk: Desk,
) -> None:
    desk.tick(f"{MON}T00:01")
    desk.sent()
    notified: Counter[str] = Counter()
    for time in ("06:00", "06:01", "08:01", "08:02", "08:03"):
        desk.tick(f"{MON}T{time}")
        notified.update(alert["id"] for _, body in desk.sent() for alert in body["alerts"])
    notification = (
        "0/0/owner",
        "1/0/owner",
        "1/0/owner-urgent",
        "1/0/team-lead",
        "1/0/team-lead-urgent",
    )
    assert notified == {
        f"T-{number}/resolution/1/{to}": 1 for number in range(COUNT) for to in notification
    }


def test_a_sweep_finds_nothing_amiss_in_it_and_links_nothing_more(desk: Desk) -> None:
    desk.tick(f"{MON}T00:01")
    swept = desk.sweep(f"{MON}T01:00")
    assert (swept.violations, swept.repaired, swept.healed) == (0, 0, 0)
    assert cases(desk) == [1] * (COUNT - MOST) + [MOST]


def test_one_that_names_another_case_by_and_by_is_linked_with_that(desk: Desk) -> None:
    desk.put(f"{MON}T00:10", "T-22", **{**NEW, "case_id": "a real one"})
    desk.put(f"{MON}T00:11", "T-21", **{**NEW, "case_id": "a real one"})
    assert desk.case("T-22").id == desk.case("T-21").id
    assert sorted(desk.case("T-22").facts.tickets()) == ["T-21", "T-22"]
    now = at(f"{MON}T00:12")
    evaluated = desk.parts.evaluator(now, live=True).evaluate(["T-22"], now)["T-22"]
    assert isinstance(evaluated, Evaluated)
    assert evaluated.plan.findings == ()


def test_tickets_merged_into_one_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sla_watchdog.usecases.track.linking.MOST_TICKETS", 3)
    with mock_aws():
        desk = Desk()
        desk.put(f"{MON}T00:00", "T-0", created_at=f"{MON}T00:00:00Z", status="New")
        for number in range(1, 9):
            desk.put(
                f"{MON}T00:00",
                f"T-{number}",
                created_at=f"{MON}T00:00:00Z",
                status="New",
                merged_into="T-0",
            )
        assert len(desk.case("T-0").facts.tickets()) == 9


def test_the_greatest_case_that_may_be_fits_into_an_item() -> None:
    """DynamoDB takes 400 KB; here 100 tickets, of each of which three clocks told eight topics, and
    a full claim.
    """
    tickets = [f"INCIDENT-{number:07}" for number in range(MOST_TICKETS)]
    clocks = [
        f"{name}/{metric}/1"
        for name in tickets
        for metric in ("first_response", "resolution", "next_response")
    ]
    notified = LastNotified(3, 12, at(f"{MON}T00:00"), Outcome.IN_DIGEST)
    levels = {
        reached_name(clock, f"audience-{n}:Somebody"): reached_map(
            clock, f"audience-{n}:Somebody", notified
        )
        for clock in clocks
        for n in range(8)
    }
    reason = "resolution was due by Mon 2026-03-02 08:00 +01:00, and 4 h have passed since"
    to = Recipient("audience", "Somebody")
    alerts = tuple(
        Alert(n, "resolution", 1, 3, 12, to, Severity.CRITICAL, 1, read_reason(reason))
        for n in tickets[:MOST_ALERTS]
    )
    size = _bytes(levels) + _bytes(outbox_map({to.key: Entry("0" * 16, 1, alerts)}))
    assert 200_000 < size < 350_000
    assert MOST_ALERTS >= MOST_TICKETS, "one level of one clock of all of them is one message"


def _bytes(value: object) -> int:
    """About as DynamoDB counts: names and values, a few bytes for each member."""
    match value:
        case dict():
            return 3 + sum(len(name) + 1 + _bytes(member) for name, member in value.items())
        case list():
            return 3 + sum(1 + _bytes(member) for member in value)
    return len(str(value))
