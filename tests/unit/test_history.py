"""The facts of an event file: those the record path would tell, whatever the order of the lines."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from building import at, evaluate, policy, rule
from sla_watchdog.domain.policy.model import Condition, Count, Ladder, Level, Metric, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.observation import observed
from sla_watchdog.tools.imports.events import parse
from sla_watchdog.tools.simulation.help_desk import apply, shaped
from sla_watchdog.tools.simulation.history import Chronicler, by_ticket, components

NINE = "2026-03-02T09:00"


def line(kind: str = "created", when: str = NINE, ticket: str = "T-1", **more: Any) -> bytes:
    return json.dumps({"ticket": ticket, "at": when, "type": kind, **more}).encode()


def notified(*lines: bytes, rules: Any = None) -> list[tuple[str, str, Any]]:
    """(field, HH:MM, value) of the first ticket's facts."""
    (events, *_) = by_ticket(parse(lines, "UTC")).values()
    facts = Chronicler(rules or policy()).facts(events)
    return sorted((fact.field, clock(fact.at), fact.value) for fact in facts)


def clock(seconds: int) -> str:
    return f"{seconds % 86400 // 3600:02}:{seconds % 3600 // 60:02}"


@pytest.mark.parametrize(
    ("kind", "says", "facts"),
    [
        pytest.param("status", {"status": "Waiting"}, [("status", "Waiting")], id="a status"),
        pytest.param(
            "assigned",
            {"group": "A", "assignee": "Kim"},
            [("assignee", "Kim"), ("team", "A")],
            id="owners",
        ),
        pytest.param(
            "priority",
            {"priority": "P1", "impact": "2"},
            [("priority", "P1")],
            id="only what is read",
        ),
        pytest.param(
            "resolved",
            {},
            [("resolved", ""), ("status", "Resolved")],
            id="the desk's word for resolved",
        ),
        pytest.param(
            "closed",
            {"status": "Done"},
            [("closed", ""), ("status", "Done")],
            id="a word of its own",
        ),
        pytest.param("reopened", {}, [("reopened", ""), ("status", "Open")], id="reopened"),
        pytest.param(
            "reopened",
            {"by": "bot", "status": "New"},
            [("reopened", "bot")],
            id="reopened by a bot, status as before",
        ),
        pytest.param("reply", {"by": "agent"}, [("agent_reply", "")], id="an agent's reply"),
        pytest.param(
            "reply", {"by": "agent", "agent": "Kim"}, [("agent_reply", "Kim")], id="by name"
        ),
        pytest.param(
            "reply",
            {"by": "agent", "agent": {"id": 1}},
            [("agent_reply", "")],
            id="by no name we can read",
        ),
        pytest.param(
            "reply", {"by": "customer"}, [("customer_reply", "")], id="a customer's reply"
        ),
        pytest.param(
            "reply",
            {"by": "bot", "status": "Open"},
            [("bot_reply", ""), ("status", "Open")],
            id="a bot's",
        ),
        pytest.param("note", {"text": "call him"}, [], id="a note"),
        pytest.param("updated", {"team": "B"}, [("team", "B")], id="an update"),
        pytest.param("linked", {"merged_into": "T-2"}, [("merged_into", "T-2")], id="a merge"),
        pytest.param("status", {"status": "New"}, [], id="a status that was so already"),
        pytest.param("updated", {"team": None}, [], id="an end of what never began"),
        pytest.param(
            "updated",
            {"team": {"id": 3}},
            [("unreadable:team", "team: a dict, not a text, number or list")],
            id="odd",
        ),
    ],
)
def test_an_event_tells(kind: str, says: dict[str, Any], facts: list[tuple[str, str]]) -> None:
    later = [
        fact
        for fact in notified(line(), line(kind, "2026-03-02T10:00", **says))
        if fact[1] == "10:00"
    ]
    assert later == [(name, "10:00", value) for name, value in facts]


def test_a_creation_says_the_desks_first_status_and_who_opened_it() -> None:
    assert notified(line(by="agent")) == [("created", "09:00", "agent"), ("status", "09:00", "New")]
    assert notified(line(by="customer"))[0] == ("created", "09:00", "")
    assert notified(line(status="Waiting"))[1] == ("status", "09:00", "Waiting")


def test_what_was_told_before_the_creation_stays() -> None:
    facts = notified(line("status", "2026-03-02T08:00", status="Waiting"), line())
    assert facts == [("created", "09:00", ""), ("status", "08:00", "Waiting")]


def test_none_ends_what_was_known() -> None:
    facts = notified(line(team="A"), line("updated", "2026-03-02T10:00", team=None))
    assert [fact for fact in facts if fact[0] == "team"] == [
        ("team", "09:00", "A"),
        ("team", "10:00", ""),
    ]


def test_a_value_that_can_be_read_again_ends_the_finding() -> None:
    facts = notified(line(team={}), line("updated", "2026-03-02T10:00", team="A"))
    assert [fact[1:] for fact in facts if fact[0] == "unreadable:team"] == [
        ("09:00", "team: a dict, not a text, number or list"),
        ("10:00", ""),
    ]


def test_of_the_states_of_one_second_the_last_counts_and_all_its_events_do() -> None:
    ten = "2026-03-02T10:00"
    changes = [
        line("status", ten, status=status) for status in ("Waiting", "Open", "Waiting", "New")
    ]
    facts = notified(
        line(), *changes, line("resolved", ten), line("reopened", ten, status="Active")
    )
    later = [(name, value) for name, when, value in facts if when == "10:00"]
    assert later == [("reopened", ""), ("resolved", ""), ("status", "Active")]


def test_a_field_that_the_policy_reads_is_told_counts_of_the_desk_too() -> None:
    fields = (Condition("region", frozenset({"emea"})), Condition("reassigned_count", at_least=2))
    rules = policy(rule("r", when=fields), rule("rest"))
    owners = [
        line("assigned", f"2026-03-02T1{n}:00", assignee=name)
        for n, name in enumerate(("Kim", "Lee", "Mo"))
    ]
    facts = notified(line(region="emea"), *owners, rules=rules)
    assert ("region", "09:00", "emea") in facts
    counts = [fact[1:] for fact in facts if fact[0] == "reassigned_count"]
    assert counts == [("10:00", "0"), ("11:00", "1"), ("12:00", "2")]


def test_an_event_file_counts_the_handovers_that_the_stream_of_its_records_would_show() -> None:
    """First owners are none; of one passed on, both ways say at which event it was."""
    rules = policy(signals={Metric.REASSIGNED: Ladder("r", (Level(Count(1), ("manager",)),))})
    owners = [
        {"team": "A"},
        {"assignee": "Kim"},
        {"assignee": None},
        {"assignee": "Lee"},
        {"team": "B"},
    ]
    lines = [line("assigned", f"2026-03-02T1{n}:00", **owner) for n, owner in enumerate(owners)]
    known, record = Facts(), dict[str, object]()
    for each in parse([line(), *lines], "UTC"):
        record = apply(each, record)
        shown = {name: value for name, value in record.items() if name != "reassigned_count"}
        known |= observed("T-1", shaped(shown, rules.source), rules, known, each.at)
    of_file = Facts.of(Chronicler(rules).facts(parse([line(), *lines], "UTC")))
    due = [handed_over(each, rules) for each in (known, of_file)]
    assert due == [at("2026-03-02T13:00")] * 2


def handed_over(known: Facts, rules: Policy) -> int | None:
    evaluated = evaluate(known, "2026-03-02T20:00", rules)
    return next(each.levels[0] for each in evaluated.clocks if each.metric is Metric.REASSIGNED)


STORY = [
    line(priority="P1", team="A", channel="phone"),
    line("reply", "2026-03-02T09:30", by="customer"),
    line("assigned", "2026-03-02T10:00", team="B", assignee="Kim"),
    line("status", "2026-03-02T11:00", status="Waiting"),
    line("reply", "2026-03-02T12:00", by="agent"),
    line("priority", "2026-03-02T13:00", priority="P2"),
    line("resolved", "2026-03-02T14:00"),
    line("closed", "2026-03-02T15:00"),
]


def test_the_facts_are_those_that_the_tickets_records_would_tell() -> None:
    known, record = Facts(), dict[str, object]()
    events = parse(STORY, "UTC")
    for event in events:
        record = apply(event, record)
        known |= observed("T-1", record, policy(), known, event.at)
    assert set(Chronicler(policy()).facts(events)) == set(known)


def test_neither_order_nor_repetition_changes_the_facts() -> None:
    rows = [{**json.loads(text), "seq": n} for n, text in enumerate(STORY)]
    wanted = notified(*(json.dumps(row).encode() for row in rows))
    for seed in range(5):
        shuffled = random.Random(seed).sample(rows * 2, len(rows) * 2)
        assert notified(*(json.dumps(row).encode() for row in shuffled)) == wanted


def test_facts_come_in_the_order_of_time() -> None:
    facts = Chronicler(policy()).facts(parse(STORY, "UTC"))
    assert [fact.at for fact in facts] == sorted(fact.at for fact in facts)
    assert facts[0] == Fact("T-1", "created", at(NINE))


def test_tickets_that_a_link_ties_together_are_one_component_whenever_it_is_told() -> None:
    events = parse(
        [
            line(ticket="T-1"),
            line(ticket="T-2"),
            line(ticket="T-3", case_id="C"),
            line(ticket="T-4"),
            line(ticket="T-5", follow_up_of="T-0"),
            line("linked", "2026-03-03", "T-4", case_id="C"),
            line("linked", "2026-03-03", "T-2", merged_into="T-1"),
            line("linked", "2026-03-04", "T-1", follow_up_of=" T-3 "),
        ],
        "UTC",
    )
    assert components(by_ticket(events)) == [("T-1", "T-2", "T-3", "T-4"), ("T-5",)]


def test_links_in_a_circle_are_one_component() -> None:
    circle = [line(ticket=f"T-{n}", merged_into=f"T-{(n + 1) % 3}") for n in range(3)]
    assert components(by_ticket(parse(circle, "UTC"))) == [("T-0", "T-1", "T-2")]
