"""The help desk's own table. It is only ever read."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sla_watchdog.adapters.dynamodb.attributes import Attribute, plain, value_of
from sla_watchdog.adapters.dynamodb.table import (
    LONGEST_KEY,
    Item,
    Pause,
    code_of,
    cursor_of,
    is_busy,
    patiently,
    read_all,
    starting_at,
)
from sla_watchdog.domain.policy.model import Source
from sla_watchdog.domain.tickets.record import Record, ticket_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["TicketsTable", "plain"]

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d*[1-9])?")
"""As a ticket's id has a number: without an exponent, and without zeros that say nothing."""

MOST_DIGITS = 38
"""Of a number that DynamoDB keeps exactly."""

LONGEST_TEXT = 4096
"""Characters kept of any one text: more than any field is read of, and a thousand long records fit
in memory.
"""


def _cut(value: object) -> object:
    match value:
        case str():
            return value[:LONGEST_TEXT]
        case list():
            return [_cut(member) for member in value]
        case dict():
            return {name: _cut(member) for name, member in value.items()}
    return value


def _record(item: Item) -> Record:
    return {name: _cut(value) for name, value in plain(item).items()}


class TicketsTable:
    """Reads records in the operator's own shape, all attributes: any of them may be mapped in the
    policy file.
    """

    def __init__(
        self, client: DynamoDBClient, table: str, source: Source, pause: Pause = time.sleep
    ) -> None:
        self._client = client
        self._table = table
        self._source = source
        self._pause = pause
        self._numeric = False

    def read(self, ids: Iterable[str]) -> dict[str, Record]:
        """The records as they are now, by consistent reads. Absent tickets, and ids no key can
        hold, are absent.

        Whether a key that is nothing but the id is text or a number is learned from the table's
        first refusal.
        """
        wanted = list(dict.fromkeys(ids))
        try:
            return self._read(wanted, self._numeric)
        except ClientError as error:
            is_refused = code_of(error) == "ValidationException"
            if not is_refused or not self._could_be_numbers(wanted):
                raise
        records = self._read(wanted, numeric=True)
        self._numeric = True
        return records

    def page(self, segment: int, of: int, start: str) -> tuple[list[Record], str | None]:
        """One page of a segment of the whole table, eventually consistent, and where the next one
        starts; '' is the beginning.

        An empty page is not the end; None is.
        """
        request: dict[str, Any] = {
            "TableName": self._table,
            "Segment": segment,
            "TotalSegments": of,
            **starting_at(start),
        }
        answer = patiently(lambda: self._client.scan(**request), self._pause, is_busy)
        records = [_record(item) for item in answer["Items"]]
        following = cursor_of(answer.get("LastEvaluatedKey"))
        return records, following

    def _could_be_numbers(self, ids: Iterable[str]) -> bool:
        if self._numeric:
            return False
        return any(self._key(ticket, numeric=True) for ticket in ids)

    def _read(self, ids: Iterable[str], numeric: bool) -> dict[str, Record]:
        keys: list[Item] = []
        asked: dict[frozenset[tuple[str, object]], str] = {}
        for ticket in ids:
            key = self._key(ticket, numeric)
            if key is not None:
                keys.append(key)
                asked[_identity(key)] = ticket
        stored = read_all(self._client, self._table, keys, self._pause)
        return {asked[self._key_of(item)]: _record(item) for item in stored}

    def _key(self, ticket: str, numeric: bool) -> Item | None:
        """None for an id that no key of this table can hold: one such id must not fail a batch."""
        key: dict[str, Attribute] = {}
        for name, text in ticket_key(ticket, self._source).items():
            limit = LONGEST_KEY["RANGE" if key else "HASH"]
            if not text or len(text.encode()) > limit:
                return None
            key[name] = {"S": text}
            if numeric and self._source.key[name] == "{ticket_id}":
                if not _is_number(text):
                    return None
                key[name] = {"N": text}
        return key

    def _key_of(self, item: Item) -> frozenset[tuple[str, object]]:
        return _identity({name: item[name] for name in self._source.key})


def _is_number(text: str) -> bool:
    if text == "-0" or not _NUMBER.fullmatch(text):
        return False
    digits = sum(map(str.isdigit, text))
    return digits <= MOST_DIGITS


def _identity(key: Item) -> frozenset[tuple[str, object]]:
    """Numbers by their value: DynamoDB may answer 2E+2 for 200."""
    identity = set()
    for name, attribute in key.items():
        [(kind, text)] = attribute.items()
        identity.add((name, value_of(attribute) if kind == "N" else text))
    return frozenset(identity)
