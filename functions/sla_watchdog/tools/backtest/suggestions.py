"""Limits that most cases of the last half year kept, to be put into a policy file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import frozen

from sla_watchdog.domain.clocks.clock import State
from sla_watchdog.domain.policy.model import Policy, Rule, Target
from sla_watchdog.domain.time.seconds import DAY, HOUR, MINUTE
from sla_watchdog.tools.backtest.rows import ClockRow, utc
from sla_watchdog.tools.policy_file.durations import spoken

HALF_A_YEAR = 182 * DAY
KEPT = 90
"""Percent of the cases that keep a suggested limit."""

ENOUGH = 30
"""With fewer cases one of them moves the 90th percentile too far."""

STEPS = ((HOUR, 5 * MINUTE), (4 * HOUR, 15 * MINUTE), (40 * HOUR, HOUR), (200 * HOUR, 4 * HOUR))
"""Below so much open time limits are whole multiples of so much; above all of them of a day of
eight hours.
"""


@frozen
class Suggestion:
    """A target of a policy, and what its tickets took that ended in the last half year: in open
    time, of several exchanges of a ticket the longest.
    """

    policy: str
    target: Target
    used: Sequence[int]
    """The shortest first."""
    kept_today: int
    """How many of them kept the limit they had."""

    @property
    def cases(self) -> int:
        return len(self.used)

    @property
    def enough(self) -> bool:
        return self.cases >= ENOUGH

    @property
    def within(self) -> int | None:
        """Seconds of open time; None where too few cases ended."""
        if not self.enough:
            return None
        rank = -(-self.cases * KEPT // 100)
        return rounded_up(self.used[rank - 1])

    @property
    def today(self) -> float | None:
        """The share that kept its limit, in percent."""
        return _share(self.kept_today, self.cases)

    @property
    def then(self) -> float | None:
        """The share that would have kept the suggested one."""
        limit = self.within
        if limit is None:
            return None
        return _share(sum(used <= limit for used in self.used), self.cases)


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def rounded_up(seconds: int) -> int:
    """To a sensible unit, at least five minutes: up, lest fewer keep it."""
    step = next((step for below, step in STEPS if seconds < below), 8 * HOUR)
    return max(step, -(-seconds // step) * step)


@frozen
class Suggestions:
    """Of what ended after `since`, up to `until`; in the order of the policy file."""

    policy: Policy
    since: int
    until: int
    suggestions: Sequence[Suggestion]


_Key: TypeAlias = tuple[str, str]
"""A policy and the metric of one of its targets."""


def suggestions(rows: Iterable[ClockRow], policy: Policy, until: int) -> Suggestions:
    """A target whose deadline another system sets has no limit to suggest."""
    since = until - HALF_A_YEAR
    longest = _longest(rows, utc(since))
    made = [
        _suggestion(rule, target, longest.get((rule.name, target.metric.value), {}))
        for rule, target in _with_a_limit(policy)
    ]
    return Suggestions(policy, since, until, made)


def _with_a_limit(policy: Policy) -> Iterator[tuple[Rule, Target]]:
    for rule in policy.rules:
        for target in rule.targets:
            if target.due is None:
                yield rule, target


def _suggestion(rule: Rule, target: Target, longest: Mapping[str, ClockRow]) -> Suggestion:
    used = sorted(row.business_seconds for row in longest.values())
    kept = sum(row.verdict == State.MET.value for row in longest.values())
    return Suggestion(rule.name, target, used, kept)


def _longest(rows: Iterable[ClockRow], since: str) -> Mapping[_Key, Mapping[str, ClockRow]]:
    """By target and ticket, of what stopped since then: the exchange that took the most."""
    longest: dict[_Key, dict[str, ClockRow]] = defaultdict(dict)
    for row in rows:
        if row.stopped_at <= since:
            continue
        of_target = longest[row.policy, row.clock]
        before = of_target.get(row.ticket)
        if before is None or before.business_seconds < row.business_seconds:
            of_target[row.ticket] = row
    return longest


# ------------------------------------------------------------------ how they are shown


def as_yaml(found: Suggestions) -> str:
    """Lines of a policy file, with comments; limits of which nothing can be said stay as they
    are. A policy under which no ticket ended is left out.
    """
    used = {suggestion.policy for suggestion in found.suggestions if suggestion.cases}
    if not used:
        return "# no ticket ended, so there is no limit to suggest"
    lines = ["policies:"]
    policy = ""
    for suggestion in found.suggestions:
        if suggestion.policy not in used:
            continue
        if suggestion.policy != policy:
            policy = suggestion.policy
            lines += [f"  - name: {policy}", "    targets:"]
        lines.append(f"      {_line(suggestion, found.policy)}")
    return "\n".join(lines)


def _line(suggestion: Suggestion, policy: Policy) -> str:
    target = suggestion.target
    within = suggestion.within or target.within
    return f"{target.metric.value}: {{{_keys(target, within, policy)}}}  # {_note(suggestion)}"


def _keys(target: Target, within: int, policy: Policy) -> str:
    parts = [f"within: {spoken(within)}", f"ladder: {target.ladder.name}"]
    if target.pauses_in:
        groups = [group for group in policy.groups if group in target.pauses_in]
        parts.append(f"pauses_in: [{', '.join(groups)}]")
    if target.stops_at != "resolved":
        parts.append(f"stops_at: {target.stops_at}")
    return ", ".join(parts)


def _note(suggestion: Suggestion) -> str:
    if not suggestion.enough:
        return f"unchanged: {suggestion.cases:,} ended, too few to suggest a limit"
    today = f"{spoken(suggestion.target.within)}: {suggestion.today} % of {suggestion.cases:,}"
    return f"{suggestion.then} % kept it; today's {today}"


def as_json(found: Suggestions) -> dict[str, Any]:
    return {
        "ended_after": utc(found.since),
        "until": utc(found.until),
        "percent": KEPT,
        "fewest_cases": ENOUGH,
        "limits": [_as_json(suggestion) for suggestion in found.suggestions],
    }


def _as_json(suggestion: Suggestion) -> dict[str, Any]:
    within = suggestion.within
    return {
        "policy": suggestion.policy,
        "target": suggestion.target.metric.value,
        "cases": suggestion.cases,
        "today": spoken(suggestion.target.within),
        "kept_today": suggestion.today,
        "within": None if within is None else spoken(within),
        "seconds": within,
        "kept_then": suggestion.then,
    }
