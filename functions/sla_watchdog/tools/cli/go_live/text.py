"""What `go-live` shows before it asks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sla_watchdog.presentation.text.wording import who
from sla_watchdog.presentation.times import count_of, duration, iso
from sla_watchdog.presentation.words import SEVERITY
from sla_watchdog.tools.cli.output import say
from sla_watchdog.tools.loudness.as_json import ahead_as_json
from sla_watchdog.tools.loudness.text import print_loudness_ahead

if TYPE_CHECKING:
    from sla_watchdog.adapters.dynamodb.watch import Mode
    from sla_watchdog.tools.cli.go_live.preview import Letter, Preview
    from sla_watchdog.tools.cli.stack.stack import Stack


def print_preview(
    console: Console, stack: Stack, mode: Mode, upcoming: Preview, now: int, *, full: bool
) -> None:
    live = mode.name == "live"
    name = "live already" if live else "mode observe"
    age = f" for {duration(now - mode.since)}" if mode.since else ""
    console.print(Text.assemble((stack.title, "bold"), f", {name}{age}"))
    if warning := stack.other_policy():
        console.print(Text(f"Careful: {warning}.", "yellow"))
    console.print()
    if upcoming.silent:
        console.print(Text(f"Nobody is subscribed yet: {', '.join(upcoming.silent)}.", "yellow"))
    if upcoming.unjudged:
        console.print(Text(upcoming.unjudged, "yellow"))
    _print_due(console, upcoming, now, live=live, full=full)
    if upcoming.ahead.audiences:
        console.print()
        print_loudness_ahead(console, upcoming.ahead)
    _print_unreachable(console, upcoming)


def _print_due(console: Console, upcoming: Preview, now: int, *, live: bool, full: bool) -> None:
    if not upcoming.letters:
        console.print("Nothing is due: nobody would be notified now.")
        return
    when = "by the next tick" if live else "at once when it is live"
    console.print(f"Sent {when}: {count_of(upcoming.cases, 'case')}")
    console.print(_table(upcoming))
    for letter in upcoming.letters:
        if not letter.recipient.urgent:
            _print_message(console, letter, now, full=full)


def _table(upcoming: Preview) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("\naudience")
    table.add_column("\ncases", justify="right")
    table.add_column("\nhighest level")
    table.add_column("\nmessages", justify="right")
    table.add_column("\nsubscribers", justify="right")
    table.add_column("\nlater")
    for letter in upcoming.letters:
        later = f"{letter.waiting:,} in its hours" if letter.waiting else ""
        table.add_row(
            Text(who(letter.recipient)),
            f"{letter.cases:,}",
            _highest(letter),
            f"{letter.messages:,}",
            _subscribers(letter),
            Text(later, "dim"),
        )
    return table


def _highest(letter: Letter) -> str:
    highest = letter.highest
    if highest is None:
        return ""
    return f"{SEVERITY[highest.severity]} L{highest.level + 1}"


def _subscribers(letter: Letter) -> Text:
    count = "no topic" if letter.subscribers is None else f"{letter.subscribers:,}"
    if letter.reaches_nobody:
        return Text(count, "red")
    return Text(count, "green" if letter.subscribers else "dim")


def _print_message(console: Console, letter: Letter, now: int, *, full: bool) -> None:
    message = letter.message(now)
    if message is None:
        return
    whole = message.email.rstrip()
    shown = whole if full else _excerpt(whole)
    console.print()
    console.print(Text.assemble((f"To {who(letter.recipient)}: ", "bold"), message.subject))
    console.print(Padding(Text(shown, "dim"), (0, 0, 0, 2)))
    if shown != whole:
        console.print(Text("  … --full shows all of it", "dim italic"))


def _excerpt(mail: str) -> str:
    """Its first paragraph and its two worst cases; of a mail about one case the first three
    paragraphs.
    """
    first, *others = mail.split("\n\n")
    cases = [block for block in (first, *others) if re.match(r" *\d+\. ", block)]
    shown = (cases or others)[:2]
    return "\n\n".join([first, *shown])


def _print_unreachable(console: Console, upcoming: Preview) -> None:
    if not upcoming.unreachable:
        return
    console.print()
    console.print("[bold red]Not yet:[/] somebody who is to be notified cannot be reached.")
    for letter in upcoming.unreachable:
        of = f" --for {letter.recipient.of!r}" if letter.recipient.of else ""
        console.print(f"  sla-watchdog subscribe {letter.recipient.audience}{escape(of)} ADDRESS")
    console.print(
        "An address counts once it is confirmed. --force goes live all the same: who cannot be "
        "reached is passed over, and the next level is notified instead."
    )


def print_switched(before: Mode, left: int) -> None:
    if before.name != "live":
        say("Live. The next tick, within a minute, sends what is shown above.")
        say(
            "From now on the template's parameter Mode does not count; `sla-watchdog go-live "
            "--undo` goes back."
        )
    if left:
        say(f"{count_of(left, 'case')} could not be woken: others write them. Run go-live again.")


def as_json(stack: Stack, mode: Mode, upcoming: Preview, now: int) -> dict[str, object]:
    return {
        "stack": stack.title,
        "now": iso(now),
        "mode": {"name": mode.name, "since": _iso(mode.since)},
        "warning": stack.other_policy() or None,
        "cases": upcoming.cases,
        "observed": len(upcoming.observed),
        "told": [_letter(letter, now) for letter in upcoming.letters],
        "nobody_subscribed": list(upcoming.silent),
        "ahead": ahead_as_json(upcoming.ahead),
        "not_judged": upcoming.unjudged or None,
        "unreachable": [who(letter.recipient) for letter in upcoming.unreachable],
    }


def _iso(since: int) -> str | None:
    return iso(since) if since else None


def _letter(letter: Letter, now: int) -> dict[str, object]:
    highest, message = letter.highest, letter.message(now)
    return {
        "audience": letter.recipient.audience,
        "of": letter.recipient.of,
        "urgent": letter.recipient.urgent,
        "cases": letter.cases,
        "messages": letter.messages,
        "waiting": letter.waiting,
        "highest": highest and {"severity": highest.severity.value, "level": highest.level + 1},
        "subscribers": letter.subscribers,
        "subject": message and message.subject,
    }
