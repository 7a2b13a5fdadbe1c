"""Simulated time on a deployed local stack: months pass in seconds, and every part does its real
work.

The stack is deployed with `Clock=table`: its functions read the time from the Watch table, and
its schedules are off. The driver sets the time, writes tickets as a help desk would, waits until
`track` has taken them in, runs ticks until nothing is due, and goes on to the next moment at
which something happens. Moments are the ends of steps: what happens within one step happens at
its end.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from types import TracebackType
from typing import Any, Self

from attrs import define, evolve, field

from local_stack.ministack import LocalAws
from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.dynamodb.watch import WatchStores
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan, plan, wakeup_for
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.observation import observed
from sla_watchdog.domain.tickets.record import Record, ticket_id
from sla_watchdog.tools.imports.events import Event, EventKind
from sla_watchdog.tools.simulation.help_desk import Words, apply, shaped
from sla_watchdog.tools.simulation.history import promise_of
from sla_watchdog.usecases.track.change import REPLIER

MINUTE = 60

WRITERS = 8
PATIENCE_SECONDS = 30.0
LINES_SHOWN = 10
MOST_TRIES = 8
MOST_TICKS = 200
"""Ticks in one moment; a stack that needs more is not getting anywhere."""


class DriveError(Exception):
    """The stack did not do its part; the message says which, and ends with what it logged."""


@define
class Sums:
    """What the ticks of a drive said, added up."""

    ticks: int = 0
    by_name: dict[str, int] = field(factory=lambda: defaultdict(int))

    def add(self, result: Mapping[str, object]) -> None:
        self.ticks += 1
        for name, value in result.items():
            if isinstance(value, int):
                self.by_name[name] += value


Progress = Callable[[int, int], None]
"""Called with the number of events written since the last call, and the simulated time."""


class Drive:
    """One driver for one stack; `now` is kept between plays.

    `step` is in simulated seconds, `quiet` the step where nothing happens at the desk for longer
    than that.
    """

    def __init__(
        self,
        aws: LocalAws,
        outputs: Mapping[str, str],
        policy: Policy,
        *,
        step: int = MINUTE,
        quiet: int = MINUTE,
    ) -> None:
        self.policy = policy
        self.now = 0
        self.sums = Sums()
        self._aws = aws
        self._outputs = outputs
        self._step = step
        self._quiet = max(quiet, step)
        self._due: int | None = None
        self._due_is_known = False
        self._words = Words.of(policy)
        self._records: dict[str, Record] = {}
        self._dynamodb = aws.client("dynamodb")
        self._lambda = aws.client("lambda")
        self._sqs = aws.client("sqs")
        self.watch = WatchStores.of(
            self._dynamodb, self._dynamodb, outputs["WatchTable"], outputs["AuditTable"]
        )
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="help-desk")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writers.shutdown(cancel_futures=True)

    # what happens

    def play(
        self, events: Iterable[Event], until: int, progress: Progress = lambda *_: None
    ) -> None:
        """Lets time pass until `until`, with the events up to then happening on the way."""
        waiting = deque(event for event in events if event.at <= until)
        while (at := self._next_at(waiting)) is not None and at <= until:
            moment = min(self._end_of_step(at, waiting), until)
            happening = [waiting.popleft() for _ in range(_count_until(waiting, moment))]
            self.pass_to(moment)
            self.write(happening)
            self.tick_if_due()
            progress(len(happening), moment)
        self.pass_to(until)
        self.tick_if_due()

    def pass_to(self, now: int) -> None:
        self.now = now
        self.watch.state.set_simulated_now(now)

    def write(self, events: Sequence[Event]) -> None:
        """The desk's work: each ticket's events in their order, a put of its whole
        record for each.
        """
        by_ticket: dict[str, list[Event]] = defaultdict(list)
        promised: list[Event] = []
        for event in events:
            if event.kind is EventKind.ACKNOWLEDGED:
                promised.append(event)
            else:
                by_ticket[event.ticket].append(event)
        for done in [self._writers.submit(self._write_ticket, *each) for each in by_ticket.items()]:
            done.result()
        self._wait_for_facts(
            {name: shaped(self._records[name], self.policy.source) for name in by_ticket}
        )
        for event in promised:
            self._promise(event)

    def _promise(self, event: Event) -> None:
        """As the page behind a link keeps a promise: among the facts of the case. Of a ticket that
        is not known there is none.
        """
        if event.until is None:
            return
        fact = promise_of(event, event.until)
        for _ in range(MOST_TRIES):
            case = self.watch.cases.read([event.ticket]).get(event.ticket)
            if not isinstance(case, Case):
                return
            promised = evolve(case, facts=case.facts | [fact])
            evaluated = plan(promised, self.policy, self.now)
            wakeup = wakeup_for(evaluated, promised)
            timed = evolve(promised, next_at=wakeup.at, urgent=wakeup.urgent)
            if self.watch.cases.keep(timed, evaluated.findings):
                self._due_is_known = False
                return
        raise DriveError(f"others wrote the case of {event.ticket} again and again")

    def put(self, *items: Record, seen: bool = True) -> None:
        """Records in the operator's own shape, good or bad; once `seen`, what can be read of them
        is known.
        """
        for item in items:
            self._dynamodb.put_item(TableName=self._outputs["TicketsTable"], Item=typed(item))
        if seen:
            named = {ticket_id(item, self.policy.source): item for item in items}
            self._wait_for_facts({name: item for name, item in named.items() if name})

    def tick_if_due(self) -> None:
        """The schedule ticks each minute; a tick that finds nothing due changes nothing, and is
        left out here.
        """
        due_at = self._earliest_due()
        if due_at is not None and due_at <= self.now:
            self.tick()

    def tick(self) -> Mapping[str, int]:
        """Ticks until nothing is left due now; their counts added up."""
        sums = Sums()
        self._due_is_known = False
        for _ in range(MOST_TICKS):
            result = self.invoke("WatchFunction")
            sums.add(result)
            self.sums.add(result)
            self._wait_for_sweeps()
            if not result.get("left_due") and not result.get("lost") and not result.get("skipped"):
                return sums.by_name
        raise DriveError(
            f"still work left after {MOST_TICKS} ticks at one moment: {dict(sums.by_name)}"
        )

    def sweep(self) -> None:
        """One sweep, to its end."""
        self._due_is_known = False
        self.invoke("SweepFunction")
        self._wait_for_sweeps()

    def invoke(self, function: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer = self._lambda.invoke(
            FunctionName=self._outputs[function], Payload=json.dumps(payload or {}).encode()
        )
        body = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise DriveError(f"{function} failed: {body.decode()}\n{self._log(function)}")
        notified = json.loads(body)
        return notified if isinstance(notified, dict) else {}

    # what is known

    def cases(self) -> Iterator[tuple[Case, Plan]]:
        """Every case of the Watch table as it stands, judged now; not the stand-in for records
        without repliers.
        """
        names = list(
            dict.fromkeys(
                name.removeprefix("C#") for name in self._names() if name.startswith("C#")
            )
        )
        for name, case in self.watch.cases.read(names).items():
            if isinstance(case, Case) and case.id == name != REPLIER:
                yield case, plan(case, self.policy, self.now)

    # steps

    def _write_ticket(self, ticket: str, events: Sequence[Event]) -> None:
        record = self._records.get(ticket, {})
        for event in events:
            record = apply(event, record, self._words)
            item = typed(shaped(record, self.policy.source))
            self._dynamodb.put_item(TableName=self._outputs["TicketsTable"], Item=item)
        self._records[ticket] = record

    def _wait_for_facts(self, records: Mapping[str, Record]) -> None:
        """Returns once everything that these records say is in their cases.

        Looks at one of them until that is in, since the others mostly are by then.
        """
        missing = dict(records)

        def is_missing() -> bool:
            nonlocal missing
            probe = dict(list(missing.items())[-1:])
            if not self._news(probe):
                missing = self._news(missing)
            return bool(missing)

        self._wait(
            is_missing, "TrackFunction", lambda: f"track did not take in {', '.join(missing)}"
        )

    def _wait_for_sweeps(self) -> None:
        """The first tick under a policy asks for a sweep. It goes on by itself, in the time at
        which it began.
        """
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")

        def is_sweeping() -> bool:
            queue = self._sqs.get_queue_attributes(
                QueueUrl=self._outputs["SegmentsQueue"], AttributeNames=names
            )
            return any(int(queue["Attributes"][name]) for name in names)

        self._wait(is_sweeping, "SweepFunction", lambda: "the sweep did not end")

    def _wait(self, still: Callable[[], bool], function: str, failure: Callable[[], str]) -> None:
        """Looks until it is no longer so, at growing distances. Raises DriveError with the log."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for looks in count():
            if not still():
                return
            if time.monotonic() > deadline:
                raise DriveError(
                    f"{failure()} within {PATIENCE_SECONDS:.0f} s\n{self._log(function)}"
                )
            time.sleep(min(0.005 * 1.5**looks, 0.1))

    def _log(self, function: str) -> str:
        """The last lines that the function logged."""
        settings = self._lambda.get_function_configuration(FunctionName=self._outputs[function])
        group = settings["LoggingConfig"]["LogGroup"]
        logged = self._aws.client("logs").filter_log_events(logGroupName=group)["events"][
            -LINES_SHOWN:
        ]
        return f"{group}:\n" + "\n".join(event["message"].strip() for event in logged)

    def _news(self, records: Mapping[str, Record]) -> dict[str, Record]:
        """Those that say more than their cases know."""
        cases = self.watch.cases.read(records)
        wakes = [
            case.next_at
            for case in cases.values()
            if isinstance(case, Case) and case.next_at is not None
        ]
        self._due = min((at for at in (self._due, *wakes) if at is not None), default=None)
        return {
            name: item
            for name, item in records.items()
            if self._is_news(item, name, cases.get(name))
        }

    def _is_news(self, item: Record, name: str, case: object) -> bool:
        if not isinstance(case, Case):
            return True
        return bool(observed(name, item, self.policy, case.facts, self.now, streamed=True))

    def _next_at(self, waiting: Sequence[Event]) -> int | None:
        """When the next thing happens, later than now unless it is an event; None when nothing is
        to come.
        """
        due_at = self._earliest_due()
        moments = [waiting[0].at] if waiting else []
        moments += [max(due_at, self.now + 1)] if due_at is not None else []
        return max(min(moments), self.now) if moments else None

    def _end_of_step(self, at: int, waiting: Sequence[Event]) -> int:
        ends = [_ceiling(at, self._quiet)]
        if waiting:
            ends.append(_ceiling(waiting[0].at, self._step))
            if waiting[0].at - at < self._quiet:
                ends.append(_ceiling(at, self._step))
        return max(at, min(ends))

    def _earliest_due(self) -> int | None:
        """When the first of all cases wakes, or may. One scan of the index; the stack itself never
        does this.
        """
        if not self._due_is_known:
            self._due, self._due_is_known = self._scan_due(), True
        return self._due

    def _scan_due(self) -> int | None:
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._outputs["WatchTable"], IndexName="due", ProjectionExpression="next_at"
        )
        return min(
            (int(item["next_at"]["N"]) for page in pages for item in page["Items"]), default=None
        )

    def _names(self) -> Iterator[str]:
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._outputs["WatchTable"], ProjectionExpression="pk"
        )
        yield from (item["pk"]["S"] for page in pages for item in page["Items"])


def _ceiling(at: int, step: int) -> int:
    return -(-at // step) * step


def _count_until(events: Sequence[Event], moment: int) -> int:
    return next((i for i, event in enumerate(events) if event.at > moment), len(events))
