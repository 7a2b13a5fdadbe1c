"""The explanation of a ticket in 80 columns, readable without colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from sla_watchdog.domain.clocks.clock import State
from sla_watchdog.domain.clocks.elapsed import ElapsedBreakdown, Pace, Pause
from sla_watchdog.domain.clocks.elapsed_rows import Row
from sla_watchdog.domain.clocks.promise_counts import PromiseCounting
from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.case import NOTIFIED, LastNotified
from sla_watchdog.domain.policy.model import COUNTED, TARGETS, Carried, Count, Metric
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.time.calendar_periods import Period
from sla_watchdog.presentation.text.case_history import asked
from sla_watchdog.presentation.text.evidence import CARRIED
from sla_watchdog.presentation.text.layout import whole, wrapped
from sla_watchdog.presentation.text.promised import WHAT, holds_nothing, ordinal
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.presentation.text.why import as_of, breach, limit, pause, refusal, shift, trigger
from sla_watchdog.presentation.text.wording import clock_name, id_of, name_of, who, who_by_key
from sla_watchdog.presentation.times import count_of, duration, instant, times
from sla_watchdog.presentation.view.explained_clock import (
    Explained,
    ExplainedLevel,
    RecipientNotified,
)
from sla_watchdog.presentation.view.explanation import Explanation, MatterExplained, TicketExplained
from sla_watchdog.presentation.view.rulings import Ruling
from sla_watchdog.presentation.words import METRIC
from sla_watchdog.tools.cli.stack.silenced import MatchingSilence, names, until

MOST_PAUSES, MOST_SHIFTS, MOST_COMING, MOST_EVENTS, MOST_OVERRUNS = 20, 4, 6, 8, 3
MOST_PROMISES = 8
WIDTH, LABEL = 79, 10
NOT_NOTIFIED = "not notified"
DATE, OFFSET = len("Mon 2026-03-02"), len("+01:00")
HEADING = f"{'':6}{'from the first open minute to the last':<45}{'counts':>14}{'so far':>14}"
STYLES = {
    State.BREACHED: "bold red",
    State.PAUSED: "dim",
    State.MET: "green",
    State.RUNNING: "",
    State.NOT_JUDGED: "dim",
}


def exact(seconds: int) -> str:
    """To the second, so that a reader can add it up: `7 h 48 m 5 s`."""
    counts = {"h": seconds // 3600, "m": seconds // 60 % 60, "s": seconds % 60}
    parts = [f"{count} {unit}" for unit, count in counts.items() if count]
    return " ".join(parts) or "0 s"


def print_explanation(
    console: Console, explained: Explanation, held: Sequence[MatchingSilence], ticket: str
) -> None:
    """The matter that `ticket` belongs to; of others of the same case only that they are there."""
    matter = _matter_of(ticket, explained)
    as_of = f"{id_of(ticket)} as of {instant(explained.at, explained.zone)}"
    console.print(Text.assemble((as_of, "bold"), f" ({explained.zone})"))
    _print_rows(console, [*_case(matter, explained), *_silenced(held, explained)])
    promised = any(promise.holds(explained.at) for promise in matter.promises)
    nobody = "no assignee" if promised else "owner nobody"
    for line in sorted(matter.tickets, key=lambda line: line.id != ticket):
        _print_ticket(console, line, explained, nobody)
    _print_clocks_of_case(console, matter, explained)
    _print_lines(console, "NEXT, IF NOTHING CHANGES", list(_coming(explained)))
    _print_lines(console, "NEEDS ATTENTION", list(_needs_attention(explained)))


def _matter_of(ticket: str, explained: Explanation) -> MatterExplained:
    for matter in explained.matters:
        if any(line.id == ticket for line in matter.tickets):
            return matter
    raise LookupError(f"no matter has the ticket {ticket}")


def _print_clocks_of_case(
    console: Console, matter: MatterExplained, explained: Explanation
) -> None:
    """Of what is counted and never happened, the names alone."""
    unseen = []
    for clock in matter.clocks:
        if clock.metric in COUNTED and not clock.count:
            unseen.append(METRIC[clock.metric])
        else:
            _print_clock(console, clock, explained)
    if unseen:
        _print_rows(console, [("", ""), ("Not seen", ", ".join(unseen))])


def _needs_attention(explained: Explanation) -> Iterator[str]:
    for finding in explained.findings:
        yield f"{finding.ticket}, {finding.kind}: {worded(finding.reason)}"


def _print_rows(console: Console, rows: Iterable[tuple[str, str]], indent: int = 2) -> None:
    """Labels in one column, the text in another that folds."""
    beside = " " * (indent + LABEL + 1)
    for label, text in rows:
        head = f"{'':{indent}}{label:<{LABEL}} "
        for line in wrapped(text, WIDTH, beside):
            console.print(Text(head + line[len(beside) :]), soft_wrap=True)
            head = beside


def _print_lines(console: Console, title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    console.print(Text(f"\n{title}", "bold"))
    for line in lines:
        for part in wrapped(line, WIDTH, "  "):
            console.print(Text(part), soft_wrap=True)


# ------------------------------------------------------------------ the case, its tickets


def _case(matter: MatterExplained, explained: Explanation) -> Iterator[tuple[str, str]]:
    yield "Case", _named(matter)
    yield "Opened", _opened(matter, explained)
    said = asked(matter.requests, matter.ended, explained.zone)
    if said:
        yield "Asked", said.removeprefix("asked ")
    if matter.earlier:
        yield "Follows", f"{id_of(matter.earlier)}, of an earlier case"
    if explained.pending_links:
        names = ", ".join(map(id_of, explained.pending_links))
        yield "Linked to", f"{names}, of which no ticket is known"
    hidden = len(matter.promises) - MOST_PROMISES
    if hidden > 0:
        yield "Promised", count_of(hidden, "earlier time", "earlier times")
    for promise in matter.promises[-MOST_PROMISES:]:
        yield "Promised", _promised(promise, explained)
    for person in _promisers(matter.promises, explained.at):
        yield "Promises", person


def _named(matter: MatterExplained) -> str:
    """With its tickets, where they are several."""
    name = id_of(matter.id)
    tickets = [id_of(ticket.id) for ticket in matter.tickets]
    if len(tickets) < 2:
        return name
    return f"{name}, {len(tickets)} tickets: {', '.join(tickets)}"


def _opened(matter: MatterExplained, explained: Explanation) -> str:
    opened = instant(matter.created_at, explained.zone)
    if matter.ended_at is None:
        return f"{opened}, open for {duration(explained.at - matter.created_at)}"
    length = duration(matter.ended_at - matter.created_at)
    return f"{opened}, open for {length}, over since {instant(matter.ended_at, explained.zone)}"


def _promised(promise: Promise, explained: Explanation) -> str:
    by, zone = name_of(promise.by) or "somebody", explained.zone
    made, until = instant(promise.at, zone), instant(promise.until, zone)
    what = WHAT[promise.kind]
    return f"by {by} on {made}: {what} {until}; {_kept(promise, explained.at)}"


def _kept(promise: Promise, now: int) -> str:
    if not holds_nothing(promise):
        return _became(promise, now)
    place = f"{ordinal(promise.in_a_row)} in a row without progress"
    return f"{_became(promise, now)}; {place}, it holds nothing back"


def _became(promise: Promise, now: int) -> str:
    if promise.put_off:
        return "another took its place"
    if promise.kept:
        return "kept"
    if promise.broken(now):
        return "broken"
    if promise.holds_back(now):
        return "it holds alerts back"
    return "not due yet"


def _promisers(made: Sequence[Promise], now: int) -> Iterator[str]:
    """What became of those of each person; nothing of a single one, of which all is said."""
    if len(made) < 2:
        return
    counting = PromiseCounting(0, now + 1)
    counting.add(made)
    for person in counting.people():
        name = name_of(person.by) or "somebody"
        yield (
            f"{name}: {person.made:,} made, {person.renewed:,} of them in a row without progress, "
            f"{person.kept:,} kept, {person.broken:,} broken"
        )


def _silenced(held: Sequence[MatchingSilence], explained: Explanation) -> Iterator[tuple[str, str]]:
    for match in held:
        of = "" if match.whole else f": {names(explained.case, match)}"
        yield "Silenced", f"{until(match.silence, explained.zone)}{of}"


def _print_ticket(
    console: Console, ticket: TicketExplained, explained: Explanation, nobody: str
) -> None:
    """`nobody` is what is said of a ticket without an owner."""
    console.print(Text(f"\nTICKET {id_of(ticket.id)}", "bold"), Text(brief(ticket.subject, 60)))
    _print_rows(console, _facts(ticket, explained.zone, nobody))
    too_long = [clock for clock in ticket.clocks if clock.metric is Metric.PAUSE]
    hidden = too_long[:-MOST_OVERRUNS]
    for clock in ticket.clocks:
        if clock not in hidden:
            _print_clock(console, clock, explained)
    if hidden:
        _print_dim(console, f"and {count_of(len(hidden), 'earlier pause')} that lasted too long")


def _facts(ticket: TicketExplained, zone: str, nobody: str) -> Iterator[tuple[str, str]]:
    name = name_of(ticket.owner)
    owner = f"owner {name}" if name else nobody
    yield "Status", f"{brief(ticket.status, 40) or 'unknown'}, {owner}"
    yield "Created", instant(ticket.created_at, zone)
    if ticket.ended_at is not None:
        yield "Ended", instant(ticket.ended_at, zone)
    for name, to in ticket.links:
        yield "Link", f"{name.replace('_', ' ')} {id_of(to)}"
    if ticket.absorbed:
        yield "Took over", ", ".join(map(id_of, ticket.absorbed))
    if ticket.unknown_until is not None:
        yield "Unknown", _unknown(ticket.unknown_until, zone)
    for ruling in ticket.rulings:
        since = ""  # the first was there from the beginning
        if ruling is not ticket.rulings[0]:
            since = f" since {instant(ruling.since, zone)}"
        yield from _ruling(ruling, since)


def _unknown(until: int, zone: str) -> str:
    return f"what happened before {instant(until, zone)}; that time counts as running"


def _ruling(ruling: Ruling, since: str) -> Iterator[tuple[str, str]]:
    calendar = f"calendar {name_of(ruling.calendar)} ({ruling.zone})"
    name = brief(ruling.rule, 60) + as_of(ruling.of_ticket)
    yield "Rule", f"{name}{since}, {calendar}"
    for rule in ruling.refused:
        yield "", f"not {brief(rule.rule, 60)}: {refusal(rule)}"


# ------------------------------------------------------------------ a clock


def _print_clock(console: Console, clock: Explained, explained: Explanation) -> None:
    name = METRIC[clock.metric].upper()
    state = _state(clock, explained.at)
    console.print(Text.assemble("\n  ", (name, "bold"), f"{_cycle(clock)} ", state))
    _print_rows(console, _start(clock, explained.zone), indent=4)
    if clock.needs:
        _print_rows(console, [("Needs", _needs(clock))], indent=4)
        return
    if clock.elapsed_breakdown:
        _print_breakdown(console, clock.elapsed_breakdown, explained)
    _print_rows(console, _end(clock, explained), indent=4)
    if clock.stopped_at is None or _reached_anybody(clock):
        _print_rows(console, _steps(clock, explained), indent=4)


def _needs(clock: Explained) -> str:
    return f"{CARRIED[Carried(clock.needs)]}: cannot be judged from these records"


def _state(clock: Explained, now: int) -> Text:
    if clock.needs:
        return Text(clock.state.value, STYLES[clock.state])
    if clock.metric in TARGETS:
        return Text(clock.state.value, STYLES[clock.state])
    return Text(_signal(clock, now))


def _reached_anybody(clock: Explained) -> bool:
    return any(notified.reached for step in clock.steps for notified in step.recipients)


def _cycle(clock: Explained) -> str:
    """Which exchange it is, or how often the ticket was reopened."""
    if clock.cycle == 1 or clock.metric not in TARGETS:
        return ""
    if clock.metric is Metric.RESOLUTION:
        return f" reopened {times(clock.cycle - 1)},"
    return f" no. {clock.cycle},"


def _signal(clock: Explained, now: int) -> str:
    if clock.steps and _came(clock.steps[0], clock, now):
        return "reached"
    if clock.stopped_at is None:
        return "not reached"
    return "ended"


def _came(step: ExplainedLevel, clock: Explained, now: int) -> bool:
    """Whether the level came due; one that lies after the clock's end never does."""
    if step.at is None or step.at > now:
        return False
    return clock.stopped_at is None or step.at < clock.stopped_at


def _start(clock: Explained, zone: str) -> Iterator[tuple[str, str]]:
    if clock.rule_of:
        yield "Rule", f"{brief(clock.rule, 60)}{as_of(clock.rule_of)}"
    text = limit(clock)
    if clock.pauses_in:
        text = f"{text}, pauses in {', '.join(clock.pauses_in)}"
    yield "Limit", text
    if clock.metric not in COUNTED:
        yield "Started", instant(clock.started_at, zone)
    if clock.events:
        shown = ", ".join(instant(at, zone) for at in clock.events[-MOST_EVENTS:])
        seen = len(clock.events) if clock.reported else clock.count
        yield "Seen", f"{count_of(seen, 'time')}: {shown}"
    if clock.reported:
        yield "Reported", f"{count_of(clock.count, 'time')}, by the ticket's own count"


def _print_breakdown(console: Console, breakdown: ElapsedBreakdown, explained: Explanation) -> None:
    """What counted, with the sum so far, and between it what did not."""
    zone = explained.zone
    pauses = list(breakdown.pauses[:MOST_PAUSES])
    if breakdown.rows:
        console.print(Text(HEADING, "dim"))
    total, reached_now = 0, False
    for row in breakdown.rows:
        while pauses and pauses[0].start < row.end:
            _print_pause(console, pauses.pop(0), zone)
        if row.ahead and not reached_now:
            console.print(Text(f"{'':6}now, {instant(explained.at, zone)}", "bold"))
        total += row.counted
        reached_now = row.ahead
        console.print(_row(row, total, breakdown, zone), soft_wrap=True)
    for pause_left in pauses:
        _print_pause(console, pause_left, zone)
    _print_more_pauses(console, breakdown.pauses[MOST_PAUSES:])


def _print_more_pauses(console: Console, pauses: Sequence[Pause]) -> None:
    if pauses:
        open_time = exact(sum(pause_left.open for pause_left in pauses))
        _print_dim(console, f"and {count_of(len(pauses), 'more pause')}, {open_time} of open time")


def _row(row: Row, total: int, breakdown: ElapsedBreakdown, zone: str) -> Text:
    period = _days(row, zone)
    if breakdown.unit is Period.DAY:
        period = _hours(row, zone)
    text = f"{'':6}{period:<45}{exact(row.counted):>14}{exact(total):>14}"
    return Text(text, "dim" if row.ahead else "")


def _days(row: Row, zone: str) -> str:
    """From the first date to the last."""
    first, last = instant(row.start, zone)[:DATE], instant(row.end - 1, zone)[:DATE]
    return f"{first} to {last}"


def _hours(row: Row, zone: str) -> str:
    """Within a day and one offset, the end is a time alone."""
    start, end = instant(row.start, zone), instant(row.end, zone)
    same_offset = start[-OFFSET:] == end[-OFFSET:]
    if same_offset and start[:DATE] == end[:DATE]:
        end = end[DATE + 1 : -OFFSET - 1]
    return f"{start} to {end}"


def _print_pause(console: Console, paused: Pause, zone: str) -> None:
    state = "paused" if paused.pace is Pace.PAUSED else "resolved"
    _print_dim(console, f"{state} {pause(paused, zone)}")


def _print_dim(console: Console, text: str) -> None:
    for line in wrapped(text, WIDTH, " " * 8):
        console.print(Text(line, "dim"), soft_wrap=True)


def _end(clock: Explained, explained: Explanation) -> Iterator[tuple[str, str]]:
    zone = explained.zone
    if clock.elapsed_breakdown:
        yield from _shifts(clock.elapsed_breakdown, zone)
    if clock.metric in TARGETS:
        yield from _target(clock, explained)
    if clock.stopped_at is not None:
        yield "Stopped", instant(clock.stopped_at, zone)
    if clock.unknown_until is not None:
        yield "Unknown", _unknown(clock.unknown_until, zone)


def _shifts(breakdown: ElapsedBreakdown, zone: str) -> Iterator[tuple[str, str]]:
    for moved in breakdown.shifts[:MOST_SHIFTS]:
        yield "DST", shift(moved, zone)
    hidden = len(breakdown.shifts) - MOST_SHIFTS
    if hidden > 0:
        yield "", f"and {hidden} more"


def _target(clock: Explained, explained: Explanation) -> Iterator[tuple[str, str]]:
    breakdown, zone = clock.elapsed_breakdown, explained.zone
    if breakdown:
        yield "Used", f"{exact(breakdown.elapsed)} of {exact(clock.target)}"
        yield "Due", _due(clock, breakdown, explained)
    breached = breach(clock, zone)
    if breached and breached != _due_text(clock, zone):
        yield "Breached", breached
    if breakdown and breakdown.over:
        yield "Since then", f"{exact(breakdown.over)} of open time more"


def _due_text(clock: Explained, zone: str) -> str:
    return "" if clock.due_at is None else instant(clock.due_at, zone)


def _due(clock: Explained, breakdown: ElapsedBreakdown, explained: Explanation) -> str:
    if clock.due_at is None:
        left = max(0, clock.target - breakdown.elapsed)
        return f"no deadline while it stands still; {exact(left)} left"
    due = instant(clock.due_at, explained.zone)
    ended_before = clock.stopped_at is not None and clock.stopped_at < clock.due_at
    if clock.state is State.MET and ended_before:
        return f"{due}, had it not ended before"
    return due


# ------------------------------------------------------------------ levels


def _steps(clock: Explained, explained: Explanation) -> Iterator[tuple[str, str]]:
    for step in clock.steps:
        when = f"{whole(_when(step, explained.zone))}, {trigger(step.trigger)}"
        if step.urgent:
            when = f"{when}, urgent"
        people = "; ".join(_people(step, clock, explained))
        yield f"Level {step.number}", f"{when}: {people}"


def _when(step: ExplainedLevel, zone: str) -> str:
    if step.at is not None:
        return instant(step.at, zone)
    if isinstance(step.trigger, Count):
        return "not yet"
    return "not while it stands still"


def _people(step: ExplainedLevel, clock: Explained, explained: Explanation) -> Iterator[str]:
    """Each with what became of the level. An audience and its urgent topic are one."""
    came = _came(step, clock, explained.at)
    outcomes: dict[str, str] = {}
    for notified in step.recipients:
        name = who_by_key(notified.recipient.key)
        if not outcomes.get(name):
            outcome = _outcome(notified, step, came, explained.zone)
            if outcome == NOT_NOTIFIED:
                outcome = _waiting(name, step, clock, explained)
            outcomes[name] = outcome
    for name, outcome in outcomes.items():
        yield f"{name}, {outcome}" if outcome else name


def _outcome(notified: RecipientNotified, step: ExplainedLevel, came: bool, zone: str) -> str:
    reached = notified.reached
    level = 0 if reached is None else reached.level + 1
    if reached is None or level < step.number:
        return NOT_NOTIFIED if came else ""
    if level > step.number:
        return "passed" if came else ""
    outcome = reached.outcome.value.replace("_", " ")
    return f"{outcome} {whole(instant(reached.at, zone))}{_reminders(reached)}"


def _waiting(name: str, step: ExplainedLevel, clock: Explained, explained: Explanation) -> str:
    """Until when it waits. What is upcoming does not say of which ticket it is, so of several
    running clocks of one kind that is not known.
    """
    if not _is_alone(clock, explained):
        return NOT_NOTIFIED
    level = clock.metric.value, step.number
    for ahead in explained.upcoming:
        is_it = (ahead.clock, ahead.level + 1) == level
        if is_it and ahead.at > explained.at and who_by_key(ahead.recipient.key) == name:
            return f"waits until {whole(instant(ahead.at, explained.zone))}"
    return NOT_NOTIFIED


def _is_alone(clock: Explained, explained: Explanation) -> bool:
    """Whether no other clock of its kind runs."""
    clocks: list[Explained] = []
    for matter in explained.matters:
        clocks += matter.clocks
        for ticket in matter.tickets:
            clocks += ticket.clocks
    running = [one for one in clocks if one.metric is clock.metric and one.stopped_at is None]
    return running == [clock]


def _reminders(reached: LastNotified) -> str:
    """How many the recipient really had."""
    if reached.received is None:
        return ", a reminder" if reached.repetition else ""
    if reached.outcome not in NOTIFIED or reached.received < 2:
        return ""
    return f", reminder {reached.received - 1}"


def _coming(explained: Explanation) -> Iterator[str]:
    for ahead in explained.upcoming[:MOST_COMING]:
        when = "now" if ahead.at <= explained.at else instant(ahead.at, explained.zone)
        what = f"{clock_name(ahead.clock)}, level {ahead.level + 1}"
        if ahead.urgent:
            what = f"{what}, urgent"
        yield f"{when}  {who(ahead.recipient)}: {what}"
