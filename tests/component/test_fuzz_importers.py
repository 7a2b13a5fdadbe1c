"""Files of any bytes: imported whole, or refused by the lines that are wrong; `--dry-run` and
import say the same.
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from building import policy
from component.cli_desk import Operator
from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.tools.imports import csv_tickets
from sla_watchdog.tools.imports.events import BrokenEventFile, lines_of, parse

POLICY = policy()
MANY = settings(max_examples=300, deadline=None)
FEW = settings(
    max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None
)

EVENTS = b"\n".join(
    json.dumps(
        {"ticket": ticket, "at": f"2026-02-27T09:0{minute}:00Z", **more}, ensure_ascii=False
    ).encode()
    for minute, (ticket, more) in enumerate(
        [
            (
                "T-1",
                {
                    "type": "created",
                    "status": "New",
                    "subject": "Stra\u00dfe \u2603",
                    "tags": ["a", "b"],
                    "size": 1.5,
                    "online": "online",
                },
            ),
            ("T-2", {"type": "created", "customer": {"tier": "gold", "since": None}}),
            ("T-1", {"type": "assigned", "team": "Web", "assignee": "Kim"}),
            ("T-1", {"type": "reply", "by": "agent", "text": "On it."}),
            ("T-2", {"type": "resolved", "seq": 4}),
        ]
    )
)
EXPORT = (
    "Ticket ID,Created At,Status,Subject,Assignee,Mood\r\n"
    'T-1,2026-02-27T09:00:00Z,New,"City page,\n still ""online""",Kim,angry\r\n'
    "T-2,2026-02-27T10:00:00Z,Closed,Stra\u00dfe,,\r\n"
).encode()
PIECES = st.sampled_from(
    [
        *(
            b"\x00",
            b"\xff",
            b"\xef\xbb\xbf",
            b"\\ud800",
            b"\n",
            b"\r",
            b'"',
            b",",
            b";",
            b"\t",
            b"{",
            b"}",
            b"[",
            b"]",
            b".",
        ),
        *(
            b"null",
            b"true",
            b"NaN",
            b"1e999",
            b"1e-999",
            b"1e99999999999999999999",
            b"-0",
            b"9" * 40,
            b"x" * 3000,
        ),
        *(
            b'"a": {"b": [null]},',
            b'"": 1,',
            b'{"": 1}',
            b'"ticket_id": 7,',
            b'"..": 1,',
            b"[" * 40 + b"]" * 40,
        ),
        *(
            b"T-1",
            b"ticket_id",
            b"Created At",
            b"updated_at",
            b'"updated_at": 1,',
            b"0001-01-01T00:00+14:00",
        ),
    ]
) | st.binary(max_size=4)


@st.composite
def changed(draw: Any, sound: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(sound)))
        sound = (
            sound[:start] + draw(PIECES) + sound[start + draw(st.sampled_from([0, 0, 1, 3, 20])) :]
        )
    return sound


def compressed(content: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return content | content.map(gzip.compress) | content.map(gzip.compress).flatmap(changed)


def named_lines(error: BrokenEventFile, content: bytes) -> None:
    """Each line that is named is one of the file."""
    assert error.lines
    for line in error.lines:
        assert 1 <= line.number <= content.count(b"\n") + content.count(b"\r") + 2
        assert line.problem
    str(error).encode()


@MANY
@given(st.binary() | changed(EVENTS))
@example(EVENTS)
@example(EVENTS.replace(b"1.5", b"1e99999999999999999999"))
def test_any_lines_of_events(content: bytes) -> None:
    try:
        events = parse(content.splitlines(keepends=True), "UTC")
    except BrokenEventFile as error:
        named_lines(error, content)
    else:
        assert events
        assert all(event.ticket and event.at >= 0 for event in events)


@MANY
@given(st.binary() | changed(EXPORT))
@example(EXPORT)
def test_any_lines_of_a_csv_file(content: bytes) -> None:
    try:
        export = csv_tickets.read(content.splitlines(keepends=True), POLICY)
    except BrokenEventFile as error:
        named_lines(error, content)
    else:
        assert all(
            {"ticket_id", "created_at", "status"} <= record.keys() for record in export.records
        )


@MANY
@given(compressed(changed(EVENTS)))
def test_any_file_plain_or_compressed(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzzed"
    file.write_bytes(content)
    said = "line 1"
    try:
        parse(lines_of(file), "UTC")
    except BrokenEventFile as error:
        said = str(error)
    assert re.match(r"line \d+", said)


def stored(operator: Operator) -> list[dict[str, object]]:
    return [
        plain(item)
        for item in operator.desk.dynamodb.scan(TableName=operator.outputs["TicketsTable"])["Items"]
    ]


def levels(value: object) -> int:
    """Every name on the way down has characters; how many levels there are."""
    inner = (
        list(value.values())
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else []
    )
    assert not isinstance(value, dict) or all(0 < len(name.encode()) < 2**16 for name in value)
    return 1 + max(map(levels, inner), default=0)


def check_that_dynamodb_takes(item: dict[str, object]) -> None:
    """moto takes more than DynamoDB does."""
    assert levels(item) <= 33
    assert 0 < len(str(item["ticket_id"]).encode()) <= 2048


def emptied(operator: Operator) -> None:
    table = operator.outputs["TicketsTable"]
    for item in operator.desk.dynamodb.scan(TableName=table)["Items"]:
        operator.desk.dynamodb.delete_item(TableName=table, Key={"ticket_id": item["ticket_id"]})


@pytest.mark.parametrize(("name", "sound"), [("events.jsonl", EVENTS), ("tickets.csv", EXPORT)])
def test_a_dry_run_says_what_the_import_does_which_is_all_or_nothing(
    operator: Operator, tmp_path: Path, name: str, sound: bytes
) -> None:
    file = tmp_path / name

    @FEW
    @given(changed(sound))
    @example(sound)
    @example(sound.replace(b"T-1", b"T" * 3000))
    @example(sound.replace(b"New", b"N" * 120_000))
    @example(sound.replace(b"online", b"o" * 500_000))
    @example(
        sound.replace(
            b'"size": 1.5', b", ".join(b'"size%d": "%s"' % (n, b"x" * 110_000) for n in range(4))
        )
    )
    @example(sound.replace(b'"size": 1.5', b'"a": {"": 1}'))
    @example(sound.replace(b'"size": 1.5', b'"No.": 1, "..": 2'))
    @example(
        sound.replace(b'"size": 1.5', b'"reopened_count": 1e100').replace(
            b'"reply", "by": "agent"', b'"reopened"'
        )
    )
    @example(sound.replace(b'"size": 1.5', b'"deep": ' + b"[" * 40 + b"]" * 40))
    @example(sound.replace(b"1.5", b"1e99999999999999999999"))
    @example(sound.replace(b"Mood", b"No."))
    @example(sound.replace(b"Mood", b""))
    @example(sound.replace(b"online", b"o" * 120_000))
    def fuzz(content: bytes) -> None:
        file.write_bytes(content)
        dry = operator("import", str(file), "--dry-run", "--json")
        assert stored(operator) == []
        ran = operator("import", str(file), "--yes", "--json")
        assert (dry.code, ran.code) in ((0, 0), (2, 2)), dry.err + ran.err
        if ran.code:
            assert dry.err == ran.err
            assert "cannot be imported, and nothing of it was" in " ".join(ran.err.split())
            assert re.search(r"^(line \d+|ticket .*): ", ran.err, re.MULTILINE), ran.err
            assert stored(operator) == []
        else:
            items = stored(operator)
            assert (ran.json["put"], len(items)) == (dry.json["tickets"], dry.json["tickets"])
            for item in items:
                check_that_dynamodb_takes(item)
            emptied(operator)

    fuzz()
