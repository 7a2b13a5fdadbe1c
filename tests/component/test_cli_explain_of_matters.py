"""`explain` of a matter of several tickets: how often the customer asked, and whose policy holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sla_watchdog.tools.cli import main

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "functions" / "policy.yaml"


def event(ticket: str, at: str, kind: str, **more: str) -> dict[str, str]:
    return {"ticket": ticket, "at": at, "type": kind, **more}


EVENTS = [
    event("G-1", "2022-03-07T23:30:00-05:00", "created", customer_tier="government", priority="P3"),
    event("G-1", "2022-03-08T10:00:00-05:00", "resolved"),
    event("G-2", "2022-03-14T11:00:00-04:00", "created", priority="P3", follow_up_of="G-1"),
]
"""The first came late in the evening of New York, which is the next day in UTC."""


@pytest.fixture
def explain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    monkeypatch.setenv("COLUMNS", "80")
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, EVENTS)))

    def run(*argv: str) -> str:
        files = ["--events", str(path), "--policy", str(SHIPPED)]
        assert main(["explain", *argv, *files, "--at", "2022-03-14T12:30-04:00"]) == 0
        return capsys.readouterr().out

    return run


def test_it_says_how_often_the_customer_asked_by_the_date_of_the_calendar(explain: Any) -> None:
    rows = [line.split() for line in explain("G-2").splitlines()[:5]]
    assert ["Asked", *["twice", "since", "7", "March", "2022;", "closed", "once"]] in rows


def test_it_says_which_ticket_s_policy_holds(explain: Any) -> None:
    printed = explain("G-2")
    assert "Rule       government, as G-1 is of the same case, calendar office" in printed
    assert "not government" not in printed
    own = printed[printed.index("TICKET G-1") :]
    assert "Rule       government, calendar office" in own


def test_programs_get_both(explain: Any) -> None:
    (matter,) = json.loads(explain("G-2", "--json"))["matters"]
    assert matter["ended"] == 1
    assert matter["requests"] == ["2022-03-07T23:30:00-05:00", "2022-03-14T11:00:00-04:00"]
    second = matter["tickets"][1]
    assert [ruling["of_ticket"] for ruling in second["rulings"]] == ["G-1"]
    assert {clock["rule_of"] for clock in second["clocks"]} == {"G-1"}
