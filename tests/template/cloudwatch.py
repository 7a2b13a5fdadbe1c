"""CloudWatch's evaluation of an alarm, as its manual describes it, on series that are given.

"Configuring how CloudWatch alarms treat missing data": of a range that is somewhat longer than
the evaluation periods the newest points that exist are taken; where there are fewer, missing
ones are filled in as the alarm says.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from attrs import frozen

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"

MORE_PERIODS = 2
"""By how many periods the range is longer; the manual's own example has five for three."""

STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
}

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "LessThanThreshold": operator.lt,
    "GreaterThanOrEqualToThreshold": operator.ge,
}

Series = Mapping[int, float]
"""What a metric was, by the second at which it was emitted."""


@frozen
class Evaluated:
    """An alarm of the template; `periods` are evaluated, and `datapoints` of them must be
    breaching.
    """

    period: int
    periods: int
    datapoints: int
    statistic: Callable[[Sequence[float]], float]
    breaches: Callable[[float], bool]
    missing: str

    @classmethod
    def of(cls, alarm: Mapping[str, Any]) -> Evaluated:
        compare, threshold = COMPARISONS[alarm["ComparisonOperator"]], float(alarm["Threshold"])
        periods = alarm["EvaluationPeriods"]
        return cls(
            period=alarm["Period"],
            periods=periods,
            datapoints=alarm.get("DatapointsToAlarm", periods),
            statistic=STATISTICS[alarm["Statistic"]],
            breaches=lambda value: compare(value, threshold),
            missing=alarm.get("TreatMissingData", "missing"),
        )

    def points(self, series: Series, end: int) -> list[bool | None]:
        """Of the range that ends at `end`, the oldest first: breaching or not, None where nothing
        was emitted.
        """
        first = end - (self.periods + MORE_PERIODS) * self.period
        starts = range(first, end, self.period)
        values = (
            [v for at, v in series.items() if start <= at < start + self.period] for start in starts
        )
        return [self.breaches(self.statistic(each)) if each else None for each in values]

    def state(self, points: Sequence[bool | None], before: str) -> str:
        known = [point for point in points if point is not None][-self.periods :]
        lacking = self.periods - len(known)
        if lacking and self.missing in ("breaching", "notBreaching"):
            known += [self.missing == "breaching"] * lacking
        if known.count(True) >= self.datapoints:
            return ALARM if self.missing != "ignore" or not lacking else before
        if not known:
            return INSUFFICIENT if self.missing == "missing" else before
        if lacking and all(known):
            return ALARM if self.missing == "missing" else before
        return OK

    def states(self, series: Series, start: int, end: int) -> Iterator[tuple[int, str]]:
        """After each period; a period is looked at when it has ended."""
        state = OK
        for at in range(start + self.period, end + 1, self.period):
            state = self.state(self.points(series, at), state)
            yield at, state


def rings(states: Iterable[tuple[int, str]]) -> list[int]:
    """When somebody is told: each time that it goes into ALARM."""
    return [at for (_, before), (at, now) in pairwise([(0, OK), *states]) if now == ALARM != before]
