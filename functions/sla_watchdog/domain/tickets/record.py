"""A ticket record, in whatever shape the help desk keeps it: its id, its fields, its values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sla_watchdog.domain.policy.model import TICKET_ID, Source
from sla_watchdog.domain.tickets.facts import Value

Record = Mapping[str, object]

LONGEST_TEXT = 250
"""Characters kept of a value, and members kept of a list: enough for a subject line, and a
description of 300 KB costs nothing.
"""

LONGEST_ID = 1_000
"""Bytes of a ticket id that still fits into every key of ours, of DynamoDB's 2,048 and 1,024."""

MILLISECONDS = 10**11
"""Numbers above are epoch milliseconds: in seconds they would lie after the year 5138."""

LARGEST_TIME = 10**14
"""Numbers above are no time, even in milliseconds."""


class Unreadable(ValueError):  # noqa: N818 - its name is what is wrong
    """A value that is not what its field needs; the text says why."""


def text_of(value: object) -> Value:
    """A DynamoDB value as text: decimals without trailing zeros, lists and sets as a tuple; '' for
    none. Raises Unreadable for anything else.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal | int | float):
        return _text_of_number(value)
    if isinstance(value, str):
        return " ".join(value[: 4 * LONGEST_TEXT].split())[:LONGEST_TEXT]
    if isinstance(value, list | tuple | set | frozenset):
        return _texts_of(list(value)[:LONGEST_TEXT])
    raise Unreadable(f"a {type(value).__name__}, not a text, number or list")


def _text_of_number(value: Decimal | float) -> str:
    number = Decimal(str(value))
    if not number.is_finite():
        return str(value)
    return format(number.normalize(), "f")


def _texts_of(members: Iterable[object]) -> tuple[str, ...]:
    """Sorted, without repetitions; a list in the list is left out."""
    texts = set()
    for member in members:
        text = text_of(member)
        if isinstance(text, str) and text:
            texts.add(text)
    return tuple(sorted(texts))


def seconds_of(value: object, zone: str | None) -> int:
    """Epoch seconds of an ISO 8601 text (without an offset: in `zone`), or of a number: epoch
    seconds or milliseconds. Raises Unreadable for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Unreadable(f"a {type(value).__name__}, not a time")
    text = str(value)
    try:
        number = Decimal(text.strip())
    except ArithmeticError:
        return _seconds_of_iso(text.strip()[:64], zone)
    if not number.is_finite() or abs(number) > LARGEST_TIME:
        raise Unreadable(f"{text[:32]!r} is not a time")
    if abs(number) > MILLISECONDS:
        return int(number / 1000)
    return int(number)


def _seconds_of_iso(text: str, zone: str | None) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(f"{text!r} is not a date") from error
    if moment.tzinfo is None:
        if zone is None:
            raise Unreadable(f"{text!r} has no offset, and the policy file names no timezone")
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    try:
        return int(moment.astimezone(UTC).timestamp())
    except OverflowError as error:
        raise Unreadable(f"{text!r} is outside the calendar") from error


def at_path(record: Record, path: str) -> object:
    """The value at `requester.org.tier`; an attribute whose own name holds dots comes first."""
    if path in record:
        return record[path]
    value: object = record
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def ticket_id(record: Record, source: Source) -> str:
    """The id read back out of the key attributes; '' when they do not fit the templates of
    `source.key`.
    """
    for attribute, template in source.key.items():
        if TICKET_ID in template:
            return _id_in(record.get(attribute), template)
    return ""


def _id_in(value: object, template: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    pattern = re.escape(template).replace(re.escape(TICKET_ID), "(.+)")
    match = re.fullmatch(pattern, str(value), re.DOTALL)
    if match is None:
        return ""
    name = match[1]
    length = len(name.encode(errors="replace"))
    if length > LONGEST_ID or not name.strip():
        return ""
    return name


def ticket_key(ticket: str, source: Source) -> dict[str, str]:
    key = {}
    for attribute, template in source.key.items():
        key[attribute] = template.replace(TICKET_ID, ticket)
    return key


def is_ticket(record: Record, source: Source) -> bool:
    """False for the other entity types of a shared table, by `source.only`."""
    for path, values in source.only.items():
        value = at_path(record, path)
        if str(value) not in values:
            return False
    return True


def text_of_or_empty(value: object) -> Value:
    try:
        return text_of(value)
    except Unreadable:
        return ""
