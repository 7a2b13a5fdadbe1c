"""Event files: every line is understood, or named with what is wrong with it."""

import gzip
import json
from pathlib import Path

import pytest

from sla_watchdog.tools.imports.events import BrokenEventFile, Event, EventKind, lines_of, parse

ROOT = Path(__file__).resolve().parents[2]
WEEK = ROOT.parent / "shared" / "data" / "uci_week.jsonl.gz"
STORY = ROOT / "infra" / "local_stack" / "story.jsonl"

AT = "2026-03-02T09:00:00Z"
SECONDS = 1772442000


def line(**fields: object) -> bytes:
    return json.dumps({"ticket": "T-1", "at": AT, "type": "created", **fields}).encode()


def problems(*lines: bytes, zone: str | None = "UTC") -> list[tuple[int, str]]:
    with pytest.raises(BrokenEventFile) as caught:
        parse(lines, zone)
    return [(broken.number, broken.problem) for broken in caught.value.lines]


def promise(**more: object) -> bytes:
    said = {"by": "Kim", "until": "2026-03-02T17:00:00+01:00", **more}
    return line(type="acknowledged", **said)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(b"{oops", "not JSON: Expecting property name", id="not JSON"),
        pytest.param(b'["created"]', "not an object like", id="a list"),
        pytest.param(b'"created"', "not an object like", id="a text"),
        pytest.param(b"\xff\xfe", "not text in UTF-8", id="not UTF-8"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="nested without end"),
        pytest.param(line(subject="\ud83d"), "not text in UTF-8", id="half a surrogate pair"),
        pytest.param(b'{"ticket":"T","ticket":"U"}', "'ticket' stands twice", id="a key twice"),
        pytest.param(line(ticket=None), "has no ticket", id="no ticket"),
        pytest.param(line(ticket="  "), "has no ticket", id="a blank ticket"),
        pytest.param(line(ticket=["T"]), "ticket is a list, not a text", id="a list of tickets"),
        pytest.param(line(ticket=True), "ticket is true or false", id="a ticket that is true"),
        pytest.param(line(ticket=1.5), "ticket is a number", id="a ticket with a fraction"),
        pytest.param(line(at=None), "has no at", id="no time"),
        pytest.param(line(at="yesterday"), "at: 'yesterday' is not a date", id="a word as time"),
        pytest.param(line(at="2026-02-30"), "at: '2026-02-30' is not a date", id="30 February"),
        pytest.param(line(at=-1), "at: -1 is not within the years 1970", id="before 1970"),
        pytest.param(line(at=99999999999), "is not within the years", id="the year 5138"),
        pytest.param(line(at={}), "at: a dict, not a time", id="an object as time"),
        pytest.param(line(type=None), "has no type", id="no type"),
        pytest.param(line(type="Create"), "did you mean 'created'?", id="nearly a type"),
        pytest.param(line(type="xyz"), "one of created, status, assigned", id="no type we know"),
        pytest.param(line(type=7), "type '7' is unknown", id="a number as type"),
        pytest.param(line(type="reply"), 'a reply says "by"', id="a reply by nobody"),
        pytest.param(line(type="reply", by="me"), 'a reply says "by"', id="a reply by whom?"),
        pytest.param(line(type="status"), "status says nothing of status", id="an empty status"),
        pytest.param(line(status=""), "the status it names is not a text", id="a blank status"),
        pytest.param(line(status=["New"]), "the status it names is not a text", id="two statuses"),
        pytest.param(line(type="assigned"), "says nothing of team or assignee", id="to whom?"),
        pytest.param(line(type="priority", impact="1"), "nothing of priority", id="no priority"),
        pytest.param(line(type="linked"), "nothing of case_id or merged_into", id="to what?"),
        pytest.param(line(state="A", status="B"), "says two things of status", id="two names"),
        pytest.param(line(seq="4"), "seq is a text, not a whole number", id="seq as text"),
        pytest.param(line(**{"": 1}), "one of its keys is empty", id="an empty key"),
        pytest.param(b'{"x": NaN}', "NaN is not a number", id="NaN"),
        pytest.param(b'{"x": 1e999}', "has more digits than a table can hold", id="a huge number"),
        pytest.param(
            b'{"x": 1e99999999999999999999}', "has more digits", id="a number without end"
        ),
        pytest.param(line(x={"": 1}), "one of its keys is empty", id="an empty key inside"),
        pytest.param(line(**{"k" * 1001: 1}), "has more than 1,000 characters", id="a long key"),
        pytest.param(
            line(x=json.loads("[" * 40 + "]" * 40)), "nested deeper than 24 levels", id="40 levels"
        ),
        pytest.param(line(ticket="T" * 1001), "has more than 1,000 bytes", id="a long ticket"),
        pytest.param(line(ticket_id="T-2"), "its ticket and ticket_id differ", id="two tickets"),
        pytest.param(b'{"x": ' + b"9" * 39 + b"}", "has more digits", id="39 digits"),
        pytest.param(promise(by=None), "says who promised", id="a promise of nobody"),
        pytest.param(promise(by=" \u202e "), "says who promised", id="a promise of a blank"),
        pytest.param(promise(until=None), "says by when", id="a promise without a time"),
        pytest.param(promise(until="soon"), "until: ", id="a promise for soon"),
        pytest.param(promise(until=AT), "is not after at", id="a promise for now"),
        pytest.param(promise(until="9999-01-01T00:00Z"), "not within the years", id="for ever"),
        pytest.param(promise(**{"for": "ever"}), '"update" or "end"', id="a promise of what?"),
    ],
)
def test_a_broken_line_is_named_with_what_is_wrong(text: bytes, problem: str) -> None:
    ((number, notified),) = problems(line(), b"", text, line(ticket="T-2"))
    assert number == 3
    assert problem in notified


def test_every_broken_line_is_named_at_once() -> None:
    assert [number for number, _ in problems(b"{", line(), b"[]", line(at="x"))] == [1, 3, 4]


def test_of_very_many_broken_lines_the_message_counts_the_rest() -> None:
    with pytest.raises(BrokenEventFile) as caught:
        parse([b"{}"] * 5020, "UTC")
    assert str(caught.value).endswith("and 5,000 more broken lines")
    assert str(caught.value).startswith("line 1: has no type")


@pytest.mark.parametrize("lines", [[], [b"", b"\n"]], ids=["no line", "blank lines"])
def test_a_file_without_events_is_an_error(lines: list[bytes]) -> None:
    assert problems(*lines) == [(1, "the file holds no events")]


def test_a_time_without_an_offset_needs_a_zone() -> None:
    naive = line(at="2026-03-02T09:00:00")
    assert parse([naive], "America/New_York")[0].at == SECONDS + 5 * 3600
    ((_, notified),) = problems(naive, zone=None)
    assert (
        notified == "at: '2026-03-02T09:00:00' has no offset, and the policy file names no timezone"
    )


@pytest.mark.parametrize(
    "at",
    [AT, "2026-03-02T10:00:00+01:00", SECONDS, SECONDS * 1000, float(SECONDS), str(SECONDS)],
    ids=["UTC", "with an offset", "seconds", "milliseconds", "a decimal", "digits"],
)
def test_every_form_of_a_time_is_understood(at: object) -> None:
    assert parse([line(at=at)], None)[0].at == SECONDS


@pytest.mark.parametrize(
    ("more", "kind"),
    [({}, "update"), ({"for": "update"}, "update"), ({"for": "end"}, "end")],
    ids=["of an update unless it says more", "of an update", "of an end"],
)
def test_a_promise_says_who_until_when_and_of_what(more: dict[str, object], kind: str) -> None:
    (event,) = parse([promise(**more, priority="P1")], None)
    assert (event.by, event.until, event.promised) == ("Kim", SECONDS + 7 * 3600, kind)
    assert event.attributes == {}, "the record of the ticket knows nothing of it"


def test_other_events_may_have_an_until_and_a_for_of_their_own() -> None:
    (event,) = parse([line(type="updated", until="Friday", **{"for": "the city"})], None)
    assert event.attributes == {"until": "Friday", "for": "the city"}


def test_a_promise_without_an_offset_is_of_the_policys_zone() -> None:
    (event,) = parse([promise(until="2026-03-02T17:00")], "Europe/Berlin")
    assert event.until == SECONDS + 7 * 3600


def test_names_of_a_servicenow_log_become_ours() -> None:
    (event,) = parse([line(type="assigned", group="G", reassignments=3, state="New")], "UTC")
    assert event.attributes == {"team": "G", "reassigned_count": 3, "status": "New"}


def test_what_describes_the_event_is_no_attribute_of_the_ticket() -> None:
    (event,) = parse([line(type="reply", by="agent", text="Hi", row=1, mod=2, seq=3)], "UTC")
    assert (event.by, event.attributes) == ("agent", {})


def test_a_number_as_ticket_is_its_digits() -> None:
    assert parse([line(ticket=42)], "UTC")[0].ticket == "42"


def test_events_come_in_the_order_of_time_then_sequence_then_line() -> None:
    lines = [
        line(type="note", seq=9),
        line(type="closed", at="2026-03-02T09:01:00Z"),
        line(type="resolved", seq=8),
        line(at="2026-03-02T08:00:00Z"),
        line(type="updated"),
    ]
    kinds = [event.kind.value for event in parse(lines, "UTC")]
    assert kinds == ["created", "updated", "resolved", "note", "closed"]


def test_a_repeated_event_is_one_but_a_status_that_returns_is_three() -> None:
    away, back = line(type="status", status="Waiting"), line(type="status", status="Active")
    events = parse([back, back, away, back, away, away, back], "UTC")
    assert [event.attributes["status"] for event in events] == [
        *("Active", "Waiting", "Active", "Waiting", "Active")
    ]


def test_a_byte_order_mark_and_blank_lines_are_nothing() -> None:
    assert len(parse([b"\xef\xbb\xbf" + line(), b"  \r\n", line(ticket="T-2")], "UTC")) == 2


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
def test_a_file_is_read_plain_or_compressed_whatever_its_name(
    tmp_path: Path, compress: bool
) -> None:
    file = tmp_path / "events.txt"
    text = line() + b"\n" + line(ticket="T-2") + b"\n"
    file.write_bytes(gzip.compress(text) if compress else text)
    assert [event.ticket for event in parse(lines_of(file), "UTC")] == ["T-1", "T-2"]


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b[:20] + b"\0\0\0\0" + b[24:]])
def test_a_damaged_compressed_file_is_an_error(tmp_path: Path, damage: object) -> None:
    file = tmp_path / "events.jsonl.gz"
    whole = gzip.compress(b"\n".join(line(ticket=f"T-{n}") for n in range(50)))
    file.write_bytes(damage(whole))  # type: ignore[operator]
    with pytest.raises(BrokenEventFile, match="the compressed file is damaged here"):
        parse(lines_of(file), "UTC")


def test_two_events_are_equal_wherever_they_stand() -> None:
    assert Event("T", 1, EventKind.NOTE, line=1) == Event("T", 1, EventKind.NOTE, line=2, seq=4)


def test_the_sample_story_is_a_good_event_file() -> None:
    assert len({event.ticket for event in parse(lines_of(STORY), "UTC")}) > 10


@pytest.mark.skipif(
    not WEEK.exists(), reason="the week of the ServiceNow log is not beside the clone"
)
def test_a_week_of_a_servicenow_log_is_read_whole() -> None:
    events = parse(lines_of(WEEK), "UTC")
    assert sum(event.kind is EventKind.CREATED for event in events) == 2008
    assert len({event.ticket for event in events}) == 2008


def test_a_file_of_another_kind_is_said_to_be_one_once() -> None:
    with pytest.raises(
        BrokenEventFile, match=r"line 1: not JSON.*one JSON object a line"
    ) as caught:
        parse([b"form: 1", b"timezone: UTC"], "UTC")
    assert len(caught.value.lines) == 1
