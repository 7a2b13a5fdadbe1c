"""`explain`: the way of a ticket to its deadlines, from the store and from an event file, in 80
columns and as JSON.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from building import MON, at
from component.cli_desk import NEW, POLICY, Operator
from sla_watchdog.tools.cli import main
from sla_watchdog.tools.cli.explain.text import exact

ROOT = Path(__file__).parents[2]
CREATED = {
    "ticket": "T-1",
    "at": f"{MON}T00:00:00Z",
    "type": "created",
    "status": "New",
    "subject": "City page",
}
OWNED = {**CREATED, "assignee": "Kim"}
"""A ticket whose warning has an owner to go to."""


def explain(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = main(["explain", *argv])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "80")

    def write(*events: dict[str, Any]) -> list[str]:
        path = tmp_path / "events.jsonl"
        path.write_text("\n".join(map(json.dumps, events)))
        return ["--events", str(path), "--policy", str(POLICY)]

    return write


def test_the_example_in_the_docs_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    shown = (
        (ROOT / "docs" / "explain.md")
        .read_text(encoding="utf-8")
        .partition("compare this output -->\n```\n$ ")[2]
    )
    command, _, output = shown.partition("```")[0].partition("\n")
    assert main(command.split()[1:]) == 0
    printed = capsys.readouterr().out
    assert printed == output
    assert max(map(len, printed.splitlines())) < 80


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-03-04T16:00-05:00", "manager, waits until Thu 2026-03-05 09:00 -05:00"),
        ("2026-03-05T09:30-05:00", "manager, sent Thu 2026-03-05 09:00 -05:00"),
    ],
)
def test_a_level_that_is_due_and_waits_for_a_digest_says_until_when(
    at: str, said: str, capsys: pytest.CaptureFixture[str], file: Any
) -> None:
    """Under the shipped policy, whose manager has a digest."""
    created = {**OWNED, "at": "2026-03-02T09:00-05:00", "channel": "phone"}
    shipped = str(ROOT / "functions" / "policy.yaml")
    _, out, _ = explain(capsys, "T-1", *file(created)[:2], "--policy", shipped, "--at", at)
    text = " ".join(out.split())
    assert f"Level 2 Wed 2026-03-04 15:00 -05:00, 24 h of open time: {said}" in text


def test_of_two_tickets_that_run_the_same_clock_no_hour_is_claimed(
    capsys: pytest.CaptureFixture[str], file: Any
) -> None:
    """On a Saturday, when the manager's hours are closed; NEXT has the hour."""
    first = {
        **OWNED,
        "at": "2026-03-07T09:00-05:00",
        "channel": "phone",
        "priority": "P1",
        "case_id": "C-1",
    }
    events = [first, {**first, "ticket": "T-2"}]
    shipped = str(ROOT / "functions" / "policy.yaml")
    argv = [*file(*events)[:2], "--policy", shipped, "--at", "2026-03-07T21:30-05:00"]
    _, out, _ = explain(capsys, "T-1", *argv)
    text = " ".join(out.split())
    assert "4 h after: manager, not notified" in text
    assert "Mon 2026-03-09 13:00 +00:00 manager: resolution, level 3" in text


# ------------------------------------------------------------------ from a file


def test_the_sum_so_far_ends_at_the_limit(capsys: pytest.CaptureFixture[str], file: Any) -> None:
    code, out, _ = explain(capsys, "T-1", *file(CREATED), "--at", f"{MON}T09:00Z")
    assert code == 0
    assert f"Mon {MON} 00:00 +00:00 to 08:00                    8 h           8 h" in out
    assert "Used       9 h of 8 h" in out
    assert "Since then 1 h of open time more" in out


def test_a_very_long_history_is_explained_without_what_would_have_been_told(
    capsys: pytest.CaptureFixture[str], file: Any
) -> None:
    replies = [
        {"ticket": "T-1", "at": at(f"{MON}T00:01") + number, "type": "reply", "by": "agent"}
        for number in range(6_000)
    ]
    code, out, err = explain(capsys, "T-1", *file(CREATED, *replies), "--at", f"{MON}T09:00Z")
    assert code == 0
    assert "who would have been notified is left out" in err
    assert "not notified" in " ".join(out.split())


def test_levels_that_were_told_are_known_from_the_replay(
    capsys: pytest.CaptureFixture[str], file: Any
) -> None:
    _, out, _ = explain(
        capsys, "T-1", *file(OWNED, {**CREATED, "type": "note", "at": f"{MON}T09:00Z"})
    )
    said = " ".join(out.split())
    assert f"Level 1 Mon {MON} 06:00 +00:00, 75 % used: owner (Kim), passed" in said
    assert (
        f"Level 2 Mon {MON} 08:00 +00:00, breach, urgent: owner (Kim), sent Mon {MON} 08:00 +00:00; team-lead, sent"
        in said
    )
    assert f"Level 3 Mon {MON} 12:00 +00:00, 4 h after: manager Level 4" in said


def test_of_two_years_a_page_is_left(capsys: pytest.CaptureFixture[str], file: Any) -> None:
    paused = [
        {
            "ticket": "T-1",
            "at": f"2026-{month:02}-0{day}T00:00Z",
            "type": "status",
            "status": status,
        }
        for month in range(4, 13)
        for day, status in ((1, "Waiting"), (3, "Open"))
    ]
    code, out, _ = explain(capsys, "T-1", *file(CREATED, *paused), "--at", "2028-03-02T00:00Z")
    assert code == 0
    assert len(out.splitlines()) <= 60


def test_what_ended_before_its_limit_reached_nothing_however_long_ago_it_was(
    capsys: pytest.CaptureFixture[str], file: Any
) -> None:
    resolved = {"ticket": "T-1", "at": f"{MON}T02:00:00Z", "type": "resolved", "status": "Resolved"}
    _, out, _ = explain(capsys, "T-1", *file(CREATED, resolved), "--at", "2028-03-02T00:00Z")
    assert "RESOLUTION met" in out
    assert "AGE ended" in out
    assert "reached" not in out
    assert "not notified" not in out


def test_what_reached_its_limit_before_it_ended_did(
    capsys: pytest.CaptureFixture[str], file: Any
) -> None:
    resolved = {
        "ticket": "T-1",
        "at": "2028-03-02T00:00:00Z",
        "type": "resolved",
        "status": "Resolved",
    }
    _, out, _ = explain(capsys, "T-1", *file(CREATED, resolved), "--at", "2028-03-03T00:00Z")
    assert "AGE reached" in out


def test_no_level_after_the_end_is_said_to_have_told_nobody(operator: Operator) -> None:
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:00"))
    operator.desk.put(f"{MON}T00:00", **NEW, assignee="Kim")
    operator.tick(f"{MON}T08:01")
    operator.desk.put(f"{MON}T09:00", **{**NEW, "status": "Resolved"}, assignee="Kim")
    operator.now = "2026-05-02T00:00"  # and nobody was notified yet that it is closed
    said = operator("explain", "T-1").said
    assert f"Level 2 Mon {MON} 08:00 +00:00, breach, urgent: owner (Kim), sent" in said
    assert f"Level 3 Mon {MON} 12:00 +00:00, 4 h after: manager Level 4" in said


def test_every_ticket_of_the_case_is_there_the_one_asked_for_first(
    capsys: pytest.CaptureFixture[str], file: Any
) -> None:
    other = {**CREATED, "ticket": "T-2", "at": f"{MON}T03:00:00Z", "follow_up_of": "T-1"}
    _, out, _ = explain(capsys, "T-2", *file(CREATED, other))
    assert out.index("TICKET T-2") < out.index("TICKET T-1")
    assert "Case       T-1, 2 tickets: T-1, T-2" in out
    assert "Link       follow up of T-1" in out


def test_a_ticket_that_is_not_there_is_an_error_of_usage(
    capsys: pytest.CaptureFixture[str], file: Any
) -> None:
    code, out, err = explain(capsys, "T-9", *file(CREATED))
    assert (code, out) == (2, "")
    assert "there is no ticket T-9 in" in err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param(["--at", "yesterday"], "--at: ", id="no time"),
        pytest.param(["--timezone", "Berlin"], "there is no time zone 'Berlin'", id="no zone"),
        pytest.param(
            ["--at", "2020-01-01T00:00Z"],
            "nothing was known of the ticket T-1 by then",
            id="too early",
        ),
    ],
)
def test_a_wrong_time_is_an_error_of_usage(
    capsys: pytest.CaptureFixture[str], file: Any, more: list[str], said: str
) -> None:
    code, _, err = explain(capsys, "T-1", *file(CREATED), *more)
    assert code == 2
    assert said in err


def test_a_broken_file_names_the_line(capsys: pytest.CaptureFixture[str], file: Any) -> None:
    code, _, err = explain(capsys, "T-1", *file(CREATED, {"ticket": "T-1"}))
    assert code == 2
    assert "line 2" in err


def test_what_needs_attention_is_shown_and_makes_the_exit_code_1(
    capsys: pytest.CaptureFixture[str], file: Any
) -> None:
    code, out, _ = explain(capsys, "T-1", *file({**CREATED, "status": "Parked"}))
    assert code == 1
    assert (
        "NEEDS ATTENTION\n  T-1, status: status 'Parked' is in no group of the policy file" in out
    )


def test_programs_get_instants_with_offset_and_levels_from_one(
    capsys: pytest.CaptureFixture[str], file: Any
) -> None:
    code, out, _ = explain(capsys, "T-1", *file(OWNED), "--at", f"{MON}T09:00Z", "--json")
    (matter,) = json.loads(out)["matters"]
    (clock,) = matter["tickets"][0]["clocks"]
    assert code == 0
    assert (clock["metric"], clock["state"], clock["due_at"]) == (
        "resolution",
        "breached",
        f"{MON}T08:00:00+00:00",
    )
    assert clock["walk"]["rows"] == [
        {
            "start": f"{MON}T00:00:00+00:00",
            "end": f"{MON}T08:00:00+00:00",
            "counted": 28_800,
            "ahead": False,
        }
    ]
    assert clock["steps"][1]["trigger"] == {"kind": "after", "seconds": 0}
    assert clock["steps"][1]["recipients"][0] == {
        "recipient": "owner:Kim",
        "reached": {"level": 2, "repetition": 0, "at": f"{MON}T08:00:01+00:00", "outcome": "sent"},
    }


def test_no_instant_is_left_a_bare_number(capsys: pytest.CaptureFixture[str], file: Any) -> None:
    _, out, _ = explain(capsys, "T-1", *file(CREATED), "--at", f"{MON}T09:00Z", "--json")
    assert not [number for number in _numbers(json.loads(out)) if number > 10**9]


def _numbers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [number for member in value.values() for number in _numbers(member)]
    if isinstance(value, list):
        return [number for member in value for number in _numbers(member)]
    return [value] if isinstance(value, int) else []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (3_600, "1 h"), (28_085, "7 h 48 m 5 s"), (200 * 3_600, "200 h")],
)
def test_durations_are_said_to_the_second(seconds: int, said: str) -> None:
    assert exact(seconds) == said


# ------------------------------------------------------------------ from the store


def test_the_store_knows_who_was_told(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW, assignee="Kim", team="Trust")
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:01"))
    operator.tick(f"{MON}T06:00")
    operator.now = f"{MON}T07:00"
    ran = operator("explain", "T-1")
    assert (ran.code, ran.err) == (0, "")
    assert (
        f"Level 1 Mon {MON} 06:00 +00:00, 75 % used: owner (Kim), sent Mon {MON} 06:00 +00:00"
        in ran.said
    )
    assert max(map(len, ran.out.splitlines())) < 80


def test_at_an_earlier_time_what_came_later_is_not_known(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW, assignee="Kim")
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:01"))
    operator.tick(f"{MON}T06:00")
    operator.now = f"{MON}T07:00"
    ran = operator("explain", "T-1", "--at", f"{MON}T05:00Z")
    assert f"T-1 as of Mon {MON} 05:00 +00:00" in ran.said
    assert "sent" not in ran.said


def test_the_record_as_it_is_now_counts_even_before_the_stream_brings_it(
    operator: Operator,
) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW, assignee="Kim")
    operator.desk.write(
        ticket_id="T-1", **{**NEW, "status": "Waiting"}, updated_at=f"{MON}T01:00:00Z"
    )
    operator.now = f"{MON}T02:00"
    assert "Status Waiting" in operator("explain", "T-1").said


def test_a_ticket_that_belongs_to_an_older_case_is_found_by_its_own_id(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW)
    operator.desk.put(
        f"{MON}T01:00", "T-2", **{**NEW, "created_at": f"{MON}T01:00:00Z"}, follow_up_of="T-1"
    )
    operator.tick(f"{MON}T02:00")
    ran = operator("explain", "T-2")
    assert "T-2 as of" in ran.said
    assert "Case T-1, 2 tickets: T-1, T-2" in ran.said


def test_a_ticket_that_the_stack_does_not_know_is_an_error_of_usage(operator: Operator) -> None:
    ran = operator("explain", "T-404")
    assert ran.code == 2
    assert "there is no ticket T-404 in the stack sla in eu-central-1" in " ".join(ran.err.split())


def test_help_shows_an_example(operator: Operator) -> None:
    assert (
        "sla-watchdog explain EX-1 --events docs/example-events.jsonl"
        in operator("explain", "--help", policy=None).out
    )


def test_what_is_due_and_not_yet_sent_comes_next_as_now_in_explain_and_status(
    operator: Operator,
) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW, assignee="Kim")
    operator.now = f"{MON}T09:00"
    out = operator("explain", "T-1").out
    assert "now owner (Kim): resolution, level 2, urgent" in out
    assert "now team-lead: resolution, level 2, urgent" in out
    assert "now: " in operator("status").said
    (case,) = operator("status", "--json").json["cases"]
    assert case["next"] == {"at": f"{MON}T09:00:00+00:00", "recipient": "owner:Kim", "level": 2}
