"""Random policies and histories for the reference model, and the files that say the same to the
product.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from reference.model import DAY, METRICS, Calendar, Event, Level, Policy, Rule, Target

HOUR, MINUTE = 3600, 60
WEEK = (("mon", "tue", "wed", "thu", "fri", "sat", "sun"),)
NAMES_OF_DAYS = WEEK[0]

STATUSES = {
    "New": "open",
    "Open": "open",
    "Pending": "waiting",
    "On Hold": "waiting",
    "Vendor": "others",
    "Resolved": "resolved",
    "Closed": "closed",
}
PRIORITIES = {"P1": "urgent", "P2": "high", "P3": "normal"}
BOTS = ("auto-reply",)


def weekly(*days: Sequence[tuple[str, str]]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Monday's to Friday's hours, or those of all seven days."""
    if len(days) == 1:
        return (tuple(days[0]),) * 5 + ((), ())
    return tuple(tuple(day) for day in days)


def daily(*hours: tuple[str, str]) -> tuple[tuple[tuple[str, str], ...], ...]:
    return (tuple(hours),) * 7


ALWAYS = Calendar("UTC", daily(("00:00", "24:00")))
LUNCH = (("09:00", "12:30"), ("13:30", "18:00"))
CALENDARS_AND_DATES = (
    (ALWAYS, "2026-03-02"),
    (Calendar("UTC", weekly([("09:00", "17:00")])), "2026-03-02"),
    (Calendar("Europe/Berlin", weekly([("08:00", "17:00")])), "2026-03-24"),
    (Calendar("Europe/Berlin", daily(("00:00", "24:00"))), "2026-10-22"),
    (Calendar("Europe/Berlin", daily(("01:30", "03:15"), ("09:00", "10:00"))), "2026-10-22"),
    (Calendar("Europe/Berlin", daily(("02:15", "02:45"), ("22:00", "23:30"))), "2026-03-26"),
    (
        Calendar(
            "America/New_York",
            weekly(LUNCH, LUNCH, LUNCH, LUNCH, LUNCH, [("10:00", "14:00")], []),
            holidays=("2026-03-09", "2026-03-11"),
            exceptions=(
                ("2026-03-10", (("10:00", "12:00"),)),
                ("2026-03-08", (("01:00", "04:00"),)),
            ),
        ),
        "2026-03-05",
    ),
    (Calendar("America/New_York", daily(("22:00", "06:00"))), "2026-10-29"),
    (
        Calendar("America/New_York", daily(("22:00", "06:00")), holidays=("2026-11-01",)),
        "2026-10-29",
    ),
    (Calendar("Australia/Lord_Howe", weekly([("08:30", "16:45")])), "2026-04-01"),
    (Calendar("Australia/Lord_Howe", daily(("00:00", "24:00"))), "2026-10-01"),
    (Calendar("Australia/Lord_Howe", daily(("01:45", "02:20"), ("12:00", "15:00"))), "2026-10-01"),
    (Calendar("America/Sao_Paulo", daily(("22:00", "24:00"), ("08:00", "12:00"))), "2018-10-31"),
    (Calendar("America/Sao_Paulo", daily(("22:00", "02:00"))), "2018-02-14"),
    (
        Calendar(
            "Asia/Kolkata",
            weekly([("09:30", "18:30")]),
            exceptions=(("2026-03-07", (("09:30", "12:00"),)),),
        ),
        "2026-03-03",
    ),
)
WITHIN = (30, 45, 60, 61, 90, 120, 180, 240, 330, 480, 540, 960, 1440)
"""Minutes."""


@dataclass(frozen=True)
class Trial:
    """One history under one policy, judged at `until`."""

    policy: Policy
    events: tuple[dict[str, Any], ...]
    until: int


def at(day: str, clock: str = "00:00") -> int:
    return int(datetime.fromisoformat(f"{day}T{clock}+00:00").timestamp())


# ------------------------------------------------------------------ drawing


def drawn_policy(random: Random) -> tuple[Policy, int]:
    """And when its histories begin: some days before the clocks are changed."""
    calendar, day = random.choice(CALENDARS_AND_DATES)
    other = random.choice([calendar, calendar, ALWAYS])
    calendars = {"desk": calendar, "other": other}
    stops_at = random.choice(["resolved"] * 6 + ["closed"])
    rules = [drawn_rule(random, "rest", calendars, stops_at)]
    if random.random() < 0.6:
        rules.insert(
            0,
            replace(
                drawn_rule(random, "urgent", calendars, stops_at),
                when={"priority": ("urgent", "high")},
            ),
        )
    if random.random() < 0.3:
        rules.insert(
            0,
            replace(
                drawn_rule(random, "government", calendars, stops_at),
                when={"customer_tier": ("gold",)},
            ),
        )
    longest, total = random.choice(
        [(None, None)] * 4 + [(1, None), (4, None), (None, 2), (None, 6), (1, 2), (4, 6)]
    )
    policy = Policy(
        calendars=calendars,
        rules=tuple(rules),
        groups=STATUSES,
        priorities=PRIORITIES,
        longest_pause=longest and longest * HOUR,
        total_pause=total and total * HOUR,
        bots=BOTS,
        ceilings=(random.choice([1, 3, 400]) * DAY,),
    )
    return policy, at(day)


def drawn_rule(random: Random, name: str, calendars: Any, stops_at: str) -> Rule:
    metrics = [metric for metric in METRICS if random.random() < 0.7] or ["resolution"]
    calendar = random.choice(sorted(calendars)) if random.random() < 0.3 else "desk"
    return Rule(
        name, calendar, {metric: drawn_target(random, metric, stops_at) for metric in metrics}
    )


def drawn_target(random: Random, metric: str, stops_at: str) -> Target:
    pauses = ("resolution", "first_resolution", "update")
    chance = 0.7 if metric in pauses else 0.15
    pauses_in = (
        random.choice([("waiting",), ("waiting", "others")]) if random.random() < chance else ()
    )
    return Target(
        within=random.choice(WITHIN) * MINUTE,
        pauses_in=pauses_in,
        stops_at=stops_at if metric.endswith("resolution") else "resolved",
        ladder=drawn_ladder(random),
    )


def drawn_ladder(random: Random) -> tuple[Level, ...]:
    warning = random.choice(
        [("percent", 50), ("percent", 75), ("before", 20 * MINUTE), ("before", HOUR)]
    )
    after = sorted(random.sample([30 * MINUTE, HOUR, 4 * HOUR, 9 * HOUR], random.randrange(3)))
    levels = [warning, ("breach", 0), *(("after", seconds) for seconds in after)]
    return tuple(
        Level(kind, amount, f"level-{number}") for number, (kind, amount) in enumerate(levels, 1)
    )


GAPS = (1, 5, 15, 15, 30, 30, 60, 60, 60, 120, 240, 480, 600, 1440, 2880)


def drawn_events(random: Random, start: int, ticket: str) -> tuple[dict[str, Any], ...]:
    moment = start + random.randrange(4 * 24 * 4) * 15 * MINUTE
    born: dict[str, Any] = {
        "type": "created",
        "status": random.choice(["New"] * 8 + ["Pending", "Closed"]),
    }
    born["priority"] = random.choice(sorted(PRIORITIES))
    if random.random() < 0.15:
        born["by"] = "agent"
    events = [{"ticket": ticket, "at": moment, **born}]
    for _ in range(random.randrange(1, 12)):
        moment += random.choice(GAPS) * MINUTE + (
            random.randrange(60) if random.random() < 0.1 else 0
        )
        events.append({"ticket": ticket, "at": moment, **drawn_event(random)})
    return tuple(events)


def drawn_event(random: Random) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [
        {"type": "reply", "by": "customer"},
        {"type": "reply", "by": "customer"},
        {"type": "reply", "by": "agent"},
        {"type": "reply", "by": "agent", "agent": "Kim"},
        {"type": "reply", "by": "bot"},
        {"type": "reply", "by": "agent", "agent": "auto-reply"},
        {"type": "status", "status": "Pending"},
        {"type": "status", "status": "Pending"},
        {"type": "status", "status": "On Hold"},
        {"type": "status", "status": "Vendor"},
        {"type": "status", "status": "Open"},
        {"type": "status", "status": "Open"},
        {"type": "resolved"},
        {"type": "resolved"},
        {"type": "closed"},
        {"type": "reopened"},
        {"type": "reopened"},
        {"type": "priority", "priority": random.choice(sorted(PRIORITIES))},
        {"type": "updated", "customer_tier": random.choice(["gold", "none"])},
        {"type": "note"},
    ]
    return random.choice(kinds)


def drawn_until(random: Random, events: Sequence[Event]) -> int:
    return int(str(events[-1]["at"])) + random.choice([7, 607, HOUR + 7, 9 * HOUR + 7, 3 * DAY + 7])


# ------------------------------------------------------------------ the same as files


def duration(seconds: int) -> str:
    hours, rest = divmod(seconds, HOUR)
    minutes, left = divmod(rest, MINUTE)
    assert not left
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")


def as_yaml(policy: Policy) -> str:
    """Every JSON text is YAML too."""
    ladders: dict[str, Any] = {}
    rules = [_rule(rule, ladders) for rule in policy.rules]
    pauses = {"longest": policy.longest_pause, "total": policy.total_pause}
    limits = {name: duration(seconds) for name, seconds in pauses.items() if seconds is not None}
    audiences = {level["tell"][0]: {} for ladder in ladders.values() for level in ladder}
    groups: dict[str, list[str]] = {}
    for status, group in policy.groups.items():
        groups.setdefault(group, []).append(status)
    priorities: dict[str, list[str]] = {}
    for word, name in policy.priorities.items():
        priorities.setdefault(name, []).append(word)
    text: dict[str, Any] = {
        "form": 1,
        "timezone": "UTC",
        "statuses": groups,
        "priorities": priorities,
        "people": {"bots": list(policy.bots)},
        "calendars": {name: _calendar(each) for name, each in policy.calendars.items()},
        "audiences": {**audiences, "top": {}, "limits": {}},
        "policies": rules,
        "ladders": ladders,
        "ceilings": [{"age": f"{age // DAY}d", "tell": ["top"]} for age in policy.ceilings],
    }
    if limits:
        text["pauses"] = {**limits, "tell": ["limits"]}
    return json.dumps(text, indent=1)


def _rule(rule: Rule, ladders: dict[str, Any]) -> dict[str, Any]:
    targets = {}
    for metric, target in rule.targets.items():
        ladder = f"{rule.name}-{metric}"
        ladders[ladder] = [_level(level) for level in target.ladder]
        ladders[ladder][-1]["repeat"] = {"every": "7d"}
        targets[metric] = {"within": duration(target.within), "ladder": ladder}
        if target.pauses_in:
            targets[metric]["pauses_in"] = list(target.pauses_in)
        if target.stops_at != "resolved":
            targets[metric]["stops_at"] = target.stops_at
    first = next(iter(ladders))
    said = {"name": rule.name, "calendar": rule.calendar, "ladder": first, "targets": targets}
    if rule.when:
        said["when"] = {name: list(values) for name, values in rule.when.items()}
    return said


def _level(level: Level) -> dict[str, Any]:
    said: dict[str, str] = {"at": "breach"}
    if level.kind == "percent":
        said = {"at": f"{level.amount}%"}
    if level.kind in ("before", "after"):
        said = {level.kind: duration(level.amount)}
    return {**said, "tell": [level.tell]}


def _calendar(calendar: Calendar) -> dict[str, Any]:
    days = zip(NAMES_OF_DAYS, calendar.hours, strict=True)
    said: dict[str, Any] = {
        "timezone": calendar.zone,
        "hours": {
            day: [f"{opens}-{closes}" for opens, closes in hours] for day, hours in days if hours
        },
    }
    if calendar.holidays:
        said["holidays"] = {"dates": list(calendar.holidays)}
    if calendar.exceptions:
        said["exceptions"] = {
            day: [f"{opens}-{closes}" for opens, closes in hours]
            for day, hours in calendar.exceptions
        }
    return said


def utc(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_lines(events: Sequence[Event]) -> str:
    return "".join(
        json.dumps({**event, "at": utc(int(str(event["at"])))}) + "\n" for event in events
    )
