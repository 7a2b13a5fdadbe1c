"""The Audit table: every decision, sent or not, with its reason. Nothing in it is ever changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attrs import frozen
from botocore.exceptions import BotoCoreError, ClientError

from sla_watchdog.adapters.dynamodb.attributes import plain, typed
from sla_watchdog.adapters.dynamodb.table import LONGEST_KEY, Item, Pause, StoreBusyError, write_all
from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Outcome
from sla_watchdog.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def audit_key(item: AuditItem) -> tuple[str, str]:
    return f"C#{item.case}", _sort_key(item.at, item.alert_id)


def _sort_key(at: int, alert_id: str) -> str:
    """Sorts by time. An id too long for a key is cut and ends with its hash; the item holds it
    whole.
    """
    key = f"{at:010d}#{alert_id}"
    if len(key.encode()) <= LONGEST_KEY["RANGE"]:
        return key
    head = key.encode()[: LONGEST_KEY["RANGE"] - 32].decode(errors="ignore")
    hashed = hashlib.sha256(alert_id.encode()).hexdigest()
    return f"{head}#{hashed[:16]}"


def audit_item(item: AuditItem) -> dict[str, Any]:
    """As it is stored; the same decision at the same second is the same item."""
    pk, sk = audit_key(item)
    return typed(
        {
            "pk": pk,
            "sk": sk,
            "at": item.at,
            "alert_id": item.alert_id,
            "outcome": item.outcome,
            "reason": item.reason,
            "extra": item.extra,
        }
    )


def _from_item(stored: Item) -> AuditItem:
    item: Any = plain(stored)
    return AuditItem(
        case=item["pk"].removeprefix("C#"),
        at=int(item["at"]),
        alert_id=item["alert_id"],
        outcome=_outcome(item["outcome"]),
        reason=item["reason"],
        extra=item["extra"],
    )


def _outcome(text: str) -> Outcome | Answer:
    if text in set(Answer):
        return Answer(text)
    return Outcome(text)


@frozen
class AuditActions:
    """Records as actions of a transaction on another table."""

    table: str

    def put(self, record: AuditItem) -> dict[str, Any]:
        return {"Put": {"TableName": self.table, "Item": audit_item(record)}}


def put_records(client: DynamoDBClient, table: str, records: Iterable[Item], pause: Pause) -> None:
    """Records as they are stored, each key once. Raises Unavailable."""
    try:
        write_all(client, table, records, pause)
    except (BotoCoreError, ClientError, StoreBusyError) as error:
        raise Unavailable(f"the Audit table cannot be written: {error}") from error


class AuditTable:
    """`client` may try again by itself: a put is safe to repeat."""

    def __init__(self, client: DynamoDBClient, table: str, pause: Pause = time.sleep) -> None:
        self._client = client
        self._table = table
        self._pause = pause

    def put(self, items: Iterable[AuditItem]) -> None:
        """Writes all of them. Safe to repeat: the key is made of case, time and alert. Raises
        Unavailable.
        """
        distinct = {audit_key(item): audit_item(item) for item in items}
        put_records(self._client, self._table, distinct.values(), self._pause)

    def of_case(self, case: str) -> list[AuditItem]:
        """Everything that was decided about the case, oldest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :case",
            ExpressionAttributeValues=typed({":case": f"C#{case}"}),
            ConsistentRead=True,
        )
        return [_from_item(item) for page in pages for item in page["Items"]]
