"""What `silence` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import asdict
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sla_watchdog.domain.escalation.silences import Silence
from sla_watchdog.domain.policy.model import Condition
from sla_watchdog.domain.text.display import brief
from sla_watchdog.presentation.times import count_of, duration, instant, iso

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.overview import EvaluatedCase
    from sla_watchdog.tools.cli.stack.stack import Stack

MOST_SHOWN = 20


def as_json(answer: Mapping[str, object]) -> dict[str, object]:
    """Times are ISO 8601 in UTC."""
    return {key: _value(value) for key, value in answer.items()}


def _value(value: object) -> object:
    if isinstance(value, Silence):
        return _entry(value)
    if isinstance(value, list | tuple):
        return [_value(member) for member in value]
    return value


def _entry(silence: Silence) -> dict[str, Any]:
    entry: dict[str, Any] = asdict(silence, recurse=False)
    for name in ("tickets", "customers", "policies", "audiences"):
        entry[name] = sorted(entry[name])
    for name in ("made_at", "until"):
        entry[name] = iso(entry[name])
    entry["when"] = [_typed(condition) for condition in silence.when]
    return entry


def _typed(condition: Condition) -> str:
    """As `--where` takes it."""
    equals = "!=" if condition.negate else "="
    return f"{condition.field}{equals}{','.join(sorted(condition.any_of))}"


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
    for condition in silence.when:
        yield brief(_typed(condition), 60)


def print_made(
    console: Console,
    stack: Stack,
    silence: Silence,
    matching: Sequence[EvaluatedCase],
    now: int,
    *,
    made: bool,
) -> None:
    until = instant(silence.until, stack.policy.timezone or "UTC")
    span = duration(silence.until - now)
    verb = "wait" if made else "would wait"
    if warning := stack.other_policy():
        console.print(Text(f"Careful: {warning}.", "yellow"))
    heading = f"Silence {silence.id}: " if made else ""
    waits = f"alerts of {what(silence)} {verb} until {until}, for {span}."
    console.print(Text.assemble((heading, "bold"), waits))
    if not matching:
        console.print(Text("No open case matches now.", "yellow"))
        return
    console.print(f"{count_of(len(matching), 'open case matches', 'open cases match')}:")
    console.print(_cases(matching[:MOST_SHOWN]))
    hidden = len(matching) - MOST_SHOWN
    if hidden > 0:
        console.print(Text(f"  and {count_of(hidden, 'more case')}: --json names all", "dim"))
    console.print(Text("Notifications of their ceilings come all the same.", "dim"))


def _cases(matching: Iterable[EvaluatedCase]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=True)
    for evaluated in matching:
        case = evaluated.case
        newest = next(reversed(case.facts.tickets()), "")
        subject = brief(str(case.facts.latest(newest, "subject")), 36)
        due = "alerts are due" if evaluated.plan.alerts else ""
        table.add_row(brief(case.id, 24), subject, Text(due, "red"))
    return table


def print_list(console: Console, stack: Stack, silences: Sequence[Silence], now: int) -> None:
    if not silences:
        console.print("Nothing is silenced.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("id", "until", "what", "why"):
        table.add_column(name, no_wrap=name in ("id", "until"), overflow="fold")
    for silence in silences:
        until, style = instant(silence.until, stack.policy.timezone or "UTC"), ""
        if not silence.in_force(now):
            until, style = f"{until}, over", "dim"
        by = silence.by
        if silence.lifted_by:
            by = f"{by}, lifted by {brief(silence.lifted_by, 30)}"
        why = f"{silence.reason} ({by})"
        table.add_row(silence.id, until, Text(what(silence)), Text(why), style=style)
    console.print(table)
