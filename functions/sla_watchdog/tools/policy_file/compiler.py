"""From a checked policy file to the form that Lambda reads: references kept, holidays expanded,
hashed.

The shape of what is written here is read back by `sla_watchdog.domain.policy.compiled`, and
nowhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tzdata import IANA_VERSION  # type: ignore[import-untyped]  # the package ships no types

from sla_watchdog.domain.policy import compiled
from sla_watchdog.domain.policy.model import (
    Acknowledge,
    After,
    Age,
    Before,
    Condition,
    Count,
    Level,
    Metric,
    Open,
    Pauses,
    Percent,
    Policy,
    Repeat,
    Trigger,
)
from sla_watchdog.domain.time.weekly_hours import WEEKDAYS
from sla_watchdog.tools.policy_file import public_holidays
from sla_watchdog.tools.policy_file.calendars import CalendarForm
from sla_watchdog.tools.policy_file.form import PolicyForm
from sla_watchdog.tools.policy_file.hours import Hours
from sla_watchdog.tools.policy_file.rules import RuleForm
from sla_watchdog.tools.policy_file.targets import TargetForm
from sla_watchdog.tools.policy_file.values import folded

Json = dict[str, Any]


def compile_policy(form: PolicyForm, today: date) -> str:
    """The compiled policy as text. The same file gives the same text all year, with the same
    libraries.
    """
    policy = _policy(form, today)
    digest = hashlib.sha256(compiled.canonical(policy).encode()).hexdigest()
    text = json.dumps(
        {"form": compiled.FORM, "hash": digest, "policy": policy},
        indent=1,
        sort_keys=True,
        ensure_ascii=False,
    )
    compiled.load(text)
    return text + "\n"


def policy_of(form: PolicyForm, today: date) -> Policy:
    """The policy as Lambda will see it."""
    return compiled.load(compile_policy(form, today))


def _policy(form: PolicyForm, today: date) -> Json:
    tickets = form.tickets
    return {
        "timezone": form.timezone,
        "source": {
            "key": dict(tickets.key),
            "only": {name: sorted(values) for name, values in tickets.only.items()},
            "fields": dict(tickets.fields),
        },
        "statuses": _by_text(form.statuses),
        "groups": list(form.statuses),
        "priorities": _by_text(form.priorities),
        "severity": list(form.priorities),
        "bots": sorted(map(folded, form.people.bots)),
        "shared": sorted(map(folded, form.people.shared)),
        "calendars": {name: _calendar(c, today) for name, c in form.calendars.items()},
        "audiences": {
            name: {"each": audience.each, "hours": audience.hours}
            for name, audience in form.audiences.items()
        },
        "ladders": {name: _levels(levels) for name, levels in form.ladders.items()},
        "rules": [_rule(rule) for rule in form.policies],
        "ceilings": _levels(form.ceilings),
        "signals": {metric.value: _levels(levels) for metric, levels in form.signals.items()},
        "pauses": _pauses(form.pauses),
        "gap": form.cases.gap,
        **({} if form.cases.thanks is None else {"thanks": form.cases.thanks}),
        "acknowledge": _acknowledge(form.acknowledge),
        "digest_after": form.digest_after,
        "holidays_until": holidays_until(form, today),
        "tzdata": str(IANA_VERSION),
    }


def _by_text(groups: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {folded(text): group for group, members in groups.items() for text in members}


# ------------------------------------------------------------------ calendars


def _calendar(form: CalendarForm, today: date) -> Json:
    holidays = {*form.holidays.dates}
    if form.holidays.country:
        found = public_holidays.dates(form.holidays.country, form.holidays.subdivision, today)
        holidays.update(day.isoformat() for day in found)
    return {
        "timezone": form.timezone,
        "hours": {day: _segments(form.hours[day]) for day in WEEKDAYS if form.hours.get(day)},
        "holidays": sorted(holidays),
        "overrides": {day: _segments(hours) for day, hours in form.exceptions.items()},
    }


def _segments(hours: Hours) -> list[list[str]]:
    return [[segment.opens, segment.closes] for segment in hours]


def holidays_until(form: PolicyForm, today: date) -> str:
    """The last date up to which every country's holidays are known.

    Dates written in the file itself do not count: nobody can know whether more were meant.
    """
    _, last = public_holidays.window(today)
    known = (
        public_holidays.known_until(c.holidays.country, c.holidays.subdivision, today)
        for c in form.calendars.values()
        if c.holidays.country
    )
    return date(min(known, default=last), 12, 31).isoformat()


# ------------------------------------------------------------------ ladders and policies


def _levels(levels: Iterable[Level]) -> list[Json]:
    return [
        {
            "trigger": _trigger(level.trigger),
            "tell": list(level.tell),
            "urgent": level.urgent,
            "repeat": _repeat(level.repeat),
        }
        for level in levels
    ]


def _trigger(trigger: Trigger) -> Json:
    match trigger:
        case Percent(percent):
            return {"percent": percent}
        case Before(seconds):
            return {"before": seconds}
        case After(seconds):
            return {"after": seconds}
        case Age(seconds):
            return {"age": seconds}
        case Open(seconds):
            return {"open": seconds}
        case Count(times):
            return {"count": times}


def _repeat(repeat: Repeat | None) -> Json | None:
    if repeat is None:
        return None
    return {"every": repeat.every, "doubling": repeat.doubling}


def _pauses(pauses: Pauses) -> Json:
    return {"longest": pauses.longest, "total": pauses.total, "tell": list(pauses.tell)}


def _acknowledge(acknowledge: Acknowledge) -> Json:
    return {"longest": acknowledge.longest, "snoozes": acknowledge.snoozes}


def _rule(rule: RuleForm) -> Json:
    return {
        "name": rule.name,
        "when": [_condition(condition) for condition in rule.when],
        "calendar": rule.calendar,
        "targets": [_target(metric, target) for metric, target in rule.targets.items()],
    }


def _condition(condition: Condition) -> Json:
    return {
        "field": condition.field,
        "any_of": sorted(condition.any_of),
        "missing": condition.missing,
        "at_least": condition.at_least,
        "negate": condition.negate,
    }


def _target(metric: Metric, target: TargetForm) -> Json:
    return {
        "metric": metric.value,
        "within": target.within,
        "ladder": target.ladder,
        "pauses_in": sorted(target.pauses_in),
        "stops_at": target.stops_at,
        "due": target.due,
    }
