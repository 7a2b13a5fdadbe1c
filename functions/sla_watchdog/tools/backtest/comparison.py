"""What changes under the policy compared with the one it is put against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import frozen

from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.tools.backtest.rows import ClockRow, Message
from sla_watchdog.tools.backtest.summary import BY_WEIGHT, per_day

NONE = "no clock"


@frozen
class Change:
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


def changes(before: Iterable[ClockRow], after: Iterable[ClockRow]) -> list[Change]:
    """Only where the verdict differs; a clock that one of the two policies does not have counts
    too.
    """
    old, new = _verdicts(before), _verdicts(after)
    moved = Counter(
        (clock, old.get((clock, ticket), NONE), new.get((clock, ticket), NONE))
        for clock, ticket in {*old, *new}
    )
    ranked = sorted(moved.items(), key=lambda item: (item[0][0], -item[1], item[0]))
    return [Change(*key, count) for key, count in ranked if key[1] != key[2]]


def _verdicts(rows: Iterable[ClockRow]) -> Mapping[tuple[str, str], str]:
    verdicts: dict[tuple[str, str], str] = {}
    for row in rows:
        if row.clock != Metric.AGE.value:
            key = row.clock, row.ticket
            verdicts[key] = min(verdicts.get(key, row.verdict), row.verdict, key=BY_WEIGHT.index)
    return verdicts


def loads(before: Iterable[Message], after: Iterable[Message]) -> list[Load]:
    old, new = (
        {name: days.total() for name, days in per_day(verdicts).items()}
        for verdicts in (before, after)
    )
    names = sorted({*old, *new}, key=lambda name: (-max(old.get(name, 0), new.get(name, 0)), name))
    return [Load(name, old.get(name, 0), new.get(name, 0)) for name in names]
