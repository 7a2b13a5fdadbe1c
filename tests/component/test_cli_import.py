"""`sla-watchdog import`: tickets of an event file in the Tickets table, or nothing at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from component.cli_desk import Operator
from sla_watchdog.adapters.dynamodb.attributes import plain, typed


def events(folder: Path, *lines: object) -> str:
    file = folder / "events.jsonl"
    file.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    )
    return str(file)


def event(
    ticket: str = "T-1", at: str = "2026-02-27T09:00:00Z", kind: str = "created", **more: object
) -> object:
    return {"ticket": ticket, "at": at, "type": kind, **more}


def table(operator: Operator) -> dict[str, dict[str, object]]:
    items = operator.desk.dynamodb.scan(TableName=operator.outputs["TicketsTable"])["Items"]
    return {str(item["ticket_id"]): item for item in map(plain, items)}


def test_each_ticket_is_put_as_its_events_leave_it(operator: Operator, tmp_path: Path) -> None:
    file = events(
        tmp_path, event(), event("T-2"), event(kind="resolved", at="2026-02-28T09:00:00Z")
    )
    ran = operator("import", file, "--yes")
    assert (ran.code, ran.said) == (
        0,
        f"2 tickets of 3 events put into the table {operator.outputs['TicketsTable']}.",
    )
    assert {name: record["status"] for name, record in table(operator).items()} == {
        "T-1": "Resolved",
        "T-2": "New",
    }


def test_a_broken_line_is_named_and_nothing_is_put(operator: Operator, tmp_path: Path) -> None:
    ran = operator("import", events(tmp_path, event(), "{", event(kind="created?")), "--yes")
    assert ran.code == 2
    assert "nothing of it was" in ran.err
    assert "line 2: not JSON" in ran.err
    assert "line 3: type 'created?' is unknown: did you mean 'created'?" in ran.err
    assert table(operator) == {}


def test_a_promise_is_no_part_of_a_record_and_makes_none(
    operator: Operator, tmp_path: Path
) -> None:
    made = {"kind": "acknowledged", "by": "Kim", "until": "2026-02-28T09:00:00Z"}
    at = "2026-02-27T10:00:00Z"
    ran = operator(
        "import", events(tmp_path, event(), event(at=at, **made), event("T-2", **made)), "--yes"
    )
    assert ran.said.startswith("1 ticket of 1 event (without 2 promises: `ack` makes them) put")
    (record,) = table(operator).values()
    assert (record["ticket_id"], record["updated_at"]) == ("T-1", "2026-02-27T09:00:00Z")


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
        pytest.param(
            {"updated_at": "2026-02-27T08:59:59Z"}, False, id="an older record is replaced"
        ),
        pytest.param(
            {"updated_at": "2026-02-27T09:00:00Z"}, False, id="a record just as old is replaced"
        ),
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


def test_what_json_can_say_is_put_as_it_is(operator: Operator, tmp_path: Path) -> None:
    """Nothing inside a field, a name with dots of its own, and a count that is none."""
    said = {"customer": {"tier": None}, "No.": 7, "reopened_count": 10**37}
    file = events(tmp_path, event(**said), event(kind="reopened", at="2026-02-28T09:00:00Z"))
    assert operator("import", file, "--yes").code == 0
    stored = table(operator)["T-1"]
    assert {name: stored[name] for name in said} == {**said, "reopened_count": 1}


def test_a_record_that_no_table_takes_keeps_the_others_out_too(
    operator: Operator, tmp_path: Path
) -> None:
    file = events(
        tmp_path, event(), *(event("T-2", **{f"note{n}": "n" * 100_000}) for n in range(4))
    )
    for how in ("--dry-run", "--yes"):
        ran = operator("import", file, how)
        assert (ran.code, table(operator)) == (2, {})
        assert "ticket T-2: its record has 400,1" in ran.err


def test_an_import_can_be_repeated(operator: Operator, tmp_path: Path) -> None:
    file = events(tmp_path, *(event(f"T-{n}") for n in range(40)))
    first = (operator("import", file, "--yes").code, table(operator))
    assert (operator("import", file, "--yes").code, table(operator)) == first


def test_a_file_that_is_not_there_is_named(operator: Operator, tmp_path: Path) -> None:
    ran = operator("import", str(tmp_path / "no-file"), "--yes")
    assert ran.code == 2
    assert "cannot be read: No such file or directory" in " ".join(ran.err.split())


# ------------------------------------------------------------------ a CSV export


def export(folder: Path, text: str, name: str = "tickets.csv") -> str:
    file = folder / name
    file.write_bytes(text.encode())
    return str(file)


HEADER = "Ticket ID,Created At,Status,Subject,Assignee,Mood\n"
ROW = 'T-1,2026-02-27T09:00:00Z,New,"City page, still online",Kim,angry\n'


def test_of_a_csv_file_a_dry_run_shows_what_each_column_became(
    operator: Operator, tmp_path: Path
) -> None:
    ran = operator("import", export(tmp_path, HEADER + ROW), "--dry-run")
    assert (ran.code, table(operator)) == (0, {})
    became = {
        line[:11].strip(): line[12:28].strip() for line in ran.out.splitlines() if line[:11].strip()
    }
    assert became["Created At"] == "created_at"
    assert became["Mood"] == "kept as it is"
    assert "1 ticket ready" in ran.said


def test_each_row_of_a_csv_file_is_a_ticket(operator: Operator, tmp_path: Path) -> None:
    file = export(tmp_path, "\ufeff" + (HEADER + ROW).replace(",", ";").replace("page;", "page,"))
    assert operator("import", file, "--yes").code == 0
    assert table(operator)["T-1"]["subject"] == "City page, still online"
    assert operator("import", file, "--yes", "--json").json["newer"] == 1, (
        "without updated_at nothing is overwritten"
    )


def test_a_status_that_the_policy_does_not_know_is_named(
    operator: Operator, tmp_path: Path
) -> None:
    ran = operator("import", export(tmp_path, HEADER + ROW.replace("New", "Parked")), "--dry-run")
    assert "does not know: Parked" in ran.said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column is called ticket_id, created_at, status; the file is empty"),
        (
            "Number,Status\nT-1,New\n",
            "no column is called ticket_id, created_at; the columns are Number, Status",
        ),
        ("Number,Opened,Status\n", "--column ticket_id=Number --column created_at=Opened"),
        (HEADER + ROW + ROW, "line 3: ticket 'T-1' stands in line 2 already"),
        (
            HEADER + ROW.replace("2026-02-27T09:00:00Z", "27.2.26"),
            "line 2: created_at: '27.2.26' is not a date",
        ),
        (HEADER + "T-1,,New\n", "line 2: no created_at"),
        (HEADER + ROW.replace("angry", "angry,very"), "line 2: 7 values for 6 columns"),
        ("Status,Status\n", "two columns are called 'Status'"),
        (HEADER + ROW + '"T-2', "line 3: not CSV"),
        (HEADER.replace("Mood", "") + ROW, "line 2: 'angry' stands in a column without a name"),
        (
            HEADER.replace("Mood", "M" * 1001) + ROW,
            "line 1: a column's name has more than 1,000 characters",
        ),
        (
            HEADER + ROW.replace("T-1", "T" * 1001),
            "line 2: the ticket_id has more than 1,000 bytes",
        ),
    ],
)
def test_a_csv_file_that_cannot_be_imported_is_refused_whole(
    operator: Operator, tmp_path: Path, text: str, said: str
) -> None:
    ran = operator("import", export(tmp_path, text), "--yes")
    assert (ran.code, said in " ".join(ran.err.split())) == (2, True), ran.err
    assert table(operator) == {}


def test_columns_of_any_name_are_said_to_be_fields(operator: Operator, tmp_path: Path) -> None:
    file = export(
        tmp_path, "Ticket Number,Opened at,State,Status\nT-1,2026-02-27T09:00:00Z,New,whatever\n"
    )
    named = [
        f"--column={each}"
        for each in ("ticket_id=Ticket Number", "created_at=Opened at", "status=State")
    ]
    assert operator("import", file, "--yes", *named).code == 0
    record = table(operator)["T-1"]
    assert (record["status"], record["Status"], record["created_at"]) == (
        "New",
        "whatever",
        "2026-02-27T09:00:00Z",
    )


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("created_at", "write FIELD=COLUMN, like created_at=Opened"),
        ("created_at=Begun", "no column is called 'Begun'"),
        ("creation=Mood", "tickets have no field 'creation'"),
    ],
)
def test_a_column_that_is_said_wrongly_is_refused(
    operator: Operator, tmp_path: Path, named: str, said: str
) -> None:
    ran = operator("import", export(tmp_path, HEADER + ROW), "--column", named, "--yes")
    assert (ran.code, said in " ".join(ran.err.split())) == (2, True), ran.err
    assert table(operator) == {}


def test_columns_are_said_of_csv_files_alone(operator: Operator, tmp_path: Path) -> None:
    (file := tmp_path / "events.jsonl").write_text("")
    ran = operator("import", str(file), "--column", "created_at=Opened")
    assert (ran.code, "--column is for CSV files" in ran.err) == (2, True)


def test_a_csv_file_in_another_encoding_is_refused(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "tickets.csv"
    file.write_bytes((HEADER + ROW).replace("City", "Stra\u00dfe").encode("latin-1"))
    assert "line 2: not UTF-8" in operator("import", str(file), "--yes").err
