"""Subjects too short to join by themselves, and ids quoted in subjects as customers write them
(semantics D6).
"""

from __future__ import annotations

from itertools import chain

import pytest

from building import DAY, HOUR, at, policy
from sla_watchdog.domain.tickets.facts import Fact
from sla_watchdog.domain.tickets.lookalikes import (
    SAME_MATTER,
    SHORT,
    answered,
    ids_quoted,
    quotes,
    three_of,
)
from sla_watchdog.domain.tickets.subjects import (
    normal_subject,
    quotable_ids,
    short_subject,
    untagged,
)
from sla_watchdog.tools.simulation.replay import Outcomes, replay

START = at("2026-01-05T09:00")
POLICY = policy()


def ticket(name: str, day: float, subject: str, customer: str = "city") -> list[Fact]:
    """Resolved two hours after its creation."""
    created = START + int(day * DAY)
    states = {"status": "New", "customer_id": customer, "subject": subject}
    facts = [Fact(name, field, created, value) for field, value in states.items()]
    ended = Fact(name, "status", created + 2 * HOUR, "Resolved")
    return [Fact(name, "created", created), *facts, ended]


def replayed(*tickets: list[Fact]) -> Outcomes:
    facts = sorted(chain(*tickets), key=lambda fact: fact.at)
    return replay(facts, POLICY, facts[-1].at)


def matters(*tickets: list[Fact]) -> list[str]:
    """The ids of each, in a line."""
    found = chain.from_iterable(ending.plan.matters for ending in replayed(*tickets).endings)
    return sorted(" ".join(each.id for each in matter.tickets) for matter in found)


def noted(*tickets: list[Fact]) -> list[tuple[str, str, str]]:
    """(younger, older, kind)."""
    cases = [ending.case.facts for ending in replayed(*tickets).endings]
    found = set()
    for facts in cases:
        for name in facts.tickets():
            for fact in facts.of_field(name, SAME_MATTER):
                older, _, kind = three_of(fact.value)
                found.add((name, older, kind))
    return sorted(found)


def every_ten_days(*subjects: str) -> list[list[Fact]]:
    return [ticket(f"T-{nth}", 10 * nth, subject) for nth, subject in enumerate(subjects)]


# ------------------------------------------------------------------ short subjects


@pytest.mark.parametrize(
    ("subject", "short"),
    [
        pytest.param("Login fails", "login fails", id="two-words"),
        pytest.param("RE: [T-77] Login  FAILS!", "login fails", id="folded"),
        pytest.param("Website", "website", id="one-word"),
        pytest.param("Map is off", "map is off", id="three-short-words"),
        pytest.param("Our page is gone", "", id="not-short"),
        pytest.param("Hi", "", id="says-nothing"),
        pytest.param("n/a", "", id="not-available"),
        pytest.param("02.03.2026", "", id="no-letter"),
        pytest.param("Please help", "", id="stock"),
        pytest.param("I need help", "", id="stock-of-three-words"),
        pytest.param("New user", "", id="service"),
        pytest.param("Newsletter", "", id="periodic"),
        pytest.param("", "", id="none"),
    ],
)
def test_a_short_subject_is_a_hint_unless_many_matters_have_it(subject: str, short: str) -> None:
    assert short_subject(subject) == short
    assert not (short and normal_subject(subject))


@pytest.mark.parametrize("subject", ["Login fails", "Fake page"])
def test_d6_a_short_subject_is_proposed_the_second_time_and_joins_the_third(subject: str) -> None:
    tickets = every_ten_days(subject, f"Re: {subject}", subject.upper(), subject)
    assert matters(*tickets[:2]) == ["T-0", "T-1"]
    assert noted(*tickets[:2]) == [("T-1", "T-0", SHORT)]
    assert matters(*tickets[:3]) == ["T-0 T-1 T-2"]
    assert matters(*tickets) == ["T-0 T-1 T-2 T-3"]


def test_d6_one_word_is_proposed_and_never_joins() -> None:
    tickets = every_ten_days("Website", "Website", "Website", "Website")
    assert matters(*tickets) == ["T-0", "T-1", "T-2", "T-3"]
    assert {kind for _, _, kind in noted(*tickets)} == {SHORT}


@pytest.mark.parametrize("subject", ["Please help", "New user", "Newsletter", "Invoice", "Urgent!"])
def test_d6_a_short_subject_of_many_matters_says_nothing(subject: str) -> None:
    assert noted(*every_ten_days(subject, subject, subject, subject)) == []


def test_d6_only_what_came_within_quiet_makes_it_the_third_time() -> None:
    days = [0, 70, 140]
    tickets = [ticket(f"T-{day}", day, "Login fails") for day in days]
    assert noted(*tickets) == []
    tickets = [ticket(f"T-{day}", day, "Login fails") for day in (0, 40, 80)]
    assert {kind for _, _, kind in noted(*tickets)} == {SHORT}


def test_d6_a_short_subject_of_others_makes_no_third_time() -> None:
    tickets = every_ten_days("Login fails", "Login fails")
    other = ticket("X-1", 5, "Login fails", customer="another")
    assert noted(*tickets, other) == [("T-1", "T-0", SHORT)]


def test_d6_what_a_person_denied_of_the_first_two_joins_no_third() -> None:
    tickets = every_ten_days("Login fails", "Login fails", "Login fails")
    denied = [answered("T-1", START + 11 * DAY, "T-0", same=False, by="kim")]
    assert matters(*tickets, denied) == ["T-0", "T-1", "T-2"]


def test_d6_of_more_than_a_handful_of_short_ones_in_a_day_the_rest_are_a_machine_s() -> None:
    tickets = [ticket(f"T-{nth}", nth / 24, "Disk full") for nth in range(10)]
    late = [younger for younger, _, _ in noted(*tickets) if int(younger[2:]) > 3]
    assert late == []


# ------------------------------------------------------------------ ids as customers write them


@pytest.mark.parametrize(
    ("subject", "is_quoted"),
    [
        pytest.param("Re: #1000 still broken", True, id="hash"),
        pytest.param("ticket #1000 again", True, id="ticket and hash"),
        pytest.param("Ticket 1000 again", True, id="ticket"),
        pytest.param("TICKET NO. 1000: again", True, id="ticket no."),
        pytest.param("still open (case 1000)", True, id="case, in parentheses"),
        pytest.param("[Incident: 1000] still open", True, id="incident, in brackets"),
        pytest.param("(#1000), again", True, id="hash, in parentheses"),
        pytest.param("ticket#1000.", True, id="without blanks"),
        pytest.param("order 1000 not delivered", False, id="order"),
        pytest.param("order #1000 not delivered", False, id="order and hash"),
        pytest.param("Invoice no. #1000", False, id="invoice no."),
        pytest.param("1000 flyers", False, id="bare"),
        pytest.param("tickets 1000 of them", False, id="plural"),
        pytest.param("case 10000", False, id="a longer number"),
        pytest.param("ticket 10-00", False, id="two numbers"),
    ],
)
def test_d6_a_short_number_is_an_id_where_it_is_said_to_be_one(
    subject: str, is_quoted: bool
) -> None:
    assert quotes(subject, "1000") is is_quoted
    tickets = ticket("1000", 0, "Broken login page"), ticket("1001", 14, subject)
    assert matters(*tickets) == (["1000 1001"] if is_quoted else ["1000", "1001"])


def test_d6_a_year_is_an_id_only_after_a_hash() -> None:
    assert quotable_ids("case 2026") == ()
    assert quotable_ids("see #2026") == ("2026",)


def test_d6_a_short_number_that_another_customer_writes_is_nothing() -> None:
    old = ticket("1000", 0, "Broken login page")
    assert noted(old, ticket("1001", 14, "ticket #1000", customer="another")) == []


@pytest.mark.parametrize(
    "subject",
    [
        "still broken (inc0012345)",
        "[Inc0012345] still broken",
        "inc0012345: again",
        "Is INC0012345, please, done?",
        "iNc0012345.",
    ],
)
@pytest.mark.parametrize("name", ["INC0012345", "inc0012345"])
def test_d6_an_id_counts_in_whatever_letters(name: str, subject: str) -> None:
    tickets = ticket(name, 0, "Broken login page"), ticket("INC0012399", 14, subject)
    assert matters(*tickets) == [f"{name} INC0012399"]


def test_ids_are_looked_up_as_written_and_in_both_cases() -> None:
    assert ids_quoted("see Inc0012345") == ("Inc0012345", "INC0012345", "inc0012345")


# ------------------------------------------------------------------ what mail programs write


@pytest.mark.parametrize(
    "subject",
    [
        "Antwort: STÖRUNG   auf  Seite",
        "ANTWORT: Störung auf Seite",
        "AW: Antwort: Störung auf Seite",
    ],
)
def test_d6_a_german_reply_is_the_same_subject(subject: str) -> None:
    assert untagged(subject).casefold().split() == ["störung", "auf", "seite"]
    tickets = ticket("X-1", 0, "Störung auf Seite"), ticket("X-2", 14, subject)
    assert matters(*tickets) == ["X-1 X-2"]


def test_an_answer_that_is_no_prefix_stays() -> None:
    assert normal_subject("Antwort auf unsere Frage") == "antwort auf unsere frage"
