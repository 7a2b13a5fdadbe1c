"""Many people answered, and nobody owns it."""

from __future__ import annotations

from itertools import permutations

import pytest

from building import MON, after_telling, at, clock_of, facts, policy
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.policy.model import Count, Ladder, Level, Metric
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.presentation.text import render
from sla_watchdog.presentation.view.notice import notice

DESK = policy(
    signals={
        Metric.ANSWERERS: Ladder(
            "signals", (Level(Count(2), ("team-lead",)), Level(Count(3), ("manager",)))
        )
    }
)
BORN = facts(("created", f"{MON}T00:00"), ("status", f"{MON}T00:00", "Open"))


def replies(*said: tuple[str, str], ticket: str = "T-1") -> Facts:
    """(hour, name) each."""
    return facts(*(("agent_reply", f"{MON}T{hour}", name) for hour, name in said), ticket=ticket)


def judged(known: Facts, now: str = "23:00") -> Plan:
    return plan(Case("T-1", facts=BORN | known), DESK, at(f"{MON}T{now}"))


def levels(known: Facts) -> list[str | None]:
    clock = clock_of(judged(known), Metric.ANSWERERS)
    return [
        None if due is None else f"{(due - at(f'{MON}T00:00')) // 3600:02}:00"
        for due in clock.levels
    ]


THREE = replies(("01:00", "Ana"), ("02:00", "Kim"), ("03:00", "Lee"))


@pytest.mark.parametrize(
    ("known", "due"),
    [
        pytest.param(replies(("01:00", "Ana")), [None, None], id="one"),
        pytest.param(replies(("01:00", "Ana"), ("02:00", "Kim")), ["02:00", None], id="two"),
        pytest.param(THREE, ["02:00", "03:00"], id="three"),
        pytest.param(
            replies(("01:00", "Ana"), ("02:00", " ANA "), ("03:00", "ana")),
            [None, None],
            id="one, however it is written",
        ),
        pytest.param(
            replies(("01:00", "Ana"), ("02:00", ""), ("03:00", "agent"), ("04:00", "Agent")),
            [None, None],
            id="nobody knows who",
        ),
        pytest.param(
            replies(("01:00", "Ana"), ("02:00", "auto-reply"), ("03:00", "bot")),
            [None, None],
            id="bots",
        ),
        pytest.param(
            replies(("01:00", "Ana"), ("02:00", "queue"), ("03:00", "-"), ("04:00", "NULL")),
            [None, None],
            id="shared names and words for nobody",
        ),
        pytest.param(
            replies(("01:00", "TM"), ("02:00", "KO")), ["02:00", None], id="initials are people"
        ),
    ],
)
def test_people_with_a_name_count_once_each(known: Facts, due: list[str | None]) -> None:
    assert levels(known) == due


def test_over_all_tickets_of_the_matter() -> None:
    second = facts(
        ("created", f"{MON}T01:00"), ("follow_up_of", f"{MON}T01:00", "T-1"), ticket="T-2"
    )
    both = replies(("02:00", "Ana")) | second | replies(("03:00", "Kim"), ticket="T-2")
    assert levels(both) == ["03:00", None]


def test_while_somebody_owns_it_there_is_no_signal() -> None:
    owned = judged(THREE | facts(("assignee", f"{MON}T04:00", "Kim")))
    assert all(clock.metric is not Metric.ANSWERERS for clock in owned.clocks)


@pytest.mark.parametrize("nobody", ["", "queue", "Unassigned", "TM"])
def test_it_is_due_when_the_owner_left_if_that_is_later(nobody: str) -> None:
    left = THREE | facts(("assignee", f"{MON}T01:00", "Kim"), ("assignee", f"{MON}T09:00", nobody))
    assert levels(left) == ["09:00", "09:00"]


def test_when_the_next_owner_leaves_it_too_that_is_news() -> None:
    left = THREE | facts(("assignee", f"{MON}T01:00", "Kim"), ("assignee", f"{MON}T09:00", ""))
    first = judged(left, "09:00")
    case = after_telling(Case("T-1", facts=BORN | left), first, at(f"{MON}T09:00"))
    assert {a.recipient.key for a in first.alerts if a.clock == "answerers"} == {
        "team-lead",
        "manager",
    }
    more = left | facts(("assignee", f"{MON}T10:00", "Lee"), ("assignee", f"{MON}T11:00", ""))
    case = Case("T-1", facts=BORN | more, reached=case.reached)
    then = plan(case, DESK, at(f"{MON}T11:00"))
    assert {a.cycle for a in then.alerts if a.clock == "answerers"} == {3}


def test_the_order_in_which_replies_are_known_is_irrelevant() -> None:
    one, two, three = (
        replies(said) for said in (("01:00", "Ana"), ("02:00", "Kim"), ("03:00", "Lee"))
    )
    assert {tuple(levels(a | b | c)) for a, b, c in permutations((one, two, three))} == {
        ("02:00", "03:00")
    }


def test_the_message_says_how_many_and_that_nobody_owns_it() -> None:
    case = Case("T-1", facts=BORN | THREE)
    evaluated = plan(case, DESK, at(f"{MON}T03:00"))
    alerts = [a for a in evaluated.alerts if a.recipient.key == "manager"]
    found = render(notice(case, evaluated, alerts, DESK, at(f"{MON}T03:00")), at(f"{MON}T03:00"))
    text = found.email.replace("\n", " ")
    assert found.subject.endswith("T-1: 3 people answered, no owner")
    assert "3 people have answered the customer, and nobody owns this case, last on Mon" in text
    assert "Nobody owns it: name one person who takes it." in text
