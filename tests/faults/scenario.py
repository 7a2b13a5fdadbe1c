"""One mixed scenario: warnings in the digest of their audience, breaches, a catch-up; a promise, an
end and a link between them.
"""

from __future__ import annotations

from attrs import evolve

from building import DAY, HOUR, MON, TUE, at, policy, resolution, rule
from faults.world import World, names
from sla_watchdog.domain.policy.digest_time import EVERY_DAY, DigestTime
from sla_watchdog.domain.policy.model import (
    After,
    Audience,
    Ladder,
    Level,
    Percent,
    Policy,
    Repeat,
)

LADDER = Ladder(
    "ladder",
    (
        Level(Percent(75), ("owner",)),
        Level(After(0), ("team-lead",), urgent=True),
        Level(After(4 * HOUR), ("manager",), repeat=Repeat(DAY, doubling=True)),
    ),
)
ONE, TWO, THREE, FOUR, OLD = names(5)
OWNER = Audience("owner", digest=DigestTime(EVERY_DAY, 6 * HOUR + 300))


def rules() -> Policy:
    rules = policy(rule("everything", resolution(8 * HOUR, LADDER)), digest_after=2)
    return evolve(rules, audiences={**rules.audiences, OWNER.name: OWNER})


def play(world: World) -> None:
    """Everything due is told in the step in which it comes due, or a few minutes later where
    something failed.
    """
    world.desk.parts = evolve(
        world.desk.parts, settings=evolve(world.desk.parts.settings, segments=1)
    )
    world.victim = TWO
    world.step(f"{MON}T00:00", world.tick, world.sweep_queue)
    world.now = at(f"{MON}T00:10")
    for name in (ONE, TWO, THREE, FOUR):
        world.write(
            name, created_at=f"{MON}T00:00:00Z", status="New", subject="City page still online"
        )
    world.step(f"{MON}T00:10", world.track)
    world.step(f"{MON}T06:00", world.tick)  # four warnings to the owner, who has a digest
    world.step(f"{MON}T06:10", world.tick)  # it goes out
    world.now = at(f"{MON}T07:00")
    world.write(THREE, status="Resolved", updated_at=f"{MON}T07:00:00Z")
    world.write(FOUR, merged_into=ONE, updated_at=f"{MON}T07:00:00Z")
    world.acknowledge(TWO, at(f"{MON}T09:00"))
    world.step(f"{MON}T07:00", world.track, world.tick)  # it is over; two become one
    world.step(f"{MON}T08:10", world.tick)  # a breach; the other one is promised
    world.now = at(f"{MON}T08:40")
    world.write(OLD, streamed=False, created_at="2026-02-27T00:00:00Z", status="New")
    world.step(f"{MON}T08:40", world.sweep)
    world.step(f"{MON}T08:50", world.tick)  # catch-up at the highest level
    world.step(f"{MON}T09:10", world.tick)  # the promise is broken
    world.now = at(f"{MON}T09:30")
    world.write(TWO, assignee="kim", updated_at=f"{MON}T09:30:00Z")
    world.step(f"{MON}T09:30", world.track)
    world.step(f"{MON}T12:10", world.tick)
    world.now = at(f"{MON}T13:00")
    world.write(ONE, status="Resolved", updated_at=f"{MON}T13:00:00Z")
    world.step(f"{MON}T13:00", world.track, world.tick)
    world.step(f"{TUE}T12:10", world.tick)  # the first repetition, and a late digest
