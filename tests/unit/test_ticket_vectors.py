"""Whole tickets from other products' test suites: events in, due times and elapsed times out.

They lie in a folder beside the repository; a checkout without it skips them, and says so.
`update` there is our next_response, `reopen` our reopened, and first_response pauses unless the
case says otherwise.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from building import at, policy, rule
from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import After, Before, Ladder, Level, Metric, Policy, Target
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.time.calendar import Calendar

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "data" / "vectors.json"
pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason="no ../shared/data/vectors.json")
vectors: dict[str, Any] = json.loads(VECTORS.read_text()) if VECTORS.exists() else {}
METRICS = {
    "first_response": Metric.FIRST_RESPONSE,
    "update": Metric.NEXT_RESPONSE,
    "resolution": Metric.RESOLUTION,
}


def facts_of(case: dict[str, Any]) -> Facts:
    notified = [Fact("T-1", "status", at(case["events"][0]["at"]), "open")]
    for event in case["events"]:
        when = at(event["at"])
        if event["type"] == "created":
            notified = [
                Fact("T-1", "created", when),
                Fact("T-1", "status", when, event.get("status", "open")),
            ]
        elif event["type"] == "reply":
            notified.append(Fact("T-1", f"{event['by']}_reply", when))
        else:
            notified.append(Fact("T-1", "status", when, event["to"]))
    return Facts.of(notified)


def policy_of(case: dict[str, Any]) -> Policy:
    paused = frozenset(case.get("paused_statuses", ["pending"]))
    levels = case.get("levels", [{"offset_seconds": 0}])
    ladder = Ladder("levels", tuple(_level(level["offset_seconds"]) for level in levels))
    targets = []
    for name, within in case["targets"].items():
        pauses = name != "first_response" or case.get("pause_applies_to_first_response", True)
        targets.append(Target(METRICS[name], within, ladder, paused if pauses else frozenset()))
    return policy(
        rule("all", *targets, calendar="desk"),
        calendars={"desk": Calendar.from_spec(vectors["calendars"][case["calendar"]])},
        statuses={"open": "open", "closed": "closed", **{name: name for name in paused}},
        groups=("open", *sorted(paused), "closed"),
    )


def _level(offset: int) -> Level:
    return Level(After(offset) if offset >= 0 else Before(-offset), ("owner",))


def clocks_of(case: dict[str, Any]) -> dict[str, list[Clock]]:
    last = at(case["events"][-1]["at"])
    found = plan(Case("T-1", facts_of(case)), policy_of(case), last, whole=True).clocks
    return {name: [c for c in found if c.metric is metric] for name, metric in METRICS.items()}


def answer(case: dict[str, Any], question: str) -> int | str | None:
    """What our engine says to one key of `expect`."""
    clocks, last = clocks_of(case), at(case["events"][-1]["at"])
    if question == "paused_business_seconds":
        calendar = Calendar.from_spec(vectors["calendars"][case["calendar"]])
        return sum(
            calendar.between(span.start, span.end or last)
            for span in clocks["resolution"][0].paused
        )
    if question.startswith("level"):
        (level,) = case["levels"]
        return clocks[level["of"]][-1].levels[0]
    metric, _, what = question.rpartition("_")
    if what == "due":
        current = clocks[metric][-1]
        return current.due_at if metric != "update" or current.stopped_at is None else None
    longest = metric.endswith("_longest")
    return max(
        clock.elapsed(last)
        for clock in clocks[metric.removesuffix("_longest")][0 if longest else -1 :]
    )


QUESTIONS = [
    pytest.param(case, name, id=f"{case['source'].rpartition(':')[2]}:{name}")
    for case in vectors.get("ticket_cases", [])
    for name in case["expect"]
]


@pytest.mark.parametrize(("case", "question"), QUESTIONS)
def test_agrees_with_the_other_product(case: dict[str, Any], question: str) -> None:
    expected = case["expect"][question]
    assert answer(case, question) == (at(expected) if isinstance(expected, str) else expected)


def test_every_case_is_asked() -> None:
    assert len(vectors["ticket_cases"]) == 17
    assert len(QUESTIONS) == sum(len(case["expect"]) for case in vectors["ticket_cases"])
