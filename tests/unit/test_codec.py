"""The one codec: what is written of a policy is read back as the same policy, whatever it says; and
what is stored of a case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from local_stack.server import ROOT
from sla_watchdog.domain.policy.codec import fields_of, from_json, to_json
from sla_watchdog.domain.policy.compiled import DamagedPolicy, dump, load
from sla_watchdog.domain.policy.digest_time import DigestTime
from sla_watchdog.domain.policy.json_part import Part
from sla_watchdog.domain.policy.marks import JsonPlace, not_empty
from sla_watchdog.domain.policy.model import (
    SIGNALS,
    TARGETS,
    Acknowledge,
    After,
    Age,
    AtOnce,
    Audience,
    Before,
    Carried,
    Condition,
    Ladder,
    Level,
    Matters,
    Metric,
    Pauses,
    Percent,
    Policy,
    Repeat,
    Rule,
    Source,
    Target,
    Trigger,
)
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.domain.time.weekly_hours import WEEKDAYS
from sla_watchdog.tools.policy_file import read_policy

TODAY = date(2026, 3, 1)
FILES = sorted(
    [
        ROOT / "functions" / "policy.yaml",
        *(ROOT / "docs" / "recipes").glob("*.yaml"),
        *(Path(__file__).parent / "policy_files").glob("*.yaml"),
    ]
)

# ------------------------------------------------------------------ any policy

texts = st.text(max_size=6)
names = st.text("abc-", min_size=1, max_size=4)
seconds = st.integers(0, 10**6)
maybe_seconds = st.none() | seconds
text_maps = st.dictionaries(texts, texts, max_size=3)
text_sets = st.frozensets(texts, max_size=3)
dates = st.dates(date(2025, 1, 1), date(2031, 12, 31)).map(date.isoformat)
repeats = st.none() | st.builds(Repeat, st.integers(60, 7 * DAY), st.booleans())
conditions = st.builds(
    Condition,
    texts,
    text_sets,
    st.booleans(),
    st.none() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)


clocks = st.sampled_from(["00:00", "06:30", "09:00", "17:59", "23:59"])
hours = st.lists(st.tuples(clocks, clocks | st.just("24:00")).map(list), max_size=2)
calendars = st.fixed_dictionaries(
    {
        "timezone": st.sampled_from(["Europe/Berlin", "UTC"]),
        "hours": st.dictionaries(st.sampled_from(WEEKDAYS), hours, max_size=3),
        "holidays": st.lists(dates, max_size=2),
        "overrides": st.dictionaries(dates, hours, max_size=2),
    }
).map(Calendar.from_spec)


digest_times = st.builds(DigestTime, st.frozensets(st.integers(0, 6), min_size=1), seconds)


def levels(trigger: st.SearchStrategy[Trigger], audiences: list[str]) -> st.SearchStrategy[Level]:
    tell = st.lists(st.sampled_from(audiences), min_size=1, max_size=3).map(tuple)
    return st.builds(Level, trigger, tell, st.booleans(), repeats)


def ladders(
    name: str, trigger: st.SearchStrategy[Trigger], audiences: list[str]
) -> st.SearchStrategy[Ladder]:
    several = st.lists(levels(trigger, audiences), min_size=1, max_size=3)
    return st.builds(Ladder, st.just(name), several.map(tuple))


of_targets = st.one_of(
    st.builds(Percent, st.integers(1, 99)), st.builds(Before, seconds), st.builds(After, seconds)
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    open_hours = draw(st.dictionaries(names, calendars, min_size=1, max_size=2))
    told = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    called = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    climbed = {name: draw(ladders(name, of_targets, told)) for name in called}
    a_calendar, a_ladder = (
        st.sampled_from(sorted(open_hours)),
        st.sampled_from(list(climbed.values())),
    )
    targets = st.builds(
        Target,
        st.sampled_from(TARGETS),
        seconds,
        a_ladder,
        text_sets,
        st.sampled_from(["resolved", "closed"]),
        st.none() | texts,
    )
    rules = st.builds(
        Rule,
        texts,
        st.lists(conditions, max_size=2).map(tuple),
        a_calendar,
        st.lists(targets, max_size=2).map(tuple),
    )
    signals = draw(st.sets(st.sampled_from(list(SIGNALS)), max_size=3))
    return Policy(
        source=draw(
            st.builds(Source, text_maps, st.dictionaries(texts, text_sets, max_size=2), text_maps)
        ),
        timezone=draw(st.none() | texts),
        statuses=draw(text_maps),
        groups=draw(st.lists(texts, max_size=3).map(tuple)),
        priorities=draw(text_maps),
        severity=draw(st.lists(texts, max_size=3).map(tuple)),
        bots=draw(text_sets),
        shared=draw(text_sets),
        calendars=open_hours,
        audiences={
            name: Audience(
                name,
                draw(st.sampled_from([None, "team"])),
                draw(st.none() | a_calendar),
                draw(st.none() | digest_times),
                draw(st.frozensets(st.sampled_from(AtOnce), max_size=3)),
            )
            for name in told
        },
        ladders=climbed,
        rules=draw(st.lists(rules, min_size=1, max_size=2).map(tuple)),
        ceilings=draw(ladders("ceilings", st.builds(Age, seconds), told)),
        signals={
            metric: draw(ladders("signals", st.builds(SIGNALS[metric], seconds), told))
            for metric in sorted(signals)
        },
        pauses=draw(
            st.builds(
                Pauses,
                maybe_seconds,
                maybe_seconds,
                st.lists(st.sampled_from(told), max_size=2).map(tuple),
            )
        ),
        matters=draw(st.builds(Matters, seconds, seconds)),
        thanks=draw(maybe_seconds),
        judge_always=draw(st.frozensets(st.sampled_from(Carried))),
        acknowledge=draw(st.builds(Acknowledge, seconds, seconds)),
        digest_after=draw(seconds),
        holidays_until="2031-12-31",
        tzdata=draw(texts),
    )


@settings(max_examples=100, deadline=None)
@given(policies())
def test_any_policy_is_read_as_it_was_written(policy: Policy) -> None:
    text = dump(policy)
    found = load(text)
    assert evolve(found, hash="") == policy
    assert dump(found) == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_policy_file_is_read_as_it_was_written(path: Path) -> None:
    form = read_policy(path.read_text(), path.name, TODAY).form
    for today in (TODAY, TODAY + timedelta(days=500)):
        policy = form.as_of(today)
        assert evolve(load(dump(policy)), hash="") == policy


# ------------------------------------------------------------------ the codec alone


class Mood(StrEnum):
    GLAD = "glad"
    SAD = "sad"


@frozen
class Inch:
    length: Annotated[int, JsonPlace.WHOLE]


@frozen
class Metre:
    length: Annotated[float, JsonPlace.WHOLE]


@frozen
class Thing:
    name: Annotated[str, JsonPlace.KEY]
    size: Inch | Metre
    tags: frozenset[str] = frozenset()
    mood: Mood | None = None
    made_at: Annotated[int | None, JsonPlace.SPARSE] = None
    seen: Annotated[int, JsonPlace.BESIDE] = 0


@frozen
class Shelf:
    things: Annotated[Mapping[str, Thing], not_empty]
    notes: tuple[str, ...] = ()


FULL = Shelf(
    {
        "cup": Thing("cup", Inch(3), frozenset({"b", "a"}), Mood.GLAD, made_at=7),
        "tub": Thing("tub", Metre(1.5)),
    },
    ("one", "two"),
)


def test_a_class_is_written_as_its_fields_say() -> None:
    assert to_json(FULL) == {
        "things": {
            "cup": {"size": {"inch": 3}, "tags": ["a", "b"], "mood": "glad", "made_at": 7},
            "tub": {"size": {"metre": 1.5}, "tags": [], "mood": None},
        },
        "notes": ["one", "two"],
    }


def test_a_class_is_read_as_it_was_written() -> None:
    assert from_json(Shelf, Part("", json.loads(json.dumps(to_json(FULL))))) == FULL


def test_what_stands_beside_is_added_by_the_reader() -> None:
    cup = Part("", to_json(FULL)["things"]["cup"], name="cup")
    assert from_json(Thing, cup, seen=5) == evolve(FULL.things["cup"], seen=5)


@pytest.mark.parametrize(
    ("things", "said"),
    [
        ({}, "at things: at least one expected"),
        ({"cup": {"tags": [], "mood": None}}, "at things.cup.size: missing"),
        (
            {"cup": {"size": {"inch": 1, "metre": 2}}},
            "at things.cup.size: one of inch, metre expected",
        ),
        ({"cup": {"size": {"ell": 1}}}, "at things.cup.size: one of inch, metre expected"),
        (
            {"cup": {"size": {"inch": 1.5}}},
            "at things.cup.size.inch: a whole number expected",
        ),
        (
            {"cup": {"size": {"inch": 1}, "tags": ["a", 1]}},
            "at things.cup.tags[1]: a text expected",
        ),
        (
            {"cup": {"size": {"inch": 1}, "tags": [], "mood": "odd"}},
            "at things.cup.mood: a mood expected",
        ),
        (
            {"cup": {"size": {"inch": 1}, "tags": [], "mood": None, "made_at": "x"}},
            "at things.cup.made_at: a whole number expected",
        ),
    ],
)
def test_what_does_not_fit_is_named_by_its_path(things: object, said: str) -> None:
    with pytest.raises(DamagedPolicy) as caught:
        from_json(Shelf, Part("", {"things": things, "notes": []}))
    assert said in str(caught.value)


@pytest.mark.parametrize("closes", ["00:00", "24:00"])
def test_midnight_is_one_time_however_it_is_written(closes: str) -> None:
    good = (Path(__file__).parent / "policy_files" / "good.yaml").read_text()
    text = good.replace('sat: ["10:00-14:00"]', f'sat: ["22:00-{closes}"]')
    assert text != good
    policy = read_policy(text, "policy.yaml", TODAY).form.as_of(TODAY)
    office = json.loads(dump(policy))["policy"]["calendars"]["office"]
    assert office["hours"]["sat"] == [["22:00", "24:00"]]


def test_every_metric_of_the_case_that_is_a_signal_says_when_its_levels_are_due() -> None:
    before = [*TARGETS, Metric.AGE, Metric.PAUSE, Metric.PROMISE]
    assert set(SIGNALS) == set(Metric).difference(before)


# ------------------------------------------------------------------ stored items


def test_how_a_class_is_stored_may_be_said_from_outside() -> None:
    codec = fields_of(Thing, mood=JsonPlace.SPARSE, tags=JsonPlace.BESIDE)
    assert codec.write(FULL.things["tub"]) == {"size": {"metre": 1.5}}
    tub = Part("", {"size": {"metre": 1.5}}, name="tub")
    assert codec.read(tub, tags=frozenset("a")) == evolve(FULL.things["tub"], tags=frozenset("a"))
