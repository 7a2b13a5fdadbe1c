"""What a tick reads, beside a plain Scan of the table, at 1,000, 10,000 and 100,000 tickets of
which 10 are due.

Run by `make bench`. Measured on DynamoDB Local, which counts read units as DynamoDB does; passed
over, and said so, where it is not installed. The tick's part is what every tick does before it
judges: ask all 16 shards of the index `due`, then read the due cases and their tickets
consistently. Fails when that takes a Scan, or more at 100,000 tickets than at 1,000.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from attrs import define, field, frozen

from local_stack.dynamodb_local import DynamoDbLocal, why_not
from local_stack.template import create_tables
from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.dynamodb.case_item import case_key, shard_of
from sla_watchdog.adapters.dynamodb.facts_text import facts_text
from sla_watchdog.adapters.dynamodb.table import WRITTEN_AT_ONCE, Item, slices, write_all
from sla_watchdog.adapters.dynamodb.tickets import TicketsTable
from sla_watchdog.adapters.dynamodb.watch import SHARDS, WatchStores
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.policy.model import Source
from sla_watchdog.domain.tickets.facts import Fact, Facts

SIZES = (1_000, 10_000, 100_000)
DUE = 10
NOW = 1_764_000_000
LEAST = 0.5
"""Read units of a request that finds nothing; DynamoDB Local says 0, DynamoDB bills this."""
OPEN = 10
"""Of every so many tickets one is open, and in the index with a time to come; the others are
resolved.
"""


@define
class Meter:
    """Requests and read units of one client since the last `take`, as DynamoDB answers them."""

    requests: Counter[str] = field(factory=Counter)
    units: float = 0.0

    def watch(self, client: Any) -> None:
        for name in ("Query", "BatchGetItem", "GetItem", "Scan"):
            client.meta.events.register(f"provide-client-params.dynamodb.{name}", self._ask)
            client.meta.events.register(f"after-call.dynamodb.{name}", self._count)

    def take(self) -> tuple[Counter[str], float]:
        taken = self.requests, self.units
        self.requests, self.units = Counter(), 0.0
        return taken

    def _ask(self, params: dict[str, Any], **_: object) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def _count(self, parsed: dict[str, Any], model: Any, **_: object) -> None:
        consumed = parsed["ConsumedCapacity"]
        self.requests[model.name] += 1
        answers = consumed if isinstance(consumed, list) else [consumed]
        self.units += max(LEAST, sum(each["CapacityUnits"] for each in answers))


@frozen
class Read:
    """What one way of finding the due tickets asked of the table."""

    found: int
    requests: Counter[str]
    units: float
    seconds: float


def ticket(number: int) -> Item:
    return typed(
        {
            "ticket_id": f"INC{number:07d}",
            "created_at": "2026-03-02T09:00:00+01:00",
            "status": "Open" if number % OPEN == 0 else "Resolved",
            "priority": "2 - High",
            "team": "second-level-support",
            "assignee": "Kim Öztürk",
            "subject": "The page of our city is not ours, and it is still there",
            "description": "Somebody put it up in our name, without our consent. " * 3,
        }
    )


def case(number: int) -> Item:
    """The case of that ticket as `track` keeps it; the first ten open ones are due."""
    name = f"INC{number:07d}"
    facts = [
        Fact(name, "created", NOW - 10**6),
        *(Fact(name, "status", NOW - 10**6 + age, f"status {age}") for age in range(6)),
        *(Fact(name, "agent_reply", NOW - 10**5 + age, "Kim Öztürk") for age in range(6)),
    ]
    item: dict[str, object] = {
        "pk": case_key(name),
        "sk": "W",
        "rev": 13,
        "generation": 1,
        "facts": facts_text(Facts.of(facts)),
        "seen": {name: "49590338271490256608559692538361571095921575989136588898"},
        "outbox": {},
        "reached": {},
    }
    if number % OPEN == 0:
        due = number < DUE * OPEN
        item |= {
            "next_at": NOW - number if due else NOW + 60 + number,
            "due_shard": shard_of(name, urgent=False),
        }
    return typed(item)


def load(client: Any, table: str, make: Callable[[int], Item], numbers: range) -> None:
    """Eight writers at once."""
    with ThreadPoolExecutor(8) as pool:
        parts = slices(numbers, 20 * WRITTEN_AT_ONCE)
        list(pool.map(lambda part: write_all(client, table, map(make, part), time.sleep), parts))


def tick(watch: WatchStores, tickets: TicketsTable) -> int:
    due = [each.case for shard in SHARDS for each in watch.cases.due(shard, NOW)]
    cases = watch.cases.read(due)
    assert all(isinstance(each, Case) for each in cases.values())
    return len(tickets.read(cases))


def scan(tickets: TicketsTable) -> int:
    """The plain way: read every ticket and look whether it is open; eventually consistent, as is
    cheapest.
    """
    found, start = 0, None
    while True:
        records, start = tickets.page(0, 1, start)
        found += sum(record["status"] == "Open" for record in records)
        if start is None:
            return found


def measured(meter: Meter, way: Callable[[], int]) -> Read:
    meter.take()
    started = time.perf_counter()
    found = way()
    seconds = time.perf_counter() - started
    return Read(found, *meter.take(), seconds)


def sizes(client: Any, names: dict[str, str], totals: list[int]) -> Iterator[int]:
    """Each size in turn, once so many tickets and cases are there."""
    there = 0
    for total in totals:
        load(client, names["tickets"], ticket, range(there, total))
        load(client, names["watch"], case, range(there, total))
        there = total
        yield total


def line(total: int, ticked: Read, scanned: Read) -> str:
    reads = (
        f"{sum(each.requests.values()):>11,}{each.units:>12,.1f}{each.seconds:>9.2f}   "
        for each in (ticked, scanned)
    )
    return f"{total:>9,}{ticked.found:>6}{''.join(reads)}{scanned.units / ticked.units:>7,.0f}\n"


HEAD = f"""\
{"":15}{"a tick":>32}{"a plain Scan":>35}{"Scan":>10}
{"tickets":>9}{"due":>6}{2 * f"{'requests':>11}{'read units':>12}{'seconds':>9}   "}{"/ tick":>7}
"""


def bench(totals: list[int]) -> bool:
    """Whether a tick read only what is due, at every size."""
    meter = Meter()
    with DynamoDbLocal() as server:
        client = server.client()
        names = create_tables(client)
        meter.watch(client)
        watch = WatchStores.of(client, client, names["watch"], names["audit"])
        tickets = TicketsTable(client, names["tickets"], Source(key={"ticket_id": "{ticket_id}"}))
        sys.stdout.write(HEAD)
        ticks = []
        for total in sizes(client, names, totals):
            ticked = measured(meter, lambda: tick(watch, tickets))
            sys.stdout.write(line(total, ticked, measured(meter, lambda: scan(tickets))))
            sys.stdout.flush()
            ticks.append(ticked)
    sys.stdout.write(f"each tick: {dict(ticks[-1].requests)}\n")
    return all(
        each.found == DUE and "Scan" not in each.requests and each.units == ticks[0].units
        for each in ticks
    )


def main(arguments: list[str]) -> int:
    if missing := why_not():
        sys.stdout.write(f"skipped: what a tick reads. {missing}\n")
        return 0
    return 0 if bench([int(each) for each in arguments] or list(SIZES)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
