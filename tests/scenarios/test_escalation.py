"""From a ticket in DynamoDB to a message about it, on the deployed local stack."""

import pytest

from scenarios.world import World
from sla_watchdog.tools.imports.events import EventKind

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


def breach(ticket: str) -> list[str]:
    topics = ("owner", "owner-urgent", "team-lead", "team-lead-urgent")
    return [f"{topic}: {ticket} resolution 2" for topic in topics]


def test_a_ticket_that_breaches_is_told_to_its_owner_and_the_team_lead_and_then_higher_up(
    world: World,
) -> None:
    world.ticket("climbs")
    world.pass_to(6, -1)
    world.expect()
    world.pass_to(6)
    world.expect("owner: climbs resolution 1")
    world.pass_to(8)
    world.expect()
    world.pass_to(8, 1)
    world.expect(*breach("climbs"))
    world.pass_to(24, -1)
    world.expect()  # level 3 came due at night, and waits for the manager's hours
    world.pass_to(24)
    world.expect("manager: climbs resolution 4", "executive: climbs resolution 4")


def test_a_ticket_resolved_in_time_is_told_to_nobody_ever(world: World) -> None:
    world.ticket("in-time")
    world.pass_to(5)
    world.resolve("in-time")
    world.pass_to(40 * 24)
    world.expect()


def test_a_ticket_that_waits_for_its_customer_is_told_of_once_it_runs_again(world: World) -> None:
    world.ticket("paused")
    world.happens("paused", EventKind.STATUS, 5, status="Pending")
    world.pass_to(70)
    world.expect()
    world.happens("paused", EventKind.STATUS, 70, status="Open")
    world.pass_to(71, -1)
    world.expect()
    world.pass_to(71)
    world.expect("owner: paused resolution 1")


def test_the_top_is_reminded_after_one_two_and_four_days_until_the_case_is_resolved(
    world: World,
) -> None:
    world.ticket("ignored")
    world.pass_to(24)
    world.forget()
    for day, reminder in ((1, 1), (3, 2), (7, 3)):
        world.pass_to(24 + 24 * day, -1)
        world.expect()
        world.pass_to(24 + 24 * day)
        world.expect(f"executive: ignored resolution 4 reminder {reminder}")
    world.resolve("ignored")
    world.pass_to(24 * 60)
    notified = ("owner", "owner-urgent", "team-lead", "team-lead-urgent", "manager", "executive")
    world.expect(*(f"{audience}: ignored cleared 1" for audience in notified))


def test_every_ticket_meets_its_age_limit_even_while_it_waits_for_its_customer(
    world: World,
) -> None:
    world.ticket("old")
    world.happens("old", EventKind.STATUS, 1, status="Pending")
    world.pass_to(14 * 24, -1)
    world.expect()
    world.pass_to(14 * 24)
    world.expect("manager: old age 1")
    world.pass_to(30 * 24)
    world.expect("executive: old age 2")


def test_an_answer_stops_the_first_response_and_nothing_else_does(world: World) -> None:
    by_mail = {"channel": "email", "customer_tier": "government", "assignee": "queue"}
    world.ticket("answered", **by_mail)
    world.ticket("noted", **by_mail)
    world.happens("answered", EventKind.REPLY, 0.5, by="agent")
    world.happens("noted", EventKind.NOTE, 0.5)
    world.pass_to(1, 1)
    world.expect("team-lead: noted first_response 1", "team-lead: noted first_response 2")


def test_a_merged_ticket_stops_at_once_and_the_other_goes_on_as_old_as_the_first(
    world: World,
) -> None:
    world.ticket("one")
    world.ticket("two", 3)
    world.happens("one", EventKind.LINKED, 4, merged_into="two")
    world.pass_to(6, -1)
    world.expect()
    world.pass_to(6)
    world.expect("owner: one resolution 1")  # the case keeps the name of its oldest ticket
    world.pass_to(8, 1)
    world.expect(*breach("one"))
    world.resolve("two")
    world.pass_to(24 * 14 + 1)
    notified = ("owner", "owner-urgent", "team-lead", "team-lead-urgent")
    world.expect(*(f"{topic}: one cleared 1" for topic in notified))


def test_more_than_ten_messages_at_once_to_one_audience_are_one_digest(world: World) -> None:
    for n in range(12):
        world.ticket(f"storm-{n}")
    world.pass_to(6)
    world.expect("owner: 12 cases")


def test_going_live_over_an_old_backlog_sends_one_digest_to_each_audience(world: World) -> None:
    with world.observing():
        world.put(*(record(world, f"backlog-{n}", created=-24 * 60) for n in range(30)))
    world.tick()
    world.expect(
        *(f"{audience}: 30 cases" for audience in ("executive", "manager", "owner", "team-lead")),
        *(f"{audience}-urgent: 30 cases" for audience in ("owner", "team-lead")),
    )
    world.pass_to(23)
    world.expect()


def test_a_sweep_finds_what_the_stream_never_delivered(world: World) -> None:
    with world.deaf():
        world.put(record(world, "unseen", created=0), seen=False)
        world.pass_to(6)
        world.expect()
        world.sweep()
        world.tick()
        world.expect("owner: unseen resolution 1")


def test_mode_observe_tells_nobody_but_operations_once_a_day(world: World) -> None:
    with world.observing():
        world.ticket("observed")
        world.pass_to(9)
        world.expect()
        world.pass_to(15)  # midnight in UTC
        world.expect("operations: observed")
        world.resolve("observed")
        world.pass_to(24 * 3)
        world.expect("operations: observed")  # that it is over would have been told too


def record(world: World, name: str, created: float) -> dict[str, object]:
    return {
        "ticket_id": name,
        "created_at": world.iso(created),
        "status": "Open",
        "priority": "P1",
        "channel": "phone",
        "assignee": "Kim",
        "team": "Web",
    }
