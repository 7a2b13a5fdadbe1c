"""Facts: assertions about the past, kept as a set, from which everything else is computed again at
will.

Union is the only operation, so a record seen twice, late or out of order changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import TypeVar

from attrs import field, frozen

UNREADABLE = "unreadable:"
"""Prefix of the states that hold what could not be read of a record, and why."""

Value = str | tuple[str, ...]
T = TypeVar("T")


@frozen(order=True)
class Fact:
    """`field` of `ticket` is (or did) `value` since (or at) `at`, in epoch seconds.

    Of an event (`created`, `agent_reply`, …) every assertion counts; of a state (`status`,
    `team`, …) the changes.
    """

    ticket: str
    field: str
    at: int
    value: Value = ""


Series = tuple[Fact, ...]


def _by_ticket(facts: Iterable[Fact]) -> dict[str, dict[str, Series]]:
    grouped: dict[str, dict[str, list[Fact]]] = {}
    for fact in facts:
        grouped.setdefault(fact.ticket, {}).setdefault(fact.field, []).append(fact)
    return {
        ticket: {name: _in_order(series) for name, series in sorted(fields.items())}
        for ticket, fields in sorted(grouped.items())
    }


def _in_order(facts: list[Fact]) -> Series:
    """Each once."""
    return tuple(facts) if len(facts) == 1 else tuple(sorted(set(facts), key=_in_time))


def _in_time(fact: Fact) -> tuple[int, str]:
    return fact.at, str(fact.value)


def _holds(series: Series, fact: Fact) -> bool:
    index = bisect_left(series, _in_time(fact), key=_in_time)
    return fact in series[index : index + 2]  # a text and a tuple of it may read alike


def _with(series: Series, new: Iterable[Fact]) -> Series:
    """With facts that it does not hold, each put in its place: the many known ones are not sorted
    again.
    """
    merged = list(series)
    for fact in dict.fromkeys(new):
        insort(merged, fact, key=_in_time)
    return tuple(merged)


def _sorted(named: dict[str, T], before: int) -> dict[str, T]:
    """By name; as it is where no name was added to the `before` ones."""
    return named if len(named) == before else dict(sorted(named.items()))


@frozen
class Facts:
    """An immutable set of facts, by ticket and field, each series sorted by time."""

    _series: dict[str, dict[str, Series]] = field(factory=dict, alias="series")

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Facts:
        return cls(_by_ticket(facts))

    def __iter__(self) -> Iterator[Fact]:
        for fields in self._series.values():
            for series in fields.values():
                yield from series

    def __len__(self) -> int:
        return sum(len(series) for fields in self._series.values() for series in fields.values())

    def __or__(self, more: Iterable[Fact]) -> Facts:
        """Only the series that gain something are made anew, so a long history is cheap to add to."""
        if not self._series:
            return Facts.of(more)
        added: dict[str, dict[str, list[Fact]]] = {}
        for fact in more:
            if not _holds(self.of_field(fact.ticket, fact.field), fact):
                added.setdefault(fact.ticket, {}).setdefault(fact.field, []).append(fact)
        if not added:
            return self
        known = dict(self._series)
        for ticket, fields in added.items():
            mine = dict(known.get(ticket, ()))
            for name, facts in fields.items():
                mine[name] = _with(mine.get(name, ()), facts)
            known[ticket] = _sorted(mine, len(self._series.get(ticket, ())))
        return Facts(_sorted(known, len(self._series)))

    def tickets(self) -> tuple[str, ...]:
        return tuple(self._series)

    def fields(self, ticket: str) -> tuple[str, ...]:
        return tuple(self._series.get(ticket, ()))

    def of_field(self, ticket: str, name: str) -> Series:
        return self._series.get(ticket, {}).get(name, ())

    def changes(self, ticket: str, name: str) -> Series:
        """The assertions that changed the value of a state, oldest first."""
        series = self.of_field(ticket, name)
        if len(series) < 2:
            return series
        return tuple(
            fact for i, fact in enumerate(series) if not i or series[i - 1].value != fact.value
        )

    def latest(self, ticket: str, name: str) -> Value:
        """The value of a state now; empty where nothing was ever said."""
        series = self.of_field(ticket, name)
        return series[-1].value if series else ""

    def as_of(self, ticket: str, name: str, at: int) -> Value:
        """The value in force at `at`; empty before the first assertion."""
        series = self.of_field(ticket, name)
        index = bisect_right(series, at, key=lambda fact: fact.at)
        return series[index - 1].value if index else ""

    def first_seen(self, ticket: str) -> int | None:
        """The earliest time for which anything is said of the ticket."""
        return min((series[0].at for series in self._series.get(ticket, {}).values()), default=None)

    def last_seen(self, ticket: str) -> int | None:
        """The latest time for which the ticket itself says anything; problems in reading it do not
        count.
        """
        times = (
            series[-1].at
            for name, series in self._series.get(ticket, {}).items()
            if not name.startswith(UNREADABLE)
        )
        return max(times, default=None)
