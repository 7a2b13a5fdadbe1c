"""Small policies and cases for the tests of the domain, in one line each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import evolve

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
        "gap": 14 * DAY,
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


def facts(*said: tuple[str, str] | tuple[str, str, str], ticket: str = "T-1") -> Facts:
    """`("created", "2026-03-02T09:00"), ("status", "2026-03-02T10:00", "Waiting"), …` of one
    ticket.
    """
    return Facts.of(
        Fact(ticket, entry[0], at(entry[1]), entry[2] if len(entry) == 3 else "") for entry in said
    )


def evaluate(known: Facts, now: str, rules: Policy | None = None, **state: Any) -> Plan:
    return plan(Case("T-1", facts=known, **state), rules or policy(), at(now))


def after_telling(case: Case, evaluated: Plan, now: int, outcome: Outcome = Outcome.SENT) -> Case:
    """The case once every alert of the plan ended with `outcome`."""
    reached = {
        (a.clock_key, a.recipient.key): LastNotified.by(a, now, outcome) for a in evaluated.alerts
    }
    return evolve(case, reached={**case.reached, **reached})
