"""What a changed policy does to cases that are open, and what it leaves alone (semantics D2)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import evolve
from moto import mock_aws

from building import HOUR, MON, STANDARD, TUE, at, facts, policy, resolution, rule
from desk import NEW, Desk
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Metric, Policy, Target
from sla_watchdog.domain.tickets.facts import Facts

RECORD = "T-1/resolution"


def within(hours: int, name: str) -> Policy:
    return policy(rule("everything", resolution(hours * HOUR)), hash=name)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        desk = Desk(within(8, "first"))
        desk.tick(f"{MON}T00:00")
        yield desk


def deploy(desk: Desk, now: str, changed: Policy) -> None:
    """The tick of the new policy begins its generation, and its sweep looks at every case."""
    desk.with_policy(changed)
    desk.tick(now)
    desk.sweep(now)


def breach(desk: Desk) -> int | None:
    return desk.case().breached.get(RECORD)


def test_a_breach_is_recorded_when_it_comes_though_nothing_is_to_be_told(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.tick(f"{MON}T06:00")
    assert breach(desk) is None
    desk.tick(f"{MON}T08:01")
    assert breach(desk) == at(f"{MON}T08:00") + 1


def test_a_case_never_stored_was_never_edited(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    assert (desk.case().generation, desk.case().edited_at) == (1, None)


@pytest.mark.parametrize("first", ["tick", "sweep", "track"])
def test_a_breach_that_an_edit_makes_counts_from_the_deploy(desk: Desk, first: str) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.with_policy(within(2, "stricter"))
    desk.parts.generation(at(f"{MON}T05:00"))
    if first == "track":
        desk.put(f"{MON}T05:30", **NEW, team="pages")
    elif first == "sweep":
        desk.sweep(f"{MON}T05:30")
    desk.tick(f"{MON}T06:00")
    assert breach(desk) == desk.case().edited_at == at(f"{MON}T05:00")
    assert desk.case().generation == 2
    assert "team-lead" in desk.sent_to(), "the breach is told"
    desk.tick(f"{MON}T08:59")
    assert "manager" not in desk.sent_to(), (
        "four hours after the deadline are four hours after the deploy"
    )
    desk.tick(f"{MON}T09:01")
    assert "manager" in desk.sent_to()


def test_a_process_of_the_policy_before_does_not_say_when_the_case_is_looked_at_again(
    desk: Desk,
) -> None:
    """It tells what is due by its own policy, as a deploy is under way; by the new one much more is
    due soon.
    """
    desk.put(f"{MON}T00:00", **NEW)
    old = desk.parts
    desk.with_policy(within(7, "stricter"))
    desk.sweep(f"{MON}T05:55")
    old.tick(at(f"{MON}T06:00"), lambda: 100.0).run()
    assert desk.sent_to() == ["owner"]
    assert (desk.case().generation, desk.case().next_at) == (2, at(f"{MON}T06:00"))
    desk.tick(f"{MON}T06:01")
    assert desk.sent_to() == []
    assert desk.case().next_at == at(f"{MON}T07:00") + 1


def test_a_breach_recorded_stays_though_the_new_policy_is_laxer(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.tick(f"{MON}T08:01")
    deploy(desk, f"{MON}T09:00", within(40, "laxer"))
    assert breach(desk) == at(f"{MON}T08:00") + 1


def test_levels_told_stay_told_after_an_edit(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.tick(f"{MON}T08:01")
    desk.sent()
    notified = desk.case().reached
    deploy(desk, f"{MON}T09:00", within(7, "other"))
    desk.tick(f"{MON}T09:05")
    assert notified.items() <= desk.case().reached.items()
    assert desk.sent_to() == []


def test_what_was_in_time_under_the_policy_of_its_day_is_no_breach_afterwards(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.put(f"{MON}T05:00", **NEW | {"status": "Resolved", "updated_at": f"{MON}T05:00:00Z"})
    deploy(desk, f"{TUE}T00:00", within(2, "stricter"))
    assert breach(desk) is None
    assert desk.sent() == []


def test_the_next_edit_does_not_move_a_breach_that_the_one_before_made(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    deploy(desk, f"{MON}T05:00", within(2, "stricter"))
    deploy(desk, f"{MON}T07:00", within(1, "strictest"))
    assert breach(desk) == at(f"{MON}T05:00")
    assert desk.case().edited_at == at(f"{MON}T07:00")


def test_a_function_not_replaced_yet_records_nothing_over_the_newer_policy(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    old = desk.parts
    deploy(desk, f"{MON}T05:00", within(40, "laxer"))
    before: Case = desk.case()
    desk.parts = old
    desk.sweep(f"{MON}T05:05")
    desk.tick(f"{MON}T05:10")
    assert (desk.case().generation, desk.case().breached, desk.case().edited_at) == (
        before.generation,
        before.breached,
        before.edited_at,
    )


def test_an_edit_that_takes_the_target_of_an_exchange_away_for_a_while_erases_no_breach() -> None:
    answer, other = Target(Metric.NEXT_RESPONSE, 2 * HOUR, STANDARD), resolution(80 * HOUR)
    with_it, without = policy(rule("a", answer, other)), policy(rule("a", other))
    known = facts(
        ("created", f"{MON}T07:00"),
        ("status", f"{MON}T07:00", "Open"),
        ("customer_reply", f"{MON}T08:00"),
    )
    breached = plan(Case("T-1", known), with_it, at(f"{MON}T10:01")).breached
    assert list(breached.values()) == [at(f"{MON}T10:00") + 1]
    case = Case("T-1", known, breached=breached, edited_at=at(f"{MON}T11:00"))
    meanwhile = plan(case, without, at(f"{MON}T11:00")).breached
    assert meanwhile == breached
    back = plan(
        evolve(case, breached=meanwhile, edited_at=at(f"{MON}T11:10")), with_it, at(f"{MON}T11:10")
    )
    assert back.breached == breached


def test_of_exchanges_that_have_a_target_only_the_latest_keeps_its_breach() -> None:
    desk = policy(rule("a", Target(Metric.NEXT_RESPONSE, 2 * HOUR, STANDARD)))
    known = facts(
        ("created", f"{MON}T07:00"),
        ("status", f"{MON}T07:00", "Open"),
        ("customer_reply", f"{MON}T08:00"),
    )
    breached = plan(Case("T-1", known), desk, at(f"{MON}T10:01")).breached
    later = facts(("agent_reply", f"{MON}T10:30", "Kim"), ("customer_reply", f"{MON}T10:45"))
    answered = Facts.of([*known, *later])
    assert plan(Case("T-1", answered, breached=breached), desk, at(f"{MON}T11:00")).breached == {}
