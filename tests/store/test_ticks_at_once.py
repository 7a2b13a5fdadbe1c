"""Whole ticks at the same time, without the lease that keeps them apart, on engines that are
atomic: each alert once.

Four threads judge the same cases; a barrier stands between what they read and the first claim of
any of them, so each believes that all of it is due. The one condition of a claim decides.
Without it the same rounds tell twice.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from attrs import define, field

from building import at, policy
from desk import Desk
from faults.world import without_lease
from local_stack.ministack import LocalAws
from sla_watchdog.adapters.dynamodb import outbox
from sla_watchdog.usecases.watch.result import TickResult

THREADS = 4
ROUNDS = 2
TICKETS = 12
"""More than `digest_after`: some are told in messages of their own, some in digests."""
ALERTS = 4
"""Of each breach: to the owner, the team lead, and the topics beside them for what is urgent."""
CREATED, BREACHED = "2026-03-02T00:00:00Z", "2026-03-02T08:01"


@define
class Meeting:
    """A desk whose ticks meet before the first claim; `notified` counts each alert id that was
    published.
    """

    desk: Desk
    notified: Counter[str] = field(factory=Counter)
    lost: int = 0
    _barrier: threading.Barrier = field(factory=lambda: threading.Barrier(THREADS, timeout=30))
    _about_to_claim: threading.local = field(factory=threading.local)

    def __attrs_post_init__(self) -> None:
        self.desk.sns.meta.events.register("provide-client-params.sns.Publish", self._note)
        self.desk.dynamodb.meta.events.register(
            "before-call.dynamodb.UpdateItem", self._wait_for_all
        )

    def round(self, number: int) -> None:
        for ticket in range(TICKETS):
            self.desk.put(
                "2026-03-02T00:00", f"T{number}-{ticket}", created_at=CREATED, status="New"
            )
        with ThreadPoolExecutor(THREADS) as pool:
            tallies = list(pool.map(lambda _: self._tick(), range(THREADS)))
        self.lost += sum(result.lost for result in tallies)
        self.desk.tick(BREACHED)  # whatever they left to each other

    def _tick(self) -> TickResult:
        tick = without_lease(self.desk.parts).tick(at(BREACHED), lambda: 100.0)
        self._about_to_claim.waits = True
        result = tick.run()
        assert result is not None
        return result

    def _wait_for_all(self, **_: object) -> None:
        if getattr(self._about_to_claim, "waits", False):
            self._about_to_claim.waits = False
            self._barrier.wait()

    def _note(self, params: dict[str, Any], **_: object) -> None:
        body = json.loads(json.loads(params["Message"])["default"])
        self.notified.update(alert["id"] for alert in body["alerts"])

    def twice(self) -> list[str]:
        return sorted(alert for alert, count in self.notified.items() if count > 1)

    def recorded(self, number: int) -> Counter[str]:
        """The alerts of a round that the audit says were sent, each as often as it says so."""
        items = [
            item for ticket in range(TICKETS) for item in self.desk.audit(f"T{number}-{ticket}")
        ]
        return Counter(
            item.alert_id for item in items if item.outcome.value in ("sent", "in_digest")
        )


@pytest.fixture
def meeting(atomic_engine: Any, ministack: LocalAws) -> Meeting:
    """Tables are the engine's, topics and queue MiniStack's."""

    def client(service: str) -> Any:
        return (
            atomic_engine(service)
            if service == "dynamodb"
            else ministack.client(service, attempts=1)
        )

    desk = Desk(policy(digest_after=10), client=client)
    desk.tick("2026-03-02T00:00")
    return Meeting(desk)


def test_four_ticks_at_once_tell_each_alert_once(meeting: Meeting, record_property: Any) -> None:
    for number in range(ROUNDS):
        meeting.round(number)
        assert meeting.recorded(number) == Counter(
            alert for alert in meeting.notified if alert.startswith(f"T{number}-")
        )
    assert meeting.twice() == []
    assert len(meeting.notified) == ROUNDS * TICKETS * ALERTS
    assert meeting.lost >= ROUNDS * (THREADS - 1), "they met"
    record_property(
        "proof",
        f"{THREADS} ticks at once: {len(meeting.notified)} alerts once, {meeting.lost} claims lost",
    )


def test_without_the_condition_of_a_claim_they_tell_twice(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "require_rev", lambda *_: None)
    meeting.round(0)
    assert meeting.twice() != []
