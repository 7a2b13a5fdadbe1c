"""`sla-watchdog backtest`: from an event file to tables, numbers and a page."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from building import at, policy
from sla_watchdog.tools.backtest.comparison import changes
from sla_watchdog.tools.backtest.files import clocks_csv, write_all
from sla_watchdog.tools.backtest.oddities import Oddity, counted, oddities
from sla_watchdog.tools.backtest.rows import AlertRow, BacktestMessage, ClockRow, by_recipient
from sla_watchdog.tools.backtest.summary import attainment, audiences, noisiest, worst
from sla_watchdog.tools.cli import main
from sla_watchdog.tools.imports.events import in_order
from sla_watchdog.tools.loudness.days import Days
from sla_watchdog.tools.loudness.loads import loudness

POLICY = """
form: 1
timezone: UTC
statuses: {open: [New, Open], waiting: [Waiting], resolved: [Resolved], closed: [Closed]}
calendars: {always: {timezone: UTC, hours: {daily: ["00:00-24:00"]}}}
audiences: {team-lead: {each: team}, manager: {}}
policies:
  - name: all
    calendar: always
    ladder: standard
    targets: {resolution: {within: 8h, pauses_in: [waiting]}}
ladders:
  standard:
    - {at: breach, tell: [team-lead], urgent: true}
    - {after: 4h, tell: [manager], repeat: {every: 1d}}
ceilings:
  - {age: 14d, tell: [manager]}
"""


def event(ticket: str, when: str, kind: str = "created", **more: Any) -> dict[str, Any]:
    return {"ticket": ticket, "at": f"2026-03-{when}", "type": kind, **more}


EVENTS = [
    event("T-1", "02T09:00", team="A"),
    event("T-1", "02T10:00", "status", status="Waiting"),
    event("T-1", "02T20:00", "status", status="Open"),
    event("T-1", "02T22:00", "resolved"),
    event("T-2", "02T09:00", team="B"),
    event("T-2", "03T09:00", "resolved"),
    event("T-3", "04T09:00"),
]


class Desk:
    """A folder with an event file, a policy, and what `backtest` made of both."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.out = folder / "out"
        (folder / "policy.yaml").write_text(POLICY)

    def run(self, *more: str, events: Iterable[object] = EVENTS) -> int:
        file = self.folder / "events.jsonl"
        file.write_text(
            "".join(each if isinstance(each, str) else f"{json.dumps(each)}\n" for each in events)
        )
        policy = str(self.folder / "policy.yaml")
        return main(["backtest", str(file), "--policy", policy, "--out", str(self.out), *more])

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.out / name).open(newline="") as file:
            return list(csv.DictReader(file))

    @property
    def summary(self) -> dict[str, Any]:
        return dict(json.loads((self.out / "summary.json").read_text()))

    @property
    def page(self) -> str:
        return (self.out / "report.html").read_text()


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_clocks_csv_has_a_line_for_every_clock_with_its_verdict(desk: Desk) -> None:
    assert desk.run() == 0
    lines = {row["ticket"]: row for row in desk.table("clocks.csv") if row["clock"] == "resolution"}
    assert lines["T-1"] == {
        "ticket": "T-1",
        "case": "T-1",
        "clock": "resolution",
        "cycle": "1",
        "policy": "all",
        "started_at": "2026-03-02T09:00:00Z",
        "due_at": "2026-03-03T03:00:00Z",
        "stopped_at": "2026-03-02T22:00:00Z",
        "verdict": "met",
        "business_seconds": str(3 * 3600),
        "paused_seconds": str(10 * 3600),
    }
    assert (lines["T-2"]["verdict"], lines["T-2"]["due_at"]) == ("breached", "2026-03-02T17:00:00Z")
    assert (lines["T-3"]["verdict"], lines["T-3"]["stopped_at"]) == ("running", "")


def test_alerts_csv_has_a_line_for_every_alert_at_its_instant(desk: Desk) -> None:
    desk.run()
    alerts = [
        tuple(row.values()) for row in desk.table("alerts.csv") if row["clock"] == "resolution"
    ]
    assert alerts == [
        ("2026-03-02T17:00:01Z", "T-2", "resolution", "1", "team-lead-urgent:B", "due"),
        ("2026-03-02T17:00:01Z", "T-2", "resolution", "1", "team-lead:B", "due"),
        ("2026-03-02T21:00:00Z", "T-2", "resolution", "2", "manager", "due"),
    ]


WITHOUT_REPLIES = [
    line
    for number in range(20)
    for line in (
        event(f"E-{number}", "02T09:00", team="A"),
        event(f"E-{number}", "02T12:00", "resolved"),
    )
]


@pytest.fixture
def unanswered(desk: Desk) -> Desk:
    """A policy that asks for a first reply, of a history of twenty tickets that has none."""
    answered = POLICY.replace("targets: {", "targets: {first_response: 1h, ")
    (desk.folder / "policy.yaml").write_text(answered)
    return desk


def test_a_history_without_replies_says_so_once_wherever_it_is_read(unanswered: Desk) -> None:
    assert unanswered.run(events=WITHOUT_REPLIES) == 0
    said = " ".join(unanswered.capsys.readouterr().out.split())
    sentence = (
        "first_response cannot be judged from these records: none of 20 tickets that ended carries "
        "a reply of the desk. Name the field in `fields:`, leave these clocks out, or insist with "
        "`judge_always: [reply]`."
    )
    assert said.count(sentence) == 1
    assert unanswered.page.count(sentence) == 1
    assert unanswered.summary["not_judged"] == [
        {"needs": "reply", "clocks": ["first_response"], "tickets_ended": 20, "until": None}
    ]
    (row,) = [row for row in unanswered.summary["attainment"] if row["clock"] == "first_response"]
    assert (row["met"], row["breached"], row["not_judged"], row["kept"]) == (0, 0, 20, None)
    verdicts = {(row["clock"], row["verdict"]) for row in unanswered.table("clocks.csv")}
    assert verdicts >= {("first_response", "not judged"), ("resolution", "met")}
    assert {row["clock"] for row in unanswered.table("alerts.csv")} == set()


def test_two_policies_are_compared_by_the_same_evidence(unanswered: Desk) -> None:
    insisting = (unanswered.folder / "policy.yaml").read_text() + "judge_always: [reply]\n"
    other = unanswered.folder / "insisting.yaml"
    other.write_text(insisting)
    assert unanswered.run("--against", str(other), events=WITHOUT_REPLIES) == 0
    (change,) = unanswered.summary["against"]["changed_verdicts"]
    assert change == {
        "clock": "first_response",
        "before": "breached",
        "after": "not judged",
        "tickets": 20,
    }


def test_until_plays_on_beyond_the_last_event_or_stops_before_it(desk: Desk) -> None:
    desk.run("--until", "2026-03-20T00:00")
    (late,) = [
        row
        for row in desk.table("clocks.csv")
        if (row["ticket"], row["clock"]) == ("T-3", "resolution")
    ]
    assert late["verdict"] == "breached"
    assert (
        len(
            [
                row
                for row in desk.table("alerts.csv")
                if row["ticket"] == "T-3" and row["audience"] == "manager"
            ]
        )
        > 10
    )
    desk.run("--until", "2026-03-03T00:00:00Z")
    assert {row["ticket"] for row in desk.table("clocks.csv")} == {"T-1", "T-2"}
    assert desk.summary["unresolved"] == 1


def test_the_timezone_is_that_of_times_without_an_offset(desk: Desk) -> None:
    desk.run("--timezone", "America/New_York")
    assert desk.table("clocks.csv")[0]["started_at"] == "2026-03-02T14:00:00Z"


def test_two_runs_write_the_same_files(desk: Desk) -> None:
    def texts() -> dict[str, bytes]:
        desk.run("--against", str(desk.folder / "policy.yaml"))
        return {path.name: path.read_bytes() for path in sorted(desk.out.iterdir())}

    first = texts()
    assert set(first) == {"clocks.csv", "alerts.csv", "summary.json", "report.html"}
    assert texts() == first


def test_neither_order_nor_repetition_of_the_lines_changes_a_byte(desk: Desk) -> None:
    """Also of a history with two changes in one second, an event before the creation and one after
    the closing.
    """

    def written(events: list[dict[str, object]]) -> dict[str, bytes]:
        desk.run("--against", str(desk.folder / "policy.yaml"), events=events)
        return {path.name: path.read_bytes() for path in sorted(desk.out.iterdir())}

    odd = [
        *EVENTS,
        event("T-1", "01T09:00", "note"),
        event("T-2", "03T09:00", "closed"),
        event("T-2", "04T09:00", "note"),
        event("T-3", "04T09:00", "priority", priority="P1"),
        event("T-3", "04T09:00", "priority", priority="P3"),
    ]
    lines = [{**each, "seq": n} for n, each in enumerate(odd)]
    before = written(lines)
    assert desk.summary["odd_lines"] == {"before_creation": 1, "after_closing": 1}
    for seed in range(5):
        shuffled = [*lines, *lines[::2]]
        Random(seed).shuffle(shuffled)
        assert written(shuffled) == before


def test_the_summary_counts_tickets_messages_and_odd_lines(desk: Desk) -> None:
    desk.run(events=[*EVENTS, event("T-2", "03T09:00", "resolved")])
    assert "1 repeated" in desk.capsys.readouterr().out
    summary = desk.summary
    assert (summary["tickets"], summary["events"]) == (3, 7)
    (row,) = summary["attainment"]
    assert (row["met"], row["breached"], row["running"], row["kept"]) == (1, 1, 1, 50.0)
    lead = next(each for each in summary["audiences"] if each["audience"] == "team-lead")
    assert lead["messages"] >= 1
    assert lead["urgent_copies"] >= 1


def test_strict_refuses_odd_lines_with_their_numbers_and_writes_nothing(desk: Desk) -> None:
    odd = [*EVENTS, event("T-2", "03T08:00", "note"), event("T-4", "04T09:00", "note")]
    assert desk.run("--strict", events=odd) == 2
    said = desk.capsys.readouterr().err
    assert "line 8: T-2: is earlier than a line before it" in said
    assert "line 9: T-4: happens before the ticket was created" in said
    assert not desk.out.exists()
    assert desk.run("--strict") == 0


def test_a_broken_line_is_named_and_nothing_is_written(desk: Desk) -> None:
    assert desk.run(events=["{\n", *EVENTS]) == 2
    assert "line 1: not JSON" in desk.capsys.readouterr().err
    assert not desk.out.exists()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        pytest.param(
            ["--timezone", "Mars/Base"], "there is no time zone 'Mars/Base'", id="no such zone"
        ),
        pytest.param(["--until", "soon"], "--until: 'soon' is not a date", id="no time"),
        pytest.param(
            ["--until", "2020-01-01"], "--until is before the first event", id="before all"
        ),
        pytest.param(["--against", "none.yaml"], "none.yaml cannot be read", id="no such policy"),
    ],
)
def test_wrong_usage_is_said(desk: Desk, more: list[str], problem: str) -> None:
    assert desk.run(*more) == 2
    assert problem in " ".join(desk.capsys.readouterr().err.split())


def test_json_prints_the_summary_and_nothing_else(desk: Desk) -> None:
    desk.run("--json")
    assert json.loads(desk.capsys.readouterr().out) == desk.summary


def test_against_another_policy_says_what_changes(desk: Desk) -> None:
    other = desk.folder / "other.yaml"
    other.write_text(POLICY.replace("within: 8h", "within: 2h"))
    desk.run("--against", str(other))
    against = desk.summary["against"]
    change = {"clock": "resolution", "before": "breached", "after": "met", "tickets": 1}
    assert against["changed_verdicts"] == [change]
    assert {each["audience"] for each in against["messages"]} == {"team-lead", "manager"}
    assert "What changes" in desk.page


def test_messages_a_day_are_said_for_each_person_and_audience(desk: Desk) -> None:
    desk.run("--until", "2026-03-10T00:00")
    loudness = desk.summary["loudness"]
    assert (loudness["from"], loudness["until"], loudness["days"]) == (
        "2026-03-02",
        "2026-03-10",
        9,
    )
    manager, lead = loudness["audiences"]
    assert (manager["median_day"], manager["percentile_95"], manager["warning"]) == (1, 1, None)
    assert manager["most_by"]["rule"] == "all, resolution, after: 4h, repeated"
    assert [each["recipient"] for each in lead["recipients"]] == ["team-lead:B", "team-lead"]
    said = " ".join(desk.capsys.readouterr().out.split())
    assert "messages a day median 95 % busiest on in all" in said
    assert "team-lead, all 2" in said
    assert "Most to manager: all, resolution, after: 4h, repeated (" in said
    assert "Messages a day" in desk.page


def test_what_is_too_loud_is_warned_of_in_the_text_the_summary_and_the_page(desk: Desk) -> None:
    """30 cases that nobody touches, each repeated daily; nothing is folded."""
    policy = desk.folder / "policy.yaml"
    policy.write_text(f"{POLICY}digest_after: 500\n")
    flood = [event(f"T-{n}", f"02T10:{n:02}") for n in range(30)]
    desk.run("--until", "2026-04-12T00:00", events=flood)
    warning = "manager gets 30 messages a day, more than 20. To calm it, "
    assert f"Warning: {warning}" in " ".join(desk.capsys.readouterr().out.split())
    manager = desk.summary["loudness"]["audiences"][0]
    assert manager["warning"]["recipients"] == ["manager"]
    assert manager["warning"]["change"] == 'give manager `digest: "09:00"`'
    assert manager["warning"]["percentile_95_then"] == 1
    assert warning in desk.page


def test_under_the_change_that_it_advises_there_are_as_many_messages_as_it_says(
    desk: Desk,
) -> None:
    policy = desk.folder / "policy.yaml"
    policy.write_text(f"{POLICY}digest_after: 500\n")
    flood = [event(f"T-{n}", f"02T10:{n:02}") for n in range(30)]
    desk.run("--until", "2026-04-12T00:00", events=flood)
    (said,) = [each["warning"] for each in desk.summary["loudness"]["audiences"] if each["warning"]]
    calm = POLICY.replace("manager: {}", 'manager: {digest: "09:00"}')
    policy.write_text(f"{calm}digest_after: 500\n")
    desk.run("--until", "2026-04-12T00:00", events=flood)
    (manager,) = [
        each for each in desk.summary["loudness"]["audiences"] if each["audience"] == "manager"
    ]
    assert manager["percentile_95"] == said["percentile_95_then"]
    assert manager["on_busiest_day"] == 30, "first breaches come at once all the same"


def test_days_begin_at_midnight_of_the_zone_of_the_policy(desk: Desk) -> None:
    """21:00 UTC is tomorrow in Kolkata, half an hour off."""
    policy = desk.folder / "policy.yaml"
    policy.write_text(POLICY.replace("timezone: UTC\nstatuses", "timezone: Asia/Kolkata\nstatuses"))
    desk.run("--timezone", "UTC")
    assert desk.summary["per_day"]["manager"] == {"2026-03-03": 2}


def test_limits_that_most_kept_are_suggested_where_enough_ended(desk: Desk) -> None:
    life = [
        [
            event(f"T-{n}", f"{day:02}T09:00"),
            event(f"T-{n}", f"{day:02}T{10 + n % 10}:00", "resolved"),
        ]
        for n, day in enumerate([*range(2, 28), *range(2, 28)])
    ]
    events = [each for both in life for each in both]
    assert desk.run("--suggest", events=events) == 0
    said = desk.capsys.readouterr().out
    assert "Limits that 90 % kept of what ended from 2025-09-" in said
    line = "resolution: {within: 9h, ladder: standard, pauses_in: [waiting]}  # 90.4 % kept it;"
    assert line in said
    (limit,) = desk.summary["suggested"]["limits"]
    assert (limit["cases"], limit["within"], limit["kept_then"]) == (52, "9h", 90.4)
    desk.run(events=EVENTS)
    assert "suggested" not in desk.summary


def test_where_too_few_ended_no_limit_is_suggested(desk: Desk) -> None:
    desk.run("--suggest")
    assert "within: 8h" in (said := desk.capsys.readouterr().out)
    assert "2 ended, too few to suggest a limit" in said
    (limit,) = desk.summary["suggested"]["limits"]
    assert limit["within"] is None


def test_the_page_stands_by_itself_and_names_hostile_tickets_harmlessly(desk: Desk) -> None:
    hostile = '<script>alert("x")</script>'
    desk.run(
        "--until",
        "2026-03-10T00:00",
        events=[
            event(hostile, "01T09:00", team="=cmd()"),
            event("T-9", "01T09:00", team=hostile),
            *EVENTS,
        ],
    )
    assert hostile not in desk.page
    assert "&lt;script&gt;" in desk.page
    assert not re.search(r"(src|href)=.?https?:|@import|<script|<link", desk.page)
    assert desk.page.count("<svg ") == 2


def test_a_cell_that_a_spreadsheet_would_run_is_text(desk: Desk) -> None:
    desk.run(events=[event("=1+1", "01T09:00"), *EVENTS])
    assert "'=1+1" in {row["ticket"] for row in desk.table("clocks.csv")}


def test_a_write_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    write_all(tmp_path, {"a": "1", "b": "1"})
    with pytest.raises(FileNotFoundError):
        write_all(tmp_path, {"a": "2", "b/none": "2"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "1", "b": "1"}


# ------------------------------------------------------------------ numbers


def row(ticket: str, verdict: str, clock: str = "resolution", cycle: int = 1) -> ClockRow:
    return ClockRow(ticket, ticket, clock, cycle, "all", "", "", "", verdict, 0, 0)


def sent(
    audience: str, when: str, ticket: str = "T-1", level: int = 1, urgent: bool = False
) -> BacktestMessage:
    alert = AlertRow(f"2026-03-{when}:00Z", ticket, "resolution", level, audience, "due")
    return BacktestMessage(
        row=alert,
        case=ticket,
        policy="all",
        audience=audience.partition(":")[0].removesuffix("-urgent"),
        urgent=urgent,
        passed=0,
        second=at(f"2026-03-{when}"),
        repeated=False,
        waits_for_nothing=False,
        in_digest=False,
    )


def test_of_several_exchanges_of_a_ticket_the_worst_counts() -> None:
    verdicts = ["met", "breached", "met", "running"]
    rows = [
        row("T-1", verdict, "next_response", cycle) for cycle, verdict in enumerate(verdicts, 1)
    ]
    (found,) = attainment([*rows, row("T-2", "met", "next_response")])
    assert (found.met, found.breached, found.running, found.kept) == (1, 1, 0, 50.0)


def test_the_age_of_cases_is_no_target() -> None:
    assert attainment([row("T-1", "breached", "age")]) == []
    assert worst({row("T-1", "breached", "age"): 99}, []) == []


def test_alerts_of_one_case_to_one_topic_at_one_instant_are_one_message() -> None:
    messages = [
        sent("manager", "02T09:00"),
        sent("manager", "02T09:00", level=2),
        sent("manager", "02T10:00"),
        sent("manager", "03T10:00"),
        sent("team-lead:A", "02T09:00"),
        sent("team-lead:B", "02T09:00"),
        sent("team-lead-urgent:B", "02T09:00", urgent=True),
    ]
    fortnight = Days.between(at("2026-03-01T00:00"), at("2026-03-14T00:00"), "UTC")
    loud = loudness(by_recipient(messages), policy(), fortnight)
    manager, lead = audiences(messages, loud)
    assert (manager.alerts, manager.messages, manager.per_week) == (4, 3, 1.5)
    assert (manager.busiest_day, manager.on_busiest_day) == ("2026-03-02", 2)
    assert (lead.messages, lead.urgent_copies, lead.topics) == (2, 1, 3)


def test_the_noisiest_level_stands_first() -> None:
    found = noisiest(
        [sent("a", "02T09:00"), sent("a", "02T10:00", level=2), sent("a", "03T10:00", level=2)]
    )
    assert [(each.level, each.alerts, each.subjects) for each in found] == [(2, 2, 1), (1, 1, 1)]


def test_the_worst_are_those_furthest_past_their_target() -> None:
    over = {row(f"T-{n}", "breached"): n for n in range(30)}
    found = worst(over, [sent("manager", "02T09:00", "T-29")])
    assert [each.over_seconds for each in found] == list(range(29, 9, -1))
    assert found[0].alerts == 1


def test_only_verdicts_that_differ_are_changes() -> None:
    before = [row("T-1", "met"), row("T-2", "met"), row("T-3", "breached")]
    after = [row("T-1", "breached"), row("T-2", "met"), row("T-4", "met")]
    found = [(each.before, each.after, each.tickets) for each in changes(before, after)]
    assert sorted(found) == [
        ("breached", "no clock", 1),
        ("met", "breached", 1),
        ("no clock", "met", 1),
    ]


def test_lines_end_the_same_on_every_machine() -> None:
    assert clocks_csv([row("T", "met")]).splitlines(keepends=True)[1].endswith("met,0,0\n")


ODD = [
    pytest.param(
        [("T", 2, "created"), ("T", 1, "note")],
        {"out_of_order", "before_creation"},
        id="before creation",
    ),
    pytest.param([("T", 1, "note")], {"before_creation"}, id="never created"),
    pytest.param(
        [("T", 1, "created"), ("T", 2, "note"), ("T", 2, "note")], {"repeated"}, id="twice"
    ),
    pytest.param(
        [("T", 1, "created"), ("T", 2, "closed"), ("T", 3, "note")],
        {"after_closing"},
        id="after closing",
    ),
    pytest.param(
        [("T", 1, "created"), ("T", 2, "closed"), ("T", 2, "note")], set(), id="with the closing"
    ),
    pytest.param(
        [("T", 1, "created"), ("T", 2, "closed"), ("T", 3, "reopened"), ("T", 4, "note")],
        set(),
        id="reopened",
    ),
    pytest.param([("T", 5, "created"), ("U", 1, "created")], set(), id="another ticket"),
]


@pytest.mark.parametrize(("events", "odd"), ODD)
def test_an_odd_line_is(events: list[tuple[str, int, str]], odd: set[str]) -> None:
    lines = [
        json.dumps({"ticket": t, "at": 1_700_000_000 + at, "type": kind}).encode()
        for t, at, kind in events
    ]
    found = oddities(in_order(lines, "UTC"))
    assert {each.oddity.value for each in found} == odd
    assert {each.line for each in found} <= {len(events)}
    assert sum(counted(found).values()) == len(odd)
    assert set(counted(found)) == {oddity.value for oddity in Oddity}
