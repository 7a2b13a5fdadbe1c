"""How the last level of a ladder comes again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_watchdog.domain.policy.model import LONGEST_GAP, Repeat

MINUTE, HOUR, DAY = 60, 3600, 86400
repeats = st.builds(Repeat, st.integers(MINUTE, LONGEST_GAP), st.booleans())


def gaps(repeat: Repeat, count: int) -> list[int]:
    return [repeat.offset(n + 1) - repeat.offset(n) for n in range(count)]


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [
        (Repeat(DAY, doubling=True), [1 * DAY, 2 * DAY, 4 * DAY, 7 * DAY, 7 * DAY]),
        (
            Repeat(8 * HOUR, doubling=True),
            [8 * HOUR, 16 * HOUR, 32 * HOUR, 64 * HOUR, 128 * HOUR, 7 * DAY, 7 * DAY],
        ),
        (Repeat(7 * DAY, doubling=True), [7 * DAY, 7 * DAY]),
        (Repeat(DAY, doubling=False), [DAY, DAY, DAY]),
    ],
    ids=["a day", "eight hours", "a week", "always a day"],
)
def test_gaps_double_up_to_a_week_and_then_stay(repeat: Repeat, expected: list[int]) -> None:
    assert gaps(repeat, len(expected)) == expected


@given(repeats)
def test_each_gap_is_twice_the_one_before_or_a_week(repeat: Repeat) -> None:
    gap = repeat.every
    for found in gaps(repeat, 20):
        assert found == gap
        gap = min(2 * gap, LONGEST_GAP) if repeat.doubling else gap


@given(repeats, st.integers(0, 400 * DAY))
def test_the_latest_repetition_is_the_last_that_has_come(repeat: Repeat, seconds: int) -> None:
    latest = repeat.latest(seconds)
    assert repeat.offset(latest) <= seconds < repeat.offset(latest + 1)


@given(repeats)
def test_there_is_no_last_repetition(repeat: Repeat) -> None:
    century = 100 * 365 * DAY
    assert repeat.latest(century) >= century // LONGEST_GAP
