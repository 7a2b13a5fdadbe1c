"""A plan looks through what was told a fixed number of times, however many tickets a case has."""

from __future__ import annotations

from collections import UserDict
from collections.abc import ItemsView

import pytest

from building import MON, after_telling, at, policy
from sla_watchdog.domain.escalation.case import Case, LastNotified
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.tickets.facts import Fact, Facts


class Watched(UserDict[tuple[str, str], LastNotified]):
    """Counts how often all of it is looked through."""

    walks = 0

    def items(self) -> ItemsView[tuple[str, str], LastNotified]:
        self.walks += 1
        return super().items()


def told_case(tickets: int) -> Case:
    """All of one matter, all told of their breach; every second one was resolved since."""
    names = [f"T-{number}" for number in range(tickets)]
    born = at(f"{MON}T00:00")
    known = [Fact(name, field, born, value) for name in names for field, value in BORN.items()]
    case = Case("T-0", Facts.of(known))
    case = after_telling(case, plan(case, policy(), at(f"{MON}T09:00")), at(f"{MON}T09:00"))
    over = [Fact(name, "resolved", at(f"{MON}T10:00")) for name in names[::2]]
    return Case("T-0", case.facts | over, reached=Watched(case.reached))


BORN = {"created": "", "status": "New", "case_id": "desk-7"}


@pytest.mark.parametrize("tickets", [2, 40])
def test_what_was_told_is_looked_through_once_for_all_tickets(tickets: int) -> None:
    case = told_case(tickets)
    cleared = [a for a in plan(case, policy(), at(f"{MON}T11:00")).alerts if a.clock == "cleared"]
    assert {alert.subject for alert in cleared} == {
        f"T-{number}" for number in range(0, tickets, 2)
    }
    assert isinstance(case.reached, Watched)
    assert case.reached.walks == 1
