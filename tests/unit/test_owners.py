"""Who owns a ticket: a person; initials, words for nobody and whoever is not on the roster are none."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from building import HOUR, MON, clock_of, evaluate, facts, policy
from sla_watchdog.domain.clocks.activity import TicketActivity
from sla_watchdog.domain.clocks.ownership import owner_of
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.compiled import load
from sla_watchdog.domain.policy.model import Audience, Count, Ladder, Level, Metric, Open, Policy
from sla_watchdog.domain.policy.owners import owner_named
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.tools.policy_file import PolicyErrors, compile_policy, policy_of, read_policy

ROOT = Path(__file__).parents[2]
CASE = ROOT.parent / "shared" / "cases" / "record-owner-is-a-word-for-nobody.jsonl"
TODAY = date(2026, 3, 1)
SHIPPED = (ROOT / "functions" / "policy.yaml").read_text()
UNOWNED = {Metric.UNOWNED: Ladder("signals", (Level(Open(4 * HOUR), ("team-lead",)),))}
DESK = policy(
    audiences={
        "owner": Audience("owner", each="assignee"),
        "team-lead": Audience("team-lead", each="team"),
        "manager": Audience("manager"),
        "executive": Audience("executive"),
    },
    signals=UNOWNED,
)

NOBODY = """\
Unassigned|nobody|NONE|None|null|NULL|n/a|N/A|NA|na|-|--|—|–|---|(empty)|empty|0|00|\\N|TBD|unknown
|pool|blank|(unassigned)|<none>|[Unassigned]|"none"|?|...|not assigned|No  Owner|undefined|nan|-1|Queue
|TM|T.M.|t m|t.m.|T. M.|TFM|K|k.|É.B.|ÅB"""
SOMEBODY = """\
Kim|Lee|Jo|Ana|kim|lee|jo|Li|Bo|Al|Tom Miller|T. Miller|Jo L|TMAX|T.M.A.X.|Jo.|Agent 7|u1234|7|李|李 娜
|김|דן|Nobody Smith|Emptyman|Noneil|O'Neil|ana@example.org|Poole|K2"""


def names(text: str) -> list[str]:
    return [name.strip("\n") for name in text.split("|")]


@pytest.mark.parametrize("written", names(NOBODY))
def test_words_for_nobody_and_initials_own_nothing(written: str) -> None:
    assert owner_named(written, DESK) == ""


@pytest.mark.parametrize("written", names(SOMEBODY))
def test_names_own_however_short_they_are(written: str) -> None:
    assert owner_named(written, DESK) == written


# ------------------------------------------------------------------------------------ a roster


@pytest.mark.parametrize(
    ("written", "owns"),
    [
        ("Kim Ortega", True),
        ("  kim   ORTEGA ", True),
        ("TM", True),
        ("Na", True),
        ("Kim", False),
        ("Sam Left", False),
        ("queue", False),
        ("", False),
    ],
)
def test_with_a_roster_whoever_stands_on_it_owns_and_nobody_else(written: str, owns: bool) -> None:
    known = frozenset({"kim ortega", "tm", "na", "queue"})
    assert bool(owner_named(written, policy(roster=known))) is owns


def compiled(people: str, file: str = "policy.yaml") -> Policy:
    text = SHIPPED.split("\nexamples:")[0].replace(
        "  bots: [auto-reply]", f"  {people}\n  bots: []"
    )
    return load(compile_policy(read_policy(text, file, TODAY).form, TODAY))


def test_a_roster_is_a_list_in_the_policy_file() -> None:
    found = compiled("roster: [Kim  Ortega, LEE]")
    assert found.roster == {"kim ortega", "lee"}


def test_a_policy_without_a_roster_compiles_as_before() -> None:
    assert '"roster"' not in compile_policy(read_policy(SHIPPED, "policy.yaml", TODAY).form, TODAY)


ROSTERS = {
    "people.txt": "# of spring\nKim Ortega\n\n  Lee  # part-time\n\ufeff",
    "people.yaml": '- Kim Ortega\n- "Lee" # part-time\n',
    "people.yml": "Kim Ortega\n# of spring\nLee\n",
}


@pytest.mark.parametrize("name", ROSTERS)
def test_a_roster_is_a_file_beside_the_policy_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(ROSTERS[name].replace("\ufeff", ""), "utf-8")
    found = compiled(f"roster: {name}", str(tmp_path / "policy.yaml"))
    assert found.roster == {"kim ortega", "lee"}


@pytest.mark.parametrize(
    ("written", "content", "said"),
    [
        ("Kim", "", "no list of names, and no name of a file"),
        ("[]", "", "the list is empty"),
        ("gone.txt", None, "cannot be read"),
        ("people.txt", "# nobody yet\n", "is empty"),
        ("people.yaml", "- Lee\nkim: [1]\n", 'line 2, "kim: [1]", is no name'),
        ("people.yaml", "roster:\n  - Kim\n", 'line 1, "roster:", is no name'),
        ("people.txt", "[Kim, Lee]\n", 'line 1, "[Kim, Lee]", is no name'),
        ("../people.txt", "Kim\n", "not beside the policy file"),
        ("{file: x}", "", "the name of a file beside this one is expected"),
    ],
)
def test_a_roster_that_cannot_be_read_stops_the_build(
    written: str, content: str | None, said: str, tmp_path: Path
) -> None:
    if content is not None and written.endswith((".txt", ".yaml")):
        (tmp_path / Path(written).name).write_text(content)
    with pytest.raises(PolicyErrors) as caught:
        compiled(f"roster: {written}", str(tmp_path / "policy.yaml"))
    (problem,) = caught.value.problems
    assert said in problem.message
    assert problem.path == "people.roster"


@pytest.mark.parametrize("written", ["Kim", "gone.txt", "../people.txt"])
def test_what_a_file_of_the_roster_may_be_is_said(written: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyErrors) as caught:
        compiled(f"roster: {written}", str(tmp_path / "policy.yaml"))
    assert "a .txt or .yaml file beside the policy file" in caught.value.problems[0].hint


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ("roster: [Kim, Queue]", ['"queue" is on the roster and in `shared`, and owns nothing']),
        ("roster: [Auto-Reply, Kim]", ['"auto-reply" is on the roster and in `bots`']),
        ("roster: [Kim, Lee, KIM, ' kim ']", ['"kim" is on the roster 3 times']),
        ("roster: people.txt", ['"lee" is on the roster 2 times', '"admin" is on the roster and']),
        ("roster: [Kim, Lee, Kim Lee]", []),
    ],
)
def test_a_roster_at_odds_with_itself_or_with_another_list_is_warned_of(
    people: str, said: list[str], tmp_path: Path
) -> None:
    (tmp_path / "people.txt").write_text("Lee\nAdmin\nlee\n")
    text = SHIPPED.split("\nexamples:")[0].replace("  bots: [", f"  {people}\n  bots: [")
    warnings = read_policy(text, str(tmp_path / "policy.yaml"), TODAY).warnings
    assert len(warnings) == len(said)
    for warning, part in zip(warnings, said, strict=True):
        assert part in warning.message
        assert warning.path == "people.roster"


@pytest.mark.parametrize(
    ("assignee", "guess"), [("Kim Ortga", "kim ortega"), ("KIM ORTEGA", ""), ("Unassigned", "")]
)
def test_who_is_nearly_on_the_roster_is_warned_of(assignee: str, guess: str) -> None:
    text = SHIPPED.split("\nexamples:")[0].replace("  bots: [", "  roster: [Kim Ortega]\n  bots: [")
    created = f"type: created, status: New, assignee: {assignee}"
    text += f"\nexamples:\n  - name: it\n    events:\n      - {{at: '{MON}T09:00', {created}}}\n    expect: {{alerts: []}}\n"
    warnings = read_policy(text, "policy.yaml", TODAY).warnings
    assert [warning.hint for warning in warnings] == ([f'did you mean "{guess}"?'] if guess else [])
    assert all("owns nothing" in warning.message for warning in warnings)


# ------------------------------------------------------------------------------------ what follows


def of(assignee: str) -> Facts:
    return facts(
        ("created", f"{MON}T00:00"),
        ("status", f"{MON}T00:00", "Open"),
        ("assignee", f"{MON}T00:00", assignee),
    )


def told(evaluated: Plan, clock: Metric) -> set[str]:
    return {alert.recipient.key for alert in evaluated.alerts if alert.clock == clock.value}


@pytest.mark.parametrize("assignee", ["Unassigned", "NULL", "-", "0", "TM", "t.m."])
def test_levels_of_an_owner_who_is_nobody_go_up_and_the_signal_counts_from_the_start(
    assignee: str,
) -> None:
    evaluated = evaluate(of(assignee), f"{MON}T06:00", DESK)
    assert told(evaluated, Metric.RESOLUTION) == {"team-lead"}
    assert told(evaluated, Metric.UNOWNED) == {"team-lead"}
    assert owner_of("T-1", of(assignee), DESK) == ""


def test_a_leaver_owns_nothing_any_more() -> None:
    left = policy(audiences=DESK.audiences, signals=UNOWNED, roster=frozenset({"lee"}))
    assert told(evaluate(of("Kim"), f"{MON}T06:00", left), Metric.RESOLUTION) == {"team-lead"}
    stays = policy(audiences=DESK.audiences, signals=UNOWNED, roster=frozenset({"kim"}))
    assert told(evaluate(of("Kim"), f"{MON}T06:00", stays), Metric.RESOLUTION) == {"owner:Kim"}


def test_to_be_given_to_nobody_is_no_handover_and_from_nobody_neither() -> None:
    known = of("Unassigned") | facts(
        ("assignee", f"{MON}T01:00", "Kim"),
        ("assignee", f"{MON}T02:00", "-"),
        ("assignee", f"{MON}T03:00", "Lee"),
    )
    handovers = {Metric.REASSIGNED: Ladder("signals", (Level(Count(1), ("team-lead",)),))}
    evaluated = evaluate(known, f"{MON}T04:00", policy(signals=handovers))
    (matter,) = evaluated.matters
    activity = TicketActivity(matter, known, policy())
    assert activity.count(Metric.REASSIGNED) == 1
    assert clock_of(evaluated, Metric.REASSIGNED).seen == 1


@pytest.mark.skipif(not CASE.exists(), reason="no ../shared/cases")
def test_of_the_field_all_four_are_without_an_owner_after_four_open_hours() -> None:
    """Opened at 03:00 in New York; the office opens at 09:00."""
    rules = policy_of(read_policy(SHIPPED, "policy.yaml", TODAY).form, TODAY)
    found = {}
    for text in CASE.read_bytes().splitlines():
        event = parse_record(text)
        ticket = str(event["ticket_id"])
        known = facts(
            ("created", str(event["created_at"])),
            ("status", str(event["created_at"]), "Open"),
            ("channel", str(event["created_at"]), "phone"),
            ("assignee", str(event["created_at"]), str(event["assignee"])),
            ticket=ticket,
        )
        before = evaluate(known, "2026-03-02T12:59:59-05:00", rules)
        after = evaluate(known, "2026-03-02T13:00:00-05:00", rules)
        found[ticket] = told(before, Metric.UNOWNED), told(after, Metric.UNOWNED)
    assert found == {f"N-{number}": (set(), {"team-lead"}) for number in range(4)}


def parse_record(text: bytes) -> dict[str, object]:
    record: dict[str, object] = json.loads(text)["record"]
    return record


def test_who_is_on_its_way_is_named_as_the_desk_writes_it() -> None:
    on_the_roster = policy(audiences=DESK.audiences, roster=frozenset({"kim ortega"}))
    evaluated = evaluate(of("Kim ORTEGA"), f"{MON}T06:00", on_the_roster)
    (alert,) = evaluated.alerts
    assert alert.recipient == Recipient("owner", "Kim ORTEGA")
