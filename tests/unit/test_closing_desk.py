"""The same matter found by replay, backtest and the examples of a policy file as by the live run
(semantics D6, B6); under the shipped policy.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from sla_watchdog.tools.backtest.play import History, Played, play
from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy
from sla_watchdog.tools.imports.events import lines_of, parse
from sla_watchdog.tools.policy_file import read_policy
from sla_watchdog.tools.policy_file.example_run import run_all
from sla_watchdog.tools.simulation.history import by_ticket, components

TESTS = Path(__file__).parents[1]
CASES = TESTS.parents[1] / "shared" / "cases"
SHIPPED = TESTS.parent / "functions" / "policy.yaml"
beside_the_clone = pytest.mark.skipif(
    not CASES.exists(), reason="the field cases are not beside the clone"
)


def backtest_of(name: str) -> Played:
    events = parse(lines_of(CASES / name), "UTC")
    policy = compiled_policy(SHIPPED, events[0].at)
    return play(History.of(events), policy, events[-1].at)


@beside_the_clone
@pytest.mark.parametrize("kind", ["follow-up", "no-link", "case-id"])
def test_of_a_closing_desk_the_manager_hears_by_the_second_ticket_and_the_executive_by_the_third(
    kind: str,
) -> None:
    played = backtest_of(f"closing-{kind}-25d.jsonl")
    assert played.cases == 1
    first: dict[tuple[str, str], str] = {}
    for message in played.messages:
        first.setdefault((message.row.clock, message.audience), message.row.at)
    second_ticket, third_ticket = "2022-04-01T13:40:00Z", "2022-04-26T13:40:00Z"
    assert first["again", "manager"] == second_ticket
    assert first["again", "executive"] == third_ticket


@beside_the_clone
def test_different_requests_of_one_customer_are_as_many_cases_in_a_backtest() -> None:
    played = backtest_of("unrelated-of-one-customer.jsonl")
    assert (played.cases, list(played.messages)) == (8, [])


@beside_the_clone
def test_a_ticket_that_names_another_as_its_case_joins_it() -> None:
    assert backtest_of("linked-ticket-inherits-the-promise.jsonl").cases == 1


EXAMPLE = """
  - name: the same again, and no link says so
    events:
      - {at: "2026-03-02T12:00-05:00", type: created, ticket: T-1, status: New, channel: phone, assignee: Kim, customer_id: city, subject: City page still online}
      - {at: "2026-03-03T12:00-05:00", type: resolved, ticket: T-1}
      - {at: "2026-03-20T11:00-04:00", type: created, ticket: T-2, status: New, channel: phone, assignee: Kim, customer_id: city, subject: "RE: City page still online!"}
    expect:
      alerts:
        - {at: "2026-03-20T11:00-04:00", clock: age, level: 2, tell: manager}
        - {at: "2026-03-20T11:00-04:00", clock: again, tell: manager}
"""


def test_an_example_of_a_policy_file_finds_what_looks_alike() -> None:
    text = SHIPPED.read_text() + EXAMPLE
    form = read_policy(text, "policy.yaml", date(2026, 3, 1)).form
    assert not run_all(form)


def test_two_tickets_of_one_second_are_found_to_look_alike() -> None:
    lines = [
        line("T-1", customer_id="city", subject="City page still online"),
        line("T-2", customer_id="city", subject="City page still online"),
    ]
    events = parse(lines, "UTC")
    assert play(History.of(events), compiled_policy(SHIPPED), events[-1].at).cases == 1


def test_tickets_that_may_look_alike_are_played_together() -> None:
    lines = [
        line("T-1", customer_id="city", subject="City page still online"),
        line("T-2", customer_id=" City ", subject="Re: CITY PAGE, still online"),
        line("T-3", customer_id="other", subject="City page still online"),
        line("T-4", subject="You closed T-3, why?"),
        line("T-5", customer_id="0", subject="City page still online"),
        line("T-6", case_id="T-5"),
    ]
    found = components(by_ticket(parse(lines, "UTC")))
    assert found == [("T-1", "T-2"), ("T-3", "T-4"), ("T-5", "T-6")]


def line(ticket: str, **attributes: str) -> bytes:
    created = {"ticket": ticket, "at": "2026-03-02T09:00:00Z", "type": "created", **attributes}
    return json.dumps(created).encode()
