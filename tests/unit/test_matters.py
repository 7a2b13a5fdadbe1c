"""Which tickets are one matter, for how long, by which evidence (semantics D6, B6)."""

from __future__ import annotations

import random
from itertools import permutations

import pytest
from attrs import evolve

from building import DAY, at, evaluate, facts, iso, policy
from sla_watchdog.domain.escalation.case import Case, join
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Matters
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import matters
from sla_watchdog.domain.tickets.links import linked_names
from sla_watchdog.domain.tickets.lookalikes import (
    NAMED,
    QUOTED,
    QUOTED_BY_ANOTHER,
    REFERENCE,
    REPEATED,
    ROUTINE,
    SUBJECT,
    URL,
    answer_about,
    answered,
    is_strong,
    looks_alike,
)
from sla_watchdog.domain.tickets.lookalikes import (
    SHORT as SHORT_SUBJECT,
)
from sla_watchdog.domain.tickets.merges import tickets_of

START = at("2026-01-05T09:00")
SHORT = policy(matters=Matters(quiet=10 * DAY, linked=30 * DAY))
STRONG = [SUBJECT, REPEATED, QUOTED, NAMED]
WEAK = [URL, REFERENCE, SHORT_SUBJECT, ROUTINE, QUOTED_BY_ANOTHER]


def ticket(name: str, day: float, until: float | None = None, **states: str) -> Facts:
    """Created on that day, closed on the other."""
    created = iso(START + int(day * DAY))
    said = [("created", created), ("status", created, "Open")]
    said += [(field, created, value) for field, value in states.items()]
    if until is not None:
        said.append(("status", iso(START + int(until * DAY)), "Closed"))
    return facts(*said, ticket=name)


def alike(younger: str, older: str, kind: str = SUBJECT, day: float = 0) -> list[Fact]:
    return [looks_alike(younger, START + int(day * DAY), older, START, kind)]


def said(younger: str, older: str, same: bool, day: float = 100) -> list[Fact]:
    return [answered(younger, START + int(day * DAY), older, same, "kim")]


def groups(known: Facts) -> list[list[str]]:
    found = matters(tickets_of(known, SHORT), known, SHORT)
    return [[ticket.id for ticket in matter.tickets] for matter in found]


ONE, TWO = [["T-1", "T-2"]], [["T-1"], ["T-2"]]


@pytest.mark.parametrize(
    ("closed", "created", "tie", "wanted"),
    [
        pytest.param(1, 11, "alike", ONE, id="alike, just within quiet"),
        pytest.param(1, 11.1, "alike", TWO, id="alike, after quiet"),
        pytest.param(None, 300, "alike", ONE, id="alike, never closed"),
        pytest.param(1, 31, "follow_up_of", ONE, id="linked, just within"),
        pytest.param(1, 31.1, "follow_up_of", TWO, id="linked, too late"),
        pytest.param(1, 31, "split_from", ONE, id="split off, just within"),
        pytest.param(1, 31.1, "split_from", TWO, id="split off, too late"),
        pytest.param(1, 31, "case_id", ONE, id="one case of the desk, just within"),
        pytest.param(1, 31.1, "case_id", TWO, id="one case of the desk, too late"),
        pytest.param(1, 300, "merged_into", ONE, id="merged, whenever"),
    ],
)
def test_d6_a_tie_counts_as_long_as_its_kind_allows(
    closed: float | None, created: float, tie: str, wanted: list[list[str]]
) -> None:
    if tie == "alike":
        known = ticket("T-1", 0, closed) | ticket("T-2", created) | alike("T-2", "T-1")
    elif tie == "case_id":
        known = ticket("T-1", 0, closed, case_id="C") | ticket("T-2", created, case_id="C")
    else:
        known = ticket("T-1", 0, closed) | ticket("T-2", created, **{tie: "T-1"})
    assert groups(known) == wanted


@pytest.mark.parametrize(
    "sign",
    [("customer_reply", 9.0), ("agent_reply", 9.0), ("status", 9.0, "Open")],
    ids=["the customer wrote", "the desk wrote", "reopened"],
)
def test_d6_it_counts_from_the_last_activity_and_not_from_the_closing(
    sign: tuple[str, float, str],
) -> None:
    field, day, *value = sign
    late = facts((field, iso(START + int(day * DAY)), *value), ticket="T-1")
    closed = facts(("status", iso(START + int(9.5 * DAY)), "Closed"), ticket="T-1")
    answer = facts(("agent_reply", iso(START + int(9.2 * DAY))), ticket="T-1")
    known = ticket("T-1", 0, 1) | ticket("T-2", 18) | alike("T-2", "T-1")
    assert groups(known) == TWO
    assert groups(known | late | answer | closed) == ONE


def test_d6_a_new_ticket_of_the_matter_is_activity_too() -> None:
    known = ticket("T-1", 0, 1) | ticket("T-2", 9, 9.1) | ticket("T-3", 18)
    assert groups(known | alike("T-3", "T-1")) == [["T-1"], ["T-2"], ["T-3"]]
    both = known | alike("T-2", "T-1") | alike("T-3", "T-1")
    assert groups(both) == [["T-1", "T-2", "T-3"]]


def test_d6_what_happens_later_changes_nothing_of_it() -> None:
    """A matter that came too late stays one of its own, whatever is written on the old one then."""
    known = ticket("T-1", 0, 1) | ticket("T-2", 20) | alike("T-2", "T-1")
    again = facts(("status", iso(START + 21 * DAY), "Open"), ticket="T-1")
    assert groups(known) == groups(known | again) == TWO


@pytest.mark.parametrize("kind", WEAK)
def test_d6_weak_evidence_joins_nothing_until_a_person_says_so(kind: str) -> None:
    known = ticket("T-1", 0) | ticket("T-2", 1) | alike("T-2", "T-1", kind)
    assert not is_strong(kind)
    assert groups(known) == TWO
    assert linked_names(known) == frozenset()
    agreed = known | said("T-2", "T-1", same=True)
    assert groups(agreed) == ONE
    assert linked_names(agreed) == {"T-1"}


@pytest.mark.parametrize("kind", STRONG)
def test_d6_strong_evidence_joins_until_a_person_denies_it(kind: str) -> None:
    known = ticket("T-1", 0) | ticket("T-2", 1) | alike("T-2", "T-1", kind)
    assert groups(known) == ONE
    assert linked_names(known) == {"T-1"}
    denied = known | said("T-2", "T-1", same=False)
    assert groups(denied) == TWO
    assert linked_names(denied) == frozenset()


@pytest.mark.parametrize("link", ["follow_up_of", "split_from"])
def test_d6_a_person_takes_linked_tickets_apart_and_puts_them_together_again(link: str) -> None:
    known = ticket("T-1", 0) | ticket("T-2", 1, **{link: "T-1"})
    denied = known | said("T-2", "T-1", same=False)
    assert (groups(known), groups(denied)) == (ONE, TWO)
    assert groups(denied | said("T-2", "T-1", same=True, day=101)) == ONE


def test_d6_a_merge_is_not_taken_apart() -> None:
    known = ticket("T-1", 0, merged_into="T-2") | ticket("T-2", 1)
    assert groups(known | said("T-2", "T-1", same=False)) == ONE


def test_d6_two_that_are_not_the_same_meet_in_no_third() -> None:
    known = ticket("T-1", 0) | ticket("T-2", 1) | ticket("T-3", 2)
    known |= [*alike("T-2", "T-1"), *alike("T-3", "T-1"), *alike("T-3", "T-2", QUOTED)]
    assert groups(known) == [["T-1", "T-2", "T-3"]]
    assert groups(known | said("T-2", "T-1", same=False)) == [["T-1", "T-3"], ["T-2"]]


def test_the_latest_answer_about_a_pair_counts_whoever_of_the_two_it_is_noted_of() -> None:
    known = ticket("T-1", 0) | ticket("T-2", 1)
    assert answer_about(known, "T-2", "T-1") is None
    known |= said("T-2", "T-1", same=True, day=3)
    assert answer_about(known, "T-2", "T-1") is True
    known |= said("T-1", "T-2", same=False, day=4)
    assert answer_about(known, "T-2", "T-1") is answer_about(known, "T-1", "T-2") is False
    assert answer_about(known, "T-2", "T-3") is None


def test_d6_more_than_a_handful_of_one_subject_in_a_day_are_a_machine_s() -> None:
    known = Facts()
    for number in range(1, 9):
        name = f"T-{number}"
        known |= ticket(name, number / 24, customer_id="city", subject="Probe lost its signal")
        if number > 1:
            known |= alike(name, "T-1")
    assert groups(known) == [["T-1", "T-2", "T-3", "T-4"], ["T-5"], ["T-6"], ["T-7"], ["T-8"]]


def test_b6_the_age_of_a_matter_runs_from_its_first_ticket_through_every_closing() -> None:
    known = ticket("T-1", 0, 1) | ticket("T-2", 9, 9.1) | ticket("T-3", 17)
    known |= [*alike("T-2", "T-1"), *alike("T-3", "T-1")]
    case = Case("T-1", known)
    ages = [c for c in plan(case, SHORT, START + 18 * DAY).clocks if c.metric.value == "age"]
    assert [(c.subject, c.started_at, c.stopped_at) for c in ages] == [("T-1", START, None)]


@pytest.mark.parametrize("fact", [("",), ("T-1", "x", "subject"), ("T-1", "1"), "T-1", ""])
@pytest.mark.parametrize("field", ["same_matter", "same_matter_answer"])
def test_no_damaged_evidence_stops_a_judgement(field: str, fact: str | tuple[str, ...]) -> None:
    known = ticket("T-1", 0) | ticket("T-2", 1) | [Fact("T-2", field, START, fact)]
    assert evaluate(known, iso(START + 2 * DAY), SHORT).tickets


# ------------------------------------------------------------------ any order


def a_desk(seed: int) -> list[Fact]:
    """Nine tickets with ties, answers and messages of all kinds."""
    some = random.Random(seed)
    known = Facts()
    names = [f"T-{number}" for number in range(9)]
    for number, name in enumerate(names):
        day = number * some.choice([1, 4, 11])
        known |= ticket(name, day, some.choice([None, day + 0.1, day + 1, day + 20]))
        if number and some.random() < 0.8:
            older = some.choice(names[:number])
            kind = some.choice([*STRONG, SUBJECT, SUBJECT, *WEAK])
            known |= some.choice(
                [
                    alike(name, older, kind, day),
                    [Fact(name, "follow_up_of", START, older)],
                    [Fact(name, "split_from", START, older)],
                    [Fact(name, "case_id", START, "C-1")],
                    [Fact(name, "merged_into", START + 40 * DAY, older)],
                ]
            )
            if some.random() < 0.3:
                known |= said(name, some.choice(names[:number]), some.random() < 0.5, day)
        if some.random() < 0.5:
            wrote = START + some.randrange(60) * DAY
            known |= [Fact(name, some.choice(["customer_reply", "agent_reply"]), wrote)]
    return list(known)


def judged(case: Case) -> tuple[object, ...]:
    evaluated = plan(case, SHORT, START + 70 * DAY)
    found = [[each.id for each in matter.tickets] for matter in evaluated.matters]
    return found, evaluated.alerts, evaluated.next_at, evaluated.clocks


@pytest.mark.parametrize("seed", range(40))
def test_d6_facts_learned_and_cases_joined_in_any_order_are_the_same_matters_and_the_same_plan(
    seed: int,
) -> None:
    known = a_desk(seed)
    some = random.Random(seed)
    whole = Case("T-0", Facts.of(known))
    for _ in range(3):
        some.shuffle(known)
        learned = Facts()
        for fact in known:
            learned |= [fact]
        assert judged(evolve(whole, facts=learned)) == judged(whole)
    names = list(whole.facts.tickets())
    for _ in range(3):
        some.shuffle(names)
        cases = [Case(name, Facts.of(f for f in known if f.ticket == name)) for name in names]
        both = cases[0]
        for case in cases[1:]:
            both = join(both, case)
        assert judged(evolve(both, id="T-0")) == judged(whole)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_d6_a_late_answer_takes_them_apart_in_any_order(order: tuple[int, ...]) -> None:
    parts = [
        ticket("T-1", 0, 1),
        ticket("T-2", 5) | alike("T-2", "T-1"),
        Facts.of(said("T-2", "T-1", same=False)),
    ]
    known = Facts()
    for number in order:
        known |= parts[number]
    assert groups(known) == TWO
