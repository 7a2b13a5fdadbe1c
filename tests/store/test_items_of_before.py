"""Stored cases that hold less than today's version writes, or what no version wrote."""

from __future__ import annotations

from typing import Any

import pytest

from sla_watchdog.adapters.dynamodb.case_item import case_of, findings_of
from sla_watchdog.domain.escalation.case import Case, DamagedItem


def test_a_case_of_a_version_that_stored_less_is_read() -> None:
    item = {"pk": {"S": "C#T-1"}, "sk": {"S": "W"}, "rev": {"N": "3"}, "facts": {"S": "{}"}}
    assert case_of(item) == Case("T-1", rev=3)
    assert findings_of(item) == []


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ({"next_at": {"S": "soon"}}, "next_at is no whole number"),
        ({"members": {"L": [{"N": "1"}]}}, "members[0] is no text"),
        ({"breached": {"M": {"T-1/age": {"N": "1.5"}}}}, "breached.T-1/age is no whole number"),
        (
            {"reached": {"M": {"k": {"M": {"clock": {"S": "c"}, "recipient": {"S": "r"}}}}}},
            "reached.k.level is no whole number",
        ),
    ],
)
def test_a_damaged_attribute_is_named_by_its_path(attribute: dict[str, Any], said: str) -> None:
    item = {"pk": {"S": "C#T-1"}, "rev": {"N": "3"}, "facts": {"S": "{}"}, **attribute}
    assert case_of(item) == DamagedItem("T-1", said)
