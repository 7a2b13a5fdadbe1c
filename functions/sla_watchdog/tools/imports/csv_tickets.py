"""A CSV export of a help desk: one ticket a row, columns under the desk's own names or ours.

Which column is which field the policy file says, the same as for records in a table
(`source.key`, `fields`). Every other column is kept under its own name, so that conditions of
the policy can ask for it.
"""

from __future__ import annotations

import csv
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType

from attrs import Factory, define, frozen

from sla_watchdog.domain.policy.model import Policy, Source
from sla_watchdog.domain.tickets.record import LONGEST_ID, Unreadable, seconds_of, ticket_id
from sla_watchdog.domain.tickets.ticket_fields import TICKET_FIELDS, TIMES
from sla_watchdog.tools.imports.events import LONGEST_NAME, BrokenEventFile, BrokenLine

NEEDED = ("ticket_id", "created_at", "status")
LIKELY = {
    "ticket_id": ("number", "ticket", "id", "case"),
    "created_at": ("open", "creat"),
    "status": ("stat",),
}
"""Parts of the names that help desks give to what is needed: for a hint, never to decide by."""


@define
class Column:
    """What became of one column: `field` is ours, '' where it is kept under its own name. `filled`
    counts its values, `sample` is the first; `unknown` are values of a status column that the
    policy does not know.
    """

    name: str
    field: str
    filled: int = 0
    sample: str = ""
    unknown: set[str] = Factory(set)

    def take(self, value: str, policy: Policy) -> None:
        self.filled += 1
        self.sample = self.sample or value
        if self.field == "status" and value.casefold() not in policy.statuses:
            self.unknown.add(value)


@frozen
class Export:
    """The tickets of a file as records under our names, and what its columns became."""

    columns: tuple[Column, ...]
    records: tuple[dict[str, object], ...]


def read(
    lines: Iterable[bytes], policy: Policy, named: Mapping[str, str] = MappingProxyType({})
) -> Export:
    """`named` says of columns which of our fields they are, whatever they are called.

    Raises BrokenEventFile, which names every row that cannot be imported and why.
    """
    rows = _rows(_texts(lines))
    header = next(rows, Line(1, ()))
    columns = _columns(header.cells, policy.source, named)
    first_lines: dict[str, int] = {}
    records: list[dict[str, object]] = []
    broken: list[BrokenLine] = []
    for row in rows:
        if row.empty:
            continue
        record = _record(row.cells, columns, policy)
        problems = list(_problems(row.cells, record, columns, policy))
        name = str(record.get("ticket_id", ""))
        first = first_lines.setdefault(name, row.number)
        if first != row.number:
            problems.append(f"ticket {name!r} stands in line {first} already")
        broken += [BrokenLine(row.number, problem) for problem in problems]
        records.append(record)
    if broken:
        raise BrokenEventFile(tuple(broken))
    return Export(tuple(columns), tuple(records))


@frozen
class Line:
    """One row; `number` is that of its last line in the file."""

    number: int
    cells: Sequence[str]

    @property
    def empty(self) -> bool:
        return not any(map(str.strip, self.cells))


def _texts(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            problem = "not UTF-8: save the file as CSV in UTF-8"
            raise BrokenEventFile((BrokenLine(number, problem),)) from error


def _rows(texts: Iterator[str]) -> Iterator[Line]:
    first = next(texts, "")
    rows = csv.reader(chain([first], texts), delimiter=_delimiter(first), strict=True)
    try:
        for cells in rows:
            yield Line(rows.line_num, cells)
    except csv.Error as error:
        broken = BrokenLine(max(rows.line_num, 1), f"not CSV: {error}")
        raise BrokenEventFile((broken,)) from error


def _delimiter(header: str) -> str:
    """The one of comma, semicolon and tab that parts the header into the most."""
    return max(",;\t", key=header.count)


def _columns(header: Sequence[str], source: Source, named: Mapping[str, str]) -> list[Column]:
    """Raises BrokenEventFile where the header cannot be taken, or lacks what is needed."""
    names = [name.strip() for name in header]
    _refuse_names(names)
    _refuse_named(named, names, source)
    columns = [Column(name, _meaning(name, source, named)) for name in names]
    filled = {column.field for column in columns}
    missing = [field for field in NEEDED if field not in filled]
    if missing:
        raise _broken_header(_unmapped(missing, names, source))
    return columns


def _meaning(name: str, source: Source, named: Mapping[str, str]) -> str:
    """Our field, as it was named or as the column is called; '' for what another was named to
    be.
    """
    if name in named:
        return named[name]
    field = _field(name, source)
    return "" if field in named.values() else field


def _refuse_names(names: Sequence[str]) -> None:
    doubled = sorted(name for name, count in Counter(names).items() if count > 1)
    if doubled:
        raise _broken_header(f"two columns are called {doubled[0]!r}")
    if len(max(names, key=len, default="")) > LONGEST_NAME:
        raise _broken_header(f"a column's name has more than {LONGEST_NAME:,} characters")


def _refuse_named(named: Mapping[str, str], names: Sequence[str], source: Source) -> None:
    """What `--column` names must be there: the columns, and our fields."""
    fields, there = _fields(source), _there(names)
    no_columns = [name for name in named if name not in names]
    no_fields = [field for field in named.values() if field not in fields]
    problems = [f"no column is called {name!r}: {there}" for name in no_columns]
    problems += [f"tickets have no field {field!r}: {there}" for field in no_fields]
    if problems:
        raise _broken_header(*problems)


def _broken_header(*problems: str) -> BrokenEventFile:
    return BrokenEventFile(tuple(BrokenLine(1, problem) for problem in problems))


def _there(names: Sequence[str]) -> str:
    if not any(names):
        return "the file is empty"
    return f"the columns are {', '.join(names)}"


def _unmapped(missing: Sequence[str], names: Sequence[str], source: Source) -> str:
    """What is missing, and how to say which column it is."""
    free = [name for name in names if name and not _field(name, source)]
    wanted, options = [], []
    for field in missing:
        wanted.append(" or ".join(reversed(_theirs(field, source))))
        options.append(shlex.join(["--column", f"{field}={_likely(field, free)}"]))
    problem = f"no column is called {', '.join(wanted)}; {_there(names)}"
    return f"{problem}. Say which it is, like {' '.join(options)}"


def _likely(field: str, names: Sequence[str]) -> str:
    for part in LIKELY[field]:
        for name in names:
            if part in _plain(name):
                return name
    return "COLUMN"


def _field(name: str, source: Source) -> str:
    """Ours by the policy's mapping, else by our own name; '' for a column that is neither.

    Capitals, blanks and hyphens do not matter.
    """
    plain = _plain(name)
    for field in _fields(source):
        if plain in map(_plain, _theirs(field, source)):
            return field
    return ""


def _fields(source: Source) -> list[str]:
    return list(dict.fromkeys(["ticket_id", *source.fields, *TICKET_FIELDS]))


def _theirs(field: str, source: Source) -> list[str]:
    """Names of the columns that are the field, the operator's first."""
    names = [source.fields.get(field, field), field]
    if field == "ticket_id":
        names = [*source.key, field]
    return list(dict.fromkeys(names))


def _plain(name: str) -> str:
    return name.casefold().replace(" ", "_").replace("-", "_")


def _record(cells: Sequence[str], columns: Sequence[Column], policy: Policy) -> dict[str, object]:
    record: dict[str, object] = {}
    for column, cell in zip(columns, cells, strict=False):
        value = cell.strip()
        if value:
            column.take(value, policy)
            record[column.field or column.name] = value
    if "ticket_id" in record:
        record["ticket_id"] = _name(str(record["ticket_id"]), policy.source)
    return record


def _name(value: str, source: Source) -> str:
    """The id, where the column holds it as the table's key does (`TICKET#4711`)."""
    return ticket_id(dict.fromkeys(source.key, value), source) or value


def _problems(
    cells: Sequence[str], record: Mapping[str, object], columns: Sequence[Column], policy: Policy
) -> Iterator[str]:
    if len(cells) > len(columns):
        yield f"{len(cells)} values for {len(columns)} columns"
    for field in NEEDED:
        if field not in record:
            yield f"no {field}"
    if "" in record:
        yield f"{str(record[''])[:20]!r} stands in a column without a name"
    if len(str(record.get("ticket_id", "")).encode()) > LONGEST_ID:
        yield f"the ticket_id has more than {LONGEST_ID:,} bytes"
    for field in TIMES.intersection(record):
        try:
            seconds_of(record[field], policy.timezone)
        except Unreadable as problem:
            yield f"{field}: {problem}"
