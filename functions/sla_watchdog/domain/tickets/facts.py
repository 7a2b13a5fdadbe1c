"""Facts: assertions about the past, kept as a set, from which everything else is computed.

Union is the only operation, so a record seen twice, late or out of order changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
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
    by_ticket: dict[str, dict[str, Series]] = {}
    for ticket, fields in sorted(_grouped(facts).items()):
        series_by_field = by_ticket[ticket] = {}
        for name in sorted(fields):
            series_by_field[name] = _in_order(fields[name])
    return by_ticket


def _grouped(facts: Iterable[Fact]) -> dict[str, dict[str, list[Fact]]]:
    """By ticket and field."""
    groups: dict[str, dict[str, list[Fact]]] = {}
    for fact in facts:
        fields = groups.setdefault(fact.ticket, {})
        fields.setdefault(fact.field, []).append(fact)
    return groups


def _in_order(facts: list[Fact]) -> Series:
    """In order of time, without repetitions."""
    if len(facts) > 1:
        facts = sorted(set(facts), key=_in_time)
    return tuple(facts)


def _in_time(fact: Fact) -> tuple[int, str]:
    return fact.at, str(fact.value)


def _with(series: Series, new: Iterable[Fact]) -> Series:
    """The series with new facts, put in their places. The many old facts are not sorted again."""
    merged = list(series)
    for fact in dict.fromkeys(new):
        insort(merged, fact, key=_in_time)
    return tuple(merged)


def _with_fields(
    fields: Mapping[str, Series], added: Mapping[str, list[Fact]]
) -> dict[str, Series]:
    merged = dict(fields)
    for name, facts in added.items():
        merged[name] = _with(merged.get(name, ()), facts)
    return _sorted(merged, len(fields))


def _sorted(named: dict[str, T], before: int) -> dict[str, T]:
    """Sorted by name. `before` is the number of names before; where none was added, nothing is
    sorted.
    """
    if len(named) == before:
        return named
    return dict(sorted(named.items()))


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
        total = 0
        for fields in self._series.values():
            total += sum(map(len, fields.values()))
        return total

    def __or__(self, more: Iterable[Fact]) -> Facts:
        """Only the series that gain a fact are made anew: a long history is cheap to add to."""
        if not self._series:
            return Facts.of(more)
        added = _grouped(fact for fact in more if fact not in self)
        if not added:
            return self
        by_ticket = dict(self._series)
        for ticket, fields in added.items():
            before = by_ticket.get(ticket, {})
            by_ticket[ticket] = _with_fields(before, fields)
        return Facts(_sorted(by_ticket, len(self._series)))

    def __contains__(self, fact: Fact) -> bool:
        series = self.of_field(fact.ticket, fact.field)
        index = bisect_left(series, _in_time(fact), key=_in_time)
        return fact in series[index : index + 2]  # a text and a tuple of it may read alike

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
        changes = [series[0]]
        for before, after in pairwise(series):
            if before.value != after.value:
                changes.append(after)
        return tuple(changes)

    def latest(self, ticket: str, name: str) -> Value:
        """The value of a state now; empty where it was never asserted."""
        series = self.of_field(ticket, name)
        if not series:
            return ""
        return series[-1].value

    def as_of(self, ticket: str, name: str, at: int) -> Value:
        """The value in force at `at`; empty before the first assertion."""
        series = self.of_field(ticket, name)
        index = bisect_right(series, at, key=lambda fact: fact.at)
        if index == 0:
            return ""
        return series[index - 1].value

    def first_seen(self, ticket: str) -> int | None:
        """The earliest time of any fact of the ticket."""
        every_series = self._series.get(ticket, {}).values()
        return min((series[0].at for series in every_series), default=None)

    def last_seen(self, ticket: str) -> int | None:
        """The latest time of a fact of the ticket; problems in reading it do not count."""
        times = []
        for name, series in self._series.get(ticket, {}).items():
            if not name.startswith(UNREADABLE):
                times.append(series[-1].at)
        return max(times, default=None)
