"""What every table needs: batches read and written to the end, and busy answers asked again."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from sla_watchdog.adapters.dynamodb.attributes import Attribute
from sla_watchdog.errors import Fault, SlaWatchdogError, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Attribute]
Pause = Callable[[float], None]
T = TypeVar("T")

READ_AT_ONCE = 100
WRITTEN_AT_ONCE = 25
"""Most keys and items that one call takes (BatchGetItem, BatchWriteItem)."""

LONGEST_KEY = {"HASH": 2048, "RANGE": 1024}
"""Bytes of a key attribute (DynamoDB's limits)."""

PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between tries; after the last one the error is the caller's."""

BUSY = frozenset(
    {
        "TransactionConflictException",
        "TransactionInProgressException",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "InternalServerError",
    }
)

BUSY_REASONS = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)


def cursor_of(key: Item | None) -> str | None:
    """Where a scan goes on, as text that only a table reads; None at its end."""
    if key is None:
        return None
    return json.dumps(key, sort_keys=True)


def starting_at(cursor: str) -> dict[str, Any]:
    """What a scan is asked, to go on there; '' is the beginning."""
    if not cursor:
        return {}
    return {"ExclusiveStartKey": json.loads(cursor)}


class StoreBusyError(SlaWatchdogError):
    """DynamoDB left part of a batch undone again and again; what was asked for is as it was."""


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def patiently(call: Callable[[], T], pause: Pause, again: Callable[[Exception], bool]) -> T:
    """Asks again, with growing pauses, where the error is one to ask `again` after."""
    for seconds in PAUSES:
        try:
            return call()
        except (ClientError, HTTPClientError, NoConnectionError) as error:
            if not again(error):
                raise
        pause(seconds)
    return call()


def is_busy(error: Exception) -> bool:
    return isinstance(error, ClientError) and code_of(error) in BUSY


def is_of_the_service(error: Exception) -> bool:
    """Whether a service, or the way to it, is at fault: not the program, nor what it was given."""
    return isinstance(error, BotoCoreError | ClientError | StoreBusyError | Unavailable)


def described(error: Exception) -> str:
    """For logs. Only a service's words are repeated: what another exception says may quote a
    ticket, so of that one the type and the line that raised it.
    """
    if is_of_the_service(error) or isinstance(error, SlaWatchdogError):
        return f"{type(error).__name__}: {error}"
    name = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return name
    innermost = frames[-1]
    return f"{name} in {Path(innermost.filename).name}:{innermost.lineno}"


def fault_of(error: Exception) -> Fault:
    return Fault(is_of_the_service(error), described(error))


def is_to_be_repeated(error: Exception) -> bool:
    """For a transaction under one token: busy, cancelled by a conflict alone, or its answer was
    lost.
    """
    if not isinstance(error, ClientError):
        return True
    if is_busy(error):
        return True
    codes = _reasons(error) - {"None"}
    return bool(codes) and codes <= BUSY_REASONS


def is_refused(error: ClientError) -> bool:
    """For what the request holds, and would be every time."""
    if code_of(error) == "ValidationException":
        return True
    return "ValidationError" in _reasons(error)


def _reasons(error: ClientError) -> set[str]:
    """Codes of what became of the actions of a transaction: "None" of one that was not at fault."""
    reasons = error.response.get("CancellationReasons", [])
    return {reason.get("Code", "None") for reason in reasons}


def slices(members: Iterable[T], size: int) -> Iterator[list[T]]:
    listed = list(members)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def read_all(
    client: DynamoDBClient, table: str, keys: Iterable[Item], pause: Pause
) -> Iterator[Item]:
    """Consistent reads, 100 keys a call; the keys must differ. Absent items are absent.

    A call answers at most 16 MB and may leave keys out; they are asked for again, at once while
    it gets on, after a pause when a call brought nothing.
    """
    for batch in slices(keys, READ_AT_ONCE):
        yield from _read_batch(client, table, batch, pause)


def _read_batch(
    client: DynamoDBClient, table: str, keys: Sequence[Item], pause: Pause
) -> Iterator[Item]:
    waits = iter(PAUSES)
    while keys:
        answer = client.batch_get_item(
            RequestItems={table: {"Keys": list(keys), "ConsistentRead": True}},
        )
        yield from answer["Responses"].get(table, ())
        unprocessed = answer["UnprocessedKeys"]
        left = unprocessed[table]["Keys"] if unprocessed else []
        if len(left) == len(keys):
            _wait(waits, pause, f"{len(left)} items of {table} could not be read")
        keys = left


def write_all(client: DynamoDBClient, table: str, items: Iterable[Item], pause: Pause) -> None:
    """Puts, 25 items a call; the keys must differ. Safe to repeat, since a put replaces."""
    for batch in slices(items, WRITTEN_AT_ONCE):
        requests: Sequence[Any] = [{"PutRequest": {"Item": item}} for item in batch]
        waits = iter(PAUSES)
        while requests:
            answer = client.batch_write_item(RequestItems={table: requests})
            left = answer["UnprocessedItems"].get(table, [])
            if len(left) == len(requests):
                _wait(waits, pause, f"{len(left)} items of {table} could not be written")
            requests = left


def _wait(waits: Iterator[float], pause: Pause, what: str) -> None:
    seconds = next(waits, None)
    if seconds is None:
        raise StoreBusyError(what)
    pause(seconds)
