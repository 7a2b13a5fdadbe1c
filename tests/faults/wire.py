"""What lies between the watchdog and AWS: every call passes here, is counted, takes time, and may
go wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from threading import local
from typing import Any

from attrs import define, field, frozen
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

SECONDS_A_CALL = 0.6
"""Every call takes so long, so that many a judgement is older than five seconds when its message is
to be sent.
"""

URL = "https://aws"


class Died(BaseException):
    """The process is gone: nothing of it runs on, not even an `except Exception`."""


class Fault(StrEnum):
    """What happens to one call. The process dies, or the call goes wrong, or something happens
    before it.
    """

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    REQUEST_LOST = "request lost"
    RESPONSE_LOST = "response lost"
    THROTTLED = "throttled"
    CONFLICT = "conflict"
    OUTAGE = "outage"
    TIME_IS_UP = "time is up"
    TRACKED = "tracked in between"
    TICKED = "another tick in between"
    FROZEN = "frozen until another took over"
    RESOLVED = "resolved in between"
    MERGED = "merged in between"
    DELETED = "deleted in between"
    ACKNOWLEDGED = "acknowledged in between"


FAILING = frozenset(
    {Fault.REQUEST_LOST, Fault.RESPONSE_LOST, Fault.THROTTLED, Fault.CONFLICT, Fault.OUTAGE}
)
DYING = frozenset({Fault.DIES_BEFORE, Fault.DIES_AFTER})
BETWEEN = frozenset(Fault) - FAILING - DYING
"""Something else happens before the call, which then goes well."""

WRITES = frozenset(
    {
        "UpdateItem",
        "PutItem",
        "DeleteItem",
        "BatchWriteItem",
        "TransactWriteItems",
        "Publish",
        "SendMessage",
    }
)
CONDITIONAL = frozenset({"UpdateItem", "PutItem", "TransactWriteItems"})


@frozen
class Call:
    """`number` counts from 1 over the whole run; `service` is `dynamodb`, `sns` or `sqs`."""

    number: int
    service: str
    operation: str
    request: Mapping[str, Any] = field(repr=False)

    @property
    def writes(self) -> bool:
        return self.operation in WRITES


@frozen
class Published:
    """A message that SNS took, on the wire's own clock and at the `now` of the tick."""

    wire: float
    now: int
    topic: str
    ids: tuple[str, ...]
    due: tuple[int, ...]


@define
class Wire:
    """`meet` is asked before each call which fault it meets, if any; `between` does what happens in
    between.

    `doubt` is told when nobody can know any more whether what is claimed just then went out.
    After each call comes a `rest`, in which other processes may run; `stale` says whether a
    query of the index is answered as the time before.
    """

    meet: Callable[[Call], Fault | None] = lambda _: None
    between: Callable[[Fault], None] = lambda _: None
    doubt: Callable[[], None] = lambda: None
    rest: Callable[[], None] = lambda: None
    stale: Callable[[], bool] = lambda: False
    clock: float = 0.0
    wrote: Callable[[Call], None] = lambda _: None
    """Is told of each write that was done."""
    calls: int = 0
    published: list[Published] = field(factory=list)
    _out: set[str] = field(factory=set)
    """Services, and operations, that fail until the step is over."""
    _done: set[str] = field(factory=set)
    """Tokens of transactions that were applied: DynamoDB answers a repetition with success (moto
    applies it again).
    """
    _answers: dict[str, Any] = field(factory=dict)
    """The last answer to each query of the index."""
    _quiet: bool = False
    _of_thread: local = field(factory=local)

    @property
    def now(self) -> int:
        """The `now` of the process that is running."""
        return getattr(self._of_thread, "now", 0)

    @now.setter
    def now(self, now: int) -> None:
        self._of_thread.now = now

    def attach(self, client: Any) -> None:
        """Every call of the client goes through here from now on."""
        call, service = client._make_api_call, client.meta.service_model.service_name

        def through(operation: str, request: Mapping[str, Any]) -> Any:
            try:
                return self._pass(service, operation, request, lambda: call(operation, request))
            except _Refused as refused:
                raise client.exceptions.from_code(refused.code)(refused.answer, operation) from None

        client._make_api_call = through

    def pass_time(self, seconds: float) -> None:
        self.clock += seconds

    def mend(self) -> None:
        """What was out works again."""
        self._out.clear()

    def _pass(
        self, service: str, operation: str, request: Mapping[str, Any], send: Callable[[], Any]
    ) -> Any:
        self.calls += 1
        call = Call(self.calls, service, operation, request)
        fault = None if self._quiet else self.meet(call)
        if fault is Fault.FROZEN:
            self.doubt()
        if fault in BETWEEN:
            self._undisturbed(fault)
        elif fault is not None:
            self._before(fault, call)
        if {service, operation} & self._out:
            raise _busy(call)
        answer = self._send(call, send)
        if fault is Fault.DIES_AFTER:
            raise Died(str(call))
        if fault is Fault.RESPONSE_LOST:
            self.doubt()
            raise ReadTimeoutError(endpoint_url=URL)
        return answer

    def _undisturbed(self, fault: Fault) -> None:
        self._quiet = True
        try:
            self.between(fault)
        finally:
            self._quiet = False

    def _before(self, fault: Fault, call: Call) -> None:
        if fault is Fault.DIES_BEFORE:
            raise Died(str(call))
        if fault is Fault.REQUEST_LOST:
            raise EndpointConnectionError(endpoint_url=URL)
        if fault is Fault.CONFLICT:
            raise _conflict(call)
        if fault is Fault.THROTTLED:
            self._out.add(call.operation)
        if fault is Fault.OUTAGE:
            self._out.add(call.service)

    def _send(self, call: Call, send: Callable[[], Any]) -> Any:
        token = str(call.request.get("ClientRequestToken", ""))
        begun, self.clock = self.clock, self.clock + SECONDS_A_CALL
        if token in self._done:
            return {}
        answer = send()
        if token:
            self._done.add(token)
        if call.operation == "Publish":
            self._note(call.request, begun)
        if call.writes:
            self.wrote(call)
        if call.operation == "Query":
            answer = self._maybe_stale(
                str(call.request["ExpressionAttributeValues"][":shard"]), answer
            )
        if not self._quiet:  # what happens in between is one piece: nobody sleeps through somebody else's frozen time
            self.rest()
        return answer

    def _maybe_stale(self, shard: str, answer: Any) -> Any:
        before = self._answers.get(shard, answer)
        self._answers[shard] = answer
        return before if self.stale() else answer

    def _note(self, request: Mapping[str, Any], begun: float) -> None:
        alerts = json.loads(json.loads(request["Message"])["default"]).get("alerts", [])
        ids = tuple(alert["id"] for alert in alerts)
        due = tuple(seconds_of(alert["came_due_at"]) for alert in alerts)
        topic = request["TopicArn"].rpartition(":")[2]
        self.published.append(Published(begun, self.now, topic, ids, due))


def seconds_of(iso: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(iso).timestamp())


@define
class _Refused(Exception):  # noqa: N818 - the service's answer, before it is the client's own error
    code: str
    reasons: list[dict[str, str]] = field(factory=list)

    @property
    def answer(self) -> dict[str, Any]:
        said = {"Error": {"Code": self.code, "Message": "made by the test"}}
        return {**said, "CancellationReasons": self.reasons} if self.reasons else said


def _busy(call: Call) -> _Refused:
    return _Refused("Throttled" if call.service == "sns" else "ThrottlingException")


def _conflict(call: Call) -> _Refused:
    if call.operation != "TransactWriteItems":
        return _Refused("TransactionConflictException")
    others = [{"Code": "None"}] * (len(call.request["TransactItems"]) - 1)
    return _Refused("TransactionCanceledException", [{"Code": "TransactionConflict"}, *others])
