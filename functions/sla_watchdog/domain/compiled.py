"""The compiled policy, as `sam build` wrote it, back to a `Policy`: the only way a function gets one.

It was checked when it was built, so nothing is explained here to an operator: what does not fit is
damage, and a function that finds it stops loudly.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from attrs import frozen

from sla_watchdog.domain.business_time import Calendar, InvalidCalendar
from sla_watchdog.domain.policy import (
    After,
    Age,
    Audience,
    Before,
    Condition,
    Ladder,
    Level,
    Metric,
    Percent,
    Policy,
    Repeat,
    Rule,
    Source,
    Target,
    Trigger,
)
from sla_watchdog.errors import SlaWatchdogError

FORM = 1
"""Version of the compiled form. One program reads one form: both come in one artifact."""

CEILINGS = "ceilings"
TRIGGERS: Mapping[str, Callable[[int], Trigger]] = {"percent": Percent, "before": Before, "after": After, "age": Age}

T = TypeVar("T")


@frozen
class DamagedPolicy(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The compiled policy is not what the build wrote. Nothing can be judged without it."""

    where: str
    problem: str

    def __str__(self) -> str:
        where = f" at {self.where}" if self.where else ""
        return f"the compiled policy is damaged{where}: {self.problem}; build and deploy it again"


def canonical(content: object) -> str:
    """The text that is hashed: keys sorted, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def load(text: str) -> Policy:
    """Raises `DamagedPolicy` when the text is not a compiled policy, whole and unchanged."""
    try:
        root = _Part("", json.loads(text))
    except (ValueError, RecursionError) as error:
        raise DamagedPolicy("", f"not JSON ({error})") from error
    if root["form"].integer() != FORM:
        raise DamagedPolicy("form", f"this program reads form {FORM}")
    policy, digest = root["policy"], root["hash"].text()
    if hashlib.sha256(canonical(policy.value).encode()).hexdigest() != digest:
        raise DamagedPolicy("policy", "its hash is another: it was changed after it was built")
    return _policy(policy, digest)


# ------------------------------------------------------------------ typed access


@frozen
class _Part:
    """A part of the compiled form, by its path. Each question raises `DamagedPolicy` for the wrong type."""

    path: str
    value: object

    def damaged(self, expected: str) -> DamagedPolicy:
        return DamagedPolicy(self.path, f"{expected} expected")

    def __getitem__(self, key: str) -> _Part:
        path = f"{self.path}.{key}" if self.path else key
        if not isinstance(self.value, dict) or key not in self.value:
            raise DamagedPolicy(path, "missing")
        return _Part(path, self.value[key])

    def __iter__(self) -> Iterator[_Part]:
        if not isinstance(self.value, list):
            raise self.damaged("a list")
        return (_Part(f"{self.path}[{n}]", value) for n, value in enumerate(self.value))

    def items(self) -> Iterator[tuple[str, _Part]]:
        if not isinstance(self.value, dict):
            raise self.damaged("an object")
        return ((str(key), self[key]) for key in self.value)

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.damaged("a text")
        return self.value

    def optional_text(self) -> str | None:
        return None if self.value is None else self.text()

    def integer(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.damaged("a whole number")
        return self.value

    def optional_number(self) -> float | None:
        return self.value if isinstance(self.value, float) or self.value is None else self.integer()

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.damaged("true or false")
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(part.text() for part in self)

    def text_map(self) -> dict[str, str]:
        return {key: part.text() for key, part in self.items()}

    def name_in(self, known: Mapping[str, object]) -> str:
        name = self.text()
        if name not in known:
            raise DamagedPolicy(self.path, f'nothing is called "{name}"')
        return name


# ------------------------------------------------------------------ the policy


def _policy(part: _Part, digest: str) -> Policy:
    calendars = {name: _calendar(calendar) for name, calendar in part["calendars"].items()}
    audiences = {name: _audience(name, audience, calendars) for name, audience in part["audiences"].items()}
    ladders = {name: _ladder(name, levels, audiences) for name, levels in part["ladders"].items()}
    return Policy(
        source=_source(part["source"]),
        timezone=part["timezone"].optional_text(),
        statuses=part["statuses"].text_map(),
        priorities=part["priorities"].text_map(),
        severity=part["severity"].texts(),
        bots=frozenset(part["bots"].texts()),
        shared=frozenset(part["shared"].texts()),
        calendars=calendars,
        audiences=audiences,
        rules=_not_empty(part["rules"], tuple(_rule(r, calendars, ladders) for r in part["rules"])),
        ceilings=_ladder(CEILINGS, part["ceilings"], audiences),
        digest_after=part["digest_after"].integer(),
        hash=digest,
        holidays_until=part["holidays_until"].text(),
    )


def _not_empty(part: _Part, values: tuple[T, ...]) -> tuple[T, ...]:
    if not values:
        raise part.damaged("at least one")
    return values


def _source(part: _Part) -> Source:
    return Source(
        key=part["key"].text_map(),
        only={path: frozenset(values.texts()) for path, values in part["only"].items()},
        fields=part["fields"].text_map(),
    )


def _calendar(part: _Part) -> Calendar:
    try:
        return Calendar.from_spec({name: field.value for name, field in part.items()})
    except InvalidCalendar as error:
        raise DamagedPolicy(part.path, str(error)) from error


def _audience(name: str, part: _Part, calendars: Mapping[str, Calendar]) -> Audience:
    hours = part["hours"].name_in(calendars) if part["hours"].value is not None else None
    return Audience(name, part["each"].optional_text(), hours)


def _rule(part: _Part, calendars: Mapping[str, Calendar], ladders: Mapping[str, Ladder]) -> Rule:
    return Rule(
        name=part["name"].text(),
        when=tuple(_condition(condition) for condition in part["when"]),
        calendar=part["calendar"].name_in(calendars),
        targets=tuple(_target(target, ladders) for target in part["targets"]),
    )


def _condition(part: _Part) -> Condition:
    return Condition(
        field=part["field"].text(),
        any_of=frozenset(part["any_of"].texts()),
        missing=part["missing"].flag(),
        at_least=part["at_least"].optional_number(),
        negate=part["negate"].flag(),
    )


def _target(part: _Part, ladders: Mapping[str, Ladder]) -> Target:
    return Target(
        metric=_metric(part["metric"]),
        within=part["within"].integer(),
        ladder=ladders[part["ladder"].name_in(ladders)],
        pauses_in=frozenset(part["pauses_in"].texts()),
        stops_at=part["stops_at"].text(),
    )


def _metric(part: _Part) -> Metric:
    try:
        return Metric(part.text())
    except ValueError as error:
        raise part.damaged("a metric") from error


# ------------------------------------------------------------------ ladders


def _ladder(name: str, part: _Part, audiences: Mapping[str, Audience]) -> Ladder:
    return Ladder(name, _not_empty(part, tuple(_level(level, audiences) for level in part)))


def _level(part: _Part, audiences: Mapping[str, Audience]) -> Level:
    repeat = part["repeat"]
    return Level(
        trigger=_trigger(part["trigger"]),
        tell=tuple(audience.name_in(audiences) for audience in part["tell"]),
        urgent=part["urgent"].flag(),
        repeat=None if repeat.value is None else _repeat(repeat),
    )


def _trigger(part: _Part) -> Trigger:
    kinds = [(kind, amount) for kind, amount in part.items() if kind in TRIGGERS]
    if len(kinds) != 1:
        raise part.damaged(f"one of {', '.join(TRIGGERS)}")
    kind, amount = kinds[0]
    return TRIGGERS[kind](amount.integer())


def _repeat(part: _Part) -> Repeat:
    return Repeat(part["every"].integer(), part["doubling"].flag())
