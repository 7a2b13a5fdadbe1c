"""Which of two tickets that may be one matter is nearer to its end, and who is asked whether they
are (semantics D6).
"""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from building import DAY, HOUR, MON, TUE, at, facts, policy, resolution, rule
from sla_watchdog.domain.clocks.seen_tickets import (
    SEEN,
    Nearer,
    SeenTicket,
    nearer,
    seen,
    seen_before,
    seen_fact,
)
from sla_watchdog.domain.policy.model import Audience
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.tools.simulation.replay import replay

ONE = SeenTicket(
    id="T-1",
    subject="Order 4711008 is late",
    status="Open",
    owner="Kim",
    team="Web",
    url="https://desk.example/T-1",
    created_at=at(f"{MON}T00:00"),
    furthest=0,
    progress_at=at(f"{MON}T01:00"),
)
OTHER = evolve(ONE, id="T-2", created_at=ONE.created_at + HOUR)

LEADS = policy(
    rule("all", resolution(100 * HOUR)),
    audiences={**policy().audiences, "team-lead": Audience("team-lead", each="team")},
)


# ------------------------------------------------------------------ nearer to its end


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"is_over": True, "owner": ""}, Nearer.IS_OVER),
        ({"furthest": 1, "owner": ""}, Nearer.STATUS),
        ({"progress_at": at(f"{MON}T02:00"), "team": ""}, Nearer.PROGRESS),
    ],
)
def test_the_first_difference_says_which_is_nearer(change: dict[str, Any], why: Nearer) -> None:
    further = evolve(OTHER, **change)
    assert nearer(ONE, further) == nearer(further, ONE) == (further, why)


@pytest.mark.parametrize(
    ("less", "why"),
    [
        ({"owner": "", "progress_at": at(f"{MON}T05:00")}, Nearer.OWNER),
        ({"progress_at": None}, Nearer.PROGRESS),
        ({"team": ""}, Nearer.TEAM),
        ({}, Nearer.AGE),
    ],
)
def test_what_the_other_lacks_says_it_too(less: dict[str, Any], why: Nearer) -> None:
    behind = evolve(OTHER, **less)
    assert nearer(behind, ONE) == nearer(ONE, behind) == (ONE, why)


def test_of_two_born_in_one_second_the_first_by_name_is_named_in_either_order() -> None:
    twin = evolve(ONE, id="T-9")
    assert nearer(twin, ONE)[0] == nearer(ONE, twin)[0] == ONE


# ------------------------------------------------------------------ how a ticket stands


def stands(*more: tuple[str, str] | tuple[str, str, str]) -> SeenTicket:
    born = facts(("created", f"{MON}T00:00"), ("status", f"{MON}T00:00", "Open"))
    found = seen("T-1", born | facts(*more), policy())
    assert found is not None
    return found


def test_a_pause_is_no_way_forward_and_a_reopening_takes_it_back() -> None:
    assert stands().furthest == 0
    assert stands(("status", f"{MON}T01:00", "Waiting")).furthest == 0
    ended = stands(("status", f"{MON}T01:00", "Resolved"))
    assert (ended.furthest, ended.is_over) == (2, True)
    back = stands(("status", f"{MON}T01:00", "Resolved"), ("status", f"{MON}T02:00", "Open"))
    assert (back.furthest, back.is_over) == (0, False)


def test_a_queue_is_no_owner_and_no_team() -> None:
    queue = stands(("assignee", f"{MON}T01:00", "Queue"), ("team", f"{MON}T01:00", "queue"))
    assert (queue.owner, queue.team, queue.progress_at) == ("", "", None)
    kim = stands(("assignee", f"{MON}T01:00", "Kim"), ("team", f"{MON}T01:00", "Web"))
    assert (kim.owner, kim.team, kim.progress_at) == ("Kim", "Web", at(f"{MON}T01:00"))


def test_of_a_ticket_that_is_not_known_nothing_is_said() -> None:
    assert seen("T-9", Facts(), policy()) is None
    assert seen_before("T-2", "T-1", Facts()) is None


@pytest.mark.parametrize(
    "ticket",
    [ONE, evolve(ONE, progress_at=None, owner="", team="", url=""), evolve(ONE, is_over=True)],
    ids=["whole", "with nothing known", "over"],
)
def test_what_was_seen_is_read_again_as_it_was(ticket: SeenTicket) -> None:
    known = Facts.of([seen_fact("T-2", 5, ticket)])
    assert seen_before("T-2", "T-1", known) == ticket
    assert seen_before("T-2", "T-3", known) is None
    assert seen_before("T-1", "T-1", known) is None


@pytest.mark.parametrize("value", ["", "T-1", ("T-1",), ("T-1", *"abcdefghi"), ("T-1", *"abcde")])
def test_what_is_damaged_is_as_if_it_had_not_been_seen(value: str | tuple[str, ...]) -> None:
    known = Facts.of([Fact("T-2", SEEN, 5, value)])
    assert seen_before("T-2", "T-1", known) is None


def test_what_was_seen_last_counts() -> None:
    later = evolve(ONE, owner="Ade")
    known = Facts.of([seen_fact("T-2", 5, later), seen_fact("T-2", 4, ONE)])
    assert seen_before("T-2", "T-1", known) == later


# ------------------------------------------------------------------ who is asked, in a replay


def ticket(name: str, born: str, **states: str) -> list[Fact]:
    known = {"status": "Open", "customer_id": "city", **states}
    made = [Fact(name, "created", at(born))]
    return made + [Fact(name, field, at(born), value) for field, value in known.items()]


def asked(*known: Fact) -> list[tuple[str, int]]:
    in_order = sorted(known, key=lambda fact: (fact.at, fact.field != "created", fact))
    notified = replay(in_order, LEADS, at(MON) + 3 * DAY).notified
    return [
        (each.alert.recipient.key, each.at)
        for each in notified
        if each.alert.clock == "finding:same_matter"
    ]


def test_a_backtest_asks_the_leads_of_both_teams_once_as_the_watchdog_does() -> None:
    older = ticket("T-1", f"{MON}T00:00", subject="Order 4711008 is late", team="Web")
    younger = ticket("T-2", f"{MON}T09:00", subject="And 4711008?", team="Trust")
    both = asked(*older, *younger, Fact("T-1", "status", at(f"{TUE}T00:00"), "New"))
    assert sorted(both) == [
        ("team-lead:Trust", at(f"{MON}T09:00")),
        ("team-lead:Web", at(f"{MON}T09:00")),
    ]


def test_what_is_joined_by_itself_is_asked_of_nobody() -> None:
    older = ticket("T-1", f"{MON}T00:00", subject="City page is still online", team="Web")
    younger = ticket("T-2", f"{MON}T09:00", subject="RE: City page is still online!", team="Trust")
    assert asked(*older, *younger) == []


def test_of_different_customers_nobody_is_asked() -> None:
    older = ticket("T-1", f"{MON}T00:00", subject="Order 4711008 is late", team="Web")
    younger = ticket("T-2", f"{MON}T09:00", subject="4711008?", team="Web", customer_id="town")
    assert asked(*older, *younger) == []
