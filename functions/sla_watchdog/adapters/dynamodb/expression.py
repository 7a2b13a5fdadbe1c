"""An update put together piece by piece. Every name is a placeholder, so no word is reserved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from sla_watchdog.adapters.dynamodb.attributes import attribute


class Expression:
    """What is set, what is removed, and the conditions under which, of one item."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, dict[str, Any]] = {}
        self._sets: list[str] = []
        self._removals: list[str] = []
        self._conditions: list[str] = []

    def path(self, *steps: str) -> str:
        """The placeholders of a path; a step may hold dots, blanks and anything else."""
        return ".".join(map(self._name, steps))

    def _name(self, step: str) -> str:
        return self._names.setdefault(step, f"#n{len(self._names)}")

    def value(self, value: object) -> str:
        return self.stored(attribute(value))

    def stored(self, value: Mapping[str, Any]) -> str:
        """A value as it is stored, of whatever type."""
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = dict(value)
        return placeholder

    def set(self, *path: str, to: object) -> Self:
        self._sets.append(self.equals(*path, to=to))
        return self

    def set_stored(self, name: str, value: Mapping[str, Any]) -> Self:
        self._sets.append(f"{self.path(name)} = {self.stored(value)}")
        return self

    def set_if_absent(self, *path: str, to: object) -> Self:
        where = self.path(*path)
        self._sets.append(f"{where} = if_not_exists({where}, {self.value(to)})")
        return self

    def add(self, name: str, amount: int = 1) -> Self:
        """Adds to a number that counts as 0 while it is absent."""
        where = self.path(name)
        start = self.value(0)
        more = self.value(amount)
        self._sets.append(f"{where} = if_not_exists({where}, {start}) + {more}")
        return self

    def append(self, name: str, *members: object) -> Self:
        where = self.path(name)
        empty = self.value([])
        more = self.value(members)
        self._sets.append(f"{where} = list_append(if_not_exists({where}, {empty}), {more})")
        return self

    def set_or_remove(self, name: str, to: object) -> Self:
        """Removes what is None, 0, '' or empty: absent is the default of every attribute."""
        if to:
            return self.set(name, to=to)
        return self.remove(name)

    def remove(self, *path: str) -> Self:
        self._removals.append(self.path(*path))
        return self

    def remove_all(self, names: Iterable[str]) -> Self:
        for name in names:
            self.remove(name)
        return self

    def require(self, condition: str) -> Self:
        """A condition written with `path` and `value`; all of them must hold."""
        self._conditions.append(f"({condition})")
        return self

    def require_any(self, *conditions: str) -> Self:
        """One of the conditions must hold."""
        return self.require(" OR ".join(conditions))

    def compare(self, name: str, operator: str, value: object) -> str:
        """`operator` is one of DynamoDB's: `<`, `<=`, `<>`, `>=` or `>`."""
        return f"{self.path(name)} {operator} {self.value(value)}"

    def equals(self, *path: str, to: object) -> str:
        return f"{self.path(*path)} = {self.value(to)}"

    def as_stored(self, name: str, item: Mapping[str, Any]) -> str:
        """That the attribute is what it was when `item` was read, whatever its type; or absent
        still.
        """
        if name not in item:
            return self.absent(name)
        return f"{self.path(name)} = {self.stored(item[name])}"

    def absent(self, *path: str) -> str:
        return f"attribute_not_exists({self.path(*path)})"

    def present(self, *path: str) -> str:
        return f"attribute_exists({self.path(*path)})"

    def is_number(self, name: str) -> str:
        return f"attribute_type({self.path(name)}, {self.value('N')})"

    def request(self) -> dict[str, Any]:
        """As UpdateItem and the updates of a transaction take it."""
        parts = {
            "UpdateExpression": self._clauses(),
            "ConditionExpression": " AND ".join(self._conditions),
            "ExpressionAttributeNames": {
                placeholder: name for name, placeholder in self._names.items()
            },
            "ExpressionAttributeValues": self._values,
        }
        return {name: part for name, part in parts.items() if part}

    def _clauses(self) -> str:
        clauses = []
        if self._sets:
            clauses.append(f"SET {', '.join(self._sets)}")
        if self._removals:
            clauses.append(f"REMOVE {', '.join(self._removals)}")
        return " ".join(clauses)
