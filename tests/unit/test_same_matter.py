"""Two open tickets of one customer that look like the same matter (semantics D6): what they share."""

from __future__ import annotations

import pytest

from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.lookalikes import (
    LookalikeKey,
    keys,
    normal_url,
)
from sla_watchdog.domain.tickets.subjects import normal_subject, references


@pytest.mark.parametrize(
    ("subject", "normal"),
    [
        pytest.param("City page still online", "city page still online", id="folded"),
        pytest.param(
            "RE: Fwd:  AW[2]: City page, still online!!", "city page still online", id="prefixes"
        ),
        pytest.param(
            "Straße der Freiheit gesperrt", "strasse der freiheit gesperrt", id="case-folded"
        ),
        pytest.param("Page gone", "", id="two-words"),
        pytest.param("a b c d", "", id="too-short"),
        pytest.param("Please help me!", "", id="stock"),
        pytest.param("", "", id="none"),
        pytest.param("Re: Re: Re:", "", id="nothing-but-prefixes"),
        pytest.param(
            "Regarding: our page is gone", "regarding our page is gone", id="a-word-is-no-prefix"
        ),
    ],
)
def test_a_subject_is_compared_in_its_normal_form(subject: str, normal: str) -> None:
    assert normal_subject(subject) == normal


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        pytest.param("Order 4711008 is late", ("4711008",), id="order-number"),
        pytest.param("Where is ORD-2024-00017?", ("ord202400017",), id="hyphens"),
        pytest.param("INC0001234 again", ("inc0001234",), id="id"),
        pytest.param("see #815", ("815",), id="hash"),
        pytest.param("Invoice of 2026-03-02", (), id="iso-date"),
        pytest.param("Invoice of 02.03.2026", (), id="date"),
        pytest.param("Review 2026", (), id="year"),
        pytest.param("Windows2000 crashes", (), id="year-in-a-name"),
        pytest.param("Office365 does not start", (), id="product"),
        pytest.param("costs 99 or 1000", (), id="small-numbers"),
    ],
)
def test_references_are_ids_and_neither_dates_nor_years(
    subject: str, found: tuple[str, ...]
) -> None:
    assert references(subject) == found


def test_a_subject_has_at_most_five_references() -> None:
    assert len(references(" ".join(f"A-{number}" for number in range(10000, 10050)))) == 5


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        pytest.param("https://www.Example.org/City/", "example.org/City", id="host-folded"),
        pytest.param("http://example.org/City#top", "example.org/City", id="fragment"),
        pytest.param("example.org", "example.org", id="bare"),
        pytest.param("n/a", "", id="no-host"),
        pytest.param("", "", id="none"),
    ],
)
def test_a_url_is_compared_without_what_does_not_matter(url: str, normal: str) -> None:
    assert normal_url(url) == normal


def facts(**states: str) -> Facts:
    return Facts.of(Fact("T-1", name, 1, value) for name, value in states.items())


def test_a_ticket_without_a_customer_looks_like_no_other() -> None:
    assert (
        keys("T-1", facts(url="https://example.org/x", subject="City page still online"))
        == frozenset()
    )


def test_the_keys_are_those_of_one_customer_and_of_what_is_known_now() -> None:
    known = facts(
        customer_id=" City-7 ", url="https://example.org/x", subject="Order 4711008 is late"
    )
    assert keys("T-1", known) == {
        LookalikeKey("city-7", "URL", "example.org/x"),
        LookalikeKey("city-7", "reference", "4711008"),
        LookalikeKey("city-7", "subject", "order 4711008 is late"),
    }
    assert keys("T-1", known | [Fact("T-1", "url", 2, "")]) == {
        key for key in keys("T-1", known) if key.kind != "URL"
    }


def test_keys_of_other_kinds_or_customers_never_meet() -> None:
    made = [
        LookalikeKey("a", "URL", "x"),
        LookalikeKey("a", "subject", "x"),
        LookalikeKey("b", "URL", "x"),
        LookalikeKey("", "URL", "ax"),
    ]
    assert len({key.hash for key in made}) == 4
