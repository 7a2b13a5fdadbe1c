"""`go-live`: shows who would be notified, and then exactly they are notified, once."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest

from building import MON, TUE, at
from component.cli_desk import ARN, NEW, POLICY, Operator
from sla_watchdog.adapters.dynamodb.watch import Mode
from sla_watchdog.domain.escalation.case import Case, Outcome, Recipient
from sla_watchdog.tools.cli.go_live import command as go_live


@pytest.fixture
def observed(operator: Operator) -> Operator:
    """Five cases breached in mode observe, and one that is fine."""
    for number in range(5):
        operator.desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    operator.desk.put(f"{MON}T09:00", "T-9", **{**NEW, "created_at": f"{MON}T09:00:00Z"})
    operator.tick(f"{MON}T09:00")
    operator.now = f"{MON}T10:00"
    return operator


def mode(operator: Operator) -> Mode:
    return operator.desk.parts.watch.state.mode()


def test_what_is_shown_is_what_the_next_tick_sends(observed: Operator) -> None:
    notified = observed("go-live", "--dry-run", "--json").json["told"]
    shown = [
        (Recipient(t["audience"], t["of"], t["urgent"]).name, t["subject"], t["cases"])
        for t in notified
    ]
    assert observed("go-live", "--yes").code == 0
    result = observed.tick(observed.now)
    sent = [(topic, body["subject"], body["case_count"]) for topic, body in observed.desk.sent()]
    assert sorted(sent) == sorted(shown)
    assert result.digested == 10
    assert observed.tick(f"{MON}T10:02").sent == 0


def test_each_audience_is_told_in_one_digest_of_what_came_due_before(observed: Operator) -> None:
    observed("go-live", "--yes")
    observed.tick(f"{MON}T10:01")
    assert sorted(observed.desk.sent_to()) == ["team-lead", "team-lead-urgent"]
    for number in range(5):
        outcomes = {
            reached.outcome for reached in observed.desk.case(f"T-{number}").reached.values()
        }
        assert outcomes == {Outcome.IN_DIGEST}


def test_the_preview_tells_audience_cases_level_and_subscribers(observed: Operator) -> None:
    ran = observed("go-live", "--dry-run")
    assert ran.code == 0
    assert "sla in eu-central-1, mode observe" in ran.said
    assert "Sent at once when it is live: 5 cases" in ran.said
    assert "team-lead 5 Critical L2 1 1" in ran.said
    assert "To team-lead: [Critical L2, 5 cases] City page still online" in ran.said
    assert "--full shows all" in ran.said
    assert "--full shows all" not in observed("go-live", "--dry-run", "--full").said
    assert max(map(len, ran.out.splitlines())) <= 100, "only subjects are longer than the terminal"


def test_what_waits_for_the_hours_of_its_audience_is_said(observed: Operator) -> None:
    observed.tick(f"{MON}T12:30")
    ran = observed("go-live", "--dry-run")
    assert "manager 0 0 1 5 in its hours" in ran.said


def test_a_dry_run_changes_nothing(observed: Operator) -> None:
    tables = observed.outputs["WatchTable"], observed.outputs["AuditTable"]
    before = [observed.desk.dynamodb.scan(TableName=table)["Items"] for table in tables]
    observed("go-live", "--dry-run")
    observed("go-live", "--undo", "--dry-run")
    assert [observed.desk.dynamodb.scan(TableName=table)["Items"] for table in tables] == before


def test_nothing_due_is_said_and_the_switch_is_made_all_the_same(operator: Operator) -> None:
    operator.now = f"{MON}T10:00"
    ran = operator("go-live", "--yes")
    assert "nobody would be notified now" in ran.said
    assert mode(operator) == Mode("live", at(f"{MON}T10:00"))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        pytest.param("y\n", "live", id="yes"),
        pytest.param("YES\n", "live", id="yes in full"),
        pytest.param("n\n", "observe", id="no"),
        pytest.param("\n", "observe", id="nothing"),
        pytest.param("", "observe", id="end of input"),
    ],
)
def test_it_asks_and_only_yes_counts(
    observed: Operator, monkeypatch: pytest.MonkeyPatch, typed: str, name: str
) -> None:
    terminal = io.StringIO(typed)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    ran = observed("go-live")
    assert ran.code == 0
    assert "Notify them now? [y/N]" in ran.err
    assert mode(observed).name == name


@pytest.mark.parametrize("option", [[], ["--undo"]], ids=["there", "back"])
def test_where_nobody_can_be_asked_it_wants_yes(
    observed: Operator, monkeypatch: pytest.MonkeyPatch, option: list[str]
) -> None:
    if option:
        observed.desk.parts.watch.state.set_mode("live", at(f"{MON}T09:30"))
    before = mode(observed)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = observed("go-live", *option)
    assert ran.code == 2
    assert "say --yes" in ran.err
    assert mode(observed) == before


def test_json_without_an_answer_to_the_question_is_refused(observed: Operator) -> None:
    assert observed("go-live", "--json").code == 2
    assert mode(observed).name == "observe"


def test_it_refuses_while_somebody_who_would_be_told_cannot_be_reached(observed: Operator) -> None:
    observed.unsubscribe_all("team-lead")
    observed.unsubscribe_all("team-lead-urgent")
    ran = observed("go-live", "--yes")
    assert ran.code == 1
    assert "Not yet: somebody who is to be notified cannot be reached." in ran.said
    assert "sla-watchdog subscribe team-lead ADDRESS" in ran.said
    assert mode(observed).name == "observe"
    assert observed("go-live", "--yes", "--json").json["unreachable"] == ["team-lead"]


def test_pending_subscriptions_reach_nobody(observed: Operator) -> None:
    observed.nobody_has_confirmed()
    assert observed("go-live", "--yes").code == 1


def test_force_goes_live_and_the_next_level_is_told_instead(observed: Operator) -> None:
    observed.desk.sns.delete_topic(TopicArn=f"{ARN}team-lead")
    assert observed("go-live", "--yes", "--force").code == 0
    observed.tick(f"{MON}T10:01")
    assert "manager" in observed.desk.sent_to()


def test_an_audience_that_is_told_nothing_yet_is_named_but_does_not_hinder(
    observed: Operator,
) -> None:
    observed.unsubscribe_all("executive")
    ran = observed("go-live", "--yes")
    assert ran.code == 0
    assert "Nobody is subscribed yet: executive." in ran.said


def test_going_live_twice_tells_nobody_twice(observed: Operator) -> None:
    observed("go-live", "--yes")
    observed.tick(f"{MON}T10:01")
    observed.desk.sent()
    observed.now = f"{MON}T10:05"
    ran = observed("go-live", "--yes")
    assert ran.code == 0
    assert "live already for 5 m" in ran.said
    assert mode(observed).since == at(f"{MON}T10:00")
    assert observed.tick(f"{MON}T10:06").sent == 0


def test_what_an_interrupted_switch_left_asleep_the_next_one_wakes(observed: Operator) -> None:
    observed.desk.parts.watch.state.set_mode("live", at(f"{MON}T10:00"))
    assert observed.tick(f"{MON}T10:01").due == 0
    observed("go-live", "--yes")
    assert observed.tick(f"{MON}T10:02").digested == 10


def test_a_case_written_meanwhile_is_read_again_and_woken(observed: Operator) -> None:
    overtaken = []

    def once(call: object) -> None:
        if not overtaken:
            overtaken.append(call)
            observed.desk.put(f"{MON}T10:00", "T-0", **{**NEW, "assignee": "Kim"})

    observed.answers["dynamodb.UpdateItem"] = lambda call: (
        once(call) if "T-0" in str(call["body"]) else None
    )
    assert observed("go-live", "--yes").code == 0
    assert overtaken
    assert observed.desk.case("T-0").next_at == at(f"{MON}T10:00")


def test_a_case_that_is_always_written_meanwhile_is_counted_and_not_waited_for_for_ever(
    observed: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sla_watchdog.adapters.dynamodb.outbox.Outbox.claim", lambda *_: None)
    ran = observed("go-live", "--yes")
    assert "5 cases could not be woken" in ran.said


def test_undo_only_observes_again_and_tells_nobody(observed: Operator) -> None:
    observed("go-live", "--yes")
    observed.tick(f"{MON}T10:01")
    observed.desk.sent()
    observed.now = f"{MON}T11:00"
    ran = observed("go-live", "--undo", "--yes")
    assert (ran.code, mode(observed)) == (0, Mode("observe", at(f"{MON}T11:00")))
    observed.tick("2026-03-03T12:00")
    assert [topic for topic in observed.desk.sent_to() if topic != "operations"] == []
    assert "only observes as it is" in observed("go-live", "--undo", "--yes").said
    assert observed("go-live", "--undo", "--yes", "--json").json == {"mode": "observe"}


def test_a_stack_deployed_live_needs_no_switch(observed: Operator) -> None:
    observed.outputs["Mode"] = "live"
    assert "live already" in observed("go-live", "--dry-run").said
    assert observed("status", "--json").json["mode"] == {"name": "live", "since": None}


def test_many_cases_are_due_at_one_instant_so_that_one_tick_makes_one_digest(
    observed: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []

    def claim(_: object, case: Case, __: object, next_at: int, ___: bool) -> Case:
        woken.append(next_at)
        return case

    monkeypatch.setattr("sla_watchdog.adapters.dynamodb.outbox.Outbox.claim", claim)
    monkeypatch.setattr(go_live, "WOKEN_A_SECOND", 2)
    observed("go-live", "--yes")
    assert woken == [at(f"{MON}T10:00") + 2] * 5


def test_what_waits_for_hours_is_not_woken_by_going_live_again(observed: Operator) -> None:
    observed.tick("2026-03-03T10:00")
    observed.now = "2026-03-03T18:00"
    observed("go-live", "--yes")
    observed.tick("2026-03-03T18:01")
    asleep = observed.desk.case("T-0")
    assert Outcome.OBSERVED in {reached.outcome for reached in asleep.reached.values()}
    observed("go-live", "--yes")
    assert observed.desk.case("T-0") == asleep


def test_findings_are_no_part_of_it_since_operations_hear_them_anyway(observed: Operator) -> None:
    observed.desk.put(f"{MON}T10:00", "T-8", **{**NEW, "created_at": "soon"})
    notified = observed("go-live", "--dry-run", "--json").json["told"]
    assert {each["audience"] for each in notified} == {"team-lead"}


def test_the_messages_that_it_foresees_are_those_that_come(observed: Operator) -> None:
    """Of five overdue cases and one that will be, over a whole day in which nobody does anything.
    The manager may be notified on Tuesday from 9:00; operations hear of recipients too.
    """
    foreseen = observed("go-live", "--dry-run", "--json").json["ahead"]
    assert foreseen["days"] == 7
    counts = {each["audience"]: each["next_24_h"] for each in foreseen["audiences"]}
    observed("go-live", "--yes")
    for hour in range(24):
        day, time = (MON, f"{10 + hour:02}") if hour < 14 else (TUE, f"{hour - 14:02}")
        for minute in ("00", "01", "30"):
            observed.tick(f"{day}T{time}:{minute}")
    sent = Counter(topic for topic in observed.desk.sent_to() if topic in counts)
    assert sent == counts == {"team-lead": 3, "manager": 6, "executive": 6}


def test_it_says_which_rule_makes_most_and_that_new_tickets_come_on_top(observed: Operator) -> None:
    ran = observed("go-live", "--dry-run")
    assert "messages next 24 h next 7 days busiest 24 h" in ran.said
    assert "Most to team-lead: everything, resolution, at: breach (67 %)" in ran.said
    assert "new tickets come on top" in ran.said
    assert "Warning" not in ran.said


def test_more_than_twenty_messages_in_a_day_are_warned_of_with_what_would_calm_it(
    operator: Operator, tmp_path: Path
) -> None:
    """A flood of 30 cases that fall due one after the other, under a policy that counts none of
    them together.
    """
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.read_text().replace("digest_after: 10", "digest_after: 500"))
    for number in range(30):
        created = f"{MON}T00:{number:02}:00Z"
        operator.desk.put(f"{MON}T00:30", f"T-{number}", **{**NEW, "created_at": created})
    operator.now = f"{MON}T01:00"
    ran = operator("go-live", "--dry-run", "--policy", str(policy), policy=None)
    warning = "team-lead gets 60 messages a day, more than 20. To calm it, "
    assert f"Warning: {warning}" in ran.said
