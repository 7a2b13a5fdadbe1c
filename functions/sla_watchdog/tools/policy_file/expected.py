"""The form of what an example expects: when clocks are due, and which alerts are sent."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field, frozen

from sla_watchdog.domain.clocks.clock_key import CLEARED
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.tickets.record import Unreadable, seconds_of
from sla_watchdog.tools.policy_file.levels import TELL
from sla_watchdog.tools.policy_file.nodes import Entries, Node, child
from sla_watchdog.tools.policy_file.problems import listed
from sla_watchdog.tools.policy_file.shapes import (
    SCALAR,
    Key,
    ListOf,
    Reading,
    Record,
    Schema,
    Then,
    entries_of,
)
from sla_watchdog.tools.policy_file.values import TEXT, choice, whole


@frozen
class Moment:
    """An instant (epoch seconds), and how it is written in the file."""

    at: int
    written: str = field(eq=False)


@frozen
class ExpectedDue:
    """When a clock of a ticket is due at the end of the example; no `moment`: it has no due instant
    then.
    """

    node: Node
    ticket: str
    metric: Metric
    moment: Moment | None


@frozen
class ExpectedAlert:
    """An alert that is expected, of a clock by its name in alerts. `level` counts from 1; without
    `ticket`, of any.
    """

    node: Node
    at: Moment
    clock: str
    level: int
    tell: tuple[str, ...]
    ticket: str | None


# ------------------------------------------------------------------ times


LOOKS_LIKE = 'a time looks like "2026-03-27T15:00+01:00"'
YEARS = range(7_258_118_400)
"""Seconds from 1970 to the end of 2199, as in event files."""


def _moment(text: str, node: Node, reading: Reading) -> Moment | None:
    try:
        moment = Moment(seconds_of(text, reading.timezone), text)
    except Unreadable as problem:
        reading.wrong(node, str(problem), LOOKS_LIKE)
        return None
    if moment.at not in YEARS:
        reading.wrong(node, f'"{text}" is not within the years 1970 to 2199', LOOKS_LIKE)
        return None
    return moment


MOMENT = Then(TEXT, _moment)
NONE = "none"


def _moment_or_none(text: str, node: Node, reading: Reading) -> Moment | str | None:
    return NONE if text == NONE else _moment(text, node, reading)


# ------------------------------------------------------------------ due times

TARGET_NAMES = tuple(metric.value for metric in TARGETS)
CLOCKS = (*Metric, CLEARED, "withdrawn", "finding")
_CLOCKS = Record(
    lambda **moments: moments,
    {name: Key(Then(TEXT, _moment_or_none), "when it is due, or none") for name in TARGET_NAMES},
)


class DueTimes:
    """By clock; by ticket and clock where the example has several tickets."""

    schema: Schema = {  # noqa: RUF012 - never changed
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"anyOf": [{"type": SCALAR}, _CLOCKS.schema]},
    }

    def read(self, node: Node, reading: Reading) -> tuple[ExpectedDue, ...] | None:
        entries = entries_of(node, reading, listed(TARGET_NAMES))
        if entries is None:
            return None
        by_ticket = {key.value: value for key, value in entries.pairs if isinstance(value, Entries)}
        if by_ticket and len(by_ticket) < len(entries.pairs):
            reading.wrong(
                node,
                "clocks and tickets stand side by side here",
                "write the clocks below their ticket",
            )
            return None
        found: list[ExpectedDue] = []
        for ticket, clocks in (by_ticket or {"": entries}).items():
            found += self._of(ticket, clocks, reading)
        return tuple(found)

    def _of(self, ticket: str, node: Entries, reading: Reading) -> Iterator[ExpectedDue]:
        for name, moment in (_CLOCKS.read(node, reading) or {}).items():
            at = child(node, name)
            yield ExpectedDue(
                at, ticket, Metric(name), moment if isinstance(moment, Moment) else None
            )


# ------------------------------------------------------------------ alerts


@frozen
class _WrittenAlert:
    at: Moment
    clock: str
    tell: tuple[str, ...]
    level: int = 1
    ticket: str | None = None


_ALERT = Then(
    Record(
        _WrittenAlert,
        {
            "at": Key(MOMENT, "when it is sent", True, 'at: "2026-03-30T13:00+02:00"'),
            "clock": Key(
                choice("a clock or signal", *CLOCKS),
                "the clock or signal it is about; cleared, withdrawn and finding are messages too",
                True,
                "clock: resolution",
            ),
            "level": Key(
                whole("a level", 1, 100), "level of the ladder; left out, the first, which is 1"
            ),
            "tell": Key(TELL, "the audiences that get it", True, "tell: [owner]"),
            "ticket": Key(TEXT, "the ticket or case it is about; left out, any"),
        },
    ),
    lambda form, node, _reading: ExpectedAlert(
        node, form.at, form.clock, form.level, form.tell, form.ticket
    ),
)


@frozen
class Expected:
    due: tuple[ExpectedDue, ...] = ()
    alerts: tuple[ExpectedAlert, ...] | None = None


EXPECTED = Record(
    Expected,
    {
        "due": Key(
            DueTimes(), "when clocks are due in the end: {resolution: TIME}, or none; or by ticket"
        ),
        "alerts": Key(
            ListOf(_ALERT, least=0), "all alerts, in order; [] means that nobody is told"
        ),
    },
)
