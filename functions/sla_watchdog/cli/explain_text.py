"""The explanation of a ticket in 80 columns, readable without colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from sla_watchdog.cli.silenced import Held, names, until
from sla_watchdog.domain.case import HEARD, Reached
from sla_watchdog.domain.clocks import State
from sla_watchdog.domain.explanation import Explained, Explanation, MatterExplained, Ruling, Step, TicketExplained, Told
from sla_watchdog.domain.message.layout import whole, wrapped
from sla_watchdog.domain.message.text import brief
from sla_watchdog.domain.message.why import breach, limit, pause, refusal, shift, trigger
from sla_watchdog.domain.message.wording import (
    METRIC,
    clock_name,
    count_of,
    duration,
    id_of,
    instant,
    name_of,
    times,
    who,
    who_by_key,
)
from sla_watchdog.domain.policy import COUNTED, TARGETS, Count, Metric
from sla_watchdog.domain.walk import Pace, Pause, Row, Unit, Walk

MOST_PAUSES, MOST_SHIFTS, MOST_COMING, MOST_EVENTS, MOST_OVERRUNS = 20, 4, 6, 8, 3
WIDTH, LABEL = 79, 10
STYLES = {State.BREACHED: "bold red", State.PAUSED: "dim", State.MET: "green", State.RUNNING: ""}


def exact(seconds: int) -> str:
    """To the second, so that a reader can add it up: `7 h 48 m 5 s`."""
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def print_explanation(console: Console, told: Explanation, held: Sequence[Held], ticket: str) -> None:
    """The matter that `ticket` belongs to; of others of the same case only that they are there."""
    matter = next(each for each in told.matters if any(line.id == ticket for line in each.tickets))
    console.print(Text.assemble((f"{id_of(ticket)} as of {instant(told.at, told.zone)}", "bold"), f" ({told.zone})"))
    _print_rows(console, [*_case(matter, told), *_silenced(held, told)])
    nobody = "no assignee" if any(made.holds(told.at) for made in matter.promises) else "owner nobody"
    for each in sorted(matter.tickets, key=lambda each: each.id != ticket):
        _print_ticket(console, each, told, nobody)
    quiet = [clock for clock in matter.clocks if clock.metric in COUNTED and not clock.count]
    for clock in (clock for clock in matter.clocks if clock not in quiet):
        _print_clock(console, clock, told)
    if quiet:
        _print_rows(console, [("", ""), ("Not seen", ", ".join(METRIC[clock.metric] for clock in quiet))])
    _print_lines(console, "NEXT, IF NOTHING CHANGES", _coming(told))
    _print_lines(console, "TO MEND", (f"{each.ticket}, {each.kind}: {each.reason}" for each in told.findings))


def _print_rows(console: Console, rows: Iterable[tuple[str, str]], indent: int = 2) -> None:
    """Labels in one column, the text in another that folds."""
    beside = " " * (indent + LABEL + 1)
    for label, text in rows:
        for place, line in enumerate(wrapped(text, WIDTH, beside)):
            head = f"{'':{indent}}{label:<{LABEL}} " if not place else beside
            console.print(Text(head + line[len(beside) :]), soft_wrap=True)


def _print_lines(console: Console, title: str, lines: Iterable[str]) -> None:
    found = list(lines)
    if found:
        console.print(Text(f"\n{title}", "bold"))
        for line in found:
            for each in wrapped(line, WIDTH, "  "):
                console.print(Text(each), soft_wrap=True)


# ------------------------------------------------------------------ the case, its tickets


def _case(matter: MatterExplained, told: Explanation) -> Iterator[tuple[str, str]]:
    zone, names = told.zone, [id_of(each.id) for each in matter.tickets]
    several = f", {len(names)} tickets: {', '.join(names)}" if names[1:] else ""
    yield "Case", f"{id_of(matter.id)}{several}"
    end = told.at if matter.ended_at is None else matter.ended_at
    over = "" if matter.ended_at is None else f", over since {instant(matter.ended_at, zone)}"
    yield "Opened", f"{instant(matter.created_at, zone)}, open for {duration(end - matter.created_at)}{over}"
    if matter.earlier:
        yield "Follows", f"{id_of(matter.earlier)}, of an earlier case"
    if told.unlinked:
        yield "Linked to", f"{', '.join(map(id_of, told.unlinked))}, of which no ticket is known"
    for made in matter.promises:
        how = "broken" if made.broken(told.at) else "it holds alerts back"
        how = "kept, or another took its place" if made.kept else how
        by = name_of(made.by) or "somebody"
        yield "Promised", f"by {by} on {instant(made.at, zone)}: an update by {instant(made.until, zone)}; {how}"


def _silenced(held: Sequence[Held], told: Explanation) -> Iterator[tuple[str, str]]:
    for each in held:
        of = "" if each.whole else f": {names(told.case, each)}"
        yield "Silenced", f"{until(each.silence, told.zone)}{of}"


def _print_ticket(console: Console, ticket: TicketExplained, told: Explanation, nobody: str) -> None:
    """`nobody` is what is said of a ticket without an owner."""
    console.print(Text(f"\nTICKET {id_of(ticket.id)}", "bold"), Text(brief(ticket.subject, 60)))
    _print_rows(console, _facts(ticket, told.zone, nobody))
    too_long = [clock for clock in ticket.clocks if clock.metric is Metric.PAUSE]
    for clock in ticket.clocks:
        if clock not in too_long[:-MOST_OVERRUNS]:
            _print_clock(console, clock, told)
    if len(too_long) > MOST_OVERRUNS:
        _print_dim(console, f"and {count_of(len(too_long) - MOST_OVERRUNS, 'earlier pause')} that lasted too long")


def _facts(ticket: TicketExplained, zone: str, nobody: str) -> Iterator[tuple[str, str]]:
    owner = f"owner {name_of(ticket.owner)}" if name_of(ticket.owner) else nobody
    yield "Status", f"{brief(ticket.status, 40) or 'unknown'}, {owner}"
    yield "Created", instant(ticket.created_at, zone)
    if ticket.ended_at is not None:
        yield "Ended", instant(ticket.ended_at, zone)
    for name, to in ticket.links:
        yield "Link", f"{name.replace('_', ' ')} {id_of(to)}"
    if ticket.absorbed:
        yield "Took over", ", ".join(map(id_of, ticket.absorbed))
    if ticket.unknown_until is not None:
        yield "Unknown", f"what happened before {instant(ticket.unknown_until, zone)}; that time counts as running"
    for place, ruling in enumerate(ticket.rulings):
        yield from _ruling(ruling, zone, first=not place)


def _ruling(ruling: Ruling, zone: str, *, first: bool) -> Iterator[tuple[str, str]]:
    since = "" if first else f" since {instant(ruling.since, zone)}"
    yield "Rule", f"{brief(ruling.rule, 60)}{since}, calendar {name_of(ruling.calendar)} ({ruling.zone})"
    for each in ruling.refused:
        yield "", f"not {brief(each.rule, 60)}: {refusal(each)}"


# ------------------------------------------------------------------ a clock


def _print_clock(console: Console, clock: Explained, told: Explanation) -> None:
    state = Text(clock.state.value, STYLES[clock.state]) if clock.metric in TARGETS else Text(_signal(clock, told.at))
    console.print(Text.assemble("\n  ", (METRIC[clock.metric].upper(), "bold"), f"{_cycle(clock)} ", state))
    _print_rows(console, _start(clock, told.zone), indent=4)
    if clock.walk:
        _print_walk(console, clock.walk, told)
    _print_rows(console, _end(clock, told), indent=4)
    if clock.stopped_at is None or any(each.reached for step in clock.steps for each in step.recipients):
        _print_steps(console, clock, told)


def _cycle(clock: Explained) -> str:
    """Which exchange it is, or how often the ticket was reopened."""
    if clock.cycle == 1 or clock.metric not in TARGETS:
        return ""
    return f" reopened {times(clock.cycle - 1)}," if clock.metric is Metric.RESOLUTION else f" no. {clock.cycle},"


def _signal(clock: Explained, now: int) -> str:
    if clock.steps and _came(clock.steps[0], clock, now):
        return "reached"
    return "not reached" if clock.stopped_at is None else "ended"


def _came(step: Step, clock: Explained, now: int) -> bool:
    """Whether the level came due; one that lies after the clock's end never does."""
    return step.at is not None and step.at <= now and (clock.stopped_at is None or step.at < clock.stopped_at)


def _start(clock: Explained, zone: str) -> Iterator[tuple[str, str]]:
    pauses = f", pauses in {', '.join(clock.pauses_in)}" if clock.pauses_in else ""
    yield "Limit", f"{limit(clock)}{pauses}"
    if clock.metric not in COUNTED:
        yield "Started", instant(clock.started_at, zone)
    if clock.events:
        shown = ", ".join(instant(at, zone) for at in clock.events[-MOST_EVENTS:])
        seen = len(clock.events) if clock.reported else clock.count
        yield "Seen", f"{count_of(seen, 'time')}: {shown}"
    if clock.reported:
        yield "Reported", f"{count_of(clock.count, 'time')}, by the ticket's own count"


def _print_walk(console: Console, walk: Walk, told: Explanation) -> None:
    """What counted, with the sum so far, and between it what did not."""
    total, passed = 0, True
    pauses = list(walk.pauses[:MOST_PAUSES])
    if walk.rows:
        console.print(Text(f"{'':6}{'from the first open minute to the last':<45}{'counts':>14}{'so far':>14}", "dim"))
    for row in walk.rows:
        while pauses and pauses[0].start < row.end:
            _print_pause(console, pauses.pop(0), told.zone)
        if passed and row.ahead:
            console.print(Text(f"{'':6}now, {instant(told.at, told.zone)}", "bold"))
        total, passed = total + row.counted, not row.ahead
        console.print(_row(row, total, walk, told.zone), soft_wrap=True)
    for each in pauses:
        _print_pause(console, each, told.zone)
    if left := len(walk.pauses) - MOST_PAUSES:
        more = sum(each.open for each in walk.pauses[MOST_PAUSES:])
        _print_dim(console, f"and {count_of(left, 'more pause')}, {exact(more)} of open time" if left > 0 else "")


def _row(row: Row, total: int, walk: Walk, zone: str) -> Text:
    start, end = instant(row.start, zone), instant(row.end if walk.unit is Unit.DAY else row.end - 1, zone)
    same = walk.unit is Unit.DAY and start[:14] == end[:14] and start[-6:] == end[-6:]
    short = f"{start} to {end[15:20]}" if same else f"{start} to {end}"
    period = short if walk.unit is Unit.DAY else f"{start[:14]} to {end[:14]}"
    return Text(f"{'':6}{period:<45}{exact(row.counted):>14}{exact(total):>14}", "dim" if row.ahead else "")


def _print_pause(console: Console, each: Pause, zone: str) -> None:
    _print_dim(console, f"{'paused' if each.pace is Pace.PAUSED else 'resolved'} {pause(each, zone)}")


def _print_dim(console: Console, text: str) -> None:
    for line in wrapped(text, WIDTH, " " * 8):
        console.print(Text(line, "dim"), soft_wrap=True)


def _end(clock: Explained, told: Explanation) -> Iterator[tuple[str, str]]:
    zone, walk = told.zone, clock.walk
    for each in walk.shifts[:MOST_SHIFTS] if walk else ():
        yield "DST", shift(each, zone)
    if walk and len(walk.shifts) > MOST_SHIFTS:
        yield "", f"and {len(walk.shifts) - MOST_SHIFTS} more"
    if clock.metric in TARGETS and walk:
        yield "Used", f"{exact(walk.elapsed)} of {exact(clock.target)}"
        yield "Due", _due(clock, walk, told)
    if clock.metric in TARGETS and (said := breach(clock, zone)) and said != _due_text(clock, zone):
        yield "Breached", said
    if walk and clock.metric in TARGETS and walk.over:
        yield "Since then", f"{exact(walk.over)} of open time more"
    if clock.stopped_at is not None:
        yield "Stopped", instant(clock.stopped_at, zone)
    if clock.unknown_until is not None:
        yield "Unknown", f"what happened before {instant(clock.unknown_until, zone)}; that time counts as running"


def _due_text(clock: Explained, zone: str) -> str:
    return "" if clock.due_at is None else instant(clock.due_at, zone)


def _due(clock: Explained, walk: Walk, told: Explanation) -> str:
    if clock.due_at is None:
        return f"no deadline while it stands still; {exact(max(0, clock.target - walk.elapsed))} left"
    would = clock.state is State.MET and clock.stopped_at is not None and clock.stopped_at < clock.due_at
    return f"{instant(clock.due_at, told.zone)}{', had it not ended before' if would else ''}"


# ------------------------------------------------------------------ levels


def _print_steps(console: Console, clock: Explained, told: Explanation) -> None:
    _print_rows(console, ((f"Level {step.number}", _step(step, clock, told)) for step in clock.steps), indent=4)


def _step(step: Step, clock: Explained, told: Explanation) -> str:
    still = "not yet" if isinstance(step.trigger, Count) else "not while it stands still"
    at = still if step.at is None else instant(step.at, told.zone)
    urgent, came = ", urgent" if step.urgent else "", _came(step, clock, told.at)
    names: dict[str, str] = {}
    for each in step.recipients:  # an audience and its urgent topic are one
        name = who_by_key(each.recipient.key)
        names[name] = names.get(name) or _told(each, step, came, told.zone)
    people = "; ".join(", ".join(filter(None, pair)) for pair in names.items())
    return f"{whole(at)}, {trigger(step.trigger)}{urgent}: {people}"


def _told(each: Told, step: Step, came: bool, zone: str) -> str:
    reached = each.reached
    if reached is None or reached.level + 1 < step.number:
        return "not told" if came else ""
    if reached.level + 1 > step.number:
        return "passed" if came else ""
    return f"{reached.outcome.value.replace('_', ' ')} {whole(instant(reached.at, zone))}{_reminders(reached)}"


def _reminders(reached: Reached) -> str:
    """How many the recipient really had."""
    if reached.received is None:
        return ", a reminder" if reached.repetition else ""
    return f", reminder {reached.received - 1}" if reached.outcome in HEARD and reached.received > 1 else ""


def _coming(told: Explanation) -> Iterator[str]:
    for each in told.coming[:MOST_COMING]:
        said = f"{who(each.recipient)}: {clock_name(each.clock)}, level {each.level + 1}"
        when = "now" if each.at <= told.at else instant(each.at, told.zone)
        yield f"{when}  {said}{', urgent' if each.urgent else ''}"
