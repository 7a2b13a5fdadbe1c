"""How a test builds its world: one way of saying each thing, in one line.

- a policy: `policy(rule("r", resolution(8 * HOUR)), digest_after=3)`; without rules, one resolution
  within 8 h. `resolution`, `first_response` or `Target(…)` for a target; calendars `ALWAYS` (UTC)
  and `OFFICE` (Berlin), ladders `STANDARD` and `CEILINGS`. As a file: policy_files/ beside the
  tests, and unit/policy_rows.py for one place changed.
- a time: `at("2026-03-02T09:00")`, UTC where it says nothing else, `iso(seconds)` back again;
  `MON` and `TUE` are the days on which most stories begin.
- facts of a ticket: `facts(("created", f"{MON}T09:00"), ("status", f"{MON}T10:00", "Open"))`
- a case, judged: `evaluate(facts(…), now, policy(…))`, where `reached=…` and the like are fields of
  the case; `after_telling` is the case once it was notified. `clock_of` picks a clock of it.
- a message: unit/story.py makes a notice by hand, which `render` takes, field by field.
- a case as it is stored: store/samples.py, for every engine.
- a desk with an AWS: desk.Desk, where `put` is a record that the stream brings (`NEW` is the
  least), `tick`, `sweep` and `sent` what follows. The fixture `desk` of component/conftest.py is
  one whose watchdog is at work since Monday, midnight.
- a command line: the fixture `operator` (component/cli_desk.py), `operator("status", "--json")`;
  its `desk` is such a desk.
- processes that die: faults/world.py, around a Desk. A deployed stack: scenarios/world.py.

tests/reference has words of its own on purpose: what it shares with the engine it cannot check.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.escalation.budget import runs_after
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.policy.model import (
    Acknowledge,
    After,
    Age,
    Audience,
    Condition,
    Ladder,
    Level,
    Matters,
    Metric,
    Pauses,
    Percent,
    Policy,
    Repeat,
    Rule,
    Source,
    Target,
)
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.time.calendar import Calendar

HOUR, DAY = 3600, 86_400
MON, TUE = "2026-03-02", "2026-03-03"
OFFICE = Calendar.from_spec(
    {
        "timezone": "Europe/Berlin",
        "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    }
)
ALWAYS = Calendar.from_spec(
    {
        "timezone": "UTC",
        "hours": {
            day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        },
    }
)
DAILY = Repeat(DAY, doubling=True)
STANDARD = Ladder(
    "standard",
    (
        Level(Percent(75), ("owner",)),
        Level(After(0), ("owner", "team-lead"), urgent=True),
        Level(After(4 * HOUR), ("manager",)),
        Level(After(16 * HOUR), ("executive",), repeat=DAILY),
    ),
)
CEILINGS = Ladder(
    "ceilings",
    (
        Level(Age(14 * DAY), ("manager",)),
        Level(Age(30 * DAY), ("executive",), repeat=Repeat(7 * DAY, False)),
    ),
)
STATUSES = {
    "new": "open",
    "open": "open",
    "waiting": "waiting",
    "resolved": "resolved",
    "closed": "closed",
}


def resolution(within: int, ladder: Ladder = STANDARD, **more: Any) -> Target:
    return Target(
        Metric.RESOLUTION, within, ladder, **{"pauses_in": frozenset({"waiting"}), **more}
    )


def first_response(within: int, ladder: Ladder = STANDARD, **more: Any) -> Target:
    return Target(Metric.FIRST_RESPONSE, within, ladder, **more)


def rule(
    name: str, *targets: Target, calendar: str = "always", when: tuple[Condition, ...] = ()
) -> Rule:
    return Rule(name, when, calendar, targets)


def policy(*rules: Rule, **changes: Any) -> Policy:
    settings: dict[str, Any] = {
        "source": Source({"ticket_id": "{ticket_id}"}),
        "timezone": "UTC",
        "statuses": STATUSES,
        "groups": ("open", "waiting", "resolved", "closed"),
        "priorities": {
            "1 - critical": "urgent",
            "2 - high": "high",
            "3 - normal": "normal",
            "4 - low": "low",
        },
        "severity": ("urgent", "high", "normal", "low"),
        "bots": frozenset({"auto-reply"}),
        "shared": frozenset({"queue"}),
        "calendars": {"office": OFFICE, "always": ALWAYS},
        "audiences": {
            name: Audience(name) for name in ("owner", "team-lead", "manager", "executive")
        },
        "rules": rules or (rule("everything", resolution(8 * HOUR)),),
        "ceilings": CEILINGS,
        "signals": {},
        "pauses": Pauses(),
        "matters": Matters(),
        "thanks": None,
        "acknowledge": Acknowledge(),
        "digest_after": 10,
        "hash": "test",
        "holidays_until": "2031-12-31",
    }
    return Policy(**{**settings, **changes})


def at(text: str) -> int:
    """Epoch seconds of an ISO time; UTC where it has no offset."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def iso(seconds: int) -> str:
    """What `at` reads as these epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def facts(*said: tuple[str, str] | tuple[str, str, str], ticket: str = "T-1") -> Facts:
    """`("created", "2026-03-02T09:00"), ("status", "2026-03-02T10:00", "Waiting"), …` of one
    ticket.
    """
    return Facts.of(
        Fact(ticket, entry[0], at(entry[1]), entry[2] if len(entry) == 3 else "") for entry in said
    )


def evaluate(known: Facts, now: str, rules: Policy | None = None, **state: Any) -> Plan:
    return plan(Case("T-1", facts=known, **state), rules or policy(), at(now))


def clock_of(
    evaluated: Plan, metric: Metric = Metric.RESOLUTION, ticket: str | None = None
) -> Clock:
    """The one clock of that metric; of that ticket, where there are several."""
    (found,) = [
        clock
        for clock in evaluated.clocks
        if clock.metric is metric and ticket in (None, clock.subject)
    ]
    return found


def after_telling(case: Case, evaluated: Plan, now: int, outcome: Outcome = Outcome.SENT) -> Case:
    """The case once every alert of the plan ended with `outcome`."""
    reached = {}
    for a in evaluated.alerts:
        place = a.clock_key, a.recipient.key
        reached[place] = LastNotified.by(a, now, outcome, case.reached.get(place))
    runs = runs_after(case.message_runs, evaluated.alerts, outcome, now)
    return evolve(case, reached={**case.reached, **reached}, message_runs=runs)
