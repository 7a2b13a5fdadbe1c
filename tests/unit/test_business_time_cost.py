"""What a question costs, counted and not timed: years built, and entries of the years looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from math import log2
from typing import Any, SupportsIndex

import attrs
import pytest

from building import DAY
from sla_watchdog.domain.time import offsets, wall_clock
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.open_years import OpenYears

YEAR = 365 * DAY + DAY // 4
NOON = 1_781_524_800
"""2026-06-15T12:00Z, a Monday."""

SPEC = {
    "timezone": "America/New_York",
    "hours": {
        day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")
    },
}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often each year was built, by its first instant."""
    counted: Counter[int] = Counter()
    build = OpenYears._opened

    def counting(self: Any, since: int, until: int) -> Iterator[tuple[int, int]]:
        counted[since] += 1
        return build(self, since, until)

    monkeypatch.setattr(OpenYears, "_opened", counting)
    return counted


class Counting(list[int]):
    """A list that counts how many of its entries were looked at."""

    looks = 0

    def __getitem__(self, index: Any) -> Any:
        Counting.looks += 1
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[int]:
        Counting.looks += len(self)
        return super().__iter__()

    def __contains__(self, value: object) -> bool:
        Counting.looks += len(self)
        return super().__contains__(value)

    def index(self, value: int, start: SupportsIndex = 0, stop: SupportsIndex = 0) -> int:
        Counting.looks += len(self)
        return super().index(value, start, stop or len(self))


QUESTIONS = {
    "between": lambda hours, start, end: hours.between(start, end),
    "add": lambda hours, start, end: hours.add(start, end // 7 - start // 7),
    "subtract": lambda hours, start, end: hours.subtract(end, end // 7 - start // 7),
    "next_opening": lambda hours, start, end: hours.next_opening(end),
    "is_open": lambda hours, start, end: hours.is_open(end),
}
Question = Callable[[Calendar, int, int], Any]
questions = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())


def looks(question: Question, years: int) -> tuple[int, int]:
    """Entries looked at by a question over so many years that are built, and how many there are."""
    hours = Calendar.from_spec(SPEC)
    start, end = NOON, NOON + years * YEAR
    hours.between(start - YEAR, end + YEAR)
    line = hours._open_years._laid_out
    assert line
    names = ("opens", "closes", "worked_until")
    counting = attrs.evolve(line, **{name: Counting(getattr(line, name)) for name in names})
    hours._open_years._laid_out = counting
    Counting.looks = 0
    question(hours, start, end)
    assert hours._open_years._laid_out is counting, "the years were all built before"
    return Counting.looks, len(line.opens)


@questions
@pytest.mark.parametrize("years", [1, 10, 100])
def test_a_question_costs_at_most_three_bisections(question: Question, years: int) -> None:
    looked, entries = looks(question, years)
    assert 0 < looked <= 3 * (log2(entries) + 4)


@questions
def test_a_hundred_times_the_years_cost_one_more_look_for_each_doubling(question: Question) -> None:
    assert looks(question, 100)[0] - looks(question, 1)[0] <= 3 * (log2(100) + 1)


def test_the_count_would_show_a_loop() -> None:
    """The ruler itself: a walk over the spans is counted as one look for each."""
    looked, entries = looks(lambda hours, start, end: sum(hours._open_years._laid_out.opens), 10)
    assert looked == entries


def test_nothing_is_built_before_the_first_question(built: Counter[int]) -> None:
    Calendar.from_spec(SPEC)
    assert not built


def test_a_question_within_a_year_builds_that_year(built: Counter[int]) -> None:
    hours = Calendar.from_spec(SPEC)
    for _ in range(3):
        hours.between(NOON, NOON + 9 * DAY)
        hours.add(NOON, 100_000)
        hours.subtract(NOON, 100_000)
    assert list(built.values()) == [1]


def test_no_year_is_built_twice(built: Counter[int]) -> None:
    hours = Calendar.from_spec(SPEC)
    for years in (3, -3, 20, -20, 1, 0, 60, -60):
        at = NOON + years * YEAR
        hours.between(NOON, at)
        hours.add(at, 5_000_000)
        hours.subtract(at, 5_000_000)
        hours.next_opening(at)
    assert set(built.values()) == {1}
    assert 121 <= len(built) <= 125


def test_a_step_over_new_year_builds_one_more_however_many_there_are(built: Counter[int]) -> None:
    hours = Calendar.from_spec(SPEC)
    hours.between(NOON - 50 * YEAR, NOON)
    before = len(built)
    hours.add(NOON + 190 * DAY, 20 * DAY)
    assert len(built) == before + 1


def test_a_calendar_that_never_opens_builds_no_more_than_its_horizon(built: Counter[int]) -> None:
    hours = Calendar.from_spec({"timezone": "UTC"})
    for _ in range(3):
        for search in (hours.next_opening, lambda at: hours.add(at, 1)):
            with pytest.raises(NoWorkingTime):
                search(NOON)
    assert sum(built.values()) <= 3


def test_the_offset_of_a_zone_is_read_some_hundred_times_a_year(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads = Counter[str]()
    offset = offsets.offset_of

    def counting(*arguments: Any) -> int:
        reads["offset"] += 1
        return offset(*arguments)

    for module in (offsets, wall_clock):
        monkeypatch.setattr(module, "offset_of", counting)
    Calendar.from_spec(SPEC).between(NOON, NOON)
    assert reads["offset"] < 200
