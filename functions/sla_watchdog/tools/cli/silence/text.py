"""What `silence` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import asdict
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.escalation.silences import Silence
from sla_watchdog.domain.policy.model import Condition
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.text.times import count_of, duration, instant, iso

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.stack import Stack

MOST_SHOWN = 20


def as_json(answer: Mapping[str, object]) -> dict[str, object]:
    """Times are ISO 8601 in UTC."""
    return {key: _value(value) for key, value in answer.items()}


def _value(value: object) -> object:
    if isinstance(value, Silence):
        return _entry(value)
    return [_value(member) for member in value] if isinstance(value, list | tuple) else value


def _entry(silence: Silence) -> dict[str, Any]:
    fields: dict[str, Any] = asdict(silence, recurse=False)
    named = {
        name: sorted(fields[name]) for name in ("tickets", "customers", "policies", "audiences")
    }
    times = {"made_at": iso(silence.made_at), "until": iso(silence.until)}
    return {**fields, **named, **times, "when": [_said(condition) for condition in silence.when]}


def _said(condition: Condition) -> str:
    return (
        f"{condition.field}{'!' if condition.negate else ''}={','.join(sorted(condition.any_of))}"
    )


def what(silence: Silence) -> str:
    """`customer city, audience manager`."""
    return ", ".join(_parts(silence))


def _parts(silence: Silence) -> Iterator[str]:
    named: list[tuple[str, Iterable[str]]] = [
        ("ticket", silence.tickets),
        ("customer", silence.customers),
        ("policy", silence.policies),
        ("audience", silence.audiences),
    ]
    for kind, names in named:
        if names:
            yield f"{kind} {' or '.join(brief(name, 40) for name in sorted(names))}"
    yield from (brief(_said(condition), 60) for condition in silence.when)


def print_made(
    console: Console,
    stack: Stack,
    silence: Silence,
    cases: Sequence[tuple[Case, Plan]],
    now: int,
    *,
    made: bool,
) -> None:
    ends = (
        f"{instant(silence.until, stack.policy.timezone or 'UTC')}, for "
        f"{duration(silence.until - now)}"
    )
    verb = "wait" if made else "would wait"
    if warning := stack.other_policy():
        console.print(Text(f"Careful: {warning}.", "yellow"))
    heading = f"Silence {silence.id}: " if made else ""
    console.print(
        Text.assemble((heading, "bold"), f"alerts of {what(silence)} {verb} until {ends}.")
    )
    if not cases:
        console.print(Text("No open case matches now.", "yellow"))
        return
    console.print(f"{count_of(len(cases), 'open case matches', 'open cases match')}:")
    table = Table(box=None, show_header=False, pad_edge=True)
    for case, plan in cases[:MOST_SHOWN]:
        newest = next(iter(case.facts.tickets()[-1:]), "")
        due = "alerts are due" if plan.alerts else ""
        table.add_row(
            brief(case.id, 24),
            brief(str(case.facts.latest(newest, "subject")), 36),
            Text(due, "red"),
        )
    console.print(table)
    if len(cases) > MOST_SHOWN:
        console.print(
            Text(f"  and {count_of(len(cases) - MOST_SHOWN, 'more case')}: --json names all", "dim")
        )
    console.print(Text("Their ceilings are told all the same.", "dim"))


def print_list(console: Console, stack: Stack, silences: Sequence[Silence], now: int) -> None:
    if not silences:
        console.print("Nothing is silenced.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("id", "until", "what", "why"):
        table.add_column(name, no_wrap=name in ("id", "until"), overflow="fold")
    for silence in silences:
        until = instant(silence.until, stack.policy.timezone or "UTC") + (
            "" if silence.in_force(now) else ", over"
        )
        lifted = f", lifted by {brief(silence.lifted_by, 30)}" if silence.lifted_by else ""
        why = f"{silence.reason} ({silence.by}{lifted})"
        table.add_row(
            silence.id,
            until,
            Text(what(silence)),
            Text(why),
            style="" if silence.in_force(now) else "dim",
        )
    console.print(table)
