"""How the facts of an alert are said: instants, durations, how late, who."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sla_watchdog.domain.case import Recipient, Severity
from sla_watchdog.domain.clocks import Clock, State
from sla_watchdog.domain.message.text import brief
from sla_watchdog.domain.notice import Item, Notice, TicketLine
from sla_watchdog.domain.policy import Metric

MINUTE, HOUR, DAY = 60, 3_600, 86_400

ID_ROOM, NAME_ROOM = 40, 40

SEVERITY = {Severity.WARNING: "Warning", Severity.BREACH: "Breach", Severity.CRITICAL: "Critical"}
METRIC = {Metric.FIRST_RESPONSE: "first response", Metric.RESOLUTION: "resolution", Metric.AGE: "age"}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def iso(at: int, zone: str = "UTC") -> str:
    """ISO 8601 with offset; epoch seconds for an instant outside the years that ISO 8601 can say."""
    try:
        return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return str(at)


def instant(at: int, zone: str) -> str:
    """`Mon 2026-03-02 17:00 -05:00`; offsets of before 1900 without their seconds."""
    said = iso(at, zone)
    if "T" not in said:
        return f"second {said}"
    day = datetime.fromisoformat(said)
    return f"{_WEEKDAYS[day.weekday()]} {said[:10]} {said[11:16]} {said[19:25]}"


def duration(seconds: int) -> str:
    """Wall-clock time in its two largest units, rounded down: `6 h 10 m`, `3 d 4 h`; from two weeks on days alone."""
    if seconds < MINUTE:
        return "under 1 m"
    if seconds < DAY:
        return _two(seconds, HOUR, "h", MINUTE, "m")
    return _two(seconds, DAY, "d", HOUR, "h") if seconds < 14 * DAY else f"{seconds // DAY} d"


def open_time(seconds: int) -> str:
    """Time inside a calendar's hours, which has no days: `16 h`, `1 h 30 m`."""
    return _two(seconds, HOUR, "h", MINUTE, "m") or f"{seconds} s"


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    parts = ((seconds // large, large_name), (seconds % large // small, small_name))
    return " ".join(f"{count} {name}" for count, name in parts if count)


def count_of(count: int, one: str, many: str = "") -> str:
    """`1 case`, `37 cases`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def late(item: Item, now: int) -> str:
    """How late in words; a warning says what is left, the age how old the case is."""
    clock = item.clock
    if clock is None:
        return ""
    if clock.metric is Metric.AGE:
        return f"open for {duration(now - clock.started_at)}"
    if item.state is State.BREACHED:
        return f"{duration(item.late)} over" if item.late >= MINUTE else "just breached"
    if item.state is State.PAUSED or clock.due_at is None:
        return "paused"
    return f"{duration(clock.due_at - now)} left" if clock.due_at > now else "due now"


def phrase(item: Item, now: int) -> str:
    """The clock and how late it is: `resolution 6 h 10 m over`, `open for 731 d`; of a finding its reason."""
    clock = item.clock
    if clock is None:
        return brief(item.alert.reason, 250)
    return late(item, now) if clock.metric is Metric.AGE else f"{METRIC[clock.metric]} {late(item, now)}"


def heading(item: Item) -> str:
    """`Breach, level 2`; a finding has no level."""
    return "Finding" if item.clock is None else f"{SEVERITY[item.alert.severity]}, level {item.alert.level + 1}"


def short_heading(item: Item) -> str:
    return "Finding" if item.clock is None else f"{SEVERITY[item.alert.severity]} L{item.alert.level + 1}"


def name_of(text: str) -> str:
    return brief(text, NAME_ROOM)


def id_of(text: str) -> str:
    return brief(text, ID_ROOM) or "?"


def who(recipient: Recipient) -> str:
    """`team-lead`, `owner (Kim)`, `manager (urgent)`."""
    notes = [note for note in (name_of(recipient.of), "urgent" if recipient.urgent else "") if note]
    return name_of(recipient.audience) + (f" ({', '.join(notes)})" if notes else "")


def who_by_key(key: str) -> str:
    """As `who`, from the key that a recipient is remembered by; the urgent topic is named as its audience."""
    audience, _, of = key.partition(":")
    return who(Recipient(audience.removesuffix("-urgent"), of))


def listed(names: tuple[str, ...]) -> str:
    """`Kim`, `Kim and Ade`, `Kim, Ade and 4 more`."""
    shown = names if len(names) <= 3 else (*names[:2], f"{len(names) - 2} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def subject_of(notice: Notice) -> str:
    """What the case is about: the subject of the ticket that gave it its id, else of the first that has one."""
    named = [line.subject for line in notice.tickets if line.id == notice.case]
    return next((said for text in (*named, *(t.subject for t in notice.tickets)) if (said := brief(text, 250))), "")


def lines_about(notice: Notice, item: Item) -> tuple[TicketLine, ...]:
    """The ticket an alert is about; for a clock of the case all of its tickets."""
    if item.clock and item.clock.metric is Metric.AGE:
        return notice.tickets
    return tuple(line for line in notice.tickets if line.id == item.alert.subject) or notice.tickets


def owners(notice: Notice, item: Item) -> tuple[str, ...]:
    names = (name_of(line.owner) for line in lines_about(notice, item))
    return tuple(dict.fromkeys(name for name in names if name))


def paused_since(clock: Clock, now: int) -> int | None:
    """When the clock last stopped running; None while it runs or where it never did."""
    last = clock.running[-1].end if clock.running else None
    return last if last is not None and last <= now else None


def pauses(clock: Clock, now: int) -> tuple[int, int]:
    """(how many, wall-clock seconds in all) in which the clock stood still since it started."""
    start, count, total = clock.started_at, 0, 0
    for span in clock.running:
        if span.start > start:
            count, total = count + 1, total + span.start - start
        start = span.end if span.end is not None else now
    return (count + 1, total + now - start) if start < now else (count, total)
