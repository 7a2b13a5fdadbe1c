"""Events of any shape: what is sound is done, the rest is a finding or a clear error, and nothing
is half written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from desk import Desk, bucket_of_reports
from handlers.test_handlers import CONTEXT, desk, event
from raw_items import ATTRIBUTES, as_json
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.handlers import report, sweep, track, watch

__all__ = ["desk"]

NOW = 1772438400
FEW = settings(
    max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**40, -(10**40), 2**63, -1, 0])
TEXTS = st.text(max_size=8) | st.sampled_from(
    ["\ud800", "NaN", "Infinity", "-1", "9" * 5000, "1e999", "²", "", "{", "["]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
RECORD: dict[str, Any] = event("stream_new_image")["Records"][0]
ATTRIBUTE = ATTRIBUTES.map(as_json)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, inner in members:
        yield (*path, name)
        yield from places(inner, (*path, name))


@st.composite
def changed(draw: Callable[[st.SearchStrategy[Any]], Any], sound: Any) -> Any:
    """The same but for one to three places, which hold something else or are gone."""
    value = deepcopy(sound)
    for _ in range(draw(st.integers(1, 3))):
        if not (everywhere := list(places(value))):
            break
        *way, last = draw(st.sampled_from(everywhere))
        place = value
        for step in way:
            place = place[step]
        if draw(st.booleans()):
            place[last] = draw(ANY_JSON | ATTRIBUTE)
        else:
            del place[last]
    return value


def of(ticket: str, number: int) -> dict[str, Any]:
    record = deepcopy(RECORD)
    data = record["dynamodb"]
    data["Keys"]["ticket_id"]["S"] = data["NewImage"]["ticket_id"]["S"] = ticket
    data["SequenceNumber"] = str(number)
    return record


def stored(desk: Desk) -> list[Any]:
    items = desk.dynamodb.scan(TableName=desk.parts.settings.watch_table)["Items"]
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


# ------------------------------------------------------------------ the schedule


def test_whatever_the_schedule_sends_ticks_and_reports_are_done(desk: Desk) -> None:
    bucket_of_reports()

    @FEW
    @given(ANY_JSON)
    def fuzz(anything: Any) -> None:
        assert watch.handler(anything, CONTEXT)["left_due"] == 0
        assert report.handler(anything, CONTEXT)["failed"] == 0

    fuzz()


def test_whatever_the_schedule_sends_is_a_sweep_asked_for(desk: Desk) -> None:
    @FEW
    @given(ANY_JSON)
    @example(None)
    @example(["Records"])
    @example("Records")
    @example({"Records": None})
    def fuzz(anything: Any) -> None:
        run = sweep.handler(anything, CONTEXT)["run"]
        assert len(run) == 8
        desk.parts.watch.leases.release(run, "sweeping")  # as its last segment does

    fuzz()


# ------------------------------------------------------------------ the stream


def check_batch(desk: Desk, records: list[Any], sound: list[str]) -> None:
    before = {finding.ticket for finding in desk.parts.watch.cases.findings()}
    track.handler({"Records": records}, CONTEXT)
    cases = desk.parts.watch.cases.read(sound)
    for name in sound:
        assert isinstance(case := cases.get(name), Case), name
        assert case.facts.latest(name, "status") == "New"
        assert case.next_at is not None
    assert before <= {finding.ticket for finding in desk.parts.watch.cases.findings()}
    named = [
        item["pk"]["S"].removeprefix("C#")
        for item in stored(desk)
        if item["pk"]["S"].startswith("C#")
    ]
    damaged = {
        name
        for name, case in desk.parts.watch.cases.read(named).items()
        if not isinstance(case, Case)
    }
    assert damaged == set()


@pytest.mark.parametrize("clock", ["table", "system"])
def test_records_of_any_shape_keep_no_other_from_being_taken_in(
    desk: Desk, clock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOCK", clock)
    batches = iter(range(10_000))

    @FEW
    @given(st.lists(changed(RECORD) | ANY_JSON, min_size=1, max_size=4), st.randoms())
    @example([{**RECORD, "dynamodb": {**RECORD["dynamodb"], "SequenceNumber": "²"}}], None)
    @example(
        [{**RECORD, "dynamodb": {**RECORD["dynamodb"], "ApproximateCreationDateTime": 1e300}}], None
    )
    @example(
        [
            {
                **RECORD,
                "dynamodb": {**RECORD["dynamodb"], "ApproximateCreationDateTime": float("nan")},
            }
        ],
        None,
    )
    @example(
        [{**RECORD, "dynamodb": {**RECORD["dynamodb"], "NewImage": {"status": {"X": 1}}}}], None
    )
    @example(
        [{**RECORD, "dynamodb": {**RECORD["dynamodb"], "NewImage": {"status": {"N": "many"}}}}],
        None,
    )
    @example([None, 5, "x", {}, {"dynamodb": {}}], None)
    def fuzz(bad: list[Any], order: Any) -> None:
        batch = next(batches)
        sound = [f"sound-{batch}-{number}" for number in range(2)]
        records = [*(of(name, 1) for name in sound), *bad]
        if order is not None:
            order.shuffle(records)
        check_batch(desk, records, sound)

    fuzz()


# ------------------------------------------------------------------ the queue


SEGMENT = {
    "run": "abcd",
    "number": 0,
    "of": 1,
    "start": "",
    "table": "tickets",
    "counts": {"tickets": 1},
}
START = json.dumps({"ticket_id": {"S": "T-1"}})
CLEAR = r"^not a segment of a sweep"


def bodies() -> st.SearchStrategy[Any]:
    """A segment changed somewhere, other JSON, other text, and what is not text at all."""
    sound = st.sampled_from([SEGMENT, {**SEGMENT, "start": START}, {**SEGMENT, "table": "cases"}])
    segments = sound.flatmap(changed).map(json.dumps)
    starts = ANY_JSON.map(lambda start: json.dumps({**SEGMENT, "start": json.dumps(start)}))
    return segments | starts | ANY_JSON.map(json.dumps) | TEXTS | ANY_JSON


def test_a_message_is_a_segment_or_clearly_none(desk: Desk) -> None:
    desk.write(ticket_id="T-9", created_at="2026-03-02T08:00:00Z", status="Active")
    sweep.handler({"Records": [{"body": json.dumps(SEGMENT)}]}, CONTEXT)
    assert desk.case("T-9").next_at is not None

    @settings(FEW, max_examples=200)
    @given(bodies())
    @example(json.dumps({**SEGMENT, "run": "x" * 5000}))
    @example(json.dumps({**SEGMENT, "run": "\ud800"}))
    @example(json.dumps({**SEGMENT, "start": '"x"'}))
    @example(json.dumps({**SEGMENT, "start": "{}"}))
    @example(json.dumps({**SEGMENT, "start": '{"ticket_id": {"S": "T-1", "N": "1"}}'}))
    @example(json.dumps({**SEGMENT, "number": 1e999}))
    @example(json.dumps({**SEGMENT, "counts": {"tickets": 10**40}}))
    @example("[" * 100_000)
    def fuzz(body: Any) -> None:
        before, refused = stored(desk), ""
        try:
            sweep.handler({"Records": [{"body": body}]}, CONTEXT)
        except ValueError as error:
            refused = str(error)
        assert re.match(CLEAR, refused) or not refused
        assert stored(desk) == before or not refused

    fuzz()


def test_nothing_of_a_batch_is_done_where_one_message_is_no_segment(desk: Desk) -> None:
    desk.write(ticket_id="T-9", created_at="2026-03-02T08:00:00Z", status="Active")
    before = stored(desk)

    @FEW
    @given(changed({"body": json.dumps(SEGMENT)}) | ANY_JSON)
    @example({})
    def fuzz(message: Any) -> None:
        with pytest.raises(ValueError, match=CLEAR):
            sweep.handler({"Records": [{"body": json.dumps(SEGMENT)}, message]}, CONTEXT)
        assert stored(desk) == before

    fuzz()
