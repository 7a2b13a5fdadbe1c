"""Facts as one compact text, and back: '{"<ticket>":{"<field>":[at,value,at,value,…]}}'."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from sla_watchdog.domain.tickets.facts import Fact, Value


class DamageError(ValueError):
    """What is wrong with an attribute; the text names it."""


def facts_text(facts: Iterable[Fact]) -> str:
    grouped: dict[str, dict[str, list[Any]]] = {}
    for fact in facts:
        grouped.setdefault(fact.ticket, {}).setdefault(fact.field, []).extend((fact.at, fact.value))
    return json.dumps(grouped, ensure_ascii=False, separators=(",", ":"))


def packed(facts: Iterable[Fact]) -> bytes:
    """The same compressed, to about a fifth."""
    return zlib.compress(facts_text(facts).encode(), 9)


def facts_in(stored: object) -> list[Fact]:
    """Of a text, plain or compressed. Raises DamageError."""
    if not isinstance(stored, str | bytes):
        raise DamageError("facts are no text")
    try:
        return list(
            _read(json.loads(zlib.decompress(stored) if isinstance(stored, bytes) else stored))
        )
    except (ValueError, TypeError, AttributeError, zlib.error) as error:
        raise DamageError(f"facts cannot be read: {error}") from error


def _read(grouped: Any) -> Iterator[Fact]:
    for ticket, fields in grouped.items():
        for field, series in fields.items():
            for at, value in zip(series[::2], series[1::2], strict=True):
                yield Fact(ticket, field, _at(at), _value(value))


def _at(at: object) -> int:
    if isinstance(at, bool) or not isinstance(at, int):
        raise DamageError(f"{at!r} is no time")
    return at


def _value(value: object) -> Value:
    if isinstance(value, list):
        return tuple(_word(member) for member in value)
    return _word(value)


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise DamageError(f"{value!r} is no text")
    return value
