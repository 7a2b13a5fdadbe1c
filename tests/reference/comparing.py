"""The model beside the product: the same history to both, what they say differently, the least that
shows it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from reference.histories import ALWAYS, Trial, as_lines, as_yaml, drawn_events, drawn_policy, utc
from reference.model import (
    METRICS,
    Clock,
    Event,
    Policy,
    Rule,
    Ticket,
    alerts,
    judged,
    rules_in_force,
)

Row = Mapping[str, str]
COLUMNS = (
    "policy",
    "started_at",
    "due_at",
    "stopped_at",
    "verdict",
    "business_seconds",
    "paused_seconds",
)


def backtest(policy: Policy, events: Sequence[Event], until: int) -> tuple[list[Row], list[Row]]:
    """The lines of clocks.csv and alerts.csv, by the command itself."""
    from sla_watchdog.tools.cli import main

    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "policy.yaml").write_text(as_yaml(policy))
        (folder / "events.jsonl").write_text(as_lines(events))
        said = io.StringIO()
        asked = ["backtest", str(folder / "events.jsonl"), "--policy", str(folder / "policy.yaml")]
        with redirect_stdout(said), redirect_stderr(said):
            code = main([*asked, "--until", utc(until), "--out", str(folder / "out")])
        assert code == 0, said.getvalue()
        return _table(folder / "out" / "clocks.csv"), _table(folder / "out" / "alerts.csv")


def played(policy: Policy, events: Sequence[Event], until: int) -> tuple[list[Row], list[Row]]:
    """The same lines without the files and the report, for thousands of histories."""
    from sla_watchdog.tools.backtest.play import History, play
    from sla_watchdog.tools.imports.events import parse

    said = play(
        History.of(parse(as_lines(events).encode().splitlines(), "UTC")),
        compiled(as_yaml(policy)),
        until,
    )
    clocks = [{name: str(value) for name, value in row._asdict().items()} for row in said.clocks]
    alerts = [
        {name: str(value) for name, value in message.row._asdict().items()}
        for message in said.messages
    ]
    return clocks, alerts


@lru_cache(8)
def compiled(text: str) -> Any:
    from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy

    with TemporaryDirectory() as name:
        file = Path(name) / "policy.yaml"
        file.write_text(text)
        return compiled_policy(file)


def _table(file: Path) -> list[Row]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def as_row(clock: Clock) -> Row:
    def moment(value: int | None) -> str:
        return "" if value is None else utc(value)

    return {
        "clock": clock.metric,
        "policy": clock.rule,
        "started_at": moment(clock.started_at),
        "due_at": moment(clock.due_at),
        "stopped_at": moment(clock.stopped_at),
        "verdict": clock.verdict,
        "business_seconds": str(clock.business_seconds),
        "paused_seconds": str(clock.paused_seconds),
    }


@dataclass(frozen=True)
class Difference:
    clock: str
    model: Row | None
    engine: Row | None

    @property
    def columns(self) -> tuple[str, ...]:
        if self.model is None:
            return ("only the engine has it",)
        if self.engine is None:
            return ("only the model has it",)
        return tuple(name for name in COLUMNS if self.model[name] != self.engine[name])

    @property
    def kind(self) -> str:
        return f"{self.clock}: {', '.join(self.columns)}"

    def __str__(self) -> str:
        def shown(row: Row | None) -> str:
            return "nothing" if row is None else " ".join(f"{name}={row[name]}" for name in COLUMNS)

        return f"{self.kind}\n  model  {shown(self.model)}\n  engine {shown(self.engine)}"


def differences(mine: Sequence[Clock], theirs: Sequence[Row]) -> Iterator[Difference]:
    """Row by row: of one kind of clock by when it started."""
    rows = [as_row(clock) for clock in mine]
    keys = sorted({(row["clock"], row["started_at"]) for row in [*rows, *theirs]})
    for name, started in keys:
        some = [row for row in rows if (row["clock"], row["started_at"]) == (name, started)]
        others = [row for row in theirs if (row["clock"], row["started_at"]) == (name, started)]
        for number in range(max(len(some), len(others))):
            difference = Difference(
                name,
                some[number] if number < len(some) else None,
                others[number] if number < len(others) else None,
            )
            if difference.columns:
                yield difference


def compared(trial: Trial) -> list[Difference]:
    rows, _ = played(trial.policy, trial.events, trial.until)
    return list(differences(judged(trial.events, [(0, trial.policy)], trial.until), rows))


def drawn(seed: int, count: int = 40) -> tuple[Policy, dict[str, tuple[dict[str, Any], ...]], int]:
    """A policy, so many histories under it, and until when they are played."""
    random = Random(seed)
    policy, start = drawn_policy(random)
    histories = {
        f"T-{number}": drawn_events(random, start, f"T-{number}") for number in range(1, count + 1)
    }
    last = max(int(events[-1]["at"]) for events in histories.values())
    return policy, histories, last + random.choice([7, 4 * 3600 + 7])


def found(seed: int, count: int = 40) -> Iterator[tuple[Trial, list[Difference]]]:
    """Each history of that seed on which they differ."""
    policy, histories, until = drawn(seed, count)
    rows, _ = played(policy, [event for events in histories.values() for event in events], until)
    for name, events in histories.items():
        theirs = [row for row in rows if row["ticket"] == name]
        differ = list(differences(judged(events, [(0, policy)], until), theirs))
        if differ:
            yield Trial(policy, events, until), differ


# ------------------------------------------------------------------ who was told


def alerts_differing(trial: Trial, theirs: Iterable[Row]) -> list[tuple[str, ...]]:
    """(who has it, at, clock, level, audience) of what only one of them tells for the first time."""
    mine = {
        (utc(a.at), a.clock, str(a.level), a.audience)
        for a in alerts(trial.events, trial.policy, trial.until)
    }
    rows = [
        row
        for row in theirs
        if row["clock"] in METRICS and not row["reason"].startswith("reminder")
    ]
    told_by_engine = {(row["at"], row["clock"], row["level"], row["audience"]) for row in rows}
    only_mine = sorted(("model", *alert) for alert in mine - told_by_engine)
    return only_mine + sorted(("engine", *alert) for alert in told_by_engine - mine)


def one_rule_and_open(trial: Trial) -> bool:
    """The model tells alerts of histories under one rule, born open, whose customer did not write
    after the end.
    """
    ticket = Ticket(trial.events, trial.policy, trial.until)
    rules = {rule.name for *_, rule in rules_in_force(ticket, [(0, trial.policy)])}
    after_the_end = any(
        start <= at < end for start, end in ticket.ended("resolved") for at in ticket.customer
    )
    return (
        len(rules) == 1
        and not after_the_end
        and trial.events[0]["status"] not in ("Closed", "Resolved")
    )


def found_alerts(seed: int, count: int = 40) -> Iterator[tuple[Trial, list[tuple[str, ...]]]]:
    policy, histories, until = drawn(seed, count)
    _, rows = played(policy, [event for events in histories.values() for event in events], until)
    for name, events in histories.items():
        trial = Trial(policy, events, until)
        if one_rule_and_open(trial):
            differ = alerts_differing(trial, [row for row in rows if row["ticket"] == name])
            if differ:
                yield trial, differ


# ------------------------------------------------------------------ the least that shows it


def shrunk(trial: Trial, shows: Callable[[Trial], bool]) -> Trial:
    """As little as still `shows` it, a step at a time."""
    while smaller := next((each for each in smaller_ones(trial) if shows(each)), None):
        trial = smaller
    return trial


def smaller_ones(trial: Trial) -> Iterator[Trial]:
    for number in range(1, len(trial.events)):
        yield replace(trial, events=trial.events[:number] + trial.events[number + 1 :])
    for policy in simpler(trial.policy):
        yield replace(trial, policy=policy)
    last = int(trial.events[-1]["at"])
    for sooner in (last + 7, last + 3607):
        if sooner < trial.until:
            yield replace(trial, until=sooner)


def simpler(policy: Policy) -> Iterator[Policy]:
    for number in range(len(policy.rules) - 1):
        yield replace(policy, rules=policy.rules[:number] + policy.rules[number + 1 :])
    for name, calendar in policy.calendars.items():
        if calendar != ALWAYS:
            yield replace(policy, calendars={**policy.calendars, name: ALWAYS})
    for limit in ("longest_pause", "total_pause"):
        if getattr(policy, limit) is not None:
            yield replace(policy, **{limit: None})
    for number, rule in enumerate(policy.rules):
        for simple in simpler_rules(rule):
            yield replace(
                policy, rules=(*policy.rules[:number], simple, *policy.rules[number + 1 :])
            )


def simpler_rules(rule: Rule) -> Iterator[Rule]:
    if len(rule.targets) > 1:
        for gone in rule.targets:
            yield replace(
                rule,
                targets={name: target for name, target in rule.targets.items() if name != gone},
            )
    if rule.calendar != "desk":
        yield replace(rule, calendar="desk")
    for name, target in rule.targets.items():
        if target.pauses_in:
            yield replace(rule, targets={**rule.targets, name: replace(target, pauses_in=())})
        if target.stops_at != "resolved":
            yield replace(
                rule, targets={**rule.targets, name: replace(target, stops_at="resolved")}
            )


def told(trial: Trial, differ: Sequence[Difference]) -> str:
    rules = [
        f"  {rule.name} {dict(rule.when)} on {rule.calendar}: "
        + ", ".join(
            f"{name} {target.within // 60}m {target.pauses_in or ''} {target.stops_at}"
            for name, target in rule.targets.items()
        )
        for rule in trial.policy.rules
    ]
    used = {rule.calendar for rule in trial.policy.rules}
    calendars = [
        f"  {name}: {'24x7' if calendar == ALWAYS else calendar}"
        for name, calendar in trial.policy.calendars.items()
        if name in used
    ]
    limits = f"  longest {trial.policy.longest_pause} total {trial.policy.total_pause} ceilings {trial.policy.ceilings}"
    return "\n".join(
        [
            *calendars,
            *rules,
            limits,
            as_lines(trial.events),
            f"  until {utc(trial.until)}",
            *map(str, differ),
        ]
    )
