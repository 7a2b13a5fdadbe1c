"""`status`: what an operator sees of open, breached and damaged cases, in 80 columns and as JSON."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from building import MON, at
from component.cli_desk import NEW, POLICY, Operator, refusal
from sla_watchdog.adapters.dynamodb.watch import Due
from sla_watchdog.domain.escalation.case import Case, Recipient
from sla_watchdog.domain.escalation.plan import Plan, plan

SEE = "see docs/runbook.md, heartbeat-missing: aws logs tail /aws/lambda/sla-watch"


def test_an_empty_desk_has_nothing_to_show(operator: Operator) -> None:
    ran = operator("status")
    assert (ran.code, ran.err) == (0, "")
    assert "0 open: 0 breached, 0 due within 24 h" in ran.said
    assert "Needs attention nothing" in ran.said


def test_the_worst_case_comes_first_with_its_owner_and_who_was_told_and_what_comes_next(
    operator: Operator,
) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW, assignee="Kim", team="Trust")
    operator.desk.put(f"{MON}T04:00", "T-2", **{**NEW, "created_at": f"{MON}T04:00:00Z"})
    operator.desk.put(f"{MON}T00:00", "T-3", **{**NEW, "status": "Waiting"})
    operator.desk.put(f"{MON}T00:00", "T-4", **{**NEW, "status": "Resolved"})
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:01"))
    operator.tick(f"{MON}T06:00")
    operator.tick(f"{MON}T09:30")
    ran = operator("status")
    assert "live for 9 h 29 m" in ran.said
    assert "3 open: 1 breached, 1 due within 24 h, 1 paused" in ran.said
    rows = [line.split()[0] for line in ran.out.splitlines() if line.startswith("T-")]
    assert rows == ["T-1", "T-2", "T-3"]
    assert "resolution 1 h 30 m over 2 of 4 Kim 1 m ago: owner, team-lead" in ran.said
    assert "City page still online Trust in 14 h: executive" in ran.said, (
        "the manager has hours on Tuesdays alone"
    )
    assert "resolution 2 h 30 m left" in ran.said
    assert "resolution paused" in ran.said
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_case_ids_and_subjects_of_any_desk_fit_the_terminal(operator: Operator) -> None:
    wide = {"subject": "市の偽ページ" * 40, "assignee": "A" * 90}
    operator.desk.put(f"{MON}T00:00", "CASE-" + "9" * 60, **{**NEW, **wide})
    operator.now = f"{MON}T09:00"
    ran = operator("status")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "CASE-999999999" in ran.out


def test_json_tells_programs_all_of_it(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW, assignee="Kim", team="Trust")
    operator.tick(f"{MON}T06:00")
    operator.now = f"{MON}T06:30"
    answer = operator("status", "--json").json
    (case,) = answer.pop("cases")
    assert answer == {
        "stack": "sla in eu-central-1",
        "now": "2026-03-02T06:30:00+00:00",
        "mode": {"name": "observe", "since": None},
        "warning": None,
        "heartbeat": {
            "text": "no tick finished for 30 m: nobody is being told anything",
            "todo": SEE,
        },
        "deletions": None,
        "not_judged": None,
        "counts": {"open": 1, "breached": 0, "at_risk": 1, "paused": 0},
        "ticks": {"due": 0, "due_since": None},
        "silences": [],
        "findings": [],
        "pending": [],
    }
    assert case == {
        "case": "T-1",
        "subject": "City page still online",
        "state": "at_risk",
        "what": "resolution 1 h 30 m left",
        "clock": "resolution",
        "rule": "everything",
        "level": 1,
        "levels": 4,
        "late_seconds": -5400,
        "due_at": "2026-03-02T08:00:00+00:00",
        "breach_at": "2026-03-02T08:00:01+00:00",
        "opened_at": "2026-03-02T00:00:00+00:00",
        "owner": "Kim",
        "team": "Trust",
        "silenced": False,
        "promise": None,
        "told": {
            "at": "2026-03-02T06:00:00+00:00",
            "recipients": ["owner:Kim"],
            "outcome": "observed",
        },
        "next": {"at": "2026-03-02T08:00:01+00:00", "recipient": "owner:Kim", "level": 2},
    }


def test_what_the_limit_leaves_out_is_said(operator: Operator) -> None:
    for number in range(3):
        operator.desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    assert "and 2 more cases: --limit 0 shows all" in operator("status", "--limit", "1").said


BAD: list[tuple[str, dict[str, object], str]] = [
    ("no creation", {"created_at": None}, "created_at: missing"),
    ("a creation that is no date", {"created_at": "soon"}, "created_at: 'soon' is not a date"),
    ("an unknown status", {"status": "Weird"}, "status 'Weird' is in no group of the policy file"),
    ("an unknown priority", {"priority": "P9"}, "priority 'P9' is not in the policy file"),
]


@pytest.mark.parametrize(
    ("change", "reason"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_a_ticket_that_cannot_be_judged_whole_is_a_finding_and_the_exit_code_says_so(
    operator: Operator, change: dict[str, object], reason: str
) -> None:
    operator.desk.put(f"{MON}T00:00", **{**NEW, **change})
    ran = operator("status")
    assert ran.code == 1
    assert "Needs attention 1 below" in ran.said
    assert reason.replace("created_at: ", "created_at ") in ran.said
    assert [finding["reason"] for finding in operator("status", "--json").json["findings"]] == [
        reason
    ]


def test_a_deleted_ticket_stays_a_finding_for_thirty_days(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW)
    operator.desk.delete(f"{MON}T01:00")
    operator.tick("2026-03-31T01:00")
    assert "the record was deleted while the ticket was unresolved" in operator("status").said
    operator.tick("2026-04-02T01:00")
    assert operator("status").code == 0


def test_a_damaged_item_is_shown_with_how_often_it_was_tried_and_hides_no_other(
    operator: Operator,
) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW)
    operator.desk.put(f"{MON}T00:00", "T-2", **NEW)
    operator.desk.dynamodb.update_item(
        TableName=operator.outputs["WatchTable"],
        Key={"pk": {"S": "C#T-1"}, "sk": {"S": "W"}},
        UpdateExpression="SET facts = :x",
        ExpressionAttributeValues={":x": {"S": "not facts"}},
    )
    operator.tick(f"{MON}T06:00")
    ran = operator("status")
    assert ran.code == 1
    assert "T-1 retrying facts cannot be read" in ran.said
    assert "(tried 1 time)" in ran.said
    assert "1 open" in ran.said


def test_what_nobody_takes_says_that_the_schedule_may_have_stopped(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW)
    operator.tick(f"{MON}T05:59")
    operator.now = f"{MON}T06:02"
    assert "keeping up" in operator("status").said
    operator.now = f"{MON}T07:00"
    assert "1 case due for 1 h and not taken: does the schedule run?" in operator("status").said


def test_no_tick_for_five_minutes_is_said_at_the_top_with_what_to_do(operator: Operator) -> None:
    operator.now = f"{MON}T00:04"
    assert operator("status").code == 0
    operator.now = f"{MON}T00:05"
    ran = operator("status")
    assert ran.code == 1
    assert ran.out.splitlines()[1:3] == [
        "Careful: no tick finished for 5 m: nobody is being notified.",
        f"  {SEE}",
    ]
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "keeping up" not in ran.said
    operator.tick(f"{MON}T00:06")
    assert "Careful" not in operator("status").said


def test_a_watchdog_that_never_ticked_is_said_too(operator: Operator) -> None:
    key = {"pk": {"S": "META"}, "sk": {"S": "beat"}}
    operator.desk.dynamodb.delete_item(TableName=operator.outputs["WatchTable"], Key=key)
    ran = operator("status")
    assert ran.code == 1
    assert "Careful: no tick has ever finished" in ran.said
    assert operator("status", "--json").json["heartbeat"]["todo"] == SEE


def test_a_message_that_sns_does_not_take_is_on_the_way_and_tried_again(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW)
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:01"))
    operator.desk.sns.meta.events.register("before-call.sns.Publish", _throttled)
    operator.tick(f"{MON}T06:00")
    operator.tick(f"{MON}T06:01")
    ran = operator("status")
    assert "1 message on the way, the oldest due for 1 m" in ran.said
    assert "T-1 to team-lead: tried 2 times, again in 2 m" in ran.said
    (pending,) = operator("status", "--json").json["pending"]
    assert (pending["case"], pending["recipient"], pending["attempts"]) == (
        "T-1",
        Recipient("team-lead").key,
        2,
    )


def _throttled(**_: object) -> tuple[object, object]:
    status, answer = refusal("Throttling")
    return SimpleNamespace(status_code=status), answer


def test_another_policy_than_the_deployed_one_is_said(operator: Operator, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(POLICY.read_text().replace("within: 8h", "within: 7h"))
    assert "Careful" not in operator("status").said
    assert "Careful: the stack runs another policy than" in operator("status", policy=other).said


def test_a_case_whose_assignee_is_a_shared_name_belongs_to_nobody(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW, assignee="Queue")
    assert operator("status", "--json").json["cases"][0]["owner"] is None


def test_a_case_that_was_put_back_says_why_until_it_is_judged_again(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW)
    due = Due("T-1", "C#T-1", operator.desk.case().next_at or 0)
    assert operator.desk.parts.watch.cases.put_back(
        due, at(f"{MON}T07:00"), "its record could not be read"
    )
    ran = operator("status")
    assert ran.code == 1
    assert "T-1 retrying its record could not be read (tried 1 time)" in ran.said
    kinds = [finding["kind"] for finding in operator("status", "--json").json["findings"]]
    assert "put back" in kinds, "programs look for the word that they know"
    operator.tick(f"{MON}T07:00")
    assert operator("status").code == 0


def test_a_case_that_cannot_be_judged_here_hides_no_other(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW)
    operator.desk.put(f"{MON}T00:00", "T-2", **NEW)

    def evaluate(case: Case, *rest: Any, **named: Any) -> Plan:
        if case.id == "T-1":
            raise ZeroDivisionError("no reason")
        return plan(case, *rest, **named)

    monkeypatch.setattr("sla_watchdog.tools.cli.stack.evaluation.plan", evaluate)
    ran = operator("status")
    assert ran.code == 1
    assert "T-1 retrying ZeroDivisionError: no reason" in ran.said
    assert "1 open" in ran.said
