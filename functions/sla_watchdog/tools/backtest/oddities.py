"""What is odd in an event file: taken in and counted, or refused with the numbers of the lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from operator import attrgetter

from attrs import frozen

from sla_watchdog.tools.imports.events import (
    BrokenEventFile,
    BrokenLine,
    Event,
    EventKind,
    each_once,
)


class Oddity(StrEnum):
    REPEATED = "repeated"
    OUT_OF_ORDER = "out_of_order"
    BEFORE_CREATION = "before_creation"
    AFTER_CLOSING = "after_closing"


OF_EVENTS = (Oddity.BEFORE_CREATION, Oddity.AFTER_CLOSING)
"""What the events themselves are. The others are about the lines of a file, of which the written
answer says nothing: it is the same whatever their order, and however often one stands there.
"""

PROBLEMS = {
    Oddity.REPEATED: "says again what the line before it said of this ticket",
    Oddity.OUT_OF_ORDER: "is earlier than a line before it of the same ticket",
    Oddity.BEFORE_CREATION: "happens before the ticket was created, or to one that never was",
    Oddity.AFTER_CLOSING: "happens to a ticket that was closed, and does not reopen it",
}


@frozen
class Odd:
    line: int
    ticket: str
    oddity: Oddity


def oddities(events: Sequence[Event]) -> list[Odd]:
    """Everything odd about the events of a file, given in their order with the repeated ones; by
    line.
    """
    odd_lines = [
        *_repeated(events),
        *_out_of_order(events),
        *_outside_life(list(each_once(events))),
    ]
    return sorted(odd_lines, key=lambda odd: (odd.line, odd.oddity))


def counted(odd_lines: Iterable[Odd]) -> Mapping[str, int]:
    """How many lines of each kind; a line may be odd in several ways."""
    counts = Counter(odd.oddity for odd in odd_lines)
    return {oddity.value: counts[oddity] for oddity in Oddity}


def refuse(odd_lines: Sequence[Odd]) -> None:
    """Raises BrokenEventFile where anything is odd."""
    broken = [BrokenLine(odd.line, f"{odd.ticket}: {PROBLEMS[odd.oddity]}") for odd in odd_lines]
    if broken:
        raise BrokenEventFile(tuple(broken))


def _repeated(events: Iterable[Event]) -> Iterator[Odd]:
    last: dict[str, Event] = {}
    for event in events:
        if event.repeats(last.get(event.ticket)):
            yield Odd(event.line, event.ticket, Oddity.REPEATED)
        last[event.ticket] = event


def _out_of_order(events: Iterable[Event]) -> Iterator[Odd]:
    """Lines that come too late in the file; where they carry `seq`, of one second by that."""
    latest: dict[str, tuple[int, int]] = {}
    for event in sorted(events, key=attrgetter("line")):
        at = event.at, event.seq or 0
        if at < latest.get(event.ticket, at):
            yield Odd(event.line, event.ticket, Oddity.OUT_OF_ORDER)
        else:
            latest[event.ticket] = at


def _outside_life(events: Sequence[Event]) -> Iterator[Odd]:
    """Events of one second belong together: what is logged in the second of the creation, or of the
    closing, is in time.
    """
    created = {
        event.ticket: event.at for event in reversed(events) if event.kind is EventKind.CREATED
    }
    closed: dict[str, int] = {}
    for event in events:
        if event.at < created.get(event.ticket, event.at + 1):
            yield Odd(event.line, event.ticket, Oddity.BEFORE_CREATION)
        if event.kind in (EventKind.REOPENED, EventKind.CLOSED):
            closed.pop(event.ticket, None)
        elif event.at > closed.get(event.ticket, event.at):
            yield Odd(event.line, event.ticket, Oddity.AFTER_CLOSING)
        if event.kind is EventKind.CLOSED:
            closed[event.ticket] = event.at
