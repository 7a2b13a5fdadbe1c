"""An example that does not come out is an error that says what was expected, where, and what comes
instead.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from sla_watchdog.tools import cli
from sla_watchdog.tools.policy_file import PolicyErrors, read_policy
from sla_watchdog.tools.policy_file.example_run import Mismatch, run_all

FILES = Path(__file__).parent / "policy_files"
FULL = (FILES / "full.yaml").read_text()
POLICY = FULL[: FULL.index("signals:")]
CREATED = '      - {at: "2026-03-02T09:00", type: created, status: New}\n'


def mismatches(*changes: tuple[str, str], text: str = FULL) -> tuple[Mismatch, ...]:
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return run_all(read_policy(text, "policy.yaml", date(2026, 3, 1)).form)


def said(*changes: tuple[str, str], text: str = FULL) -> list[tuple[int, str, str]]:
    return [
        (each.node.place.line, each.expected, each.got) for each in mismatches(*changes, text=text)
    ]


def example(events: str, expect: str, until: str = "2026-03-02T09:00") -> str:
    return f'{POLICY}examples:\n  - name: it\n    events:\n{events}    until: "{until}"\n    expect: {expect}\n'


def test_examples_that_hold_say_nothing() -> None:
    assert mismatches() == ()


def test_a_deadline_that_is_another_is_named_in_the_offset_of_the_file() -> None:
    assert said(('resolution: "2026-03-31T15:00+02:00"', 'resolution: "2026-03-31T14:00Z"')) == [
        (66, "resolution due 2026-03-31T14:00Z", "2026-03-31T13:00+00:00")
    ]


def test_one_instant_may_be_written_in_any_offset() -> None:
    assert (
        said(('resolution: "2026-03-31T15:00+02:00"', 'resolution: "2026-03-31T09:00-04:00"')) == []
    )


def test_a_clock_that_was_met_is_due_no_more() -> None:
    assert said(("first_response: none", 'first_response: "2026-03-27T16:00+01:00"')) == [
        (66, "first_response due 2026-03-27T16:00+01:00", "none")
    ]


def test_of_several_tickets_the_one_is_named() -> None:
    assert said(('first_response: "2026-03-02T11:00"', "first_response: none")) == [
        (73, "first_response of T-2 due none", "2026-03-02T11:00+01:00")
    ]


def promised(made: str, until: str) -> str:
    day = "2026-03-02T"
    said = f'at: "{day}{made}", type: acknowledged, by: Kim, until: "{day}{until}", for: end'
    return f"      - {{{said}}}\n"


def test_a_promise_in_an_example_holds_back_what_comes_due_and_a_second_in_a_row_does_not() -> None:
    held = CREATED + promised("09:30", "17:00")
    expect, until = "{alerts: []}", "2026-03-02T16:00"
    assert said(text=example(held, expect, until)) == []
    again = CREATED + promised("09:05", "09:10") + promised("09:30", "17:00")
    assert [got for _, _, got in said(text=example(again, expect, until))] == [
        "level 1 of first_response of T-1 to manager at 2026-03-02T09:10+01:00",
        "level 2 of first_response of T-1 to manager at 2026-03-02T10:00:01+01:00",
    ]


def test_a_promise_of_the_past_in_an_example_is_named_with_its_line() -> None:
    with pytest.raises(PolicyErrors) as caught:
        mismatches(text=example(CREATED + promised("09:30", "09:10"), "{alerts: []}"))
    assert "until: '2026-03-02T09:10' is not after at" in str(caught.value)


def test_a_paused_clock_has_no_due_instant() -> None:
    """Not even where the policy says how long a pause may last."""
    events = CREATED + '      - {at: "2026-03-02T10:00", type: status, status: Pending}\n'
    text = example(events, "{due: {resolution: none}}", until="2026-03-02T11:00")
    assert mismatches(text=text) == ()
    assert mismatches(text=text + "pauses: {longest: 8h}\n") == ()


def test_a_breached_clock_keeps_its_due_instant_while_it_is_paused() -> None:
    events = CREATED + '      - {at: "2026-03-04T12:00", type: status, status: Pending}\n'
    text = example(
        events, '{due: {resolution: "2026-03-03T17:00+01:00"}}', until="2026-03-04T12:00"
    )
    assert mismatches(text=text) == ()


def test_an_alert_at_another_time_is_shown_beside_the_one_expected() -> None:
    assert said(
        ('alerts:\n        - {at: "2026-03-27T16:30"', 'alerts:\n        - {at: "2026-03-27T16:00"')
    ) == [
        (
            68,
            "level 1 of unowned to manager at 2026-03-27T16:00",
            "level 1 of unowned of T-1 to manager at 2026-03-27T16:30+01:00",
        )
    ]


def test_an_alert_that_is_not_sent_is_named_on_its_line() -> None:
    assert said(
        (
            "clock: unowned, level: 1, tell: manager",
            "clock: unowned, level: 1, tell: [owner, manager]",
        )
    ) == [(68, "level 1 of unowned to owner at 2026-03-27T16:30", "no such alert")]


def test_an_alert_that_nobody_expects_is_named_on_the_line_of_the_list() -> None:
    (found,) = said(
        (
            '      alerts:\n        - {at: "2026-03-27T16:30", clock: unowned, level: 1, tell: manager}',
            "      alerts: []",
        )
    )
    assert found == (
        67,
        "no other alerts",
        "level 1 of unowned of T-1 to manager at 2026-03-27T16:30+01:00",
    )


def test_what_is_urgent_goes_to_two_topics_and_is_one_alert() -> None:
    text = POLICY.replace(
        "tell: [owner, manager], repeat", "tell: [owner, manager], urgent: true, repeat"
    )
    notified = (
        "{at: '2026-03-02T10:00:01', clock: first_response, level: 2, tell: [owner, manager]}"
    )
    warned = "{at: '2026-03-02T09:45', clock: first_response, tell: owner}"
    text = example(CREATED, f"{{alerts: [{warned}, {notified}]}}", "2026-03-02T10:30").replace(
        POLICY, text
    )
    assert mismatches(text=text) == ()


def test_what_is_cleared_is_an_alert_too() -> None:
    events = CREATED + '      - {at: "2026-03-02T09:50", type: resolved}\n'
    warned = "{at: '2026-03-02T09:45', clock: first_response, tell: owner}"
    text = example(
        events, f"{{alerts: [{warned}, {{at: '2026-03-02T10:20', clock: cleared, tell: owner}}]}}"
    )
    assert (
        mismatches(text=text.replace('until: "2026-03-02T09:00"', 'until: "2026-03-02T12:00"'))
        == ()
    )


def test_a_finding_is_an_alert_too() -> None:
    events = '      - {at: "2026-03-02T09:00", type: created, due_at: soon, promised: "2026-03-09T09:00"}\n'
    text = example(events, "{alerts: [{at: '2026-03-02T09:00', clock: finding, tell: operations}]}")
    assert mismatches(text=text) == ()


@pytest.mark.parametrize("year", [2026, 2035])
def test_an_example_knows_the_holidays_of_its_own_year_whenever_it_is_run(year: int) -> None:
    calendar = 'hours: {mon-fri: ["09:00-17:00"]}'
    text = example(
        '      - {at: "2026-05-01T09:00", type: created, status: New}\n',
        '{due: {first_response: "2026-05-04T10:00"}}',
        until="2026-05-01T09:00",
    ).replace(calendar, f"{calendar}\n    holidays: {{country: DE}}")
    form = read_policy(text, "policy.yaml", date(year, 3, 1)).form
    assert run_all(form) == ()


# ------------------------------------------------------------------ check-policy


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(
        FULL.replace("first_response: none", 'first_response: "2026-03-27T16:00+01:00"')
    )
    return path


def test_an_example_that_fails_is_an_error_and_nothing_is_compiled(
    wrong: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "policy.json"
    assert cli.main(["check-policy", str(wrong), "--compile", str(out)]) == cli.FINDINGS
    error = capsys.readouterr().err
    assert (
        f'{wrong}:66:67: error: the example "a weekend is not open" expects first_response due'
        in error
    )
    assert "change the policy, or the example" in error
    assert not out.exists()


def test_a_program_reads_of_examples_that_fail(
    wrong: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check-policy", str(wrong), "--json"]) == cli.FINDINGS
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert [(found["line"], found["path"]) for found in answer["problems"]] == [
        (66, "examples[0].expect.due.first_response")
    ]


def test_examples_that_hold_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check-policy", str(FILES / "full.yaml")]) == cli.FINE
    assert "all 2 come out as expected" in capsys.readouterr().out


def of_owner(created: str, notified: str) -> tuple[Mismatch, ...]:
    """What is wrong with `notified` of a warning and a breach; the owner is `each: assignee`."""
    return mismatches(text=example(created, f"{{alerts: [{notified}]}}", "2026-03-02T10:30"))


WARNED_AND_BREACHED = (
    "{at: '2026-03-02T09:45', clock: first_response, tell: owner}, "
    "{at: '2026-03-02T10:00:01', clock: first_response, level: 2, tell: [owner, manager]}"
)


def test_an_owner_who_is_nobody_is_whoever_hears_in_their_place() -> None:
    """So an example written before that was so still says what comes."""
    assert of_owner(CREATED, WARNED_AND_BREACHED) == ()
    really = WARNED_AND_BREACHED.replace("[owner, manager]", "manager").replace("owner", "manager")
    assert of_owner(CREATED, really) == ()


def test_an_owner_with_a_name_is_nobody_else() -> None:
    owned = CREATED.replace("type: created", "type: created, assignee: Kim")
    assert of_owner(owned, WARNED_AND_BREACHED) == ()
    assert of_owner(owned, WARNED_AND_BREACHED.replace("tell: owner", "tell: manager"))


def test_an_example_may_expect_that_a_customer_comes_back_and_that_many_answered() -> None:
    events = (
        '      - {at: "2026-03-02T09:00", type: created, ticket: T-1, status: New}\n'
        '      - {at: "2026-03-02T09:10", type: reply, by: agent, agent: Ana, ticket: T-1}\n'
        '      - {at: "2026-03-02T09:20", type: reply, by: agent, agent: Kim, ticket: T-1}\n'
        '      - {at: "2026-03-02T09:30", type: resolved, ticket: T-1}\n'
        '      - {at: "2026-03-04T12:00", type: created, ticket: T-2, follow_up_of: T-1}\n'
    )
    signals = "signals: [{again: 1, tell: [manager]}, {answerers: 2, tell: [manager]}]\n"
    expected = """
      alerts:
        - {at: "2026-03-02T09:20", clock: answerers, tell: manager}
        - {at: "2026-03-02T10:00", clock: cleared, tell: manager}
        - {at: "2026-03-04T12:00", clock: again, tell: manager}
"""
    text = example(events, expected, until="2026-03-04T12:00").replace(POLICY, POLICY + signals)
    found = run_all(read_policy(text, "policy.yaml", date(2026, 3, 1)).form)
    assert [(each.expected, each.got) for each in found] == []
