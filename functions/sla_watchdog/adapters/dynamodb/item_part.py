"""Parts of an item, for the codec that reads the fields of our classes: numbers are decimals, what
is missing has no value, and what does not fit is damage that names its path.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from sla_watchdog.adapters.dynamodb.facts_text import DamageError
from sla_watchdog.domain.policy.json_part import Part

SAID_OF = {"true or false": "neither true nor false", "an object": "no map"}


@frozen
class ItemPart(Part):
    """Each question raises `DamageError` for the wrong type."""

    def damaged(self, expected: str) -> DamageError:
        said = SAID_OF.get(expected) or expected.replace("a ", "no ", 1)
        return DamageError(f"{self.path} is {said}")

    def missing(self, key: str) -> ItemPart:
        self.entries()
        return self.at(key, None)

    def integer(self) -> int:
        value = self.value
        if isinstance(value, Decimal) and value == value.to_integral_value():
            return int(value)
        return Part.integer(self)
