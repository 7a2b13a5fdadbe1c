"""An event file: what happened to tickets, one JSON object a line.

Names of a ServiceNow log (`state`, `group`, …) are understood as well. A file is read whole before
anything is done with it, so that one broken line leaves nothing half imported.
"""

from __future__ import annotations

import difflib
import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from pathlib import Path

from attrs import field, frozen

from sla_watchdog.domain.clocks.promises import PromiseKind
from sla_watchdog.domain.text.display import tidy
from sla_watchdog.domain.tickets.record import LONGEST_ID, Unreadable, seconds_of
from sla_watchdog.domain.tickets.ticket_fields import LINKS
from sla_watchdog.errors import SlaWatchdogError


class EventKind(StrEnum):
    CREATED = "created"
    STATUS = "status"
    ASSIGNED = "assigned"
    PRIORITY = "priority"
    REPLY = "reply"
    NOTE = "note"
    UPDATED = "updated"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    LINKED = "linked"
    ACKNOWLEDGED = "acknowledged"


_KINDS = {kind.value: kind for kind in EventKind}

SPEAKERS = ("customer", "agent", "bot")

MAY_SAY_BY = frozenset({EventKind.CREATED, EventKind.REOPENED})
"""Who opened a ticket, or opened it again: one of the speakers, or the name of a bot."""

ENVELOPE = frozenset({"ticket", "at", "type", "seq", "by", "text", "row", "mod"})
"""Keys that say something of the event. Every other key is an attribute of the ticket's record,
unless the event is a promise, of which the record knows nothing.
"""

OUR_NAMES = {
    "state": "status",
    "group": "team",
    "reassignments": "reassigned_count",
    "reopens": "reopened_count",
}

MUST_SAY = {
    EventKind.STATUS: ("status",),
    EventKind.ASSIGNED: ("team", "assignee", "reassigned_count"),
    EventKind.PRIORITY: ("priority",),
    EventKind.LINKED: LINKS,
}
"""Of these attributes an event of that type names at least one."""

YEARS = range(1970, 2200)
FIRST_SECOND, LAST_SECOND = (
    int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (YEARS.start, YEARS.stop)
)

MOST_DIGITS = 38
LARGEST_EXPONENT = 120
"""What a number in DynamoDB holds, with a little to spare (10^125)."""

ENDLESS = Decimal(10) ** 1000
"""Stands for a number whose exponent not even `Decimal` takes."""

LONGEST_NAME = 1_000
"""Characters of an attribute's name; DynamoDB takes 64 KB."""

MOST_LEVELS = 24
"""Of the 32 that an item in DynamoDB holds; the policy file may keep a field some levels down."""

FORM = "an event file is one JSON object a line (docs/event-files.md); a table's name ends in .csv"
SHOWN = 20
"""Broken lines that the error spells out; the others are counted."""


@frozen
class BrokenLine:
    number: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.problem}"


@frozen
class BrokenEventFile(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """Lines of the file cannot be understood; nothing was done with the others either."""

    lines: tuple[BrokenLine, ...]

    def __str__(self) -> str:
        shown = [str(line) for line in self.lines[:SHOWN]]
        hidden = len(self.lines) - SHOWN
        if hidden > 0:
            shown.append(f"and {hidden:,} more broken lines")
        return "\n".join(shown)


@frozen
class Event:
    """Something that happened to a ticket at `at` (epoch seconds). A reply has a `by`; a creation
    or a reopening may.

    `attributes` are what it says of the ticket's record, under our names; None takes one away.
    `text` is for people: what was said. `line` is where it stands in the file, counted from 1. Of
    a promise `until` is the time and `promised` what is promised by then.
    """

    ticket: str
    at: int
    kind: EventKind
    by: str = ""
    attributes: Mapping[str, object] = field(factory=dict)
    until: int | None = None
    promised: PromiseKind = PromiseKind.UPDATE
    text: str = field(default="", eq=False)
    seq: int | None = field(default=None, eq=False)
    line: int = field(default=0, eq=False)

    def repeats(self, other: Event | None) -> bool:
        """Whether it says what `other` said; most events differ in their instant already."""
        return other is not None and other.at == self.at and other == self

    @property
    def order(self) -> tuple[int, int, str, str]:
        """(at, seq or line, type, content); lines differ, so only `seq` needs the content. Where no
        line has a `seq`, a stable sort of the lines by `at` is the same.
        """
        if self.seq is None:
            return self.at, self.line, "", ""
        said = [self.ticket, self.by, self.attributes, self.until, self.promised]
        content = json.dumps(said, sort_keys=True, default=str)
        return self.at, self.seq, self.kind.value, content


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a plain or gzip-compressed file.

    Raises BrokenEventFile where the compression is damaged.
    """
    with path.open("rb") as start:
        compressed = start.read(2) == b"\x1f\x8b"
    number = 0
    try:
        with gzip.open(path) if compressed else path.open("rb") as stream:
            for line in stream:
                number += 1
                yield line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        broken = BrokenLine(number + 1, f"the compressed file is damaged here ({error})")
        raise BrokenEventFile((broken,)) from error


def parse(lines: Iterable[bytes], zone: str | None) -> tuple[Event, ...]:
    """Every event in order, each once; times without an offset are of `zone` (an IANA name).

    Raises BrokenEventFile naming every line that cannot be understood.
    """
    return tuple(each_once(in_order(lines, zone)))


def in_order(lines: Iterable[bytes], zone: str | None) -> list[Event]:
    """Every event in order, the repeated ones too. Raises as `parse` does."""
    events: list[Event] = []
    broken: list[BrokenLine] = []
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not text:
            continue
        try:
            events.append(_event(text, number, zone))
        except Unreadable as problem:
            broken.append(BrokenLine(number, str(problem)))
    if broken:
        raise BrokenEventFile(tuple(broken if events else _summed_up(broken)))
    if not events:
        raise BrokenEventFile((BrokenLine(1, "the file holds no events"),))
    _sort(events)
    return events


def _summed_up(broken: list[BrokenLine]) -> list[BrokenLine]:
    """One line of a file that has no JSON at all: it is of another form."""
    if len(broken) < 2 or not all(line.problem.startswith("not JSON") for line in broken):
        return broken
    return [BrokenLine(1, f"{broken[0].problem}, and so is every other line: {FORM}")]


def _sort(events: list[Event]) -> None:
    """Where no line has a `seq`, the lines are in order but for `at`."""
    numbered = any(event.seq is not None for event in events)
    events.sort(key=attrgetter("order" if numbered else "at"))


def each_once(events: Iterable[Event]) -> Iterator[Event]:
    """Without what only repeats the event before of its ticket; A, B, A in one minute are three."""
    last: dict[str, Event] = {}
    for event in events:
        if not event.repeats(last.get(event.ticket)):
            last[event.ticket] = event
            yield event


def _event(text: bytes, number: int, zone: str | None) -> Event:
    entry = _object(text)
    kind = _kind(entry)
    return Event(
        ticket=_ticket(entry),
        at=_at(entry, zone),
        kind=kind,
        by=_by(entry, kind),
        attributes=_attributes(entry, kind),
        until=_until(entry, kind, zone),
        promised=_promised(entry, kind),
        text=str(entry.get("text") or ""),
        seq=_seq(entry),
        line=number,
    )


def _object(text: bytes) -> Mapping[str, object]:
    try:
        read = text.decode()
        reader = _READER if len(read) <= LONGEST_NAME else _READER_OF_LONG
        entry, end = reader.raw_decode(read)
        if end < len(read):
            raise Unreadable(f"not JSON: something follows the object at character {end + 1}")
        if b"\\u" in text:  # only an escape can smuggle in half a surrogate pair
            json.dumps(entry, ensure_ascii=False, default=str).encode()
    except UnicodeError as error:
        raise Unreadable("not text in UTF-8") from error
    except json.JSONDecodeError as error:
        raise Unreadable(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    if not isinstance(entry, dict):
        raise Unreadable('not an object like {"ticket": …, "at": …, "type": …}')
    return entry


def _without_repeated_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    entry = dict(pairs)
    if "" in entry:
        raise Unreadable("one of its keys is empty")
    if len(entry) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"{repeated!r} stands twice in it")
    return entry


def _without_long_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    entry = _without_repeated_keys(pairs)
    if len(max(entry, key=len, default="")) > LONGEST_NAME:
        raise Unreadable(f"one of its keys has more than {LONGEST_NAME:,} characters")
    return entry


def _number(digits: str) -> Decimal | int:
    if len(digits) < 10 and digits.isdecimal():
        return int(digits)
    try:
        value = Decimal(digits)
    except ArithmeticError:
        value = ENDLESS
    if len(value.as_tuple().digits) > MOST_DIGITS or abs(value.adjusted()) > LARGEST_EXPONENT:
        raise Unreadable(f"{digits[:20]}… has more digits than a table can hold")
    is_whole = value == value.to_integral_value()
    if is_whole and value.adjusted() < 19:
        return int(value)
    return value


def _no_number(name: str) -> object:
    raise Unreadable(f"{name} is not a number")


def _reader(keys: Callable[[list[tuple[str, object]]], dict[str, object]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=keys, parse_float=_number, parse_int=_number, parse_constant=_no_number
    )


_READER, _READER_OF_LONG = _reader(_without_repeated_keys), _reader(_without_long_keys)
"""The second for lines that are long enough to hold a long key."""


def _kind(entry: Mapping[str, object]) -> EventKind:
    name = entry.get("type")
    if name is None:
        raise Unreadable("has no type")
    kind = _KINDS.get(str(name))
    if kind is None:
        raise Unreadable(f"type {str(name)[:40]!r} is unknown: {_meant(str(name))}")
    return kind


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name.casefold(), _KINDS, 1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"one of {', '.join(_KINDS)} is expected"


def _ticket(entry: Mapping[str, object]) -> str:
    value = entry.get("ticket")
    if value is None:
        raise Unreadable("has no ticket")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable(f"ticket is {_form(value)}, not a text")
    name = str(value).strip()
    if not name:
        raise Unreadable("has no ticket")
    may_be_too_long = 4 * len(name) > LONGEST_ID
    if may_be_too_long and len(name.encode()) > LONGEST_ID:
        raise Unreadable(f"ticket {name[:20]}… has more than {LONGEST_ID:,} bytes")
    return name


def _at(entry: Mapping[str, object], zone: str | None) -> int:
    value = entry.get("at")
    if value is None:
        raise Unreadable("has no at")
    return _instant("at", value, zone)


def _instant(name: str, value: object, zone: str | None) -> int:
    try:
        at = _seconds(value, zone)
    except Unreadable as problem:
        raise Unreadable(f"{name}: {problem}") from problem
    if not FIRST_SECOND <= at < LAST_SECOND:
        raise Unreadable(f"{name}: {value!r} is not within the years {YEARS[0]} to {YEARS[-1]}")
    return at


def _seconds(value: object, zone: str | None) -> int:
    if type(value) is str:
        return _seconds_of_text(value, zone)
    return seconds_of(value, zone)


@lru_cache(1 << 16)
def _seconds_of_text(value: str, zone: str | None) -> int:
    """Logs tell of many things in one minute, and often of several in one breath."""
    return seconds_of(value, zone)


def _by(entry: Mapping[str, object], kind: EventKind) -> str:
    if kind in MAY_SAY_BY:
        return str(entry.get("by") or "").strip()
    if kind is EventKind.ACKNOWLEDGED:
        return _promiser(entry)
    if kind is not EventKind.REPLY:
        return ""
    by = entry.get("by")
    if by not in SPEAKERS:
        raise Unreadable('a reply says "by": "customer", "agent" or "bot"')
    return str(by)


def _promiser(entry: Mapping[str, object]) -> str:
    by = entry.get("by")
    name = tidy(by) if isinstance(by, str) else ""
    if not name:
        raise Unreadable('acknowledged says who promised, like "by": "Kim"')
    return name


def _until(entry: Mapping[str, object], kind: EventKind, zone: str | None) -> int | None:
    if kind is not EventKind.ACKNOWLEDGED:
        return None
    value = entry.get("until")
    if value is None:
        raise Unreadable('acknowledged says by when, like "until": "2026-03-02T17:00+01:00"')
    until = _instant("until", value, zone)
    if until <= _at(entry, zone):
        raise Unreadable(f"until: {value!r} is not after at")
    return until


def _promised(entry: Mapping[str, object], kind: EventKind) -> PromiseKind:
    if kind is not EventKind.ACKNOWLEDGED:
        return PromiseKind.UPDATE
    said = entry.get("for", PromiseKind.UPDATE.value)
    if said not in _PROMISES:
        raise Unreadable('"for" says what is promised: "update" or "end"')
    return PromiseKind(said)


_PROMISES = tuple(kind.value for kind in PromiseKind)


def _seq(entry: Mapping[str, object]) -> int | None:
    value = entry.get("seq")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(f"seq is {_form(value)}, not a whole number")
    return value


def _attributes(entry: Mapping[str, object], kind: EventKind) -> Mapping[str, object]:
    if "ticket_id" in entry and str(entry["ticket_id"]).strip() != _ticket(entry):
        raise Unreadable("its ticket and ticket_id differ")
    for name, ours in OUR_NAMES.items():
        if name in entry and entry.get(ours, entry[name]) != entry[name]:
            raise Unreadable(f"says two things of {ours}: {entry[name]!r} and {entry[ours]!r}")
    if kind is EventKind.ACKNOWLEDGED:
        return {}
    attributes = {
        OUR_NAMES.get(name, name): value for name, value in entry.items() if name not in ENVELOPE
    }
    attributes.pop("ticket_id", None)
    _check(attributes, kind)
    return attributes


def _check(attributes: Mapping[str, object], kind: EventKind) -> None:
    for value in attributes.values():
        if isinstance(value, dict | list) and _depth(value) > MOST_LEVELS:
            raise Unreadable(f"nested deeper than {MOST_LEVELS} levels")
    status = attributes.get("status", "any")
    if not str(status).strip() or not isinstance(status, str | int):
        raise Unreadable("the status it names is not a text")
    wanted = MUST_SAY.get(kind)
    if wanted and not any(name in attributes for name in wanted):
        raise Unreadable(f"{kind.value} says nothing of {' or '.join(wanted)}")


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 1


def _form(value: object) -> str:
    """What JSON calls a value, with its article."""
    return _FORMS.get(type(value), "a number")


_FORMS = {bool: "true or false", dict: "an object", list: "a list", str: "a text"}
