"""What changes under the policy compared with the one it is put against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import frozen

from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.tools.backtest.rows import ClockRow
from sla_watchdog.tools.backtest.summary import BY_WEIGHT
from sla_watchdog.tools.loudness.loads import Loudness

NONE = "no clock"


@frozen
class VerdictChange:
    """So many tickets whose verdict on one clock was `before` under the old policy and is `after`
    under the new.
    """

    clock: str
    before: str
    after: str
    tickets: int


@frozen
class Load:
    """Messages to one audience under the old policy and under the new."""

    audience: str
    before: int
    after: int


def changes(before: Iterable[ClockRow], after: Iterable[ClockRow]) -> list[VerdictChange]:
    """Only where the verdict differs; a clock that one of the two policies does not have counts
    too.
    """
    old, new = _verdicts(before), _verdicts(after)
    tickets: Counter[tuple[str, str, str]] = Counter()
    for key in {*old, *new}:
        clock, _ = key
        was, became = old.get(key, NONE), new.get(key, NONE)
        if was != became:
            tickets[clock, was, became] += 1
    moved = [VerdictChange(*verdicts, count) for verdicts, count in tickets.items()]
    return sorted(moved, key=_most_tickets_first)


def _most_tickets_first(change: VerdictChange) -> tuple[str, int, str, str]:
    return change.clock, -change.tickets, change.before, change.after


def _verdicts(rows: Iterable[ClockRow]) -> Mapping[tuple[str, str], str]:
    """The worst of each clock and ticket."""
    verdicts: dict[tuple[str, str], str] = {}
    for row in rows:
        if row.clock != Metric.AGE.value:
            key = row.clock, row.ticket
            worst = verdicts.get(key, row.verdict)
            verdicts[key] = min(worst, row.verdict, key=BY_WEIGHT.index)
    return verdicts


def loads(before: Loudness, after: Loudness) -> list[Load]:
    old, new = _totals(before), _totals(after)
    loads = [Load(name, old.get(name, 0), new.get(name, 0)) for name in {*old, *new}]
    return sorted(loads, key=lambda load: (-max(load.before, load.after), load.audience))


def _totals(loudness: Loudness) -> dict[str, int]:
    """By audience."""
    return {audience.audience: audience.load.messages for audience in loudness.audiences}
