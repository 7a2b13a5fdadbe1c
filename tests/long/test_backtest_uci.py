"""The proof on a real log: a ServiceNow audit log of a year, under a policy that describes what its
verdicts measure.

Skipped where the log is not beside the clone. One run for all tests here.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from building import DAY
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket
from sla_watchdog.domain.tickets.ticket_of_facts import ticket
from sla_watchdog.tools.backtest.files import clocks_csv
from sla_watchdog.tools.backtest.play import History, Played, play
from sla_watchdog.tools.backtest.rows import ClockRow
from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy
from sla_watchdog.tools.imports.events import Event, lines_of, parse
from sla_watchdog.tools.simulation.history import Chronicler

TESTS = Path(__file__).parents[1]
DATA = TESTS.parents[1] / "shared" / "data"
LOG, TRUTH = DATA / "uci_servicenow.jsonl.gz", DATA / "uci_servicenow.truth.csv.gz"

pytestmark = [
    pytest.mark.skipif(not LOG.exists(), reason="the ServiceNow log is not beside the clone"),
    pytest.mark.xdist_group("the ServiceNow log"),
]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return compiled_policy(TESTS / "uci_policy.yaml")


@pytest.fixture(scope="module")
def events() -> Sequence[Event]:
    return parse(lines_of(LOG), "UTC")


@pytest.fixture(scope="module")
def played(events: Sequence[Event], policy: Policy) -> Played:
    return play(History.of(events), policy, events[-1].at)


def test_the_verdicts_are_those_that_the_desk_recorded(played: Played) -> None:
    """made_sla of at least 99.8 % of the incidents; one without a clock of its own never began one,
    and kept it.
    """
    with gzip.open(TRUTH, "rt", newline="") as file:
        recorded = {line["ticket"]: line["made_sla"] == "true" for line in csv.DictReader(file)}
    ours = {row.ticket: row.verdict == "met" for row in played.clocks if row.clock == "resolution"}
    agreed = sum(ours.get(name, True) is kept for name, kept in recorded.items())
    sys.stdout.write(
        f"{agreed:,} of {len(recorded):,} verdicts agree ({100 * agreed / len(recorded):.3f} %)\n"
    )
    assert len(recorded) == 24_918
    assert agreed / len(recorded) >= 0.998


AS_OF = {
    "2016-03-08": (2465, 1327, 789, 57, 0, 0),
    "2016-03-31": (8837, 1506, 1019, 875, 18, 0),
    "2016-04-30": (17073, 1166, 881, 778, 314, 0),
    "2016-05-31": (24344, 1205, 1035, 851, 419, 6),
    "2016-06-30": (24649, 378, 378, 378, 367, 107),
    "2016-12-31": (24769, 30, 28, 26, 18, 12),
}
"""Created, open, and of these older than 3, 7, 30 and 90 days."""


@pytest.fixture(scope="module")
def tickets(events: Sequence[Event], policy: Policy) -> list[Ticket]:
    history, chronicler = History.of(events), Chronicler(policy)
    facts = {name: Facts.of(chronicler.facts(mine)) for name, mine in history.tickets.items()}
    return [ticket(name, known, policy) for name, known in facts.items()]


@pytest.mark.parametrize(("day", "counts"), AS_OF.items(), ids=AS_OF)
def test_on_a_day_so_many_were_open_and_so_old(
    day: str, counts: tuple[int, ...], tickets: list[Ticket]
) -> None:
    now = parse([b'{"ticket":"T","type":"note","at":"%s"}' % day.encode()], "UTC")[0].at
    created = [each for each in tickets if each.created_at <= now]
    ages = [now - each.created_at for each in created if _group(each, now) not in ENDED]
    older = (sum(age > days * DAY for age in ages) for days in (3, 7, 30, 90))
    assert (len(created), len(ages), *older) == counts


def _group(each: Ticket, now: int) -> str:
    return next(span.group for span in reversed(each.spans) if span.start <= now)


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.soak)])
def test_shuffled_and_doubled_the_log_gives_the_same_clocks(every: int, policy: Policy) -> None:
    """Of every tenth incident; `make soak` takes all."""
    with gzip.open(LOG) as file:
        rows = [json.loads(line) for line in file]
    names = set(sorted({row["ticket"] for row in rows})[::every])
    mine = [{**row, "seq": row["row"]} for row in rows if row["ticket"] in names]
    lines = [json.dumps(row).encode() for row in mine]
    doubled = random.Random(498).sample(lines * 2, 2 * len(lines))
    one, other = (clocks_csv(_played(each, policy)) for each in (lines, doubled))
    assert one == other
    assert len(names) >= 24_918 // every


def _played(lines: list[bytes], policy: Policy) -> Sequence[ClockRow]:
    events = parse(lines, "UTC")
    return play(History.of(events), policy, events[-1].at).clocks
