"""A desk that solves and closes each ticket within hours, under the shipped policy: one matter, whose
age climbs; and a customer who asks for different things.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from building import iso
from desk import Desk
from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy
from sla_watchdog.tools.imports.events import Event, lines_of, parse
from sla_watchdog.tools.simulation.help_desk import Words, apply, shaped

TESTS = Path(__file__).parents[1]
CASES = TESTS.parents[1] / "shared" / "cases"
SHIPPED = TESTS.parent / "functions" / "policy.yaml"

pytestmark = pytest.mark.skipif(
    not CASES.exists(), reason="the field cases are not beside the clone"
)


def events_of(name: str, tickets: int) -> list[Event]:
    events = parse(lines_of(CASES / name), "UTC")
    first = list(dict.fromkeys(event.ticket for event in events))[:tickets]
    return [event for event in events if event.ticket in first]


def played(events: list[Event]) -> Iterator[tuple[str, Desk]]:
    """The desk after each event, a minute later, once its watchdog looked; with the ticket."""
    policy = compiled_policy(SHIPPED, events[0].at)
    desk, words = Desk(policy=policy), Words.of(policy)
    records: dict[str, dict[str, object]] = defaultdict(dict)
    for event in events:
        record = records[event.ticket] = apply(event, records[event.ticket], words)
        desk.put(iso(event.at), event.ticket, **shaped(record, policy.source))
        desk.tick(iso(event.at + 60))
        yield event.ticket, desk


def people(desk: Desk) -> set[str]:
    """Whom messages went to; operations hear once that records do not say who replied."""
    return set(desk.sent_to()) - {"operations"}


@pytest.mark.parametrize("kind", ["follow-up", "no-link", "case-id"])
def test_the_second_ticket_reaches_the_manager_and_the_third_the_executive_by_age(
    kind: str,
) -> None:
    notified: dict[str, set[str]] = defaultdict(set)
    with mock_aws():
        for ticket, desk in played(events_of(f"closing-{kind}-25d.jsonl", 3)):
            notified[ticket].update(people(desk))
        assert desk.case("EX-1002").facts.tickets() == ("EX-1000", "EX-1001", "EX-1002")
    assert notified["EX-1000"] == set()
    assert notified["EX-1001"] == {"manager"}
    assert "executive" in notified["EX-1002"]


def test_different_requests_of_one_customer_are_as_many_cases() -> None:
    with mock_aws():
        steps = list(played(events_of("unrelated-of-one-customer.jsonl", 8)))
        names = {ticket for ticket, _ in steps}
        _, desk = steps[-1]
        assert len(names) == 8
        for name in names:
            assert desk.case(name).facts.tickets() == (name,)
        assert people(desk) == set()
