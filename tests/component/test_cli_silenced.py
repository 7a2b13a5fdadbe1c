"""What `status`, `explain` and `plan` say of a case that is silenced."""

from __future__ import annotations

import pytest

from building import MON, at
from component.cli_desk import NEW, Operator


@pytest.fixture
def silenced(operator: Operator) -> Operator:
    """T-1 of the city is silenced from 05:00 to 11:00; T-2 of a school is not. Level 1 of both was
    due at 06:00.
    """
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:01"))
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW, assignee="Kim", customer_id="city")
    operator.desk.put(f"{MON}T00:00", "T-2", **NEW, assignee="Ade", customer_id="school")
    operator.now = f"{MON}T05:00"
    silence(operator, "--customer", "City")
    operator.tick(f"{MON}T06:00")
    operator.tick(f"{MON}T06:30")
    return operator


def silence(operator: Operator, *what: str) -> None:
    assert (
        operator(
            "silence", *what, "--for", "6h", "--reason", "moving their mail", "--by", "kim"
        ).code
        == 0
    )


UNTIL = f"until Mon {MON} 11:00 +00:00 by kim (moving their mail)"


def test_status_marks_the_case_and_says_until_when_by_whom_and_why(silenced: Operator) -> None:
    ran = silenced("status")
    assert ran.code == 0
    assert f"silenced {UNTIL}: T-1" in ran.said
    lines = ran.out.splitlines()
    (first,) = [place for place, line in enumerate(lines) if line.startswith("T-1 ")]
    (second,) = [place for place, line in enumerate(lines) if line.startswith("T-2 ")]
    assert lines[first].endswith("nobody yet")
    assert lines[first + 1].startswith("silenced City page still online")
    assert lines[second].endswith("30 m ago: owner")
    assert lines[second + 1].startswith("         City page still online")
    assert max(map(len, ran.out.splitlines())) <= 80


def test_what_comes_next_of_a_silenced_case_comes_at_its_end(silenced: Operator) -> None:
    cases = {case["case"]: case for case in silenced("status", "--json").json["cases"]}
    assert (cases["T-1"]["silenced"], cases["T-2"]["silenced"]) == (True, False)
    assert cases["T-1"]["next"] == {
        "at": "2026-03-02T11:00:00+00:00",
        "recipient": "owner:Kim",
        "level": 2,
    }
    assert cases["T-2"]["next"]["at"] == "2026-03-02T08:00:01+00:00"


def test_the_plan_shows_nothing_of_it_before_its_end(silenced: Operator) -> None:
    planned = silenced("plan", "--next", "12h", "--json").json
    whens = {
        case: min(each["at"] for each in planned if each["case"] == case) for case in ("T-1", "T-2")
    }
    assert whens == {"T-1": "2026-03-02T11:00:00+00:00", "T-2": "2026-03-02T08:00:01+00:00"}


def test_what_is_said_to_come_next_is_what_comes(silenced: Operator) -> None:
    silenced.desk.sent()
    for time in ("08:00:01", "10:59", "11:00"):
        silenced.tick(f"{MON}T{time}")
    notified = [
        body for topic, body in silenced.desk.sent() if topic == "owner" and "T-1" in str(body)
    ]
    assert [body["level"] for body in notified] == [2]


def test_programs_get_the_silences_in_force(silenced: Operator) -> None:
    (found,) = silenced("status", "--json").json["silences"]
    assert found.pop("silence")
    assert found == {
        "until": "2026-03-02T11:00:00+00:00",
        "by": "kim",
        "reason": "moving their mail",
        "audiences": None,
        "cases": ["T-1"],
    }


def test_a_silence_that_is_over_is_not_said(silenced: Operator) -> None:
    silenced.tick(f"{MON}T11:00")
    assert "silenced" not in silenced("status").said
    assert "Silenced" not in silenced("explain", "T-1").said


def test_a_filter_leaves_out_silences_of_other_cases(silenced: Operator) -> None:
    assert "silenced" not in silenced("status", "--owner", "ade").said


def test_a_silence_of_one_audience_says_so_and_marks_no_case(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW, assignee="Kim")
    operator.now = f"{MON}T05:00"
    silence(operator, "--ticket", "T-1", "--audience", "manager")
    answer = operator("status", "--json").json
    assert f"silenced {UNTIL}, alerts to manager alone: T-1" in operator("status").said
    assert answer["cases"][0]["silenced"] is False
    assert answer["cases"][0]["next"]["at"] == "2026-03-02T06:00:00+00:00"
    assert answer["silences"][0]["audiences"] == ["manager"]


def test_of_a_case_that_is_silenced_in_part_the_tickets_are_named(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW, customer_id="city")
    operator.desk.put(f"{MON}T00:00", "T-2", **NEW, customer_id="school", follow_up_of="T-1")
    operator.tick(f"{MON}T05:00")
    silence(operator, "--customer", "school")
    assert f"silenced {UNTIL}: T-2" in operator("status").said
    (case,) = operator("status", "--json").json["cases"]
    assert (case["silenced"], case["next"]["at"]) == (False, "2026-03-02T06:00:00+00:00")
    assert f"Silenced {UNTIL}: T-2" in operator("explain", "T-1").said


def test_explain_says_it_and_what_comes_at_its_end(silenced: Operator) -> None:
    ran = silenced("explain", "T-1")
    assert f"Silenced {UNTIL}" in ran.said
    assert (
        f"NEXT, IF NOTHING CHANGES Mon {MON} 11:00 +00:00 owner (Kim): resolution, level 2"
        in ran.said
    )
    assert max(map(len, ran.out.splitlines())) < 80
    assert "Silenced" not in silenced("explain", "T-2").said


def test_what_waits_for_an_audience_and_its_urgent_topic_is_said_once(silenced: Operator) -> None:
    silenced.tick(f"{MON}T08:30")
    ahead = silenced("explain", "T-1").out.partition("NEXT, IF NOTHING CHANGES\n")[2].splitlines()
    assert ahead[:2] == [
        f"  Mon {MON} 11:00 +00:00 owner (Kim): resolution, level 2, urgent",
        f"  Mon {MON} 11:00 +00:00 team-lead: resolution, level 2, urgent",
    ]


def test_explain_as_of_before_the_silence_knows_nothing_of_it(silenced: Operator) -> None:
    assert "Silenced" not in silenced("explain", "T-1", "--at", f"{MON}T04:59Z").said
    assert "Silenced" in silenced("explain", "T-1", "--at", f"{MON}T05:00Z").said


def test_explain_gives_it_to_programs(silenced: Operator) -> None:
    (found,) = silenced("explain", "T-1", "--json").json["silences"]
    assert found.pop("silence")
    assert found == {
        "until": "2026-03-02T11:00:00+00:00",
        "by": "kim",
        "reason": "moving their mail",
        "audiences": None,
        "tickets": ["T-1"],
    }


def test_a_ceiling_comes_all_the_same(silenced: Operator) -> None:
    """No silence holds it, so `explain` moves everything else and leaves it where it is."""
    silenced.now = "2026-03-15T23:00"
    silence(silenced, "--ticket", "T-1")
    notified = silenced("explain", "T-1").said
    assert "Tue 2026-03-17 09:00 +00:00 manager: age, level 1" in notified, (
        "no silence, but the manager's own hours"
    )
