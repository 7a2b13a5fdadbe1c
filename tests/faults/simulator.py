"""Weeks of a help desk in which everything goes wrong by chance; the same seed is the same story,
call by call.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from attrs import define, evolve, field
from moto import mock_aws

from building import DAY, HOUR, at, policy, resolution, rule
from faults import promises
from faults.scenario import LADDER, OWNER
from faults.turns import Turns
from faults.wire import Call, Fault, Wire
from faults.world import World, names, one_shard, without_lease
from sla_watchdog.domain.policy.model import Audience, Condition, Policy
from sla_watchdog.handlers.bootstrap import Parts

START = at("2026-03-02T00:00")
STEPS = 40
LONGEST_STEP = 16 * HOUR
CLOCK_STEP = 300
AT_THE_DESK = (Fault.RESOLVED, Fault.MERGED, Fault.DELETED, Fault.ACKNOWLEDGED)
ACCIDENTS = tuple(fault for fault in Fault if fault not in AT_THE_DESK)
STATUSES = ("New", "Open", "Waiting", "Waiting", "Resolved", "Closed", "Open")
OWNERS = (Audience("owner"), OWNER)
PRIORITIES = ("1 - Critical", "3 - Normal", "4 - Low")


def rules(dice: Random, number: int) -> Policy:
    critical = (Condition("priority", frozenset({"urgent"})),)
    chosen = policy(
        rule("critical", resolution(dice.choice([2, 4]) * HOUR, LADDER), when=critical),
        rule("rest", resolution(dice.choice([6, 8, 16]) * HOUR, LADDER)),
        digest_after=dice.choice([1, 2, 10]),
        hash=f"policy {number}",
    )
    return evolve(chosen, audiences={**chosen.audiences, "owner": dice.choice(OWNERS)})


@contextmanager
def seeded(dice: Random) -> Iterator[None]:
    """Tokens and owners come from the seed too."""
    token_hex = secrets.token_hex
    secrets.token_hex = lambda nbytes=None: f"{dice.getrandbits(8 * (nbytes or 8)):x}"
    try:
        yield
    finally:
        secrets.token_hex = token_hex


@define
class Simulator:
    seed: int
    dice: Random = field(init=False)
    world: World = field(init=False)
    old: Parts | None = None
    """A process of the policy before, which runs once more after a deploy."""
    clock: int = START
    """True time; a process sees it up to five minutes off."""
    policies: int = 0

    def __attrs_post_init__(self) -> None:
        self.dice = Random(self.seed)

    def run(self) -> list[str]:
        """What broke a promise, with the step after which it did; empty where all held."""
        with mock_aws(), one_shard(wire := Wire()), seeded(Random(self.seed)):
            self.world = World(rules(self.dice, 0), wire)
            self.world.now, self.world.skew = START, CLOCK_STEP
            wire.meet, wire.stale = self._accident, lambda: self.dice.random() < 0.1
            for number in range(STEPS):
                self._step()
                if broken := promises.broken(self.world):
                    return [f"step {number}, {self.world.now}: {line}" for line in broken]
            return self._in_the_end()

    def _accident(self, call: Call) -> Fault | None:
        if self.dice.random() > 0.01:
            return None
        self.world.victim = self.dice.choice([*self.world.tickets, ""])
        fault = self.dice.choice(ACCIDENTS)
        return None if fault is Fault.TRACKED and not self.world.victim else fault

    def _step(self) -> None:
        """Some hours pass; things happen at the desk, and a few processes run at once."""
        self._pass_time()
        for _ in range(self.dice.choice([0, 1, 1, 2])):
            self._happen()
        self._upset_the_stream()
        jobs = [self.world.track, self.world.tick]
        jobs += [self._tick_beside] * self.dice.choice([0, 0, 1, 2])
        if self.dice.random() < 0.15:
            jobs.append(self.world.sweep)
        if self.dice.random() < 0.1:
            self._deploy()
        if self.old is not None:
            jobs.append(self._old_tick)
        self.dice.shuffle(jobs)
        Turns(self.world.wire, self.dice).run(jobs)
        self.world._mend()

    def _pass_time(self) -> None:
        """To the next instant at which anything is due, or somewhere before; most steps are minutes
        apart.
        """
        due = [
            case.next_at
            for case in self.world.cases()
            if case.next_at is not None and case.next_at > self.clock
        ]
        somewhere = self.clock + self.dice.choice([60, 200, 600, self.dice.randrange(LONGEST_STEP)])
        self.clock = min([somewhere, *due]) if self.dice.random() < 0.7 else somewhere
        self.world.now = self.clock + self.dice.choice([0, 0, 0, -CLOCK_STEP, CLOCK_STEP])

    def _happen(self) -> None:
        known = sorted(self.world.tickets)
        fresh = [name for name in names(7) if name not in self.world.records]
        if fresh and (not known or self.dice.random() < 0.3):
            back = self.dice.choice([0, HOUR, 30 * HOUR])
            self._write(
                fresh[0],
                created_at=self.clock - back,
                status="New",
                priority=self.dice.choice(PRIORITIES),
            )
            return
        name = self.dice.choice(known) if known else ""
        happening: Callable[[], None] = self.dice.choice(
            [
                lambda: self._write(name, status=self.dice.choice(STATUSES)),
                lambda: self._write(name, status=self.dice.choice(STATUSES)),
                lambda: self._write(name, priority=self.dice.choice(PRIORITIES)),
                lambda: self._write(
                    name,
                    merged_into=self.dice.choice([each for each in known if each != name] or [""]),
                ),
                lambda: self.world.acknowledge(name, self.clock + self.dice.randrange(HOUR, DAY)),
                lambda: self.world.delete(name) if self.dice.random() < 0.3 else None,
            ]
        )
        if name:
            happening()

    def _write(self, name: str, **fields: object) -> None:
        """One in ten changes never reaches the stream."""
        self.world.write(name, streamed=self.dice.random() > 0.1, updated_at=self.clock, **fields)
        self.world.edited = True

    def _upset_the_stream(self) -> None:
        """Records come late, twice, or out of order."""
        stream = self.world.stream
        if stream and self.dice.random() < 0.2:
            stream.append(self.dice.choice(stream))
        if self.dice.random() < 0.2:
            self.dice.shuffle(stream)

    def _deploy(self) -> None:
        self.old, self.policies = self.world.parts(), self.policies + 1
        self.world.with_policy(rules(self.dice, self.policies))

    def _old_tick(self) -> None:
        old, self.old = self.old, None
        self.world.tick(old)

    def _tick_beside(self) -> None:
        self.world.tick(without_lease(self.world.parts()))

    def _in_the_end(self) -> list[str]:
        """Nothing goes wrong any more: a sweep, and ticks until all is quiet."""
        self.world.wire.meet, self.world.wire.stale = lambda _: None, lambda: False
        self.clock += 2 * CLOCK_STEP
        for _ in range(12):
            self.clock += 240
            self.world.now = self.clock
            self.world.track()
            self.world.tick()
            self.world.sweep()
            if not self.world._left() and not self.world.stream:
                break
        broken = [*promises.broken(self.world), *promises.unfinished(self.world)]
        return [f"in the end, {self.world.now}: {line}" for line in broken]
