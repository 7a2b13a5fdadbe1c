"""The compiled policy, as `sam build` wrote it, back to a `Policy`: the only way a function gets
one.

It was checked when it was built, so nothing is explained here to an operator: what does not fit
is damage, and a function that finds it stops loudly.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from sla_watchdog.domain.policy.compiled_part import DamagedPolicy, Part
from sla_watchdog.domain.policy.model import (
    Acknowledge,
    After,
    Age,
    Audience,
    Before,
    Condition,
    Count,
    Ladder,
    Level,
    Metric,
    Open,
    Pauses,
    Percent,
    Policy,
    Repeat,
    Rule,
    Source,
    Target,
    Trigger,
)
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.calendar_errors import InvalidCalendar

__all__ = ["FORM", "DamagedPolicy", "canonical", "load"]

FORM = 2
"""Version of the compiled form. One program reads one form: both come in one artifact."""

CEILINGS, SIGNALS = "ceilings", "signals"
TRIGGERS: Mapping[str, Callable[[int], Trigger]] = {
    "percent": Percent,
    "before": Before,
    "after": After,
    "age": Age,
    "open": Open,
    "count": Count,
}

T = TypeVar("T")


def canonical(content: object) -> str:
    """The text that is hashed: keys sorted, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def load(text: str | bytes) -> Policy:
    """Raises `DamagedPolicy` when the text is not a compiled policy, whole and unchanged."""
    try:
        root = Part("", json.loads(text))
    except (ValueError, RecursionError) as error:
        raise DamagedPolicy("", f"not JSON ({error})") from error
    if root["form"].integer() != FORM:
        raise DamagedPolicy("form", f"this program reads form {FORM}")
    policy, digest = root["policy"], root["hash"].text()
    if _hash(policy) != digest:
        raise DamagedPolicy("policy", "its hash is another: it was changed after it was built")
    return _policy(policy, digest)


def _hash(policy: Part) -> str:
    try:
        return hashlib.sha256(canonical(policy.value).encode()).hexdigest()
    except (UnicodeError, RecursionError) as error:
        raise policy.damaged("text in UTF-8, nested as the build nests it,") from error


# ------------------------------------------------------------------ the policy


def _policy(part: Part, digest: str) -> Policy:
    calendars = {name: _calendar(calendar) for name, calendar in part["calendars"].items()}
    audiences = {
        name: _audience(name, audience, calendars) for name, audience in part["audiences"].items()
    }
    ladders = {name: _ladder(name, levels, audiences) for name, levels in part["ladders"].items()}
    return Policy(
        source=_source(part["source"]),
        timezone=part["timezone"].optional_text(),
        statuses=part["statuses"].text_map(),
        groups=part["groups"].texts(),
        priorities=part["priorities"].text_map(),
        severity=part["severity"].texts(),
        bots=frozenset(part["bots"].texts()),
        shared=frozenset(part["shared"].texts()),
        calendars=calendars,
        audiences=audiences,
        rules=_not_empty(part["rules"], tuple(_rule(r, calendars, ladders) for r in part["rules"])),
        ceilings=_ladder(CEILINGS, part["ceilings"], audiences),
        signals=_signals(part["signals"], audiences),
        pauses=_pauses(part["pauses"], audiences),
        gap=part["gap"].integer(),
        thanks=part.get("thanks").optional_integer(),
        acknowledge=_acknowledge(part["acknowledge"]),
        digest_after=part["digest_after"].integer(),
        hash=digest,
        holidays_until=part["holidays_until"].text(),
    )


def _not_empty(part: Part, values: tuple[T, ...]) -> tuple[T, ...]:
    if not values:
        raise part.damaged("at least one")
    return values


def _source(part: Part) -> Source:
    return Source(
        key=part["key"].text_map(),
        only={path: frozenset(values.texts()) for path, values in part["only"].items()},
        fields=part["fields"].text_map(),
    )


def _calendar(part: Part) -> Calendar:
    try:
        return Calendar.from_spec({name: field.value for name, field in part.items()})
    except InvalidCalendar as error:
        raise DamagedPolicy(part.path, str(error)) from error


def _audience(name: str, part: Part, calendars: Mapping[str, Calendar]) -> Audience:
    hours = part["hours"].name_in(calendars) if part["hours"].value is not None else None
    return Audience(name, part["each"].optional_text(), hours)


def _signals(part: Part, audiences: Mapping[str, Audience]) -> dict[Metric, Ladder]:
    return {
        _metric(name, part): _ladder(SIGNALS, levels, audiences) for name, levels in part.items()
    }


def _pauses(part: Part, audiences: Mapping[str, Audience]) -> Pauses:
    return Pauses(
        longest=part["longest"].optional_integer(),
        total=part["total"].optional_integer(),
        tell=_told(part["tell"], audiences),
    )


def _acknowledge(part: Part) -> Acknowledge:
    return Acknowledge(longest=part["longest"].integer(), snoozes=part["snoozes"].integer())


def _told(part: Part, audiences: Mapping[str, Audience]) -> tuple[str, ...]:
    return tuple(audience.name_in(audiences) for audience in part)


def _rule(part: Part, calendars: Mapping[str, Calendar], ladders: Mapping[str, Ladder]) -> Rule:
    return Rule(
        name=part["name"].text(),
        when=tuple(_condition(condition) for condition in part["when"]),
        calendar=part["calendar"].name_in(calendars),
        targets=tuple(_target(target, ladders) for target in part["targets"]),
    )


def _condition(part: Part) -> Condition:
    return Condition(
        field=part["field"].text(),
        any_of=frozenset(part["any_of"].texts()),
        missing=part["missing"].flag(),
        at_least=part["at_least"].optional_number(),
        negate=part["negate"].flag(),
    )


def _target(part: Part, ladders: Mapping[str, Ladder]) -> Target:
    return Target(
        metric=_metric(part["metric"].text(), part["metric"]),
        within=part["within"].integer(),
        ladder=ladders[part["ladder"].name_in(ladders)],
        pauses_in=frozenset(part["pauses_in"].texts()),
        stops_at=part["stops_at"].text(),
        due=part["due"].optional_text(),
    )


def _metric(name: str, part: Part) -> Metric:
    try:
        return Metric(name)
    except ValueError as error:
        raise part.damaged("a metric") from error


# ------------------------------------------------------------------ ladders


def _ladder(name: str, part: Part, audiences: Mapping[str, Audience]) -> Ladder:
    return Ladder(name, _not_empty(part, tuple(_level(level, audiences) for level in part)))


def _level(part: Part, audiences: Mapping[str, Audience]) -> Level:
    repeat = part["repeat"]
    return Level(
        trigger=_trigger(part["trigger"]),
        tell=_told(part["tell"], audiences),
        urgent=part["urgent"].flag(),
        repeat=None if repeat.value is None else _repeat(repeat),
    )


def _trigger(part: Part) -> Trigger:
    kinds = [(kind, amount) for kind, amount in part.items() if kind in TRIGGERS]
    if len(kinds) != 1:
        raise part.damaged(f"one of {', '.join(TRIGGERS)}")
    kind, amount = kinds[0]
    return TRIGGERS[kind](amount.integer())


def _repeat(part: Part) -> Repeat:
    return Repeat(part["every"].integer(), part["doubling"].flag())
