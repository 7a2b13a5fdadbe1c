"""When the next digest goes out, row by row: every expected instant was worked out by hand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from building import DAY, at, iso
from sla_watchdog.domain.policy.digest_time import EVERY_DAY, LONGEST_WAIT, DigestTime
from sla_watchdog.domain.time.years import TimeOutOfRange

NINE = DigestTime(EVERY_DAY, 9 * 3600)
MONDAYS = DigestTime(frozenset({0}), 9 * 3600)
MON_THU = DigestTime(frozenset({0, 3}), 9 * 3600)
HALF_PAST_TWO = DigestTime(EVERY_DAY, 2 * 3600 + 1800)
MIDNIGHT = DigestTime(EVERY_DAY, 0)
FRIDAYS = DigestTime(frozenset({4}), 9 * 3600)


def row(time: DigestTime, zone: str, since: str, first: str, name: str) -> object:
    return pytest.param(time, zone, since, first, id=name)


@pytest.mark.parametrize(
    ("time", "zone", "since", "first"),
    [
        row(NINE, "Europe/Berlin", "2026-03-02T08:59:59+01:00", "2026-03-02T09:00+01:00", "today"),
        row(NINE, "Europe/Berlin", "2026-03-02T09:00+01:00", "2026-03-02T09:00+01:00", "now"),
        row(
            NINE, "Europe/Berlin", "2026-03-02T09:00:01+01:00", "2026-03-03T09:00+01:00", "tomorrow"
        ),
        row(MONDAYS, "UTC", "2026-03-02T09:00:01", "2026-03-09T09:00", "a week later"),
        row(MON_THU, "UTC", "2026-03-02T09:00:01", "2026-03-05T09:00", "the other day"),
        row(MON_THU, "UTC", "2026-03-07T12:00", "2026-03-09T09:00", "over the weekend"),
        row(MONDAYS, "Pacific/Kiritimati", "2026-03-01T18:00", "2026-03-01T19:00", "14 h ahead"),
        row(MONDAYS, "Pacific/Pago_Pago", "2026-03-02T10:00", "2026-03-02T20:00", "11 h behind"),
        row(
            NINE, "Europe/Berlin", "2026-03-28T12:00+01:00", "2026-03-29T09:00+02:00", "spring"
        ),
        row(
            NINE, "Europe/Berlin", "2026-10-24T12:00+02:00", "2026-10-25T09:00+01:00", "autumn"
        ),
        row(
            HALF_PAST_TWO,
            "Europe/Berlin",
            "2026-03-29T00:00+01:00",
            "2026-03-29T03:30+02:00",
            "a time skipped in spring is read with the offset before (A3)",
        ),
        row(
            HALF_PAST_TWO,
            "Europe/Berlin",
            "2026-10-25T00:00+02:00",
            "2026-10-25T02:30+02:00",
            "a time repeated in autumn is its first occurrence (A4)",
        ),
        row(
            HALF_PAST_TWO,
            "Europe/Berlin",
            "2026-10-25T02:30+01:00",
            "2026-10-26T02:30+01:00",
            "the second occurrence is none (A4)",
        ),
        row(
            MIDNIGHT,
            "America/Sao_Paulo",
            "2018-11-03T12:00-03:00",
            "2018-11-04T01:00-02:00",
            "a midnight that does not exist",
        ),
        row(
            FRIDAYS,
            "Pacific/Apia",
            "2011-12-29T00:00-10:00",
            "2012-01-06T09:00+14:00",
            "a date that the zone skipped has none (A5)",
        ),
    ],
)  # fmt: skip
def test_the_first_digest_is_at_that_time_of_the_zone(
    time: DigestTime, zone: str, since: str, first: str
) -> None:
    assert iso(time.first_from(at(since), ZoneInfo(zone))) == iso(at(first))


zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"]
).map(ZoneInfo)
times = st.builds(
    DigestTime, st.frozensets(st.integers(0, 6), min_size=1), st.integers(0, 1439).map((60).__mul__)
)


@given(times, zones, st.integers(at("2005-01-01"), at("2035-01-01")))
def test_each_digest_is_the_first_from_the_one_before(
    time: DigestTime, zone: ZoneInfo, since: int
) -> None:
    first = time.first_from(since, zone)
    assert since <= first <= since + LONGEST_WAIT
    assert time.first_from(first, zone) == first
    following = time.first_from(first + 1, zone)
    assert first < following <= first + LONGEST_WAIT
    between = (first + following) // 2
    assert time.first_from(between, zone) == following
    if time.weekdays == EVERY_DAY and zone.key == "UTC":
        assert following - first == DAY


def test_years_without_calendars_have_no_digests() -> None:
    with pytest.raises(TimeOutOfRange):
        NINE.first_from(2**40, ZoneInfo("UTC"))
