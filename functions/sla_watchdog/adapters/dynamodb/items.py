"""The items of one table with keys `pk` and `sk`: what every store of the Watch table is made
of.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sla_watchdog.adapters.dynamodb.attributes import plain, typed
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.table import (
    Item,
    Pause,
    is_busy,
    is_to_be_repeated,
    patiently,
    read_all,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SORT_KEY = "W"
"""The sort key of a case, a digest, a link and a look-alike key."""


META = "META"
"""The partition of what the watchdog knows about itself."""


class Items:
    """`reads` may try again by itself; `writes` should not: each write of a store says what a
    repetition does.
    """

    def __init__(
        self, reads: DynamoDBClient, writes: DynamoDBClient, table: str, pause: Pause = time.sleep
    ) -> None:
        self.reads = reads
        self.writes = writes
        self.table = table
        self.pause = pause

    def key(self, pk: str, sk: str) -> dict[str, Any]:
        return typed({"pk": pk, "sk": sk})

    def read(self, pk: str, sk: str) -> Item | None:
        """As it is now, by a consistent read."""
        answer = self.reads.get_item(
            TableName=self.table, Key=self.key(pk, sk), ConsistentRead=True
        )
        return answer.get("Item")

    def plain(self, pk: str, sk: str) -> dict[str, Any]:
        """The same as plain values; empty when absent."""
        return plain(self.read(pk, sk) or {})

    def read_all(self, keys: Iterable[tuple[str, str]]) -> Iterator[Item]:
        """Consistent reads of (pk, sk), which must differ. Absent items are absent."""
        typed_keys = [self.key(pk, sk) for pk, sk in keys]
        return read_all(self.reads, self.table, typed_keys, self.pause)

    def scanned(self, condition: str, values: Mapping[str, object]) -> Iterator[list[Item]]:
        """The items for which the condition holds, page by page. Reads the whole table."""
        request: dict[str, Any] = {"FilterExpression": condition}
        if values:
            request["ExpressionAttributeValues"] = typed(values)
        pages = self.reads.get_paginator("scan").paginate(TableName=self.table, **request)
        for page in pages:
            yield list(page["Items"])

    def update(self, pk: str, sk: str, change: Expression) -> Item | None:
        """None when written; else the condition did not hold, and this is the item as it stands ({}
        when absent).
        """
        request = self.request(pk, sk, change)
        try:
            patiently(lambda: self.writes.update_item(**request), self.pause, is_busy)
        except self.writes.exceptions.ConditionalCheckFailedException as error:
            response: Mapping[str, Any] = error.response
            stands: Item = response.get("Item", {})
            return stands
        return None

    def updated(self, pk: str, sk: str, change: Expression) -> Item:
        """Writes under no condition; the whole item as it is afterwards."""
        request = {"TableName": self.table, "Key": self.key(pk, sk), **change.request()}
        answer = patiently(
            lambda: self.writes.update_item(**request, ReturnValues="ALL_NEW"),
            self.pause,
            is_busy,
        )
        return answer["Attributes"]

    def update_with(
        self, pk: str, sk: str, change: Expression, others: Sequence[Mapping[str, Any]]
    ) -> Item | None:
        """The update and other writes in one transaction; the answer is as of `update`, {} where
        another condition did not hold.

        A conflict, a busy table or a lost answer is asked again, as the same request under the
        same token: it is applied once. The token is made of the request, so that a repetition by
        the caller is one too.
        """
        actions: list[Any] = [self.update_action(pk, sk, change), *others]
        text = json.dumps(actions, sort_keys=True, default=repr)
        token = hashlib.sha256(text.encode()).hexdigest()[:36]
        try:
            patiently(
                lambda: self.writes.transact_write_items(
                    TransactItems=actions, ClientRequestToken=token
                ),
                self.pause,
                is_to_be_repeated,
            )
        except self.writes.exceptions.TransactionCanceledException as error:
            reasons: Sequence[Mapping[str, Any]] = error.response["CancellationReasons"]
            if not any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
                raise
            stands: Item = reasons[0].get("Item", {})
            return stands
        return None

    def update_action(self, pk: str, sk: str, change: Expression) -> dict[str, Any]:
        """The update as one action of a transaction."""
        return {"Update": self.request(pk, sk, change)}

    def request(self, pk: str, sk: str, change: Expression) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Key": self.key(pk, sk),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **change.request(),
        }
