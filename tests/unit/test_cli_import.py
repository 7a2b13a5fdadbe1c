"""`sla-watchdog import`: tickets of an event file in the Tickets table, or nothing at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sla_watchdog.adapters.attributes import plain, typed
from unit.cli_desk import Operator


def events(folder: Path, *lines: object) -> str:
    file = folder / "events.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return str(file)


def event(ticket: str = "T-1", at: str = "2026-02-27T09:00:00Z", kind: str = "created", **more: object) -> object:
    return {"ticket": ticket, "at": at, "type": kind, **more}


def table(operator: Operator) -> dict[str, dict[str, object]]:
    items = operator.desk.dynamodb.scan(TableName=operator.outputs["TicketsTable"])["Items"]
    return {str(item["ticket_id"]): item for item in map(plain, items)}


def test_each_ticket_is_put_as_its_events_leave_it(operator: Operator, tmp_path: Path) -> None:
    file = events(tmp_path, event(), event("T-2"), event(kind="resolved", at="2026-02-28T09:00:00Z"))
    ran = operator("import", file, "--yes")
    assert (ran.code, ran.said) == (0, f"2 tickets of 3 events put into the table {operator.outputs['TicketsTable']}.")
    assert {name: record["status"] for name, record in table(operator).items()} == {"T-1": "Resolved", "T-2": "New"}


def test_a_broken_line_is_named_and_nothing_is_put(operator: Operator, tmp_path: Path) -> None:
    ran = operator("import", events(tmp_path, event(), "{", event(kind="created?")), "--yes")
    assert ran.code == 2
    assert "nothing of it was" in ran.err
    assert "line 2: not JSON" in ran.err
    assert "line 3: type 'created?' is unknown: did you mean 'created'?" in ran.err
    assert table(operator) == {}


def test_a_dry_run_puts_nothing(operator: Operator, tmp_path: Path) -> None:
    ran = operator("import", events(tmp_path, event()), "--dry-run")
    assert (ran.code, table(operator)) == (0, {})
    assert "1 ticket of 1 event ready" in ran.said


def test_without_a_terminal_it_wants_to_be_told_yes(operator: Operator, tmp_path: Path) -> None:
    ran = operator("import", events(tmp_path, event()))
    assert ran.code == 2
    assert "say --yes, or --dry-run to look only" in ran.err
    assert table(operator) == {}


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        pytest.param({"updated_at": "2026-02-27T08:59:59Z"}, False, id="an older record is replaced"),
        pytest.param({"updated_at": "2026-02-27T09:00:00Z"}, False, id="a record just as old is replaced"),
        pytest.param({"updated_at": "2026-02-27T09:00:01Z"}, True, id="a newer record stays"),
        pytest.param({"updated_at": 1}, True, id="a record that cannot be compared stays"),
        pytest.param({}, True, id="a record of unknown age stays"),
    ],
)
def test_a_record_that_may_be_newer_stays(
    operator: Operator, tmp_path: Path, there: dict[str, object], kept: bool
) -> None:
    item = typed({"ticket_id": "T-1", "status": "Theirs", **there})
    operator.desk.dynamodb.put_item(TableName=operator.outputs["TicketsTable"], Item=item)
    ran = operator("import", events(tmp_path, event()), "--yes", "--json")
    assert ran.json["newer"] == int(kept)
    assert table(operator)["T-1"]["status"] == ("Theirs" if kept else "New")


def test_an_import_can_be_repeated(operator: Operator, tmp_path: Path) -> None:
    file = events(tmp_path, *(event(f"T-{n}") for n in range(40)))
    first = (operator("import", file, "--yes").code, table(operator))
    assert (operator("import", file, "--yes").code, table(operator)) == first


def test_a_file_that_is_not_there_is_named(operator: Operator, tmp_path: Path) -> None:
    ran = operator("import", str(tmp_path / "no-file"), "--yes")
    assert ran.code == 2
    assert "cannot be read: No such file or directory" in " ".join(ran.err.split())
