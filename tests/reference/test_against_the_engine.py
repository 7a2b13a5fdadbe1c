"""The engine says what the reference model says: of random histories, by the backtest and by the
deployed path.

The model (model.py) was written from the semantics by somebody who had not read the engine. Here
is a sample; `make soak` compares thousands, and `python -m reference FROM TO` shrinks what
differs. What may differ, and by which point of the semantics, stands in explained.py.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reference.comparing import (
    as_row,
    backtest,
    compared,
    drawn,
    found,
    found_alerts,
    played,
    shrunk,
    told,
)
from reference.explained import unexplained
from reference.histories import Trial
from reference.live import STREAMS, as_records, differing
from reference.model import Calendar, earliest, judged, latest, length, opened, since, until

SEEDS = range(int(os.environ.get("REFERENCE_SEEDS", "12")))
"""Forty histories each."""

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "data" / "vectors.json"
vectors: dict[str, Any] = json.loads(VECTORS.read_text()) if VECTORS.exists() else {}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_clock_of_forty_random_histories_is_as_the_model_says(seed: int) -> None:
    for trial, differ in found(seed):
        if list(unexplained(differ)):
            least = shrunk(trial, lambda each: any(unexplained(compared(each))))
            pytest.fail(told(least, list(unexplained(compared(least)))))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_level_of_forty_random_histories_is_told_when_the_model_says(seed: int) -> None:
    for trial, differ in found_alerts(seed):
        pytest.fail("\n".join([told(trial, []), *map(str, differ)]))


def test_the_command_itself_says_the_same() -> None:
    policy, histories, last = drawn(1, 10)
    rows, _ = backtest(policy, [event for events in histories.values() for event in events], last)
    for name, events in histories.items():
        theirs = [row for row in rows if row["ticket"] == name]
        mine = [as_row(clock) for clock in judged(events, [(0, policy)], last)]
        named = {(row["clock"], row["started_at"], row["verdict"]) for row in theirs}
        assert {(row["clock"], row["started_at"], row["verdict"]) for row in mine} == named


@pytest.mark.parametrize("seed", range(3))
def test_lines_in_any_order_and_twice_give_the_same_clocks_and_alerts(seed: int) -> None:
    policy, histories, last = drawn(seed, 10)
    events = [event for events in histories.values() for event in events]
    numbered = [{**event, "seq": number} for number, event in enumerate(events)]
    random = Random(seed)
    disordered = random.sample(numbered, len(numbered)) + random.sample(numbered, 20)
    assert played(policy, disordered, last) == played(policy, events, last)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("seed", range(int(os.environ.get("REFERENCE_STREAMS", "2"))))
@pytest.mark.parametrize(
    ("delay", "ticks"), [(0, True), (1800, False)], ids=["at once", "half an hour late"]
)
def test_the_deployed_path_says_the_same_of_a_stream(
    stream: str, seed: int, delay: int, ticks: bool
) -> None:
    policy, histories, _ = drawn(1000 + seed, 1)
    events = as_records(histories["T-1"])
    trial = Trial(policy, events, int(events[-1]["at"]) + 3607)
    order = STREAMS[stream](len(events), Random(seed))
    differ = list(unexplained(differing(trial, order, delay, ticks)))
    assert not differ, told(trial, differ)


# --------------------------------------------- the model itself, by the vectors of other products


def calendar(name: str) -> Calendar:
    said = vectors["calendars"][name]
    hours = tuple(tuple((a, b) for a, b in said["hours"].get(day, [])) for day in DAYS)
    exceptions = tuple(
        (day, tuple((a, b) for a, b in each)) for day, each in said.get("overrides", {}).items()
    )
    return Calendar(said["timezone"], hours, tuple(said.get("holidays", [])), exceptions)


CASES = [
    case
    for kind in ("cases", "own_cases", "sub_cases")
    for case in vectors.get(kind, [])
    if "." not in case["start"] + case["end"]  # instants here are whole seconds (A15)
]


@pytest.mark.skipif(not VECTORS.exists(), reason="no ../shared/data/vectors.json")
@pytest.mark.parametrize(
    "case",
    CASES,
    ids=[f"{each['source'].rpartition('/')[2]}-{number}" for number, each in enumerate(CASES)],
)
def test_the_open_time_of_the_model_is_that_of_other_products(case: dict[str, Any]) -> None:
    start, end, seconds = instant(case["start"]), instant(case["end"]), case["seconds"]
    first, last = sorted((start, end))
    days = opened(calendar(case["calendar"]), first - 40 * 86_400, last + 40 * 86_400)
    if case["op"] == "add" and seconds > 0:
        assert earliest(since(days, start), seconds) == end
    elif case["op"] == "sub" and seconds > 0:
        before = length(until(days, start)) - seconds
        assert latest(days, before) == end
    else:
        assert length(until(since(days, first), last)) == abs(seconds)


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
