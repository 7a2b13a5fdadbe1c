"""A real week of a ServiceNow help desk: what we count agrees with what the file itself says."""

import gzip
import json
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from local_stack.policy import CompiledPolicy
from local_stack.server import ROOT
from local_stack.story import counts
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.observation import observed
from sla_watchdog.tools.imports.events import lines_of, parse
from sla_watchdog.tools.simulation.help_desk import apply, shaped

WEEK = Path(ROOT).parent / "shared" / "data" / "uci_week.jsonl.gz"
DAYS = (3, 7)

pytestmark = pytest.mark.skipif(not WEEK.exists(), reason=f"{WEEK.name} is not beside the clone")


def by_the_file(as_of: str) -> tuple[int, int, int, int]:
    """(created, open, open longer than 3 days, than 7 days) from the lines alone, with nothing of
    ours.
    """
    moment = datetime.fromisoformat(as_of)
    created: dict[str, datetime] = {}
    ended: dict[str, bool] = defaultdict(bool)
    with gzip.open(WEEK) as lines:
        events = [
            (datetime.fromisoformat(e["at"]), number, e)
            for number, e in enumerate(map(json.loads, lines))
        ]
    for at, _, event in sorted(events, key=lambda entry: entry[:2]):
        if at > moment:
            break
        if event["type"] == "created":
            created[event["ticket"]] = at
        if "state" in event:
            ended[event["ticket"]] = event["state"] in ("Resolved", "Closed")
    ages = [moment - at for ticket, at in created.items() if not ended[ticket]]
    return (
        len(created),
        len(ages),
        *(sum(age > timedelta(days=day) for age in ages) for day in DAYS),
    )


def by_the_watchdog(as_of: str) -> tuple[int, int, int, int]:
    """The same through records, facts and plan, as a drive of the file counts them."""
    policy = CompiledPolicy.of_file(ROOT / "functions" / "policy.yaml").policy
    now = int(datetime.fromisoformat(as_of + "+00:00").timestamp())
    records: dict[str, dict[str, object]] = {}
    known: dict[str, Facts] = defaultdict(Facts)
    for event in parse(lines_of(WEEK), "UTC"):
        if event.at <= now:
            name = event.ticket
            records[name] = apply(event, records.get(name, {}))
            item = shaped(records[name], policy.source)
            known[name] |= observed(name, item, policy, known[name], event.at, streamed=True)
    cases = (Case(name, facts=facts) for name, facts in known.items())
    found = counts([(case, plan(case, policy, now)) for case in cases], now, DAYS)
    return found.cases, found.open, *found.older.values()


@pytest.mark.parametrize(
    "as_of", ["2016-04-07T12:00:00", "2016-04-11T00:00:00", "2016-04-18T00:00:00"]
)
def test_open_cases_and_their_ages_are_those_of_the_file(as_of: str) -> None:
    assert by_the_watchdog(as_of) == by_the_file(as_of)


def test_in_the_end_everything_was_closed() -> None:
    assert by_the_watchdog("2016-12-21T12:00:00") == (2008, 0, 0, 0)
