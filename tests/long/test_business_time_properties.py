"""Any calendar at all, compared with two answers that were reached another way.

`MinuteByMinute` knows none of the tricks of the module: it reads the clock of the zone at every
minute of three weeks, looks where on that list an edge of a segment falls, and counts minutes. The
PyPI package workclock, a compiled engine of other authors, serves for spans of decades.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import workclock
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.weekly_hours import WEEKDAYS
from sla_watchdog.domain.time.years import TimeOutOfRange

MINUTE, HOUR, DAY = 60, 3600, 86_400

often = settings(max_examples=200, deadline=None)
"""For questions within days of a turn of the clock, which cost little."""
seldom = settings(max_examples=60, deadline=None)
"""For questions over decades: each example lays out all their years."""

SKIPPED_DATES = [
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kwajalein", "1993-08-21"),
    ("Pacific/Kiritimati", "1994-12-31"),
]

TURNS = [
    ("UTC", "2026-01-01"),  # New Year in UTC
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-11-01"),
    ("America/New_York", "2027-01-01"),  # New Year far from UTC's
    ("Australia/Lord_Howe", "2026-04-05"),  # half an hour
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Sao_Paulo", "2015-10-18"),  # midnight does not exist
    ("America/Sao_Paulo", "2016-02-21"),  # 23:00 comes twice
    ("America/Havana", "2024-11-03"),  # midnight comes twice
    ("America/St_Johns", "2009-11-01"),  # at 00:01, back over midnight
    ("Antarctica/Troll", "2026-03-29"),  # two hours
    ("Antarctica/Troll", "2026-10-25"),
    ("Asia/Kathmandu", "1986-01-01"),  # a quarter of an hour, for good
    *SKIPPED_DATES,
]


def midnight(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}T00:00Z").timestamp())


@cache
def readings(zone: str, around: str) -> dict[int, datetime]:
    """What the clock on the wall shows at every minute from ten days before to ten days after."""
    here, turn = ZoneInfo(zone), midnight(around)
    minutes = range(turn - 10 * DAY, turn + 10 * DAY, MINUTE)
    return {at: datetime.fromtimestamp(at, here).replace(tzinfo=None) for at in minutes}


@cache
def first_shown(zone: str, around: str) -> dict[datetime, int]:
    shown: dict[datetime, int] = {}
    for at, reading in readings(zone, around).items():
        shown.setdefault(reading, at)
    return shown


@cache
def dates(zone: str, around: str) -> list[date]:
    """The local dates that the list of readings holds in full."""
    return sorted({reading.date() for reading in readings(zone, around).values()})[2:-2]


class MinuteByMinute:
    def __init__(self, spec: Mapping[str, Any], around: str) -> None:
        self.spec = spec
        self.readings = readings(spec["timezone"], around)
        self.first_shown = first_shown(spec["timezone"], around)
        self.open = {at for on in dates(spec["timezone"], around) for at in self.open_on(on)}

    def open_on(self, on: date) -> Iterator[int]:
        text = on.isoformat()
        if text in self.spec["overrides"]:
            segments = self.spec["overrides"][text]
        elif text in self.spec["holidays"]:
            segments = []
        else:
            segments = self.spec["hours"].get(WEEKDAYS[on.weekday()], [])
        for opens, closes in segments:
            night = timedelta(days=1 if closes < opens else 0)
            yield from range(self.edge(on, opens), self.edge(on + night, closes), MINUTE)

    def edge(self, on: date, clock: str) -> int:
        hours, minutes = map(int, clock.split(":"))
        wanted = datetime.combine(on, time()) + timedelta(hours=hours, minutes=minutes)
        if wanted in self.first_shown:
            return self.first_shown[wanted]
        shown_before = wanted
        while shown_before not in self.first_shown:
            shown_before -= timedelta(minutes=1)
        return self.first_shown[shown_before] + int((wanted - shown_before).total_seconds())

    def between(self, start: int, end: int) -> int:
        if end < start:
            return -self.between(end, start)
        return sum(
            max(0, min(end, minute + MINUTE) - max(start, minute))
            for minute in range(start - start % MINUTE, end, MINUTE)
            if minute in self.open
        )

    def add(self, at: int, left: int) -> int:
        while left:
            step = MINUTE - at % MINUTE
            if at - at % MINUTE in self.open:
                step = min(step, left)
                left -= step
            at += step
        return at

    def subtract(self, at: int, left: int) -> int:
        while left:
            step = at % MINUTE or MINUTE
            if (at - 1) - (at - 1) % MINUTE in self.open:
                step = min(step, left)
                left -= step
            at -= step
        return at


clock_times = st.builds(
    "{:02d}:{:02d}".format,
    st.sampled_from([0, 1, 2, 3, 4, 9, 12, 17, 22, 23]),
    st.sampled_from([0, 15, 30, 59]),
)
segments = st.lists(st.tuples(clock_times, clock_times | st.just("24:00")), max_size=3)
by_day = segments.filter(lambda found: all(opens < closes for opens, closes in found))
weeks = st.one_of(
    st.just({day: [("00:00", "24:00")] for day in WEEKDAYS}),
    st.dictionaries(st.sampled_from(WEEKDAYS), segments),
    segments.map(lambda daily: dict.fromkeys(WEEKDAYS, daily)),
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    zone, around = draw(st.sampled_from(TURNS))
    near = st.integers(-5, 5).map(lambda n: (date.fromisoformat(around) + timedelta(n)).isoformat())
    spec = {
        "timezone": zone,
        "hours": draw(weeks),
        "holidays": draw(st.lists(near, max_size=2)),
        "overrides": draw(st.dictionaries(near, segments, max_size=2)),
    }
    return spec, around


def near_the_turn(around: str) -> st.SearchStrategy[int]:
    """Instants within five days; often close to the turn, and on whole hours."""
    turn = midnight(around)
    return st.one_of(
        st.integers(-5 * DAY, 5 * DAY),
        st.integers(-5 * 24, 5 * 24).map(lambda hours: hours * HOUR),
        st.integers(-30 * HOUR, 30 * HOUR),
    ).map(lambda shift: turn + shift)


class TestBesideTheOracle:
    @often
    @given(st.data(), situations())
    def test_between_and_is_open(self, data: st.DataObject, situation: tuple[Any, str]) -> None:
        spec, around = situation
        hours, oracle = Calendar.from_spec(spec), MinuteByMinute(spec, around)
        start, end = data.draw(near_the_turn(around)), data.draw(near_the_turn(around))
        assert hours.between(start, end) == oracle.between(start, end)
        assert hours.is_open(start) == (start - start % MINUTE in oracle.open)

    @often
    @given(st.data(), situations())
    def test_add_and_next_opening(self, data: st.DataObject, situation: tuple[Any, str]) -> None:
        spec, around = situation
        hours, oracle = Calendar.from_spec(spec), MinuteByMinute(spec, around)
        start, end = data.draw(near_the_turn(around)), midnight(around) + 5 * DAY
        open_time = oracle.between(start, end)
        assume(open_time > 0)
        seconds = data.draw(st.one_of(st.integers(0, open_time), st.just(open_time)))
        assert hours.add(start, seconds) == oracle.add(start, seconds)
        assert hours.next_opening(start) == oracle.add(start, 1) - 1

    @often
    @given(st.data(), situations())
    def test_subtract(self, data: st.DataObject, situation: tuple[Any, str]) -> None:
        spec, around = situation
        hours, oracle = Calendar.from_spec(spec), MinuteByMinute(spec, around)
        start, end = midnight(around) - 5 * DAY, data.draw(near_the_turn(around))
        open_time = oracle.between(start, end)
        assume(open_time > 0)
        seconds = data.draw(st.one_of(st.integers(0, open_time), st.just(open_time)))
        assert hours.subtract(end, seconds) == oracle.subtract(end, seconds)


decades = st.integers(midnight("1985-01-01"), midnight("2045-01-01"))
durations = st.integers(1, 60 * HOUR) | st.integers(1, 3000 * HOUR)


def opens(week: Mapping[str, list[tuple[str, str]]]) -> bool:
    return any(opens != closes for segments in week.values() for opens, closes in segments)


working = situations().filter(lambda situation: opens(situation[0]["hours"]))


def answer(move: Callable[[int, int], int], at: int, seconds: int) -> int:
    """For a week that is not so short that the answer lies centuries away, or in no gap's reach."""
    try:
        return move(at, seconds)
    except (NoWorkingTime, TimeOutOfRange):
        assume(False)
        raise


class TestBesideItself:
    @seldom
    @given(working, decades, durations)
    def test_add_is_exact_and_earliest(
        self, situation: tuple[Any, str], start: int, seconds: int
    ) -> None:
        hours = Calendar.from_spec(situation[0])
        end = answer(hours.add, start, seconds)
        assert hours.between(start, end) == seconds
        assert hours.between(start, end - 1) == seconds - 1

    @seldom
    @given(working, decades, durations)
    def test_subtract_is_exact_and_latest(
        self, situation: tuple[Any, str], end: int, seconds: int
    ) -> None:
        hours = Calendar.from_spec(situation[0])
        start = answer(hours.subtract, end, seconds)
        assert hours.between(start, end) == seconds
        assert hours.between(start + 1, end) == seconds - 1

    @seldom
    @given(working, decades, durations)
    def test_there_and_back_is_the_next_opening(
        self, situation: tuple[Any, str], start: int, seconds: int
    ) -> None:
        hours = Calendar.from_spec(situation[0])
        end = answer(hours.add, start, seconds)
        assert hours.subtract(end, seconds) == hours.next_opening(start)

    @seldom
    @given(working, decades, durations, durations)
    def test_two_steps_are_one(
        self, situation: tuple[Any, str], start: int, first: int, second: int
    ) -> None:
        hours = Calendar.from_spec(situation[0])
        end = answer(hours.add, start, first + second)
        assert hours.add(hours.add(start, first), second) == end

    @seldom
    @given(working, decades, decades, decades)
    def test_time_adds_up(self, situation: tuple[Any, str], a: int, b: int, c: int) -> None:
        hours = Calendar.from_spec(situation[0])
        assert hours.between(a, b) + hours.between(b, c) == hours.between(a, c)

    @seldom
    @given(working, decades, st.lists(decades, min_size=1, max_size=3), durations)
    def test_answers_do_not_depend_on_earlier_questions(
        self, situation: tuple[Any, str], start: int, earlier: list[int], seconds: int
    ) -> None:
        fresh, asked = Calendar.from_spec(situation[0]), Calendar.from_spec(situation[0])
        for at in earlier:
            asked.between(at, start)
        assert asked.add(start, seconds) == answer(fresh.add, start, seconds)

    @seldom
    @given(st.sampled_from(TURNS), decades, decades)
    def test_transitions_add_up_to_the_difference_of_the_offsets(
        self, turn: tuple[str, str], start: int, end: int
    ) -> None:
        start, end = min(start, end), max(start, end)
        hours = Calendar.from_spec({"timezone": turn[0]})
        offset = [datetime.fromtimestamp(at, hours.zone).utcoffset() for at in (start, end)]
        shift = timedelta(seconds=sum(c.after - c.before for c in hours.transitions(start, end)))
        assert None not in offset
        assert offset[0] + shift == offset[1]  # type: ignore[operator]


def workclock_schedule(spec: Mapping[str, Any]) -> workclock.Schedule:
    """It has no overrides, and its holidays cut a night shift at midnight where ours do not; to a
    date that a zone skipped it gives the hours of its weekday on the next date, and we none (A5).
    """

    def clock(text: str) -> time:
        return time() if text == "24:00" else time.fromisoformat(text)

    days = [
        workclock.WorkDay(clock(opens), clock(closes), [WEEKDAYS.index(day)])
        for day, found in spec["hours"].items()
        for opens, closes in found
        if opens != closes
    ]
    holidays = workclock.Holidays([date.fromisoformat(text) for text in spec["holidays"]])
    return workclock.Schedule([*days, holidays], time_zone=spec["timezone"])


@st.composite
def plain_specs(draw: st.DrawFn) -> dict[str, Any]:
    zone, around = draw(st.sampled_from(TURNS).filter(lambda turn: turn not in SKIPPED_DATES))
    nights = draw(st.booleans())
    daily = segments if nights else by_day
    hours = draw(st.dictionaries(st.sampled_from(WEEKDAYS), daily, min_size=1))
    assume(opens(hours))
    near = st.integers(-400, 400).map(lambda n: date.fromisoformat(around) + timedelta(n))
    holidays = [] if nights else draw(st.lists(near.map(date.isoformat), max_size=5))
    return {"timezone": zone, "hours": hours, "holidays": holidays}


settled = st.integers(midnight("1985-01-01"), midnight("2015-01-01"))
"""Workclock brings zone data of its own: only on the past do all versions agree."""


class TestBesideWorkclock:
    @seldom
    @given(plain_specs(), settled, settled)
    def test_between(self, spec: dict[str, Any], start: int, end: int) -> None:
        theirs = workclock_schedule(spec).between(utc(start), utc(end))
        assert Calendar.from_spec(spec).between(start, end) == theirs.total_seconds()

    @seldom
    @given(plain_specs(), settled, durations)
    def test_add_and_subtract(self, spec: dict[str, Any], at: int, seconds: int) -> None:
        theirs, ours = workclock_schedule(spec), Calendar.from_spec(spec)
        length = timedelta(seconds=seconds)
        later, earlier = answer(ours.add, at, seconds), answer(ours.subtract, at, seconds)
        assume(later < midnight("2025-01-01"))
        assert later == theirs.add(utc(at), length).timestamp()
        assert earlier == theirs.sub(utc(at), length).timestamp()


def utc(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
