"""What every table needs: batches read and written to the end, and busy answers asked again."""

from __future__ import annotations

import hashlib
import json
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from sla_watchdog.adapters.attributes import Attribute, plain, typed
from sla_watchdog.adapters.expression import Expression
from sla_watchdog.errors import SlaWatchdogError, Unavailable

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

LONGEST_PROBLEM = 500
"""Characters kept of what went wrong, where it is logged."""

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

BUSY_REASONS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


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
    """For logs. Only a service's words are repeated: what another exception says may quote a ticket, so of that one the
    type and the line that raised it.
    """
    if is_of_the_service(error) or isinstance(error, SlaWatchdogError):
        return f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    at = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + at


def is_to_be_repeated(error: Exception) -> bool:
    """For a transaction under one token: busy, cancelled by a conflict alone, or its answer was lost."""
    if not isinstance(error, ClientError):
        return True
    reasons = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code", "None") for reason in reasons} - {"None"}
    return is_busy(error) or (bool(codes) and codes <= BUSY_REASONS)


def is_refused(error: ClientError) -> bool:
    """For what the request holds, and would be every time."""
    reasons = error.response.get("CancellationReasons", [])
    return code_of(error) == "ValidationException" or "ValidationError" in {each.get("Code") for each in reasons}


def slices(members: Iterable[T], size: int) -> Iterator[list[T]]:
    listed = list(members)
    return (listed[start : start + size] for start in range(0, len(listed), size))


def read_all(client: DynamoDBClient, table: str, keys: Iterable[Item], pause: Pause) -> Iterator[Item]:
    """Consistent reads, 100 keys a call; the keys must differ. Absent items are absent.

    A call answers at most 16 MB and may leave keys out; they are asked for again, at once while
    it gets on, after a pause when a call brought nothing.
    """
    for batch in slices(keys, READ_AT_ONCE):
        yield from _read_batch(client, table, batch, pause)


def _read_batch(client: DynamoDBClient, table: str, keys: Sequence[Item], pause: Pause) -> Iterator[Item]:
    waits = iter(PAUSES)
    while keys:
        answer = client.batch_get_item(
            RequestItems={table: {"Keys": list(keys), "ConsistentRead": True}},
        )
        yield from answer["Responses"].get(table, ())
        left = answer["UnprocessedKeys"][table]["Keys"] if answer["UnprocessedKeys"] else []
        if len(left) == len(keys):
            _wait(waits, pause, f"{len(left)} items of {table} could not be read")
        keys = left


def write_all(client: DynamoDBClient, table: str, items: Iterable[Item], pause: Pause) -> None:
    """Puts, 25 items a call; the keys must differ. Safe to repeat, since a put replaces."""
    for batch in slices(items, WRITTEN_AT_ONCE):
        requests: Sequence[Any] = [{"PutRequest": {"Item": item}} for item in batch]
        waits = iter(PAUSES)
        while requests:
            left = client.batch_write_item(RequestItems={table: requests})["UnprocessedItems"].get(table, [])
            if len(left) == len(requests):
                _wait(waits, pause, f"{len(left)} items of {table} could not be written")
            requests = left


def _wait(waits: Iterator[float], pause: Pause, what: str) -> None:
    seconds = next(waits, None)
    if seconds is None:
        raise StoreBusyError(what)
    pause(seconds)


class Items:
    """The items of one table with keys `pk` and `sk`.

    `reads` may try again by itself; `writes` should not: each write here says what a repetition does.
    """

    def __init__(self, reads: DynamoDBClient, writes: DynamoDBClient, table: str, pause: Pause = time.sleep) -> None:
        self._reads = reads
        self._writes = writes
        self._table = table
        self._pause = pause

    def _key(self, pk: str, sk: str) -> dict[str, Any]:
        return typed({"pk": pk, "sk": sk})

    def _read(self, pk: str, sk: str) -> Item | None:
        """As it is now, by a consistent read."""
        return self._reads.get_item(TableName=self._table, Key=self._key(pk, sk), ConsistentRead=True).get("Item")

    def _plain(self, pk: str, sk: str) -> dict[str, Any]:
        """The same as plain values; empty when absent."""
        return plain(self._read(pk, sk) or {})

    def _update(self, pk: str, sk: str, change: Expression) -> Item | None:
        """None when written; else the condition did not hold, and this is the item as it stands ({} when absent)."""
        request = self._request(pk, sk, change)
        try:
            patiently(lambda: self._writes.update_item(**request), self._pause, is_busy)
        except self._writes.exceptions.ConditionalCheckFailedException as error:
            response: Mapping[str, Any] = error.response
            stands: Item = response.get("Item", {})
            return stands
        return None

    def _update_with(self, pk: str, sk: str, change: Expression, others: Sequence[Mapping[str, Any]]) -> Item | None:
        """The update and other writes in one transaction; the answer is as of `_update`, {} where another condition
        did not hold.

        A conflict, a busy table or a lost answer is asked again, as the same request under the same token:
        it is applied once. The token is made of the request, so that a repetition by the caller is one too.
        """
        actions: list[Any] = [{"Update": self._request(pk, sk, change)}, *others]
        text = json.dumps(actions, sort_keys=True, default=repr)
        token = hashlib.sha256(text.encode()).hexdigest()[:36]
        try:
            patiently(
                lambda: self._writes.transact_write_items(TransactItems=actions, ClientRequestToken=token),
                self._pause,
                is_to_be_repeated,
            )
        except self._writes.exceptions.TransactionCanceledException as error:
            reasons: Sequence[Mapping[str, Any]] = error.response["CancellationReasons"]
            if not any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
                raise
            stands: Item = reasons[0].get("Item", {})
            return stands
        return None

    def _request(self, pk: str, sk: str, change: Expression) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": self._key(pk, sk),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **change.request(),
        }
