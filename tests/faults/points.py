"""Every point of a scenario at which something can go wrong: at each call the process is forked for
each fault.

The parent plays on undisturbed and meets every call once; each child meets one fault, runs on
until all is quiet, and reports what it found. A child may stop early where all that is stored is
what an undisturbed run had at that instant.
"""

from __future__ import annotations

import gc
import os
import pickle
import traceback
from collections.abc import Callable, Mapping
from typing import NoReturn

from attrs import define, evolve, field, frozen
from moto import mock_aws

from faults import promises
from faults.wire import CONDITIONAL, Call, Fault, Wire
from faults.world import World, one_shard
from sla_watchdog.domain.policy.model import Policy

CHANGING = frozenset({Fault.RESOLVED, Fault.MERGED, Fault.DELETED, Fault.ACKNOWLEDGED})
"""After these something else is to be told than before."""

Choice = Callable[[Call, Fault], bool]


def makes_sense(call: Call, fault: Fault) -> bool:
    """After a read nothing has changed: dying then is dying before the next call, and where its
    answer is lost its request may as well have been.
    """
    if fault in (Fault.DIES_AFTER, Fault.RESPONSE_LOST):
        return call.writes
    return fault is not Fault.CONFLICT or (
        call.service == "dynamodb" and call.operation in CONDITIONAL
    )


@frozen
class Point:
    call: Call
    fault: Fault

    def __str__(self) -> str:
        return f"call {self.call.number} ({self.call.operation}), {self.fault}"


@frozen
class End:
    """What a run came to after its step number `step`: what is broken, what was published, what the
    audit says.
    """

    step: int
    broken: list[str]
    published: frozenset[str]
    ends: Mapping[str, str]
    state: object
    log: list[str]

    @classmethod
    def of(cls, world: World, more: list[str]) -> End:
        broken = [*more, *promises.broken(world), *promises.unfinished(world)]
        return cls(
            step=world.steps,
            broken=list(dict.fromkeys(broken)),
            published=promises.published(world),
            ends=promises.ends(),
            state=promises.state(world),
            log=world.log,
        )


@frozen
class Result:
    """`broken` has a line for each promise broken at each point."""

    points: int
    broken: list[str]


@define
class Points:
    """`early` lets children stop where they have caught up with the undisturbed run; `alike` says
    that faults which only delay must not change what is told. After `enough` points that break a
    promise the others are left.
    """

    rules: Callable[[], Policy]
    play: Callable[[World], None]
    choice: Choice
    early: bool = True
    alike: bool = True
    enough: int = 10
    _world: World = field(init=False)
    _reference: list[End] = field(factory=list)
    _found: list[tuple[Point, End]] = field(factory=list)
    _failed: int = 0
    _mine: Point | None = None
    _pipe: int = -1

    def run(self) -> Result:
        self._play(lambda world: self._reference.append(End.of(world, [])), lambda _: None)
        gc.freeze()
        self._play(self._after_step, self._meet)
        gc.unfreeze()
        broken = [f"undisturbed: {line}" for line in self._reference[-1].broken]
        for point, end in self._found:
            broken += [f"{point}: {line}" for line in [*end.broken, *self._differs(point, end)]]
        return Result(len(self._found), broken)

    def _play(
        self, after_step: Callable[[World], None], meet: Callable[[Call], Fault | None]
    ) -> None:
        with mock_aws(), one_shard(wire := Wire()):
            world = World(self.rules(), wire, after_step=after_step)
            wire.calls, wire.meet, self._world = 0, meet, world
            try:
                self.play(world)
            except BaseException:
                if self._mine is None:
                    raise
                self._report([traceback.format_exc()])
            if self._mine is not None:
                self._report([])

    def _differs(self, point: Point, end: End) -> list[str]:
        """A fault that only delays changes neither what is told nor what the audit says."""
        if point.fault in CHANGING or not self.alike:
            return []
        expected = self._reference[end.step - 1]
        notified = end.published ^ expected.published
        ended = {name for name, _ in end.ends.items() ^ expected.ends.items()}
        return [
            f"{name} {'was' if name in end.published else 'was not'} published"
            for name in sorted(notified)
        ] + [
            f"{name} ended as {end.ends.get(name)}, not as {expected.ends.get(name)}"
            for name in sorted(ended - notified)
        ]

    # ------------------------------------------------------------------ in the parent

    def _meet(self, call: Call) -> Fault | None:
        if self._mine is not None:
            return None
        wanted = [fault for fault in Fault if makes_sense(call, fault) and self.choice(call, fault)]
        for fault in wanted:
            if self._failed < self.enough and self._fork(Point(evolve(call, request={}), fault)):
                return fault
        return None

    def _fork(self, point: Point) -> bool:
        """True in the child."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._mine, self._pipe = point, writing
            return True
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        os.waitpid(child, 0)
        end: End = pickle.loads(said)
        self._found.append((point, end))
        self._failed += bool(end.broken or self._differs(point, end))
        return False

    # ------------------------------------------------------------------ in a child

    def _after_step(self, world: World) -> None:
        if self._mine is None:
            return
        if self.early and promises.state(world) == self._reference[world.steps - 1].state:
            self._report([])
        if problems := promises.broken(world):
            self._report(problems)

    def _report(self, problems: list[str]) -> NoReturn:
        try:
            end = End.of(self._world, problems)
        except BaseException:  # noqa: BLE001 - the parent says it
            end = End(
                self._world.steps,
                [*problems, traceback.format_exc()],
                frozenset(),
                {},
                None,
                self._world.log,
            )
        with os.fdopen(self._pipe, "wb") as pipe:
            pipe.write(pickle.dumps(evolve(end, state=None)))
        os._exit(0)
