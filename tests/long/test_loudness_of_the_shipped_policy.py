"""The shipped policy on a real log: nobody is left out, and nobody gets more than can be read.

Skipped where the log is not beside the clone. `make test` plays a third of the incidents of one week; the
whole log, and the table of docs/loudness.md that it makes, are left to `make soak`.
"""

from __future__ import annotations

import sys

import pytest
from attrs import evolve

from bench.loudness import (
    LOG,
    Figures,
    breaches,
    committed,
    markdown,
    old_cases,
    play,
    unheard_breaches,
    unknown_to_the_top,
)
from sla_watchdog.tools.backtest.play import Played

WEEK = LOG.with_name("uci_week.jsonl.gz")

pytestmark = [
    pytest.mark.skipif(not LOG.exists(), reason="the ServiceNow log is not beside the clone"),
    pytest.mark.xdist_group("the ServiceNow log under the shipped policy"),
]


@pytest.fixture(scope="module")
def week() -> Played:
    return play(WEEK, one_in=3)


@pytest.fixture(scope="module")
def whole() -> Played:
    return play(LOG)


def test_every_case_of_a_week_that_was_open_over_30_days_reached_the_executive(
    week: Played,
) -> None:
    assert len(old_cases(week)) > 20
    assert unknown_to_the_top(week) == frozenset()


def test_every_breach_of_a_week_reached_somebody(week: Played) -> None:
    assert len(breaches(week)) > 100
    assert unheard_breaches(week) == frozenset()


def test_a_case_or_a_breach_of_which_nobody_hears_would_be_noticed(week: Played) -> None:
    (old, *_), (breach, *_) = old_cases(week), breaches(week)
    case, clock = breach
    heard = [
        message
        for message in week.messages
        if message.case != old and (message.case, message.row.clock) != (case, clock)
    ]
    silent = evolve(week, messages=heard)
    assert old in unknown_to_the_top(silent)
    assert breach in unheard_breaches(silent)


@pytest.mark.soak
def test_the_table_of_the_documents_is_what_the_policy_gives(whole: Played) -> None:
    assert committed() == markdown(whole)


@pytest.mark.soak
def test_nobody_is_left_out_of_a_year(whole: Played) -> None:
    assert unknown_to_the_top(whole) == frozenset()
    assert unheard_breaches(whole) == frozenset()


@pytest.mark.soak
def test_the_executive_and_the_manager_get_no_more_than_can_be_read(whole: Played) -> None:
    loads = {each.audience: Figures.of(each.load) for each in whole.loudness.audiences}
    sys.stdout.write(f"{loads}\n")
    executive, manager = loads["executive"], loads["manager"]
    assert executive.median <= 1
    assert executive.busiest <= 5
    assert manager.percentile <= 10
