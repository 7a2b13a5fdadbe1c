"""Parts of the compiled policy, asked for by type: what the build did not write is named by its
path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

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

    def damaged(self, expected: str) -> DamagedPolicy:
        return DamagedPolicy(self.path, f"{expected} expected")

    def __getitem__(self, key: str) -> Part:
        path = f"{self.path}.{key}" if self.path else key
        if not isinstance(self.value, dict) or key not in self.value:
            raise DamagedPolicy(path, "missing")
        return Part(path, self.value[key])

    def get(self, key: str) -> Part:
        """One that is only written where it says something."""
        known = isinstance(self.value, dict) and key in self.value
        return self[key] if known else Part(key, None)

    def __iter__(self) -> Iterator[Part]:
        if not isinstance(self.value, list):
            raise self.damaged("a list")
        return (Part(f"{self.path}[{n}]", value) for n, value in enumerate(self.value))

    def items(self) -> Iterator[tuple[str, Part]]:
        if not isinstance(self.value, dict):
            raise self.damaged("an object")
        return ((str(key), self[key]) for key in self.value)

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.damaged("a text")
        return self.value

    def optional_text(self) -> str | None:
        return None if self.value is None else self.text()

    def integer(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.damaged("a whole number")
        return self.value

    def optional_integer(self) -> int | None:
        return None if self.value is None else self.integer()

    def optional_number(self) -> float | None:
        return self.value if isinstance(self.value, float) or self.value is None else self.integer()

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.damaged("true or false")
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(part.text() for part in self)

    def text_map(self) -> dict[str, str]:
        return {key: part.text() for key, part in self.items()}

    def name_in(self, known: Mapping[str, object]) -> str:
        name = self.text()
        if name not in known:
            raise DamagedPolicy(self.path, f'nothing is called "{name}"')
        return name
