"""`deletions`: what is missing, and the word that it was meant."""

from __future__ import annotations

import pytest

from building import at
from unit.cli_desk import MON, NEW, Operator


@pytest.fixture
def emptied(operator: Operator) -> Operator:
    """Four open tickets, whose records are all gone."""
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:00"))
    for number in range(4):
        operator.desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    operator.desk.sweep(f"{MON}T00:05")
    for number in range(4):
        operator.desk.delete(f"{MON}T01:00", f"T-{number}")
    operator.now = f"{MON}T01:10"
    return operator


def test_it_says_what_is_missing_and_how_to_accept_it(emptied: Operator) -> None:
    ran = emptied("deletions")
    assert ran.code == 1
    assert "of 4 open tickets have no record in the Tickets table any more." in ran.said
    assert "sla-watchdog deletions --accept" in ran.said


def test_accepting_ends_it(emptied: Operator) -> None:
    ran = emptied("deletions", "--accept", "--by", "Kim Larsen")
    assert ran.code == 0
    assert ran.said.startswith("Accepted:")
    assert emptied("deletions").said == "No deletions are held back."


def test_where_nothing_is_held_there_is_nothing_to_accept(operator: Operator) -> None:
    ran = operator("deletions", "--accept")
    assert (ran.code, ran.said) == (0, "No deletions are held back.")
    assert operator("deletions", "--json").json == {
        "missing": 0,
        "open_before": None,
        "held_since": None,
        "accepted": False,
    }
