"""Two invocations of the deployed `watch` at once, without the lease that keeps ticks apart: each
alert once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from attrs import define, field

from scenarios.world import World
from sla_watchdog.adapters.dynamodb.attributes import plain, typed
from sla_watchdog.tools.simulation.help_desk import iso

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

AT_ONCE = 2
ROUNDS = 5
TICKETS = 12
"""More than `digest_after`: some are told in messages of their own, some in digests."""
ALERTS = 4
"""Of each breach: to the owner, the team lead, and the topics beside them for what is urgent."""
USUAL = {"priority": "P1", "channel": "phone", "assignee": "Kim", "team": "Web"}
LASTING = 31 * 60
"""Seconds that an end has to last before it is told."""
LEASE = {"pk": "META", "sk": "lease"}
MESSAGES = {"pk": "META", "sk": "messages"}
"""How many messages went where within a day: while that is lost, nothing waits for it."""

WITHOUT_CONDITION = """\
from sla_watchdog.adapters.dynamodb import outbox
from sla_watchdog.handlers.watch import handler

outbox.require_rev = lambda *_: None
"""


@define
class Overlap:
    """Rounds of tickets that have breached, and the alerts that were told of them, each id as often
    as it came.
    """

    world: World
    lost: int = 0
    notified: Counter[str] = field(factory=Counter)
    _looked_at: int = 0
    _round: int = 0

    def __attrs_post_init__(self) -> None:
        self._looked_at = len(self.world.inbox.deliveries())

    def round(self) -> None:
        """Tickets breach and are told of by two at once; then they are resolved, which is told by
        two at once.
        """
        self._round += 1
        names = [f"both-{self._round}-{number}" for number in range(TICKETS)]
        late = self.world.iso(-9)
        for changes in (
            {"status": "Open"},
            {"status": "Resolved", "resolved_at": iso(self.world.drive.now)},
        ):
            at = iso(self.world.drive.now)
            records = [
                {"ticket_id": name, "created_at": late, "updated_at": at, **USUAL, **changes}
                for name in names
            ]
            self.world.drive.put(*records)
            self._forget_messages()
            if changes["status"] == "Resolved":
                self.world.drive.pass_to(self.world.drive.now + LASTING)
            self._tick_twice()
        self.world.drive.pass_to(self.world.drive.now + 60)

    def _forget_messages(self) -> None:
        """So that what is over is told at once, too, however much was told before."""
        client = self.world.aws.client("dynamodb")
        client.delete_item(TableName=self.world.outputs["WatchTable"], Key=typed(MESSAGES))

    def _tick_twice(self) -> None:
        with self._no_lease(), ThreadPoolExecutor(AT_ONCE) as pool:
            for done in [pool.submit(self._tick) for _ in range(AT_ONCE)]:
                result = done.result()
                self.world.drive.sums.add(result)
                self.lost += int(result["lost"])
        self.world.drive.tick()  # whatever they left to each other
        self._listen()

    def _tick(self) -> Mapping[str, int]:
        """One that ran: the lease of the other may have been there still."""
        while (result := self.world.drive.invoke("WatchFunction")).get("skipped"):
            pass
        return result

    @contextmanager
    def _no_lease(self) -> Iterator[None]:
        """The lease is for pace, never for correctness: here it is lost as soon as it is taken."""
        client, table, over = (
            self.world.aws.client("dynamodb"),
            self.world.outputs["WatchTable"],
            Event(),
        )

        def lose() -> None:
            while not over.wait(0.002):
                client.delete_item(TableName=table, Key=typed(LEASE))

        losing = Thread(target=lose)
        losing.start()
        try:
            yield
        finally:
            over.set()
            losing.join()

    def _listen(self) -> None:
        inbox = self.world.inbox
        inbox.wait_for(self.world.drive.sums.by_name["sent"])
        new = inbox.deliveries()[self._looked_at :]
        self._looked_at += len(new)
        self.notified.update(
            alert["id"]
            for each in new
            for alert in each.facts["alerts"]
            if "both-" in alert["case"]
        )

    def twice(self) -> list[str]:
        return sorted(name for name, count in self.notified.items() if count > 1)

    def recorded(self) -> Counter[str]:
        """The alerts that the audit says were sent, each as often as it says so."""
        table = self.world.outputs["AuditTable"]
        pages = self.world.aws.client("dynamodb").get_paginator("scan").paginate(TableName=table)
        items = [plain(item) for page in pages for item in page["Items"]]
        sent = [item for item in items if item["outcome"] in ("sent", "in_digest")]
        return Counter(
            str(item["alert_id"]) for item in sent if str(item["alert_id"]).startswith("both-")
        )


@pytest.fixture
def overlap(world: World) -> Iterator[Overlap]:
    world.pass_to(0)
    overlap = Overlap(world)
    yield overlap
    world.forget()


@contextmanager
def watch_without_condition(world: World, folder: Path) -> Iterator[None]:
    """The deployed function, but for the one condition by which a claim is somebody's alone."""
    (folder / "without_condition.py").write_text(WITHOUT_CONDITION)
    client, name = world.aws.client("lambda"), world.outputs["WatchFunction"]
    before = client.get_function_configuration(FunctionName=name)
    variables = before["Environment"]["Variables"]
    changed = {"Variables": {**variables, "PYTHONPATH": str(folder)}}
    client.update_function_configuration(
        FunctionName=name, Handler="without_condition.handler", Environment=changed
    )
    try:
        yield
    finally:
        client.update_function_configuration(
            FunctionName=name, Handler=before["Handler"], Environment={"Variables": variables}
        )


def test_two_invocations_at_once_tell_each_alert_once(
    overlap: Overlap, record_property: Any
) -> None:
    for _ in range(ROUNDS):
        overlap.round()
    assert overlap.lost > 0, "they met"
    assert overlap.twice() == []
    assert len(overlap.notified) == 2 * ROUNDS * TICKETS * ALERTS
    assert overlap.recorded() == overlap.notified
    record_property(
        "proof",
        f"two invocations at once: {len(overlap.notified)} alerts once, {overlap.lost} claims lost",
    )


def test_without_the_condition_of_a_claim_some_are_told_twice(
    overlap: Overlap, tmp_path: Path
) -> None:
    with watch_without_condition(overlap.world, tmp_path):
        for _ in range(ROUNDS):
            overlap.round()
            if overlap.twice():
                return
    pytest.fail("the rounds are too few to notice that the condition is missing")
