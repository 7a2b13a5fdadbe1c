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
        fields = grouped.setdefault(fact.ticket, {})
        series = fields.setdefault(fact.field, [])
        series.extend((fact.at, fact.value))
    return json.dumps(grouped, ensure_ascii=False, separators=(",", ":"))


def packed(facts: Iterable[Fact]) -> bytes:
    """The same compressed, to about a fifth."""
    text = facts_text(facts)
    return zlib.compress(text.encode(), 9)


def facts_in(stored: object) -> list[Fact]:
    """Of a text, plain or compressed. Raises DamageError."""
    if not isinstance(stored, str | bytes):
        raise DamageError("facts are no text")
    try:
        text = zlib.decompress(stored) if isinstance(stored, bytes) else stored
        return list(_read(json.loads(text)))
    except (ValueError, TypeError, AttributeError, zlib.error) as error:
        raise DamageError(f"facts cannot be read: {error}") from error


def _read(grouped: Any) -> Iterator[Fact]:
    for ticket, fields in grouped.items():
        for field, series in fields.items():
            times, values = series[::2], series[1::2]
            for at, value in zip(times, values, strict=True):
                yield Fact(ticket, field, _at(at), _value(value))


def _at(at: object) -> int:
    if isinstance(at, bool) or not isinstance(at, int):
        raise DamageError(f"{at!r} is no time")
    return at


def _value(value: object) -> Value:
    if isinstance(value, list):
        return tuple(map(_word, value))
    return _word(value)


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise DamageError(f"{value!r} is no text")
    return value
