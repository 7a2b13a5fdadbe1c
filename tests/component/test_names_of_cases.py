"""A case of the desk's own is not a ticket, though its id may read like one."""

from __future__ import annotations

import pytest

from building import DAY, MON, at, facts
from desk import Desk
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.tickets.links import linked_names

OLD = {"created_at": at(MON), "status": "New", "subject": "Invoice of Mrs. Gray"}
LAMP = {"created_at": at(MON) + 20 * DAY, "status": "New", "subject": "Broken lamp", "case_id": "5"}
WEEKS_LATER = "2026-03-22T00:00"


def tickets(desk: Desk, name: str) -> tuple[str, ...]:
    return desk.case(name).facts.tickets()


@pytest.mark.parametrize(
    "order", [("5", "901", "902"), ("901", "902", "5"), ("901", "5", "902")], ids="-".join
)
@pytest.mark.parametrize("swept", [True, False], ids=["swept", "streamed"])
def test_a_ticket_is_not_joined_to_the_case_whose_number_is_its_id(
    desk: Desk, order: tuple[str, ...], swept: bool
) -> None:
    records = {"5": OLD, "901": LAMP, "902": LAMP}
    for name in order:
        if swept:
            desk.write(ticket_id=name, **records[name])
            desk.sweep(WEEKS_LATER)
        else:
            desk.put(WEEKS_LATER, name, **records[name])
    assert tickets(desk, "5") == ("5",)
    assert tickets(desk, "901") == tickets(desk, "902") == ("901", "902")
    desk.tick(WEEKS_LATER)
    assert {
        alert["id"].partition("/")[0] for _, body in desk.sent() for alert in body["alerts"]
    } == {"5"}


def test_a_ticket_whose_case_has_its_own_id_is_joined_with_the_others_of_that_case(
    desk: Desk,
) -> None:
    for name in ("5", "901"):
        desk.put(WEEKS_LATER, name, **{**LAMP, "case_id": "5"})
    assert tickets(desk, "901") == ("5", "901")


@pytest.mark.parametrize("link", ["merged_into", "follow_up_of"])
def test_other_links_name_tickets(desk: Desk, link: str) -> None:
    desk.put(WEEKS_LATER, "5", **OLD)
    desk.put(WEEKS_LATER, "901", **{**LAMP, "case_id": None, link: "5"})
    assert tickets(desk, "901") == ("5", "901")


def as_stored_before(desk: Desk) -> None:
    """Two tickets of the desk's case 5, kept as they were when that case had the name of a ticket."""
    known = facts(
        ("created", f"{MON}T00:00"),
        ("status", f"{MON}T00:00", "New"),
        ("case_id", f"{MON}T00:00", "5"),
        ticket="901",
    )
    watch = desk.parts.watch
    assert watch.linked_cases.link(
        Case("901", known, members=frozenset({"5"}), next_at=at(WEEKS_LATER)), [Case("5")], []
    )
    assert desk.case("5").id == "901"


@pytest.mark.parametrize("swept", [True, False], ids=["swept", "streamed"])
def test_a_ticket_frees_its_id_from_a_case_stored_under_it_before(desk: Desk, swept: bool) -> None:
    as_stored_before(desk)
    desk.write(ticket_id="5", **OLD)
    if swept:
        desk.sweep(WEEKS_LATER)
    else:
        desk.put(WEEKS_LATER, "5", **OLD)
    assert tickets(desk, "5") == ("5",)
    assert tickets(desk, "901") == ("901",)


def test_a_case_stored_before_is_joined_with_new_tickets_of_it_by_the_next_sweep(
    desk: Desk,
) -> None:
    as_stored_before(desk)
    desk.write(ticket_id="901", created_at=at(MON), status="New", case_id="5")
    desk.put(WEEKS_LATER, "902", **LAMP)
    desk.sweep(WEEKS_LATER)
    assert tickets(desk, "902") == ("901", "902")


def test_what_stood_apart_from_a_case_stands_apart_still() -> None:
    known = facts(("case_id", MON, "none"), ("apart", MON, "none"), ticket="T-1")
    assert not linked_names(known)
