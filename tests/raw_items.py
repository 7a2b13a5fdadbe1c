"""Anything that DynamoDB can hold, as its clients write it: for the fuzz tests."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

Raw = dict[str, Any]

NUMBERS = st.sampled_from(
    [
        "0",
        "-1",
        "0.5",
        "1E+125",
        "-9.9E+125",
        "1E-130",
        "9" * 38,
        "1772438400000",
        "99999999999999999",
        "-62135596801",
    ]
) | st.integers(-(10**37), 10**37).map(str)
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "NaN",
        "Infinity",
        "-1e999",
        "null",
        "0000-00-00",
        "2026-02-30",
        "9999-12-31T23:59:59-12:00",
        "x" * 300000,
        "\x00",
        "\u202e",
        "🏳️\u200d🌈" * 90,
        "ß\nİ\r",
        "24:00",
        "2026-W10-1",
        "१२३",
    ]
) | st.text(max_size=20)
BYTES = st.binary(max_size=20)


def _set(of: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(of, min_size=1, max_size=3, unique=True)


SCALARS: st.SearchStrategy[Raw] = st.one_of(
    TEXTS.map(lambda text: {"S": text}),
    NUMBERS.map(lambda number: {"N": number}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
    BYTES.map(lambda content: {"B": content}),
    _set(st.text(min_size=1, max_size=5)).map(lambda texts: {"SS": texts}),
    _set(st.integers(-(10**20), 10**20).map(str)).map(lambda numbers: {"NS": numbers}),
    _set(st.binary(min_size=1, max_size=5)).map(lambda contents: {"BS": contents}),
)


def _deep(levels: int) -> Raw:
    return {"L": [_deep(levels - 1)]} if levels else {"M": {}}


ATTRIBUTES: st.SearchStrategy[Raw] = st.recursive(
    SCALARS | st.just(_deep(30)) | st.just({"L": [{"S": "x"}] * 5000}),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda members: {"L": members}),
        st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3).map(
            lambda members: {"M": members}
        ),
    ),
    max_leaves=4,
)


def as_json(value: Any) -> Any:
    """An item as the event of a Lambda function brings it: bytes are base64 text."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {name: as_json(inner) for name, inner in value.items()}
    return [as_json(inner) for inner in value] if isinstance(value, list) else value
