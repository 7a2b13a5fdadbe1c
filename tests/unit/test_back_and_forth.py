"""Tickets that are resolved and reopened again and again, under the shipped policy: nobody drowns in
messages, nothing that matters is lost, and operations learn of it (semantics D5, E9 and E12).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from building import DAY, HOUR, at, iso
from checkout import ROOT
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.tools.backtest.play import History, play
from sla_watchdog.tools.backtest.rows import BacktestMessage
from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy
from sla_watchdog.tools.imports.events import parse

LOOP = ROOT / ".." / "shared" / "cases" / "auto-reply-loop.jsonl"
START = at("2026-03-02T14:00")
"""A Monday, when the office of the shipped policy opens."""

Event = Mapping[str, Any]


@cache
def shipped() -> Policy:
    return compiled_policy(Path(ROOT / "functions" / "policy.yaml"))


def told(lines: Iterable[bytes], until: int) -> Sequence[BacktestMessage]:
    return play(History.of(parse(list(lines), "UTC")), shipped(), until).messages


def told_of(events: Iterable[Event], until: int) -> Sequence[BacktestMessage]:
    lines = [json.dumps({**event, "at": iso(event["at"])}).encode() for event in events]
    return told(lines, until)


def table(messages: Iterable[BacktestMessage]) -> str:
    return "\n".join(f"{name:20} {count:4}" for name, count in sorted(counts(messages).items()))


def counts(messages: Iterable[BacktestMessage]) -> dict[str, int]:
    """How many messages each recipient had: what is due to one at one instant is one."""
    by_recipient: dict[str, set[str]] = {}
    for message in messages:
        by_recipient.setdefault(message.row.audience, set()).add(message.row.at)
    return {name: len(instants) for name, instants in by_recipient.items()}


def most(messages: Iterable[BacktestMessage]) -> int:
    """To anybody but operations."""
    return max((n for name, n in counts(messages).items() if name != "operations"), default=0)


def clocks(messages: Iterable[BacktestMessage], audience: str) -> list[str]:
    return [message.row.clock for message in messages if message.row.audience == audience]


def since(messages: Iterable[BacktestMessage], moment: int) -> list[BacktestMessage]:
    return [message for message in messages if at(message.row.at) >= moment]


def born(ticket: str = "T-1", **more: Any) -> Event:
    first = {"type": "created", "status": "New", "priority": "P3", "assignee": "Kim", "team": "A"}
    return {"ticket": ticket, "at": START, **first, **more}


def back_and_forth(
    start: int, seconds: int, times: int, replies: bool = True, ticket: str = "T-1"
) -> list[Event]:
    """Resolved by one machine and reopened by the other, as often; with their automatic replies, or
    without.
    """
    events: list[Event] = []
    for number in range(times):
        ended, again = start + 2 * number * seconds, start + (2 * number + 1) * seconds
        if replies:
            events.append({"ticket": ticket, "at": ended, "type": "reply", "by": "bot"})
            events.append({"ticket": ticket, "at": again, "type": "reply", "by": "customer"})
        events.append({"ticket": ticket, "at": ended, "type": "resolved"})
        events.append({"ticket": ticket, "at": again, "type": "reopened"})
    return sorted(events, key=lambda event: event["at"])


@pytest.mark.skipif(not LOOP.exists(), reason="no ../shared/cases/auto-reply-loop.jsonl")
def test_two_machines_that_thank_each_other_for_two_hours_cost_nobody_more_than_three_messages() -> (
    None
):
    lines = LOOP.read_bytes().splitlines()
    messages = told(lines, at("2026-03-02T11:30"))
    assert most(messages) <= 3, table(messages)
    assert clocks(messages, "operations") == ["finding:flapping"], table(messages)


@pytest.mark.parametrize("priority", ["P1", "P3"])
@pytest.mark.parametrize("replies", [True, False], ids=["with replies", "a status alone"])
@pytest.mark.parametrize("after", [0, 5, 9, 30], ids="after {} h".format)
def test_whatever_was_due_before_the_two_hours_add_three_messages_at_most(
    priority: str, replies: bool, after: int
) -> None:
    start = START + HOUR + after * HOUR
    events = [born(priority=priority), *back_and_forth(start, 60, 60, replies)]
    messages = since(told_of(events, start + 2 * HOUR), start)
    assert most(messages) <= 3, table(messages)
    assert clocks(messages, "operations") == ["finding:flapping"], table(messages)


def test_a_status_that_a_sync_writes_back_for_a_day_is_told_to_operations_once() -> None:
    events = [born(), *back_and_forth(START + HOUR, 5 * 60, 6 * 24, replies=False)]
    messages = told_of(events, START + HOUR + DAY)
    assert clocks(messages, "operations") == ["finding:flapping"]


def test_it_is_told_again_only_after_a_quiet_day() -> None:
    evenings = [START + HOUR + number * 20 * HOUR for number in range(3)]
    later = evenings[-1] + 2 * DAY
    events = [born()]
    for start in (*evenings, later):
        events += back_and_forth(start, 60, 10, replies=False)
    messages = told_of(events, later + HOUR)
    told_at = [at(m.row.at) for m in messages if m.row.audience == "operations"]
    fifth_reopening, fifth_end = evenings[0] + 9 * 60, later + 8 * 60
    assert told_at == [fifth_reopening, fifth_end], "the very first end was no coming back"


def test_waiting_and_open_in_turn_is_as_odd() -> None:
    steps = [
        {
            "ticket": "T-1",
            "at": START + HOUR + number * 60,
            "type": "status",
            "status": "Open" if number % 2 else "Pending",
        }
        for number in range(40)
    ]
    messages = told_of([born(), *steps], START + 3 * HOUR)
    assert clocks(messages, "operations") == ["finding:flapping"]


@pytest.mark.parametrize("times", [3, 4])
def test_a_ticket_that_comes_back_now_and_then_is_no_finding(times: int) -> None:
    events = [born(), *back_and_forth(START + HOUR, 60, times)]
    assert clocks(told_of(events, START + 2 * HOUR), "operations") == []


def test_reopened_every_31_minutes_for_a_day_everybody_gets_what_the_budget_allows() -> None:
    """Each end has lasted, and each time a person may have written: it climbs to the top, and there
    the budget holds.
    """
    events = [born(), *back_and_forth(START + HOUR, 31 * 60, 23)]
    messages = told_of(events, START + HOUR + DAY)
    alarms = [message for message in messages if message.row.clock != "cleared"]
    assert "executive" in counts(alarms)
    assert most(alarms) <= 3 + 24 // 4, table(alarms)
    for name, count in counts(alarms).items():
        cleared = [m for m in messages if m.row.audience == name and m.row.clock == "cleared"]
        assert len(cleared) <= count, "nobody hears more often that it is over than that it burns"


def test_resolved_and_closed_in_turn_is_one_end() -> None:
    turns = [
        {
            "ticket": "T-1",
            "at": START + 10 * HOUR + number * 60,
            "type": "closed" if number % 2 else "resolved",
        }
        for number in range(60)
    ]
    messages = told_of([born(priority="P1"), *turns], START + 13 * HOUR)
    after = since(messages, START + 10 * HOUR)
    assert {m.row.clock for m in after} == {"cleared", "finding:flapping"}
    assert most(after) == 1, table(after)


def test_two_tickets_of_one_case_that_flap_in_turn_are_one_case_to_the_budget() -> None:
    start = START + HOUR
    second = born("T-2", case_id="T-1", at=START + 60)
    events = [
        born(),
        second,
        *back_and_forth(start, 60, 60),
        *back_and_forth(start + 30, 60, 60, ticket="T-2"),
    ]
    messages = since(told_of(events, start + 2 * HOUR), start)
    assert most(messages) <= 3, table(messages)


def test_a_customer_who_comes_back_twice_in_an_afternoon_still_reaches_people() -> None:
    """Real work: resolved, "it is still there", answered, resolved, and again."""
    events: list[Event] = [born(), said(10, "agent"), {**said(12, "agent"), "type": "resolved"}]
    events += [said(47, "customer"), {**said(48, "customer"), "type": "reopened"}]
    events += [said(60, "agent"), {**said(61, "agent"), "type": "resolved"}]
    events += [said(96, "customer"), {**said(97, "customer"), "type": "reopened"}]
    messages = told_of(events, START + 2 * HOUR)
    assert clocks(messages, "owner:Kim") == ["resolution", "cleared", "resolution"]
    assert "resolution" in clocks(messages, "team-lead:A"), table(messages)
    assert "operations" not in counts(messages)


def said(minute: int, by: str) -> Event:
    return {"ticket": "T-1", "at": START + minute * 60, "type": "reply", "by": by}


def test_a_breach_while_it_flaps_is_told_in_the_minute_in_which_it_is_open_again() -> None:
    """Of eight hours half a minute of each counts."""
    events = [born(priority="P1"), *back_and_forth(START + 7 * HOUR, 60, 100)]
    messages = told_of(events, START + 11 * HOUR)
    (breached,) = {
        at(m.row.at) for m in messages if (m.row.clock, m.row.level) == ("resolution", 2)
    }
    assert START + 8 * HOUR < breached <= START + 9 * HOUR + 2 * 60
    assert "resolution" in clocks(messages, "team-lead-urgent:A"), "not by the way"
