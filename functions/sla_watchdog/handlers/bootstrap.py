"""Builds the parts of a function once per process, from settings. The only place where clients are
made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import count
from time import monotonic, time
from typing import Protocol

import boto3
from attrs import field, frozen
from botocore.config import Config

from sla_watchdog.adapters.channels.channels import Channels
from sla_watchdog.adapters.channels.registered import channels
from sla_watchdog.adapters.dynamodb.audit import AuditTable
from sla_watchdog.adapters.dynamodb.table import described, fault_of
from sla_watchdog.adapters.dynamodb.tickets import TicketsTable
from sla_watchdog.adapters.dynamodb.watch import Generation, Mode, WatchStores
from sla_watchdog.adapters.s3 import Reports
from sla_watchdog.adapters.sqs import SegmentsQueue
from sla_watchdog.domain.policy.compiled import load
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.handlers.settings import Settings, settings
from sla_watchdog.handlers.tokens import RandomTokens
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.judging.ports import Clock
from sla_watchdog.usecases.report.report import Reporter
from sla_watchdog.usecases.respond.respond import Responder
from sla_watchdog.usecases.sweep.sweep import Sweeper, start
from sla_watchdog.usecases.track.linking import Linker
from sla_watchdog.usecases.track.track import Tracker
from sla_watchdog.usecases.watch.parts import Around
from sla_watchdog.usecases.watch.tick import Tick

READS = Config(
    retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=3, read_timeout=10
)
WRITES = Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=10)
"""Nothing that writes or publishes is ever repeated by the client: every retry is a claim of its
own, and counted.
"""


class Connected(Protocol):
    """A client of boto3, which can be used again after `close`."""

    def close(self) -> None: ...


@frozen
class Parts:
    """What every handler works with. `now()` is the one clock: the system's, or the simulated one
    of the table.

    `clock` only ever goes on: it says how old a read is. `said` is what this process has reported,
    of what is reported once. `writers` are the clients that never repeat a request.
    """

    settings: Settings
    policy: Policy
    tickets: TicketsTable
    watch: WatchStores
    audit: AuditTable
    channels: Channels
    queue: SegmentsQueue
    reports: Reports
    clock: Clock = monotonic
    tokens: RandomTokens = field(factory=RandomTokens)
    said: set[str] = field(factory=set)
    writers: tuple[Connected, ...] = ()

    def connected_anew(self) -> Parts:
        """The same for a new invocation: clients that never repeat a request drop their
        connections, and connect when they are used.

        A function is frozen between invocations, for minutes or for an hour, and its connections
        may be gone by then without a word. A request on such a one fails, and after a failure
        nobody knows whether it arrived.
        """
        for writer in self.writers:
            writer.close()
        return self

    def now(self) -> int:
        simulated = None
        if self.settings.clock == "table":
            simulated = self.watch.state.simulated_now()
        if simulated is None:
            return int(time())
        return simulated

    def generation(self, now: int) -> Generation:
        return self.watch.generations.of(self.policy.hash, now)

    def mode(self, now: int) -> Mode:
        """What `go-live` decided; until anybody did, the template's parameter, live from the first
        tick on.

        Where what was decided is lost, the last tick knows that it was live, so that alerts go on.
        """
        decided = self.watch.state.mode()
        if decided.since or decided.name == "live":
            return decided
        since: int | None = now
        if self.settings.mode != "live":
            since = self.watch.pulse.live_by_the_last_beat()
        if since is None:
            return decided
        return self.watch.state.set_mode("live", since)

    def tick(self, now: int, time_left: Callable[[], float]) -> Tick:
        mode = self.mode(now)
        evaluator = self.evaluator(now, live=mode.name == "live")
        around = Around(
            audit=self.audit,
            publisher=self.channels,
            tokens=self.tokens,
            diagnose=fault_of,
            link=Linker(evaluator, self.watch).link,
            link_base=self.settings.link_base,
        )
        return Tick(
            evaluator=evaluator,
            stores=self.watch,
            around=around,
            ask_for_sweep=self.ask_for_sweep,
            now=now,
            live_since=mode.since,
            time_left=time_left,
        )

    def ask_for_sweep(self) -> str:
        """The id of the sweep that was asked for."""
        return start(self.queue, self.settings.segments, self.tokens.run())

    def live(self, now: int) -> bool:
        return self.mode(now).name == "live"

    def evaluator(self, now: int, live: bool) -> Evaluator:
        generation = self.generation(now)
        return Evaluator(self.policy, self.tickets, self.watch, live, self.clock, generation)

    def tracker(self, now: int) -> Tracker:
        evaluator = self.evaluator(now, self.live(now))
        return Tracker(evaluator, self.watch, self.tickets, self.said)

    def responder(self, now: int) -> Responder:
        evaluator = self.evaluator(now, self.live(now))
        linker = Linker(evaluator, self.watch)
        return Responder(evaluator, self.watch.alert_links, linker.link)

    def sweeper(self, now: int) -> Sweeper:
        return Sweeper(
            evaluator=self.evaluator(now, self.live(now)),
            stores=self.watch,
            tickets=self.tickets,
            queue=self.queue,
            channels=self.channels,
            describe=described,
            elapsed=_stopwatch(self.settings),
        )

    def reporter(self, now: int) -> Reporter:
        return Reporter(
            evaluator=self.evaluator(now, self.live(now)),
            stores=self.watch,
            publisher=self.channels,
            pages=self.reports,
            tokens=self.tokens,
            link_base=self.settings.link_base,
            now=now,
        )


@cache
def parts() -> Parts:
    """Raises BadSettings or DamagedPolicy: a function that cannot judge fails loudly, and the
    heartbeat stops.
    """
    here = settings()
    policy = load(here.policy_path.read_bytes())
    session = boto3.Session()
    reads = session.client("dynamodb", config=READS)
    writes = session.client("dynamodb", config=WRITES)
    sns = session.client("sns", config=WRITES)
    sqs = session.client("sqs", config=WRITES)
    return Parts(
        settings=here,
        policy=policy,
        tickets=TicketsTable(reads, here.tickets_table, policy.source),
        watch=WatchStores.of(reads, writes, here.watch_table, here.audit_table),
        audit=AuditTable(writes, here.audit_table),
        channels=channels(
            sns_reads=session.client("sns", config=READS),
            sns_writes=sns,
            topic_prefix=here.topic_prefix,
            clock=_clock_of_the_pace(here),
        ),
        queue=SegmentsQueue(sqs, here.segments_queue),
        reports=Reports(lambda: session.client("s3", config=READS), here.reports_bucket),
        writers=(writes, sns, sqs),
    )


def _stopwatch(here: Settings) -> Callable[[], float]:
    """Seconds from now on; simulated time stands still meanwhile."""
    if here.clock == "table":
        return lambda: 0.0
    began = monotonic()
    return lambda: monotonic() - began


def _clock_of_the_pace(here: Settings) -> Callable[[], float]:
    """In simulated time a tick takes no time at all, and the local inbox has no pace to keep."""
    if here.clock == "table":
        return count().__next__
    return monotonic
