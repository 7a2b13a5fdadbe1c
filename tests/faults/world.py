"""A help desk, its watchdog and the cloud around them: invocations that fail are brought again, as
AWS does it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any

import boto3
from attrs import define, evolve, field

from building import at
from desk import Desk
from faults.wire import Call, Died, Fault, Wire
from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.dynamodb.case_item import CASE, case_of
from sla_watchdog.adapters.dynamodb.tickets import TicketsTable
from sla_watchdog.adapters.dynamodb.watch import WatchStores
from sla_watchdog.adapters.sqs import segment_of
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.handlers.bootstrap import Parts
from sla_watchdog.usecases.track.change import Change

SHARD = 0
"""The one shard in which all cases of these tests lie (`names`): the fifteen empty queries of a
tick are left out.
"""

OVER = frozenset({"Resolved", "Closed"})

AGAIN = (60, 180, 240)
"""Seconds after something failed at which everything is tried again; the second is past every
lease.
"""


def stored(table: str) -> list[Any]:
    """All items, straight from the engine: the checks ask often."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.dynamodb import dynamodb_backends

    items = dynamodb_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].tables[table].all_items()
    return [item.to_json()["Attributes"] for item in items]


def names(count: int, prefix: str = "T") -> list[str]:
    """Ticket ids that all lie in the one shard."""
    from zlib import crc32

    found = (f"{prefix}-{number}" for number in range(10_000))
    return [name for name in found if crc32(name.encode()) % 8 == SHARD][:count]


@contextmanager
def one_shard(wire: Wire) -> Iterator[None]:
    """Ticks ask one urgent and one ordinary shard, and the program's monotonic clock is the wire's."""
    from sla_watchdog.usecases.watch import tick as watch

    shards, watch.SHARDS = watch.SHARDS, (f"u#{SHARD}", f"n#{SHARD}")
    clock = time.monotonic
    users = [
        m
        for name, m in sys.modules.items()
        if name.startswith("sla_watchdog") and hasattr(m, "monotonic")
    ]
    for module in users:
        module.monotonic = lambda: wire.clock  # type: ignore[attr-defined]
    try:
        yield
    finally:
        watch.SHARDS = shards
        for module in users:
            module.monotonic = clock  # type: ignore[attr-defined]


def without_lease(parts: Parts) -> Parts:
    """Parts that take no heed of the run lease, which is for pace alone."""
    leases = copy(parts.watch.leases)
    leases.take = lambda *_: True  # type: ignore[method-assign]
    leases.release = lambda *_: True  # type: ignore[method-assign]
    return evolve(parts, watch=evolve(parts.watch, leases=leases))


@define
class World:
    """Times are epoch seconds. `log` lists what failed, for people; `records` is what the desk
    wrote and when.

    A process is its `Parts`: what dies leaves nothing in memory, so each invocation after a
    failure gets new ones.
    """

    policy: Policy
    wire: Wire = field(factory=Wire)
    now: int = 0
    desk: Desk = field(init=False)
    aws: Any = field(init=False)
    sqs: Any = field(init=False)
    watch: WatchStores = field(init=False)
    tickets: dict[str, dict[str, object]] = field(factory=dict)
    records: dict[str, list[tuple[float, dict[str, object] | None]]] = field(factory=dict)
    holds: list[tuple[float, int | None]] = field(factory=lambda: [(0.0, None)])
    """Since when deletions were held, each time that was written (docs/decisions/0018)."""
    over: list[tuple[float, frozenset[str]]] = field(factory=list)
    """The tickets of which the watchdog knew a status that ends them, at each message."""
    stream: list[Change] = field(factory=list)
    segments: list[str] = field(factory=list)
    log: list[str] = field(factory=list)
    undisturbed: list[int] = field(factory=list)
    """When a tick went through from its first call to its last with nothing of an earlier one left
    behind.
    """
    after_step: Callable[[World], None] = lambda _: None
    steps: int = 0
    latest: int = 0
    """The latest time that any process saw."""
    skew: int = 0
    """Seconds by which the desk's clock may be ahead of a tick's."""
    edited: bool = False
    """Whether policy changed, or facts became known late: what is over may have been judged by
    others.
    """
    asking: bool = False
    """Whether a sweep was to be asked for and could not be."""
    time_left: float = 100.0
    doubtful: Counter[str] = field(factory=Counter)
    """Alert ids that were on their way when a process died or an answer was lost, and how often."""
    freeze: int = 200
    """Seconds for which a frozen process stands still."""
    victim: str = ""
    """The ticket to which something happens in between."""
    _sequence: int = 0

    def __attrs_post_init__(self) -> None:
        self.desk = Desk(self.policy)
        self.desk.parts = evolve(self.desk.parts, clock=lambda: self.wire.clock)
        self.aws = boto3.client("dynamodb", region_name="eu-central-1")
        self.sqs = boto3.client("sqs", region_name="eu-central-1")
        self.watch = WatchStores.of(self.aws, self.aws, "watch", "audit", lambda _: None)
        for client in (self.desk.dynamodb, self.desk.sns, self.desk.parts.queue.client):
            self.wire.attach(client)
        self.wire.between, self.wire.doubt, self.wire.wrote = self.between, self.doubt, self.wrote
        self.desk.parts.watch.items.pause = self.wire.pass_time
        for table in (self.desk.parts.tickets, self.desk.parts.audit):
            table._pause = self.wire.pass_time

    # ------------------------------------------------------------------ the desk

    def write(self, ticket: str, streamed: bool = True, **fields: object) -> None:
        """The desk changes a record; its stream will bring it. What was deleted stays so."""
        if self.records.get(ticket, [(0.0, {})])[-1][1] is None:
            return
        record = {"ticket_id": ticket, **self.tickets.get(ticket, {}), **fields}
        self.tickets[ticket] = record
        self.records.setdefault(ticket, []).append((self.wire.clock, record))
        self.aws.put_item(TableName="tickets", Item=typed(record))
        if streamed:
            self._bring(ticket, record)

    def delete(self, ticket: str) -> None:
        self.tickets.pop(ticket, None)
        self.records[ticket].append((self.wire.clock, None))
        self.aws.delete_item(TableName="tickets", Key={"ticket_id": {"S": ticket}})
        self._bring(ticket, None)

    def acknowledge(self, ticket: str, until: int, by: str = "Kim") -> None:
        """As the page behind a link writes it: a fact of the case, timed anew."""
        fact = acknowledged(ticket, self.now, until, by)
        evaluator = self.quiet().evaluator(self.now, live=True)
        while isinstance(case := self.watch.cases.read([ticket]).get(ticket), Case):
            timed, evaluated = evaluator.surely_timed(
                evolve(case, facts=case.facts | [fact]), self.now
            )
            if self.watch.cases.keep(timed, evaluated.findings):
                return

    def _bring(self, ticket: str, record: Mapping[str, object] | None) -> None:
        self._sequence += 1
        key = {"ticket_id": ticket}
        self.stream.append(
            Change(key, record, self.now, str(self._sequence), removed=record is None)
        )

    # ------------------------------------------------------------------ the watchdog

    def parts(self) -> Parts:
        return evolve(self.desk.parts, said=set())

    def track(self) -> bool:
        """One batch of the stream; it stays there until it is taken in."""
        batch = list(self.stream)
        if not batch:
            return True
        done = self._invoke("track", lambda parts: parts.tracker(self.now).track(batch, self.now))
        if done:
            del self.stream[: len(batch)]
        return done

    def tick(self, parts: Parts | None = None) -> bool:
        """False where it failed, or another one's lease held it off."""
        tallies: list[Any] = []
        calm = not self._waiting()
        done = self._invoke(
            "watch", lambda p: tallies.append(p.tick(self.now, lambda: self.time_left).run()), parts
        )
        went = (
            done and tallies[0] is not None and not tallies[0].left_due and not tallies[0].retried
        )
        if went and calm and not self._waiting():
            self.undisturbed.append(self.now)
        return went

    def sweep(self) -> bool:
        """Asks for a sweep and does it; what fails is asked for again, and segments that fail stay
        in the queue.
        """
        self.asking = not self._invoke("sweep", lambda parts: parts.ask_for_sweep())
        return not self.asking and self.sweep_queue()

    def sweep_queue(self) -> bool:
        done = True
        for body in self._asked():
            swept = self._invoke(
                "sweep",
                lambda parts, body=body: parts.sweeper(self.now).sweep(
                    segment_of(body), self.now, lambda: 100.0
                ),
            )
            if not swept:
                self.segments.append(body)
            done = done and swept
        return done

    def _asked(self) -> list[str]:
        bodies, self.segments = self.segments, []
        url = self.desk.parts.queue.url
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                bodies.append(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def _invoke(
        self, what: str, run: Callable[[Parts], object], parts: Parts | None = None
    ) -> bool:
        """One invocation of a Lambda function: whatever leaves it, AWS only knows that it failed."""
        self.wire.now = self.now
        self.latest = max(self.latest, self.now)
        try:
            run(parts or self.parts())
        except (Exception, Died) as error:  # noqa: BLE001 - so does Lambda
            self.doubt()
            self.log.append(f"{self.now} {what}: {type(error).__name__} {error}")
            return False
        return True

    def _waiting(self) -> bool:
        return any(case.outbox for case in self.cases())

    def quiet(self) -> Parts:
        """The same parts, of the world itself: nothing happens to their calls."""
        return evolve(self.parts(), watch=self.watch)

    def cases(self) -> list[Case]:
        """Every case, as it is stored."""
        found = [case_of(item) for item in stored("watch") if item["pk"]["S"].startswith(CASE)]
        return [case for case in found if isinstance(case, Case)]

    # ------------------------------------------------------------------ steps

    def step(self, now: str | int, *doing: Callable[[], bool]) -> None:
        """Everything that happens at `now`; what failed is tried again each minute until all is
        quiet.
        """
        begun = self.now = at(now) if isinstance(now, str) else now
        went = [each() for each in doing]
        self._mend()
        for seconds in AGAIN:
            if all(went) and not self.stream and not self.segments and not self._left():
                break
            self.now = begun + seconds
            went = [self.track(), self.tick(), self.sweep() if self.asking else self.sweep_queue()]
        self.steps += 1
        self.after_step(self)

    def _left(self) -> bool:
        return any(
            case.outbox or (case.next_at is not None and case.next_at <= self.now)
            for case in self.cases()
        )

    def _mend(self) -> None:
        self.wire.mend()
        self.time_left = 100.0

    def doubt(self) -> None:
        """What is claimed now may come twice, unless it is a digest's that is marked as sent."""
        for case in self.cases():
            for entry in case.outbox.values():
                if not (entry.digest and self._marked(entry.digest)):
                    self.doubtful.update(alert.id for alert in entry.alerts)

    def _marked(self, digest: str) -> bool:
        key = {"pk": {"S": f"D#{digest}"}, "sk": {"S": "W"}}
        return "sent_at" in self.aws.get_item(TableName="watch", Key=key, ConsistentRead=True).get(
            "Item", {}
        )

    def wrote(self, call: Call) -> None:
        """Keeps what the check of what is told after the end asks for."""
        if call.request.get("Key", {}).get("sk") == {"S": "deletions"}:
            items = (item for item in stored("watch") if item["sk"] == {"S": "deletions"})
            deletions: dict[str, Any] = next(items, {})
            since = deletions.get("held_since", {}).get("N")
            self.holds.append((self.wire.clock, None if since is None else int(since)))
        if call.operation == "Publish":
            statuses = {
                ticket: case.facts.of_field(ticket, "status")
                for case in self.cases()
                for ticket in case.facts.tickets()
            }
            over = (ticket for ticket, said in statuses.items() if said and said[-1].value in OVER)
            self.over.append((self.wire.clock, frozenset(over)))

    def between(self, fault: Fault) -> None:
        """What else happens just before a call."""
        match fault:
            case Fault.TIME_IS_UP:
                self.time_left = 0.0
            case Fault.TICKED:
                self._tick_beside(self.now)
            case Fault.FROZEN:
                self._tick_beside(self.now + self.freeze)
            case Fault.TRACKED:
                self.write(
                    self.victim,
                    assignee=f"agent {len(self.records[self.victim])}",
                    updated_at=self.now,
                )
                self.track()
            case Fault.RESOLVED:
                self.write(self.victim, status="Resolved", updated_at=self.now)
            case Fault.MERGED:
                self.write(self.victim, merged_into=min(self.tickets), updated_at=self.now)
            case Fault.DELETED:
                self.delete(self.victim)
            case Fault.ACKNOWLEDGED:
                self.acknowledge(self.victim, self.now + 7200)

    def _tick_beside(self, now: int) -> None:
        """Another tick from its first call to its last, whatever the run lease says: that is for
        pace alone.
        """
        mine, self.wire.now = self.wire.now, now
        self.latest = max(self.latest, now)
        without_lease(self.parts()).tick(now, lambda: 100.0).run()
        self.wire.now = mine

    def generation(self) -> int:
        """The newest generation of policy that anybody knows of."""
        items = [item for item in stored("watch") if item["sk"]["S"] == "generation"]
        return int(items[0]["number"]["N"]) if items else 0

    def policy_is_known(self) -> bool:
        """Whether a process of the policy deployed last has begun its generation."""
        items = [item for item in stored("watch") if item["sk"]["S"] == "generation"]
        return any(item["hash"]["S"] == self.policy.hash for item in items)

    def with_policy(self, changed: Policy) -> None:
        """A deploy."""
        self.policy, self.edited = changed, True
        tickets = TicketsTable(self.desk.dynamodb, "tickets", changed.source, self.wire.pass_time)
        self.desk.parts = evolve(self.desk.parts, policy=changed, tickets=tickets)
