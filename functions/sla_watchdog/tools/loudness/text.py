"""How loud it will be, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sla_watchdog.presentation.text.wording import who
from sla_watchdog.presentation.times import count_of
from sla_watchdog.tools.loudness.changes import CalmingChange, calming_change
from sla_watchdog.tools.loudness.days import Days
from sla_watchdog.tools.loudness.loads import (
    SHARE,
    TOO_MANY,
    AudienceLoudness,
    CauseShare,
    DailyLoad,
    Loudness,
    RecipientLoad,
)
from sla_watchdog.tools.loudness.rule_names import rule_name

SHOWN = 2
"""Recipients of each audience that are listed; the loudest first."""

NOTE_AHEAD = "of the cases open now, if nothing happens to them; new tickets come on top"


def print_loudness(console: Console, loudness: Loudness) -> None:
    """Messages of a history; nothing where there are none."""
    if not loudness.audiences:
        return
    console.print(_table(loudness))
    console.print(Text(_explained(loudness.days), "dim"))
    print_causes(console, loudness)
    print_warnings(console, loudness)


def _explained(days: Days) -> str:
    span = f"{count_of(len(days), 'day')}, {days.names[0]} to {days.names[-1]}"
    return f"{span}, those without any counted as 0; on {SHARE} % of days that or fewer"


def _table(loudness: Loudness) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("messages a day", overflow="fold")
    for name in ("median", f"{SHARE} %", "busiest", "on", "in all"):
        table.add_column(name, justify="right")
    for audience in loudness.audiences:
        for label, load in _rows(audience):
            table.add_row(label, *_cells(load))
    return table


def _cells(load: DailyLoad) -> tuple[str, ...]:
    return (
        f"{load.median:g}",
        f"{load.percentile:,}",
        f"{load.busiest.messages:,}",
        load.busiest.day,
        f"{load.messages:,}",
    )


def _rows(audience: AudienceLoudness) -> Iterator[tuple[Text, DailyLoad]]:
    """The audience as a whole, and the loudest of its recipients where it has several."""
    count = len(audience.recipients)
    if count == 1:
        yield _name(audience.loudest), audience.load
        return
    yield Text(f"{audience.audience}, all {count:,}"), audience.load
    for loud in audience.recipients[:SHOWN]:
        yield _name(loud, "  "), loud.load


def _name(loud: RecipientLoad, indent: str = "") -> Text:
    style = "yellow" if loud.load.too_loud else ""
    return Text(f"{indent}{who(loud.recipient)}", style)


def print_loudness_ahead(console: Console, loudness: Loudness) -> None:
    """Messages of the next days; nothing where there are none."""
    if not loudness.audiences:
        return
    console.print(_table_ahead(loudness))
    console.print(Text(NOTE_AHEAD, "dim"))
    print_causes(console, loudness)
    print_warnings(console, loudness)


def _table_ahead(loudness: Loudness) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("messages", overflow="fold")
    for heading in _cells_ahead(DailyLoad(loudness.days, {})):
        table.add_column(heading, justify="right")
    for audience in loudness.audiences:
        for label, load in _rows(audience):
            table.add_row(label, *_cells_ahead(load).values())
    return table


# ------------------------------------------------------------------ before and after a change


def print_loudness_change(
    console: Console, before: Loudness, after: Loudness, *, ahead: bool
) -> None:
    """Each figure as it is and as it will be; `ahead` where only the next days are known. Nothing
    where there are no messages.
    """
    cells = _cells_ahead if ahead else _cells_of_change
    was, becomes = dict(_labelled(before)), dict(_labelled(after))
    labels = [*becomes, *(label for label in was if label not in becomes)]
    if not labels:
        return
    console.print(_table_of_change(labels, was, becomes, cells))
    note = NOTE_AHEAD if ahead else _explained(after.days)
    console.print(Text(note, "dim"))
    print_causes(console, after)
    print_warnings(console, after)


Loads: TypeAlias = Mapping[str, DailyLoad]
"""By the name of an audience or of a recipient."""

Cells: TypeAlias = Callable[[DailyLoad], Mapping[str, str]]
"""The figures of a load, by the headings of their columns."""


def _table_of_change(labels: Sequence[str], was: Loads, becomes: Loads, cells: Cells) -> Table:
    quiet = DailyLoad(next(iter({**was, **becomes}.values())).days, {})
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("messages", overflow="fold")
    for heading in cells(quiet):
        table.add_column(heading, justify="right")
    for label in labels:
        old, new = cells(was.get(label, quiet)), cells(becomes.get(label, quiet))
        changes = [_change(old[heading], new[heading]) for heading in old]
        table.add_row(Text(label), *changes)
    return table


def _labelled(loudness: Loudness) -> Iterator[tuple[str, DailyLoad]]:
    """Every audience, and the loudest recipient of one that has several."""
    for audience in loudness.audiences:
        yield audience.audience, audience.load
        if len(audience.recipients) > 1:
            yield f"  loudest of {audience.audience}", audience.loudest.load


def _cells_of_change(load: DailyLoad) -> Mapping[str, str]:
    return {
        "median day": f"{load.median:g}",
        f"{SHARE} % of days": f"{load.percentile:,}",
        "busiest day": f"{load.busiest.messages:,}",
    }


def _cells_ahead(load: DailyLoad) -> Mapping[str, str]:
    return {
        "next 24 h": f"{load.by_day.get(0, 0):,}",
        f"next {len(load.days)} days": f"{load.messages:,}",
        "busiest 24 h": f"{load.busiest.messages:,}",
    }


def _change(was: str, becomes: str) -> str:
    return becomes if was == becomes else f"{was} → {becomes}"


# ------------------------------------------------------------------ why, and what to do


def print_causes(console: Console, loudness: Loudness) -> None:
    for audience in loudness.audiences:
        if audience.cause is not None:
            line = f"Most to {audience.audience}: {_cause(audience.cause, loudness)}"
            console.print(Text(line))


def _cause(share: CauseShare, loudness: Loudness) -> str:
    return f"{rule_name(share.cause, loudness.policy)} ({share.percent} %)"


def print_warnings(console: Console, loudness: Loudness) -> None:
    for warning in warnings(loudness):
        console.print(Text(f"Warning: {warning}", "yellow"))


def warnings(loudness: Loudness) -> Iterator[str]:
    for audience in loudness.audiences:
        if audience.too_loud:
            change = calming_change(audience.loudest, loudness.policy, loudness.days)
            yield _warning(audience.too_loud, change)


def _warning(loud: Sequence[RecipientLoad], change: CalmingChange | None) -> str:
    loudest, *others = loud
    count = f"{loudest.load.percentile:,} messages a day"
    warning = f"{who(loudest.recipient)} gets {count}, more than {TOO_MANY}{_others(others)}."
    if change is None:
        return warning
    return f"{warning} To calm it, {change.change}{_then(change)}."


def _others(others: Sequence[RecipientLoad]) -> str:
    if not others:
        return ""
    if len(others) == 1:
        return "; so does 1 other"
    return f"; so do {len(others):,} others"


def _then(change: CalmingChange) -> str:
    return "" if change.then is None else f": about {change.then:,} a day then"
