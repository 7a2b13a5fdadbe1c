"""`check-policy --against`: what a change of the policy would do to open tickets, before it is
deployed.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from building import MON
from component.cli_desk import NEW, POLICY, Operator
from sla_watchdog.tools import cli

EVENTS = (
    '{"ticket":"T-1","at":"2026-03-02T09:00Z","type":"created","priority":"3 - normal"}\n'
    '{"ticket":"T-2","at":"2026-03-02T09:00Z","type":"created","priority":"3 - normal"}\n'
    '{"ticket":"T-2","at":"2026-03-02T10:00Z","type":"resolved"}\n'
    '{"ticket":"T-3","at":"2026-03-02T14:00Z","type":"created","priority":"3 - normal"}\n'
)
OLD = """\
form: 1
timezone: UTC
statuses: {open: [New, Open], waiting: [Waiting], resolved: [Resolved], closed: [Closed]}
calendars: {always: {timezone: UTC, hours: {daily: ["00:00-24:00"]}}}
audiences: {owner: {}, manager: {}}
ladders: {standard: [{at: 75%, tell: [owner]}, {at: breach, tell: [manager], repeat: 1d}]}
policies: [{name: all, calendar: always, ladder: standard, targets: {resolution: 8h}}]
ceilings: [{age: 14d, tell: [manager]}]
"""


def files(tmp_path: Path, new: str = OLD.replace("8h", "4h")) -> tuple[str, str, str]:
    names = (tmp_path / "old.yaml", tmp_path / "new.yaml", tmp_path / "events.jsonl")
    for path, text in zip(names, (OLD, new, EVENTS), strict=True):
        path.write_text(text)
    return str(names[0]), str(names[1]), str(names[2])


def test_it_says_how_many_move_which_become_overdue_and_who_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, events = files(tmp_path)
    argv = [
        "check-policy",
        new,
        "--against",
        old,
        "--events",
        events,
        "--at",
        "2026-03-02T14:00Z",
        "--json",
    ]
    assert cli.main(argv) == cli.FINE
    found = json.loads(capsys.readouterr().out)["against"]
    changes = found.pop("changes")
    del found["loudness"]
    assert found == {
        "at": "2026-03-02T14:00:00Z",
        "open_tickets": 2,
        "moved": 2,
        "become_overdue": 1,
        "told_at_once": {"manager": 1, "owner": 1},
        "fields_not_known_yet": [],
        "not_judged": None,
    }
    assert [(c["ticket"], c["due_before"], c["due"], c["becomes_overdue"]) for c in changes] == [
        ("T-1", "2026-03-02T17:00:00Z", "2026-03-02T13:00:00Z", True),
        ("T-3", "2026-03-02T22:00:00Z", "2026-03-02T18:00:00Z", False),
    ]


def test_a_policy_that_changes_nothing_moves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, events = files(tmp_path, OLD)
    assert cli.main(["check-policy", new, "--against", old, "--events", events]) == cli.FINE
    said = " ".join(capsys.readouterr().out.split())
    assert "2 open tickets, of which 0 move" in said
    assert "notified at once: nobody" in said


def test_it_says_how_loud_it_was_and_will_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over the days of the history, each case played again under the new policy."""
    old, new, events = files(tmp_path, OLD.replace("8h", "4h").replace("repeat: 1d", "repeat: 7d"))
    argv = ["check-policy", new, "--against", old, "--events", events, "--at", "2026-03-06T09:00Z"]
    assert cli.main([*argv, "--json"]) == cli.FINE
    loudness = json.loads(capsys.readouterr().out)["against"]["loudness"]
    managers = {
        name: next(each for each in loudness[name]["audiences"] if each["audience"] == "manager")
        for name in ("before", "after")
    }
    assert [loudness[name]["days"] for name in managers] == [5, 5]
    assert [each["messages"] for each in managers.values()] == [6, 2]
    assert managers["before"]["most_by"]["rule"] == "all, resolution, at: breach, repeated"
    assert managers["after"]["most_by"]["rule"] == "all, resolution, at: breach"
    assert cli.main(argv) == cli.FINE
    said = " ".join(capsys.readouterr().out.split())
    assert "messages median day 95 % of days busiest day" in said
    assert "Most to manager: all, resolution, at: breach (100 %)" in said


def test_a_change_that_makes_it_too_loud_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loud = OLD.replace("8h", "5m").replace("repeat: 1d", "repeat: {every: 30m}")
    old, new, events = files(tmp_path, loud + "digest_after: 500\n")
    argv = ["check-policy", new, "--against", old, "--events", events, "--at", "2026-03-06T09:00Z"]
    assert cli.main(argv) == cli.FINE
    said = " ".join(capsys.readouterr().out.split())
    assert "Warning: manager gets 96 messages a day, more than 20. To calm it, " in said
    assert "repeat less often (`repeat: 7d` at all, resolution, at: breach): about 4 a day" in said


def test_the_text_fits_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    old, new, events = files(tmp_path)
    assert cli.main(["check-policy", new, "--against", old, "--events", events]) == cli.FINE
    lines = capsys.readouterr().out.partition("Against")[2].splitlines()[1:]
    assert any(line.startswith("T-1") and "overdue" in line for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        pytest.param(["--events", "{events}"], "go with --against", id="events alone"),
        pytest.param(
            ["--against", "none.yaml", "--events", "{events}"],
            "none.yaml cannot be read",
            id="no old file",
        ),
        pytest.param(
            ["--against", "{old}", "--events", "none.jsonl"],
            "none.jsonl cannot be read",
            id="no events",
        ),
        pytest.param(
            ["--against", "{old}", "--events", "{events}", "--at", "soon"], "--at:", id="no time"
        ),
    ],
)
def test_what_cannot_be_compared_is_said(
    argv: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, events = files(tmp_path)
    given = [each.format(old=old, events=events) for each in argv]
    assert cli.main(["check-policy", new, *given]) == cli.USAGE
    assert said in capsys.readouterr().err


def test_of_a_stack_it_reads_the_cases_as_they_are_stored(
    operator: Operator, tmp_path: Path
) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(POLICY.read_text().replace("8h", "4h").partition("examples:")[0])
    operator.desk.put(f"{MON}T00:00", **NEW)
    operator.now = f"{MON}T05:00"
    ran = operator("check-policy", str(new), "--against", str(POLICY), "--json", policy=None)
    found = ran.json["against"]
    assert (found["open_tickets"], found["moved"], found["become_overdue"]) == (1, 1, 1)
    loudness = found["loudness"]
    assert [loudness[name]["days"] for name in ("before", "after")] == [7, 7]
    first_day = [
        {each["audience"]: each["next_24_h"] for each in loudness[name]["audiences"]}
        for name in ("before", "after")
    ]
    assert first_day == [
        {"team-lead": 2, "manager": 0, "executive": 1},
        {"team-lead": 1, "manager": 0, "executive": 1},
    ]
