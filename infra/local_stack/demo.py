"""make demo: the real stack at work on an event file, in simulated time, and what a team lead would
see of it.

Starts the embedded AWS, checks, builds and deploys the real template, plays the events, prints, and
stops all it started. Without a file it tells the story of a city that waited for two years.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from local_stack.deploy import SIMULATED_TIME, deploy
from local_stack.drive import Drive, DriveError
from local_stack.inbox import Delivery, Inbox
from local_stack.ministack import LocalAws
from local_stack.policy import BadPolicyError, CompiledPolicy, use_policy
from local_stack.server import ROOT
from local_stack.story import (
    Counts,
    Evaluated,
    Open,
    Step,
    asked_most_often,
    climb,
    counts,
    most_telling,
    opened_at,
    still_open,
    with_the_desk,
)
from sla_watchdog.adapters.dynamodb.audit import AuditTable
from sla_watchdog.domain.tickets.record import Unreadable, seconds_of
from sla_watchdog.presentation.times import count_of, duration
from sla_watchdog.tools.imports.events import BrokenEventFile, Event, EventKind, lines_of, parse

STORY = Path(__file__).with_name("story.jsonl")
POLICY = ROOT / "functions" / "policy.yaml"
FIRST_RECIPIENT = "team-lead@example.com"

DAY, QUARTER_DAY = 86_400, 21_600
STEP_OF_A_STORY, STEP_OF_A_LOG, QUIET_STEP_OF_A_LOG = 60, 900, QUARTER_DAY
SMALL_FILE = 1000
"""Events; a larger file goes by quarters of an hour, and of a day while its desk rests: a week
takes minutes.

Not by more than quarters of a day: those who are told in office hours alone would never be found
in them.
"""

SAID_EVERY_SECONDS = 15.0
CASES_TOLD, CASES_LISTED = 2, 12


class BadTimeError(Exception):
    """An option that is no time; the message says which."""


@frozen
class View:
    """What is to be seen at one moment."""

    counts: Counts
    open: tuple[Open, ...]


def main(argv: list[str]) -> int:
    arguments = _arguments(argv)
    console = Console(highlight=False)
    began = time.monotonic()
    try:
        _run(arguments, console)
    except (BadPolicyError, BadTimeError, BrokenEventFile, DriveError) as error:
        console.print(Text(str(error), "red"))
        return 1
    _part(console, "in all", began)
    return 0


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make demo", description="the product at work on an event file"
    )
    parser.add_argument(
        "events",
        nargs="?",
        type=_file,
        default=STORY,
        help="an event file; else the story of a city",
    )
    parser.add_argument(
        "--policy", type=_file, default=POLICY, help="a policy file; else functions/policy.yaml"
    )
    parser.add_argument(
        "--step", type=int, metavar="MINUTES", help="in which simulated time advances"
    )
    parser.add_argument(
        "--until", metavar="TIME", help="when to stop, as 2026-03-05 or 2026-03-05T17:00Z"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the stack and the inbox page until Ctrl-C"
    )
    return parser.parse_args(argv)


def _file(name: str) -> Path:
    if not Path(name).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {name}")
    return Path(name)


def _run(arguments: argparse.Namespace, console: Console) -> None:
    """Everything that can be wrong with the files is said before anything is started."""
    compiled = CompiledPolicy.of_file(arguments.policy)
    until = _until(arguments.until, compiled.policy.timezone)
    events = _read(arguments.events, compiled.policy.timezone, console)
    end = events[-1].at if until is None else max(until, events[0].at)
    events = tuple(event for event in events if event.at <= end)
    with ExitStack() as stack:
        began = time.monotonic()
        aws = stack.enter_context(LocalAws())
        _part(console, f"embedded AWS: MiniStack at {aws.endpoint}, every role enforced", began)
        parameters = {**SIMULATED_TIME, "Mode": "live", "FirstRecipient": FIRST_RECIPIENT}
        outputs = deploy(
            aws, stack="sla", parameters=parameters, say=lambda said: console.print(f"  {said}")
        )
        if arguments.policy != POLICY:
            use_policy(aws, outputs, compiled, stack.enter_context(tempfile.TemporaryDirectory()))
        inbox = stack.enter_context(Inbox(aws, "sla"))
        inbox.subscribe()
        console.print(f"  inbox: [bold]{inbox.url}[/] (open it while this runs)")
        step, quiet = (arguments.step * 60,) * 2 if arguments.step else _steps(events)
        drive = stack.enter_context(Drive(aws, outputs, compiled.policy, step=step, quiet=quiet))
        views = _play(drive, events, end, console)
        inbox.wait_for(drive.sums.by_name["sent"])
        audit = AuditTable(aws.client("dynamodb"), outputs["AuditTable"])
        _show(console, drive, views, audit, events, inbox.deliveries())
        if arguments.keep:
            _keep(console, inbox)


def _until(notified: str | None, zone: str | None) -> int | None:
    try:
        return seconds_of(notified, zone) if notified else None
    except Unreadable as problem:
        raise BadTimeError(f"--until: {problem}") from problem


def _steps(events: Sequence[Event]) -> tuple[int, int]:
    if len(events) < SMALL_FILE:
        return STEP_OF_A_STORY, STEP_OF_A_STORY
    return STEP_OF_A_LOG, QUIET_STEP_OF_A_LOG


def _keep(console: Console, inbox: Inbox) -> None:
    console.print(f"\nThe inbox stays at [bold]{inbox.url}[/] until Ctrl-C.")
    while True:
        time.sleep(3600)


# ------------------------------------------------------------------------------------ the parts


def _part(console: Console, what: str, began: float) -> None:
    console.print(f"  {what}: {time.monotonic() - began:.1f} s")


def _read(file: Path, zone: str | None, console: Console) -> tuple[Event, ...]:
    """The whole file, checked. Raises BrokenEventFile; nothing has been started then."""
    began = time.monotonic()
    columns = (SpinnerColumn(), TextColumn("reading {task.completed:,} lines"))
    with Progress(*columns, console=console, transient=True) as progress:
        events = parse(progress.track(lines_of(file), total=None), zone)
    tickets = count_of(len({event.ticket for event in events}), "ticket")
    said = f"{escape(file.name)}: {count_of(len(events), 'event')} of {tickets}, {_span(events)}"
    _part(console, said, began)
    return events


def _span(events: Sequence[Event]) -> str:
    return f"{_date(events[0].at)} to {_date(events[-1].at)}"


def _play(drive: Drive, events: Sequence[Event], end: int, console: Console) -> list[View]:
    """Lets the events happen, and looks at each stop."""
    began = time.monotonic()
    views: list[View] = []
    with _progress(console, events, end) as advance:
        at = events[0].at - 1
        for stop in _stops(events, end):
            drive.play((event for event in events if at < event.at <= stop), stop, advance)
            evaluated = list(drive.cases())
            views.append(
                View(
                    counts(evaluated, drive.now),
                    tuple(still_open(evaluated, drive.policy, drive.now)),
                )
            )
            at = stop
    took = time.monotonic() - began
    rate = len(events) / took
    ticks, sent = drive.sums.ticks, drive.sums.by_name["sent"]
    said = (
        f"{duration(end - events[0].at)} of simulated time ({rate:,.0f} events/s, {ticks:,} ticks"
    )
    _part(console, f"{said}, {sent:,} messages)", began)
    return views


def _stops(events: Sequence[Event], end: int) -> list[int]:
    """The end of the day of the last creation, a week after it, and the end."""
    created = max((event.at for event in events if event.kind is EventKind.CREATED), default=end)
    midnight = -(-(created + 1) // DAY) * DAY
    return sorted({at for at in (midnight, midnight + 7 * DAY) if at < end} | {end})


@contextmanager
def _progress(console: Console, events: Sequence[Event], end: int) -> Iterator[Advance]:
    """A bar of work: one unit for an event, and one for each quarter of a day."""
    columns = (
        TextColumn("  {task.fields[date]}"),
        BarColumn(),
        TextColumn(
            "{task.fields[done]:,} of {task.fields[of]:,} events, {task.fields[rate]:,.0f}/s,"
        ),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
    )
    total = len(events) + (end - events[0].at) // QUARTER_DAY
    with Progress(*columns, console=console, transient=True, speed_estimate_period=20) as progress:
        task = progress.add_task(
            "", total=total, date=_date(events[0].at), done=0, of=len(events), rate=0.0
        )
        yield Advance(progress, task, events[0].at)


class Advance:
    """Moves the bar on: called with the events written since the last call, and the simulated time.

    Where there is no terminal, and so no bar, it says now and then how far it is.
    """

    def __init__(self, progress: Progress, task: TaskID, start: int) -> None:
        self._progress = progress
        self._task = task
        self._start = start
        self._began = self._said = time.monotonic()
        self._done = 0

    def __call__(self, written: int, now: int) -> None:
        self._done += written
        rate = self._done / (time.monotonic() - self._began)
        completed = self._done + (now - self._start) // QUARTER_DAY
        self._progress.update(
            self._task, completed=completed, date=_date(now), done=self._done, rate=rate
        )
        console = self._progress.console
        if not console.is_terminal and time.monotonic() - self._said > SAID_EVERY_SECONDS:
            self._said = time.monotonic()
            console.print(f"  {_date(now)}: {self._done:,} events, {rate:,.0f}/s")


# ------------------------------------------------------------------------------------ what is shown


def _show(
    console: Console,
    drive: Drive,
    views: Sequence[View],
    audit: AuditTable,
    events: Sequence[Event],
    deliveries: Sequence[Delivery],
) -> None:
    evaluated = list(drive.cases())
    for case, plan in _cases_to_show(evaluated):
        of_case = [event for event in events if event.ticket in case.facts.tickets()]
        steps = with_the_desk(climb(audit.of_case(case.id), plan), of_case)
        _show_climb(
            console,
            case.id,
            str(case.facts.latest(case.id, "subject")),
            steps,
            opened_at(plan),
        )
    view = next((view for view in reversed(views) if view.open), views[-1])
    _show_open(console, view)
    _show_counts(console, [view.counts for view in views])
    quiet = sum(not any(to != "operations" for _, to in case.reached) for case, _ in evaluated)
    within = f"{quiet:,} of {count_of(len(evaluated), 'case')} stayed within all limits"
    console.print(f"\n{within}: nobody was told anything of them.")
    _show_messages(console, deliveries)
    console.print(WHERE_NEXT)


def _cases_to_show(evaluated: Sequence[Evaluated]) -> Iterator[Evaluated]:
    """Those that most was sent about; last the one of a desk that closes what it did not solve."""
    closing = asked_most_often(evaluated)
    for each in most_telling(evaluated, CASES_TOLD):
        if each is not closing:
            yield each
    if closing is not None:
        yield closing


def _show_climb(
    console: Console, case: str, subject: str, steps: Sequence[Step], opened_at: int
) -> None:
    table = Table(
        title=f"{escape(case)}  {escape(subject)}",
        title_justify="left",
        title_style="bold",
        box=None,
    )
    table.add_column("UTC", no_wrap=True)
    table.add_column("age", justify="right", no_wrap=True)
    table.add_column("what", ratio=2)
    table.add_column("level", justify="right")
    table.add_column("told", ratio=1)
    for step in steps:
        style = "bold" if step.notified else "dim italic"
        reminder = f" (after {step.repeats} more reminders)" if step.repeats else ""
        table.add_row(
            _time(step.at),
            duration(max(0, step.at - opened_at)),
            escape(step.what + reminder),
            str(step.level) if step.notified else "",
            escape(", ".join(step.notified)),
            style=style,
        )
    console.print()
    console.print(table)


def _show_open(console: Console, view: View) -> None:
    title = f"Open cases on {_time(view.counts.at)} UTC"
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0)
    )
    for name in ("case", "open for", "owner", "how late", "told", "told next, if nobody acts"):
        table.add_column(name, overflow="fold")
    for row in view.open[:CASES_LISTED]:
        upcoming = f"{_time(row.coming_at)} {row.upcoming}" if row.coming_at else ""
        age = duration(max(0, view.counts.at - row.opened_at))
        cells = (
            f"{row.case} {row.subject}",
            age,
            row.owner,
            row.worst,
            row.notified or "nobody yet",
            upcoming,
        )
        table.add_row(*map(escape, cells))
    console.print()
    console.print(table)
    if len(view.open) > CASES_LISTED:
        console.print(f"and {len(view.open) - CASES_LISTED:,} more")


def _show_counts(console: Console, views: Sequence[Counts]) -> None:
    days = list(views[-1].older)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("as of (UTC)", "tickets", "open", *(f"> {day} days" for day in days)):
        table.add_column(name, justify="left" if "UTC" in name else "right")
    for view in views:
        table.add_row(
            _time(view.at),
            *(f"{count:,}" for count in (view.cases, view.open, *view.older.values())),
        )
    console.print()
    console.print(table)


KINDS = (MAILS, DIGESTS, URGENT) = ("e-mails", "of these digests", "urgent, as SMS")
"""Columns of the table of messages."""


def _show_messages(console: Console, deliveries: Sequence[Delivery]) -> None:
    if not deliveries:
        return
    counts: dict[str, Counter[str]] = {name: Counter() for name in KINDS}
    for delivery in deliveries:
        for name in _kinds(delivery):
            counts[name][delivery.audience] += 1
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("audience")
    for name in KINDS:
        table.add_column(name, justify="right")
    for audience in sorted({delivery.audience for delivery in deliveries}):
        table.add_row(escape(audience), *(f"{count[audience]:,}" for count in counts.values()))
    console.print()
    console.print(table)


def _kinds(delivery: Delivery) -> Iterator[str]:
    """The columns in which it counts."""
    if delivery.urgent:
        yield URGENT
        return
    yield MAILS
    if delivery.facts.get("kind") == "digest":
        yield DIGESTS


WHERE_NEXT = """
Where to look next
  make local                        the stack in real time, with the inbox page in the browser
  make demo ARGS=--keep             this demo, with its inbox page kept open
  make demo DATA=FILE               an event file of your own help desk
  functions/policy.yaml             who is told what, and when; then `sla-watchdog check-policy`
  sam build && sam deploy --guided  to AWS
"""


def _date(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
