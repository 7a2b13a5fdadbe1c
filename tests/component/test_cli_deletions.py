"""`deletions`: what is missing, and the word that it was meant."""

from __future__ import annotations

import pytest

from building import MON, at
from component.cli_desk import NEW, Operator


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


def test_whoever_accepts_is_named_where_the_machine_does_not_know_them(
    emptied: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> str:
        raise OSError("no such user")

    monkeypatch.setattr("getpass.getuser", unknown)
    ran = emptied("deletions", "--accept")
    assert ran.code == 2
    assert "say who asks for it: --by NAME" in ran.err
    assert emptied("deletions").code == 1


def test_where_nothing_is_held_there_is_nothing_to_accept(operator: Operator) -> None:
    ran = operator("deletions", "--accept")
    assert (ran.code, ran.said) == (0, "No deletions are held back.")
    assert operator("deletions", "--json").json == {
        "missing": 0,
        "open_before": None,
        "held_since": None,
        "accepted": False,
    }


def test_status_says_first_that_deletions_are_held_and_which_command_shows_them(
    emptied: Operator,
) -> None:
    emptied.tick(f"{MON}T01:10")
    ran = emptied("status")
    assert ran.code == 1
    assert ran.out.splitlines()[1].startswith(
        "Warning: 4 of 4 open tickets have no record in the Tickets table"
    )
    assert "See: sla-watchdog deletions" in ran.said
    assert "Needs attention nothing" not in ran.said
    assert max(map(len, ran.out.splitlines())) <= 80
    assert emptied("status", "--team", "Trust").code == 1, "no filter leaves it out"


def test_status_tells_programs_that_deletions_are_held(emptied: Operator) -> None:
    emptied.tick(f"{MON}T01:10")
    ran = emptied("status", "--json")
    assert ran.code == 1
    held = ran.json["deletions"]
    assert (held["missing"], held["open_before"], held["todo"]) == (4, 4, "sla-watchdog deletions")
    assert held["held_since"].startswith(f"{MON}T01:")


def test_status_says_nothing_of_deletions_once_they_are_accepted(emptied: Operator) -> None:
    emptied.tick(f"{MON}T01:10")
    emptied("deletions", "--accept")
    assert "Warning" not in emptied("status").said
    assert emptied("status", "--json").json["deletions"] is None
