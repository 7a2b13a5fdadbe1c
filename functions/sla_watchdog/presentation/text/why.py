"""Why a clock is where it is: the rule, the limit, what counted and what did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sla_watchdog.domain.clocks.clock import State
from sla_watchdog.domain.clocks.elapsed import ElapsedBreakdown, Pace, Pause, PauseEnding
from sla_watchdog.domain.clocks.elapsed_rows import Row
from sla_watchdog.domain.policy.model import (
    COUNTED,
    SIGNALS,
    TARGETS,
    After,
    Age,
    Before,
    Condition,
    Count,
    Metric,
    Open,
    Percent,
    Trigger,
)
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.time.calendar_periods import Period
from sla_watchdog.domain.time.shifts import Shift
from sla_watchdog.presentation.text.layout import commas, whole
from sla_watchdog.presentation.text.signals import SIGNAL_WORDS
from sla_watchdog.presentation.text.wording import id_of, name_of
from sla_watchdog.presentation.times import count_of, instant, open_time, spoken, times
from sla_watchdog.presentation.view.explained_clock import Explained
from sla_watchdog.presentation.view.lateness import Cause
from sla_watchdog.presentation.view.rulings import Refusal, Ruling
from sla_watchdog.presentation.words import METRIC, OF_CASE

MOST_LISTED = 4
"""Days, pauses and rules that a message lists; beyond, it counts them."""

Rows = Iterator[tuple[str, str]]
"""(label, text)"""


def why(clock: Explained, ruling: Ruling | None, level: int, zone: str) -> Rows:
    """`level` counts from 0."""
    yield _title(clock, level)
    if clock.metric in TARGETS and ruling:
        yield "Rule", rule(ruling)
    yield "Limit", limit(clock, level)
    if clock.metric not in COUNTED:
        yield "Started", instant(clock.started_at, zone) + _began_with(clock.metric)
    yield from _events(clock, zone)
    yield from _counted(clock, zone)
    if clock.metric in TARGETS:
        yield from _due(clock, zone)
        yield from _breached(clock, zone)
    else:
        yield from _reached(clock, level, zone)


def _title(clock: Explained, level: int) -> tuple[str, str]:
    """`Clock`, `resolution of T-1, level 2 of 3`."""
    name = commas(METRIC[clock.metric], _level(clock, level))
    if clock.metric in SIGNALS:
        return "Signal", name
    about = "the case" if clock.metric in OF_CASE else id_of(clock.subject)
    return "Clock", commas(f"{METRIC[clock.metric]} of {about}", _level(clock, level))


def _level(clock: Explained, level: int) -> str:
    if len(clock.steps) < 2 or clock.metric is Metric.PROMISE:
        return ""
    return f"level {level + 1} of {len(clock.steps)}"


def _began_with(metric: Metric) -> str:
    """What follows the instant at which a clock started."""
    if metric is Metric.UPDATE:
        return ", the last public reply"
    if metric in TARGETS:
        return ""
    return SIGNAL_WORDS[metric].started


# ------------------------------------------------------------------ the limit


def limit(clock: Explained, level: int = 0) -> str:
    """How long it may take; where the level has a limit of its own, that."""
    if clock.due_field:
        return f"the deadline in {name_of(clock.due_field)}, set by another system"
    own = _own_trigger(clock, level)
    if clock.metric in _WITHOUT_TARGET:
        return _own_limit(clock, level, own)
    seconds = own.seconds if isinstance(own, Open) else clock.target
    text = f"{open_time(seconds)} of open time, calendar {name_of(clock.calendar)}"
    if clock.elapsed_breakdown is None:
        return text
    return f"{text} ({clock.elapsed_breakdown.zone})"


def _own_limit(clock: Explained, level: int, own: Trigger | None) -> str:
    """Of a return that climbed further than its number, why it did."""
    if own is None:
        return ""
    climbed = clock.metric is Metric.AGAIN and clock.steps[level].at is not None
    if climbed and isinstance(own, Count) and clock.count < own.times:
        return "above whoever was told of this case before"
    return trigger(own)


_WITHOUT_TARGET = frozenset({Metric.AGE, Metric.PROMISE, *COUNTED})
"""Clocks of which each level has a limit of its own."""


def _own_trigger(clock: Explained, level: int) -> Trigger | None:
    if level >= len(clock.steps):
        return None
    return clock.steps[level].trigger


def trigger(of_level: Trigger) -> str:  # noqa: PLR0911 - a table of its kinds
    """When a level comes due."""
    match of_level:
        case Percent(percent):
            return f"{percent} % used"
        case Before(length=length):
            return f"{spoken(length)} before"
        case After(0):
            return "breach"
        case After(length=length):
            return f"{spoken(length)} after"
        case Age(length=length):
            return spoken(length)
        case Open(length=length):
            return f"{spoken(length)} of open time"
        case Count(count):
            return times(count)


# ------------------------------------------------------------------ rules


def rule(ruling: Ruling) -> str:
    """`everything-else; not urgent (priority is P3)`."""
    return "; ".join(_rules(ruling))


def _rules(ruling: Ruling) -> Iterator[str]:
    yield brief(ruling.rule, 60) + as_of(ruling.of_ticket)
    for refused in ruling.refused[:2]:
        yield f"not {brief(refused.rule, 40)} ({refusal(refused)})"
    if len(ruling.refused) > 2:
        yield f"nor {len(ruling.refused) - 2} more"


def as_of(ticket: str) -> str:
    """`, as G-1 is of the same case`, of a rule that another ticket brings."""
    return f", as {id_of(ticket)} is of the same case" if ticket else ""


def refusal(refused: Refusal) -> str:
    """Why a rule did not judge the ticket: `priority is 3 - Moderate`, `no customer tier`."""
    field = name_of(refused.condition.field.replace("_", " "))
    values = " and ".join(brief(value, 40) for value in refused.had[:3])
    if not refused.readable:
        return f"{field} {values or '?'} cannot be read, so the strictest rule counts"
    if not values:
        return f"no {field}"
    return f"{field} is {values}{_bound(refused.condition)}"


def _bound(condition: Condition) -> str:
    if condition.at_least is None:
        return ""
    number = f"{condition.at_least:g}"
    return f", not below {number}" if condition.negate else f", below {number}"


# ------------------------------------------------------------------ what counted


def _events(clock: Explained, zone: str) -> Rows:
    if clock.events:
        yield "When", _instants(clock, zone)
    if clock.reported:
        yield "Reported", f"{times(clock.count)}, by the ticket's own count"


def _instants(clock: Explained, zone: str) -> str:
    """The last events; of more it says how many."""
    shown = ", ".join(whole(instant(at, zone)) for at in clock.events[-MOST_LISTED:])
    total = len(clock.events)
    if not clock.reported:
        total = max(clock.count, total)
    earlier = total - min(len(clock.events), MOST_LISTED)
    if not earlier:
        return shown
    return f"{earlier} earlier, then {shown}"


def _counted(clock: Explained, zone: str) -> Rows:
    breakdown = clock.elapsed_breakdown
    if breakdown is None:
        return
    if breakdown.rows:
        yield "Counted", counted(breakdown, zone)
    yield from _pauses("Paused", Pace.PAUSED, breakdown, zone)
    yield from _pauses("Resolved", Pace.ENDED, breakdown, zone)
    unusual = [day for day in breakdown.shifts if day.hours != day.usual]
    for day in unusual[:2]:
        yield "Clock time", shift(day, zone)
    if clock.unknown_until is not None:
        at = whole(instant(clock.unknown_until, zone))
        before = f"what happened before {at}, when it was first seen"
        yield "Unknown", f"{before}; that time counts as running"


def counted(breakdown: ElapsedBreakdown, zone: str) -> str:
    """`Mon 03-02 6 h 30 m, Tue 03-03 8 h`; of many days only how many there were."""
    past: list[Row] = []
    left = 0
    for row in breakdown.rows:
        if row.ahead:
            left += row.counted
        else:
            past.append(row)
    text = _past_rows(past, breakdown.unit, zone)
    if not left:
        return text
    return f"{text}; {open_time(left)} left"


def _past_rows(rows: Sequence[Row], unit: Period, zone: str) -> str:
    if not rows:
        return "nothing yet"
    if unit is Period.DAY and len(rows) <= MOST_LISTED:
        return ", ".join(whole(f"{_day(row, zone)} {open_time(row.counted)}") for row in rows)
    total = whole(open_time(sum(row.counted for row in rows)))
    first, last = _date(rows[0].start, zone), _date(rows[-1].end - 1, zone)
    return f"{total} in {count_of(len(rows), unit.value)}, {first} to {last}"


def _day(row: Row, zone: str) -> str:
    """`Mon 03-02`."""
    start = instant(row.start, zone)
    return f"{start[:4]}{start[9:14]}"


def _date(at: int, zone: str) -> str:
    """`Mon 2026-03-02`, as one word."""
    return whole(instant(at, zone)[:14])


def _pauses(label: str, pace: Pace, breakdown: ElapsedBreakdown, zone: str) -> Rows:
    pauses = [pause for pause in breakdown.pauses if pause.pace is pace]
    if pauses:
        yield label, paused(pauses, zone)


def paused(pauses: Sequence[Pause], zone: str) -> str:
    """The only one in full; of several how many, and the longest."""
    if len(pauses) == 1:
        return pause(pauses[0], zone)
    longest = max(pauses, key=lambda pause: pause.open)
    total = whole(open_time(sum(pause.open for pause in pauses)))
    dates = dict.fromkeys([_date(longest.start, zone), _date(longest.end, zone)])
    lost = f"{len(pauses)} times, {total} of open time did not count"
    return f"{lost}; longest {' to '.join(dates)}{_in_status(longest)}"


def pause(span: Pause, zone: str) -> str:
    """`Mon … to Tue … in Pending: 4 h of open time; the customer wrote`."""
    return f"{_from_to(span, zone)}{_in_status(span)}: {_lost(span)}{_ended(span)}"


def _from_to(span: Pause, zone: str) -> str:
    """The second date is left out where it is the first, in the same offset."""
    start, end = whole(instant(span.start, zone)), whole(instant(span.end, zone))
    if span.ending is PauseEnding.NOT_YET:
        return f"since {start}"
    same_offset = start[-6:] == end[-6:]
    if same_offset and start[:14] == end[:14]:
        end = end[15:20]
    return f"{start} to {end}"


def _in_status(span: Pause) -> str:
    return f" in {name_of(span.status)}" if span.status else ""


def _lost(span: Pause) -> str:
    if not span.open:
        return "no open time in it"
    return f"{whole(open_time(span.open))} of open time did not count"


def _ended(span: Pause) -> str:
    match span.ending:
        case PauseEnding.CUSTOMER:
            return "; ended by the customer's message"
        case PauseEnding.LIMIT:
            return "; no pause may last longer"
        case PauseEnding.STATUS if span.then and span.then != span.status:
            return f"; ended by {name_of(span.then)}"
        case PauseEnding.STATUS | PauseEnding.NOT_YET:
            return ""


def shift(day: Shift, zone: str) -> str:
    """`Sun 2026-03-29 +01:00 to +02:00: 23 h open that day instead of 24 h`."""
    before, after = instant(day.at - 1, zone), instant(day.at, zone)
    return f"{whole(after[:14])} from {before[-6:]} to {after[-6:]}: {_hours(day)}"


def _hours(day: Shift) -> str:
    if day.hours != day.usual:
        return f"{open_time(day.hours)} open that day, not {open_time(day.usual)}"
    if day.hours:
        return f"{open_time(day.hours)} open that day as usual"
    return "closed that day"


# ------------------------------------------------------------------ the deadline


def _reached(clock: Explained, level: int, zone: str) -> Rows:
    """When the level of a clock without a target came due."""
    at = clock.due_at
    if level < len(clock.steps):
        at = clock.steps[level].at
    if at is not None and at != clock.started_at:
        yield "Reached", instant(at, zone)


def _due(clock: Explained, zone: str) -> Rows:
    if clock.due_at is not None:
        yield "Due", instant(clock.due_at, zone)
    elif clock.elapsed_breakdown:
        left = clock.target - clock.elapsed_breakdown.elapsed
        yield "Left", f"{open_time(left)} of open time, once it runs again"


def _breached(clock: Explained, zone: str) -> Rows:
    """Where the deadline does not say the same."""
    text = breach(clock, zone)
    if not text:
        return
    if clock.due_at is None or text != instant(clock.due_at, zone):
        yield "Breached", text


def breach(clock: Explained, zone: str) -> str:
    """When it was breached, and why then, where the deadline alone does not say it; '' where it was
    not.
    """
    if clock.breach_at is None or clock.state is not State.BREACHED:
        return ""
    return instant(clock.breach_at, zone) + _CAUSES.get(clock.cause, "")


_CAUSES = {
    Cause.EARLIER_LIMIT: ", under the limit of that time; a breach stays",
    Cause.CHANGE: ", when a change made it late",
}
