"""Something else happens between two calls of a tick, before each of its calls in turn.

What crashes, faults, and other ticks, ends and acknowledgements do there is in tests/faults;
this adds a reopening, a silence, a deploy with its own tick beside the old one, and the same
tick delivered twice.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from copy import copy
from itertools import groupby

import pytest
from attrs import define, evolve
from moto import mock_aws

from building import DAILY, HOUR, MON, at, policy, resolution, rule
from desk import NEW, Desk
from sla_watchdog.adapters.dynamodb.watch import shard_of
from sla_watchdog.domain.escalation.silences import Silence
from sla_watchdog.domain.policy.model import After, Ladder, Level, Percent

RESOLVED = {**NEW, "status": "Resolved", "updated_at": f"{MON}T09:00:00Z"}
REOPENED = {**NEW, "status": "Open", "updated_at": f"{MON}T09:40:00Z"}
MOST_CALLS = 60
FAILED, NEVER, ANSWERS = 2, 3, 10
LADDER = Ladder(
    "ladder",
    (Level(Percent(75), ("owner",)), Level(After(0), ("owner", "team-lead"), repeat=DAILY)),
)


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(autouse=True)
def reads_are_never_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that every send is judged again: what changed before that read must count. The case's own
    shards are asked, so that the points are not mostly queries of empty ones.
    """
    monkeypatch.setattr("sla_watchdog.usecases.judging.outlook.FRESH", -1.0)
    monkeypatch.setattr("sla_watchdog.usecases.watch.recheck.FRESH", -1.0)
    monkeypatch.setattr(
        "sla_watchdog.usecases.watch.tick.SHARDS",
        tuple(shard_of("T-1", urgent=urgent) for urgent in (True, False)),
    )


@define
class Before:
    """Does `this` once, before the call of that number that the tick makes."""

    desk: Desk
    number: int
    this: Callable[[Desk], None]
    calls: int = 0

    def __call__(self, **_: object) -> None:
        self.calls += 1
        if self.calls == self.number:
            self.this(self.desk)


def at_each_call(
    now: str, this: Callable[[Desk], None], desk: Desk, check: Callable[[Desk], int | None]
) -> list[int]:
    """What `check` says of the desk for each call of the tick at `now` before which `this` came,
    each in a process of its own, as a number.
    """
    answers: list[int] = []
    for number in range(1, MOST_CALLS):
        child = os.fork()
        if not child:
            os._exit(_at_call(number, now, this, desk, check))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == NEVER:
            assert number > 10, "a tick makes more calls than that"
            return answers
        assert code >= ANSWERS, f"before call {number}, see the captured output"
        answers.append(code - ANSWERS)
    raise AssertionError("the tick never ended")


def _at_call(
    number: int,
    now: str,
    this: Callable[[Desk], None],
    desk: Desk,
    check: Callable[[Desk], int | None],
) -> int:
    before = Before(desk, number, this)
    try:
        for client in (desk.dynamodb, desk.sns):
            client.meta.events.register("before-parameter-build.*.*", before)
        desk.tick(now)
        for client in (desk.dynamodb, desk.sns):
            client.meta.events.unregister("before-parameter-build.*.*", before)
        return ANSWERS + (check(desk) or 0) if before.calls >= number else NEVER
    except BaseException:  # noqa: BLE001 - this process is the child's
        traceback.print_exc()
        sys.stderr.flush()
        return FAILED


def breached() -> Desk:
    desk = Desk(
        policy(rule("everything", resolution(8 * HOUR, LADDER))),
        topics=("owner", "team-lead", "operations"),
    )
    desk.tick(f"{MON}T00:00")
    desk.put(f"{MON}T00:00", **NEW)
    desk.tick(f"{MON}T06:00")
    desk.sent()
    return desk


def over() -> Desk:
    """Told, resolved, and from half an hour later on the good news is due."""
    desk = breached()
    desk.tick(f"{MON}T08:01")
    desk.put(f"{MON}T09:00", **RESOLVED)
    desk.sent()
    return desk


def ids(desk: Desk) -> Counter[str]:
    return Counter(alert["id"] for _, body in desk.sent() for alert in body["alerts"])


def beside(desk: Desk, now: str) -> None:
    """Another tick from its first call to its last, whatever the run lease says."""
    watch = copy(desk.parts.watch)
    watch.leases.take = lambda *_: True  # type: ignore[method-assign]
    watch.leases.release = lambda *_: True  # type: ignore[method-assign]
    evolve(desk.parts, watch=watch).tick(at(now), lambda: 100.0).run()


def test_a_reopening_is_followed_by_the_level_above_whenever_it_comes() -> None:
    def reopen(desk: Desk) -> None:
        desk.put(f"{MON}T09:40", **REOPENED)

    def told_one_level_up(desk: Desk) -> None:
        for time in ("09:41", "09:43", "09:50"):
            desk.tick(f"{MON}T{time}")
        notified = ids(desk)
        assert set(notified.values()) == {1}, notified
        burning = {name for name in notified if name.startswith("T-1/resolution/2/")}
        assert {name.rsplit("/", 1)[1] for name in burning} == {"owner", "team-lead"}, notified
        assert desk.case().outbox == {}
        assert desk.case().next_at is not None

    at_each_call(f"{MON}T09:40", reopen, over(), told_one_level_up)


def test_a_silence_holds_what_is_not_sent_yet_and_nothing_is_lost_or_told_twice() -> None:
    claimed: list[str] = []

    def silence(desk: Desk) -> None:
        quiet = Silence(
            "s1", at(f"{MON}T08:00"), at(f"{MON}T11:00"), "drill", "kim", frozenset({"T-1"})
        )
        claimed.extend(desk.case().outbox)
        assert desk.parts.watch.silences.add(quiet, at(f"{MON}T08:00"))

    def told_by_its_end(desk: Desk) -> int:
        """2 where both messages were held though claimed, 1 where they were not claimed yet, 0
        where one was sent.
        """
        before = ids(desk)
        for time in ("08:02", "08:05", "10:00"):
            desk.tick(f"{MON}T{time}")
        assert ids(desk) == {}, "held"
        desk.tick(f"{MON}T11:00")
        notified = before + ids(desk)
        assert notified == Counter(
            f"T-1/resolution/1/1/0/{name}" for name in ("owner", "team-lead")
        )
        assert desk.case().outbox == {}
        return 0 if before else 2 if claimed else 1

    held = at_each_call(f"{MON}T08:01", silence, breached(), told_by_its_end)
    assert [each for each, _ in groupby(held)] == [1, 2, 0], (
        "until the last read before the first is sent"
    )


def test_a_deploy_in_the_middle_tells_nothing_twice_and_the_old_one_writes_over_nothing() -> None:
    """The new policy's function runs a whole tick while the old one's is between two calls."""
    stricter = policy(rule("everything", resolution(2 * HOUR, LADDER)), hash="stricter")

    def deploy(desk: Desk) -> None:
        beside(copy(desk).with_policy(stricter), f"{MON}T08:01")

    def one_of_each(desk: Desk) -> None:
        newest = desk.parts.watch.generations.of("stricter", at(f"{MON}T08:01")).number
        desk.with_policy(stricter)
        for time in ("08:04", "08:05", "08:20"):
            desk.tick(f"{MON}T{time}")
        desk.sweep(f"{MON}T08:21")
        desk.tick(f"{MON}T08:22")
        notified = ids(desk)
        assert set(notified.values()) == {1}, notified
        assert {
            f"T-1/resolution/1/1/0/{name}" for name in ("owner", "team-lead")
        } <= notified.keys()
        assert (desk.case().generation, desk.case().outbox) == (newest, {})

    at_each_call(f"{MON}T08:01", deploy, breached(), one_of_each)


@pytest.mark.parametrize(
    "fresh", [-1.0, 5.0], ids=["judged-again-before-each-send", "the-claim-alone-decides"]
)
def test_a_tick_delivered_twice_tells_once(fresh: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """EventBridge Scheduler delivers at least once: the second finds nothing, or runs beside the
    first.
    """
    monkeypatch.setattr("sla_watchdog.usecases.watch.recheck.FRESH", fresh)

    def told_once(desk: Desk) -> None:
        desk.tick(f"{MON}T08:01")
        desk.tick(f"{MON}T08:05")
        assert ids(desk) == Counter(
            f"T-1/resolution/1/1/0/{name}" for name in ("owner", "team-lead")
        )
        assert desk.case().outbox == {}

    at_each_call(f"{MON}T08:01", lambda desk: beside(desk, f"{MON}T08:01"), breached(), told_once)
