"""Facts: assertions about the past, kept as a set, from which everything else is computed again at will.

Union is the only operation, so a record seen twice, late or out of order changes nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator

from attrs import field, frozen

UNREADABLE = "unreadable:"
"""Prefix of the states that hold what could not be read of a record, and why."""

Value = str | tuple[str, ...]


@frozen(order=True)
class Fact:
    """`field` of `ticket` is (or did) `value` since (or at) `at`, in epoch seconds.

    Of an event (`created`, `agent_reply`, …) every assertion counts; of a state (`status`, `team`, …) the changes.
    """

    ticket: str
    field: str
    at: int
    value: Value = ""


Series = tuple[Fact, ...]


def _by_field(facts: Iterable[Fact]) -> dict[tuple[str, str], Series]:
    grouped: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in sorted(facts, key=lambda f: (f.ticket, f.field, f.at, str(f.value))):
        grouped[fact.ticket, fact.field].append(fact)
    return {key: tuple(series) for key, series in grouped.items()}


@frozen
class Facts:
    """An immutable set of facts, sorted by ticket, field and time."""

    _series: dict[tuple[str, str], Series] = field(factory=dict, alias="series")

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Facts:
        return cls(_by_field(set(facts)))

    def __iter__(self) -> Iterator[Fact]:
        for series in self._series.values():
            yield from series

    def __len__(self) -> int:
        return sum(map(len, self._series.values()))

    def __or__(self, more: Iterable[Fact]) -> Facts:
        added = set(more).difference(self)
        return Facts.of({*self, *added}) if added else self

    def tickets(self) -> tuple[str, ...]:
        return tuple(sorted({ticket for ticket, _ in self._series}))

    def fields(self, ticket: str) -> tuple[str, ...]:
        return tuple(name for owner, name in self._series if owner == ticket)

    def of_field(self, ticket: str, name: str) -> Series:
        return self._series.get((ticket, name), ())

    def changes(self, ticket: str, name: str) -> Series:
        """The assertions that changed the value of a state, oldest first."""
        series = self.of_field(ticket, name)
        return tuple(fact for i, fact in enumerate(series) if not i or series[i - 1].value != fact.value)

    def latest(self, ticket: str, name: str) -> Value:
        """The value of a state now; empty where nothing was ever said."""
        series = self.of_field(ticket, name)
        return series[-1].value if series else ""

    def as_of(self, ticket: str, name: str, at: int) -> Value:
        """The value in force at `at`; empty before the first assertion."""
        series = self.of_field(ticket, name)
        index = bisect_right(series, at, key=lambda fact: fact.at)
        return series[index - 1].value if index else ""

    def last_seen(self, ticket: str) -> int | None:
        """The latest time for which the ticket itself says anything; problems in reading it do not count."""
        times = (
            series[-1].at
            for (owner, name), series in self._series.items()
            if owner == ticket and not name.startswith(UNREADABLE)
        )
        return max(times, default=None)
