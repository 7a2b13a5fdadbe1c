"""Why a clock is where it is, in a few lines: the rule, the limit, what counted and what did not."""

from __future__ import annotations

from collections.abc import Iterator

from sla_watchdog.domain.clocks.clock import State
from sla_watchdog.domain.clocks.elapsed import (
    ElapsedBreakdown,
    Ending,
    Pace,
    Pause,
    Row,
    Shift,
    Unit,
)
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
)
from sla_watchdog.domain.policy.model import Trigger as AnyTrigger
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.text.times import count_of, duration, instant, open_time, times
from sla_watchdog.presentation.text.layout import whole
from sla_watchdog.presentation.text.wording import id_of, name_of
from sla_watchdog.presentation.view.explained_clock import Explained
from sla_watchdog.presentation.view.lateness import Cause
from sla_watchdog.presentation.view.rulings import Refusal, Ruling
from sla_watchdog.presentation.words import METRIC, OF_CASE

MOST_LISTED = 4
"""Days, pauses and rules that a message lists; beyond, it counts them."""

Said = Iterator[tuple[str, str]]
"""(label, text)"""


def why(notified: Explained, ruling: Ruling | None, level: int, zone: str) -> Said:
    """`level` counts from 0."""
    of = (
        ""
        if len(notified.steps) < 2 or notified.metric is Metric.PROMISE
        else f", level {level + 1} of {len(notified.steps)}"
    )
    about = "the case" if notified.metric in OF_CASE else id_of(notified.subject)
    signal = notified.metric in SIGNALS
    yield (
        ("Signal" if signal else "Clock"),
        f"{METRIC[notified.metric]}{'' if signal else f' of {about}'}{of}",
    )
    if notified.metric in TARGETS and ruling:
        yield "Rule", rule(ruling)
    yield "Limit", limit(notified, level)
    if notified.metric not in COUNTED:
        yield "Started", f"{instant(notified.started_at, zone)}{_start(notified.metric)}"
    yield from _events(notified, zone)
    yield from _counted(notified, zone)
    yield from _ends(notified, zone, level)


def _start(metric: Metric) -> str:
    starts = {
        Metric.UPDATE: ", the last public reply",
        Metric.PROGRESS: ", the last progress",
        Metric.PAUSE: ", the clock runs on",
        Metric.PROMISE: ", when it was promised",
    }
    return starts.get(metric, "")


def limit(notified: Explained, level: int = 0) -> str:
    if notified.due_field:
        return f"the deadline in {name_of(notified.due_field)}, set by another system"
    if notified.metric in (Metric.AGE, Metric.PROMISE) or notified.metric in COUNTED:
        return trigger(notified.steps[level].trigger) if level < len(notified.steps) else ""
    calendar = f"calendar {name_of(notified.calendar)}"
    zone = f" ({notified.elapsed_breakdown.zone})" if notified.elapsed_breakdown else ""
    seconds = notified.target
    if level < len(notified.steps) and isinstance(own := notified.steps[level].trigger, Open):
        seconds = own.seconds
    return f"{open_time(seconds)} of open time, {calendar}{zone}"


def trigger(each: AnyTrigger) -> str:
    """When a level comes due."""
    match each:
        case Percent(percent):
            said = f"{percent} % used"
        case Before(seconds):
            said = f"{open_time(seconds)} before"
        case After(seconds):
            said = f"{open_time(seconds)} after" if seconds else "breach"
        case Age(seconds):
            said = duration(seconds)
        case Open(seconds):
            said = f"{open_time(seconds)} of open time"
        case Count(count):
            said = times(count)
    return said


# ------------------------------------------------------------------ rules


def rule(ruling: Ruling) -> str:
    """`everything-else; not urgent (priority is P3)`."""
    not_these = [f"not {brief(each.rule, 40)} ({refusal(each)})" for each in ruling.refused[:2]]
    more = [f"nor {len(ruling.refused) - 2} more"] if len(ruling.refused) > 2 else []
    return "; ".join([brief(ruling.rule, 60), *not_these, *more])


def refusal(each: Refusal) -> str:
    """Why a rule did not judge the ticket: `priority is 3 - Moderate`, `no customer tier`."""
    condition, field = each.condition, name_of(each.condition.field.replace("_", " "))
    had = " and ".join(brief(value, 40) for value in each.had[:3])
    if not each.readable:
        return f"{field} {had or '?'} cannot be read, so the strictest rule counts"
    if not had:
        return f"no {field}"
    return f"{field} is {had}{_bound(condition)}"


def _bound(condition: Condition) -> str:
    if condition.at_least is None:
        return ""
    number = f"{condition.at_least:g}"
    return f", not below {number}" if condition.negate else f", below {number}"


# ------------------------------------------------------------------ what counted


def _events(notified: Explained, zone: str) -> Said:
    if notified.events:
        shown = [whole(instant(at, zone)) for at in notified.events[-MOST_LISTED:]]
        seen = (
            len(notified.events) if notified.reported else max(notified.count, len(notified.events))
        )
        more = seen - len(shown)
        yield "When", f"{f'{more} earlier, then ' if more else ''}{', '.join(shown)}"
    if notified.reported:
        yield "Reported", f"{times(notified.count)}, by the ticket's own count"


def _counted(notified: Explained, zone: str) -> Said:
    found = notified.elapsed_breakdown
    if found is None:
        return
    if found.rows:
        yield "Counted", counted(found, zone)
    for label, pace in (("Paused", Pace.PAUSED), ("Resolved", Pace.ENDED)):
        if pauses := [pause for pause in found.pauses if pause.pace is pace]:
            yield label, paused(pauses, zone)
    for each in [each for each in found.shifts if each.hours != each.usual][:2]:
        yield "Clock time", shift(each, zone)
    if notified.unknown_until is not None:
        at = whole(instant(notified.unknown_until, zone))
        yield (
            "Unknown",
            f"what happened before {at}, when it was first seen; that time counts as running",
        )


def counted(found: ElapsedBreakdown, zone: str) -> str:
    """`Mon 03-02 6 h 30 m, Tue 03-03 8 h`; of many days only how many there were."""
    lived = [row for row in found.rows if not row.ahead]
    ahead = sum(row.counted for row in found.rows if row.ahead)
    left = f"; {open_time(ahead)} left" if ahead else ""
    if not lived:
        return f"nothing yet{left}"
    if found.unit is Unit.DAY and len(lived) <= MOST_LISTED:
        return (
            ", ".join(whole(f"{_day(row, zone)} {open_time(row.counted)}") for row in lived) + left
        )
    total = whole(open_time(sum(row.counted for row in lived)))
    dates = [whole(instant(at, zone)[:14]) for at in (lived[0].start, lived[-1].end - 1)]
    count = count_of(len(lived), found.unit.value)
    return f"{total} in {count}, {dates[0]} to {dates[1]}{left}"


def _day(row: Row, zone: str) -> str:
    """`Mon 03-02`."""
    said = instant(row.start, zone)
    return f"{said[:4]}{said[9:14]}"


def paused(pauses: list[Pause], zone: str) -> str:
    """The only one in full; of several how many, and the longest."""
    if len(pauses) == 1:
        return pause(pauses[0], zone)
    longest = max(pauses, key=lambda each: each.open)
    total = whole(open_time(sum(each.open for each in pauses)))
    dates = dict.fromkeys(whole(instant(at, zone)[:14]) for at in (longest.start, longest.end))
    within = f" in {name_of(longest.status)}" if longest.status else ""
    return f"{len(pauses)} times, {total} of open time did not count; longest {' to '.join(dates)}{within}"


def pause(each: Pause, zone: str) -> str:
    """`Mon … to Tue … in Pending: 4 h of open time; the customer wrote`."""
    start, end = whole(instant(each.start, zone)), whole(instant(each.end, zone))
    if start[:14] == end[:14] and start[-6:] == end[-6:]:
        end = end[15:20]
    within = f" in {name_of(each.status)}" if each.status else ""
    span = f"since {start}" if each.ending is Ending.NOT_YET else f"{start} to {end}"
    lost = (
        f"{whole(open_time(each.open))} of open time did not count"
        if each.open
        else "no open time in it"
    )
    return f"{span}{within}: {lost}{_ended(each)}"


def _ended(each: Pause) -> str:
    match each.ending:
        case Ending.CUSTOMER:
            return "; ended by the customer's message"
        case Ending.LIMIT:
            return "; no pause may last longer"
        case Ending.STATUS:
            return (
                f"; ended by {name_of(each.then)}" if each.then and each.then != each.status else ""
            )
        case Ending.NOT_YET:
            return ""


def shift(each: Shift, zone: str) -> str:
    """`Sun 2026-03-29 +01:00 to +02:00: 23 h open that day instead of 24 h`."""
    before, after = instant(each.at - 1, zone), instant(each.at, zone)
    same = f"{open_time(each.hours)} open that day as usual" if each.hours else "closed that day"
    hours = (
        same
        if each.hours == each.usual
        else f"{open_time(each.hours)} open that day, not {open_time(each.usual)}"
    )
    return f"{whole(after[:14])} from {before[-6:]} to {after[-6:]}: {hours}"


# ------------------------------------------------------------------ the deadline


def _ends(notified: Explained, zone: str, level: int) -> Said:
    if notified.metric not in TARGETS:
        at = notified.steps[level].at if level < len(notified.steps) else notified.due_at
        if at is not None and at != notified.started_at:
            yield "Reached", instant(at, zone)
        return
    if notified.due_at is not None:
        yield "Due", instant(notified.due_at, zone)
    elif notified.elapsed_breakdown:
        yield (
            "Left",
            f"{open_time(notified.target - notified.elapsed_breakdown.elapsed)} of open time, once it runs again",
        )
    said, due = breach(notified, zone), notified.due_at
    if said and (due is None or said != instant(due, zone)):
        yield "Breached", said


def breach(notified: Explained, zone: str) -> str:
    """When it was breached, and why then, where the deadline alone does not say it; '' where it was
    not.
    """
    if notified.breach_at is None or notified.state is not State.BREACHED:
        return ""
    reasons = {
        Cause.EARLIER_LIMIT: ", under the limit of that time; a breach stays",
        Cause.CHANGE: ", when a change made it late",
    }
    return instant(notified.breach_at, zone) + reasons.get(notified.cause, "")
