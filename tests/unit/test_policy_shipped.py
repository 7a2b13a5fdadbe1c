"""The policy file that ships, and the page that explains it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from sla_watchdog.domain.clocks.rules_in_force import candidates_at
from sla_watchdog.domain.policy.model import Metric, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.tools.policy_file import policy_of, read_policy

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "functions" / "policy.yaml").read_text()
PAGE = (ROOT / "docs" / "policy.md").read_text()
TODAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return policy_of(read_policy(SHIPPED, "policy.yaml", TODAY).form, TODAY)


def test_the_file_that_ships_has_nothing_wrong_and_nothing_unused() -> None:
    assert read_policy(SHIPPED, "policy.yaml", TODAY).warnings == ()


def test_the_example_of_the_page_has_nothing_wrong_and_nothing_unused() -> None:
    (example,) = re.findall(
        r"<!-- the tests check this example -->\n```yaml\n(.*?)```", PAGE, re.DOTALL
    )
    assert read_policy(example, "docs/policy.md", TODAY).warnings == ()


@pytest.mark.parametrize(
    ("status", "group"),
    [
        ("New", "open"),
        ("Open", "open"),
        ("Active", "open"),
        ("Pending", "waiting"),
        ("Waiting", "waiting"),
        ("Awaiting User Info", "waiting"),
        ("Awaiting Evidence", "waiting"),
        ("Awaiting Problem", "others"),
        ("Awaiting Vendor", "others"),
        ("Resolved", "resolved"),
        ("Closed", "closed"),
    ],
)
def test_the_statuses_of_common_desks_are_known(shipped: Policy, status: str, group: str) -> None:
    assert shipped.statuses[status.casefold()] == group


def test_no_clock_pauses_while_somebody_else_is_waited_for(shipped: Policy) -> None:
    assert {target.pauses_in for rule in shipped.rules for target in rule.targets} == {
        frozenset(),
        frozenset({"waiting"}),
    }


@pytest.mark.parametrize(
    ("ticket", "rule"),
    [
        ({"customer_tier": "Government", "priority": "Low", "channel": "Phone"}, "government"),
        ({"priority": "1 - Critical", "channel": "Phone"}, "urgent-by-phone"),
        ({"priority": "2 - High", "channel": "email"}, "urgent"),
        ({"priority": "3 - Moderate", "channel": "Phone"}, "by-phone"),
        ({"priority": "3 - Moderate", "channel": "email"}, "everything-else"),
        ({}, "everything-else"),
    ],
)
def test_each_kind_of_ticket_has_its_policy(
    shipped: Policy, ticket: dict[str, str], rule: str
) -> None:
    facts = Facts.of(Fact("T1", name, 0, value) for name, value in ticket.items())
    assert candidates_at("T1", facts, shipped, 0)[0].name == rule


def test_a_desk_that_takes_calls_and_records_no_replies_has_no_first_response_to_miss(
    shipped: Policy,
) -> None:
    by_phone = [rule for rule in shipped.rules if rule.name.endswith("by-phone")]
    assert {target.metric for rule in by_phone for target in rule.targets} == {Metric.RESOLUTION}
