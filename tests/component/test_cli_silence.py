"""`silence`: asked for, looked at first, listed, lifted; and every mistake says what would be
right.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from building import MON, at
from component.cli_desk import NEW, Operator

WHY = ("--reason", "moving house")


@pytest.fixture
def city(operator: Operator) -> Operator:
    """Two open cases of the city and one of the town, live."""
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:00"))
    for ticket, customer in (("T-1", "city"), ("T-2", "city"), ("T-3", "town")):
        operator.desk.put(
            f"{MON}T00:00", ticket, **NEW | {"subject": f"Page {ticket}"}, customer_id=customer
        )
    operator.now = f"{MON}T01:00"
    return operator


def made(operator: Operator, *argv: str) -> dict[str, Any]:
    found: dict[str, Any] = operator("silence", *argv, "--json").json
    return found


def test_a_dry_run_shows_the_open_cases_that_match_and_changes_nothing(city: Operator) -> None:
    ran = city("silence", "--customer", "City", "--for", "8h", *WHY, "--dry-run")
    assert ran.code == 0
    assert (
        "alerts of customer city would wait until Mon 2026-03-02 09:00 +00:00, for 8 h" in ran.said
    )
    assert "2 open cases match:" in ran.said
    assert ("T-1" in ran.said, "T-3" in ran.said) == (True, False)
    assert city.desk.parts.watch.silences.read() == ()


def test_what_is_silenced_is_told_once_when_it_ends(city: Operator) -> None:
    ran = city("silence", "--customer", "city", "--for", "8h", *WHY)
    assert re.match("Silence [0-9a-f]{8}: alerts of customer city wait until", ran.said)
    city.tick(f"{MON}T06:00")
    assert [body["case"] for _, body in city.desk.sent()] == ["T-3"]
    city.tick(f"{MON}T09:00")
    assert {body["case"] for topic, body in city.desk.sent() if topic == "team-lead"} == {
        "T-1",
        "T-2",
        "T-3",
    }


def test_machines_learn_the_id_the_end_and_every_case(city: Operator) -> None:
    found = made(
        city, "--where", "customer_id=city,village", "--audience", "owner", "--for", "90m", *WHY
    )
    assert (found["made"], found["cases"]) == (True, ["T-1", "T-2"])
    silence = found["silence"]
    assert silence["until"] == f"{MON}T02:30:00+00:00"
    assert (silence["when"], silence["audiences"], silence["by"]) == (
        ["customer_id=city,village"],
        ["owner"],
        "kim",
    )


def test_a_typo_that_matches_nothing_is_said(city: Operator) -> None:
    assert (
        "No open case matches now."
        in city("silence", "--customer", "cty", "--for", "8h", *WHY).said
    )


def test_the_list_shows_what_is_in_force_and_what_was_lifted_by_whom(city: Operator) -> None:
    assert city("silence", "--list").said == "Nothing is silenced."
    name = made(city, "--ticket", "T-1", "--for", "8h", *WHY)["silence"]["id"]
    listed = city("silence", "--list").said
    assert name in listed
    assert "ticket T-1" in listed
    assert "moving house (kim)" in listed
    ran = city("silence", "--lift", name, "--by", "lee")
    assert (ran.code, ran.said.startswith(f"Silence {name} is lifted.")) == (0, True)
    assert "lifted by lee" in city("silence", "--list").said
    again = city("silence", "--lift", name)
    assert (again.code, "sla-watchdog silence --list" in again.err) == (2, True)
    (entry,) = made(city, "--list")["silences"]
    assert (entry["id"], entry["lifted_by"]) == (name, "lee")


WRONG = {
    "nothing-named": (("--for", "4h", *WHY), "say what is silenced"),
    "no-end": (("--ticket", "T-1", *WHY), "say how long"),
    "two-ends": (
        ("--ticket", "T-1", "--for", "4h", "--until", f"{MON}T09:00Z", *WHY),
        "say how long",
    ),
    "no-reason": (("--ticket", "T-1", "--for", "4h"), "say why"),
    "a-blank-reason": (("--ticket", "T-1", "--for", "4h", "--reason", " "), "say why"),
    "too-long": (("--ticket", "T-1", "--for", "8d", *WHY), "within 7 days"),
    "in-the-past": (("--ticket", "T-1", "--until", "2026-03-01T00:00Z", *WHY), "within 7 days"),
    "no-duration": (("--ticket", "T-1", "--for", "4", *WHY), "4 of what?"),
    "no-time": (("--ticket", "T-1", "--until", "noon", *WHY), "--until"),
    "no-such-audience": (("--audience", "managr", "--for", "4h", *WHY), "did you mean manager?"),
    "no-such-policy": (("--judged-by", "all", "--for", "4h", *WHY), "there is everything"),
    "no-such-field": (("--where", "colour=red", "--for", "4h", *WHY), "no field 'colour'"),
    "no-condition": (("--where", "team", "--for", "4h", *WHY), "write FIELD=VALUE"),
    "list-and-more": (("--list", "--ticket", "T-1"), "each stand alone"),
    "too-many": ((*(f"--ticket=T-{n}" for n in range(21)), "--for", "4h", *WHY), "at most 20"),
}


@pytest.mark.parametrize(("argv", "said"), WRONG.values(), ids=WRONG)
def test_every_mistake_says_what_would_be_right(
    city: Operator, argv: tuple[str, ...], said: str
) -> None:
    ran = city("silence", *argv)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    assert city.desk.parts.watch.silences.read() == ()


def test_whatever_was_typed_is_shown_on_one_clean_line(city: Operator) -> None:
    made(
        city,
        "--ticket",
        "T-1",
        "--for",
        "4h",
        "--reason",
        "a\x00b\nc\udcff" + "x" * 900,
        "--by",
        "\u202ekim",
    )
    (silence,) = city.desk.parts.watch.silences.read()
    assert silence.reason.startswith("a b c")
    assert (len(silence.reason) <= 200, silence.by) == (True, "kim")
