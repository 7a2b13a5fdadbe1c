"""Parts of the compiled policy, asked for by type: what the build did not write is named by its
path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from attrs import field, frozen

from sla_watchdog.errors import SlaWatchdogError


@frozen
class DamagedPolicy(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The compiled policy is not what the build wrote. Nothing can be judged without it."""

    where: str
    problem: str

    def __str__(self) -> str:
        where = f" at {self.where}" if self.where else ""
        return f"the compiled policy is damaged{where}: {self.problem}; build and deploy it again"


@frozen
class Part:
    """A part of the compiled form, by its path. Each question raises `DamagedPolicy` for the wrong
    type.
    """

    path: str
    value: object
    name: str = ""
    """The last step of the path; of a member of a list, that of the list."""
    defined: dict[str, dict[str, Any]] = field(factory=dict, eq=False, repr=False)
    """What the sections read so far define, by section and name; one dictionary for all parts."""

    def damaged(self, expected: str) -> Exception:
        return DamagedPolicy(self.path, f"{expected} expected")

    def missing(self, key: str) -> Self:
        raise DamagedPolicy(self.at(key, None).path, "missing")

    def __getitem__(self, key: str) -> Self:
        return self.at(key, self.entries()[key]) if self.has(key) else self.missing(key)

    def at(self, key: str, value: object) -> Self:
        path = f"{self.path}.{key}" if self.path else key
        return type(self)(path, value, key, self.defined)

    def of(self, value: object) -> Self:
        """Something else that stands in its place."""
        return type(self)(self.path, value, self.name, self.defined)

    def called(self, name: str) -> Self:
        return type(self)(self.path, self.value, name, self.defined)

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def __iter__(self) -> Iterator[Self]:
        if not isinstance(self.value, list):
            raise self.damaged("a list")
        for n, value in enumerate(self.value):
            yield type(self)(f"{self.path}[{n}]", value, self.name, self.defined)

    def entries(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            raise self.damaged("an object")
        return self.value

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.damaged("a text")
        return self.value

    def integer(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.damaged("a whole number")
        return self.value

    def number(self) -> float:
        return self.value if isinstance(self.value, float) else self.integer()

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.damaged("true or false")
        return self.value
