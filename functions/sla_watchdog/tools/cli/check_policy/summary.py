"""What a policy says, in short: for a person who has just changed it, and wants to see that it
took.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sla_watchdog.presentation.times import count_of

if TYPE_CHECKING:
    from sla_watchdog.domain.policy.digest_time import DigestTime
    from sla_watchdog.domain.policy.model import (
        Audience,
        Condition,
        Ladder,
        Level,
        Policy,
        Rule,
        Target,
    )
    from sla_watchdog.tools.policy_file import PolicyForm
    from sla_watchdog.tools.policy_file.calendars import CalendarForm


def summary(form: PolicyForm, today: date) -> dict[str, Any]:
    policy = form.as_of(today)
    return {
        "calendars": {name: _calendar(calendar) for name, calendar in form.calendars.items()},
        "policies": {rule.name: _rule(rule) for rule in policy.rules},
        "ladders": {name: _levels(ladder) for name, ladder in policy.ladders.items()},
        "ceilings": _levels(policy.ceilings),
        "signals": _signals(policy),
        "limits": _limits(policy),
        "examples": [example.name for example in form.examples],
        "audiences": {name: _audience(audience) for name, audience in policy.audiences.items()},
        "holidays_until": policy.holidays_until,
    }


def print_summary(console: Console, file: str, facts: dict[str, Any]) -> None:
    heading = Text.assemble((f"{file}: ", "bold"), ("nothing wrong", "bold green"))
    console.print(heading, soft_wrap=True)
    for section in ("calendars", "policies", "ladders", "audiences"):
        _print_section(console, section, facts[section].items())
    _print_line(console, "ceilings", "\n".join(facts["ceilings"]))
    if facts["signals"]:
        _print_line(console, "signals", "\n".join(facts["signals"]))
    _print_line(console, "limits", "\n".join(facts["limits"]))
    if facts["examples"]:
        _print_line(console, "examples", f"all {len(facts['examples'])} come out as expected")
    holidays = f"known until {facts['holidays_until']}; each build looks further ahead"
    _print_line(console, "holidays", holidays)


def _print_section(
    console: Console, title: str, rows: Iterable[tuple[str, str | list[str]]]
) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", max_width=24)
    table.add_column()
    for name, text in rows:
        lines = [text] if isinstance(text, str) else text
        table.add_row(Text(name), Text("\n".join(lines)))
    console.print(Text(f"\n{title}", "dim"))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _print_line(console: Console, title: str, text: str) -> None:
    console.print(Text(f"\n{title}", "dim"))
    console.print(Padding(Text(text), (0, 0, 0, 2), expand=False))


# ------------------------------------------------------------------ in words


def _calendar(calendar: CalendarForm) -> str:
    from sla_watchdog.tools.policy_file.opening_hours import open_days

    holidays = calendar.holidays
    parts = [f"{days} {hours}" for days, hours in open_days(calendar.hours)]
    parts.append(calendar.timezone)
    if holidays.country:
        place = filter(None, (holidays.country, holidays.subdivision))
        parts.append(f"holidays of {'-'.join(place)}")
    dates = len(holidays.dates) + len(calendar.exceptions)
    if dates:
        noun = "date" if dates == 1 else "dates"
        parts.append(f"{dates} single {noun}")
    return ", ".join(parts)


def _rule(rule: Rule) -> str:
    when = " and ".join(map(_condition, rule.when)) or "every other ticket"
    targets = ", ".join(map(_target, rule.targets)) or "no targets, ceilings only"
    return f"{when}: {targets}; hours: {rule.calendar}"


def _target(target: Target) -> str:
    from sla_watchdog.tools.policy_file.durations import spoken

    limit = target.due or spoken(target.within)
    return f"{target.metric.value} {limit} ({target.ladder.name})"


def _condition(condition: Condition) -> str:
    verb = "is not" if condition.negate else "is"
    if condition.missing:
        return f"{condition.field} {verb} missing"
    if condition.at_least is not None:
        return f"{condition.field} {verb} at least {condition.at_least}"
    return f"{condition.field} {verb} {' or '.join(sorted(condition.any_of))}"


def _levels(ladder: Ladder) -> list[str]:
    from sla_watchdog.tools.policy_file.levels import label

    return [_level(label(level), level) for level in ladder.levels]


def _level(due: str, level: Level) -> str:
    return f"{due} → {', '.join(level.tell)}{_manner(level)}"


def _signals(policy: Policy) -> list[str]:
    from sla_watchdog.tools.policy_file.signals import entries

    return [_level(threshold, level) for threshold, level in entries(policy.signals)]


def _limits(policy: Policy) -> list[str]:
    from sla_watchdog.tools.policy_file.durations import spoken, spoken_by_the_wall

    longest, total = policy.pauses.longest, policy.pauses.total
    one_pause, all_pauses = "one pause as long as it takes", "any number of pauses"
    if longest:
        one_pause = f"one pause up to {spoken(longest)}"
    if total:
        all_pauses = f"all pauses of a clock up to {spoken(total)}"
    snoozed = count_of(policy.acknowledge.snoozes, "snooze")
    quiet = spoken_by_the_wall(policy.matters.quiet)
    linked = spoken_by_the_wall(policy.matters.linked)
    return [
        one_pause,
        all_pauses,
        f"a look-alike continues a matter for {quiet}, a link for {linked}",
        _thanks(policy.thanks),
        f"a promise reaches {spoken(policy.acknowledge.longest)} ahead, {snoozed}",
        f"{_in_a_row(policy.acknowledge.in_a_row)} hold alerts back",
    ]


def _in_a_row(most: int) -> str:
    if not most:
        return "no promises"
    if most == 1:
        return "no two promises in a row without progress"
    return f"no more than {most} promises in a row without progress"


def _thanks(within: int | None) -> str:
    from sla_watchdog.tools.policy_file.durations import spoken_by_the_wall

    waits = "a message of the customer after the end waits for an answer"
    if within is None:
        return waits
    return f"{waits}, but for the first within {spoken_by_the_wall(within)}"


def _manner(level: Level) -> str:
    from sla_watchdog.tools.policy_file.durations import written

    urgent = ", urgent" if level.urgent else ""
    if level.repeat is None:
        return urgent
    gap = written(level.repeat.length)
    if level.repeat.doubling:
        return f"{urgent}, again after {gap}, then rarer up to weekly"
    return f"{urgent}, again every {gap}"


def _audience(audience: Audience) -> str:
    text = "one topic"
    if audience.each:
        text = f"one topic for each {audience.each}"
    if audience.hours:
        text = f"{text}, hours: {audience.hours}"
    if audience.digest is None:
        return text
    return f"{text}, {_digest(audience, audience.digest)}"


def _digest(audience: Audience, time: DigestTime) -> str:
    from sla_watchdog.tools.policy_file.audiences import spoken_digest

    at_once = ", ".join(sorted(audience.at_once)) or "nothing"
    return f"digest: {spoken_digest(time)}, at once: {at_once}"
